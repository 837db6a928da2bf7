// Our own failures: thrown, never returned. What a peer sends wrong is a Reject instead (reject.ts).

/** A failure of this node that a person can act on. Branch on `code`, never on the words. */
export class NodeError extends Error {
  readonly code: string
  /** The next step, as a sentence for the person at the keyboard. */
  readonly next: string

  constructor(code: string, message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'NodeError'
    this.code = code
    this.next = next
  }
}

export function isNodeError(value: unknown, code?: string): value is NodeError {
  return value instanceof NodeError && (code === undefined || value.code === code)
}
