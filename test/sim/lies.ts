// What liars do in a history: lies about envelopes (liars.ts), about entries and identities, about what they
// have, late turns of a fork, silence, and floods.
import { appendIdentity } from '../../src/identity/identity-log.ts'
import { generateKey, sign } from '../../src/identity/ed25519.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { type Frame, encodeFrame } from '../../src/sync/frame.ts'
import { EMPTY, equalBytes, toHex } from '../../src/wire/bytes.ts'
import { packClient, unpackClient } from '../../src/wire/lane.ts'
import {
  type EntryAct,
  type EntryRecord,
  encodeSpaceEntry,
  entrySignedBytes
} from '../../src/wire/space-entry.ts'
import { tipOf } from '../../src/replica/facet.ts'
import { betray } from './betrayal.ts'
import { COVERED, FORKS, LIES, tell } from './liars.ts'
import { runFrame, signedEdit } from './forge.ts'
import { FLOODS } from './floods.ts'
import { ABOUT_DECISIONS } from './decisions.ts'
import { TAKING } from './gifts.ts'
import { must } from './company.ts'
import { type Member, say, sessionsOf } from './members.ts'
import { cutKey, pinKey } from './workload.ts'
import type { Simulation } from './world.ts'

type Told = (sim: Simulation, liar: Member) => boolean

const TOLD: readonly (readonly [number, Told])[] = [
  [60, aboutEnvelopes],
  [16, flip],
  [10, buildOnLoser],
  [4, writeOn],
  [4, withhold],
  [4, nameNothing],
  [6, askForMiddle],
  [4, forgeEntry],
  [2, forkChain],
  [16, betray],
  [1, forkIdentity],
  [3, forgeReceipt],
  [2, sayAnother],
  [4, junk],
  [5, flood]
]

/** Beside these, where companies may come later: who they are hangs on what was agreed. */
const AT_THE_DOOR: typeof TOLD = [[60, betray]]

/** @returns whether something was said */
export function lieOf(sim: Simulation, liar: Member): boolean {
  const { reciprocal, admits, decides } = sim.plan
  const told = [
    ...TOLD,
    ...(reciprocal ? TAKING : []),
    ...(admits ? AT_THE_DOOR : []),
    ...(decides ? ABOUT_DECISIONS : [])
  ]
  return sim.random.weighted(told)(sim, liar)
}

// ---- saying ----------------------------------------------------------------------------------------------

function aboutEnvelopes(sim: Simulation, liar: Member): boolean {
  const { node } = liar
  const others = documentsOf(sim, liar)
  const sessions = sim.random.shuffled(sessionsOf(liar))
  if (others.length === 0 || sessions.length === 0) return false
  const [one, ...rest] = sessions
  const targets = { all: sessions, one: [one as number], rest }
  // Most of what counts, and of what people do about it, hangs on forks.
  const lie = sim.random.pick(sim.random.chance(0.3) ? FORKS : LIES)
  return tell(lie, {
    liar: node,
    held: sim.random.pick(others),
    others,
    random: sim.random,
    say: (frame, to, codes) => {
      // Each its own bytes: one may be judged and another wait.
      for (const session of targets[to]) {
        const copy = Uint8Array.from(frame)
        if (codes) sim.watch.expect(copy, { lie, codes })
        say(sim, liar, copy, [session])
      }
    },
    keep: secret => liar.secrets.push(secret)
  })
}

/** Shows the other branch of a fork, when the first has been built on. */
function flip(sim: Simulation, liar: Member): boolean {
  const [secret] = liar.secrets.splice(sim.random.below(liar.secrets.length), 1)
  const sessions = sessionsOf(liar)
  if (!secret || sessions.length === 0) return false
  const to = sim.random.chance(0.5) ? sessions : [sim.random.pick(sessions)]
  say(sim, liar, runFrame(secret.facet, secret.client, secret.records), to)
  return true
}

/** All that it kept back until now, when everybody has built on something else. */
export function flipAll(sim: Simulation, liar: Member): void {
  while (liar.secrets.length > 0 && sessionsOf(liar).length > 0) flip(sim, liar)
}

/** Builds on the branch that does not count, so that it may come to. */
function buildOnLoser(sim: Simulation, liar: Member): boolean {
  const held = anyHeld(sim, liar)
  if (!held) return false
  const { facet } = held
  const own = facet.space.companyOf(liar.node.company.identity.did)
  const forked = [...facet.lanes.values()].filter(lane => lane.forked && lane.company !== own)
  const losers = forked.flatMap(lane => lane.tips().filter(tip => !facet.counts(tip)))
  if (losers.length === 0) return false
  const base = [tipOf(sim.random.pick(losers))]
  const session = 110_000_000 + sim.random.below(1_000_000)
  const edit = signedEdit(liar.node, held, 'late', { session, rootless: true, base })
  if (edit) say(sim, liar, runFrame(facet, edit.client, edit.records), sessionsOf(liar))
  return edit !== undefined
}

