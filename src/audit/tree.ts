// The Merkle tree of a log, as it grows, and the proofs that it can give: RFC 6962, section 2.1. It keeps the hashes
// of the leaves and of full tiles and all that is above those, 33 bytes a leaf, and makes the others when asked: a
// proof takes at most some 500 hashes, however long the log is. protocols/audit, section 2.
import { EMPTY, concatBytes } from '../wire/bytes.ts'
import { HASH_BYTES, sha256 } from '../wire/hash.ts'

/** Leaves of a full tile: C2SP tiles have height 8. */
export const TILE_WIDTH = 256
const TILE_HEIGHT = 8

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** AUD-1. */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(LEAF, entry)
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE, left, right)
}

export const EMPTY_ROOT = sha256(EMPTY)

/** Hashes that everything else about a tree is made of. */
export interface TreeNodes {
  leaf(index: number): Uint8Array
  /** The root of a full subtree of 2^height leaves, which are a tile or several. */
  subtree(height: number, index: number): Uint8Array
}

/** The largest power of two below `n`, which is above 1. */
function splitOf(n: number): number {
  let k = 1
  while (2 * k < n) k *= 2
  return k
}

/** The hash over the leaves `from` (inclusive) to `to` (exclusive). */
export function rangeRoot(nodes: TreeNodes, from: number, to: number): Uint8Array {
  const n = to - from
  if (n === 0) return EMPTY_ROOT
  if (n === 1) return nodes.leaf(from)
  const height = Math.log2(n)
  if (height >= TILE_HEIGHT && Number.isInteger(height) && from % n === 0)
    return nodes.subtree(height, from / n)
  const middle = from + splitOf(n)
  return nodeHash(rangeRoot(nodes, from, middle), rangeRoot(nodes, middle, to))
}

/** The path from a leaf to the root of the first `size` leaves, the leaf's sibling first. */
export function inclusionProof(nodes: TreeNodes, index: number, size: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    if (index < middle) {
      path.push(rangeRoot(nodes, middle, to))
      to = middle
    } else {
      path.push(rangeRoot(nodes, from, middle))
      from = middle
    }
  }
  return path.toReversed()
}

/** That the first `old` leaves, at least one, begin the first `size`. */
export function consistencyProof(nodes: TreeNodes, old: number, size: number): Uint8Array[] {
  const proof: Uint8Array[] = []
  let [from, to] = [0, size]
  // Only the whole old tree is known to who checks; a part of it that ends here has to be told.
  while (old !== to) {
    const middle = from + splitOf(to - from)
    if (old <= middle) {
      proof.push(rangeRoot(nodes, middle, to))
      to = middle
    } else {
      proof.push(rangeRoot(nodes, from, middle))
      from = middle
    }
  }
  if (from > 0) proof.push(rangeRoot(nodes, from, to))
  return proof.toReversed()
}

interface Peak {
  height: number
  hash: Uint8Array
}

export class Tree implements TreeNodes {
  /** Leaf hashes of each full tile, one after the other. */
  readonly #tiles: Uint8Array[] = []
  /** Roots of full subtrees, by how much higher than a tile they are. */
  readonly #roots: Uint8Array[][] = []
  /** Leaf hashes behind the last full tile. */
  #last: Uint8Array[] = []
  /** Roots of the full subtrees, largest first: what the root is made of. */
  readonly #peaks: Peak[] = []

  static of(entries: Iterable<Uint8Array>): Tree {
    const tree = new Tree()
    for (const entry of entries) tree.append(entry)
    return tree
  }

  get size(): number {
    return this.#tiles.length * TILE_WIDTH + this.#last.length
  }

  append(entry: Uint8Array): void {
    let peak: Peak = { height: 0, hash: leafHash(entry) }
    this.#last.push(peak.hash)
    while (this.#peaks.at(-1)?.height === peak.height) {
      const { hash } = this.#peaks.pop() as Peak
      peak = { height: peak.height + 1, hash: nodeHash(hash, peak.hash) }
      if (peak.height === TILE_HEIGHT) this.#closeTile()
      if (peak.height >= TILE_HEIGHT) this.#rootsAt(peak.height).push(peak.hash)
    }
    this.#peaks.push(peak)
  }

  #closeTile(): void {
    this.#tiles.push(concatBytes(...this.#last))
    this.#last = []
  }

  #rootsAt(height: number): Uint8Array[] {
    return (this.#roots[height - TILE_HEIGHT] ??= [])
  }

  get root(): Uint8Array {
    const [last, ...before] = this.#peaks.toReversed()
    return before.reduce((right, { hash }) => nodeHash(hash, right), last?.hash ?? EMPTY_ROOT)
  }

  leaf(index: number): Uint8Array {
    const at = index % TILE_WIDTH
    const tile = this.#tiles[Math.floor(index / TILE_WIDTH)]
    return tile ? tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES) : (this.#last[at] as Uint8Array)
  }

  subtree(height: number, index: number): Uint8Array {
    return this.#rootsAt(height)[index] as Uint8Array
  }
}
