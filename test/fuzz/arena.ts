// One victim, a second replica beside it, and a rival who is a full member and says anything: the real core takes
// every frame, an owner keeps a document open, and after each input that document is looked at.
import { issueRoleCertificate, requestRole, verifyRoleRequest } from '../../src/identity/certificate.ts'
import type { Power } from '../../src/identity/certificate.ts'
import { generateKey } from '../../src/identity/ed25519.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { type SpaceLog } from '../../src/identity/space-log.ts'
import type { News } from '../../src/sync/effects.ts'
import { encodeFrame } from '../../src/sync/frame.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type EnvelopeRecord, parseRun } from '../../src/wire/envelope.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type EntryRecord, encodeSpaceEntry, entrySignedBytes } from '../../src/wire/space-entry.ts'
import { Hand } from '../replica/hand.ts'
import { seal } from '../sim/agreement.ts'
import { type Random, randomFrom } from '../replica/writers.ts'
import { type Company, EPOCH_MS, createCompany, createNodeKey, must, signerOf } from '../sim/company.ts'
import { Random as SimRandom } from '../../src/sandbox/random.ts'
import { acceptRecord } from '../sync/bench.ts'
import { type Edges, FuzzNode, type View, rootOf } from './node.ts'

/** Between the victim and the second replica. */
const LINK = 1
/** What one input may take, applying included. */
export const SLOW_MS = 250

interface Cast {
  ada: Company
  bo: Company
  mal: Company
  /** A second key of the rival's, and a second node of the victim's company. */
  malSecond: Company
  adaSecond: Company
}

let cast: Cast | undefined

/** The same companies in every world: keys and certificates cost milliseconds. */
function theCast(): Cast {
  if (cast) return cast
  const random = new SimRandom(11)
  const [ada, bo, mal] = ['Ada', 'Bo', 'Mal'].map(name => createCompany(name, random)) as [
    Company,
    Company,
    Company
  ]
  const malSecond = { ...mal, ...createRole(mal, random) }
  return (cast = { ada, bo, mal, malSecond, adaSecond: { ...ada, ...createNodeKey(ada, random) } })
}

function createRole(of: Company, random: SimRandom): Pick<Company, 'role' | 'roleCertificate'> {
  const key = generateKey(random.bytes(32))
  const request = must(
    verifyRoleRequest(requestRole(of.identity.did, 'CTO', { kind: 'human', name: 'Second' }, key))
  )
  const validity = { validFrom: EPOCH_MS, validUntil: EPOCH_MS + 80 * 86_400_000 }
  const powers: Power[] = ['advise', 'vote', 'seal']
  const issued = issueRoleCertificate(of.identity, of.rootKey, request, { ...validity, powers })
  return { role: key, roleCertificate: must(issued) }
}

/** What became of an input. */
export interface Outcome {
  /** `accepted`, `silent`, or the code with which it was refused or the session ended. */
  verdict: string
  threw?: string
  /** Wall time; where that was much, what of it this process itself spent: others may be busy on the machine. */
  ms: number
}

/** Through whose connection an input comes: a stranger's has had no hello. */
export type Speaker = 'rival' | 'own' | 'stranger'

export class Arena implements Edges {
  nowMs = EPOCH_MS + 1_000
  readonly random: Random
  readonly cast = theCast()
  readonly victim: FuzzNode
  readonly second: FuzzNode
  readonly space: SpaceLog
  /** A facet that all share, and one that is the victim's alone. */
  readonly facet: string
  readonly private: string
  /** Blame of an honest node, or an honest session that ended. */
  readonly wrongs: string[] = []
  readonly #frames: { to: FuzzNode; from: FuzzNode; bytes: Uint8Array }[] = []
  readonly #sessions = new Map<Speaker, number>()
  #sessionCount = 100
  #verdict: string | undefined
  #edits = 0
  #hand: Hand | undefined

  constructor(seed: number, world: number) {
    this.random = randomFrom(seed * 1_000_003 + world * 2 + 1)
    const { ada, bo, mal, malSecond } = this.cast
    this.victim = new FuzzNode(ada, this, this.random)
    this.second = new FuzzNode(bo, this, this.random)
    for (const node of [this.victim, this.second]) for (const company of [ada, bo, mal]) node.knows(company)
    const parties = [ada, bo, mal].map(({ identity }) => identity.did)
    this.space = must<SpaceLog>(
      this.victim.perform(() => this.victim.desk.foundSpace({ title: 'Joint', pairing: 'CTO', parties }))
    )
    const copy = must(openSpace(this.space.genesisBytes))
    this.second.core.context.directory.spaces.set(toHex(copy.id), copy)
    const records = [ada, bo].map(company => acceptRecord(this.space, company))
    const both = [mal.roleCertificate, malSecond.roleCertificate]
    for (const [node, space] of [
      [this.victim, this.space],
      [this.second, copy]
    ] as const) {
      const refused = node.perform(core =>
        core.spaces.add(space, [...records, acceptWith(this.space, mal, both)])
      )
      if (refused) throw new Error(`${refused}`)
    }
    seal(this.space, [ada, bo, mal], record => {
      this.victim.perform(core => core.spaces.add(this.space, [record]))
      this.second.perform(core => core.spaces.add(copy, [record]))
    })
    this.#connect()
    this.facet = this.victim.openFacet(this.space.id, { class: 'shared-confidential' })
    this.#begin(this.facet)
    this.private = this.victim.openFacet(this.space.id, { class: 'private' })
    this.#begin(this.private)
    this.settle()
    for (let i = 0; i < 3; i++) this.pass()
  }

