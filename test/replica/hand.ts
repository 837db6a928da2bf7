// What a person and a program do to an open document: every kind of edit that the layout allows, with emoji, halves
// of them, odd map keys, moves, handles to types that are gone, undo and redo, and pastes that must be split.
import * as Y from 'yjs'
import type { Random } from './writers.ts'

const WORDS = [
  'standard ',
  'we agree ',
  'a',
  '\n',
  '## Part\n',
  'naïve ',
  '漢字',
  '🙂',
  '👩‍👩‍👧',
  '\u{1F1EA}\u{1F1FA} ',
  '\u0000',
  '\u2028\ufeff'
]
/** Halves of an emoji, as an editor makes them that counts in code units. Yjs writes U+FFFD for each. */
const HALVES = ['\ud83d', '\ude42', 'x\ud83d', '\ude42y']
const FIELDS = ['title', 'status', 'due']
/** Keys of maps that take any: what a prototype would answer to, numbers, nothing, much. */
const ODD_KEYS = [
  'a',
  'b',
  '',
  '0',
  '10',
  '-1',
  'toString',
  'prototype',
  'hasOwnProperty',
  'ключ',
  '🙂',
  'a.b/c',
  ' ',
  'k'.repeat(128)
]

export class Hand {
  readonly doc: Y.Doc
  readonly undo: Y.UndoManager | undefined
  readonly #random: Random
  readonly #words: readonly string[]
  readonly #withFacts: boolean
  /** Nested types that were once reached and may since have been deleted. */
  readonly #handles: Y.AbstractType<unknown>[] = []

  /** `halves`: writes lone surrogates now and then. `facts`: the layout has a map of fields with types. */
  constructor(doc: Y.Doc, random: Random, { undo = false, halves = false, facts = false } = {}) {
    this.doc = doc
    this.#random = random
    this.#words = halves ? [...WORDS, ...HALVES] : WORDS
    this.#withFacts = facts
    const roots = [this.text, this.meta, this.list, this.cards, this.stack]
    if (facts) roots.push(this.facts)
    this.undo = undo ? new Y.UndoManager(roots, { captureTimeout: 1e12 }) : undefined
  }

  get text(): Y.Text {
    return this.doc.getText('text')
  }
  get meta(): Y.Map<unknown> {
    return this.doc.getMap('meta')
  }
  get facts(): Y.Map<unknown> {
    return this.doc.getMap('facts')
  }
  get list(): Y.Array<unknown> {
    return this.doc.getArray('list')
  }
  get cards(): Y.Map<Y.Map<unknown>> {
    return this.doc.getMap('cards')
  }
  get stack(): Y.Array<Y.Map<unknown>> {
    return this.doc.getArray('stack')
  }

  /** One to four edits in one transaction, or an undo or redo. */
  act(): void {
    const dice = this.#random(20)
    if (this.undo && dice === 0) return void this.undo.undo()
    if (this.undo && dice === 1) return void this.undo.redo()
    if (this.undo && dice < 6) this.undo.stopCapturing()
    const edits = dice < 14 ? 1 : 1 + this.#random(4)
    this.doc.transact(() => {
      for (let i = 0; i < edits; i++) this.edit()
    })
  }

