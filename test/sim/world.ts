// One simulated history: companies, spaces, edits, partitions, crashes and lies from one seed, and at the end
// the questions of design section 15.
import type * as Y from 'yjs'
import type { News } from '../../src/sync/effects.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { EPOCH_MS, createCompany, must, signerOf } from './company.ts'
import { LIES, type Lie, tell } from './liars.ts'
import { Clock, Network } from './network.ts'
import { SimNode, type World } from './node.ts'
import { Random } from './random.ts'

export interface Plan {
  seed: number
  nodes: number
  /** The last so many nodes lie; they also edit honestly at times. */
  liars: number
  facets: number
  steps: number
}

export interface Outcome {
  seed: number
  operations: number
  lies: number
  forks: number
  /** What was found broken, as sentences; empty when all invariants hold. */
  broken: string[]
}

/** A quiet network is one in which nothing but timers has happened for this long. */
const SETTLE_MS = 30_000
const SETTLE_ROUNDS = 40

export function planOf(seed: number): Plan {
  const random = new Random(seed * 7 + 1)
  const nodes = 3 + random.below(3)
  return { seed, nodes, liars: random.below(2), facets: 1 + random.below(3), steps: 60 + random.below(120) }
}

export function run(plan: Plan): Outcome {
  return new Simulation(plan).run()
}

class Simulation implements World {
  readonly random: Random
  readonly #plan: Plan
  readonly #clock = new Clock(EPOCH_MS + 1000)
  readonly #network: Network
  readonly #nodes: SimNode[]
  readonly #parted = new Set<string>()
  readonly #facets: string[] = []
  readonly #broken: string[] = []
  #space = ''
  #operations = 0
  #lies = 0
  #forks = 0

  constructor(plan: Plan) {
    this.#plan = plan
    this.random = new Random(plan.seed)
    this.#network = new Network(this.#clock, this.random)
    this.#nodes = Array.from(
      { length: plan.nodes },
      (_, i) => new SimNode(createCompany(`C${i}`, this.random), this)
    )
    // Time never decides admission: clocks may be an hour off, either way.
    for (const node of this.#nodes) node.skewMs = this.random.pick([0, 0, -3_600_000, 3_600_000])
  }

  run(): Outcome {
    this.#found()
    for (let i = 0; i < this.#plan.steps; i++) {
      this.#act()
      this.#pass(this.random.below(400))
    }
    this.#heal()
    this.#judge()
    const { seed } = this.#plan
    return { seed, operations: this.#operations, lies: this.#lies, forks: this.#forks, broken: this.#broken }
  }

  // ---- the world, for nodes ----------------------------------------------------------------------------

  now(): number {
    return this.#clock.nowMs
  }

  send(from: SimNode, session: number, frame: Uint8Array): void {
    this.#network.send(from, session, frame)
  }

  hangUp(from: SimNode, session: number): void {
    this.#network.hangUp(from, session)
  }

  later(delayMs: number, work: () => void): void {
    this.#clock.later(delayMs, work)
  }

  news(from: SimNode, news: News): void {
    if (news.what === 'fork') this.#forks++
    if (news.what !== 'refused') return
    const accused = this.#nodes.find(node => node.company.node.peer === news.peerId)
    // Invariant 4: an honest forwarder is never the one at fault.
    if (accused && !this.#isLiar(accused) && !this.#isLiar(from)) {
      this.#broken.push(
        `${from.company.name} blames honest ${accused.company.name}: ${news.reject} (${news.where})`
      )
    }
  }

  // ---- what happens ------------------------------------------------------------------------------------------

