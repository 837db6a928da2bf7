// What people do: write, alone and at the same time, in windows that lag behind; open documents; pin, cut and
// settle; change their root key; look over each other's shoulder.
import * as Y from 'yjs'
import type { ArtifactKind } from '../../src/artifacts/layouts.ts'
import { appendIdentity } from '../../src/identity/identity-log.ts'
import { generateKey } from '../../src/identity/ed25519.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import { equalBytes } from '../../src/wire/bytes.ts'
import { DATA_CLASSES } from '../../src/wire/data-class.ts'
import type { EntryAct, LanePoint } from '../../src/wire/space-entry.ts'
import { isReject } from '../../src/wire/reject.ts'
import { admit, amend, answer, resume, suspend, terminate } from './agreeing.ts'
import { keysOf, logsOf, sign } from './chain.ts'
import { must } from './company.ts'
import type { Random } from './random.ts'
import { SimView } from './view.ts'
import { type Member, type SimFacet, type SimSpace, pairOf } from './members.ts'
import type { Simulation } from './world.ts'

const FACETS_MAX = 8
/** The draft of an agreement flows before there is one. */
const KINDS: readonly (readonly [number, ArtifactKind])[] = [
  [6, 'StandardsDoc.v1'],
  [2, 'PeerAgreement.v1'],
  [2, 'ImprovementPlan.v1']
]
const WORDS = ['a', 'standard ', ' ', 'é', '漢', '\n', '👩‍👩‍👧', '🇪🇺', 'we agree that ', '\u200d', '# ', 'ﬀ']

/** @returns how many operations it was */
type Deed = (sim: Simulation, member: Member) => number

export const DEEDS: readonly (readonly [number, Deed])[] = [
  [48, (sim, member) => editAnywhere(sim, member)],
  [10, burst],
  [8, openView],
  [14, useView],
  [5, closeView],
  [3, openFacet],
  [3, pinKey],
  [2, cutKey],
  [8, settle],
  [1, changeRoot],
  [3, compareWords],
  [4, accept],
  [2, present],
  [1, paste],
  [6, amend],
  [24, answer],
  [1, suspend],
  [5, resume],
  [4, terminate]
]

/** Beside these, where companies may come later. */
export const ADMITTING: typeof DEEDS = [[20, admit]]

// ---- writing ---------------------------------------------------------------------------------------------

/** The facets that this member may write in now. */
function writable(sim: Simulation, member: Member): SimFacet[] {
  return sim.facets.filter(facet => {
    return (
      hasBegun(member, facet) && sim.mayKnow(member, facet) && keysOf(sim, member, facet.space).length > 0
    )
  })
}

/** Nobody writes in a document before its owner has. */
export function hasBegun(member: Member, facet: SimFacet): boolean {
  const held = member.node.facet(facet.id)
  return held !== undefined && (held.facet.size > 0 || facet.owner === member.company)
}

export function editAnywhere(sim: Simulation, member: Member, facet?: SimFacet): number {
  const choices = facet ? writable(sim, member).filter(one => one === facet) : writable(sim, member)
  if (choices.length === 0) return 0
  const { id, space, kind } = sim.random.pick(choices)
  const key = sim.random.pick(keysOf(sim, member, space))
  return member.node.edit(id, doc => change(sim.random, doc, kind), key) ? 1 : 0
}

/** Several at once, as when somebody types with the window at zero. */
function burst(sim: Simulation, member: Member): number {
  let done = 0
  for (let i = 2 + sim.random.below(4); i > 0; i--) done += editAnywhere(sim, member)
  return done
}

function paste(sim: Simulation, member: Member): number {
  const choices = writable(sim, member)
  if (choices.length === 0) return 0
  const { id } = sim.random.pick(choices)
  const text = sim.random.pick(WORDS).repeat(4_000 + sim.random.below(6_000))
  return member.node.edit(id, doc => doc.getText('text').insert(0, text)) ? 1 : 0
}

/** Changes something; where the dice change nothing, a letter is written. */
function change(random: Random, doc: Y.Doc, kind: ArtifactKind): void {
  const text = doc.getText('text')
  const dice = random.below(16)
  if (dice < 4 && text.length > 3) {
    text.delete(random.below(text.length - 2), 1 + random.below(2))
  } else if (dice === 4 && text.length > 40) {
    text.delete(random.below(20), 20)
  } else if (dice < 7) {
    doc.getMap('meta').set(random.pick(['title', 'summary', 'language']), `${random.below(1000)}`)
  } else if (dice === 7) {
    const meta = doc.getMap('meta')
    const key = [...meta.keys()][0]
    if (key === undefined) text.insert(0, 'x')
    else meta.delete(key)
  } else if (dice < 11 && kind === 'StandardsDoc.v1') {
    changeRequirement(random, doc)
  } else text.insert(random.below(text.length + 1), random.pick(WORDS))
}

