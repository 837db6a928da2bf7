// `parley why`: for anything that is not in sync, whose turn it is, since when, the last error, the next retry.
import { agreementOf } from '../artifacts/agreement.ts'
import { isRevoked } from '../identity/certificate.ts'
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { DOCUMENT_MAX } from '../replica/document-size.ts'
import type { Facet, Wait } from '../replica/facet.ts'
import { unpackClient } from '../wire/lane.ts'
import { toHex } from '../wire/bytes.ts'
import { heldBack } from './held-back.ts'
import type { WhyJson } from './surface/parley-node.ts'
import { type Parts, idOf, nameOf } from './parts/parts.ts'
import { explain } from './refusals/refusals.ts'

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
    if (own.length > 0) answers.push({ subject: 'this node', inSync: false, reasons: own, heldBack: [] })
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
      reasons.push('the certificate of this node has expired: parley renew, where the root key is')
    return [...reasons, ...this.#uncut(identity), ...losses.reasons()]
  }

  /** Keys that the company revoked and whose work still counts: what of it does is a question of each space. */
  #uncut(identity: CompanyIdentity | undefined): string[] {
    const { directory } = this.#parts
    return [...directory.spaces.values()].flatMap(space => {
      const head = space.parties.length > 1 ? space.head(directory.ownIndex(space) ?? -1) : undefined
      const revoked = (head?.keys ?? []).filter(
        ({ index, publicKey }) => identity?.hasRevoked(publicKey) && !head?.cut.includes(index)
      )
      return revoked.map(({ index, certificate: { role, holder } }) => {
        const cut = `parley space cut ${idOf(space)} ${index}`
        return `the revoked key of ${role} ${holder.name} still counts in ${space.genesis.title}: ${cut}`
      })
    })
  }

  #company(did: string): WhyJson {
    const { directory, driver, peering } = this.#parts
    const contact = directory.contacts.get(did)
    const subject = `${nameOf(this.#parts, did)} (${did})`
    const sessions = [...driver.core.context.open()].filter(session => session.peer.did === did)
    const reasons: string[] = []
    if (sessions.length === 0) reasons.push(...this.#unreachable(did))
    // Nodes of one company have nothing to confirm to each other.
    const own = did === directory.self.did
    if (!own && !contact?.confirmed)
      reasons.push('your side has not confirmed the words: parley confirm; only public parts flow')
    else if (!own && sessions.some(session => !session.peer.confirms)) {
      reasons.push('their side has not confirmed the words yet; only public parts flow')
    }
    for (const session of sessions) {
      if (session.peer.certificate.expiresAt < Date.now())
        reasons.push('the certificate of their node has expired; it is their turn to renew it')
    }
    const refusal = this.#parts.refused.of(did)
    if (refusal) reasons.push(`the last that it sent was refused: ${explain(refusal)}`)
    reasons.push(...this.#shares(did), ...this.#admissions(did))
    for (const { phase, nextDialMs, peerId } of peering.status()) {
      const theirs = contact?.nodes.includes(peerId)
      if (theirs && phase === 'waiting' && nextDialMs !== undefined)
        reasons.push(`the next attempt is in ${seconds(nextDialMs - Date.now())}`)
    }
    return { subject, inSync: reasons.length === 0, reasons, heldBack: [] }
  }

  /** Of a company that came later, or if it is us who did: what has to be said before anything flows. */
  #admissions(did: string): string[] {
    const { directory } = this.#parts
    return [...directory.spaces.values()].flatMap(space => {
      const [own, company] = [directory.ownIndex(space), space.companyOf(did)]
      const { inForce, bound } = agreementOf(space)
      if (own === undefined || company === undefined || own === company || !inForce) return []
      const { title } = space.genesis
      const revision = toHex(inForce.id).slice(0, 12)
      if (!bound.has(own)) {
        const next = space.accepted(own)
          ? `parley agreement approve ${idOf(space)} ${revision}`
          : `parley space accept ${idOf(space)}`
        return [`your company was admitted to ${title} and has not agreed to its terms yet: ${next}`]
      }
      if (bound.has(company)) return []
      const said = space.accepted(company) ? 'approved the terms' : 'accepted the space'
      return [`it was admitted to ${title} and has not ${said} yet; it is their turn`]
    })
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
      return ['nobody is dialed: this node was started with --offline; to end that: parley online']
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
    if (!held) return { subject: id, inSync: true, reasons, heldBack: [] }
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
      const named = [...(link?.announced.values() ?? [])]
      for (const { of } of named) {
        const author = facet.space.parties[unpackClient(of).company]
        if (author !== undefined && driver.core.facets.asking.isHeldBack(session, facet, of))
          waiting.add(author)
      }
      const lacks = named.filter(({ of, seq, id: head }) => !facet.find({ client: of, seq, id: head })).length
      if (lacks > 0) reasons.push(`${lacks} lanes are being fetched from ${this.#name(session.peer.did)}`)
    }
    for (const did of waiting) reasons.push(this.#heldBack(did))
    return {
      subject: `${facet.genesis.kind} ${toHex(facet.genesis.artifact)}`,
      inSync: reasons.length === 0,
      reasons,
      heldBack: heldBack(this.#parts, facet)
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
