// Changes to CBOR and JSON values that keep most of their form: other numbers, other lengths, items that are
// missing or twice, and things of another kind.
import type { CborValue } from '../../src/wire/cbor.ts'
import type { Random } from '../replica/writers.ts'

const NUMBERS = [
  0,
  1,
  23,
  24,
  255,
  256,
  65_535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  -1,
  -(2 ** 53) + 1
]
const TEXTS = ['', 'a', '__proto__', 'constructor', 'did:webvh:x:y', '\u0000', '🙂', 'x'.repeat(600), '../..']

export function mutateValue(value: CborValue, random: Random): CborValue {
  const items = Array.isArray(value) ? value : isMap(value) ? Object.values(value) : []
  // Into the tree more often than at its root.
  if (items.length === 0 || random(5) === 0) return replace(value, random)
  const at = random(items.length)
  if (Array.isArray(value)) return value.map((item, i) => (i === at ? mutateValue(item, random) : item))
  const entries = Object.entries(value as { [key: string]: CborValue })
  return Object.fromEntries(
    entries.map(([key, item], i) => [key, i === at ? mutateValue(item, random) : item])
  )
}

function isMap(value: CborValue): value is { [key: string]: CborValue } {
  return (
    typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value)
  )
}

function replace(value: CborValue, random: Random): CborValue {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T
  if (random(8) === 0) return pick<CborValue>([null, true, 0, '', new Uint8Array(0), [], {}, 'x', [[]]])
  if (typeof value === 'number') return random(3) === 0 ? value + pick([1, -1, 2]) : pick(NUMBERS)
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string') return random(2) === 0 ? pick(TEXTS) : spliced(value, random)
  if (value instanceof Uint8Array) return mutateBytes(value, random)
  if (Array.isArray(value)) return mutateList(value, random)
  if (isMap(value)) return mutateMap(value, random)
  return pick(NUMBERS)
}

function mutateList(items: CborValue[], random: Random): CborValue[] {
  const copy = [...items]
  const at = random(copy.length + 1)
  const dice = random(5)
  if (dice === 0) copy.splice(at, 1)
  else if (dice === 1) copy.splice(at, 0, copy[random(copy.length)] ?? 0)
  else if (dice === 2) copy.reverse()
  else if (dice === 3) {
    // Many, but what holds others is not made many times many.
    const scalar = typeof (copy[0] ?? 0) !== 'object'
    return Array.from({ length: scalar ? random(60) * random(80) : random(40) }, () => copy[0] ?? 0)
  } else copy.splice(at)
  return copy
}

function mutateMap(map: { [key: string]: CborValue }, random: Random): { [key: string]: CborValue } {
  const entries = Object.entries(map)
  const dice = random(3)
  if (dice === 0) entries.splice(random(entries.length), 1)
  else if (dice === 1) entries.push([TEXTS[random(TEXTS.length)] as string, 1])
  else entries.reverse()
  return Object.fromEntries(entries)
}

function spliced(text: string, random: Random): string {
  const at = random(text.length + 1)
  return text.slice(0, at) + (random(2) === 0 ? String.fromCharCode(random(256)) : '') + text.slice(at + 1)
}

/** Raw damage: a bit, a byte more or less, a piece twice, the end missing. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const copy = [...bytes]
  const at = random(copy.length + 1)
  const dice = random(6)
  if (dice === 0) copy[at] = random(256)
  else if (dice === 1) copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
  else if (dice === 2) copy.splice(at, 1)
  else if (dice === 3) copy.splice(at, 0, random(256))
  else if (dice === 4) copy.splice(at, random(20))
  else copy.splice(at, 0, ...copy.slice(at, at + 1 + random(40)))
  return new Uint8Array(copy)
}