function changeRequirement(random: Random, doc: Y.Doc): void {
  const requirements = doc.getMap<Y.Map<unknown>>('requirements')
  const ids = [...requirements.keys()]
  const id = ids.length > 0 && random.chance(0.7) ? random.pick(ids) : `r${random.below(1_000)}`
  const known = requirements.get(id)
  if (!known) {
    const fresh = new Y.Map<unknown>([
      ['title', 'MUST'],
      ['text', new Y.Text(random.pick(WORDS))]
    ])
    requirements.set(id, fresh)
  } else if (random.chance(0.2)) requirements.delete(id)
  else if (random.chance(0.5)) known.set('level', random.pick(['MUST', 'SHOULD', 'MAY']))
  else {
    const text = known.get('text')
    if (text instanceof Y.Text) text.insert(random.below(text.length + 1), random.pick(WORDS))
    else known.set('text', new Y.Text('again'))
  }
}

function openView(sim: Simulation, member: Member): number {
  const choices = writable(sim, member)
  member.views = member.views.filter(view => !view.stale)
  if (choices.length === 0 || member.views.length > 3) return 0
  const { id, space, kind } = sim.random.pick(choices)
  const view = SimView.open(member.node, id, sim.random.pick(keysOf(sim, member, space)), kind)
  if (view) member.views.push(view)
  return 0
}

function useView(sim: Simulation, member: Member): number {
  member.views = member.views.filter(view => !view.stale)
  const { random } = sim
  if (member.views.length === 0) return openView(sim, member)
  const view = random.pick(member.views)
  for (let i = 1 + random.below(3); i > 0; i--) view.type(doc => change(random, doc, view.kind))
  if (random.chance(0.3)) view.undo()
  if (random.chance(0.4)) view.catchUp()
  return random.chance(0.7) ? view.flush() : 0
}

function closeView(sim: Simulation, member: Member): number {
  const at = sim.random.below(member.views.length + 1)
  const [view] = member.views.splice(at, 1)
  view?.close()
  return 0
}

function openFacet(sim: Simulation, member: Member): number {
  const spaces = sim.spaces.filter(space => keysOf(sim, member, space).length > 0)
  if (spaces.length === 0 || sim.facets.length >= FACETS_MAX || member.node.failing) return 0
  const space = sim.random.pick(spaces)
  if (!keysOf(sim, member, space).includes(member.node.company.role)) return 0
  // What only one node has is nobody's to find again when its disk goes back; its twin has it too.
  const kind = sim.random.weighted(KINDS)
  sim.openFacet(member, space, sim.random.pick(DATA_CLASSES), kind)
  return 0
}

function present(sim: Simulation, member: Member): number {
  const choices = writable(sim, member)
  if (choices.length === 0) return 0
  const { id } = sim.random.pick(choices)
  const { node } = member
  node.perform(core => core.facets.present(id, Buffer.from(`${node.company.name} ${sim.watch.canary(id)}`)))
  return 0
}

// ---- the space log -----------------------------------------------------------------------------------------

export function signAccept(sim: Simulation, member: Member, space: SimSpace): void {
  const log = member.node.space(space.id)
  if (!log) throw new Error(`${member.node.company.name} never heard of the space`)
  const { identity, roleCertificate } = member.node.company
  const act: EntryAct = { kind: 'accept', rootVersion: identity.head, certificates: [roleCertificate] }
  if (sign(sim, member, log, act)) space.accepted.add(member.company)
}

function accept(sim: Simulation, member: Member): number {
  const [space] = sim.spaces
  if (!space || member.company !== 1 || !member.speaks || space.accepted.has(1) || member.node.failing)
    return 0
  if (member.node.space(space.id)) signAccept(sim, member, space)
  return 0
}

export function pinKey(sim: Simulation, member: Member): number {
  const logs = logsOf(sim, member)
  if (logs.length === 0) return 0
  const { log, company } = sim.random.pick(logs)
  const pinned = log.head(company)?.keys ?? []
  const next = member.staff.roles.find(
    ({ key }) => !pinned.some(pin => equalBytes(pin.publicKey.bytes, key.publicKey.bytes))
  )
  if (next) sign(sim, member, log, { kind: 'keys', certificates: [next.certificate] })
  return 0
}

