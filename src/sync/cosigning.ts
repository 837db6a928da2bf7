// The log's side of witnessing: every ten seconds what has grown goes to the nodes of the other parties, and what
// they cosign is kept. protocols/audit, sections 6 and 8.
import { parseDecimal } from '../audit/checkpoint.ts'
import type { Batch } from '../audit/log.ts'
import { type NoteSignature, checkNote, parseNote, printNote } from '../audit/note.ts'
import { type WitnessOpening, verifyWitnessOpening } from '../audit/opening.ts'
import { quorumOf } from '../audit/quorum.ts'
import { consistencyProof } from '../audit/tree.ts'
import { printRequest } from '../audit/witness-request.ts'
import { EMPTY, equalBytes, fromUtf8, toHex, utf8 } from '../wire/bytes.ts'
import { encodeCbor } from '../wire/cbor.ts'
import { isReject } from '../wire/reject.ts'
import type { Auditing, OwnLog } from './auditing.ts'
import type { Context } from './context.ts'
import type { Frame } from './frame.ts'
import type { Session } from './session.ts'
import { witnessedSpace } from './witnessed-space.ts'

const ROUND_MS = 10_000
/** An answer that does not come is given up: the next round asks again. */
const ANSWER_MS = 30_000
/** A proof from one size: at most 500 hashes, as long as that many signatures. */
const PROOF_CHECKS = 12

type Of<T extends Frame['type']> = Extract<Frame, { type: T }>

/** One witness of one log. */
interface Link {
  own: OwnLog
  /** The size that it cosigned last, as far as we know. */
  size: number
  introduced: boolean
  /** What it was asked to cosign last, and the request while it has not answered. */
  asked?: Batch
  request?: { id: number; at: number }
  /** The batch for which it named another size than we knew: once is enough. */
  corrected?: Batch
}

/** Cosignatures of one checkpoint, by company. */
interface Round {
  batch: Batch
  cosigned: Map<string, Cosignature>
}

interface Cosignature {
  signature: NoteSignature
  /** DSSE of the opening of the witness's key, and of its certificate. */
  opening: Uint8Array
  certificate: Uint8Array
}

export class Cosigning {
  readonly #context: Context
  readonly #auditing: Auditing
  /** By the id of the space. */
  readonly #links = new WeakMap<Session, Map<string, Link>>()
  readonly #rounds = new WeakMap<OwnLog, Round>()
  /** What the disk has. */
  readonly #kept = new WeakMap<OwnLog, Round>()
  readonly #known = new WeakMap<Session, { bytes: Uint8Array; opening: WitnessOpening }>()
  #roundAt = -Infinity

  constructor(context: Context, auditing: Auditing) {
    this.#context = context
    this.#auditing = auditing
  }

  tick(): void {
    const { steady } = this.#context
    const isRound = steady - this.#roundAt >= ROUND_MS
    if (isRound) this.#roundAt = steady
    for (const own of this.#auditing.logs) {
      const { published } = own
      if (!published) continue
      const round = this.#rounds.get(own)
      if (!round || (isRound && round.batch !== published)) {
        this.#rounds.set(own, { batch: published, cosigned: new Map() })
      }
      for (const session of this.#context.open()) this.#ask(session, own)
    }
  }

  /** How far the log of a space was seen by which companies. */
  roundOf(own: OwnLog): { size: number; companies: string[] } | undefined {
    const round = this.#rounds.get(own)
    return round && { size: round.batch.checkpoint.size, companies: [...round.cosigned.keys()] }
  }

  #linkOf(session: Session, own: OwnLog): Link {
    const links = this.#links.get(session) ?? new Map<string, Link>()
    this.#links.set(session, links)
    const space = toHex(own.space.id)
    const known = links.get(space)
    // The log before has ended.
    const link = known?.own === own ? known : { own, size: 0, introduced: false }
    links.set(space, link)
    return link
  }

