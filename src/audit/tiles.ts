// Where C2SP tlog-tiles has the hashes and entries of a log, and how they stand there. protocols/audit, section 5.
import { concatBytes } from '../wire/bytes.ts'
import { HASH_BYTES } from '../wire/hash.ts'
import { Reject } from '../wire/reject.ts'
import { TILE_WIDTH, type TreeNodes, rangeRoot } from './tree.ts'

/** `level`: of hashes, or `entries`. `width`: 1 to 256; less than that is a partial tile. */
export interface Tile {
  level: number | 'entries'
  index: number
  width: number
}

/** Two bytes of length before each entry. */
const ENTRY_LENGTH = Uint8Array.of(0, HASH_BYTES)

export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) as string[]
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${name}${width < TILE_WIDTH ? `.p/${width}` : ''}`
}

/** @returns what the path names; undefined for any other spelling. */
export function parseTilePath(path: string): Tile | undefined {
  const found = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path)
  if (!found) return undefined
  const [, level, name = '', width] = found
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(name.replace(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width)
  }
  return tilePath(tile) === path ? tile : undefined
}

/** All tiles of a tree of this size, of the lowest level first. AUD-13. */
export function tilesOf(size: number): Tile[] {
  const tiles: Tile[] = []
  const add = (level: Tile['level'], hashes: number) => {
    for (let index = 0; index * TILE_WIDTH < hashes; index++) {
      tiles.push({ level, index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) })
    }
  }
  add('entries', size)
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / TILE_WIDTH)) {
    add(level, hashes)
  }
  return tiles
}

/** Whether a tree of this size has the tile, in this width. */
export function hasTile(size: number, { level, index, width }: Tile): boolean {
  const hashes = level === 'entries' ? size : Math.floor(size / TILE_WIDTH ** level)
  return width > 0 && width <= TILE_WIDTH && index * TILE_WIDTH + width <= hashes
}

/** The bytes of a hash tile. */
export function encodeTile(nodes: TreeNodes, { level, index, width }: Tile & { level: number }): Uint8Array {
  const span = TILE_WIDTH ** level
  const hashes: Uint8Array[] = []
  for (let i = 0; i < width; i++) {
    const from = (index * TILE_WIDTH + i) * span
    hashes.push(rangeRoot(nodes, from, from + span))
  }
  return concatBytes(...hashes)
}

/** The bytes of an entry bundle. */
export function encodeBundle(entries: Uint8Array[]): Uint8Array {
  return concatBytes(...entries.flatMap(entry => [ENTRY_LENGTH, entry]))
}

/** @returns entries of 32 bytes each, or `tile-form`. */
export function parseBundle(bytes: Uint8Array): Uint8Array[] | Reject {
  const step = ENTRY_LENGTH.length + HASH_BYTES
  const entries: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += step) {
    const entry = bytes.slice(at + ENTRY_LENGTH.length, at + step)
    if (bytes[at] !== 0 || bytes[at + 1] !== HASH_BYTES || entry.length !== HASH_BYTES) {
      return new Reject('tile-form', 'not a bundle of entries of 32 bytes')
    }
    entries.push(entry)
  }
  return entries
}
