// From what the store holds back to a core in memory. protocols/sync, section 10.
import { openSpace } from '../artifacts/space.ts'
import { parseMessage } from '../decision/message.ts'
import { compareIdentityLogs } from '../identity/company-identity.ts'
import { verifyIdentityLog } from '../identity/identity-log.ts'
import { trustStored } from '../identity/verify.ts'
import { AllowedRun, decideRun } from '../policy/decide.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { type Envelope, type EnvelopeRecord, storedEnvelopes } from '../wire/envelope.ts'
import { facetId, parseFacetGenesis, spaceId } from '../wire/genesis.ts'
import { isReject } from '../wire/reject.ts'
import type { EntryRecord } from '../wire/space-entry.ts'
import { decodeCbor } from '../wire/cbor.ts'
import { decodeHead } from './auditing.ts'
import type { HeldFacet } from './context.ts'
import type { Core } from './core.ts'
import { inOrder } from './decision-book.ts'
import { decodeMessage } from './decisions.ts'
import type { Contact } from './directory.ts'

/** What of the store could not be used, for `parley doctor`; the facet's missing parts are fetched again. */
export interface Trouble {
  where: string
  why: string
}

export interface StoredDirectory {
  identities: Uint8Array[]
  /** DIDs whose second log is kept as a proof. */
  forkedIdentities: string[]
  contacts: Contact[]
  spaces: Uint8Array[]
  entries: { space: string; record: EntryRecord }[]
  facets: Uint8Array[]
  /** By the id of the space, the DID of the company that put it before us. */
  invitedBy: { key: string; bytes: Uint8Array }[]
  /** What was stored for each company today. */
  quota: { key: string; bytes: Uint8Array }[]
}

/** Of a key that begins with the id of a space. */
const SPACE_CHARS = 64

/** Everything but envelopes. */
export function restoreDirectory(core: Core, stored: StoredDirectory): Trouble[] {
  const { directory } = core.context
  const trouble: Trouble[] = []
  for (const log of stored.identities) {
    const identity = verifyIdentityLog(log)
    if (isReject(identity)) {
      trouble.push({ where: 'identity log', why: `${identity}` })
      continue
    }
    // Of our own company both the store and the home have one; whichever went further is it.
    const known = directory.identities.get(identity.did)
    if (!known || compareIdentityLogs(known, identity) === 'prefix')
      directory.identities.set(identity.did, identity)
  }
  for (const did of stored.forkedIdentities) directory.forkedIdentities.add(did)
  for (const contact of stored.contacts) directory.contacts.set(contact.did, contact)
  for (const bytes of stored.spaces) {
    const space = openSpace(bytes)
    if (isReject(space)) trouble.push({ where: 'space', why: `${space}` })
    else directory.spaces.set(toHex(spaceId(bytes)), space)
  }
  for (const { key, bytes } of stored.invitedBy) directory.invitedBy.set(key, new TextDecoder().decode(bytes))
  core.context.quota.restore(stored.quota, core.context.now)
  trouble.push(...restoreEntries(core, stored.entries))
  for (const bytes of stored.facets) {
    const genesis = parseFacetGenesis(bytes)
    const space = isReject(genesis) ? undefined : directory.spaceOf(genesis.space)
    const held =
      !isReject(genesis) && space && core.facets.openings.open(facetId(bytes), genesis, bytes, space, true)
    if (!held) trouble.push({ where: 'facet', why: 'its space or its kind is not known' })
  }
  return trouble
}

/** Entries come in no order: each round takes those whose predecessor is there. */
function restoreEntries(core: Core, entries: StoredDirectory['entries']): Trouble[] {
  const { directory } = core.context
  let left = entries
  for (let before = -1; left.length !== before;) {
    before = left.length
    left = left.filter(({ space, record }) => {
      const result = directory.spaces.get(space)?.add(record, directory.identityOf)
      return result === undefined || isReject(result) || (result !== 'known' && 'waits' in result)
    })
  }
  return left.map(({ space }) => ({ where: `space ${space}`, why: 'an entry that no longer fits' }))
}

export interface StoredEnvelope {
  client: number
  record: EnvelopeRecord
}

/**
 * The envelopes of one facet, by lane and seq, or those that its checkpoint does not cover.
 * @returns how many could not be placed
 */
