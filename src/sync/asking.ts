// What we ask peers for: the heads that they named and we lack, a few facets at a time, again after a while
// where an answer brought nothing, elsewhere where a peer is silent. protocols/sync, section 6.
import type { Facet, Tip } from '../replica/facet.ts'
import { toHex } from '../wire/bytes.ts'
import { unpackClient } from '../wire/lane.ts'
import type { Context, HeldFacet } from './context.ts'
import { type Frame, type Head, type Lack, NEED_BYTES_TARGET, TIPS_MAX } from './frame.ts'
import type { Pending } from './pending.ts'
import { lacksOf } from './serving.ts'
import { type FacetLink, RETRY_MAX_MS, RETRY_MS, type Session, linkOf } from './session.ts'

/** Requests that one peer may have of ours at a time: enough to keep it busy. */
export const REQUESTS_MAX = 8
/** A peer that was asked and does nothing for so long is asked again later. */
export const SILENCE_MS = 30_000
/** A facet of which something was held back is asked for again after that, or when the day ends. */
const HELD_BACK_MS = 3_600_000
/** Requests of one facet whose answers are still taken, the newest first. */
const LATE_MAX = 8
/** Client id, seq and id of a head in a frame. */
const HEAD_BYTES = 52

export class Asking {
  readonly #context: Context
  readonly #pending: Pending

  constructor(context: Context, pending: Pending) {
    this.#context = context
    this.#pending = pending
  }

  /** Notes heads that a peer has; those that we lack are asked for. */
  note(session: Session, held: HeldFacet, heads: Head[]): void {
    const id = toHex(held.facet.id)
    const link = linkOf(session, id)
    for (const head of heads) noteHas(held, link, tipOfHead(head))
    link.named = true
    forgetFound(held.facet, link)
    const isNew = addLacking(held.facet, link, heads)
    if (link.announced.size === 0) return this.#settled(session, id)
    session.lacking.add(id)
    if (link.request) link.again ||= isNew
    else link.askAt = 0
  }

  /** Sends the needs that are due, as many as may be under way. */
  ask(session: Session): void {
    for (const id of session.lacking) {
      if (session.requests >= REQUESTS_MAX || !this.#context.isOpen(session)) return
      const held = this.#context.facets.get(id)
      const link = session.facets.get(id)
      if (!held || !link) session.lacking.delete(id)
      else if (!link.request && isDue(link, this.#context.steady)) this.#need(session, id, held, link)
    }
  }

  #need(session: Session, id: string, { facet }: HeldFacet, link: FacetLink): void {
    forgetFound(facet, link)
    if (link.announced.size === 0) return this.#settled(session, id)
    // What waits here is not asked for again, but where asking for the rest brought nothing: two runs may each
    // wait for a part of the other, and only an answer that holds both can cut them in the order of causes.
    const fruitless = link.retryMs > RETRY_MS
    const missing = [...link.announced.values()]
      .filter(head => fruitless || !this.#pending.has(id, head.id))
      .filter(head => !this.isHeldBack(session, facet, head.of))
    const lacks = cut(lacksOf(facet, missing))
    if (lacks.length === 0) return this.#later(link)
    const request = this.#context.requestId()
    const frame: Frame = { type: 'need', facet: facet.id, request, lacks }
    if (this.#context.send(session, frame, facet.space, facet.genesis) === 0) {
      session.lacking.delete(id)
      return
    }
    if (session.requests === 0) session.heardAt = this.#context.steady
    link.request = { id: request, progress: false }
    link.open.add(request)
    if (link.open.size > LATE_MAX) link.open.delete(link.open.values().next().value as number)
    session.requests++
  }

  /** Whether nothing more is stored today of the company that writes in this lane. */
  isHeldBack(session: Session, { space }: Facet, client: number): boolean {
    return this.#context.isSpent(session, 'envelopes', space.parties[unpackClient(client).company])
  }

  /**
   * Something came for which its author has no room left here. It stays with its sender, who would send all of
   * it again with the next answer, so that one is not asked for soon.
   */
  holdBack(session: Session, held: HeldFacet, head: Head): void {
    const { now, steady, quota } = this.#context
    this.note(session, held, [head])
    linkOf(session, toHex(held.facet.id)).heldBackUntil =
      steady + Math.min(quota.endsAt(now) - now, HELD_BACK_MS)
  }

  /** We have all that the peer named. */
  #settled(session: Session, id: string): void {
    session.lacking.delete(id)
    this.#context.tell({ what: 'in-sync', did: session.peer?.did ?? '', facet: id })
  }

  /** Whether a run is what we asked for, be it late. */
  isAsked(session: Session, facet: string, request: number): boolean {
    return session.facets.get(facet)?.open.has(request) ?? false
  }

  onDone(session: Session, { facet: id, request }: Extract<Frame, { type: 'done' }>): void {
    const link = session.facets.get(toHex(id))
    link?.open.delete(request)
    if (!link || link.request?.id !== request) return
    session.heardAt = this.#context.steady
    this.#over(session, link)
    this.ask(session)
  }

  /** A request has ended; one that brought nothing is not repeated at once, or two nodes could spin for ever. */
  #over(session: Session, link: FacetLink): void {
    const fruitful = link.again || link.request?.progress
    delete link.request
    link.again = false
    session.requests--
    if (!fruitful) return this.#later(link)
    link.askAt = 0
    link.retryMs = RETRY_MS
  }

  #later(link: FacetLink): void {
    link.askAt = this.#context.steady + link.retryMs
    link.retryMs = Math.min(link.retryMs * 2, RETRY_MAX_MS)
  }

  /** Asks again what is due, and gives up waiting for a peer that was asked and is silent. */
  tick(session: Session): void {
    if (session.requests > 0 && this.#context.steady - session.heardAt > SILENCE_MS) {
      for (const link of session.facets.values()) {
        if (!link.request) continue
        link.again = false
        this.#over(session, link)
      }
    }
    this.ask(session)
  }
}

/** Remembers a head of the peer's, the latest of each lane that we know. */
export function noteHas({ facet }: HeldFacet, link: FacetLink, tip: Tip): void {
  const before = link.has.get(tip.client)
  if (facet.find(tip) && (!before || before.seq < tip.seq)) link.has.set(tip.client, tip)
}

function isDue({ askAt, heldBackUntil }: FacetLink, now: number): boolean {
  return askAt <= now && heldBackUntil <= now
}

function tipOfHead({ of, seq, id }: Head): Tip {
  return { client: of, seq, id }
}

/** What was named and has come is not asked for. */
function forgetFound(facet: Facet, { announced }: FacetLink): void {
  for (const [key, head] of announced) if (facet.find(tipOfHead(head))) announced.delete(key)
}

/** Each once, and the newest where they are too many. @returns whether one was not named before */
function addLacking(facet: Facet, { announced }: FacetLink, heads: Head[]): boolean {
  let isNew = false
  for (const head of heads) {
    const key = `${head.of}/${toHex(head.id)}`
    if (announced.has(key) || facet.find(tipOfHead(head))) continue
    announced.set(key, head)
    isNew = true
  }
  for (const key of announced.keys()) {
    if (announced.size <= TIPS_MAX) break
    announced.delete(key)
  }
  return isNew
}

/** As many as one frame should hold, at least one. */
function cut(lacks: Lack[]): Lack[] {
  let bytes = 0
  const end = lacks.findIndex(({ have }) => (bytes += (1 + have.length) * HEAD_BYTES) > NEED_BYTES_TARGET)
  return end < 0 ? lacks : lacks.slice(0, Math.max(1, end))
}
