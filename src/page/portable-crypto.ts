// What the core takes from `node:crypto`, for a browser: `scripts/page.ts` puts it in that place. A browser's own
// hashing answers later, and the verifier asks at once.
import { sha256, sha512 } from '@noble/hashes/sha2.js'

const HASHES = { sha256, sha512 }

/** As Node's: `binary` is one character for each byte, which the core turns into bytes itself. */
export function hash(name: keyof typeof HASHES, bytes: Uint8Array, form: 'binary' | 'buffer') {
  const digest = HASHES[name](bytes)
  return form === 'binary' ? String.fromCharCode(...digest) : digest
}