export function restoreFacet(core: Core, held: HeldFacet, records: StoredEnvelope[]): number {
  const { id } = held.facet
  const lanes = new Map<number, { parse: ReturnType<typeof storedEnvelopes>; envelopes: Envelope[] }>()
  let lost = 0
  for (const { client, record } of records) {
    let lane = lanes.get(client)
    if (!lane) lanes.set(client, (lane = { parse: storedEnvelopes(id, client), envelopes: [] }))
    const envelope = lane.parse(record)
    if (isReject(envelope)) lost++
    else lane.envelopes.push(envelope)
  }
  let left = [...lanes.values()].flatMap(({ envelopes }) => chains(envelopes))
  for (let progress = true; progress;) {
    progress = false
    for (const chain of left) {
      const taken = admitStored(core, held, chain)
      chain.splice(0, taken)
      progress ||= taken > 0
    }
    left = left.filter(chain => chain.length > 0)
  }
  return lost + left.reduce((sum, chain) => sum + chain.length, 0)
}

/** Stretches of a lane in which each envelope follows the one before: one for each branch. */
function chains(envelopes: Envelope[]): Envelope[][] {
  const found: Envelope[][] = []
  for (const envelope of envelopes) {
    const { prev } = envelope.header
    const chain = prev && found.find(other => equalBytes((other.at(-1) as Envelope).id, prev))
    if (chain) chain.push(envelope)
    else found.push([envelope])
  }
  return found
}

function admitStored(core: Core, held: HeldFacet, envelopes: Envelope[]): number {
  const first = envelopes[0] as Envelope
  const { directory, now } = core.context
  const { facet } = held
  const run = trustStored({ facet: facet.id, client: first.client, envelopes })
  const allowed = decideRun(
    run,
    directory.question('store', directory.ownPeer, facet.space, facet.genesis, now)
  )
  return allowed instanceof AllowedRun ? facet.admit(allowed).admitted.length : 0
}

/** What the logs of earlier runs ended with, by space, what this node cosigned as a witness, and what it caught. */
export function restoreAudit(
  core: Core,
  stored: { heads: StoredRow[]; held: StoredRow[]; conflicts: StoredRow[] }
): void {
  for (const { key, bytes } of stored.heads) {
    const head = decodeHead(bytes)
    if (head) core.audit?.own.restoreHead(key, head)
  }
  const held = stored.held.flatMap(({ bytes }) => heldRow(bytes) ?? [])
  // Which log of a node is its last hangs on the order (AUD-19, AUD-20).
  for (const { opening, note, at } of held.toSorted((a, b) => a.at - b.at)) {
    core.audit?.witnessing.restore(opening, note, at)
  }
  for (const { key, bytes } of stored.conflicts) core.audit?.witnessing.restoreConflict(key, bytes)
}

/** Messages of decisions, in no order. They are judged like any that comes. */
export function restoreDecisions(core: Core, rows: StoredRow[]): Trouble[] {
  const { directory } = core.context
  const lost: string[] = []
  const stored = rows.flatMap(({ key, bytes }) => {
    const [space, record] = [directory.spaces.get(key.slice(0, SPACE_CHARS)), decodeMessage(bytes)]
    const message = space && record && parseMessage(record, directory.identityOf)
    if (message && !isReject(message) && !('waitsFor' in message)) return [{ space, message }]
    lost.push(key)
    return []
  })
  for (const { space, message } of inOrder(stored, one => one.message))
    if (!core.decisions.restore(space, message)) lost.push(`${toHex(space.id)}/${message.id}`)
  return lost.map(key => ({
    where: `decision message ${key}`,
    why: 'it does not stand by what is stored beside it'
  }))
}

/** What a witness keeps of a log that it cosigned. */
function heldRow(bytes: Uint8Array): { opening: Uint8Array; note: Uint8Array; at: number } | undefined {
  const row = decodeCbor(bytes, bytes.length)
  const [opening, note, at] = Array.isArray(row) ? row : []
  const isWhole = opening instanceof Uint8Array && note instanceof Uint8Array && typeof at === 'number'
  return isWhole ? { opening, note, at } : undefined
}

interface StoredRow {
  key: string
  bytes: Uint8Array
}
