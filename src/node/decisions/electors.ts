// The electors of this node: what their keys say in decisions by themselves, once people have voted: closing,
// revealing, settling. protocols/decision, section 5.
import { decodeCbor, encodeCbor } from '../../wire/cbor.ts'
import { commitmentOf } from '../../decision/ballot.ts'
import type { Decision, Signer } from '../../decision/decision.ts'
import { type Secret, type Seen, type Voice, type Word, turnOf } from '../../decision/elector.ts'
import { type Message, signMessage } from '../../decision/message.ts'
import type { Ballot, MessageKind, Payload } from '../../decision/schema.ts'
import { isRevoked } from '../../identity/certificate.ts'
import { printTime } from '../../identity/document-text.ts'
import type { Store } from '../../store/store.ts'
import type { HeldDecision } from '../../sync/decision-book.ts'
import type { StoreWrite } from '../../sync/effects.ts'
import { fromUtf8, toHex, utf8 } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import type { Log } from '../home/home.ts'
import { type Parts, type RoleSigner, refused, shortOf } from '../parts/parts.ts'

/** Of private ballots: sealed on disk, and never sent. */
const TABLE = 'ballot'
/** What was seen once and is not seen again after a restart, in the same table. */
const NOTED = 'noted/'
/** What a timer of Node can wait for. */
const WAIT_MS_MAX = 2 ** 31 - 1

/** What others hold of a decision has come by then, once they have been compared with: a request is given up as late. */
const TOLD_MS = 30_000

type SignerMember = 'company' | 'role' | 'key' | 'certificate' | 'time'

