// The tree and its proofs, held against the definitions of RFC 6962 written out as they stand there.
import { describe, expect, it } from 'vitest'
import {
  EMPTY_ROOT,
  TILE_WIDTH,
  Tree,
  type TreeNodes,
  consistencyProof,
  inclusionProof,
  leafHash,
  nodeHash,
  rangeRoot
} from '../../src/audit/tree.ts'
import { isConsistent, rootOfInclusion, rootsOfConsistency } from '../../src/audit/tree-proof.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33]
const entry = (i: number) => sha256(utf8(`entry ${i}`))
const entries = (n: number) => Array.from({ length: n }, (_, i) => entry(i))

/** MTH of RFC 6962, section 2.1. */
function mth(list: Uint8Array[]): Uint8Array {
  if (list.length === 0) return sha256(utf8(''))
  if (list.length === 1) return leafHash(list[0] as Uint8Array)
  let k = 1
  while (k * 2 < list.length) k *= 2
  return nodeHash(mth(list.slice(0, k)), mth(list.slice(k)))
}

const grown = (n: number) => Tree.of(entries(n))

describe('the tree', () => {
  it('[AUD-1] has the root of RFC 6962 at every size', () => {
    expect(toHex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    const tree = new Tree()
    expect(tree.root).toEqual(EMPTY_ROOT)
    for (let n = 1; n <= 600; n++) {
      tree.append(entry(n - 1))
      if (n % 37 === 0 || n % 256 < 3) expect(tree.root, `${n}`).toEqual(mth(entries(n)))
    }
    expect(tree.size).toBe(600)
  })

  it('[AUD-1] has the root of any range that a proof needs, from tiles alone', () => {
    const nodes = grown(600)
    for (const n of [1, 255, 256, 257, 511, 512, 513, 600]) {
      expect(rangeRoot(nodes, 0, n), `${n}`).toEqual(mth(entries(n)))
    }
  })
})

describe('proofs', () => {
  it('[AUD-25] of consistency cost as much in a long log as in a short one', () => {
    const tree = new Tree()
    const size = 40_000
    for (let i = 0; i < size; i++) tree.append(Uint8Array.of(i, i >> 8))
    let looked = 0
    const nodes: TreeNodes = {
      leaf: index => tree.leaf(((looked += 1), index)),
      subtree: (height, index) => tree.subtree(height, ((looked += 1), index))
    }
    for (const old of [1, 257, 16_383, 20_001, size - 1]) {
      looked = 0
      const proof = consistencyProof(nodes, old, size)
      expect(looked, `${old}`).toBeLessThan(2 * TILE_WIDTH + 40)
      expect(rootsOfConsistency(old, size, proof, leafHash(Uint8Array.of(0, 0)))?.root).toEqual(tree.root)
    }
  })

  it('[AUD-14] of inclusion lead to the root for every index of every size, and nothing else does', () => {
    const nodes = grown(33)
    for (const size of SIZES) {
      const root = mth(entries(size))
      for (let index = 0; index < size; index++) {
        const path = inclusionProof(nodes, index, size)
        const leaf = leafHash(entry(index))
        expect(rootOfInclusion(leaf, index, size, path)).toEqual(root)
        expect(rootOfInclusion(leaf, size, size, path)).toBeUndefined()
        expect(rootOfInclusion(leaf, index, size, [...path, root])).not.toEqual(root)
        if (path.length > 0) expect(rootOfInclusion(leaf, index, size, path.slice(1))).not.toEqual(root)
        expect(rootOfInclusion(leafHash(entry(99)), index, size, path)).not.toEqual(root)
      }
    }
  })

  it('[AUD-18] of consistency hold between all sizes, and for no other root', () => {
    const nodes = grown(33)
    for (const size of SIZES) {
      for (const old of SIZES.filter(n => n < size)) {
        const before = { size: old, root: mth(entries(old)) }
        const now = { size, root: mth(entries(size)) }
        const proof = consistencyProof(nodes, old, size)
        const where = `${old} to ${size}`
        expect(isConsistent(before, now, proof), where).toBe(true)
        expect(isConsistent({ size: old, root: EMPTY_ROOT }, now, proof), where).toBe(false)
        expect(isConsistent(before, { size, root: EMPTY_ROOT }, proof), where).toBe(false)
        expect(isConsistent(before, now, [...proof, now.root]), where).toBe(false)
        expect(isConsistent(before, now, proof.slice(1)), where).toBe(false)
      }
    }
  })

  it('[AUD-22] of consistency tell the first full subtree where the old size is one above a power of two', () => {
    const nodes = grown(33)
    for (const n of [2, 4, 8, 16]) {
      const roots = rootsOfConsistency(n + 1, 33, consistencyProof(nodes, n + 1, 33), EMPTY_ROOT)
      expect(roots?.first).toEqual(mth(entries(n)))
      expect(roots?.root).toEqual(mth(entries(33)))
    }
  })

  it('[AUD-18] hold across tiles', () => {
    const nodes = grown(1000)
    const pairs = [
      [300, 1000],
      [256, 700],
      [511, 512],
      [1, 999],
      [768, 769]
    ] as const
    for (const [old, size] of pairs) {
      const before = { size: old, root: mth(entries(old)) }
      const now = { size, root: mth(entries(size)) }
      expect(isConsistent(before, now, consistencyProof(nodes, old, size)), `${old}`).toBe(true)
      const path = inclusionProof(nodes, old - 1, size)
      expect(rootOfInclusion(leafHash(entry(old - 1)), old - 1, size, path)).toEqual(now.root)
    }
  })
})
