// How much an envelope and everything in its past hold, in two integers. Each lane keeps running sums, so the
// size of a causal past follows from what it adds to that of prev. protocols/envelope, section 4.

export interface Size {
  /** Of bodies. */
  bytes: number
  /** Structs and deleted ranges; 1 for an envelope without a body. */
  items: number
}

/** What one document may hold, over the causal past of its last envelope (ENV-30). */
export const DOCUMENT_MAX: Size = { bytes: 8 * 1024 * 1024, items: 200_000 }

const NOTHING: Size = { bytes: 0, items: 0 }

export function addSizes(a: Size, b: Size): Size {
  return { bytes: a.bytes + b.bytes, items: a.items + b.items }
}

export function subtractSizes(a: Size, b: Size): Size {
  return { bytes: a.bytes - b.bytes, items: a.items - b.items }
}

export function equalSizes(a: Size, b: Size): boolean {
  return a.bytes === b.bytes && a.items === b.items
}

export function isWithin(size: Size, most: Size): boolean {
  return size.bytes <= most.bytes && size.items <= most.items
}

/** The size of one envelope. */
export function sizeOf(bodyBytes: number, structs: number, deletes: number): Size {
  return { bytes: bodyBytes, items: Math.max(1, structs + deletes) }
}

/** Sizes along a segment. */
export class Sizes {
  readonly #bytes: number[] = []
  readonly #items: number[] = []

  push({ bytes, items }: Size): void {
    this.#bytes.push(bytes)
    this.#items.push(items)
  }

  pop(): void {
    this.#bytes.pop()
    this.#items.pop()
  }

  /** The one at this place, nothing before the first. */
  at(place: number): Size {
    if (place < 0) return NOTHING
    return { bytes: this.#bytes[place] as number, items: this.#items[place] as number }
  }
}
