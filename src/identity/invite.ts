// Invite tokens: all that a stranger needs for a first contact, in one line to send by any channel.
// protocols/identity, section 8.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { concatBytes, equalBytes, utf8 } from '../wire/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../wire/cbor.ts'
import { HASH_BYTES, sha256 } from '../wire/hash.ts'
import { decodeBase58, encodeBase58 } from '../wire/multibase.ts'
import { Reject, isReject } from '../wire/reject.ts'

export const INVITE_SECRET_BYTES = 32
export const INVITE_ADDRESSES_MAX = 8
/** A multiaddr with a relay and two peer ids has about 200. */
export const INVITE_ADDRESS_CHARS_MAX = 300
export const INVITE_CHARS_MAX = 4096

const PREFIX = 'parley-invite1'
const CHECKSUM_LABEL = 'parley/invite/1/checksum\0'
const PROOF_LABEL = 'parley/invite/1/proof\0'
const CHECKSUM_BYTES = 4

export interface Invite {
  /** did:webvh id of the company that invites. */
  root: string
  /** Multiaddrs; what each can be dialed with is judged where it is dialed. */
  addresses: string[]
  /** 32 random bytes, good for one contact. */
  secret: Uint8Array
  /** Seconds since 1970. */
  expiresAt: number
  /** The space to join, 32 bytes. */
  space?: Uint8Array
}

/** @throws on facts that {@link parseInvite} would refuse. */
export function encodeInvite({ root, addresses, secret, expiresAt, space }: Invite): string {
  const body = encodeCbor({ root, addresses, secret, expiresAt, ...(space && { space }) })
  const token = PREFIX + encodeBase58(concatBytes(body, checksum(body)))
  const refused = parseInvite(token)
  if (isReject(refused)) throw new RangeError(`this invite could not be read: ${refused}`)
  return token
}

/** @returns the invite, whatever its expiry, or an `invite-*` Reject that says what to do. IDN-31. */
export function parseInvite(text: string): Invite | Reject {
  const token = text.trim()
  if (token.length > INVITE_CHARS_MAX) return new Reject('invite-size', 'far too long for an invite')
  if (!token.startsWith(PREFIX)) {
    return /^parley-invite\d/.test(token)
      ? new Reject('invite-version', 'made by another version of Parley; ask for one that both can read')
      : new Reject('invite-prefix', `an invite begins with ${PREFIX}`)
  }
  const bytes = decodeBase58(token.slice(PREFIX.length), INVITE_CHARS_MAX)
  if (!bytes) return new Reject('invite-characters', 'has characters that no invite has; copy it again')
  const body = bytes.subarray(0, -CHECKSUM_BYTES)
  if (bytes.length <= CHECKSUM_BYTES || !equalBytes(checksum(body), bytes.subarray(body.length))) {
    return new Reject('invite-checksum', 'mistyped or cut short; copy it again')
  }
  const value = decodeCbor(body, INVITE_CHARS_MAX)
  if (isReject(value)) return value
  return isInvite(value)
    ? value
    : new Reject('invite-value', 'not the members of an invite, or one out of bounds')
}

function checksum(body: Uint8Array): Uint8Array {
  return sha256(utf8(CHECKSUM_LABEL), body).subarray(0, CHECKSUM_BYTES)
}

function isInvite(value: CborValue): value is CborValue & Invite {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array)
    return false
  const { root, addresses, secret, expiresAt, space, ...others } = value
  return (
    Object.keys(others).length === 0 &&
    typeof root === 'string' &&
    /^did:webvh:Qm[1-9A-HJ-NP-Za-km-z]{44}:[!-~]{1,400}$/.test(root) &&
    Array.isArray(addresses) &&
    addresses.length <= INVITE_ADDRESSES_MAX &&
    addresses.every(isAddress) &&
    secret instanceof Uint8Array &&
    secret.length === INVITE_SECRET_BYTES &&
    typeof expiresAt === 'number' &&
    expiresAt >= 0 &&
    (space === undefined || (space instanceof Uint8Array && space.length === HASH_BYTES))
  )
}

function isAddress(value: CborValue): boolean {
  return typeof value === 'string' && value.length <= INVITE_ADDRESS_CHARS_MAX && /^\/[!-~]+$/.test(value)
}

/** The two ends of a first contact, as both see them; libp2p has authenticated the peer ids. */
export interface InviteContact {
  inviter: { did: string; peer: string }
  joiner: { did: string; peer: string }
}

/** What a proof is over: who speaks, and both ends, so that no proof serves on another connection. IDN-32. */
export function inviteTranscript(
  speaker: 'inviter' | 'joiner',
  { inviter, joiner }: InviteContact
): Uint8Array {
  return encodeCbor([speaker, inviter.did, inviter.peer, joiner.did, joiner.peer])
}

/** HMAC-SHA256 that shows knowledge of the secret without showing the secret. */
export function inviteProof(secret: Uint8Array, transcript: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha256', secret).update(PROOF_LABEL).update(transcript).digest())
}

/** In constant time. */
export function checkInviteProof(secret: Uint8Array, transcript: Uint8Array, proof: Uint8Array): boolean {
  return proof.length === HASH_BYTES && timingSafeEqual(inviteProof(secret, transcript), proof)
}
