// Modified nodes. Each lie is a frame that an honest core would never make, put on a real connection.
import { sign } from '../../src/identity/ed25519.ts'
import { type Facet, tipOf } from '../../src/replica/facet.ts'
import { authAt, knows } from '../../src/replica/lane-tree.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { encodeFrame } from '../../src/sync/frame.ts'
import {
  type EnvelopeRecord,
  type Header,
  encodeHeader,
  envelopeId,
  parseHeader,
  signedBytes
} from '../../src/wire/envelope.ts'
import { encodeFacetGenesis, facetId } from '../../src/wire/genesis.ts'
import { packClient, unpackClient } from '../../src/wire/lane.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type Signed, runFrame, signedEdit } from './forge.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'

export const LIES = [
  'equivocate',
  'two-openings',
  'forge',
  'forged-inside',
  'bad-tail',
  'tamper',
  'graft',
  'relabel',
  'impersonate',
  'replay',
  'backdate',
  'auth-back',
  'both-branches',
  'dep-implied',
  'claims',
  'other-client',
  'skip-clock',
  'layout',
  'bad-yjs',
  'outside-past'
] as const

export type Lie = (typeof LIES)[number]

/** Those that fork a lane. */
export const FORKS: readonly Lie[] = ['equivocate', 'two-openings']

/** Codes with which a lie is refused by whomever it reaches; none: it is a fork, or changes nothing. */
const CODES: { [L in Lie]?: readonly string[] } = {
  forge: ['signature'],
  'bad-tail': ['update-layout'],
  tamper: ['signature', 'chain-broken', 'cbor-canonical', 'header-range'],
  graft: ['lane-mismatch', 'auth-missing'],
  relabel: ['lane-mismatch'],
  impersonate: ['signature', 'key-unknown', 'auth-missing', 'auth-place'],
  backdate: ['auth-missing', 'auth-order', 'key-unknown'],
  'auth-back': ['auth-order'],
  'both-branches': ['past-forked'],
  'dep-implied': ['dep-implied'],
  claims: ['update-claims'],
  'other-client': ['update-client'],
  'skip-clock': ['update-clock'],
  layout: ['update-layout'],
  'bad-yjs': ['update-reference', 'update-clock', 'update-parent'],
  'outside-past': ['update-reference']
}

/** Sessions from here on hold envelopes of which only the last of a run has a signature. */
export const COVERED = 20_000_000

export interface Scene {
  liar: SimNode
  held: HeldFacet
  others: HeldFacet[]
  random: Random
  /** Puts a frame on each of these connections of the liar. `codes`: what it is refused with. */
  say(frame: Uint8Array, to: 'all' | 'one' | 'rest', codes?: readonly string[]): void
  /** Keeps a branch back, to be shown later. */
  keep?(secret: { facet: Facet; client: number; records: EnvelopeRecord[] }): void
}

/** Tells one lie. @returns whether the scene allowed it */
export function tell(lie: Lie, scene: Scene): boolean {
  const codes = CODES[lie]
  // What leads up to the run is no lie yet.
  const say: Scene['say'] = (frame, to) => scene.say(frame, to, frame[1] === RUN ? codes : undefined)
  return TELL[lie]({ ...scene, say })
}

/** The type number of a run, in protocols/sync, section 3. */
const RUN = 9

