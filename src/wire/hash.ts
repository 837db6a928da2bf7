// SHA-256, the only hash on our wire.
import { hash } from 'node:crypto'

export const HASH_BYTES = 32

/** Digests that share an allocation: one of its own costs each more than the hash itself. */
const SLAB_BYTES = 128 * HASH_BYTES
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
let used = 0

/** Where parts are joined; longer input gets a buffer of its own. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

export function sha256(...parts: Uint8Array[]): Uint8Array {
  return asBytes(digestOf(parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts)))
}

/** Digests of what begins with the same bytes each time, as the headers of a lane do: those are copied once. */
export function sha256After(prefix: Uint8Array): (bytes: Uint8Array) => Uint8Array {
  let whole = new Uint8Array(0)
  let view = whole
  return bytes => {
    const length = prefix.length + bytes.length
    if (whole.length < length) {
      whole = new Uint8Array(2 * length)
      whole.set(prefix)
      view = whole
    }
    // Headers of one lane are mostly of one length.
    if (view.length !== length) view = whole.subarray(0, length)
    view.set(bytes, prefix.length)
    return asBytes(digestOf(view))
  }
}

function asBytes(digest: string): Uint8Array {
  if (used === SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    used = 0
  }
  slab.write(digest, used, 'latin1')
  used += HASH_BYTES
  return new Uint8Array(slab.buffer, used - HASH_BYTES, HASH_BYTES)
}

/** Whether `bytes` have this digest. */
export function hasSha256(bytes: Uint8Array, digest: Uint8Array): boolean {
  const text = digestOf(bytes)
  if (digest.length !== HASH_BYTES) return false
  for (let i = 0; i < HASH_BYTES; i++) if (text.charCodeAt(i) !== digest[i]) return false
  return true
}

/** One character for each byte: Node makes such a string in half the time of a Buffer. */
function digestOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'binary')
}

/** Only until the next call. */
function joined(parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const whole = length <= scratch.length ? scratch : Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole.subarray(0, length)
}
