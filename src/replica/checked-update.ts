// The last step of the road in: a body that passed the gate, the only thing a document takes.
// protocols/update.
import { type Reject, isReject } from '../wire/reject.ts'
import { scanUpdate } from '../wire/update.ts'
import { type Size, sizeOf } from './document-size.ts'
import type { StagedUpdate, StructIndex } from './struct-index.ts'
import { type CausalPast, type UpdateClaims, checkUpdate } from './update-gate.ts'

let make: (body: Uint8Array, staged: StagedUpdate, size: Size) => CheckedUpdate

/** A Yjs update that is safe to apply after everything in its causal past. */
export class CheckedUpdate {
  readonly #body: Uint8Array
  readonly #staged: StagedUpdate
  readonly size: Size

  private constructor(body: Uint8Array, staged: StagedUpdate, size: Size) {
    this.#body = body
    this.#staged = staged
    this.size = size
  }

  static {
    make = (body, staged, size) => new CheckedUpdate(body, staged, size)
  }

  get body(): Uint8Array {
    return this.#body
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
  const scanned = body.length === 0 ? NOTHING : scanUpdate(body)
  if (isReject(scanned)) return scanned
  const staged = checkUpdate(scanned, claims, past, index)
  if (isReject(staged)) return staged
  return make(body, staged, sizeOf(body.length, scanned.structs.length, scanned.deletes.length))
}

const NOTHING = { client: undefined, clock: 0, clockEnd: 0, structs: [], deletes: [] }
