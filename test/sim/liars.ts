// Modified nodes. Each lie is a frame that an honest core would never make, put on a real connection.
import * as Y from 'yjs'
import { sign } from '../../src/identity/ed25519.ts'
import { type Composed, compose } from '../../src/replica/author.ts'
import type { Facet } from '../../src/replica/facet.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { encodeFrame } from '../../src/sync/frame.ts'
import type { EnvelopeRecord } from '../../src/wire/envelope.ts'
import { encodeHeader, envelopeId, parseHeader, signedBytes } from '../../src/wire/envelope.ts'
import { encodeFacetGenesis, facetId } from '../../src/wire/genesis.ts'
import { packClient, unpackClient } from '../../src/wire/lane.ts'
import { isReject } from '../../src/wire/reject.ts'
import { scanUpdate } from '../../src/wire/update.ts'
import { must, signerOf } from './company.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'

export type Lie =
  | 'equivocate'
  | 'forge'
  | 'tamper'
  | 'graft'
  | 'relabel'
  | 'impersonate'
  | 'replay'
  | 'backdate'
  | 'bad-yjs'

/** What becomes of a lie: refused by whom it reaches, or a fork that all must resolve alike. */
export const LIES: readonly Lie[] = [
  'equivocate',
  'forge',
  'tamper',
  'graft',
  'relabel',
  'impersonate',
  'replay',
  'backdate',
  'bad-yjs'
]

interface Scene {
  liar: SimNode
  held: HeldFacet
  others: HeldFacet[]
  random: Random
  /** Puts a frame on each of these connections of the liar. */
  say(frame: Uint8Array, to: 'all' | 'one' | 'rest'): void
}

/** Tells one lie. @returns whether the scene allowed it */
export function tell(lie: Lie, scene: Scene): boolean {
  return TELL[lie](scene)
}

const TELL: { [L in Lie]: (scene: Scene) => boolean } = {
  equivocate(scene) {
    const { liar, held } = scene
    const branches = ['left', 'right'].map(word => signedEdit(liar, held, word))
    const [left, right] = branches
    if (!left || !right || left.client !== right.client) return false
    scene.say(runFrame(held.facet, left.client, left.records), 'one')
    scene.say(runFrame(held.facet, right.client, right.records), 'rest')
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
  }
}

function resign({ liar, held }: Scene, client: number, record: EnvelopeRecord): EnvelopeRecord {
  return { ...record, signature: sign(liar.company.role, signedBytes(held.facet.id, client, record.header)) }
}

function runFrame(facet: Facet, client: number, records: EnvelopeRecord[]): Uint8Array {
  return encodeFrame({ type: 'run', facet: facet.id, request: 0, client, records })
}

/** Some envelope of another company that the liar holds. */
function stolen({ liar, held, random }: Scene) {
  const own = held.facet.space.companyOf(liar.company.identity.did)
  const id = Buffer.from(held.facet.id).toString('hex')
  const theirs = liar.disk.facet(id).filter(({ client }) => unpackClient(client).company !== own)
  return theirs.length > 0 ? random.pick(theirs) : undefined
}

/** The next envelopes of a lane of the liar's, or the first of a new one, signed and not taken in by its core. */
function signedEdit(
  liar: SimNode,
  { facet }: HeldFacet,
  word: string,
  { dangling = false, session }: { dangling?: boolean; session?: number } = {}
) {
  const own = facet.space.companyOf(liar.company.identity.did)
  if (own === undefined) return undefined
  const lane = [...facet.lanes.values()].find(({ company, forked }) => company === own && !forked)
  const fresh = packClient({ company: own, key: 0, session: session ?? 7 })
  const client = session === undefined ? (lane?.client ?? fresh) : fresh
  const view = new Y.Doc()
  const id = Buffer.from(facet.id).toString('hex')
  const doc = liar.docs.get(id)
  if (doc) Y.applyUpdate(view, Y.encodeStateAsUpdate(doc))
  if (dangling) {
    const ghost = new Y.Doc()
    ghost.clientID = packClient({ company: own, key: 0, session: 99 })
    ghost.getText('text').insert(0, 'ghost')
    Y.applyUpdate(view, Y.encodeStateAsUpdate(ghost))
  }
  view.clientID = client
  let update: Uint8Array | undefined
  view.on('update', bytes => (update = bytes))
  const text = view.getText('text')
  text.insert(dangling ? text.toJSON().indexOf('ghost') + 1 : 0, word)
  const scanned = update && scanUpdate(update)
  if (!update || !scanned || isReject(scanned)) return undefined
  const drafts = [{ body: update, scanned }]
  const signer = signerOf(liar.company.role)
  const composed = must<Composed[]>(compose({ facet, client, drafts, base: facet.frontier(), time: 1 }))
  const records = composed.map(({ headerBytes: header, body }) => ({
    header,
    signature: signer.sign(signedBytes(facet.id, client, header)),
    body
  }))
  return { client, records }
}
