// `parley why`: for anything that is not in sync, whose turn it is, since when, the last error, the next retry.
import { isRevoked } from '../identity/certificate.ts'
import { DOCUMENT_MAX } from '../replica/document-size.ts'
import type { Facet, Wait } from '../replica/facet.ts'
import { unpackClient } from '../wire/lane.ts'
import { toHex } from '../wire/bytes.ts'
import type { WhyJson } from './parley-node.ts'
import { type Parts, nameOf } from './parts.ts'

/** Each Yjs client costs every later transaction a little (security research, 3.1). */
const LANES_MANY = 1_000
/** The part of what a document may hold from which people should hear of it. */
const FULL_SOON = 0.8

export class Why {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** All companies and all documents, or those whose name or id begins with `subject`. */
  all(subject?: string): WhyJson[] {
    const { directory, driver } = this.#parts
    const answers: WhyJson[] = []
    const own = this.#ownTroubles()
    if (own.length > 0) answers.push({ subject: 'this node', inSync: false, reasons: own })
    for (const did of directory.contacts.keys()) answers.push(this.#company(did))
    for (const id of driver.core.context.facets.keys()) answers.push(this.#facet(id))
    if (subject === undefined) return answers
    const wanted = subject.toLowerCase()
    return answers.filter(answer => answer.subject.toLowerCase().includes(wanted))
  }

  #ownTroubles(): string[] {
    const { directory, driver, losses } = this.#parts
    const { certificate } = directory.ownPeer
    const identity = directory.identities.get(directory.self.did)
    const reasons: string[] = []
    if (driver.diskError) reasons.push(`nothing can be written: ${driver.diskError.message}`)
    if (identity && isRevoked(certificate, identity))
      reasons.push('the certificate of this node is revoked: peers let it see nothing')
    else if (certificate.expiresAt <= Date.now())
      reasons.push('the certificate of this node has expired: parley node renew, where the root key is')
    return [...reasons, ...losses.reasons()]
  }

  #company(did: string): WhyJson {
    const { directory, driver, peering } = this.#parts
    const contact = directory.contacts.get(did)
    const subject = `${nameOf(this.#parts, did)} (${did})`
    const sessions = [...driver.core.context.open()].filter(session => session.peer.did === did)
    const reasons: string[] = []
    if (sessions.length === 0) reasons.push(...this.#unreachable(did))
    if (!contact?.confirmed)
      reasons.push('your side has not confirmed the words: parley confirm; only public parts flow')
    else if (sessions.some(session => !session.peer.confirms)) {
      reasons.push('their side has not confirmed the words yet; only public parts flow')
    }
    for (const session of sessions) {
      if (session.peer.certificate.expiresAt < Date.now())
        reasons.push('the certificate of their node has expired; it is their turn to renew it')
    }
    reasons.push(...this.#shares(did))
    for (const { phase, nextDialMs, peerId } of peering.status()) {
      const theirs = contact?.nodes.includes(peerId)
      if (theirs && phase === 'waiting' && nextDialMs !== undefined)
        reasons.push(`the next attempt is in ${seconds(nextDialMs - Date.now())}`)
    }
    return { subject, inSync: reasons.length === 0, reasons }
  }

  /** Limits of this node that what a company wrote has met. */
  #shares(did: string): string[] {
    const { driver, directory } = this.#parts
    const { quota } = driver.core.context
    const now = Date.now()
    const reasons: string[] = []
    if (quota.isSpent('envelopes', did, now)) reasons.push(this.#heldBack(did))
    for (const space of directory.spaces.values()) {
      const company = space.companyOf(did)
      if (company === undefined || did === directory.self.did || !quota.isFull(space.id, company)) continue
      reasons.push(
        `it has ${quota.limits.documents} documents in ${space.genesis.title}; further ones stay with it until companyDocuments in parley.json is raised`
      )
    }
    return reasons
  }

  #heldBack(did: string): string {
    const { quota } = this.#parts.driver.core.context
    const until = new Date(quota.endsAt(Date.now())).toISOString()
    return `what ${this.#name(did)} writes waits with its sender: this node stores ${quota.limits.bytesPerDay} bytes of it in a day (companyBytesPerDay in parley.json); it is asked for after ${until}`
  }

  #unreachable(did: string): string[] {
    const { directory, peering } = this.#parts
    const contact = directory.contacts.get(did)
    const dials = peering.status().filter(({ peerId, addresses }) => {
      return (
        contact?.nodes.includes(peerId) || addresses.some(address => contact?.addresses.includes(address))
      )
    })
    // Every known address is dialed, unless the node was told not to.
    if (dials.length === 0 && contact?.addresses.length)
      return ['nobody is dialed: this node was started with --offline; start it without']
    if (dials.length === 0)
      return ['no address is known: it is their turn to connect, or run parley connect MULTIADDR']
    return dials.map(({ sinceMs, lastError }) => {
      const last = lastError ? `; the last attempt failed: ${lastError.message}` : ''
      return `not connected for ${seconds(Date.now() - sinceMs)}${last}`
    })
  }