/** Ends a key that is not the first: at what this node has seen of its lanes, or leaving them to the others. */
export function cutKey(sim: Simulation, member: Member): number {
  const logs = logsOf(sim, member)
  if (logs.length === 0) return 0
  const { space, log, company } = sim.random.pick(logs)
  const head = log.head(company)
  const keys = (head?.keys ?? []).filter(({ index }) => index > 0 && !head?.cut.includes(index))
  if (keys.length === 0) return 0
  const { index, publicKey } = sim.random.pick(keys)
  const holder = member.staff.roles.find(({ key }) => equalBytes(key.publicKey.bytes, publicKey.bytes))
  // Written until the last moment: elsewhere the cut may come before what it names.
  const last = writable(sim, member).filter(facet => facet.space === space && facet.class !== 'private')
  let done = 0
  if (holder && last.length > 0 && sim.random.chance(0.7)) {
    const { id, kind } = sim.random.pick(last)
    done += member.node.edit(id, doc => change(sim.random, doc, kind), holder.key) ? 1 : 0
  }
  const lanes: LanePoint[] = []
  for (const { facet } of member.node.core.context.facets.values()) {
    // All parties read the log: what is private is not named there.
    if (facet.space !== log || facet.genesis.class === 'private') continue
    for (const lane of facet.lanes.values()) {
      const tip = facet.head(lane.client)
      if (lane.company !== company || lane.key !== index || !tip || sim.random.chance(0.3)) continue
      const seq = sim.random.chance(0.5) ? tip.seq : sim.random.below(tip.seq + 1)
      const inSegment = Math.max(seq, tip.segment.from)
      lanes.push({ facet: facet.id, client: lane.client, seq: inSegment, id: tip.segment.idAt(inSegment) })
    }
  }
  sign(sim, member, log, { kind: 'cut', key: index, lanes })
  return done
}

/** Says for good where a forked lane of another ends: at either branch. */
function settle(sim: Simulation, member: Member): number {
  for (const { log, company } of logsOf(sim, member)) {
    for (const { facet } of member.node.core.context.facets.values()) {
      if (facet.space !== log || facet.genesis.class === 'private') continue
      const lanes = [...facet.lanes.values()].filter(lane => lane.forked && lane.company !== company)
      if (lanes.length === 0) continue
      const lane = sim.random.pick(lanes)
      if (log.settled(facet.id).get(lane.client)?.has(company)) continue
      const { segment, seq } = sim.random.chance(0.5)
        ? (facet.head(lane.client) ?? sim.random.pick(lane.tips()))
        : sim.random.pick(lane.tips())
      const point = { facet: facet.id, client: lane.client, seq, id: segment.idAt(seq) }
      sign(sim, member, log, { kind: 'settle', point })
      return 0
    }
  }
  return 0
}

function changeRoot(sim: Simulation, member: Member): number {
  const { company } = member.node
  if (!member.speaks || member.node.failing || company.identity.versions.size > 2) return 0
  const next = generateKey(sim.random.bytes(32))
  const keys = { rootKey: company.nextRootKey, nextKeyHashes: [nextKeyHash(next.publicKey)] }
  const identity = must(appendIdentity(company.identity, {}, keys, sim.now()))
  const { did, log } = identity
  const refused = member.node.perform(core => core.greeting.learn(did, log))
  if (isReject(refused)) throw new Error(`an honest identity log was refused: ${refused}`)
  for (const other of sim.members) {
    if (other.company !== member.company) continue
    other.node.company.identity = identity
    other.node.company.rootKey = company.nextRootKey
    other.node.company.nextRootKey = next
  }
  return 1
}

/** Two companies that were strangers compare their words; both sides record it. */
function compareWords(sim: Simulation): number {
  const [pair] = sim.strangers
  if (pair === undefined) return 0
  confirm(sim, pair)
  return 1
}

export function confirm(sim: Simulation, pair: string): void {
  sim.strangers.delete(pair)
  for (const a of sim.members) {
    for (const b of sim.members) {
      if (a.company === b.company || pairOf(a, b) !== pair) continue
      a.node.confirms(b.node)
      // Each side says in its hello whether it has recorded it.
      sim.network.cut(a.node, b.node)
    }
  }
}