/** Pins a key, cuts it, and opens a lane under it that relies on the cut: one step at a time. */
function writeOn(sim: Simulation, liar: Member): boolean {
  const held = anyHeld(sim, liar)
  const own = held?.facet.space.companyOf(liar.node.company.identity.did)
  const head = own === undefined ? undefined : held?.facet.space.head(own)
  if (!held || !head) return false
  const pin = head.keys.find(({ index }) => head.cut.includes(index))
  const holder = liar.staff.roles.find(
    ({ key }) => pin && equalBytes(key.publicKey.bytes, pin.publicKey.bytes)
  )
  if (!pin || !holder) {
    const step = head.keys.length > 1 ? cutKey : pinKey
    step(sim, liar)
    return false
  }
  const session = 120_000_000 + sim.random.below(1_000_000)
  const key = { index: pin.index, secret: holder.key }
  const edit = signedEdit(liar.node, held, 'after', { session, rootless: true, key })
  if (!edit) return false
  for (const to of sessionsOf(liar)) {
    const frame = runFrame(held.facet, edit.client, edit.records)
    sim.watch.expect(frame, { lie: 'cut-key', codes: ['key-cut'] })
    say(sim, liar, frame, [to])
  }
  return true
}

/** For a while: what it writes meanwhile lacks its causes everywhere else. */
function withhold(sim: Simulation, liar: Member): boolean {
  liar.withholds = true
  sim.later(sim.random.below(20_000), () => (liar.withholds = false))
  return true
}

/** What it has; of what is private to it nobody would hear a lie, so that seldom is among them. */
function documentsOf(sim: Simulation, { node }: Member): HeldFacet[] {
  const all = sim.random.chance(0.1)
  return sim.facets.flatMap(facet => (all || facet.class !== 'private' ? (node.facet(facet.id) ?? []) : []))
}

function anyHeld(sim: Simulation, liar: Member): HeldFacet | undefined {
  const held = documentsOf(sim, liar)
  return held.length > 0 ? sim.random.pick(held) : undefined
}

/** Heads that do not exist, in lanes of others and of nobody. */
function nameNothing(sim: Simulation, liar: Member): boolean {
  const held = anyHeld(sim, liar)
  if (!held) return false
  const { facet, genesisBytes: genesis } = held
  const tips = Array.from({ length: 1 + sim.random.below(5) }, () => ({
    of: packClient({ company: sim.random.below(4), key: 0, session: sim.random.below(1_000) }),
    seq: sim.random.below(50),
    id: sim.random.bytes(32)
  }))
  say(sim, liar, { type: 'heads', space: facet.space.id, facets: [{ genesis, tips }] }, sessionsOf(liar))
  return true
}

/** Asks for the middle of a lane, and rather of one whose middle has no signature that holds. */
function askForMiddle(sim: Simulation, liar: Member): boolean {
  const held = anyHeld(sim, liar)
  const inner = (held?.facet.order() ?? []).filter(({ segment, seq }) => seq < segment.last)
  if (!held || inner.length === 0) return false
  const covered = inner.filter(({ segment: { lane } }) => {
    const { session } = unpackClient(lane.client)
    return session >= COVERED && session < COVERED + 1_000_000
  })
  const { client: of, seq, id } = tipOf(sim.random.pick(covered.length > 0 ? covered : inner))
  const lacks = [{ tip: { of, seq, id }, have: [] }]
  const request = 1_000_000 + sim.random.below(1_000_000)
  say(sim, liar, { type: 'need', facet: held.facet.id, request, lacks }, sessionsOf(liar))
  return true
}

// ---- entries and identities --------------------------------------------------------------------------------

function entryOf(
  liar: Member,
  held: HeldFacet,
  company: number,
  act: EntryAct,
  time: number
): EntryRecord | undefined {
  const { space } = held.facet
  const head = space.head(company)
  if (!head) return undefined
  const entry = encodeSpaceEntry({ space: space.id, company, seq: head.seq + 1, prev: head.id, act, time })
  const { role } = liar.node.company
  return { entry, signer: role.publicKey.bytes, signature: sign(role, entrySignedBytes(entry)) }
}

/** A word in another company's chain, or a wrong signature in its own. */
function forgeEntry(sim: Simulation, liar: Member): boolean {
  const held = anyHeld(sim, liar)
  const own = held?.facet.space.companyOf(liar.node.company.identity.did)
  if (!held || own === undefined) return false
  const { facet } = held
  const others = facet.space.parties.map((_, i) => i).filter(i => i !== own)
  const company = sim.random.chance(0.5) ? own : sim.random.pick(others)
  const record = entryOf(liar, held, company, { kind: 'cut', key: 0, lanes: [] }, sim.now())
  if (!record) return false
  const entries = [company === own ? { ...record, signature: sim.random.bytes(64) } : record]
  for (const session of sessionsOf(liar)) {
    const frame = encodeFrame({ type: 'entries', space: facet.space.id, genesis: EMPTY, entries })
    // Of another's signer nobody can say yet that it is none: such an entry waits (SPC-13).
    const peer = sim.network.peerOf(liar.node, session)
    const head = facet.space.head(own)
    const judges = head && peer?.space(toHex(facet.space.id))?.entry(head.id) && mayHear(peer, session, held)
    if (company === own && judges) sim.watch.expect(frame, { lie: 'forge-entry', codes: ['signature'] })
    say(sim, liar, frame, [session])
  }
  return true
}

