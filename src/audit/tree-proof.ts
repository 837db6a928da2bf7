// What a proof of inclusion or consistency leads to: RFC 9162, sections 2.1.3.2 and 2.1.4.2. Callers compare the
// roots with those that were signed. protocols/audit, sections 5 to 7.
import { equalBytes } from '../wire/bytes.ts'
import { nodeHash } from './tree.ts'

/** Enough for 2^63 leaves; C2SP allows no more lines. */
export const PROOF_HASHES_MAX = 63

const half = (n: number) => Math.floor(n / 2)
const isOdd = (n: number) => n % 2 === 1

/** @returns the root that the path leads to; undefined where it has the wrong length. */
export function rootOfInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[]
): Uint8Array | undefined {
  if (index >= size) return undefined
  let [at, last, root] = [index, size - 1, leaf]
  for (const hash of path) {
    if (last === 0) return undefined
    if (isOdd(at) || at === last) {
      root = nodeHash(hash, root)
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)]
    } else root = nodeHash(root, hash)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 ? root : undefined
}

/** What a consistency proof says that the tree is and was. */
export interface ConsistencyRoots {
  root: Uint8Array
  /** Of the older size. */
  old: Uint8Array
  /** Of the largest full subtree at the beginning, where the older size has more than that. */
  first?: Uint8Array
}

/**
 * Of a proof from `old` to `size`, 0 < `old` < `size`. Where `old` is a power of two the proof does not hold its
 * root, and `oldRoot` stands in.
 * @returns undefined where the proof has the wrong length
 */
export function rootsOfConsistency(
  old: number,
  size: number,
  proof: readonly Uint8Array[],
  oldRoot: Uint8Array
): ConsistencyRoots | undefined {
  const [seed, ...path] = isPowerOfTwo(old) ? [oldRoot, ...proof] : proof
  if (!seed || proof.length === 0) return undefined
  let [at, last] = [old - 1, size - 1]
  while (isOdd(at)) [at, last] = [half(at), half(last)]
  let [before, after] = [seed, seed]
  let first: Uint8Array | undefined
  for (const hash of path) {
    if (last === 0) return undefined
    if (isOdd(at) || at === last) {
      before = nodeHash(hash, before)
      after = nodeHash(hash, after)
      first = hash
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)]
    } else after = nodeHash(after, hash)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 ? { root: after, old: before, ...(first && { first }) } : undefined
}

export function isPowerOfTwo(n: number): boolean {
  return n > 0 && Number.isInteger(Math.log2(n))
}

/** RFC 6962, section 2.1.2, as tlog-witness asks for it: nothing from the empty tree, and none between equals. */
export function isConsistent(
  old: { size: number; root: Uint8Array },
  now: { size: number; root: Uint8Array },
  proof: readonly Uint8Array[]
): boolean {
  if (old.size === 0) return proof.length === 0
  if (old.size === now.size) return proof.length === 0 && equalBytes(old.root, now.root)
  const roots = rootsOfConsistency(old.size, now.size, proof, old.root)
  return roots !== undefined && equalBytes(roots.root, now.root) && equalBytes(roots.old, old.root)
}
