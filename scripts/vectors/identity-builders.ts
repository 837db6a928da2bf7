// Companies, keys and hand-made log entries for the vectors of protocols/identity. Fixed seeds, fixed times.
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { type SecretKey, generateKey } from '../../src/identity/ed25519.ts'
import { appendIdentity, createIdentity } from '../../src/identity/identity-log.ts'
import {
  type WebvhEntry,
  entryHash,
  nextKeyHash,
  proofOptions,
  scidOf,
  signProof
} from '../../src/identity/webvh.ts'
import { fromHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { encodeBase58 } from '../../src/wire/multibase.ts'
import { Reject } from '../../src/wire/reject.ts'

export const TIME = Date.parse('2026-01-05T09:00:00Z')
const DAY = 86_400_000

export function key(name: string): SecretKey {
  return generateKey(sha256(utf8(`parley identity vectors: ${name}`)))
}

export function must<T>(value: T | Reject): T {
  if (value instanceof Reject) throw new Error(value.toString())
  return value
}

export const next = (name: string) => [nextKeyHash(key(name).publicKey)]
export const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** A company of three versions: created, renamed, one role key revoked. */
export function acme(): { first: CompanyIdentity; second: CompanyIdentity; third: CompanyIdentity } {
  const names = { legalName: 'Acme Optics GmbH', registrationNumber: 'HRB 1234' }
  const first = must(
    createIdentity({ ...names, rootKey: key('root 1'), nextKeyHashes: next('root 2'), timeMs: TIME })
  )
  const second = must(
    appendIdentity(
      first,
      { legalName: 'Acme Optics SE' },
      { rootKey: key('root 2'), nextKeyHashes: [...next('root 3'), ...next('spare 3')] },
      TIME + DAY
    )
  )
  const third = must(
    appendIdentity(
      second,
      { revoke: [key('lost laptop').publicKey] },
      { rootKey: key('spare 3'), nextKeyHashes: next('root 4') },
      TIME + 2 * DAY
    )
  )
  return { first, second, third }
}

export function webHosted(): CompanyIdentity {
  return must(
    createIdentity({
      legalName: 'Borealis Systèmes S.A.',
      registrationNumber: 'RCS Paris 552 100 554',
      webLocation: 'borealis.example%3A8443:parley',
      rootKey: key('web 1'),
      nextKeyHashes: next('web 2'),
      timeMs: TIME
    })
  )
}

// An entry with every member open to change; `edit` runs before numbering and signing, `after` on the result.
// oxlint-disable-next-line typescript/no-explicit-any -- a test case may put anything anywhere
export type Loose = any

interface Edits {
  edit?: (entry: Loose) => void
  after?: (entry: Loose) => void
  signer?: SecretKey
  number?: number
  previous?: string
}

function seal(draft: Loose, previous: string, number: number, signer: SecretKey, edits: Edits): string {
  const { edit, after } = edits
  edit?.(draft)
  const entry = draft as WebvhEntry
  entry.versionId = `${edits.number ?? number}-${entryHash(entry, edits.previous ?? previous)}`
  const options = proofOptions(edits.signer?.publicKey ?? signer.publicKey, entry.versionTime)
  const done: Loose = {
    ...entry,
    proof: [{ ...options, proofValue: signProof(entry, options, edits.signer ?? signer) }]
  }
  after?.(done)
  return `${text(encodeJcs(done as JcsValue))}\n`
}

/** The first entry of acme, changed. */
export function first(edits: Edits & { host?: string } = {}): string {
  const draft: Loose = {
    versionId: '{SCID}',
    versionTime: '2026-01-05T09:00:00Z',
    parameters: {
      method: 'did:webvh:1.0',
      nextKeyHashes: next('root 2'),
      portable: false,
      scid: '{SCID}',
      updateKeys: [key('root 1').publicKey.multikey]
    },
    state: {
      '@context': ['https://www.w3.org/ns/did/v1'],
      id: `did:webvh:{SCID}:${edits.host ?? 'parley.invalid'}`,
      parley: { legalName: 'Acme Optics GmbH', registrationNumber: 'HRB 1234', revoked: [] }
    }
  }
  edits.edit?.(draft)
  const scid = scidOf(draft as WebvhEntry, '{SCID}')
  const entry = JSON.parse(JSON.stringify(draft).replaceAll('{SCID}', scid))
  return seal(entry, scid, 1, key('root 1'), { ...edits, edit: () => undefined })
}

/** Acme's first entry, then its second, changed. */
export function second(edits: Edits = {}): string {
  const before = acme().first
  const draft: Loose = {
    versionId: before.head,
    versionTime: '2026-01-06T09:00:00Z',
    parameters: { nextKeyHashes: next('root 3'), updateKeys: [key('root 2').publicKey.multikey] },
    state: {
      '@context': ['https://www.w3.org/ns/did/v1'],
      id: before.did,
      parley: { legalName: 'Acme Optics SE', registrationNumber: 'HRB 1234', revoked: [] }
    }
  }
  return text(before.log) + seal(draft, before.head, 2, key('root 2'), edits)
}

/** Acme's three entries, then a fourth, changed. */
export function fourth(edits: Edits): string {
  const before = acme().third
  const draft: Loose = {
    versionId: before.head,
    versionTime: '2026-02-01T09:00:00Z',
    parameters: { nextKeyHashes: next('root 5'), updateKeys: [key('root 4').publicKey.multikey] },
    state: {
      '@context': ['https://www.w3.org/ns/did/v1'],
      id: before.did,
      parley: { legalName: 'Acme Optics SE', registrationNumber: 'HRB 1234', revoked: [...before.revoked] }
    }
  }
  return text(before.log) + seal(draft, before.head, 4, key('root 4'), edits)
}

/** Of any 32 bytes, admitted or not. */
export function multikey(hex: string): string {
  return `z${encodeBase58(new Uint8Array([0xed, 1, ...(fromHex(hex) as Uint8Array)]))}`
}