/** Two successors of one entry, each to some. */
function forkChain(sim: Simulation, liar: Member): boolean {
  const held = anyHeld(sim, liar)
  const own = held?.facet.space.companyOf(liar.node.company.identity.did)
  const sessions = sim.random.shuffled(sessionsOf(liar))
  if (!held || own === undefined || sessions.length < 2) return false
  const point = { facet: sim.random.bytes(32), client: 1, seq: 0, id: sim.random.bytes(32) }
  const acts: EntryAct[] = [
    { kind: 'settle', point },
    { kind: 'keys', certificates: [sim.random.pick(liar.staff.roles).certificate] }
  ]
  const middle = 1 + sim.random.below(sessions.length - 1)
  for (const [i, act] of acts.entries()) {
    const record = entryOf(liar, held, own, act, sim.now())
    if (!record) return false
    const frame: Frame = { type: 'entries', space: held.facet.space.id, genesis: EMPTY, entries: [record] }
    say(sim, liar, frame, i === 0 ? sessions.slice(0, middle) : sessions.slice(middle))
  }
  return true
}

/** Two next versions of the identity log; each part of the world is told of one. */
function forkIdentity(sim: Simulation, liar: Member): boolean {
  const { company } = liar.node
  const sessions = sim.random.shuffled(sessionsOf(liar))
  if (sessions.length < 2 || company.identity.versions.size > 2) return false
  const logs = [0, 1].map(() => {
    const next = generateKey(sim.random.bytes(32))
    const keys = { rootKey: company.nextRootKey, nextKeyHashes: [nextKeyHash(next.publicKey)] }
    return must(appendIdentity(company.identity, {}, keys, sim.now()))
  })
  const targets = [sessions[0] as number, sessions[1] as number]
  for (const [i, session] of targets.entries()) {
    const log = logs[i] as (typeof logs)[number]
    const peer = sim.network.peerOf(liar.node, session)
    // As if the liar's node had answered a want-identity with it; it does not hang on who asked.
    if (peer?.alive) peer.perform(core => core.greeting.learn(log.did, log.log))
  }
  return true
}

// ---- the rest ------------------------------------------------------------------------------------------------

function forgeReceipt(sim: Simulation, liar: Member): boolean {
  const held = anyHeld(sim, liar)
  if (!held) return false
  const { facet } = held
  const tips = facet.tips().map(({ client: of, seq, id }) => ({ of, seq: seq + 1, id }))
  for (const session of sessionsOf(liar)) {
    const frame = encodeFrame({ type: 'receipt', facet: facet.id, tips, signature: sim.random.bytes(64) })
    sim.watch.expect(frame, { lie: 'forge-receipt', codes: ['signature'] })
    say(sim, liar, frame, [session])
  }
  return true
}

function mayHear(node: Member['node'], id: number, { facet }: HeldFacet): boolean {
  const session = node.core.context.sessions.get(id)
  return (
    session !== undefined &&
    node.core.context.clearance(session, 'announce', facet.space, facet.genesis) !== undefined
  )
}

/** Another company's name on a connection that was opened as one's own. */
function sayAnother(sim: Simulation, liar: Member): boolean {
  const other = sim.random.pick(sim.members.filter(({ company }) => company !== liar.company))
  const { did } = other.node.company.identity
  const certificate = other.node.company.nodeCertificate
  for (const session of sessionsOf(liar)) {
    const version = other.node.company.identity.head
    const frame = encodeFrame({ type: 'hello', did, certificate, version, confirmed: true, invite: EMPTY })
    sim.watch.expect(frame, { lie: 'say-another', codes: ['hello-other'] })
    say(sim, liar, frame, [session])
  }
  return true
}

/** Bytes that are nearly a frame. */
function junk(sim: Simulation, liar: Member): boolean {
  const held = anyHeld(sim, liar)
  const edit = held && signedEdit(liar.node, held, 'junk', { session: sim.random.below(1_000_000) })
  if (!held || !edit) return false
  for (const session of sessionsOf(liar)) {
    const frame = Uint8Array.from(runFrame(held.facet, edit.client, edit.records))
    for (let i = 1 + sim.random.below(3); i > 0; i--)
      frame[sim.random.below(frame.length)] = sim.random.below(256)
    say(sim, liar, sim.random.chance(0.3) ? frame.subarray(0, sim.random.below(frame.length)) : frame, [
      session
    ])
  }
  return true
}

function flood(sim: Simulation, liar: Member): boolean {
  const held = anyHeld(sim, liar)
  const sessions = sessionsOf(liar)
  if (!held || sessions.length === 0) return false
  sim.random.pick(FLOODS)({ sim, liar, held, to: [sim.random.pick(sessions)] })
  return true
}
