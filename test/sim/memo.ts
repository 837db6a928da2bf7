// Signatures remembered within one history: the same envelope is checked by every node that it reaches, again
// at each restart and each time it is passed on. Only the backend's equation is remembered; the rule around it
// runs each time. Counts what was asked for, for invariant 8.
import { BACKENDS } from '../../src/identity/ed25519-backend.ts'
import type { Ed25519Backend } from '../../src/identity/ed25519-noble.ts'

let asked = 0
let known = new Map<string, boolean>()
let installed = false

/** Puts the memory in front of the backend in use. For the simulator's own process only. */
export function rememberSignatures(): void {
  if (installed) return
  installed = true
  const backend = BACKENDS[0] as Ed25519Backend
  const verify = backend.verify.bind(backend)
  backend.verify = (publicKey, message, signature) => {
    asked++
    const key = latin1(publicKey) + latin1(signature) + latin1(message)
    let holds = known.get(key)
    if (holds === undefined) known.set(key, (holds = verify(publicKey, message, signature)))
    return holds
  }
}

/** A new history begins. */
export function forgetSignatures(): void {
  known = new Map()
}

/** How many verifications were asked for so far. */
export function verifications(): number {
  return asked
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
