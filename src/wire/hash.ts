// SHA-256, the only hash on our wire.
import { hash } from 'node:crypto'
import { concatBytes } from './bytes.ts'

export const HASH_BYTES = 32

export function sha256(...parts: Uint8Array[]): Uint8Array {
  const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts)
  return new Uint8Array(hash('sha256', bytes, 'buffer'))
}
