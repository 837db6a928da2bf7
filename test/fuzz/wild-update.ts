// A grammar of Yjs updates that breaks its own rules now and then: everything that an update can say, with the
// numbers, kinds, references, keys and strings that no honest program would put there.
import type { DeleteRange } from '../../src/wire/envelope.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import { UpdateWriter } from '../../src/wire/update-encode.ts'
import type { StructId } from '../../src/wire/update-reader.ts'
import type { Random } from '../replica/writers.ts'
import type { Targets } from '../replica/mutants.ts'

const ROOTS = ['text', 'meta', 'facts', 'list', 'cards', 'stack']
const WRONG_ROOTS = [
  '',
  'nowhere',
  '__proto__',
  'constructor',
  'toString',
  'Text',
  'text\u0000',
  'x'.repeat(129)
]
const KEYS = ['title', 'status', 'notes', 'tags', 'parts', 'a', 'x']
const ODD_KEYS = ['', '__proto__', 'constructor', 'prototype', '0', 'k'.repeat(128), 'k'.repeat(129), '🙂']
const EDGES = [0, 1, 2, 127, 128, 2 ** 31 - 2, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 56]
/** Not UTF-8, or not the one spelling of it: halves of pairs, overlong forms, ends too early, beyond U+10FFFF. */
const BAD_TEXT = [
  'eda0bd',
  'edb982',
  'eda0bdedb982',
  'c080',
  'e08080',
  'f0808080',
  'c3',
  'ff',
  'f4908080',
  '80'
]

/** Writes what an honest writer would, and at a given rate what none would. */
class Pen {
  readonly out = new UpdateWriter()
  readonly #random: Random
  readonly #sloppy: number

  /** `sloppy`: of how many integers one is not in its shortest form; 0: none. */
  constructor(random: Random, sloppy: number) {
    this.#random = random
    this.#sloppy = sloppy
  }

  uint(value: number): this {
    if (this.#sloppy === 0 || this.#random(this.#sloppy) > 0) {
      this.out.uint(value)
      return this
    }
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.out.byte((rest % 128) + 128)
    this.out.byte(rest + 128)
    for (let n = this.#random(4); n > 0; n--) this.out.byte(128)
    this.out.byte(0)
    return this
  }

  id({ client, clock }: StructId): this {
    return this.uint(client).uint(clock)
  }

  text(bytes: Uint8Array, claimed = bytes.length): this {
    this.uint(claimed).out.raw(bytes)
    return this
  }
}

export class WildUpdate {
  readonly #random: Random
  readonly #targets: Targets
  readonly #pen: Pen
  #clock: number

  constructor(targets: Targets, random: Random) {
    this.#random = random
    this.#targets = targets
    this.#pen = new Pen(random, this.#one(25) ? 6 : 0)
    this.#clock = targets.clock
  }

  #one(of: number): boolean {
    return this.#random(of) === 0
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T
  }

  write(): Uint8Array {
    const sections = this.#one(40) ? this.#random(4) : this.#one(12) ? 0 : 1
    this.#pen.uint(this.#claim(sections))
    for (let i = 0; i < sections; i++) this.#section()
    this.#deletes(sections === 0)
    if (this.#one(60)) for (let n = 1 + this.#random(4); n > 0; n--) this.#pen.out.byte(this.#random(256))
    const bytes = this.#pen.out.finish()
    return this.#one(60) ? bytes.slice(0, this.#random(bytes.length)) : bytes
  }

  /** A number of items: the right one, or one that a reader must not believe. */
  #claim(count: number): number {
    return this.#one(120) ? this.#pick([...EDGES, count + 1, Math.max(0, count - 1), 65_536]) : count
  }

  #section(): void {
    const { client, ids } = this.#targets
    const count = this.#one(400) ? 1_001 : this.#one(100) ? 0 : 1 + this.#random(5)
    this.#pen.uint(this.#claim(count))
    this.#pen.uint(this.#one(50) ? this.#pick([this.#pick(ids).client, client + 1, 0, 2 ** 53 - 1]) : client)
    if (this.#one(40))
      this.#clock = this.#pick([0, this.#clock + 1, Math.max(0, this.#clock - 1), 2 ** 31 - 2])
    this.#pen.uint(this.#clock)
    if (count > 1_000) return this.#many(count)
    if (this.#one(600)) return this.#large()
    for (let i = 0; i < count; i++) this.#clock += this.#struct()
  }

  /** More structs than an update may have, each as small as can be. */
  #many(count: number): void {
    for (let i = 0; i < count; i++) this.#pen.out.byte(0).byte(1)
  }

