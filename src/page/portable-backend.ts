// The one Ed25519 backend of the page: it stands where the node has its native ones (identity/ed25519-backend.ts).
import { getPublicKey } from '@noble/ed25519'
import { type Ed25519Backend, NOBLE } from '../identity/ed25519-noble.ts'

export const BACKENDS: readonly Ed25519Backend[] = [NOBLE]

export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return getPublicKey(seed)
}