  #facet(id: string): WhyJson {
    const { driver, documents } = this.#parts
    const held = driver.core.context.facets.get(id)
    const reasons: string[] = []
    if (!held) return { subject: id, inSync: true, reasons }
    const { facet } = held
    const stalled = documents.stalled(id)
    if (stalled !== undefined) reasons.push(`it cannot be shown here: ${stalled}`)
    if (driver.store.readOnly(id))
      reasons.push(
        'what this node wrote there is missing; it is read-only until peers have sent it or have none'
      )
    for (const { wait, from } of driver.core.facets.pending.list(id)) {
      const bearer = from ? this.#name(from.peer?.did) : 'a bundle'
      reasons.push(`something from ${bearer} waits for ${waitedFor(this.#parts, facet, wait)}`)
    }
    if (facet.lanes.size >= LANES_MANY) {
      reasons.push(
        `${facet.lanes.size} sessions have written here: loading is slow, and a new document would be fast again`
      )
    }
    const full = fullness(facet)
    if (full >= FULL_SOON) {
      reasons.push(`this document is ${Math.floor(full * 100)} % full; start a new one before it is`)
    }
    for (const fork of facet.forks()) {
      const author = this.#name(facet.space.parties[unpackClient(fork.client).company])
      reasons.push(
        `${author} signed ${fork.branches.length} different envelopes for seq ${fork.seq} of one lane`
      )
    }
    const waiting = new Set<string>()
    for (const session of driver.core.context.open()) {
      const link = session.facets.get(id)
      for (const { of } of link?.announced ?? []) {
        const author = facet.space.parties[unpackClient(of).company]
        if (author !== undefined && driver.core.facets.asking.isHeldBack(session, facet, of))
          waiting.add(author)
      }
      const lacks =
        link?.announced.filter(({ of, seq, id: head }) => !facet.find({ client: of, seq, id: head }))
          .length ?? 0
      if (lacks > 0) reasons.push(`${lacks} lanes are being fetched from ${this.#name(session.peer.did)}`)
    }
    for (const did of waiting) reasons.push(this.#heldBack(did))
    return {
      subject: `${facet.genesis.kind} ${toHex(facet.genesis.artifact)}`,
      inSync: reasons.length === 0,
      reasons
    }
  }

  #name(did: string | undefined): string {
    return did === undefined ? 'somebody' : nameOf(this.#parts, did)
  }
}

/** What must come first, in words. */
export function waitedFor(parts: Pick<Parts, 'directory'>, { space }: Facet, wait: Wait): string {
  const company = wait.for === 'entry' ? wait.company : unpackClient(wait.client).company
  const did = space.parties[company]
  const whose = did === undefined ? 'somebody' : nameOf(parts, did)
  return wait.for === 'entry' ? `entry ${wait.seq} of ${whose}` : `seq ${wait.seq} of a lane of ${whose}`
}

/** What the document holds, as a part of what it may. Beyond 1 where parts written apart came together. */
function fullness(facet: Facet): number {
  const { bytes, items } = facet.used()
  return Math.max(bytes / DOCUMENT_MAX.bytes, items / DOCUMENT_MAX.items)
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`
}
