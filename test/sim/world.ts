// One simulated history: companies, spaces, edits, partitions, crashes and lies from one seed, and at the end
// the questions of design section 15.
import type { ArtifactKind } from '../../src/artifacts/layouts.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { sha256 } from '../../src/wire/hash.ts'
import type { News } from '../../src/sync/effects.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { approveFirst, comeIn, proposeFirst } from './agreeing.ts'
import { DECIDING, type SimDecision } from './decisions.ts'
import { EPOCH_MS, type Staff, must, signerOf, staffNumbered } from './company.ts'
import { FAULTS, heal } from './faults.ts'
import { Accounts } from './accounts.ts'
import { GIFTS } from './gifts.ts'
import { disagreements, judge } from './judge.ts'
import { lieOf } from './lies.ts'
import { forgetSignatures, rememberSignatures } from './memo.ts'
import { type Member, type SimFacet, type SimSpace, nameOf, pairOf } from './members.ts'
import { Clock } from '../../src/sandbox/clock.ts'
import { Network } from './network.ts'
import { SimNode, type World } from './node.ts'
import { type Plan, isComer, isParty, planOf } from './plan.ts'
import { Random } from './random.ts'
import { Treaties } from './treaty.ts'
import { Watch } from './watch.ts'
import { ADMITTING, DEEDS, editAnywhere, signAccept } from './workload.ts'

export { type Plan, planOf }

export interface Outcome {
  seed: number
  /** Edits and other deliberate acts. */
  operations: number
  lies: number
  faults: number
  /** Forks that somebody was told of. */
  forks: number
  /** Frames that were refused as somebody's fault. */
  refused: number
  frames: number
  /** Simulated seconds from the end of all faults until all agreed. */
  healed: number
  /** What was found broken, as sentences; empty when all invariants hold. */
  broken: string[]
  /** Of all that honest nodes hold in the end: equal for equal seeds. */
  digest: string
}

/** After all faults end, equality must come within this. */
const HEALED_MS = 240_000
const HEAL_STEP_MS = 5_000
const TICK_MS = 100

export function run(plan: Plan): Outcome {
  rememberSignatures()
  forgetSignatures()
  return new Simulation(plan).run()
}

export class Simulation implements World {
  readonly random: Random
  readonly plan: Plan
  readonly clock = new Clock(EPOCH_MS + 1000)
  readonly network: Network
  readonly members: Member[] = []
  readonly parted = new Set<string>()
  readonly spaces: SimSpace[] = []
  readonly facets: SimFacet[] = []
  readonly decisions: SimDecision[] = []
  readonly broken: string[] = []
  readonly watch: Watch
  readonly treaties = new Treaties()
  readonly accounts = new Accounts()
  /** Most of the history is over. */
  late = false
  /** Pairs of companies that have not compared their words. */
  readonly strangers = new Set<string>()
  operations = 0
  lies = 0
  faults = 0
  forks = 0
  refused = 0
  healed = 0
  #boundsAt = 0

  constructor(plan: Plan) {
    this.plan = plan
    this.random = new Random(plan.seed)
    this.network = new Network(this.clock, this.random)
    this.watch = new Watch(this)
    this.network.arrival = (to, session, frame, deliver) => this.watch.arrived(to, session, frame, deliver)
    const staff = this.random.shuffled([0, 1, 2, 3, 4, 5, 6, 7]).map(staffNumbered)
    for (let i = 0; i < plan.companies; i++)
      this.#enrol(staff[i] as Staff, i, i >= plan.companies - plan.liars)
    if (plan.twin) this.enlist({ ...(staff[0] as Staff) }, 0, true)
    if (plan.outsider) this.#enrol(staff[plan.companies] as Staff, plan.companies, false)
    const outside = plan.companies + (plan.outsider ? 1 : 0)
    for (let i = outside; plan.admits && i < outside + 2; i++) this.#enrol(staff[i] as Staff, i, false)
    if (plan.strangers) this.strangers.add('0-1')
    this.#acquaint()
  }

