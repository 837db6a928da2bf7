// The mechanics of did:webvh v1.0: self-certifying id, hash chain, pre-rotation and eddsa-jcs-2022 proofs.
// What a company's log may say is `identity-log.ts`. protocols/identity, section 4.
import { concatBytes, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import { type JcsValue, encodeJcs } from '../wire/jcs.ts'
import { decodeBase58, encodeBase58 } from '../wire/multibase.ts'
import { type PublicKey, SIGNATURE_BYTES, type SecretKey, sign, verifySignature } from './ed25519.ts'

export const SCID_PLACEHOLDER = '{SCID}'
const SIGNATURE_CHARS_MAX = 96

/** A log entry without its proof. */
export interface WebvhEntry {
  [member: string]: JcsValue
  versionId: string
  versionTime: string
}

/** A Data Integrity proof without its value. */
export interface ProofOptions {
  [member: string]: string
  created: string
  cryptosuite: 'eddsa-jcs-2022'
  proofPurpose: 'assertionMethod'
  type: 'DataIntegrityProof'
  verificationMethod: string
}

/** base58btc(multihash(SHA-256)), the form of every hash in a log: `Qm...`. */
export function hashText(bytes: Uint8Array): string {
  return encodeBase58(concatBytes(MULTIHASH_SHA256, sha256(bytes)))
}

const MULTIHASH_SHA256 = new Uint8Array([0x12, 0x20])

/** The commitment to a root key that a later entry will open. */
export function nextKeyHash(key: PublicKey): string {
  return hashText(utf8(key.multikey))
}

/** @param scid as it stands in the entry: the placeholder while the first entry is being made. */
export function scidOf(first: WebvhEntry, scid: string): string {
  const text = new TextDecoder().decode(encodeJcs({ ...first, versionId: SCID_PLACEHOLDER }))
  return hashText(utf8(text.replaceAll(scid, SCID_PLACEHOLDER)))
}

/** @param previous the version id of the entry before; for the first entry, the SCID. */
export function entryHash(entry: WebvhEntry, previous: string): string {
  return hashText(encodeJcs({ ...entry, versionId: previous }))
}

export function proofOptions(key: PublicKey, created: string): ProofOptions {
  return {
    created,
    cryptosuite: 'eddsa-jcs-2022',
    proofPurpose: 'assertionMethod',
    type: 'DataIntegrityProof',
    verificationMethod: `did:key:${key.multikey}#${key.multikey}`
  }
}

/** What an eddsa-jcs-2022 proof signs. It carries no label of ours; the suite fixes it. */
function proofBytes(entry: WebvhEntry, options: ProofOptions): Uint8Array {
  return concatBytes(sha256(encodeJcs(options)), sha256(encodeJcs(entry)))
}

export function signProof(entry: WebvhEntry, options: ProofOptions, key: SecretKey): string {
  return `z${encodeBase58(sign(key, proofBytes(entry, options)))}`
}

export function verifyProof(
  entry: WebvhEntry,
  options: ProofOptions,
  value: string,
  key: PublicKey
): boolean {
  const signature = value.startsWith('z') ? decodeBase58(value.slice(1), SIGNATURE_CHARS_MAX) : undefined
  return signature?.length === SIGNATURE_BYTES && verifySignature(key, proofBytes(entry, options), signature)
}