  #connect(): void {
    const { victim, second } = this
    const [a, b] = [victim.company.node.peer, second.company.node.peer]
    second.step({ on: 'session', session: LINK, peerId: a, inbound: true })
    victim.step({ on: 'session', session: LINK, peerId: b, inbound: false })
    this.settle()
  }

  #begin(facet: string): void {
    const view = this.victim.open(facet)
    view.doc.getText('text').insert(0, 'Standard\n')
    view.flush()
  }

  // ---- edges --------------------------------------------------------------------------------------

  send(from: FuzzNode, session: number, bytes: Uint8Array): void {
    if (session === LINK) {
      this.#frames.push({ from, to: from === this.victim ? this.second : this.victim, bytes })
    } else from.step({ on: 'sent', session, bytes: bytes.length })
  }

  hangUp(from: FuzzNode, session: number, code: string): void {
    if (session === LINK)
      this.wrongs.push(`${from.company.name} ended the session with an honest peer: ${code}`)
    this.#verdict ??= code
    for (const [speaker, id] of this.#sessions) if (id === session) this.#sessions.delete(speaker)
  }

  news(from: FuzzNode, news: News): void {
    if (news.what !== 'refused') return
    const honest = [this.victim, this.second].some(({ company }) => company.node.peer === news.peerId)
    if (honest) this.wrongs.push(`${from.company.name} blames an honest peer: ${news.reject} (${news.where})`)
    else this.#verdict = news.reject.code
  }

  /** Lets everything arrive that the two honest nodes say to each other. */
  settle(): void {
    for (let frame = this.#frames.shift(); frame; frame = this.#frames.shift()) {
      frame.to.step({ on: 'frame', session: LINK, bytes: frame.bytes })
      frame.from.step({ on: 'sent', session: LINK, bytes: frame.bytes.length })
    }
  }

  pass(ms = 1_000): void {
    this.nowMs += ms
    for (const node of [this.victim, this.second]) node.step({ on: 'tick' })
    this.settle()
  }

  /** Time passes, in which the nodes do what they put off. @returns what an honest node did wrong, if anything */
  tick(): string | undefined {
    this.pass(2_000)
    return this.wrongs[0]
  }

  // ---- inputs -------------------------------------------------------------------------------------

  /** The rival's connection, opened anew if the last input ended it. */
  session(speaker: Speaker): number {
    const known = this.#sessions.get(speaker)
    if (known !== undefined) return known
    const company = speaker === 'own' ? this.cast.adaSecond : this.cast.mal
    const session = ++this.#sessionCount
    this.#sessions.set(speaker, session)
    this.victim.step({ on: 'session', session, peerId: company.node.peer, inbound: true })
    if (speaker !== 'stranger') this.victim.step({ on: 'frame', session, bytes: helloOf(company) })
    return session
  }

  #leave(speaker: Speaker): void {
    const session = this.#sessions.get(speaker)
    if (session === undefined) return
    this.#sessions.delete(speaker)
    this.victim.step({ on: 'closed', session })
  }

  /** Says frames to the victim, one after the other, and waits until the second replica has what came of it. */
  say(speaker: Speaker, frames: Uint8Array[]): Outcome {
    const session = this.session(speaker)
    return this.#counted(() => {
      for (const bytes of frames) this.victim.step({ on: 'frame', session, bytes })
      if (speaker === 'stranger') this.#leave(speaker)
      return this.#verdict
    })
  }

  /** The same road for a run without a frame around it, as a bundle brings it: nobody's session ends. */
  take(client: number, records: EnvelopeRecord[]): Outcome {
    const { victim } = this
    return this.#counted(() => {
      const held = victim.held(this.facet)
      const run = parseRun(held.facet.id, client, records)
      return (isReject(run) ? run : victim.perform(core => core.facets.take(held, run, undefined)))?.code
    })
  }

  /** `accepted`: something grew. */
  #counted(work: () => string | undefined): Outcome {
    const before = this.#size()
    this.#verdict = undefined
    const outcome = measured(() => work() ?? '')
    this.settle()
    const told = outcome.verdict === '' ? undefined : outcome.verdict
    return { ...outcome, verdict: told ?? (this.#size() > before ? 'accepted' : 'silent') }
  }

  #size(): number {
    const facets = [this.facet, this.private].map(id => this.victim.held(id).facet.size)
    return facets.reduce(
      (sum, size) => sum + size,
      this.space.tips().reduce((sum, { seq }) => sum + seq + 1, 0)
    )
  }

  // ---- what must still work ---------------------------------------------------------------------------

  view(): View {
    const view = this.victim.views.get(this.facet)
    if (!view) throw new Error('the victim has no view')
    return view
  }

  /** An edit by the owner: it must be emitted. It gathers until the next {@link flush}, as in an editor. */
  edit(): string | undefined {
    const view = this.view()
    if (this.#hand?.doc !== view.doc)
      this.#hand = new Hand(view.doc, this.random, { undo: true, facts: true })
    if (this.random(6) === 0) this.#hand.act()
    const before = view.gathered.length
    view.doc.getMap('meta').set('title', ++this.#edits)
    return view.gathered.length > before ? undefined : 'an edit is shown and not emitted'
  }

  /** What was gathered is signed, passes the gate, is stored, and arrives at the second replica, which stores it. */
  flush(): string | undefined {
    const tip = this.view().flush()
    if (isReject(tip) || !tip) return `the owner's edit is refused: ${tip}`
    this.settle()
    const { facet } = this.second.held(this.facet)
    for (let i = 0; i < 40 && !facet.find(tip); i++) this.pass()
    if (!facet.find(tip)) return 'the edit does not reach the second replica'
    const place = `${this.facet}/${tip.client}/${tip.seq}/${toHex(tip.id)}`
    const stored = [this.victim, this.second].every(({ disk }) => disk.envelopes.has(place))
    return stored ? undefined : 'the edit is not stored'
  }

  /**
   * Both replicas have one struct root; a restart gives it again; and after all has been deleted in the document
   * that came back, it still takes and emits edits that the gate lets through.
   */
  inspect(): string | undefined {
    const root = rootOf(this.view().doc)
    if (this.second.root(this.facet) !== root) return 'the second replica has another struct root'
    const again = this.victim.restarted(this.facet)
    if (typeof again === 'string') return again
    if (again.root(this.facet) !== root) return 'a restart gives another struct root'
    const view = again.open(this.facet)
    const hand = new Hand(view.doc, this.random)
    hand.clear()
    if (view.gathered.length < 3) return 'after a restart, edits are not emitted'
    const tip = view.flush()
    return isReject(tip) || !tip ? `after a restart, an edit is refused: ${tip}` : undefined
  }

  /** The end of a world: the document that was open all along is emptied and written on. */
  finish(): string | undefined {
    new Hand(this.view().doc, this.random).clear()
    return this.edit() ?? this.flush() ?? this.inspect() ?? this.wrongs[0]
  }
}

export function measured(work: () => string): Outcome {
  const watch = new Stopwatch()
  let threw: string | undefined
  let verdict = ''
  try {
    verdict = work()
  } catch (error) {
    threw = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  return { verdict, ms: watch.read(), ...(threw !== undefined && { threw }) }
}

/** Asking for the time that this process itself spent is dear, so it is asked at most so often. */
const CPU_EVERY_MS = 20

export class Stopwatch {
  static #sampledAt = -Infinity
  static #sample = process.cpuUsage()
  readonly #started = performance.now()

  constructor() {
    if (this.#started - Stopwatch.#sampledAt < CPU_EVERY_MS) return
    Stopwatch.#sampledAt = this.#started
    Stopwatch.#sample = process.cpuUsage()
  }

  read(): number {
    const wallMs = performance.now() - this.#started
    if (wallMs <= SLOW_MS) return wallMs
    const { user, system } = process.cpuUsage(Stopwatch.#sample)
    return Math.min(wallMs, (user + system) / 1_000)
  }
}

const hellos = new Map<Company, Uint8Array>()

export function helloOf(company: Company): Uint8Array {
  let hello = hellos.get(company)
  if (!hello) {
    const { identity, nodeCertificate: certificate } = company
    const { did, head: version } = identity
    hello = encodeFrame({
      type: 'hello',
      did,
      certificate,
      version,
      confirmed: true,
      invite: new Uint8Array()
    })
    hellos.set(company, hello)
  }
  return hello
}

/** The entry by which the rival accepts, with both of its keys. */
function acceptWith(space: SpaceLog, { identity, role }: Company, certificates: Uint8Array[]): EntryRecord {
  const company = space.companyOf(identity.did) as number
  const act = { kind: 'accept' as const, rootVersion: identity.head, certificates }
  const entry = encodeSpaceEntry({ space: space.id, company, seq: 0, act, time: EPOCH_MS })
  return { entry, signer: role.publicKey.bytes, signature: signerOf(role).sign(entrySignedBytes(entry)) }
}
