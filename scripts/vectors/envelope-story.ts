// Telling the history of a facet for protocols/envelope: runs and entries in the order of their arrival, what
// each comes to, and which envelopes are admitted and count in the end.
import { toHex } from '../../src/wire/bytes.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import type { Size } from '../../src/replica/document-size.ts'
import { HOLDERS, Scene, type Signed } from './envelope-scene.ts'
import { PARTIES, type Written, accept, entry, genesisOf } from './space-builders.ts'

export interface FacetStep {
  /** Id of one of {@link storyEntries}. */
  entry?: string
  client?: number
  run?: { header: string; signature: string; body: string }[]
  expect: string
}

export interface FacetCase {
  rule: string
  name: string
  space: string
  facet: string
  /** Stands for the limits of ENV-30. */
  most?: Size
  steps: FacetStep[]
  /** Ids in ascending order. */
  admitted: string[]
  effective: string[]
}

export const SPACE = genesisOf('Facets')
export const PAIR = genesisOf('A pair', PARTIES.slice(0, 2))

export const [ada, bo, cy] = HOLDERS.map((holders, company) => accept(SPACE, company, holders)) as [
  Written,
  Written,
  Written
]

/** Session `n` of a company's first key. */
export const by = (company: number, session = 1, index = 0) => ({ company, key: index, session })

/** The entries of all stories, by id. */
export const storyEntries: { [id: string]: { entry: string; signer: string; signature: string } } = {}

/** Records what happens in a scene, and throws where it is not what was expected. */
export class Story {
  readonly scene: Scene
  readonly steps: FacetStep[] = []
  readonly #genesis: Uint8Array
  readonly #most: Size | undefined
  readonly #written = new Map<string, Signed>()

  constructor(
    genesis = SPACE,
    entries: Written[] = [ada, bo, cy],
    of: { name?: string; dataClass?: DataClass; most?: Size } = {}
  ) {
    this.#genesis = genesis
    this.#most = of.most
    this.scene = new Scene(genesis, of)
    for (const item of entries) this.entry(item)
  }

  entry(item: Written): this {
    const { entry, signer, signature } = item
    const id = toHex(item.id)
    storyEntries[id] = { entry: toHex(entry), signer: toHex(signer), signature: toHex(signature) }
    this.#step({ entry: id }, this.scene.add(item), 'added')
    return this
  }

  /** One run. */
  run(envelopes: Signed[], expect = 'admitted', client = (envelopes[0] as Signed).client): this {
    for (const envelope of envelopes) this.#written.set(toHex(envelope.id), envelope)
    const run = envelopes.map(({ record: { header, signature, body } }) => ({
      header: toHex(header),
      signature: toHex(signature),
      body: toHex(body)
    }))
    this.#step({ client, run }, this.scene.take(envelopes, client), expect)
    return this
  }

  /** A run of one for each. */
  each(...envelopes: Signed[]): this {
    for (const envelope of envelopes) this.run([envelope])
    return this
  }

  #step(step: Omit<FacetStep, 'expect'>, outcome: string, expect: string): void {
    if (outcome !== expect) throw new Error(`step ${this.steps.length}: ${outcome}, not ${expect}`)
    this.steps.push({ ...step, expect })
  }

  /** Ends the story; `counts` says which of these envelopes count, in words of their author. */
  end(rule: string, name: string, counts?: Signed[]): FacetCase {
    const { facet } = this.scene
    const positions = facet.order()
    const ids = (list: typeof positions) => list.map(({ segment, seq }) => toHex(segment.idAt(seq))).sort()
    const effective = ids(positions.filter(position => facet.counts(position)))
    const told = counts?.map(({ id }) => toHex(id)).sort()
    if (told && told.join() !== effective.join()) {
      throw new Error(`${name}: ${effective.length} count, not the ${told.length} named`)
    }
    return {
      rule,
      name,
      space: toHex(this.#genesis),
      facet: toHex(this.scene.genesisBytes),
      ...(this.#most && { most: this.#most }),
      steps: this.steps,
      admitted: ids(positions),
      effective
    }
  }
}

export const settle = (of: Written, scene: Scene, point: Signed, genesis = SPACE) =>
  entry(genesis, of.company, { kind: 'settle', point: pointOf(scene, point) }, { prev: of })

export const cut = (of: Written, key: number, scene: Scene, points: Signed[] = [], genesis = SPACE) =>
  entry(genesis, of.company, { kind: 'cut', key, lanes: points.map(at => pointOf(scene, at)) }, { prev: of })

const pointOf = (scene: Scene, { client, seq, id }: Signed) => ({ facet: scene.id, client, seq, id })

/** Acme's lane with three envelopes, of which the third was signed twice; `left` has the smaller id. */
export function forked(story: Story, auth = [ada]) {
  const { scene } = story
  const opening = scene.open(by(0), auth)
  const second = scene.next(opening)
  const branches = [1, 2].map(time => scene.next(second, { header: { time } }))
  const [left, right] = branches.sort((a, b) => (toHex(a.id) < toHex(b.id) ? -1 : 1)) as [Signed, Signed]
  return { opening, second, left, right, trunk: [opening, second] }
}
