// Looks at every frame and every limit while a history runs: what leaves an honest node, what it says of what a
// liar sent, and how much a peer makes it hold. Invariants 1, 4, 5 and 8 of design section 15, by rules of its own.
import { agreementOf } from '../../src/artifacts/agreement.ts'
import { verifySignature } from '../../src/identity/ed25519.ts'
import { UNREAD_BYTES_MAX } from '../../src/sync/context.ts'
import type { News } from '../../src/sync/effects.ts'
import { type Frame, parseFrame } from '../../src/sync/frame.ts'
import { RETRY_MS } from '../../src/sync/session.ts'
import { equalBytes, fromHex, toHex } from '../../src/wire/bytes.ts'
import { envelopeId, parseHeader, signedBytes } from '../../src/wire/envelope.ts'
import { unpackClient } from '../../src/wire/lane.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'
import { misread } from './agreed.ts'
import { likeFacet } from './decisions.ts'
import { agreed, maySee, maySend } from './flow.ts'
import { verifications } from './memo.ts'
import type { SimNode } from './node.ts'
import { type Member, companyAt, nameOf } from './members.ts'
import type { Simulation } from './world.ts'

/** What honest nodes must say of a frame: refused with one of these codes, and the sender named. */
export interface Expectation {
  lie: string
  codes: readonly string[]
}

/** Type numbers of frames, from protocols/sync, section 3. */
const WANT_SPACE = 4
const ENTRIES = 5
const HEADS = 7
const RUN = 9
const RECEIPT = 11
const DECISION_SUMMARY = 21
const MESSAGES = 24

/** protocols/sync, section 9, written down again: a limit that the code loses must be missed here. */
const LIMITS = {
  answers: 1_024,
  answersBytes: 1024 * 1024,
  requests: 8,
  identities: 64,
  opened: 256,
  announced: 1_000,
  openRequests: 8,
  pendingRuns: 256,
  pendingBytes: 1024 * 1024,
  invitations: 16,
  /** Verifications in a second for what a peer brings: 2,000 unasked after a burst of as many. */
  checks: 4_500,
  /** Unasked envelopes in a second: 200 and a burst of 1,000, then ten bursts before it is a flood. */
  pushes: 11_200
}

export class Watch {
  readonly #sim: Simulation
  readonly #expected = new WeakMap<Uint8Array, Expectation>()
  readonly #refusals = new Map<Member, { peerId: string; reject: Reject }[]>()
  /** Verifications that a peer caused a node to make, by second. */
  readonly #checks = new Map<string, { second: number; count: number }>()

  /** Envelopes that came unasked on a connection within a second of the receiver's clock. */
  readonly #pushes = new Map<string, { began: number; count: number }>()

  /** By node: the spaces that another company itself put before it, with the did of that company. */
  readonly #offered = new Map<Member, Map<string, string>>()

  /** By node, life and space: revisions that were sealed, and parties that had ended their part. */
  readonly #agreed = new Map<string, Set<string>>()

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  expect(frame: Uint8Array, expectation: Expectation): void {
    this.#expected.set(frame, expectation)
  }

  /** Words that stand in this facet only, and in every one of its bodies that says anything of its own. */
  canary(facet: string): string {
    return `canary-${facet.slice(0, 12)}`
  }

  // ---- what leaves -----------------------------------------------------------------------------------------

  /** @returns whether it goes out: a liar that withholds keeps documents to itself */
  sent(from: SimNode, session: number, frame: Uint8Array): boolean {
    const sim = this.#sim
    const member = sim.memberOf(from)
    const type = typeOf(frame)
    if (member.lies) return !member.withholds || (type !== RUN && type !== HEADS && type !== 10)
    const peer = sim.network.peerOf(from, session)
    if (!peer) return true
    this.#secrets(member, sim.memberOf(peer), frame, 'tells')
    if (type === RUN || type === RECEIPT || type === MESSAGES) this.#promises(member, frame)
    return true
  }

