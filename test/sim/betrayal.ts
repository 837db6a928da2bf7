// What liars do about agreements: say yes to two texts, take a yes back, hand in approvals and terms that are none,
// approve what they propose only later, and propose without end. What they made that is fit, the model knows.
import { signApproval } from '../../src/artifacts/agreement-approval.ts'
import { type TermsBody, encodeTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import { generateKey, sign as signBytes } from '../../src/identity/ed25519.ts'
import type { LogEntry, SpaceLog } from '../../src/identity/space-log.ts'
import { EMPTY, fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import {
  type EntryAct,
  type EntryRecord,
  encodeSpaceEntry,
  entryId,
  entrySignedBytes
} from '../../src/wire/space-entry.ts'
import { approve, entryOf } from './agreement.ts'
import { admitting, amendedTerms, approval, proposal, rejection } from './agreeing.ts'
import { encodeFrame } from '../../src/sync/frame.ts'
import { type Member, indexIn, say, sessionsOf } from './members.ts'
import { isComer } from './plan.ts'
import type { Revision, Treaty } from './treaty.ts'
import { sign } from './chain.ts'
import type { Simulation } from './world.ts'

type Facts = Parameters<typeof signApproval>[0]

interface Table {
  sim: Simulation
  liar: Member
  log: SpaceLog
  /** Index of the liar's company. */
  own: number
  treaty: Treaty
}

/** @returns whether something was said */
type Betrayal = (table: Table) => boolean

const BETRAYALS: readonly (readonly [number, Betrayal])[] = [
  [3, approveTwo],
  [3, takeBack],
  [5, wrongDocument],
  [5, wrongTerms],
  [4, proposeLater],
  [1, proposeMuch],
  [1, proposeAside]
]

/** Beside these, where companies may come later. */
const AT_THE_DOOR: typeof BETRAYALS = [
  [4, approveTwo],
  [3, leaveOut],
  [3, comeUncalled]
]

export function betray(sim: Simulation, liar: Member): boolean {
  const { node } = liar
  const space = sim.random.pick(sim.spaces)
  const log = node.space(space.id)
  const own = log?.companyOf(node.company.identity.did)
  if (!log || own === undefined || !log.head(own) || log.forkOf(own) || node.failing) return false
  const betrayals = sim.plan.admits ? [...BETRAYALS, ...AT_THE_DOOR] : BETRAYALS
  return sim.random.weighted(betrayals)({ sim, liar, log, own, treaty: sim.treaties.of(log) })
}

function record({ sim, liar, log }: Table, act: EntryAct, after?: LogEntry): EntryRecord {
  return entryOf(log, liar.node.company, act, { time: sim.now(), ...(after && { after }) })
}

function tell({ sim, liar, log }: Table, entries: EntryRecord[], to: number[]): void {
  for (const session of to)
    say(sim, liar, { type: 'entries', space: log.id, genesis: EMPTY, entries }, [session])
}

/** Living revisions on which the liar has said nothing yet; its own, where there are too few rivals to speak of. */
function openTo({ sim, liar, log, own }: Table, count: number): Revision[] {
  const open = () => {
    const { revisions, answered } = sim.treaties.of(log)
    return revisions.filter(({ id, dead }) => !dead && !answered[own]?.has(id))
  }
  const terms = amendedTerms(sim.random, log, sim.treaties.of(log))
  // Where it alone can amend, two branches of its chain are two agreements.
  if (sim.random.chance(0.6))
    terms.amendment = { threshold: 1, weights: terms.parties.map((_, company) => (company === own ? 1 : 0)) }
  const comers =
    sim.plan.admits && sim.random.chance(0.6)
      ? sim.members.filter(({ company }) => isComer(sim.plan, company))
      : []
  for (let i = open().length; i < count; i++) {
    const title = `Text ${i} ${sim.random.below(1_000_000)}`
    // Each text may admit another company to the same place.
    const comer = comers[i % 2]?.node.company.identity.did
    const text = comer === undefined ? terms : admitting(sim.random, terms, comer)
    sign(sim, liar, log, proposal(sim, { ...text, title }))
  }
  return open()
}

/** On two branches of its chain, one for some and one for the rest. */
function approveTwo(table: Table): boolean {
  const { sim, liar, log } = table
  const open = openTo(table, 2)
  const [one, other] = open.flatMap(a => {
    const rival = open.find(b => b !== a && b.terms.before === a.terms.before)
    return rival ? [a, rival] : []
  })
  const sessions = sim.random.shuffled(sessionsOf(liar))
  if (!one || !other || sessions.length < 2) return false
  const [left, right] = [one, other].map(({ terms }) => record(table, approval(sim, liar, log, terms)))
  tell(table, [left as EntryRecord], sessions.slice(0, 1))
  tell(table, [right as EntryRecord], sessions.slice(1))
  return true
}

/** A no that stands beside a yes of its own. */
function takeBack(table: Table): boolean {
  const { sim, liar, log, own, treaty } = table
  const chain = log.branches(own)[0] ?? []
  const approved = chain.filter(({ act }) => act.kind === 'approve')
  if (approved.length === 0) return false
  const entry = sim.random.pick(approved)
  const { revision } = entry.act as Extract<EntryAct, { kind: 'approve' }>
  const known = treaty.revisions.some(({ id }) => id === toHex(revision))
  if (!known || !entry.before) return false
  tell(table, [record(table, rejection({ id: toHex(revision) }), entry.before)], sessionsOf(liar))
  return true
}

/** Another company's, of another revision or capacity, under another key, or no document at all. */
function wrongDocument(table: Table): boolean {
  const { sim, liar, log } = table
  const open = openTo(table, 1)
  if (open.length === 0) return false
  const { terms } = sim.random.pick(open)
  const { company } = liar.node
  const revision = revisionId(encodeTerms(terms))
  const other = sim.members.find(member => member.company !== liar.company) as Member
  const intern = { ...terms, parties: terms.parties.map(party => ({ ...party, capacity: 'intern' })) }
  const stranger = generateKey(sim.random.bytes(32))
  const documents = [
    () => document(approve(log, other.node.company, { terms })),
    () => document(approve(log, company, { terms: { ...terms, title: 'Another' } })),
    () => document(approve(log, company, { terms: intern })),
    () => document(approve(log, company, { terms, key: stranger })),
    () => signedBy(liar, { ...factsOf(log, company.identity.did, terms), number: terms.number + 1 }),
    () => sim.random.bytes(40)
  ]
  return sign(sim, liar, log, { kind: 'approve', revision, document: sim.random.pick(documents)() })
}

function signedBy({ node }: Member, facts: Facts): Uint8Array {
  return signApproval(facts, message => signBytes(node.company.role, message))
}

function document(act: EntryAct): Uint8Array {
  return (act as Extract<EntryAct, { kind: 'approve' }>).document
}

function factsOf(log: SpaceLog, did: string, terms: TermsBody): Facts {
  const party = terms.parties.find(({ company }) => company === did)
  return {
    capacity: party?.capacity ?? 'none',
    certificate: '',
    company: did,
    number: terms.number,
    person: 'Somebody',
    revision: toHex(revisionId(encodeTerms(terms))),
    role: 'CTO',
    signatory: party?.signatory ?? 'nobody',
    space: toHex(log.id),
    time: '2026-01-01T00:00:00Z'
  }
}

/** Of another space, with a page that says something else, that half of the parties could amend, or no terms. */
function wrongTerms({ sim, liar, log, treaty }: Table): boolean {
  const terms = amendedTerms(sim.random, log, treaty)
  const text = new TextDecoder().decode(encodeTerms(terms))
  const wrong = sim.random.pick([
    () => encodeTerms({ ...terms, space: toHex(sim.random.bytes(32)) }),
    () => encodeTerms({ ...terms, amendment: { threshold: 1, weights: terms.parties.map(() => 1) } }),
    () => encodeTerms({ ...terms, parties: terms.parties.toReversed() }),
    () => encodeTerms({ ...terms, starts: '2026-02-30' }),
    () => utf8(text.replace(terms.title, 'Nothing of the kind')),
    () => utf8(text.replace('{', '{ ')),
    () => sim.random.bytes(100)
  ])()
  const done = sign(sim, liar, log, { kind: 'propose', terms: wrong })
  const revision = revisionId(wrong)
  // And a yes to it, as good as it can be.
  const facts = { ...factsOf(log, liar.node.company.identity.did, terms), revision: toHex(revision) }
  if (done && sim.random.chance(0.5))
    sign(sim, liar, log, { kind: 'approve', revision, document: signedBy(liar, facts) })
  return done
}

/** Terms that a log takes which does not have those before: without the company that was admitted last. */
function leaveOut({ sim, liar, log, treaty }: Table): boolean {
  const { inForce } = treaty
  if (!inForce || inForce.terms.parties.length === log.founders.length) return false
  const { admits: _none, ...terms } = inForce.terms
  const parties = terms.parties.slice(0, -1)
  const amendment = { threshold: parties.length, weights: parties.map(() => 1) }
  const number = terms.number + 1
  const title = `Without ${sim.random.below(1_000_000)}`
  return sign(
    sim,
    liar,
    log,
    proposal(sim, { ...terms, parties, amendment, number, before: inForce.id, title })
  )
}

/** An acceptance at an index that nobody sealed, or that no space has. */
function comeUncalled({ sim, liar, log, treaty }: Table): boolean {
  const { company } = liar.node
  const open = treaty.revisions.find(({ sealed }) => !sealed)
  const index = sim.random.pick([treaty.parties.length, 31, 32, 8_000])
  const named = sim.random.pick([open?.id, toHex(sim.random.bytes(32)), undefined])
  const revision = named === undefined ? undefined : (fromHex(named) as Uint8Array)
  const certificates = [company.roleCertificate]
  const act: EntryAct = {
    kind: 'accept',
    rootVersion: company.identity.head,
    certificates,
    ...(revision && { revision })
  }
  const entry = encodeSpaceEntry({ space: log.id, company: index, seq: 0, act, time: sim.now() })
  const signature = signBytes(company.role, entrySignedBytes(entry))
  const entries = [{ entry, signer: company.role.publicKey.bytes, signature }]
  for (const session of sessionsOf(liar)) {
    const frame = encodeFrame({ type: 'entries', space: log.id, genesis: EMPTY, entries })
    const peer = sim.network.peerOf(liar.node, session)
    const at = peer?.space(toHex(log.id))
    const node = peer && sim.memberOf(peer)
    // Whether the index is one that it takes for its own is for each to judge by its log.
    const judges = at && node && indexIn(sim, at, liar.company) >= 0
    if (judges && (index > 31 || (!revision && index >= at.founders.length)))
      sim.watch.expect(frame, { lie: 'come-uncalled', codes: ['entry-place'] })
    say(sim, liar, frame, [session])
  }
  return true
}

/** A yes to a text that nobody has seen, then one to its rival; the text is shown when others have acted on the second. */
function proposeLater(table: Table): boolean {
  const { sim, liar, log } = table
  const open = openTo(table, 1)
  if (open.length === 0) return false
  const { terms } = sim.random.pick(open)
  const hidden = { ...terms, title: `Hidden ${sim.random.below(1_000_000)}` }
  const act = proposal(sim, hidden)
  sign(sim, liar, log, approval(sim, liar, log, hidden))
  const done = sign(sim, liar, log, approval(sim, liar, log, terms))
  sim.later(5_000 + sim.random.below(20_000), () => {
    if (liar.node.alive && liar.node.space(toHex(log.id)) === log) sign(sim, liar, log, act)
  })
  return done
}

/** More than anybody looks at, all in its chain. */
function proposeMuch(table: Table): boolean {
  const { liar, log, own, sim } = table
  let after = log.head(own) as LogEntry
  if (after.seq > 200) return false
  const records = Array.from({ length: 270 }, (_, i) => {
    const next = record(table, { kind: 'propose', terms: nothing(i) }, after)
    after = { ...after, seq: after.seq + 1, id: entryId(next.entry) }
    return next
  })
  liar.node.perform(core => core.spaces.add(log, records))
  sim.operations++
  return true
}

/** On many branches, each lower than what it proposed before and others have approved. */
function proposeAside(table: Table): boolean {
  const { liar, log, own } = table
  const [first] = log.branches(own)[0] ?? []
  const depth = Math.min(log.head(own)?.seq ?? 0, 8)
  if (!first || depth < 5) {
    const { sim, treaty } = table
    return sign(sim, liar, log, proposal(sim, amendedTerms(sim.random, log, treaty)))
  }
  const records: EntryRecord[] = []
  for (let branch = 0; branch < 60; branch++) {
    let after = first
    for (let i = 0; i < depth; i++) {
      const next = record(table, { kind: 'propose', terms: nothing(branch * 10 + i) }, after)
      after = { ...after, seq: after.seq + 1, id: entryId(next.entry) }
      records.push(next)
    }
  }
  liar.node.perform(core => core.spaces.add(log, records))
  return true
}

function nothing(i: number): Uint8Array {
  return utf8(`"no terms ${i}"`)
}