export class Electors {
  readonly #parts: Parts
  readonly #log: Log
  /** By the digest that was committed to. */
  readonly #ballots = new Map<string, Secret>()
  /** By decision and key. */
  readonly #seen = new Map<string, Seen>()
  /**
   * When a decision was seen closed, and of each commitment whether its key was good when it came. Seen anew at each
   * start, a wait would not end on a machine that is switched off every evening, and votes would run out.
   */
  readonly #noted = new Map<string, number>()
  #unwritten: StoreWrite[] = []
  readonly #timers = new Map<string, NodeJS.Timeout>()
  /** By decision, when others could begin to tell what this store may have lost of it; by a clock that is never set. */
  readonly #tellingSince = new Map<string, number>()
  /** What is being said, one decision after another. */
  #turn: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(parts: Parts, log: Log) {
    this.#parts = parts
    this.#log = log
  }

  /** Takes up what an earlier run began. */
  async start(store: Store): Promise<void> {
    for await (const { key, bytes } of store.list(TABLE)) {
      const row = decodeCbor(bytes, bytes.length)
      if (typeof row === 'number') this.#noted.set(key.slice(NOTED.length), row)
      const secret = secretOf(row)
      if (secret) this.#ballots.set(key, secret)
    }
    this.lookAtAll()
  }

  /** Keys have come, or have been renewed. */
  lookAtAll(): void {
    for (const { decision } of this.#parts.driver.core.decisions.book.all()) this.look(decision.id)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await this.#turn
  }

  /** Something of a decision is new, or time has passed. */
  look(id: string): void {
    if (this.#stopped) return
    this.#turn = this.#turn.then(() => this.#speak(id)).catch((error: Error) => this.#failed(id, error))
  }

  #failed(id: string, error: Error): void {
    this.#log('error', 'a word in a decision could not be said', { decision: id, why: error.message })
    this.#lookAt(id, Date.now() + 60_000)
  }

  async #speak(id: string): Promise<void> {
    const held = this.#parts.driver.core.decisions.book.get(id)
    if (!held || this.#stopped) return
    const { decision } = held
    const hushed = this.#hushed(held)
    if (hushed > 0) return this.#lookAt(id, Date.now() + hushed)
    const wakings: number[] = []
    for (const role of this.#parts.roles) {
      const elector = decision.electorOf(role.certificate)
      if (elector === undefined || !canVote(role)) continue
      const seen = this.#seenBy(id, role)
      const turn = turnOf(decision, this.#voice(decision, elector, role), seen, Date.now())
      this.#note(seatKey(id, role), seen.get('closed'))
      await this.#write()
      wakings.push(turn.wakeAt ?? Infinity)
      for (const word of turn.words) await this.#utter(decision, role, word)
    }
    const next = Math.min(...wakings)
    if (next < Infinity) this.#lookAt(id, next)
  }

  /** How long to say nothing: a restored store may lack what its keys have said, and another word would accuse them. */
  #hushed({ decision, space }: HeldDecision): number {
    const { losses } = this.#parts
    if (!losses.isDoubtful(space)) return 0
    if (!losses.knowsEnd(space)) return TOLD_MS
    const now = performance.now()
    const since = this.#tellingSince.get(decision.id) ?? now
    this.#tellingSince.set(decision.id, since)
    return Math.max(0, since + TOLD_MS - now)
  }

  /** @throws NodeError `space-unsure` */
  #assertSure(id: string): void {
    const held = this.#parts.driver.core.decisions.book.get(id)
    if (!held || this.#hushed(held) === 0) return
    this.#parts.losses.check(held.space)
    throw new NodeError(
      'space-unsure',
      'this store was restored, and another party is still telling what your company said in this decision',
      'Repeat this in half a minute.'
    )
  }

  #voice({ messages }: Decision, elector: number, { publicKey }: RoleSigner): Voice {
    return {
      elector,
      key: publicKey.multikey,
      secretOf: id => {
        const message = messages.get(id)
        return message?.kind === 'decision-commitment.v1'
          ? this.#ballots.get(message.payload.commitment)
          : undefined
      },
      isTimely: commitment => this.#isTimely(commitment)
    }
  }

  #isTimely({ id, certificate, payload }: Message<'decision-commitment.v1'>): boolean {
    const known = this.#noted.get(id)
    if (known !== undefined) return known === 1
    const identity = this.#parts.directory.identities.get(payload.company)
    const isGood =
      certificate.expiresAt > Date.now() && identity !== undefined && !isRevoked(certificate, identity)
    this.#note(id, isGood ? 1 : 0)
    return isGood
  }

  #seenBy(id: string, role: RoleSigner): Seen {
    const key = seatKey(id, role)
    const closed = this.#noted.get(key)
    const seen = this.#seen.get(key) ?? new Map(closed === undefined ? [] : [['closed', closed]])
    this.#seen.set(key, seen)
    return seen
  }

  #note(what: string, value: number | undefined): void {
    if (value === undefined || this.#noted.get(what) === value) return
    this.#noted.set(what, value)
    this.#unwritten.push({ kind: 'put', table: TABLE, key: `${NOTED}${what}`, bytes: encodeCbor(value) })
  }

  async #write(): Promise<void> {
    const writes = this.#unwritten
    this.#unwritten = []
    if (writes.length > 0) await this.#parts.driver.perform(core => core.context.write(writes))
  }

  #lookAt(id: string, at: number): void {
    clearTimeout(this.#timers.get(id))
    const wait = Math.min(Math.max(0, at - Date.now()), WAIT_MS_MAX)
    const timer = setTimeout(() => this.look(id), wait)
    timer.unref()
    this.#timers.set(id, timer)
  }

  async #utter(decision: Decision, role: RoleSigner, { kind, ...body }: Word): Promise<void> {
    await this.say(role, kind, { ...body, decision: decision.id })
  }

  /** Signs, writes, and gives away. DEC-29 */
  async say<K extends MessageKind>(
    role: RoleSigner,
    kind: K,
    body: Omit<Payload<K>, SignerMember>
  ): Promise<Message> {
    const payload = { ...body, ...signerOf(role) } as unknown as Payload<K>
    const record = {
      document: signMessage(kind, payload, bytes => role.sign(bytes)),
      certificate: role.certificateBytes
    }
    const said = await this.#parts.driver.perform(core => core.say(record))
    if (isReject(said)) throw refused(said, nextOf(payload))
    return said
  }

  /** The ballot stands on the disk before anybody hears that there is one. */
  async commit(role: RoleSigner, decision: string, secret: Secret, context?: string): Promise<void> {
    this.#assertSure(decision)
    const commitment = commitmentOf(secret.salt, secret.ballot)
    const bytes = encodeCbor([utf8(secret.salt), utf8(JSON.stringify(secret.ballot))])
    await this.#parts.driver.perform(core => {
      core.context.write([{ kind: 'put', table: TABLE, key: commitment, bytes }])
    })
    this.#ballots.set(commitment, secret)
    const body = { decision, commitment, ...(context !== undefined && { context }) }
    await this.say(role, 'decision-commitment.v1', body)
    this.look(decision)
  }

  /** What people here have voted, by commitment. */
  ballotOf(commitment: string): Ballot | undefined {
    return this.#ballots.get(commitment)?.ballot
  }
}

export function canVote({ certificate }: RoleSigner): boolean {
  return certificate.powers.includes('vote') && certificate.expiresAt > Date.now()
}

/** For whom a key speaks. */
export function speakerOf({ certificate: { company, role }, publicKey }: RoleSigner): Signer {
  return { company, role, key: publicKey.multikey }
}

/** One elector's key in one decision. */
function seatKey(decision: string, role: RoleSigner): string {
  const { role: name, key } = speakerOf(role)
  return `${decision}/${name}/${key}`
}

function nextOf(payload: object): string {
  const { decision } = payload as { decision?: string }
  if (decision === undefined)
    return 'Correct what is asked, and begin again; nothing was sent: parley decision start --help'
  return `See how far it is: parley decision show ${shortOf({ id: decision })}`
}

function signerOf({ certificate }: RoleSigner) {
  const { company, role, key, id } = certificate
  return { company, role, key: key.multikey, certificate: toHex(id), time: printTime(Date.now()) }
}

function secretOf(row: unknown): Secret | undefined {
  const [salt, ballot] = Array.isArray(row) ? row : []
  if (!(salt instanceof Uint8Array) || !(ballot instanceof Uint8Array)) return undefined
  return { salt: fromUtf8(salt), ballot: JSON.parse(fromUtf8(ballot)) as Ballot }
}