const TELL: { [L in Lie]: (scene: Scene) => boolean } = {
  equivocate(scene) {
    const { liar, held } = scene
    const branches = ['left', 'right'].map(word => signedEdit(liar, held, word))
    const [left, right] = branches
    if (!left || !right || left.client !== right.client) return false
    scene.say(runFrame(held.facet, left.client, left.records), 'one')
    // Now, or when everybody has built on the first.
    if (scene.keep && scene.random.chance(0.6)) scene.keep({ facet: held.facet, ...right })
    else scene.say(runFrame(held.facet, right.client, right.records), 'rest')
    return true
  },
  'two-openings'(scene) {
    const session = 10_000 + scene.random.below(1_000_000)
    // What stands on nothing is taken in by whomever it reaches.
    const wish = { session, rootless: scene.random.chance(0.6) }
    const branches = ['one', 'two', 'three'].map(word => signedEdit(scene.liar, scene.held, word, wish))
    const [one, two, three] = branches
    if (!one || !two || !three) return false
    scene.say(runFrame(scene.held.facet, one.client, one.records), 'one')
    scene.say(runFrame(scene.held.facet, two.client, two.records), 'rest')
    scene.keep?.({ facet: scene.held.facet, ...three })
    return true
  },
  'forged-inside'(scene) {
    // Good for all: the last signature vouches for those before it. Whoever passes on a part must find an end.
    const session = COVERED + scene.random.below(1_000_000)
    // Large ones do not fit into one answer.
    const large = scene.random.chance(0.5)
    const wish = large ? { count: 4, bytes: 25_000 } : { count: 3 + scene.random.below(3) }
    const edit = signedEdit(scene.liar, scene.held, 'covered', { session, ...wish })
    if (!edit) return false
    const last = edit.records.length - 1
    const records = edit.records.map((record, i) =>
      i === last ? record : { ...record, signature: scene.random.bytes(64) }
    )
    scene.say(runFrame(scene.held.facet, edit.client, records), scene.random.pick(['all', 'one']))
    return true
  },
  'bad-tail'(scene) {
    // A good beginning that only the last signature covers, and a last body that the gate refuses.
    const session = 30_000_000 + scene.random.below(1_000_000)
    const root = 'nowhere'
    const edit = signedEdit(scene.liar, scene.held, 'tail', { session, count: 3, root })
    if (!edit) return false
    const records = edit.records.map((record, i) =>
      i < 2 ? { ...record, signature: new Uint8Array(64) } : record
    )
    scene.say(runFrame(scene.held.facet, edit.client, records), 'all')
    return true
  },
  'auth-back'(scene) {
    // Relies on more than it says: an older entry of some company than what its deps rely on.
    const { facet } = scene.held
    const older = facet.space
      .entries()
      .filter(({ before }) => before)
      .map(({ before }) => before)
    if (older.length === 0) return false
    const entry = scene.random.pick(older)
    const heads = facet.frontier().flatMap(tip => facet.find(tip) ?? [])
    const relied = heads.some(head => (authAt(head)[entry?.company ?? 0]?.seq ?? -1) > (entry?.seq ?? 0))
    const own = facet.space.companyOf(scene.liar.company.identity.did)
    if (!entry || !relied || entry.company === own) return false
    const edit = signedEdit(scene.liar, scene.held, 'back', {
      session: 40_000_000 + scene.random.below(1_000_000)
    })
    return resaid(scene, edit, header => ({
      auth: [...header.auth.filter(({ company }) => company !== entry.company), entry]
        .map(({ company, seq, id }) => ({ company, seq, id }))
        .sort((a, b) => a.company - b.company)
    }))
  },
  'both-branches'(scene) {
    // Stands on both branches of a fork.
    const { facet } = scene.held
    const forked = [...facet.lanes.values()].filter(lane => lane.forked)
    for (const lane of scene.random.shuffled(forked)) {
      const [one, other] = scene.random.shuffled(lane.tips())
      const builder = one && facet.order().find(at => at.segment.lane !== lane && knows(at, one))
      if (!builder || !other) continue
      const deps = [tipOf(other), tipOf(builder)].sort((a, b) => a.client - b.client)
      const session = 50_000_000 + scene.random.below(1_000_000)
      const edit = signedEdit(scene.liar, scene.held, 'both', { session, rootless: true })
      return resaid(scene, edit, () => ({ deps }))
    }
    return false
  },
  'dep-implied'(scene) {
    const { facet } = scene.held
    const session = 60_000_000 + scene.random.below(1_000_000)
    for (const head of facet.frontier().flatMap(tip => facet.find(tip) ?? [])) {
      const older = facet.order().find(at => at.segment.lane !== head.segment.lane && knows(head, at))
      if (!older) continue
      const deps = [tipOf(head), tipOf(older)].sort((a, b) => a.client - b.client)
      const edit = signedEdit(scene.liar, scene.held, 'implied', { session, rootless: true })
      return resaid(scene, edit, () => ({ deps }))
    }
    return false
  },
  claims(scene) {
    const edit = signedEdit(scene.liar, scene.held, 'claims', {
      session: 70_000_000 + scene.random.below(1_000_000)
    })
    const more = scene.random.chance(0.5)
    return resaid(scene, edit, header =>
      more
        ? { clockEnd: header.clockEnd + 1 }
        : { deletes: [{ client: edit?.client ?? 0, clock: 0, length: 1 }] }
    )
  },
  'other-client'(scene) {
    const { facet } = scene.held
    // Without a victim it would write as itself, which is no lie.
    if (facet.lanes.size === 0) return false
    const victim = scene.random.pick([...facet.lanes.keys()])
    const session = 80_000_000 + scene.random.below(1_000_000)
    const edit = signedEdit(scene.liar, scene.held, 'as you', { session, writeAs: victim, rootless: true })
    if (!edit || victim === edit.client) return false
    scene.say(runFrame(facet, edit.client, edit.records), 'all')
    return true
  },
  'skip-clock'(scene) {
    const session = 90_000_000 + scene.random.below(1_000_000)
    const edit = signedEdit(scene.liar, scene.held, 'later', { session, skip: true, rootless: true })
    if (!edit) return false
    scene.say(runFrame(scene.held.facet, edit.client, edit.records), 'all')
    return true
  },
  layout(scene) {
    const session = 100_000_000 + scene.random.below(1_000_000)
    const edit = signedEdit(scene.liar, scene.held, 'hidden', { session, root: 'nowhere' })
    if (!edit) return false
    scene.say(runFrame(scene.held.facet, edit.client, edit.records), 'all')
    return true
  },
  forge(scene) {
    const edit = signedEdit(scene.liar, scene.held, 'forged')
    if (!edit) return false
    const records = edit.records.map(record => ({ ...record, signature: scene.random.bytes(64) }))
    scene.say(runFrame(scene.held.facet, edit.client, records), 'all')
    return true
  },
  tamper(scene) {
    const victim = stolen(scene)
    if (!victim) return false
    // The header's last byte is the end of the time: still well-formed, and no longer what was signed.
    const header = Uint8Array.from(victim.record.header)
    header[header.length - 1] = (header.at(-1) as number) ^ 1
    scene.say(runFrame(scene.held.facet, victim.client, [{ ...victim.record, header }]), 'all')
    return true
  },
  graft(scene) {
    const victim = stolen(scene)
    const other = scene.others.find(held => held !== scene.held)
    if (!victim || !other || victim.seq !== 0) return false
    scene.say(runFrame(other.facet, victim.client, [victim.record]), 'all')
    return true
  },
  relabel(scene) {
    // The same words under another data class: another facet, which the signed lane does not name.
    const { genesis, space } = scene.held.facet
    const relabelled = encodeFacetGenesis({
      ...genesis,
      class: genesis.class === 'public' ? 'shared-confidential' : 'public'
    })
    const victim = stolen(scene)
    if (!victim || victim.seq !== 0) return false
    const records = [victim.record]
    const tip = {
      of: victim.client,
      seq: 0,
      id: envelopeId(scene.held.facet.id, victim.client, victim.record.header)
    }
    scene.say(
      encodeFrame({ type: 'heads', space: space.id, facets: [{ genesis: relabelled, tips: [tip] }] }),
      'all'
    )
    scene.say(
      encodeFrame({ type: 'run', facet: facetId(relabelled), request: 0, client: victim.client, records }),
      'all'
    )
    return true
  },
  impersonate(scene) {
    const edit = signedEdit(scene.liar, scene.held, 'not me', { session: 1 + scene.random.below(1_000) })
    const opening = edit?.records[0] && parseHeader(edit.records[0].header)
    if (!edit || !opening || isReject(opening) || !opening.opening) return false
    const company = (opening.opening.company + 1) % scene.held.facet.space.parties.length
    const client = packClient({ ...unpackClient(edit.client), company })
    const header = encodeHeader({ ...opening, opening: { ...opening.opening, company } })
    const record = resign(scene, client, { ...(edit.records[0] as EnvelopeRecord), header })
    scene.say(runFrame(scene.held.facet, client, [record]), 'all')
    return true
  },
  replay(scene) {
    const victim = stolen(scene)
    if (!victim) return false
    for (let i = 0; i < 3; i++) scene.say(runFrame(scene.held.facet, victim.client, [victim.record]), 'all')
    return true
  },
  backdate(scene) {
    const edit = signedEdit(scene.liar, scene.held, 'earlier', { session: 2_000 + scene.random.below(1_000) })
    const opening = edit?.records[0] && parseHeader(edit.records[0].header)
    if (!edit || !opening || isReject(opening) || opening.auth.length === 0) return false
    // An opening that leans on no entry of its own company.
    const header = encodeHeader({ ...opening, auth: [], time: 0 })
    const record = resign(scene, edit.client, { ...(edit.records[0] as EnvelopeRecord), header })
    scene.say(runFrame(scene.held.facet, edit.client, [record]), 'all')
    return true
  },
  'bad-yjs'(scene) {
    // A struct that leans on something outside every causal past.
    const edit = signedEdit(scene.liar, scene.held, 'dangling', { dangling: true })
    if (!edit) return false
    scene.say(runFrame(scene.held.facet, edit.client, edit.records), 'all')
    return true
  },
  'outside-past'(scene) {
    // Leans on words that everybody has, and that its header does not name.
    const { liar, held, random } = scene
    const doc = liar.docs.get(Buffer.from(held.facet.id).toString('hex'))
    if (!doc || doc.getText('text').length === 0) return false
    const edit = signedEdit(liar, held, 'beside', {
      session: 130_000_000 + random.below(1_000_000),
      base: []
    })
    if (!edit) return false
    scene.say(runFrame(held.facet, edit.client, edit.records), 'all')
    return true
  }
}

function resign({ liar, held }: Scene, client: number, record: EnvelopeRecord): EnvelopeRecord {
  return { ...record, signature: sign(liar.company.role, signedBytes(held.facet.id, client, record.header)) }
}

/** The first of these envelopes with other words in its header, signed as if they were true. */
function resaid(
  scene: Scene,
  edit: Signed | undefined,
  change: (header: Header) => Partial<Header>
): boolean {
  const first = edit?.records[0]
  const header = first && parseHeader(first.header)
  if (!edit || !first || !header || isReject(header)) return false
  const record = { ...first, header: encodeHeader({ ...header, ...change(header) }) }
  scene.say(runFrame(scene.held.facet, edit.client, [resign(scene, edit.client, record)]), 'all')
  return true
}

/** Some envelope of another company that the liar holds. */
function stolen({ liar, held, random }: Scene) {
  const own = held.facet.space.companyOf(liar.company.identity.did)
  const id = Buffer.from(held.facet.id).toString('hex')
  const theirs = liar.disk.facet(id).filter(({ client }) => unpackClient(client).company !== own)
  return theirs.length > 0 ? random.pick(theirs) : undefined
}