  edit(): void {
    const dice = this.#random(24)
    if (dice < 9) this.#editText(this.text)
    else if (dice < 11) this.meta.set(this.#pick(FIELDS), this.#value(0))
    else if (dice < 12) this.#editFields()
    else if (dice < 15) this.#editList(this.list)
    else if (dice < 17) this.cards.set(this.#pick(ODD_KEYS), this.#card())
    else if (dice < 18) this.cards.delete(this.#pick(ODD_KEYS))
    else if (dice < 20) this.#editStack()
    else if (dice < 23) this.#editCard()
    else if (this.#handles.length > 0) this.#editInner(this.#pick(this.#handles))
  }

  /** Deletes everything, since damage shows when Yjs collects garbage, and writes on. */
  clear(): void {
    const { text, list, stack, cards, meta, facts } = this
    this.doc.transact(() => {
      for (const each of [text, list, stack]) each.delete(0, each.length)
      for (const each of [cards, meta, facts]) each.clear()
    })
    text.insert(0, 'still here')
    cards.set('a', this.#card())
  }

  /** Fields of no type go, fields of one get another value of it. */
  #editFields(): void {
    if (!this.#withFacts || this.#random(2) === 0) return this.meta.delete(this.#pick(FIELDS))
    const dice = this.#random(4)
    if (dice === 0) this.facts.set('name', this.#pick(this.#words))
    else if (dice === 1) this.facts.set('count', this.#pick([0, -7, 0.5, 2 ** 31, 1e300]))
    else if (dice === 2) this.facts.set('done', this.#random(2) === 0)
    else this.facts.set('parts', [this.#value(0)])
  }

  #editText(text: Y.Text): void {
    const { length } = text
    if (length > 0 && this.#random(3) === 0) {
      const at = this.#random(length)
      text.delete(at, Math.min(1 + this.#random(9), length - at))
    } else {
      const repeat = this.#random(500) === 0 ? 9_000 : 1
      text.insert(this.#random(length + 1), this.#pick(this.#words).repeat(repeat))
    }
  }

  #editList(list: Y.Array<unknown>): void {
    const { length } = list
    const dice = this.#random(4)
    if (length > 0 && dice === 0) {
      const at = this.#random(length)
      list.delete(at, Math.min(1 + this.#random(3), length - at))
    } else if (length > 0 && dice === 1) {
      const at = this.#random(length)
      const moved = list.get(at)
      list.delete(at)
      list.insert(this.#random(length), [moved])
    } else {
      const count = this.#random(300) === 0 ? 700 : 1 + this.#random(3)
      list.insert(
        this.#random(length + 1),
        Array.from({ length: count }, () => this.#value(0))
      )
    }
  }

  #editStack(): void {
    const { stack } = this
    if (stack.length > 0 && this.#random(3) === 0) stack.delete(this.#random(stack.length))
    else if (stack.length > 1 && this.#random(3) === 0) {
      const at = this.#random(stack.length)
      const moved = stack.get(at).clone()
      stack.delete(at)
      stack.insert(this.#random(stack.length + 1), [moved])
    } else stack.insert(this.#random(stack.length + 1), [this.#card()])
  }

  #editCard(): void {
    const all = [...this.cards.values(), ...this.stack.toArray()].filter(card => card instanceof Y.Map)
    if (all.length === 0) return
    const card = this.#pick(all)
    const dice = this.#random(6)
    if (dice === 0) card.set('title', this.#value(0))
    else if (dice === 1) card.set('notes', new Y.Text(this.#pick(this.#words)))
    else if (dice === 2) card.set('tags', Y.Array.from([1, 'two', null]))
    else if (dice === 3) card.delete(this.#pick(['title', 'notes', 'tags', 'parts']))
    else {
      const inner = card.get(this.#pick(['notes', 'tags', 'parts']))
      if (inner instanceof Y.AbstractType) {
        this.#handles.push(inner)
        this.#editInner(inner)
      }
    }
  }

  #editInner(inner: Y.AbstractType<unknown>): void {
    if (inner instanceof Y.Text) this.#editText(inner)
    else if (inner instanceof Y.Array) this.#editList(inner)
    else if (inner instanceof Y.Map) inner.set(this.#pick([...ODD_KEYS, 'x']), this.#value(0))
  }

  #card(): Y.Map<unknown> {
    const card = new Y.Map<unknown>()
    card.set('title', this.#value(0))
    if (this.#random(2) === 0) card.set('notes', new Y.Text(this.#pick(this.#words)))
    if (this.#random(2) === 0) card.set('tags', Y.Array.from(['t', this.#random(9)]))
    if (this.#random(2) === 0) card.set('parts', new Y.Map([['x', this.#value(0)]]))
    return card
  }

  #value(depth: number): unknown {
    const dice = this.#random(depth > 2 ? 8 : 10)
    if (dice === 0) return null
    if (dice === 1) return this.#random(2) === 0
    if (dice === 2) return this.#random(1 << 30) - (1 << 29)
    if (dice === 3) return (this.#random(1 << 30) + 1) / 8
    if (dice === 4) return 0.1 + this.#random(1 << 20)
    if (dice === 5) return this.#pick([2 ** 31, 2 ** 31 - 1, -(2 ** 31), 2 ** 53, -1e300, 5e-324, 1e21])
    if (dice < 8) return this.#pick(this.#words)
    if (dice === 8) return Array.from({ length: this.#random(3) }, () => this.#value(depth + 1))
    const keys = ['at', '10', '9', 'ключ', '4294967295', '-0', 'toString'].slice(this.#random(7))
    return Object.fromEntries(keys.map(key => [key, this.#value(depth + 1)]))
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T
  }
}