  #ask(session: Session, own: OwnLog): void {
    const { batch } = this.#rounds.get(own) as Round
    const link = this.#linkOf(session, own)
    const waits = link.request && this.#context.steady - link.request.at < ANSWER_MS
    if (waits || link.asked === batch || !this.#context.hasRoom(session)) return
    const { space, opening } = own
    if (!witnessedSpace(this.#context, session, space.id)) return
    const id = this.#context.requestId()
    link.asked = batch
    link.request = { id, at: this.#context.steady }
    const body = requestFrom(own, link.size, batch)
    const sent = link.introduced ? EMPTY : opening
    link.introduced = true
    this.#context.send(
      session,
      { type: 'add-checkpoint', space: space.id, request: id, opening: sent, body },
      space
    )
  }

  onCosigned(session: Session, { request, status, witness, body }: Of<'cosigned'>): void {
    const links = [...(this.#links.get(session)?.values() ?? [])]
    const link = links.find(one => one.request?.id === request)
    const batch = link?.asked
    if (!link || !batch) return
    delete link.request
    if (status === 200) return this.#cosigned(session, link, batch, witness, body)
    if (status === 404) link.introduced = false
    const size = status === 409 ? parseDecimal(fromUtf8(body).trimEnd()) : undefined
    const isNews = size !== undefined && size !== link.size && size <= batch.checkpoint.size
    if (isNews && link.corrected !== batch) {
      link.size = size
      link.corrected = batch
      delete link.asked
      return
    }
    const { origin } = batch.checkpoint
    const detail = `${status} ${fromUtf8(body).slice(0, 200).trim()}`
    const { did = '' } = session.peer ?? {}
    this.#context.tell({ what: 'audit', code: 'audit-refused', did, origin, detail })
  }

  #cosigned(session: Session, link: Link, batch: Batch, bytes: Uint8Array, line: Uint8Array): void {
    const witness = this.#witnessOf(session, bytes)
    const note = parseNote(utf8(`${textOf(batch)}\n${fromUtf8(line)}`))
    if (!witness || isReject(note)) return
    const known = checkNote(note, [witness.key])
    const [cosignature] = isReject(known) ? [] : known
    const round = this.#rounds.get(link.own)
    if (!cosignature || !round) return
    link.size = batch.checkpoint.size
    if (round.batch !== batch) return
    const certificate = session.peer?.certificateBytes ?? EMPTY
    round.cosigned.set(witness.company, { signature: cosignature.signature, opening: bytes, certificate })
    this.#keep(link.own, round)
  }

  /** What fewer have cosigned takes the place of what more did only where it is enough of them. AUD-28. */
  #keep(own: OwnLog, round: Round): void {
    const { batch, cosigned } = round
    const before = this.#kept.get(own)?.cosigned.size ?? 0
    const enough = quorumOf(own.space.parties.length - 1)
    if (cosigned.size < Math.min(enough, before)) return
    this.#kept.set(own, round)
    const note = parseNote(batch.note)
    const cosignatures = [...cosigned.values()].map(({ signature }) => signature)
    const signatures = [...(isReject(note) ? [] : note.signatures), ...cosignatures]
    const bytes = utf8(printNote({ text: textOf(batch), signatures }))
    const cosigners = [...cosigned.values()].map(({ opening, certificate }) => [opening, certificate])
    this.#context.write([
      { kind: 'put', table: 'audit-cosigner', key: own.key, bytes: encodeCbor(cosigners) },
      { kind: 'put', table: 'audit-checkpoint', key: `${own.key}/cosigned`, bytes }
    ])
  }

  #witnessOf(session: Session, bytes: Uint8Array): WitnessOpening | undefined {
    const known = this.#known.get(session)
    if (known && equalBytes(known.bytes, bytes)) return known.opening
    const opening = verifyWitnessOpening(bytes)
    if (isReject(opening)) return undefined
    if (opening.peerId !== session.peerId || opening.company !== session.peer?.did) return undefined
    this.#known.set(session, { bytes, opening })
    return opening
  }

  /** AUD-25. */
  onWantProofs(session: Session, { space: id, request, origin, sizes }: Of<'want-proofs'>): void {
    const space = witnessedSpace(this.#context, session, id)
    const own = space && this.#auditing.logOf(space)
    const { work } = session.allowances
    if (!space || !own?.published || own.log.origin !== origin || work.left(this.#context.now) <= 0) return
    work.spend(PROOF_CHECKS * sizes.length, this.#context.now)
    const { published } = own
    const within = sizes.filter(size => size > 0 && size <= published.checkpoint.size)
    const bodies = within.map(size => requestFrom(own, size, published))
    this.#context.send(session, { type: 'proofs', space: space.id, request, bodies }, space)
  }
}

function requestFrom({ log }: OwnLog, old: number, { checkpoint, note }: Batch): Uint8Array {
  const needsProof = old > 0 && old < checkpoint.size
  const proof = needsProof ? consistencyProof(log.tree, old, checkpoint.size) : []
  return printRequest({ old, proof, checkpoint: note })
}

/** What the checkpoint signs. */
function textOf({ note }: Batch): string {
  const text = fromUtf8(note)
  return text.slice(0, text.lastIndexOf('\n\n') + 1)
}
