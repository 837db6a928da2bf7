// What a liar signs: envelopes as its own core would make them, and some that no core would.
import * as Y from 'yjs'
import type { SecretKey } from '../../src/identity/ed25519.ts'
import { Author, type Draft } from '../../src/replica/author.ts'
import type { Facet, Tip } from '../../src/replica/facet.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { encodeFrame } from '../../src/sync/frame.ts'
import { type EnvelopeRecord, signedBytes } from '../../src/wire/envelope.ts'
import { packClient, unpackClient } from '../../src/wire/lane.ts'
import { isReject } from '../../src/wire/reject.ts'
import { scanUpdate } from '../../src/wire/update.ts'
import { signerOf } from './company.ts'
import type { SimNode } from './node.ts'

export function runFrame(facet: Facet, client: number, records: EnvelopeRecord[]): Uint8Array {
  return encodeFrame({ type: 'run', facet: facet.id, request: 0, client, records })
}

export interface Signed {
  client: number
  records: EnvelopeRecord[]
}

interface Wish {
  /** A new lane with this session, and not one that the liar has. */
  session?: number
  /** Another key than the first of the company. */
  key?: { index: number; secret: SecretKey }
  /** A struct that leans on something outside every causal past. */
  dangling?: boolean
  /** So many envelopes, one after the other. */
  count?: number
  /** How much each of them says, beyond some words. */
  bytes?: number
  /** The last of them writes into this root. */
  root?: string
  /** The body's client id. */
  writeAs?: number
  /** The body does not begin where the lane stands. */
  skip?: boolean
  /** Stands on nothing that was written before. */
  rootless?: boolean
  base?: Tip[]
}

/** The next envelopes of a lane of the liar's, or the first of a new one, signed and not taken in by its core. */
export function signedEdit(
  liar: SimNode,
  { facet }: HeldFacet,
  word: string,
  wish: Wish = {}
): Signed | undefined {
  const own = facet.space.companyOf(liar.company.identity.did)
  if (own === undefined) return undefined
  const lane = [...facet.lanes.values()].find(
    ({ company, key, forked }) => company === own && key === 0 && !forked
  )
  const fresh = packClient({ company: own, key: wish.key?.index ?? 0, session: wish.session ?? 7 })
  const client = wish.session === undefined ? (lane?.client ?? fresh) : fresh
  const drafts: Draft[] = []
  for (const update of bodies(liar, facet, word, { ...wish, writeAs: wish.writeAs ?? client })) {
    const scanned = scanUpdate(update)
    if (isReject(scanned)) return undefined
    drafts.push({ body: update, scanned })
  }
  const signer = signerOf(wish.key?.secret ?? liar.company.role)
  const base = wish.base ?? (wish.rootless ? [] : facet.frontier())
  const composed = new Author(facet, client, 1).write(drafts, base)
  if (isReject(composed)) return undefined
  const records = composed.map(({ headerBytes: header, body }) => ({
    header,
    signature: signer.sign(signedBytes(facet.id, client, header)),
    body
  }))
  return records.length > 0 ? { client, records } : undefined
}

/** What a liar's editor makes of its wish. */
function bodies(liar: SimNode, facet: Facet, word: string, wish: Wish & { writeAs: number }): Uint8Array[] {
  const view = new Y.Doc()
  const doc = liar.docs.get(Buffer.from(facet.id).toString('hex'))
  if (doc && !wish.rootless) Y.applyUpdate(view, Y.encodeStateAsUpdate(doc))
  if (wish.dangling) {
    const ghost = new Y.Doc()
    ghost.clientID = packClient({ ...unpackClient(wish.writeAs), session: 99 })
    ghost.getText('text').insert(0, 'ghost')
    Y.applyUpdate(view, Y.encodeStateAsUpdate(ghost))
  }
  view.clientID = wish.writeAs
  const updates: Uint8Array[] = []
  view.on('update', bytes => updates.push(bytes))
  const count = wish.count ?? 1
  for (let i = 0; i < count; i++) {
    const text = view.getText(i === count - 1 ? (wish.root ?? 'text') : 'text')
    text.insert(
      wish.dangling ? text.toJSON().indexOf('ghost') + 1 : 0,
      `${word} ${i}${'.'.repeat(wish.bytes ?? 0)}`
    )
    // What comes second begins where the first ended, and leans on nothing of it.
    if (wish.skip) view.getMap('meta').set('title', word)
  }
  return wish.skip ? updates.slice(1) : updates
}
