// The last step of the road in: a body that passed the gate, the only thing a document takes.
// protocols/update.
import { type Reject, isReject } from '../wire/reject.ts'
import { type ScannedBody, joinUpdates } from '../wire/update-join.ts'
import { NOTHING_SCANNED, type ScannedUpdate, scanUpdate } from '../wire/update.ts'
import { type Size, sizeOf } from './document-size.ts'
import type { StagedUpdate, StructIndex } from './struct-index.ts'
import { type CausalPast, type UpdateClaims, checkUpdate } from './update-gate.ts'

let make: (body: ScannedBody, staged: StagedUpdate) => CheckedUpdate

/** A Yjs update that is safe to apply after everything in its causal past. */
export class CheckedUpdate {
  readonly #body: ScannedBody
  readonly #staged: StagedUpdate
  readonly size: Size

  private constructor(body: ScannedBody, staged: StagedUpdate) {
    const { structs, deletes } = body.scanned
    this.#body = body
    this.#staged = staged
    this.size = sizeOf(body.body.length, structs.length, deletes.length)
  }

  static {
    make = (body, staged) => new CheckedUpdate(body, staged)
  }

  /** What one lane added, as few updates as they can be, in the order in which they are to be applied (UPD-30). */
  static joined(updates: readonly CheckedUpdate[]): Uint8Array[] {
    return joinUpdates(updates.map(update => update.#body).filter(({ body }) => body.length > 0))
  }

  /** Enters what the gate learned, once the envelope is admitted. */
  enter(index: StructIndex, segment: number): void {
    index.add(segment, this.#staged)
  }

  /** Takes back what {@link enter} did last. */
  leave(index: StructIndex, segment: number): void {
    if (this.#staged.runs.length > 0) index.cut(segment, this.#staged.clock)
  }
}

/** The gate. An empty body changes nothing and must not claim otherwise (ENV-13). */
export function checkBody(
  body: Uint8Array,
  claims: UpdateClaims,
  past: CausalPast,
  index: StructIndex
): CheckedUpdate | Reject {
  const scanned: ScannedUpdate | Reject = body.length === 0 ? NOTHING_SCANNED : scanUpdate(body)
  if (isReject(scanned)) return scanned
  const staged = checkUpdate(scanned, claims, past, index)
  if (isReject(staged)) return staged
  return make({ body, scanned }, staged)
}
