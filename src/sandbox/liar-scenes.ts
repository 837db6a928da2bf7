// What one liar among the parties can do, and what becomes of the others. A liar has the same node, and sends past it.
// protocols/sandbox, section 2.
import { encodeTerms, revisionId } from '../artifacts/agreement-terms.ts'
import { ARTIFACT_KINDS } from '../artifacts/layouts.ts'
import { headOf } from '../sync/serving.ts'
import type { HeldFacet } from '../sync/context.ts'
import { toHex } from '../wire/bytes.ts'
import { type EntryAct, type EntryRecord, encodeSpaceEntry, entrySignedBytes } from '../wire/space-entry.ts'
import { signerOf } from './company.ts'
import { nameOf, others, sharedKind } from './honest-scenes.ts'
import type { StandIn } from './stand-in.ts'
import { type Line, amber, fault, green } from './verdict.ts'
import type { World } from './world.ts'

/** The liar approves a text of its own; the others approve the draft, and then turn that text down. */
export function otherBytes(world: World, liar: StandIn): Line {
  const honest = others(world, liar)
  const [first] = honest as [StandIn]
  const terms = world.terms()
  const own = { ...terms, title: `${terms.title.slice(0, 150)}, as the liar has it` }
  world.propose(first, terms)
  world.propose(liar, own)
  world.approve(liar, own)
  world.settle()
  for (const party of honest) world.approve(party, terms)
  world.settle()
  const early = honest.some(party => world.inForce(party) !== undefined)
  const revision = revisionId(encodeTerms(own))
  for (const party of honest)
    party.says(world.space, { kind: 'reject', revision, reason: 'Not what we drafted.' })
  world.settle()
  world.approve(liar, terms)
  world.settle()
  const wanted = toHex(revisionId(encodeTerms(terms)))
  const who = nameOf(world, liar)
  if (early || honest.some(party => world.inForce(party) !== wanted))
    return fault(
      'other-bytes',
      'parties',
      `${who} approved another text, and the others were bound to it or stuck.`,
      world.play
    )
  return green(
    'other-bytes',
    'parties',
    `If ${who} approves another text, neither is in force; once the others reject it (parley agreement reject), the draft can be approved.`
  )
}

/** A document of the others is written with a signature that does not hold. */
export function forgery(world: World, liar: StandIn): Line {
  const honest = others(world, liar)
  const kind = sharedKind(world) ?? 'PeerAgreement.v1'
  const held = hidden(world, liar, () => liar.writes(world.space, kind, 'shared-confidential'))
  push(world, liar, held, signature => signature.map(byte => byte ^ 1))
  world.settle()
  const who = nameOf(world, liar)
  const isRefused = ({ news }: StandIn) =>
    news.some(one => one.what === 'refused' && one.did === liar.did && one.reject.code === 'signature')
  if (honest.some(party => party.holds(held)) || !honest.every(isRefused))
    return fault('forgery', 'parties', `a forged signature of ${who} was not refused.`, world.play)
  return green(
    'forgery',
    'parties',
    `If ${who} sends what its author did not sign, it is refused and known as the sender; nothing of it is kept.`
  )
}

/** A document that must not leave its author is sent past the liar's own gate. */
export function outsideWrite(world: World, liar: StandIn): Line {
  const honest = others(world, liar)
  const { kinds } = world.play.terms.scope
  const kind = ARTIFACT_KINDS.find(one => one !== 'PeerAgreement.v1' && !kinds.includes(one))
  const [written, clause] = kind
    ? [liar.writes(world.space, kind, 'shared-confidential'), 'scope.kinds']
    : [liar.writes(world.space, kinds[0] ?? 'StandardsDoc.v1', 'private'), 'confidentiality']
  world.settle()
  push(world, liar, written)
  world.settle()
  const who = nameOf(world, liar)
  const what = kind ?? 'a private document'
  if (honest.some(party => party.holds(written)))
    return fault('outside-write', clause, `${what} of ${who}, outside the scope, was taken in.`, world.play)
  return green(
    'outside-write',
    clause,
    `If ${who} sends ${what}, which is outside the scope, nobody takes it in.`
  )
}

