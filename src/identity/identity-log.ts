// A company's identity log: did:webvh v1.0 in the one profile that Parley reads. Every log that is accepted
// here is a did:webvh log; not every did:webvh log is accepted. protocols/identity, section 4.
import { z } from 'zod'
import { concatBytes, equalBytes, utf8 } from '../wire/bytes.ts'
import { type JcsValue, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { decodeMultikey } from '../wire/multibase.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { CompanyIdentity, type IdentityVersion } from './company-identity.ts'
import { isName, parseTime, printTime } from './document-text.ts'
import { type PublicKey, type SecretKey, admitKey } from './ed25519.ts'
import {
  SCID_PLACEHOLDER,
  type WebvhEntry,
  entryHash,
  nextKeyHash,
  proofOptions,
  scidOf,
  signProof,
  verifyProof
} from './webvh.ts'

export type { CompanyIdentity } from './company-identity.ts'

/** Verifying takes about two milliseconds an entry; a company that rotates monthly needs 80 years for these. */
export const ENTRIES_MAX = 1000
export const LOG_BYTES_MAX = 1_048_576
export const ENTRY_BYTES_MAX = 65_536
/** What an entry of 64 KiB can hold. */
export const REVOKED_MAX = 1000
export const NAME_CHARS_MAX = 200
export const REGISTRATION_CHARS_MAX = 64
/** The next root key and up to three spares, each kept somewhere else: without any, the identity ends. */
export const NEXT_KEYS_MAX = 4

/** Reserved by RFC 2606, so that the id of a company without a web location never resolves to a stranger's. */
export const NO_WEB_LOCATION = 'parley.invalid'

const METHOD = 'did:webvh:1.0'
const LINE_LIMITS = { bytesMax: ENTRY_BYTES_MAX, depthMax: 6, itemsMax: REVOKED_MAX + 100 }
const NEWLINE = 0x0a

const Keys = {
  nextKeyHashes: z.array(z.string()).min(1).max(NEXT_KEYS_MAX),
  updateKeys: z.tuple([z.string()])
}
const First = { ...Keys, method: z.literal(METHOD), portable: z.literal(false), scid: z.string() }

const EntryJson = z.strictObject({
  versionId: z.string(),
  versionTime: z.string(),
  parameters: z.union([z.strictObject(First), z.strictObject(Keys)]),
  state: z.strictObject({
    '@context': z.tuple([z.literal('https://www.w3.org/ns/did/v1')]),
    id: z.string(),
    parley: z.strictObject({
      legalName: z.string(),
      registrationNumber: z.string(),
      revoked: z.array(z.string()).max(REVOKED_MAX)
    })
  }),
  proof: z.tuple([
    z.strictObject({
      type: z.literal('DataIntegrityProof'),
      cryptosuite: z.literal('eddsa-jcs-2022'),
      created: z.string(),
      verificationMethod: z.string(),
      proofPurpose: z.literal('assertionMethod'),
      proofValue: z.string()
    })
  ])
})

/** The shape of one line; `protocols/identity/identity-log-entry.schema.json` is made from it. */
export const IdentityEntrySchema = EntryJson
type EntryJson = z.infer<typeof EntryJson>
type State = EntryJson['state']

/** The keys that an entry is made with. */
export interface RootKeys {
  /** Signs this entry. After the first, it must be one that the entry before committed to. */
  rootKey: SecretKey
  /** {@link nextKeyHash} of 1 to 4 keys, of which one will sign the next entry. */
  nextKeyHashes: string[]
}

export interface NewIdentity extends RootKeys {
  legalName: string
  registrationNumber: string
  timeMs: number
  /** Host and path as did:webvh writes them, such as `example.com:parley`; none is usual. */
  webLocation?: string
}

/** What an entry changes besides the root key, which every entry changes. */
export interface IdentityChange {
  legalName?: string
  registrationNumber?: string
  /** Role, node or earlier root keys. A revocation is for good. */
  revoke?: PublicKey[]
}

/** @returns the identity with its log of one entry, or the Reject that a reader would give. */
export function createIdentity(facts: NewIdentity): CompanyIdentity | Reject {
  const { legalName, registrationNumber, rootKey, nextKeyHashes, timeMs } = facts
  if ([legalName, registrationNumber].some(text => text.includes(SCID_PLACEHOLDER))) {
    return new Reject('identity-name', `a name cannot contain ${SCID_PLACEHOLDER}`)
  }
  const did = `did:webvh:${SCID_PLACEHOLDER}:${facts.webLocation ?? NO_WEB_LOCATION}`
  const draft = {
    versionId: SCID_PLACEHOLDER,
    versionTime: printTime(timeMs),
    parameters: {
      method: METHOD,
      nextKeyHashes,
      portable: false,
      scid: SCID_PLACEHOLDER,
      updateKeys: [rootKey.publicKey.multikey]
    },
    state: stateOf(did, legalName, registrationNumber, [])
  }
  const scid = scidOf(draft, SCID_PLACEHOLDER)
  const text = new TextDecoder().decode(encodeJcs(draft)).replaceAll(SCID_PLACEHOLDER, scid)
  return verifyIdentityLog(sealEntry(JSON.parse(text) as WebvhEntry, scid, 1, rootKey))
}

/**
 * Adds one entry; the root key changes with it. Time never goes back in a log, so a clock that does is
 * overruled by one second after the entry before.
 * @returns the identity with the longer log, or the Reject that a reader would give.
 */
export function appendIdentity(
  before: CompanyIdentity,
  change: IdentityChange,
  { rootKey, nextKeyHashes }: RootKeys,
  timeMs: number
): CompanyIdentity | Reject {
  const last = before.versions.get(before.head) as IdentityVersion
  const revoked = new Set([...before.revoked, ...(change.revoke ?? []).map(key => key.multikey)])
  const { legalName = before.legalName, registrationNumber = before.registrationNumber } = change
  const entry = {
    versionId: before.head,
    versionTime: printTime(Math.max(timeMs, last.timeMs + 1000)),
    parameters: { nextKeyHashes, updateKeys: [rootKey.publicKey.multikey] },
    state: stateOf(before.did, legalName, registrationNumber, [...revoked])
  }
  const line = sealEntry(entry, before.head, last.number + 1, rootKey)
  return verifyIdentityLog(concatBytes(before.log, line), before)
}

function stateOf(id: string, legalName: string, registrationNumber: string, revoked: string[]): State {
  return {
    '@context': ['https://www.w3.org/ns/did/v1'],
    id,
    parley: { legalName, registrationNumber, revoked }
  }
}

/** Numbers, signs and spells an entry. @returns its line. */
function sealEntry(draft: WebvhEntry, previous: string, number: number, key: SecretKey): Uint8Array {
  const entry = { ...draft, versionId: `${number}-${entryHash(draft, previous)}` }
  const options = proofOptions(key.publicKey, entry.versionTime)
  const proof = [{ ...options, proofValue: signProof(entry, options, key) }]
  return concatBytes(encodeJcs({ ...entry, proof }), utf8('\n'))
}

/**
 * Verifies a log from its first entry, or from where `known` ends when the bytes begin with its log: so a
 * long log can be verified in steps that block nobody.
 * @returns the company, or a Reject whose detail names the entry. IDN-9 to IDN-18.
 */
export function verifyIdentityLog(lines: Uint8Array, known?: CompanyIdentity): CompanyIdentity | Reject {
  if (lines.length > LOG_BYTES_MAX) return new Reject('identity-size', `more than ${LOG_BYTES_MAX} bytes`)
  if (lines.at(-1) !== NEWLINE) return new Reject('identity-line', 'the log does not end with a newline')
  const resumes = known !== undefined && equalBytes(lines.subarray(0, known.log.length), known.log)
  let identity = resumes ? known : undefined
  const log = Uint8Array.from(lines)
  const versions = new Map(identity?.versions)
  for (let at = identity?.log.length ?? 0; at < log.length;) {
    const end = log.indexOf(NEWLINE, at)
    const number = versions.size + 1
    if (number > ENTRIES_MAX) return new Reject('identity-size', `more than ${ENTRIES_MAX} entries`)
    const next = verifyEntry(log.subarray(at, end), identity, number)
    if (isReject(next)) return new Reject(next.code, `entry ${number}: ${next.detail}`)
    at = end + 1
    const { versionId, timeMs, rootKey, ...facts } = next
    versions.set(versionId, { number, timeMs, rootKey, endsAt: at })
    identity = new CompanyIdentity({ ...facts, versions, log: log.subarray(0, at) })
  }
  return identity as CompanyIdentity
}

/** What one entry adds to the facts. */
interface VerifiedEntry {
  versionId: string
  timeMs: number
  rootKey: PublicKey
  did: string
  scid: string
  legalName: string
  registrationNumber: string
  revoked: ReadonlySet<string>
  nextKeyHashes: string[]
}

function verifyEntry(
  line: Uint8Array,
  before: CompanyIdentity | undefined,
  number: number
): VerifiedEntry | Reject {
  const json = parseJcs(line, LINE_LIMITS)
  if (isReject(json)) return json
  const shape = EntryJson.safeParse(json)
  if (!shape.success)
    return new Reject('identity-shape', 'the entry does not have exactly the members of the profile')
  const { proof, ...entry } = shape.data
  const { parameters, state } = entry
  if ('scid' in parameters !== (before === undefined)) {
    return new Reject('identity-shape', 'only the first entry names method, portable and scid')
  }
  const scid = 'scid' in parameters ? parameters.scid : (before as CompanyIdentity).scid
  const rootKey = admitMultikey(parameters.updateKeys[0])
  if (isReject(rootKey)) return rootKey
  const timeMs = parseTime(entry.versionTime)
  const refused =
    checkChain(entry, scid, before, number) ??
    checkTime(timeMs, before) ??
    checkKeys(rootKey, parameters.nextKeyHashes, before) ??
    checkState(state, scid, before) ??
    checkProof(entry, proof[0], rootKey)
  if (refused) return refused
  const { legalName, registrationNumber, revoked } = state.parley
  return {
    versionId: entry.versionId,
    timeMs: timeMs as number,
    rootKey,
    did: state.id,
    scid,
    legalName,
    registrationNumber,
    revoked: new Set(revoked),
    nextKeyHashes: parameters.nextKeyHashes
  }
}

/** IDN-11 and IDN-12. */
function checkChain(
  entry: WebvhEntry,
  scid: string,
  before: CompanyIdentity | undefined,
  number: number
): Reject | undefined {
  if (!before && scidOf(entry, scid) !== scid)
    return new Reject('identity-scid', 'the SCID is not the hash of the entry')
  if (entry.versionId !== `${number}-${entryHash(entry, before?.head ?? scid)}`) {
    return new Reject('identity-hash', 'the version id is not the number and hash of the entry')
  }
  return undefined
}

/** IDN-15. No clock is asked: what is valid today was valid yesterday. */
function checkTime(timeMs: number | undefined, before: CompanyIdentity | undefined): Reject | undefined {
  if (timeMs === undefined) return new Reject('identity-time', 'the time is not spelt YYYY-MM-DDThh:mm:ssZ')
  const last = before?.versions.get(before.head)
  if (last && timeMs <= last.timeMs)
    return new Reject('identity-time', 'the time is not after that of the entry before')
  return undefined
}

/** IDN-14. */
function checkKeys(
  key: PublicKey,
  nextHashes: string[],
  before: CompanyIdentity | undefined
): Reject | undefined {
  if (before && !before.nextKeyHashes.includes(nextKeyHash(key))) {
    return new Reject('identity-key', 'the entry before did not commit to this root key')
  }
  if (
    new Set(nextHashes).size !== nextHashes.length ||
    !nextHashes.every(hash => /^Qm[1-9A-HJ-NP-Za-km-z]{44}$/.test(hash))
  ) {
    return new Reject('identity-key', 'the next keys are not 1 to 4 different SHA-256 multihashes')
  }
  if (nextHashes.includes(nextKeyHash(key)) || before?.wasRoot(key)) {
    return new Reject('identity-key', 'a root key signs one entry and is never committed to again')
  }
  return undefined
}

/** IDN-16 to IDN-18. */
function checkState(
  { id, parley: { legalName, registrationNumber, revoked } }: State,
  scid: string,
  before: CompanyIdentity | undefined
): Reject | undefined {
  if (before ? id !== before.did : !isCompanyDid(id, scid)) {
    return new Reject('identity-did', 'not the did:webvh id of this log')
  }
  if (!isName(legalName, NAME_CHARS_MAX) || !isName(registrationNumber, REGISTRATION_CHARS_MAX)) {
    return new Reject(
      'identity-name',
      'a name is empty, too long, padded, or has characters that do not show'
    )
  }
  const grows = [...(before?.revoked ?? [])].every((key, i) => revoked[i] === key)
  const distinct = new Set(revoked).size === revoked.length
  if (!grows || !distinct || !revoked.slice(before?.revoked.size ?? 0).every(key => decodeMultikey(key))) {
    return new Reject(
      'identity-revoked',
      'the revoked keys are not those before and then other Ed25519 multikeys'
    )
  }
  return undefined
}

/** IDN-13. One signature, by the root key of this entry, dated as the entry is. */
function checkProof(entry: WebvhEntry, proof: EntryJson['proof'][0], rootKey: PublicKey): Reject | undefined {
  const { proofValue, ...options } = proof
  const expected: Record<string, JcsValue> = proofOptions(rootKey, entry.versionTime)
  if (
    options.created !== expected['created'] ||
    options.verificationMethod !== expected['verificationMethod']
  ) {
    return new Reject('identity-proof', 'the proof is of another key or time than the entry')
  }
  if (!verifyProof(entry, options, proofValue, rootKey))
    return new Reject('signature', 'the proof does not verify')
  return undefined
}

/** A multikey that stands in a document, admitted: `key-multikey`, or as {@link admitKey} refuses it. */
export function admitMultikey(text: string): PublicKey | Reject {
  const bytes = decodeMultikey(text)
  return bytes ? admitKey(bytes) : new Reject('key-multikey', 'not an Ed25519 multikey (z6Mk...)')
}

// A domain of at least two labels, the last of which is no number (so no IP address), an optional port,
// and path segments: the canonical lower-case subset of what did:webvh allows.
const LOCATION =
  /^(?=[^:%]{1,253}(?:[:%]|$))(?:[a-z0-9-]{1,63}\.)+(?!\d+(?:[:%]|$))[a-z0-9-]{1,63}(?:%3A[1-9]\d{0,4})?(?::(?!\.{1,2}(?::|$))[A-Za-z0-9._-]{1,64}){0,8}$/

function isCompanyDid(did: string, scid: string): boolean {
  const prefix = `did:webvh:${scid}:`
  return did.startsWith(prefix) && LOCATION.test(did.slice(prefix.length))
}
