import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { acme, key, must, webHosted } from '../../scripts/vectors/identity-builders.ts'
import { type IdentityFork, compareIdentityLogs } from '../../src/identity/company-identity.ts'
import { generateKey } from '../../src/identity/ed25519.ts'
import {
  ENTRIES_MAX,
  LOG_BYTES_MAX,
  REVOKED_MAX,
  appendIdentity,
  createIdentity,
  verifyIdentityLog
} from '../../src/identity/identity-log.ts'
import { entryHash, nextKeyHash } from '../../src/identity/webvh.ts'
import { concatBytes, utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'

const file = new URL('../../protocols/identity/vectors/identity-log.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  valid: {
    log: string
    did: string
    head: string
    legalName: string
    registrationNumber: string
    rootKey: string
    revoked: string[]
  }[]
  invalid: { id: string; code: string; log: string }[]
}

const codeOf = (value: unknown) => (isReject(value) ? value.code : 'accepted')
const hashOf = (name: string) => nextKeyHash(key(name).publicKey)
const { first, second, third } = acme()
const day = 86_400_000

describe('identity log', () => {
  test.each(vectors.valid)('[IDN-10] the log of $legalName gives what it says', vector => {
    const identity = must(verifyIdentityLog(utf8(vector.log)))
    const { did, head, legalName, registrationNumber, revoked } = identity
    const rootKey = identity.rootKeyAt(head)?.multikey
    expect({
      log: vector.log,
      did,
      head,
      legalName,
      registrationNumber,
      rootKey,
      revoked: [...revoked]
    }).toEqual(vector)
  })

  test.each(vectors.invalid.map(vector => [vector.code, vector.id, vector.log] as const))(
    '[IDN-10] %s: %s',
    (code, _id, log) => expect(codeOf(verifyIdentityLog(utf8(log)))).toBe(code)
  )

  test('[IDN-9] bytes, entries and lines are bounded before any work', () => {
    expect(codeOf(verifyIdentityLog(new Uint8Array(LOG_BYTES_MAX + 1).fill(0x0a)))).toBe('identity-size')
    expect(codeOf(verifyIdentityLog(utf8(`"${'x'.repeat(65_536)}"\n`)))).toBe('jcs-size')
    const full = new Map(
      Array.from({ length: ENTRIES_MAX }, (_, i) => [`${i}`, third.versions.get(third.head)])
    )
    const known = Object.assign(Object.create(third), { versions: full }) as typeof third
    expect(codeOf(verifyIdentityLog(concatBytes(third.log, utf8('{}\n')), known))).toBe('identity-size')
  })

  test('[IDN-9] no changed byte of a log is accepted as the same identity', () => {
    for (let at = 0; at < third.log.length; at += 7) {
      const log = Uint8Array.from(third.log)
      log[at] = (log[at] as number) ^ 1
      expect(codeOf(verifyIdentityLog(log))).not.toBe('accepted')
    }
  })

  test('[IDN-12] the entry hash of the example in the did:webvh specification comes out', () => {
    const scid = 'QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE'
    const witnesses = [
      'z6Mkkc51mg2vpQzKWAbWQZupeGYhowaBjYkmvcKMTqteqHB4',
      'z6MkuDdJdKLCgwZuQuEi9xG6LVgJJ9Tebr74CXPYPSumqgJs',
      'z6MkoSWmQyp4fTk4ZQy4KUsss9dFX51XfEUzKKKj1J1JUsrF'
    ]
    const entry = {
      versionId: scid,
      versionTime: '2025-04-01T17:39:50Z',
      parameters: {
        witness: { threshold: 2, witnesses: witnesses.map(id => ({ id: `did:key:${id}`, weight: 1 })) },
        updateKeys: ['z6MkgzBDcBFV3sk4ypPE5YXMZHmS213A3HpYY2LmcVKV15jr'],
        nextKeyHashes: ['QmZreDcjvWEpyRFznQeExWNCsvMLk5i59AcRJJuQC8UodJ'],
        method: 'did:webvh:0.5',
        scid
      },
      state: { '@context': ['https://www.w3.org/ns/did/v1'], id: `did:webvh:${scid}:domain.example` }
    }
    expect(entryHash(entry, scid)).toBe('QmQ6FJ4fk2xheSSQoEjVpTgx9AQPKhJgtR9hn1nr4EeCrZ')
  })

  test('[IDN-11] the same facts give the same SCID, other facts another', () => {
    expect(acme().first.scid).toBe(first.scid)
    expect(webHosted().scid).not.toBe(first.scid)
  })

  test('[IDN-14] a thief of the root key in use cannot add an entry; the next key can', () => {
    const thief = { rootKey: key('root 1'), nextKeyHashes: [hashOf('thief')] }
    expect(codeOf(appendIdentity(first, {}, thief, Date.now()))).toBe('identity-key')
    const stranger = { rootKey: key('thief'), nextKeyHashes: [hashOf('thief')] }
    expect(codeOf(appendIdentity(first, {}, stranger, Date.now()))).toBe('identity-key')
    expect(second.rootKeyAt(second.head)?.multikey).toBe(key('root 2').publicKey.multikey)
  })

  test('[IDN-13] another signature of the right key over other words does not serve', () => {
    const lines = new TextDecoder().decode(second.log).trimEnd().split('\n')
    const proofs = lines.map(line => /"proofValue":"(\w+)"/.exec(line)?.[1] as string)
    const swapped = lines[0]?.replace(proofs[0] as string, proofs[1] as string)
    expect(codeOf(verifyIdentityLog(utf8(`${swapped}\n`)))).toBe('signature')
  })

  test('[IDN-14] a spent root key does not come back, even where it was committed to again', () => {
    const keys = { rootKey: key('root 2'), nextKeyHashes: [hashOf('root 1')] }
    const again = must(appendIdentity(first, {}, keys, day))
    const spent = { rootKey: key('root 1'), nextKeyHashes: [hashOf('root 3')] }
    expect(codeOf(appendIdentity(again, {}, spent, 2 * day))).toBe('identity-key')
  })

  test('[IDN-14] a spare rotates when the first choice is lost', () => {
    expect(second.nextKeyHashes).toEqual([hashOf('root 3'), hashOf('spare 3')])
    expect(third.rootKeyAt(third.head)?.multikey).toBe(key('spare 3').publicKey.multikey)
  })

  test('[IDN-15] a clock that went back is overruled, and no clock is asked', () => {
    const later = must(
      appendIdentity(third, {}, { rootKey: key('root 4'), nextKeyHashes: [hashOf('root 5')] }, 0)
    )
    const times = [...later.versions.values()].map(version => version.timeMs)
    expect(times[3]).toBe((times[2] as number) + 1000)
    const names = { legalName: 'Future AG', registrationNumber: '1' }
    const keys = { rootKey: key('f1'), nextKeyHashes: [hashOf('f2')] }
    expect(codeOf(createIdentity({ ...names, ...keys, timeMs: Date.parse('9999-12-31T23:59:59Z') }))).toBe(
      'accepted'
    )
  })

  test('[IDN-16] without a web location the id names a host that can never be', () => {
    expect(first.did).toBe(`did:webvh:${first.scid}:parley.invalid`)
    expect(webHosted().did).toBe(`did:webvh:${webHosted().scid}:borealis.example%3A8443:parley`)
    expect(third.did).toBe(first.did)
  })

  test.each(['{SCID}', '', ' Acme', 'Acme\t', 'A\u202eB', 'A\ufeffB'])(
    '[IDN-17] %j is no legal name',
    legalName => {
      const facts = { legalName, registrationNumber: '1', timeMs: 0 }
      const keys = { rootKey: key('n1'), nextKeyHashes: [hashOf('n2')] }
      expect(codeOf(createIdentity({ ...facts, ...keys }))).toBe('identity-name')
    }
  )

  test('[IDN-18] revocations stay through later entries, and a full list is refused beyond its bound', () => {
    const lost = key('lost laptop').publicKey
    expect(third.hasRevoked(lost)).toBe(true)
    expect(second.hasRevoked(lost)).toBe(false)
    const keys = { rootKey: key('root 4'), nextKeyHashes: [hashOf('root 5')] }
    const fourth = must(appendIdentity(third, { legalName: 'Acme' }, keys, 0))
    expect(fourth.hasRevoked(lost)).toBe(true)
    const many = Array.from({ length: REVOKED_MAX }, (_, i) => key(`role ${i % 3}`).publicKey)
    const distinct = many.map((publicKey, i) => ({ ...publicKey, multikey: `z${i}` }))
    expect(codeOf(appendIdentity(third, { revoke: distinct }, keys, 0))).toBe('identity-shape')
  })

  test('[IDN-19] logs compare as equal, prefix, extension or other company', () => {
    expect(compareIdentityLogs(third, acme().third)).toBe('equal')
    expect(compareIdentityLogs(first, third)).toBe('prefix')
    expect(compareIdentityLogs(third, first)).toBe('extension')
    expect(compareIdentityLogs(third, webHosted())).toBe('other-company')
  })

  test('[IDN-19] two successors of one entry are a fork, whose proof anyone can check', () => {
    const keys = { rootKey: key('root 2'), nextKeyHashes: [hashOf('other 3')] }
    const other = must(appendIdentity(first, { legalName: 'Acme Two Faces' }, keys, day))
    const fork = compareIdentityLogs(third, other) as IdentityFork
    expect(fork.number).toBe(2)
    const [ours, theirs] = fork.logs.map(log => must(verifyIdentityLog(log))) as [typeof first, typeof first]
    expect([ours.head, theirs.head]).toEqual([second.head, other.head])
    expect(compareIdentityLogs(ours, theirs)).toEqual(fork)
  })

  test('[IDN-12] verification goes on from a known beginning and gives the same as from the start', () => {
    const resumed = must(verifyIdentityLog(third.log, first))
    expect(resumed).toEqual(must(verifyIdentityLog(third.log)))
    expect(first.versions.size).toBe(1)
    expect(must(verifyIdentityLog(webHosted().log, third)).did).toBe(webHosted().did)
  })

  test('[IDN-14] a root key of any version is known as one', () => {
    expect(third.wasRoot(key('root 1').publicKey)).toBe(true)
    expect(third.wasRoot(key('root 3').publicKey)).toBe(false)
    expect(third.rootKeyAt(first.head)?.multikey).toBe(key('root 1').publicKey.multikey)
    expect(third.rootKeyAt('9-Qm')).toBeUndefined()
    expect(generateKey(key('root 1').seed).publicKey.multikey).toBe(key('root 1').publicKey.multikey)
  })
})