  #enrol(staff: Staff, company: number, lies: boolean): void {
    const node = new SimNode({ ...staff.company }, this)
    // Time never decides admission: clocks may be an hour off, either way.
    node.skewMs = this.random.pick([0, 0, -3_600_000, 3_600_000])
    this.#join({ node, company, staff, lies, speaks: true, clone: false })
  }

  /** One more node of a company that has one already. */
  enlist(staff: Staff, company: number, ownKey: boolean): Member {
    const first = this.members.find(member => member.company === company) as Member
    // The same company in both: what one changes of its identity, the other knows.
    const node = new SimNode(ownKey ? { ...first.node.company, ...staff.second } : first.node.company, this, {
      keeps: !ownKey
    })
    node.knowsEnd = ownKey
    return this.#join({ node, company, staff, lies: false, speaks: false, clone: !ownKey })
  }

  #join(facts: Pick<Member, 'node' | 'company' | 'staff' | 'lies' | 'speaks' | 'clone'>): Member {
    facts.node.lies = facts.lies
    const member = { ...facts, snapshots: [], views: [], secrets: [], withholds: false }
    this.members.push(member)
    return member
  }

  #acquaint(): void {
    const identity = this.random.chance(0.7)
    for (const a of this.members) {
      for (const b of this.members) {
        if (a === b || a.company === b.company) continue
        const confirmed = !this.strangers.has(pairOf(a, b))
        a.node.knows(b.node, { confirmed, identity })
      }
    }
  }

  run(): Outcome {
    try {
      this.#live()
    } catch (error) {
      const { message, stack } = error as Error
      // Where a node cannot go on the history ends. Invariant 8: no input ends a process; whatever else throws
      // here would have ended one.
      this.broken.push(message.startsWith('invariant ') ? message : `it threw: ${stack ?? message}`)
    }
    const { operations, lies, faults, forks, refused, healed, network } = this
    const broken = [...new Set(this.broken)]
    const { seed } = this.plan
    const counts = { seed, operations, lies, faults, forks, refused, frames: network.frames, healed }
    return { ...counts, broken, digest: this.#digest() }
  }

  #live(): void {
    this.found()
    this.network.weather = this.plan.weather
    for (let i = 0; i < this.plan.steps; i++) {
      this.late = i > this.plan.steps * 0.7
      this.#act()
      this.pass(this.random.chance(0.03) ? this.random.below(40_000) : this.random.below(300))
    }
    heal(this)
    const agreed = this.#agreement()
    this.healed = agreed / 1000
    if (agreed < HEALED_MS) {
      judge(this)
      this.#resume()
    }
  }

  #digest(): string {
    if (this.broken.length > 0) return ''
    const held = this.honest().flatMap(({ node }) => this.facets.map(({ id }) => node.root(id)))
    return toHex(sha256(Buffer.from(`${this.network.frames} ${this.clock.nowMs} ${held.join()}`))).slice(
      0,
      16
    )
  }

  // ---- the world, for nodes ----------------------------------------------------------------------------

  now(): number {
    return this.clock.nowMs
  }

  send(from: SimNode, session: number, frame: Uint8Array): void {
    if (this.watch.sent(from, session, frame)) this.network.send(from, session, frame)
  }

  hangUp(from: SimNode, session: number): void {
    this.network.hangUp(from, session)
  }

  later(delayMs: number, work: () => void): void {
    this.clock.later(delayMs, work)
  }

  news(from: SimNode, news: News): void {
    if (news.what === 'fork') this.forks++
    if (news.what === 'refused') this.refused++
    this.watch.heard(this.memberOf(from), news)
  }

  // ---- what happens ------------------------------------------------------------------------------------------

  /** One space of all companies, accepted by each, under an agreement that all approve, and its facets. */
  found(): void {
    const parties = this.members.filter(({ company }) => company < this.plan.companies)
    const companies = [...new Set(parties.map(({ company }) => company))]
    this.#foundSpace('Joint', companies)
    if (this.plan.aside) this.#foundSpace('Aside', [0, 1])
    this.ring()
    for (const space of this.spaces) {
      for (const company of space.parties) {
        if (company === 1 && this.plan.latecomer && space === this.spaces[0]) continue
        const speaker = this.speaker(company)
        this.#settle(() => speaker.node.space(space.id) !== undefined)
        signAccept(this, speaker, space)
      }
      this.#settle(() =>
        this.members.every(
          ({ company, node }) =>
            !space.parties.includes(company) ||
            [...space.accepted].every(other => node.space(space.id)?.accepted(space.parties.indexOf(other)))
        )
      )
      this.#agree(space)
    }
    const classes: DataClass[] = this.random.shuffled(['shared-confidential', 'public', 'private'])
    for (let i = 0; i < this.plan.facets; i++)
      this.openFacet(this.speaker(0), this.spaces[0] as SimSpace, classes[i % 3] as DataClass)
    // What flows until the latecomer has come, and not once somebody has ended its part.
    if (this.plan.latecomer || this.plan.ends)
      this.openFacet(this.speaker(0), this.spaces[0] as SimSpace, 'shared-confidential', 'PeerAgreement.v1')
    if (this.plan.aside) this.openFacet(this.speaker(0), this.spaces[1] as SimSpace, 'shared-confidential')
    if (this.plan.reciprocal) this.#contribute(this.spaces[0] as SimSpace)
    this.pass(2_000)
  }

  /** Each that has accepted has something to give. */
  #contribute(space: SimSpace): void {
    for (const company of space.accepted)
      for (let i = 0; i < 3; i++) this.openFacet(this.speaker(company), space, 'shared-confidential')
  }

  /** Proposed by one, approved by each as it hears of it; not yet by who has not accepted. */
  #agree(space: SimSpace): void {
    proposeFirst(this, this.speaker(0), space)
    const signers = space.parties.filter(company => space.accepted.has(company))
    for (const company of signers) {
      const speaker = this.speaker(company)
      this.#settle(() => approveFirst(this, speaker, space))
    }
    const parties = this.members.filter(({ company }) => space.parties.includes(company))
    this.#settle(() =>
      parties.every(({ node }) => {
        const log = node.space(space.id)
        const first = log && this.treaties.of(log).revisions.find(({ id }) => id === space.first)
        return first?.approvals.size === signers.length
      })
    )
  }

  #foundSpace(title: string, companies: number[]): void {
    const { node } = this.speaker(0)
    const parties = companies.map(company => this.speaker(company).node.company.identity.did)
    const space = must<SpaceLog>(node.perform(() => node.desk.foundSpace({ title, pairing: 'CTO', parties })))
    this.spaces.push({ id: toHex(space.id), parties: companies, accepted: new Set(), first: '' })
    this.operations++
  }

  openFacet(by: Member, space: SimSpace, dataClass: DataClass, kind: ArtifactKind = 'StandardsDoc.v1'): void {
    const log = by.node.space(space.id)
    if (!log) return
    const artifact = this.random.bytes(16)
    const facts = { kind, class: dataClass, artifact }
    const held = must(by.node.perform(() => by.node.desk.openFacet(log, facts))) as {
      facet: { id: Uint8Array }
    }
    const id = toHex(held.facet.id)
    this.facets.push({ id, space, class: dataClass, kind, owner: by.company })
    by.node.edit(id, doc => doc.getText('text').insert(0, `${this.watch.canary(id)}\n`))
    this.operations += 2
  }

  #act(): void {
    const dice = this.random.below(100)
    if (dice < 18) {
      const fault = this.random.weighted(FAULTS)
      if (fault(this, this.random.pick(this.members))) this.faults++
    } else if (dice < 36 && this.plan.liars > 0) {
      const liars = this.members.filter(({ lies, node }) => lies && node.alive)
      if (liars.length > 0 && lieOf(this, this.random.pick(liars))) this.lies++
    } else {
      const member = this.random.pick(this.members)
      if (!member.node.alive) return
      if (isComer(this.plan, member.company)) comeIn(this, member)
      else if (!isParty(this.plan, member.company)) return
      const deeds = [
        ...DEEDS,
        ...(this.plan.reciprocal ? GIFTS : []),
        ...(this.plan.admits ? ADMITTING : []),
        ...(this.plan.decides ? DECIDING : [])
      ]
      this.operations += this.random.weighted(deeds)(this, member)
    }
  }

  /** A ring and one chord: most nodes hear most news through others. */
  ring(): void {
    const n = this.members.length
    for (let i = 0; i < n; i++) this.link(i, (i + 1) % n)
    this.link(0, Math.floor(n / 2))
    // A company's nodes know each other: what is private to it has no other way.
    for (const [i, { company }] of this.members.entries())
      for (let j = i + 1; j < n; j++) if (this.members[j]?.company === company) this.link(i, j)
  }

  /** Honest nodes reach each other without help. */
  mesh(): void {
    // Of the parties: who is none has nothing to pass on.
    const parties = this.honest().filter(({ company }) => isParty(this.plan, company))
    const honest = parties.map(member => this.members.indexOf(member))
    // All of them: a clone may have no neighbour that is party to its spaces, and then hears of nothing.
    for (const [at, i] of honest.entries()) for (const j of honest.slice(at + 1)) this.link(i, j)
    this.ring()
  }

  link(i: number, j: number): void {
    const [a, b] = [this.members[i], this.members[j]]
    // Two that run on one key are one to the others, and never talk to each other.
    if (!a || !b || a.node.company.node.peer === b.node.company.node.peer || this.parted.has(pairOf(a, b)))
      return
    this.network.connect(a.node, b.node)
  }

  // ---- the end ---------------------------------------------------------------------------------------------------

  /** Waits until all agree. @returns how long it took (ms) */
  #agreement(): number {
    for (let waited = 0; ; waited += HEAL_STEP_MS) {
      const found = disagreements(this)
      if (found.length === 0) return waited
      if (waited >= HEALED_MS) {
        this.broken.push(...found.map(text => `invariant 2, after ${HEALED_MS / 1000} s: ${text}`))
        return waited
      }
      this.mesh()
      this.pass(HEAL_STEP_MS)
    }
  }

  /** Quiescence is not death: everybody goes on, and it arrives. */
  #resume(): void {
    for (const member of this.honest()) {
      for (const facet of this.facets) {
        if (!this.mayKnow(member, facet) || !member.node.facet(facet.id)) continue
        const before = member.node.root(facet.id)
        const done = editAnywhere(this, member, facet)
        if (done === 0) continue
        this.operations += done
        if (member.node.root(facet.id) === before)
          this.broken.push(`invariant 8: ${nameOf(member)} edits ${facet.id.slice(0, 8)} and nothing changes`)
      }
    }
    this.pass(HEAL_STEP_MS)
    if (this.#agreement() < HEALED_MS) judge(this)
  }

  pass(ms: number): void {
    const until = this.clock.nowMs + ms
    while (this.clock.nowMs < until) {
      this.clock.runUntil(Math.min(until, this.clock.nowMs + TICK_MS))
      for (const { node } of this.members) node.step({ on: 'tick' })
      if (this.clock.nowMs < this.#boundsAt) continue
      this.#boundsAt = this.clock.nowMs + 500
      this.watch.bounds()
    }
  }

  #settle(done: () => boolean): void {
    for (let i = 0; i < 100 && !done(); i++) this.pass(500)
    if (!done()) this.broken.push('invariant 2: the set-up did not settle')
  }

  // ---- who is who ------------------------------------------------------------------------------------------------

  honest(): Member[] {
    return this.members.filter(({ lies }) => !lies)
  }

  memberOf(node: SimNode): Member {
    return this.members.find(member => member.node === node) as Member
  }

  /** The node that signs for a company in the space log. */
  speaker(company: number): Member {
    return this.members.find(member => member.company === company && member.speaks) as Member
  }

  /** Whether a facet is for this member, by the rules of the design and not by the code under test. */
  mayKnow({ company }: Member, { class: dataClass, owner, space }: SimFacet): boolean {
    if (dataClass === 'private') return company === owner
    return space.accepted.has(company)
  }

  signer(member: Member) {
    return signerOf(member.node.company.role)
  }
}
