// Companies, keys, spaces and log entries for the vectors of protocols/space and protocols/envelope. Fixed
// seeds, fixed times.
import {
  type Power,
  issueRoleCertificate,
  requestRole,
  verifyRoleRequest
} from '../../src/identity/certificate.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { type SecretKey, generateKey, sign } from '../../src/identity/ed25519.ts'
import { appendIdentity, createIdentity } from '../../src/identity/identity-log.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import { encodeSpaceGenesis, spaceId } from '../../src/wire/genesis.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { Reject } from '../../src/wire/reject.ts'
import {
  type EntryAct,
  type EntryRecord,
  encodeSpaceEntry,
  entryId,
  entrySignedBytes
} from '../../src/wire/space-entry.ts'

/** 2026-01-05T09:00:00Z. */
export const TIME = 1_767_603_600_000
const DAY = 86_400_000

export function must<T>(value: T | Reject): T {
  if (value instanceof Reject) throw new Error(value.toString())
  return value
}

export function bytes(name: string, length = 32): Uint8Array {
  return sha256(utf8(`parley space vectors: ${name}`)).subarray(0, length)
}

export function key(name: string): SecretKey {
  return generateKey(bytes(name))
}

/** A company at two versions of its log: its root key changed once. */
export interface Company {
  name: string
  did: string
  first: CompanyIdentity
  second: CompanyIdentity
  /** The root keys of the two versions. */
  roots: [SecretKey, SecretKey]
}

function company(name: string): Company {
  const roots = [key(`${name} root 1`), key(`${name} root 2`)] as [SecretKey, SecretKey]
  const commit = (of: SecretKey) => [nextKeyHash(of.publicKey)]
  const first = must(
    createIdentity({
      legalName: `${name} Ltd`,
      registrationNumber: `HRB ${name.length}`,
      rootKey: roots[0],
      nextKeyHashes: commit(roots[1]),
      timeMs: TIME
    })
  )
  const next = commit(key(`${name} root 3`))
  const second = must(appendIdentity(first, {}, { rootKey: roots[1], nextKeyHashes: next }, TIME + DAY))
  return { name, did: first.did, first, second, roots }
}

/** The parties of most vectors, in this order, and one stranger. */
export const ACME = company('Acme')
export const BOREALIS = company('Borealis')
export const CYGNUS = company('Cygnus')
export const STRANGER = company('Stranger')
export const PARTIES = [ACME, BOREALIS, CYGNUS]
/** Companies that come later. */
export const DAEDALUS = company('Daedalus')
export const EUROPA = company('Europa')
export const COMPANIES = [...PARTIES, DAEDALUS, EUROPA]

/** A certificate of the company for the key of this name. */
export function certify(
  of: Company,
  holder: string,
  { powers = ['advise', 'vote', 'seal'] as Power[], at = of.first, root = of.roots[0] } = {}
): Uint8Array {
  const request = requestRole(of.did, 'CTO', { kind: 'human', name: holder }, key(holder))
  const validity = { validFrom: TIME, validUntil: TIME + 90 * DAY }
  return must(issueRoleCertificate(at, root, must(verifyRoleRequest(request)), { ...validity, powers }))
}

export function genesisOf(title: string, parties = PARTIES): Uint8Array {
  const nonce = bytes(`nonce of ${title}`, 16)
  return encodeSpaceGenesis({ nonce, title, pairing: 'CTO', parties: parties.map(({ did }) => did) })
}

export interface Written extends EntryRecord {
  id: Uint8Array
  seq: number
  company: number
}

/** Signs an entry: after `prev`, or the first of its chain. Every field may be overridden. */
export function entry(
  genesis: Uint8Array,
  of: number,
  act: EntryAct,
  { prev, signer, seq, space }: { prev?: Written; signer?: SecretKey; seq?: number; space?: Uint8Array } = {}
): Written {
  const place = seq ?? (prev ? prev.seq + 1 : 0)
  const bytes = encodeSpaceEntry({
    space: space ?? spaceId(genesis),
    company: of,
    seq: place,
    ...(prev && { prev: prev.id }),
    act,
    time: TIME
  })
  const by = signer ?? (PARTIES[of] as Company).roots[0]
  const signature = sign(by, entrySignedBytes(bytes))
  return {
    entry: bytes,
    signer: by.publicKey.bytes,
    signature,
    id: entryId(bytes),
    seq: place,
    company: of
  }
}

/** The first entry of a company that this revision admits at an index. */
export function acceptLater(
  genesis: Uint8Array,
  of: number,
  { by, revision }: { by: Company; revision: Uint8Array }
): Written {
  const certificates = [certify(by, `${by.name} CTO`)]
  const act: EntryAct = { kind: 'accept', rootVersion: by.first.head, certificates, revision }
  return entry(genesis, of, act, { signer: by.roots[0] })
}

/** The first entry of a party, with the keys of these holders. */
export function accept(genesis: Uint8Array, of: number, holders: string[], signer?: SecretKey): Written {
  const party = PARTIES[of] as Company
  const certificates = holders.map(holder => certify(party, holder))
  const act: EntryAct = { kind: 'accept', rootVersion: party.first.head, certificates }
  return entry(genesis, of, act, signer ? { signer } : {})
}

export function print(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`
}
