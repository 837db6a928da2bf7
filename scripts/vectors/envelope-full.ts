// Histories for ENV-30: what an envelope and its past may hold together. They are judged with limits small
// enough for a file to reach.
import * as Y from 'yjs'
import type { Scene, Signed } from './envelope-scene.ts'
import { type FacetCase, SPACE, Story, ada, bo, by, cy, forked } from './envelope-story.ts'

/** A writer of one lane who puts letters at the end of a text of its own. */
class Typist {
  readonly #scene: Scene
  readonly #doc = new Y.Doc()
  #last: Signed

  constructor(scene: Scene, opening: Signed) {
    this.#scene = scene
    this.#last = opening
    this.#doc.clientID = opening.client
  }

  /** One body: `letters` in one struct, or that and the deletion of as many before it. */
  type(letters: number, { deps = [], erase = 0 }: { deps?: Signed[]; erase?: number } = {}): Signed {
    const text = this.#doc.getText('text')
    let bytes = new Uint8Array()
    this.#doc.once('update', (update: Uint8Array) => (bytes = new Uint8Array(update)))
    this.#doc.transact(() => {
      const at = text.length
      text.insert(at, 'x'.repeat(letters))
      if (erase > 0) text.delete(at - erase, erase)
    })
    const clockEnd = this.#last.header.clockEnd + letters
    const deletes =
      erase > 0 ? [{ client: this.#last.client, clock: clockEnd - letters - erase, length: erase }] : []
    this.#last = this.#scene.next(this.#last, { deps, body: { bytes, clockEnd }, header: { deletes } })
    return this.#last
  }
}

const BODY = 100
const story = (most: { bytes?: number; items?: number }) =>
  new Story(SPACE, [ada, bo, cy], { most: { bytes: 8_388_608, items: 200_000, ...most } })

/** Two authors apart: an opening, then so many bodies of 100 letters `each`. */
function apart(told: Story, each: number) {
  const { scene } = told
  const openings = [scene.open(by(0), [ada]), scene.open(by(1), [bo])]
  let bytes = 0
  const ends = openings.map(opening => {
    const typist = new Typist(scene, opening)
    told.run([opening])
    let last = opening
    for (let i = 0; i < each; i++) {
      told.run([(last = typist.type(BODY))])
      bytes += last.header.bodyLength
    }
    return last
  })
  return { scene, ends, bytes }
}

const APART_BYTES = apart(new Story(), 2).bytes

export function fullFacets(): FacetCase[] {
  const cases: FacetCase[] = []
  {
    const told = story({ bytes: APART_BYTES, items: 7 })
    const { scene, ends } = apart(told, 2)
    const joined = scene.open(by(2), [ada, bo, cy], { deps: ends })
    told.run([joined])
    cases.push(told.end('ENV-30', 'two lanes and what joins them fill a document to the last byte and item'))
  }
  {
    const told = story({ items: 3 })
    apart(told, 2)
    cases.push(told.end('ENV-30', 'two lanes apart may together hold more than either may'))
  }
  {
    const told = story({ items: 5 })
    const { scene } = told
    const { trunk, left, right } = forked(told)
    const c0 = scene.open(by(2), [ada, cy], { deps: [left] })
    const c1 = scene.next(c0)
    told.run(trunk).each(left, right, c0, c1)
    cases.push(told.end('ENV-30', 'of a forked lane the branch in the past counts, and no other'))
  }
  return cases
}

export function refusedAsFull(): FacetCase[] {
  const told = (most: { bytes?: number; items?: number }, name: string, tell: (told: Story) => void) => {
    const it = story(most)
    tell(it)
    return it.end('ENV-30', `document-full: ${name}`)
  }
  const join = (it: Story) => {
    const { scene, ends } = apart(it, 2)
    it.run([scene.open(by(2), [ada, bo, cy], { deps: ends })], 'document-full')
  }
  return [
    told({ bytes: APART_BYTES - 1 }, 'one byte too many in two lanes that are joined', join),
    told({ items: 6 }, 'one item too many in two lanes that are joined', join),
    told({ items: 3 }, 'an envelope without a body is an item', it => {
      const { scene } = it
      const a0 = scene.open(by(0), [ada])
      const a1 = scene.next(a0)
      const a2 = scene.next(a1)
      it.each(a0, a1, a2).run([scene.next(a2)], 'document-full')
    }),
    told({ items: 3 }, 'a struct and a deleted range are two items', it => {
      const { scene } = it
      const a0 = scene.open(by(0), [ada])
      const typist = new Typist(scene, a0)
      it.run([a0, typist.type(BODY)]).run([typist.type(1, { erase: 2 })], 'document-full')
    }),
    told({ items: 4 }, 'a whole run for its last envelope', it => {
      const { scene } = it
      const run = [scene.open(by(0), [ada])]
      for (let i = 0; i < 4; i++) run.push(scene.next(run.at(-1) as Signed))
      it.run(run, 'document-full')
    }),
    told({ items: 6 }, 'what a dep has in its past, known before or not', it => {
      const { scene } = it
      const [a0, c0] = [scene.open(by(0), [ada]), scene.open(by(2), [cy])]
      const b0 = scene.open(by(1), [bo], { deps: [a0, c0] })
      const a1 = scene.next(a0, { deps: [b0] })
      const b1 = scene.next(b0, { deps: [a1] })
      const c1 = scene.next(c0, { deps: [b1] })
      it.each(a0, c0, b0, a1, b1, c1).run([scene.next(c1)], 'document-full')
    })
  ]
}