  /** Invariant 1: no word and no id of what the receiver may not know. */
  #secrets(from: Member, to: Member, frame: Uint8Array, verb: string): void {
    const { now } = from.node.core.context
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length)
    for (const facet of this.#sim.facets) {
      if (maySend(this.#sim, from, to, facet, now)) continue
      // The log of a space names lanes where it cuts or settles them; who may see it is another question.
      if (frame[1] === ENTRIES && facet.class !== 'private') continue
      const id = Buffer.from(fromHex(facet.id) as Uint8Array)
      if (bytes.includes(id) || bytes.includes(this.canary(facet.id)))
        this.#broken(
          1,
          `${nameOf(from)} ${verb} ${nameOf(to)} of a ${facet.class} document (type ${frame[1]})`
        )
    }
    const type = typeOf(frame)
    for (const space of this.#sim.spaces) {
      const id = Buffer.from(fromHex(space.id) as Uint8Array)
      // Who is asked for it has named it (SYN-14).
      if (type !== WANT_SPACE && !maySee(this.#sim, from, to, space) && bytes.includes(id))
        this.#broken(1, `${nameOf(from)} tells ${nameOf(to)} of a space that is none of its business`)
      if (type < DECISION_SUMMARY || type > MESSAGES || !bytes.includes(id)) continue
      if (!maySend(this.#sim, from, to, likeFacet(space), now))
        this.#broken(1, `${nameOf(from)} ${verb} ${nameOf(to)} of decisions (type ${type})`)
    }
  }

  /** Invariants 4 and 5: what is passed on ends in a good signature; what is passed on or receipted is durable. */
  #promises(from: Member, frame: Uint8Array): void {
    const said = parseFrame(frame)
    if (isReject(said)) return this.#broken(4, `${nameOf(from)} sends a frame that is none: ${said}`)
    if (said.type === 'receipt') {
      const facet = toHex(said.facet)
      const all = said.tips.every(({ of: client, seq, id }) => from.node.disk.has(facet, { client, seq, id }))
      if (!all) this.#broken(5, `${nameOf(from)} receipts what a power cut would take from it`)
    }
    if (said.type === 'run') this.#run(from, said)
    if (said.type !== 'messages') return
    const rows = from.node.disk.table('decision').map(({ bytes }) => Buffer.from(bytes))
    for (const { document } of said.records)
      if (!rows.some(row => row.includes(Buffer.from(document))))
        this.#broken(5, `${nameOf(from)} passes on a message that a power cut would take from it`)
  }

  #run(from: Member, { facet, client, records }: Extract<Frame, { type: 'run' }>): void {
    const held = from.node.facet(toHex(facet))
    const key = held?.facet.laneKey(client)
    const last = records.at(-1)
    if (!key || !last || !verifySignature(key, signedBytes(facet, client, last.header), last.signature))
      this.#broken(4, `${nameOf(from)} passes on a run that no signature covers`)
    // What a node wrote itself may be on its way while its disk takes it in (SYN-28).
    if (unpackClient(client).company === held?.facet.space.companyOf(from.node.company.identity.did)) return
    for (const { header: bytes } of records) {
      const header = parseHeader(bytes)
      const id = envelopeId(facet, client, bytes)
      if (isReject(header) || !from.node.disk.has(toHex(facet), { client, seq: header.seq, id }))
        this.#broken(5, `${nameOf(from)} passes on what a power cut would take from it`)
    }
  }

  // ---- what arrives ----------------------------------------------------------------------------------------

  heard(at: Member, news: News): void {
    const sim = this.#sim
    if (news.what === 'refused') {
      this.#refusals.set(at, [...(this.#refusals.get(at) ?? []).slice(-50), news])
      const accused = sim.members.filter(({ node }) => node.company.node.peer === news.peerId)
      // An honest forwarder is never the one at fault.
      if (!at.lies && accused.some(({ lies }) => !lies))
        this.#broken(
          4,
          `${nameOf(at)} blames honest ${news.peerId.slice(-4)}: ${news.reject} (${news.where})`
        )
    }
    if (at.lies) return
    if (news.what === 'space') this.#lasts(at, news.space)
    if (news.what === 'fork') this.#accuse(at, news.facet, news.company)
    if (news.what === 'chain-fork') {
      const space = sim.spaces.find(({ id }) => id === news.space)
      const company = space?.parties[news.company]
      if (this.#isHonest(company))
        this.#broken(4, `${nameOf(at)} holds that honest C${company} forked its chain`)
    }
    if (news.what === 'identity-fork') {
      const member = sim.members.find(({ node }) => node.company.identity.did === news.did)
      if (member && !member.lies)
        this.#broken(4, `${nameOf(at)} holds that honest ${nameOf(member)} forked its log`)
    }
  }

  /** What is sealed stays sealed, and what is ended ended, whatever entries come. */
  #lasts(at: Member, id: string): void {
    const log = at.node.space(id)
    const space = this.#sim.spaces.find(one => one.id === id)
    if (!log || !space) return
    this.#sim.broken.push(...misread(this.#sim, at, space))
    const { revisions, ended } = agreementOf(log)
    const sealed = revisions.filter(revision => revision.sealed).map(({ id }) => toHex(id))
    const now = new Set([...sealed, ...[...ended].map(String)])
    const key = `${this.#sim.members.indexOf(at)}/${at.node.life}/${id}`
    for (const fact of this.#agreed.get(key) ?? [])
      if (!now.has(fact)) this.#broken(3, `${nameOf(at)} takes back what was sealed or ended`)
    this.#agreed.set(key, now)
  }

  /** A restored or copied home must not contradict itself (ENV-26). */
  #accuse(at: Member, facet: string, index: number): void {
    const company = companyAt(this.#sim, at.node.facet(facet)?.facet.space, index)
    if (this.#isHonest(company)) this.#broken(4, `${nameOf(at)} holds that honest C${company} forked a lane`)
  }

  #isHonest(company: number | undefined): boolean {
    return this.#sim.members.some(member => member.company === company && !member.lies)
  }

  arrived(to: SimNode, session: number, frame: Uint8Array, take: () => void): void {
    const member = this.#sim.memberOf(to)
    const from = this.#sim.network.peerOf(to, session)
    // What lies with the sender when its rights to give it end goes no further (SYN-31).
    if (from && !this.#sim.memberOf(from).lies)
      this.#secrets(this.#sim.memberOf(from), member, frame, 'goes on to tell')
    const deliver = from ? this.#delivery(member, from, frame, take) : take
    const before = verifications()
    const expected = member.lies ? undefined : this.#expected.get(frame)
    if (expected && from && this.#reaches(member, session, frame))
      this.#judged(member, from, frame, expected, deliver)
    else deliver()
    if (from) this.#count(member, from, verifications() - before)
    if (from?.lies && !member.lies && frame[1] === RUN) this.#flooded(member, session, frame)
  }

  #delivery(at: Member, from: SimNode, frame: Uint8Array, take: () => void): () => void {
    if (frame[1] === ENTRIES) return () => this.#offers(at, from, take)
    return frame[1] === RUN && !at.lies ? () => this.#takes(at, from, frame, take) : take
  }

  /** Invariant 1, the other way: nothing is taken from whom the agreement takes nothing from. */
  #takes(at: Member, from: SimNode, frame: Uint8Array, take: () => void): void {
    const sim = this.#sim
    const said = parseFrame(frame)
    const id = isReject(said) || said.type !== 'run' ? undefined : toHex(said.facet)
    const facet = sim.facets.find(one => one.id === id)
    const member = sim.memberOf(from)
    const now = sim.now() + at.node.skewMs
    const forbidden = facet && member.company !== at.company && !agreed(sim, at, member, facet, now)
    const before = forbidden && at.node.facet(facet.id)?.facet.size
    take()
    if (forbidden && at.node.facet(facet.id)?.facet.size !== before)
      this.#broken(1, `${nameOf(at)} takes a ${facet.class} document from ${nameOf(member)}`)
  }

  /** Who put a space before this node; what a disk that went back has forgotten may come again from anyone. */
  #offers(at: Member, { company }: SimNode, take: () => void): void {
    const known = new Set(at.node.core.context.directory.spaces.keys())
    const offered = [...(this.#offered.get(at) ?? [])].filter(([id]) => known.has(id))
    take()
    const { did } = company.identity
    // Our own nodes took it by the same rule (SYN-14).
    if (did !== at.node.company.identity.did)
      for (const id of at.node.core.context.directory.spaces.keys())
        if (!known.has(id)) offered.push([id, did])
    this.#offered.set(at, new Map(offered))
  }

  /** Invariant 8: who pushes far beyond the rate is let go. */
  #flooded(at: Member, id: number, frame: Uint8Array): void {
    const said = parseFrame(frame)
    const { context } = at.node.core
    const session = context.sessions.get(id)
    const held =
      !isReject(said) && said.type === 'run' && said.request === 0 && at.node.facet(toHex(said.facet))
    if (!session || !held || !context.clearance(session, 'store', held.facet.space, held.facet.genesis))
      return
    const key = `${this.#sim.members.indexOf(at)}/${id}`
    const last = this.#pushes.get(key)
    const goesOn = last && Math.abs(context.now - last.began) < 1_000
    const window = { began: goesOn ? last.began : context.now, count: goesOn ? last.count : 0 }
    window.count += said.records.length
    this.#pushes.set(key, window)
    if (window.count > LIMITS.pushes)
      this.#broken(8, `${nameOf(at)} is pushed ${window.count} envelopes in a second and goes on`)
  }

  /** Whether the node looks into this frame at all: it knows the peer, may hear of it, and has room for it. */
  #reaches({ node }: Member, id: number, frame: Uint8Array): boolean {
    const { context } = node.core
    const session = context.sessions.get(id)
    if (!session?.peer || !node.alive) return false
    const said = parseFrame(frame)
    const runs = !isReject(said) && said.type === 'run'
    if (!runs && session.allowances.checks.left(context.now) <= 100) return false
    if (!isReject(said) && said.type === 'entries') {
      const space = node.space(toHex(said.space))
      return space !== undefined && context.clearance(session, 'announce', space) !== undefined
    }
    if (!isReject(said) && said.type === 'messages') {
      const space = node.space(toHex(said.space))
      const isHeard = space && context.decisionClearance(session, 'store', space) !== undefined
      return isHeard === true && session.allowances.pushed.mayGo(context.now)
    }
    if (isReject(said) || (said.type !== 'run' && said.type !== 'receipt')) return true
    // As of now: rights may have gone, or the node been restored, while the frame was under way.
    const held = node.facet(toHex(said.facet))
    const direction = runs ? 'store' : 'announce'
    if (!held || !context.clearance(session, direction, held.facet.space, held.facet.genesis)) return false
    if (!runs) return true
    // The first word in a document may be held back (SYN-38, SYN-39), whatever it is.
    return held.facet.size > 0 && session.allowances.pushed.mayGo(context.now)
  }

  #judged(
    at: Member,
    from: SimNode,
    frame: Uint8Array,
    { lie, codes }: Expectation,
    deliver: () => void
  ): void {
    const before = this.#refusals.get(at)?.at(-1)
    deliver()
    const last = this.#refusals.get(at)?.at(-1)
    if (last && last !== before) {
      const named = last.peerId === from.company.node.peer
      if (!named || !codes.includes(last.reject.code))
        this.#broken(4, `${nameOf(at)} says ${last.reject} of a lie (${lie}: ${codes.join(', ')})`)
    } else if (!this.#waits(at, frame)) this.#broken(4, `${nameOf(at)} takes a lie without a word: ${lie}`)
  }

  /** What cannot be judged yet is not refused yet. */
  #waits({ node }: Member, frame: Uint8Array): boolean {
    const said = parseFrame(frame)
    if (isReject(said) || said.type !== 'run') return false
    const last = said.records.at(-1)
    const id = last && envelopeId(said.facet, said.client, last.header)
    const { pending } = node.core.facets
    // A flood of waiting runs leaves no room for one more: it is dropped, and asked for again.
    const full = pending.list().length >= LIMITS.pendingRuns / 4
    // So is what stays with its sender for now: a head that is named and lacking.
    const links = [...node.core.context.sessions.values()].map(({ facets }) => facets.get(toHex(said.facet)))
    const named = links.some(link =>
      link?.announced.values().some(head => id !== undefined && equalBytes(head.id, id))
    )
    return full || named || (id !== undefined && pending.has(toHex(said.facet), id))
  }

  // ---- what a peer may cost --------------------------------------------------------------------------------

  #count(at: Member, from: SimNode, checks: number): void {
    if (at.lies || checks === 0) return
    const key = `${this.#sim.members.indexOf(at)}/${from.company.node.peer}`
    const second = Math.floor(this.#sim.now() / 1000)
    const window = this.#checks.get(key)
    const count = checks + (window?.second === second ? window.count : 0)
    this.#checks.set(key, { second, count })
    if (count > LIMITS.checks)
      this.#broken(8, `a peer has ${nameOf(at)} verify ${count} signatures in a second`)
  }

  bounds(): void {
    for (const member of this.#sim.members) {
      if (member.lies || !member.node.alive) continue
      this.#boundsOf(member)
      this.#goesOn(member, nameOf(member))
    }
  }

  #boundsOf(member: Member): void {
    const { context, facets } = member.node.core
    const over = (what: string, is: number, max: number) => {
      if (is > max) this.#broken(8, `${nameOf(member)} holds ${is} ${what} for a peer, not ${max}`)
    }
    for (const session of context.sessions.values()) {
      over('requests to answer', session.answers.length, LIMITS.answers)
      over('bytes of requests', session.answersBytes, LIMITS.answersBytes)
      over('requests under way', session.requests, LIMITS.requests)
      over('identity logs under way', session.identities.size, LIMITS.identities)
      over('spaces held apart', session.prospects.size, LIMITS.invitations)
      over('facets opened', session.opened.size, LIMITS.opened)
      over('unread bytes', session.inFlight, UNREAD_BYTES_MAX + 131_072)
      for (const link of session.facets.values()) {
        over('heads named', link.announced.size, LIMITS.announced)
        over('open requests', link.open.size, LIMITS.openRequests)
      }
    }
    const waiting = facets.pending.list()
    for (const [owner, items] of Map.groupBy(
      waiting,
      ({ from }) => from?.peer?.did ?? from?.peerId ?? 'nobody'
    )) {
      over(`waiting runs of ${owner.slice(12, 16)}`, items.length, LIMITS.pendingRuns)
      over(
        'bytes of waiting runs',
        items.reduce((sum, { bytes }) => sum + bytes, 0),
        LIMITS.pendingBytes
      )
    }
    const invited = [...(this.#offered.get(member) ?? [])].filter(
      ([id]) => context.directory.spaces.has(id) && !this.#sim.spaces.some(space => space.id === id)
    )
    for (const ids of Map.groupBy(invited, ([, did]) => did).values())
      over('spaces that nobody accepted', ids.length, LIMITS.invitations)
  }

  /** Invariant 2, where it begins: nothing waits for what is here, and what was named is asked for until it is. */
  #goesOn({ node }: Member, name: string): void {
    const { context, facets } = node.core
    for (const { facet, wait } of facets.pending.list()) {
      const held = node.facet(facet)?.facet
      const isHere = wait.for === 'entry' ? held?.space.entry(wait.id) : held?.find(wait)
      if (isHere) this.#broken(2, `${name} lets a run wait for what it has`)
    }
    for (const session of context.open()) {
      for (const [id, { announced, retryMs }] of session.facets) {
        // Asked once, and the answer brought nothing (SYN-22).
        if (retryMs === RETRY_MS || session.lacking.has(id)) continue
        const held = node.facet(id)?.facet
        const lacks =
          held && announced.values().some(({ of: client, seq, id }) => !held.find({ client, seq, id }))
        if (lacks && context.clearance(session, 'send', held.space, held.genesis))
          this.#broken(2, `${name} has given up what a peer named`)
      }
    }
  }

  #broken(invariant: number, text: string): void {
    this.#sim.broken.push(`invariant ${invariant}: ${text}`)
  }
}

/** In one byte below 24, in two from there on. */
function typeOf(frame: Uint8Array): number {
  return (frame[1] === 24 ? frame[2] : frame[1]) as number
}