  /** One space of all companies, accepted by each, and its facets. */
  #found(): void {
    for (const a of this.#nodes) for (const b of this.#nodes) if (a !== b) a.knows(b)
    const [first] = this.#nodes as [SimNode, ...SimNode[]]
    const parties = this.#nodes.map(node => node.company.identity.did)
    const space = must<SpaceLog>(
      first.perform(() => first.desk.foundSpace({ title: 'Joint', pairing: 'CTO', parties }))
    )
    this.#space = toHex(space.id)
    this.#ring()
    for (const node of this.#nodes) {
      this.#settle(() => node.space(this.#space) !== undefined)
      this.#accept(node)
    }
    this.#settle(() =>
      this.#nodes.every(node => this.#nodes.every((_, i) => node.space(this.#space)?.accepted(i)))
    )
    const classes: DataClass[] = ['shared-confidential', 'public', 'private']
    for (let i = 0; i < this.#plan.facets; i++) {
      const kind = 'StandardsDoc.v1'
      const artifact = this.random.bytes(16)
      const held = must(
        first.perform(() =>
          first.desk.openFacet(space, { kind, class: classes[i % 3] as DataClass, artifact })
        )
      ) as { facet: { id: Uint8Array } }
      const id = toHex(held.facet.id)
      this.#facets.push(id)
      first.edit(id, doc => doc.getText('text').insert(0, `Document ${i}\n`))
    }
    this.#pass(2_000)
  }

  #accept(node: SimNode): void {
    const { company } = node
    const space = node.space(this.#space)
    if (!space) throw new Error(`${company.name} never heard of the space`)
    const act = {
      kind: 'accept',
      rootVersion: company.identity.head,
      certificates: [company.roleCertificate]
    } as const
    node.perform(() => {
      const refused = node.desk.append(
        space,
        { ...act, certificates: [...act.certificates] },
        signerOf(company.role)
      )
      if (refused) throw new Error(`${refused}`)
    })
  }

  #act(): void {
    const node = this.random.pick(this.#nodes)
    const dice = this.random.below(100)
    if (dice < 62) return this.#edit(node)
    if (dice < 74) return this.#part()
    if (dice < 84) return this.#rejoin()
    if (dice < 90) return this.#restart(node)
    if (this.#plan.liars > 0) return this.#lie()
    return this.#edit(node)
  }

  #edit(node: SimNode): void {
    if (!node.alive) return
    const facet = this.random.pick(this.#facets)
    if (!node.facet(facet) || !this.#maySee(node, facet)) return
    if (node.edit(facet, doc => this.#change(doc))) this.#operations++
  }

  #change(doc: Y.Doc): void {
    const text = doc.getText('text')
    const { random } = this
    const dice = random.below(10)
    if (dice < 5)
      text.insert(random.below(text.length + 1), random.pick(['a', 'standard', ' ', 'é', '漢', '\n']))
    else if (dice < 7 && text.length > 3) text.delete(random.below(text.length - 2), 1 + random.below(2))
    else doc.getMap('meta').set(random.pick(['title', 'summary']), `${random.below(1000)}`)
  }

  #part(): void {
    const [a, b] = [this.random.pick(this.#nodes), this.random.pick(this.#nodes)]
    if (a === b) return
    this.#parted.add(pair(a, b))
    this.#network.cut(a, b)
  }

  #rejoin(): void {
    for (const key of this.#parted) if (this.random.chance(0.5)) this.#parted.delete(key)
    this.#ring()
  }

  /** A ring and one chord: most nodes hear most news through others. */
  #ring(): void {
    const n = this.#nodes.length
    for (let i = 0; i < n; i++) this.#join(i, (i + 1) % n)
    this.#join(0, Math.floor(n / 2))
  }

  #join(i: number, j: number): void {
    const [a, b] = [this.#nodes[i], this.#nodes[j]]
    if (a && b && a !== b && !this.#parted.has(pair(a, b))) this.#network.connect(a, b)
  }

  #restart(node: SimNode): void {
    if (!node.alive) return
    node.crash()
    this.#network.drop(node)
    this.later(200 + this.random.below(3_000), () => {
      node.start()
      this.#ring()
    })
  }

  #lie(): void {
    const liars = this.#nodes.slice(-this.#plan.liars).filter(node => node.alive)
    if (liars.length === 0) return
    const liar = this.random.pick(liars)
    const others = this.#facets.flatMap(id => liar.facet(id) ?? [])
    if (others.length === 0) return
    const sessions = [...liar.core.context.open()].map(session => session.id)
    const [one, ...rest] = sessions
    const targets = { all: sessions, one: one === undefined ? [] : [one], rest }
    const say = (frame: Uint8Array, to: keyof typeof targets) => {
      for (const session of targets[to]) this.send(liar, session, frame)
    }
    const lie: Lie = this.random.pick(LIES)
    if (tell(lie, { liar, held: this.random.pick(others), others, random: this.random, say })) this.#lies++
  }

  // ---- the end ---------------------------------------------------------------------------------------------------

  #heal(): void {
    this.#pass(5_000)
    this.#parted.clear()
    for (const node of this.#nodes) if (!node.alive) node.start()
    for (let round = 0; round < SETTLE_ROUNDS; round++) {
      this.#ring()
      this.#pass(SETTLE_MS)
      if (this.#disagreements().length === 0) return
    }
  }

  #pass(ms: number): void {
    const until = this.#clock.nowMs + ms
    while (this.#clock.nowMs < until) {
      this.#clock.runUntil(Math.min(until, this.#clock.nowMs + 100))
      for (const node of this.#nodes) node.step({ on: 'tick' })
    }
  }

  #settle(done: () => boolean): void {
    for (let i = 0; i < 100 && !done(); i++) this.#pass(500)
    if (!done()) this.#broken.push('the set-up did not settle')
  }

  #isLiar(node: SimNode): boolean {
    return this.#nodes.indexOf(node) >= this.#nodes.length - this.#plan.liars
  }

  #honest(): SimNode[] {
    return this.#nodes.filter(node => !this.#isLiar(node))
  }

  #maySee(node: SimNode, facet: string): boolean {
    const held = this.#nodes[0]?.facet(facet)
    return held?.facet.genesis.class !== 'private' || node === this.#nodes[0]
  }

  /** Invariant 2, first half: equal sets, equal struct roots. */
  #disagreements(): string[] {
    const found: string[] = []
    for (const facet of this.#facets) {
      const readers = this.#honest().filter(node => this.#maySee(node, facet))
      const views = readers.map(node => {
        const tips = node.facet(facet)?.facet.tips() ?? []
        return { node, tips: tips.map(tip => toHex(tip.id)).join(), root: node.root(facet) }
      })
      const [first] = views
      for (const view of views) {
        if (view.tips !== first?.tips)
          found.push(`${facet.slice(0, 8)}: ${view.node.company.name} holds other envelopes`)
        else if (view.root !== first.root)
          found.push(`${facet.slice(0, 8)}: ${view.node.company.name} has another root`)
      }
    }
    return found
  }

  #judge(): void {
    this.#broken.push(...this.#disagreements())
    for (const node of this.#honest()) {
      // Invariants 2 and 5: what was acknowledged is everywhere that may see it.
      for (const [id, facet] of node.acknowledged) {
        for (const reader of this.#honest().filter(other => this.#maySee(other, facet))) {
          if (!holds(reader, facet, id))
            this.#broken.push(`${reader.company.name} lacks ${id.slice(0, 8)} of ${node.company.name}`)
        }
      }
      // Invariant 1, as far as ids go: nobody else ever heard of a private facet.
      for (const facet of this.#facets) {
        if (!this.#maySee(node, facet) && node.facet(facet))
          this.#broken.push(`${node.company.name} sees a private facet`)
      }
      this.#rebuilt(node)
    }
  }

  /** A document made anew from the log is the document that grew edit by edit. */
  #rebuilt(node: SimNode): void {
    const before = this.#facets.map(facet => node.root(facet))
    node.crash()
    this.#network.drop(node)
    node.start()
    for (const [i, facet] of this.#facets.entries()) {
      if (node.root(facet) !== before[i])
        this.#broken.push(`${node.company.name}: another root after a restart`)
    }
  }
}

function holds(node: SimNode, facet: string, id: string): boolean {
  return (
    node.disk.facet(facet).length > 0 &&
    [...node.disk.envelopes.keys()].some(key => key.startsWith(facet) && key.endsWith(id))
  )
}

function pair(a: SimNode, b: SimNode): string {
  return [a.company.name, b.company.name].sort().join('-')
}
