// Applied-up-to receipts: a node says, signed, which heads of a facet it holds durably. What a peer has not
// receipted is still owed to it, so the log and the receipts together are the outbox. protocols/sync, section 8.
import { verifySignature } from '../identity/ed25519.ts'
import { concatBytes, toHex, utf8 } from '../wire/bytes.ts'
import { type CborValue, encodeCbor } from '../wire/cbor.ts'
import { Reject } from '../wire/reject.ts'
import type { Context, HeldFacet } from './context.ts'
import { noteHas } from './asking.ts'
import { type Frame, type Head, TIPS_MAX } from './frame.ts'
import { headOf } from './serving.ts'
import { type Session, linkOf } from './session.ts'

const LABEL = utf8('parley/receipt/1\n')
/** Receipts to one peer at a time: with the delay 500 a second, half of what a peer takes. */
const RECEIPTS_MAX = 50
/** Heads that we lack in a receipt that is kept: a peer may be ahead of us. */
const UNKNOWN_HEADS_MAX = 32
/** A receipt is checked and stored, which is as dear as two signatures. */
const RECEIPT_CHECKS = 2
/** Receipts for a burst of runs go out as one. */
const RECEIPT_DELAY_MS = 100

export class Receipts {
  readonly #context: Context
  readonly #sign: (message: Uint8Array) => Uint8Array
  #dueAt: number | undefined

  constructor(context: Context, sign: (message: Uint8Array) => Uint8Array) {
    this.#context = context
    this.#sign = sign
  }

  /** Something was admitted: a receipt will go out soon. */
  due(): void {
    this.#dueAt ??= this.#context.steady + RECEIPT_DELAY_MS
  }

  flush(): void {
    if (this.#dueAt === undefined || this.#dueAt > this.#context.steady) return
    this.#dueAt = undefined
    for (const session of this.#context.open()) {
      let sent = 0
      for (const [id, link] of session.facets) {
        const held = this.#context.facets.get(id)
        if (!link.owesReceipt || !held) continue
        if (sent === RECEIPTS_MAX || !this.#context.hasRoom(session)) {
          this.due()
          break
        }
        link.owesReceipt = false
        this.#send(session, held)
        sent++
      }
    }
  }

  /** The heads of now, said once the disk has all that they stand for: writes become durable in their order. */
  #send(session: Session, held: HeldFacet): void {
    const { facet } = held
    const tips = facet.tips().slice(0, TIPS_MAX).map(headOf)
    this.#context.write([], () => {
      const signature = this.#sign(receiptBytes(facet.id, tips))
      const receipt = { type: 'receipt', facet: facet.id, tips, signature } as const
      const sent = this.#context.send(session, receipt, facet.space, facet.genesis)
      if (sent > 0 && session.peer) this.#context.journal?.receipt(held, session.peer.did, true, tips)
    })
  }

  onReceipt(session: Session, { facet: id, tips, signature }: Extract<Frame, { type: 'receipt' }>): void {
    const { peer } = session
    // Unknown and not-for-you look the same, whatever the receipt holds: silence (SYN-5).
    const held = this.#context.facetFor(session, 'announce', id)
    if (!held || !peer) return
    const { checks } = session.allowances
    if (checks.left(this.#context.now) <= 0) return
    checks.spend(RECEIPT_CHECKS, this.#context.now)
    if (!verifySignature(peer.certificate.key, receiptBytes(id, tips), signature)) {
      const reject = new Reject('signature', 'a receipt with a wrong signature')
      return this.#context.close(session, reject, 'receipt')
    }
    const link = linkOf(session, toHex(id))
    for (const { of, seq, id } of tips) noteHas(held, link, { client: of, seq, id })
    const known = tips.filter(({ of, seq, id }) => held.facet.find({ client: of, seq, id }))
    // Else every receipt could fill the store with heads that are none. A later one will say more.
    if (tips.length - known.length > UNKNOWN_HEADS_MAX) return
    const key = `${toHex(id)}/${peer.did}/${session.peerId}`
    const bytes = concatBytes(signature, receiptBytes(id, tips))
    this.#context.write([{ kind: 'put', table: 'applied', key, bytes }], undefined, false)
    this.#context.journal?.receipt(held, peer.did, false, known)
    this.#context.tell({ what: 'receipt', did: peer.did, facet: toHex(id) })
  }
}

/** A node that is no longer remembered has receipts that nobody will renew. */
export function forgetReceipts(context: Context, did: string, peerId: string): void {
  const keys = [...context.facets.keys()].map(facet => `${facet}/${did}/${peerId}`)
  context.write(
    keys.map(key => ({ kind: 'del', table: 'applied', key }) as const),
    undefined,
    false
  )
}

/** What a receipt signs: the facet and the heads, in the order of the frame. */
export function receiptBytes(facet: Uint8Array, tips: Head[]): Uint8Array {
  const value: CborValue = [facet, tips.map(({ of, seq, id }) => [of, seq, id])]
  return concatBytes(LABEL, encodeCbor(value))
}