/** Written while the liar says nothing, so that all of it comes by `push` alone. */
function hidden(world: World, liar: StandIn, write: () => HeldFacet): HeldFacet {
  liar.mute = true
  const held = write()
  world.settle()
  liar.mute = false
  return held
}

/** Names a document of the liar's to every honest party and sends all of it. */
function push(
  world: World,
  liar: StandIn,
  held: HeldFacet,
  forge = (signature: Uint8Array) => signature
): void {
  const { facet, genesisBytes } = held
  const tips = facet.tips().map(headOf)
  for (const party of others(world, liar)) {
    world.network.inject(liar, party, {
      type: 'heads',
      space: world.space,
      facets: [{ genesis: genesisBytes, tips }]
    })
    for (const { client, records } of liar.recordsOf(held)) {
      const forged = records.map(record => ({ ...record, signature: forge(record.signature) }))
      world.network.inject(liar, party, { type: 'run', facet: facet.id, request: 0, client, records: forged })
    }
  }
}

/** Two entries at one place in its chain, one to the first party, the other to the last of the others. */
export function equivocation(world: World, liar: StandIn): Line {
  const honest = others(world, liar)
  const [first, last] = [honest[0], honest.at(-1)] as [StandIn, StandIn]
  for (const [party, byte] of [[first, 1] as const, [last, 2] as const]) {
    const revision = new Uint8Array(32).fill(byte)
    const record = entryBy(world, liar, { kind: 'reject', revision, reason: 'What you want to hear.' })
    const { space } = world
    world.network.inject(liar, party, {
      type: 'entries',
      space,
      genesis: new Uint8Array(),
      entries: [record]
    })
  }
  world.settle()
  world.settle()
  const who = nameOf(world, liar)
  const knows = (party: StandIn) => party.space(world.space)?.forkOf(liar.index) !== undefined
  const kind = sharedKind(world)
  const held = kind && first.writes(world.space, kind, 'shared-confidential')
  world.settle()
  const goesOn = !held || others(world, liar, first).every(party => party.holds(held))
  if (!honest.every(knows) || (held && liar.holds(held)) || !goesOn)
    return fault(
      'equivocation',
      'parties',
      `${who} told two parties different things, and was not frozen by everybody.`,
      world.play
    )
  return green(
    'equivocation',
    'parties',
    `If ${who} tells two parties different things, all hold the proof, it gets nothing more, and the others go on.`
  )
}

function entryBy(world: World, liar: StandIn, act: EntryAct): EntryRecord {
  const { company, index } = liar
  const head = liar.space(world.space)?.head(index)
  const place = head ? { seq: head.seq + 1, prev: head.id } : { seq: 0 }
  const entry = encodeSpaceEntry({
    space: world.space,
    company: index,
    ...place,
    act,
    time: world.clock.nowMs
  })
  const signer = signerOf(company.role)
  return { entry, signer: signer.publicKey.bytes, signature: signer.sign(entrySignedBytes(entry)) }
}

/** The liar says nothing: first before it has approved, then when all is in force. */
export function silence(world: World, liar: StandIn): Line {
  const honest = others(world, liar)
  const [first] = honest as [StandIn]
  const terms = world.terms()
  world.propose(first, terms)
  world.settle()
  liar.mute = true
  for (const party of honest) world.approve(party, terms)
  world.settle()
  const early = honest.some(party => world.inForce(party) !== undefined)
  liar.mute = false
  world.approve(liar, terms)
  world.settle()
  world.settle()
  const late = honest.some(party => world.inForce(party) === undefined)
  const kind = sharedKind(world)
  liar.mute = true
  const held = kind && first.writes(world.space, kind, 'shared-confidential')
  world.settle()
  const goesOn = !held || others(world, liar, first).every(party => party.holds(held))
  liar.mute = false
  const who = nameOf(world, liar)
  if (early || late || !goesOn)
    return fault(
      'silence',
      'parties',
      `${who} was silent, and the others were bound without it, or stuck.`,
      world.play
    )
  const before = `If ${who} does not answer, nothing is in force until it has approved`
  if (honest.length > 1) return green('silence', 'parties', `${before}; later the others go on without it.`)
  return amber(
    'silence',
    'parties',
    `${before}; later, with two parties, everything waits for it.`,
    'Whose turn it is, and since when: parley why'
  )
}
