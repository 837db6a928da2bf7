// Signatures on runs. The only place that makes a VerifiedRun: without one, nothing goes on to policy.
// protocols/envelope, section 3.
import { type ParsedRun, signedBytes } from '../wire/envelope.ts'
import { Reject } from '../wire/reject.ts'
import { type PublicKey, verifySignature } from './ed25519.ts'

let make: (run: ParsedRun) => VerifiedRun

/** A run whose last signature holds under the key of its lane, and with it, by hash, every envelope before. */
export class VerifiedRun {
  readonly #run: ParsedRun

  private constructor(run: ParsedRun) {
    this.#run = run
  }

  static {
    make = run => new VerifiedRun(run)
  }

  get run(): ParsedRun {
    return this.#run
  }
}

/**
 * One signature check for a run of any length: each header names the hash of the one before it.
 * @returns a `signature` Reject, the sender's fault, when the last signature does not verify (ENV-12).
 */
export function verifyRun(run: ParsedRun, key: PublicKey): VerifiedRun | Reject {
  const last = run.envelopes.at(-1)
  if (!last || !verifySignature(key, signedBytes(run.facet, run.client, last.headerBytes), last.signature)) {
    return new Reject('signature', `the signature of seq ${last?.header.seq ?? 0} is wrong`)
  }
  return make(run)
}

/**
 * A run that this process has signed just now, with the key of its lane. Checking the signature again would cost
 * more than all else that an edit costs.
 */
export function trustOwn(run: ParsedRun): VerifiedRun {
  return make(run)
}

/**
 * A run read back from our own store. It was verified before it was written, and the store checked each
 * record against its own hash; `parley doctor --deep` verifies all signatures again.
 */
export function trustStored(run: ParsedRun): VerifiedRun {
  return make({ ...run, stored: true })
}
