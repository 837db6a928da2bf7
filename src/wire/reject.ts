// A refused input is ordinary life, so it is a value. Codes are those of the specs in `protocols/`.

/** Why an input was refused. `fault`: the peer that sent it broke a rule that it could have checked. */
export class Reject {
  readonly code: string
  readonly detail: string
  readonly fault: boolean

  constructor(code: string, detail: string, fault = true) {
    this.code = code
    this.detail = detail
    this.fault = fault
  }

  toString(): string {
    return `${this.code}: ${this.detail}`
  }
}

export function isReject(value: unknown): value is Reject {
  return value instanceof Reject
}