  /** Text that is too much for one body. */
  #large(): void {
    for (let i = 0; i < 5; i++) {
      this.#pen.out.byte(4)
      this.#pen.uint(1)
      this.#name(ROOTS)
      this.#pen.text(utf8('z'.repeat(16_000)))
    }
  }

  /** @returns its length in units */
  #struct(): number {
    if (this.#one(15)) return this.#garbage()
    const ref = this.#ref()
    const beside = this.#random(2) === 0
    const origin = beside && this.#random(4) > 0 ? this.#id() : undefined
    const right = beside && (!origin || this.#one(3)) ? this.#id() : undefined
    const keyed = origin || right ? this.#one(8) : this.#random(2) === 0
    this.#pen.out.byte(ref | (origin ? 128 : 0) | (right ? 64 : 0) | (keyed ? 32 : 0))
    if (origin) this.#pen.id(origin)
    if (right) this.#pen.id(right)
    if (!origin && !right) this.#parent(keyed, ref)
    return this.#content(ref, keyed)
  }

  #ref(): number {
    const dice = this.#random(40)
    if (dice < 12) return 4
    if (dice < 22) return 8
    if (dice < 30) return 7
    if (dice < 37) return 1
    return this.#random(32)
  }

  #garbage(): number {
    const length = this.#one(6) ? this.#pick(EDGES) : 1 + this.#random(4)
    this.#pen.out.byte(this.#one(12) ? this.#pick([32, 64, 128]) : 0)
    this.#pen.uint(length)
    return length
  }

  /** A unit: mostly one that is there, also one of this update, of the future, or of nobody. */
  #id(): StructId {
    const { client, clock, ids } = this.#targets
    const dice = this.#random(20)
    if (dice < 12) return this.#pick(ids)
    if (dice < 15 && this.#clock > clock) return { client, clock: clock + this.#random(this.#clock - clock) }
    if (dice < 17) return { client, clock: Math.max(0, this.#clock + this.#random(4) - 2) }
    const id = this.#pick(ids)
    if (dice < 19) return { client: id.client, clock: Math.max(0, id.clock + this.#random(5) - 2) }
    return { client: this.#pick([id.client + 1, ...EDGES]), clock: this.#pick(EDGES) }
  }

  #parent(keyed: boolean, ref: number): void {
    // A value where one is wanted, so that what is wrong with it is all that is wrong.
    if (keyed && ref === 8 && this.#random(2) === 0) {
      this.#pen.uint(1)
      const typed = this.#one(3)
      this.#name([typed ? 'facts' : 'meta'])
      return this.#name(typed ? ['name', 'count', 'done', 'parts'] : ['title', 'status', 'due'])
    }
    const { types } = this.#targets
    const root = types.length === 0 || this.#random(2) === 0
    this.#pen.uint(this.#one(100) ? 2 + this.#random(3) : root ? 1 : 0)
    if (root) this.#name(this.#one(10) ? WRONG_ROOTS : ROOTS)
    else this.#pen.id(this.#one(8) ? this.#id() : this.#pick(types))
    if (keyed) this.#name(this.#one(8) ? ODD_KEYS : KEYS)
  }

  #name(names: readonly string[]): void {
    if (this.#one(60)) this.#pen.text(Buffer.from(this.#pick(BAD_TEXT), 'hex'))
    else this.#pen.text(utf8(this.#pick(names)))
  }

  #content(ref: number, keyed: boolean): number {
    if (ref === 4) return this.#string()
    if (ref === 7) return this.#type()
    if (ref === 8) return this.#values(keyed)
    if (ref === 1 || ref === 0 || ref === 10) {
      const length = this.#one(15) ? this.#pick(EDGES) : 1 + this.#random(5)
      this.#pen.uint(length)
      return length
    }
    return this.#banned(ref)
  }

  /** JSON, binary, embed, format, sub-document, and kinds that nobody knows. */
  #banned(ref: number): number {
    const json = () => this.#pen.text(utf8(this.#pick(['{}', '1', 'undefined', '{"__proto__":1}', '"'])))
    if (ref === 2) this.#pen.uint(2)
    if (ref === 2 || ref === 5) json()
    if (ref === 2) json()
    if (ref === 3) this.#pen.text(new Uint8Array(this.#random(9)))
    if (ref === 6) this.#pen.text(utf8('bold'))
    if (ref === 6) json()
    if (ref === 9) {
      this.#pen.text(utf8('guid'))
      this.#value(0)
    }
    return ref === 2 ? 2 : 1
  }

  #string(): number {
    const dice = this.#random(60)
    if (dice === 0) {
      const bytes = Buffer.from(this.#pick(BAD_TEXT), 'hex')
      this.#pen.text(bytes)
      return bytes.length
    }
    if (dice === 1) this.#pen.text(utf8('short'), this.#pick([6, 500, 65_536, ...EDGES]))
    const text =
      dice === 2
        ? ''
        : dice === 3
          ? 'y'.repeat(16_383 + this.#random(3))
          : this.#pick(['a', 'yes', '🙂', 'é漢', '\u0000'])
    if (dice !== 1) this.#pen.text(utf8(text))
    return text.length
  }

  #type(): number {
    const ref = this.#one(12) ? 3 + this.#random(5) : this.#random(3)
    this.#pen.uint(ref)
    if (ref === 3 || ref === 5) this.#pen.text(utf8('p'))
    return 1
  }

  /** More than one value where a map has room for one, now and then. */
  #values(keyed: boolean): number {
    const count = this.#one(20) ? this.#random(20) : keyed && this.#one(3) ? 2 + this.#random(2) : 1
    this.#pen.uint(this.#claim(count))
    if (this.#one(50)) this.#deep()
    else for (let i = 0; i < count; i++) this.#value(0)
    return count
  }

  /** Nested far beyond what a decoder that recurses should follow. */
  #deep(): void {
    const depth = this.#pick([15, 16, 17, 18, 2_000])
    const object = this.#random(2) === 0
    for (let i = 0; i < depth; i++) {
      this.#pen.out.byte(object ? 118 : 117).byte(1)
      if (object) this.#pen.text(utf8('d'))
    }
    this.#pen.out.byte(126)
  }

  #value(depth: number): void {
    const { out } = this.#pen
    const dice = this.#random(depth > 3 ? 15 : 20)
    if (dice < 4) out.byte(this.#pick([126, 121, 120]))
    else if (dice < 7) this.#integer()
    else if (dice < 9) this.#float()
    else if (dice < 13) {
      out.byte(119)
      this.#string()
    } else if (dice === 13) out.byte(this.#pick([127, 122, 116, 115, 0, 255]))
    else if (dice === 14) {
      out.byte(116)
      this.#pen.text(new Uint8Array(3))
    } else if (dice < 18) this.#object(depth)
    else {
      out.byte(117)
      const count = this.#one(150) ? 2_001 : this.#random(4)
      this.#pen.uint(this.#claim(count))
      for (let i = 0; i < count; i++)
        if (count > 9) out.byte(126)
        else this.#value(depth + 1)
    }
  }

  #integer(): void {
    const { out } = this.#pen
    out.byte(125)
    if (this.#one(8))
      out.raw(
        Buffer.from(this.#pick(['40', '8000', '8080808010', 'bfffffff0f', 'ffffffffffff01', 'c000']), 'hex')
      )
    else out.byte(this.#random(64) || 1)
  }

  #float(): void {
    const { out } = this.#pen
    const wide = this.#random(2) === 0
    const data = new DataView(new ArrayBuffer(wide ? 8 : 4))
    const value = this.#pick([
      0.1,
      0.5,
      1,
      -0,
      0,
      NaN,
      Infinity,
      -Infinity,
      2 ** 31,
      2 ** 31 - 1,
      1e300,
      5e-324,
      2 ** 53
    ])
    if (wide) data.setFloat64(0, value)
    else data.setFloat32(0, value)
    out.byte(wide ? 123 : 124).raw(new Uint8Array(data.buffer))
  }

  #object(depth: number): void {
    const keys = this.#pick([
      [],
      ['a'],
      ['a', 'b'],
      ['1', '2', 'a'],
      ['2', '1'],
      ['a', '1'],
      ['a', 'a'],
      ['__proto__'],
      ['constructor', 'x']
    ])
    this.#pen.out.byte(118)
    this.#pen.uint(this.#claim(keys.length))
    for (const key of keys) {
      this.#pen.text(utf8(key))
      this.#value(depth + 1)
    }
  }

  #deletes(needed: boolean): void {
    const ranges = this.#one(needed ? 12 : 2) ? [] : this.#ranges()
    const clients = [...Map.groupBy(ranges, range => range.client)]
    if (this.#random(25) > 0) clients.sort(([a], [b]) => b - a)
    this.#pen.uint(this.#claim(clients.length))
    for (const [client, each] of clients) {
      const listed = this.#one(60) ? [] : each
      this.#pen.uint(client).uint(this.#claim(listed.length))
      for (const { clock, length } of listed) this.#pen.uint(clock).uint(length)
    }
  }

  #ranges(): DeleteRange[] {
    if (this.#one(300))
      return Array.from({ length: 1_001 }, (_, i) => ({ client: 1, clock: i * 2, length: 1 }))
    const ranges: DeleteRange[] = []
    const { client, clock } = this.#targets
    for (let n = 1 + this.#random(4); n > 0; n--) {
      const length = this.#one(40) ? this.#pick(EDGES) : 1 + this.#random(3)
      ranges.push({ ...this.#id(), length })
    }
    // A part of what it writes itself, which splits it.
    if (this.#clock > clock + 1 && this.#random(3) === 0)
      ranges.push({ client, clock: clock + this.#random(this.#clock - clock), length: 1 })
    // Of what it writes itself, some or all: only what is deleted may stand in certain places.
    if (this.#clock > clock && this.#random(3) === 0)
      ranges.push({ client, clock, length: this.#clock - clock })
    if (this.#one(20)) return ranges
    ranges.sort((a, b) => a.client - b.client || a.clock - b.clock)
    const merged: DeleteRange[] = []
    for (const range of ranges) {
      const last = merged.at(-1)
      if (last?.client === range.client && last.clock + last.length >= range.clock) {
        if (this.#one(20)) merged.push(range)
        else last.length = Math.max(last.length, range.clock + range.length - last.clock)
      } else merged.push({ ...range })
    }
    return merged
  }
}
