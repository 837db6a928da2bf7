// Identity logs that must be refused: each breaks one rule and is otherwise numbered, hashed and signed as it
// should be.
import { acme, first, fourth, key, multikey, next, second, text, webHosted } from './identity-builders.ts'

/** Id, expected code, log. */
export function invalidLogs(): [id: string, code: string, log: string][] {
  const good = text(acme().third.log)
  const lines = good
    .trimEnd()
    .split('\n')
    .map(line => `${line}\n`)
  const otherEnd = second({ edit: e => (e.state.parley.legalName = 'Someone Else SE') }).split(
    '\n'
  )[1] as string
  return [
    ['empty', 'identity-line', ''],
    ['no newline at the end', 'identity-line', good.trimEnd()],
    ['an empty line', 'jcs-syntax', `${lines[0]}\n${lines[1]}`],
    ['carriage returns', 'jcs-canonical', good.replaceAll('\n', '\r\n')],
    ['a space after a comma', 'jcs-canonical', good.replace(',', ', ')],
    [
      'members in another order',
      'jcs-canonical',
      `${JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(lines[0] as string) as object).reverse()))}\n`
    ],
    ['an unknown member', 'identity-shape', first({ edit: e => (e.note = 'hello') })],
    ['an unknown parameter', 'identity-shape', first({ edit: e => (e.parameters.ttl = 60) })],
    ['a witness parameter', 'identity-shape', first({ edit: e => (e.parameters.witness = {}) })],
    [
      'another method version',
      'identity-shape',
      first({ edit: e => (e.parameters.method = 'did:webvh:1.1') })
    ],
    ['portable', 'identity-shape', first({ edit: e => (e.parameters.portable = true) })],
    ['no parley member', 'identity-shape', first({ edit: e => delete e.state.parley })],
    [
      'a verification method in the state',
      'identity-shape',
      first({ edit: e => (e.state.verificationMethod = []) })
    ],
    ['two proofs', 'identity-shape', first({ after: e => e.proof.push(e.proof[0]) })],
    ['no proof', 'identity-shape', first({ after: e => (e.proof = []) })],
    [
      'another cryptosuite',
      'identity-shape',
      first({ after: e => (e.proof[0].cryptosuite = 'ecdsa-jcs-2019') })
    ],
    [
      'another proof purpose',
      'identity-shape',
      first({ after: e => (e.proof[0].proofPurpose = 'authentication') })
    ],
    [
      'the SCID again in a later entry',
      'identity-shape',
      second({
        edit: e =>
          Object.assign(e.parameters, { method: 'did:webvh:1.0', portable: false, scid: acme().first.scid })
      })
    ],
    ['a first entry without SCID', 'identity-shape', second().split('\n')[1] + '\n'],
    [
      'a SCID of something else',
      'identity-scid',
      good.replaceAll(
        acme().first.scid,
        acme().first.scid.replace(/.$/, c => (c === 'a' ? 'b' : 'a'))
      )
    ],
    ['a changed name', 'identity-scid', good.replaceAll('HRB 1234', 'HRB 1235')],
    ['a later entry changed', 'identity-hash', good.replaceAll('Optics SE', 'Optics AG')],
    ['a version left out', 'identity-hash', `${lines[0]}${lines[2]}`],
    ['versions exchanged', 'identity-hash', `${lines[0]}${lines[2]}${lines[1]}`],
    ['a version twice', 'identity-hash', `${lines[0]}${lines[1]}${lines[1]}`],
    ['a wrong number', 'identity-hash', second({ number: 3 })],
    [
      'a number with a leading zero',
      'identity-hash',
      second({ after: e => (e.versionId = `0${e.versionId}`) })
    ],
    ['linked to the SCID', 'identity-hash', second({ previous: acme().first.scid })],
    ['a continuation of another branch', 'identity-hash', `${lines[0]}${otherEnd}\n${lines[2]}`],
    [
      'the same time as before',
      'identity-time',
      second({ edit: e => (e.versionTime = '2026-01-05T09:00:00Z') })
    ],
    ['an earlier time', 'identity-time', second({ edit: e => (e.versionTime = '2025-01-05T09:00:00Z') })],
    [
      'a time with milliseconds',
      'identity-time',
      first({ edit: e => (e.versionTime = '2026-01-05T09:00:00.000Z') })
    ],
    [
      'a time with an offset',
      'identity-time',
      first({ edit: e => (e.versionTime = '2026-01-05T09:00:00+00:00') })
    ],
    [
      'a day that does not exist',
      'identity-time',
      first({ edit: e => (e.versionTime = '2026-02-30T09:00:00Z') })
    ],
    [
      'a root key not committed to',
      'identity-key',
      second({
        edit: e => (e.parameters.updateKeys = [key('thief').publicKey.multikey]),
        signer: key('thief')
      })
    ],
    [
      'the old root key again',
      'identity-key',
      second({
        edit: e => (e.parameters.updateKeys = [key('root 1').publicKey.multikey]),
        signer: key('root 1')
      })
    ],
    [
      'a commitment to the key itself',
      'identity-key',
      first({ edit: e => (e.parameters.nextKeyHashes = next('root 1')) })
    ],
    [
      'the same commitment twice',
      'identity-key',
      first({ edit: e => (e.parameters.nextKeyHashes = [...next('root 2'), ...next('root 2')]) })
    ],
    [
      'a commitment that is no hash',
      'identity-key',
      first({ edit: e => (e.parameters.nextKeyHashes = ['root 2']) })
    ],
    ['no commitment', 'identity-shape', first({ edit: e => (e.parameters.nextKeyHashes = []) })],
    [
      'five commitments',
      'identity-shape',
      first({ edit: e => (e.parameters.nextKeyHashes = ['a', 'b', 'c', 'd', 'e'].flatMap(next)) })
    ],
    [
      'two root keys',
      'identity-shape',
      first({ edit: e => e.parameters.updateKeys.push(key('root 2').publicKey.multikey) })
    ],
    [
      'a root key of small order',
      'key-order',
      first({ edit: e => (e.parameters.updateKeys = [multikey('01'.padEnd(64, '0'))]) })
    ],
    [
      'a root key that is no multikey',
      'key-multikey',
      first({ edit: e => (e.parameters.updateKeys = ['z6MkNope']) })
    ],
    [
      'another SCID in the state',
      'identity-did',
      first({ edit: e => (e.state.id = `did:webvh:${webHosted().scid}:parley.invalid`) })
    ],
    [
      'another method in the state',
      'identity-did',
      first({ edit: e => (e.state.id = 'did:web:parley.invalid') })
    ],
    ['a host of one label', 'identity-did', first({ host: 'localhost' })],
    ['an address for a host', 'identity-did', first({ host: '127.0.0.1' })],
    ['capital letters in the host', 'identity-did', first({ host: 'Acme.example' })],
    ['a path that climbs', 'identity-did', first({ host: 'acme.example:..' })],
    [
      'a later entry that moves',
      'identity-did',
      second({ edit: e => (e.state.id = e.state.id.replace('parley.invalid', 'acme.example')) })
    ],
    ['an empty legal name', 'identity-name', first({ edit: e => (e.state.parley.legalName = '') })],
    ['a padded legal name', 'identity-name', first({ edit: e => (e.state.parley.legalName = ' Acme') })],
    [
      'a legal name that runs backwards',
      'identity-name',
      first({ edit: e => (e.state.parley.legalName = 'Acme \u202eHbmG') })
    ],
    [
      'a legal name of two lines',
      'identity-name',
      first({ edit: e => (e.state.parley.legalName = 'Acme\nGmbH') })
    ],
    [
      'a legal name of 201 characters',
      'identity-name',
      first({ edit: e => (e.state.parley.legalName = 'x'.repeat(201)) })
    ],
    [
      'a registration number of 65 characters',
      'identity-name',
      first({ edit: e => (e.state.parley.registrationNumber = '1'.repeat(65)) })
    ],
    ['a revocation taken back', 'identity-revoked', fourth({ edit: e => (e.state.parley.revoked = []) })],
    [
      'a revocation exchanged',
      'identity-revoked',
      fourth({ edit: e => (e.state.parley.revoked = [key('x').publicKey.multikey]) })
    ],
    [
      'a key revoked twice',
      'identity-revoked',
      fourth({ edit: e => e.state.parley.revoked.push(e.state.parley.revoked[0]) })
    ],
    [
      'a revoked key that is none',
      'identity-revoked',
      fourth({ edit: e => e.state.parley.revoked.push('laptop') })
    ],
    [
      'a proof dated otherwise',
      'identity-proof',
      first({ after: e => (e.proof[0].created = '2026-01-05T09:00:01Z') })
    ],
    ['a proof of another key', 'identity-proof', first({ signer: key('thief') })],
    [
      'a proof of another key under this key’s name',
      'signature',
      first({
        after: e => (e.proof[0].proofValue = JSON.parse(first({ signer: key('thief') })).proof[0].proofValue)
      })
    ],
    [
      'a proof of another entry',
      'signature',
      second({
        after: e => (e.proof[0].proofValue = JSON.parse(lines[0] as string).proof[0].proofValue)
      })
    ],
    [
      'a proof value cut short',
      'signature',
      first({ after: e => (e.proof[0].proofValue = e.proof[0].proofValue.slice(0, -2)) })
    ],
    [
      'a proof value in another base',
      'signature',
      first({ after: e => (e.proof[0].proofValue = `u${e.proof[0].proofValue.slice(1)}`) })
    ]
  ]
}
