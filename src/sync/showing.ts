// What this node cosigned, shown to the nodes of other parties: all of it when a session opens, then what was cosigned
// since. protocols/audit, section 7.
import type { LogOpening } from '../audit/opening.ts'
import type { Held } from '../audit/witness.ts'
import type { Context } from './context.ts'
import { SHOWN_MAX } from './frame.ts'
import type { Session } from './session.ts'
import { witnessedSpace } from './witnessed-space.ts'

/** AUD-24. */
const SHOW_MS = 10_000

/** A log as a witness has it. */
export interface WitnessedLog {
  opening: LogOpening
  /** DSSE of the opening. */
  bytes: Uint8Array
  held: Held | undefined
}

/** Origins of logs, by the id of the space. */
type Waiting = Map<string, Set<string>>

export class Showing {
  readonly #context: Context
  readonly #logOf: (origin: string) => WitnessedLog | undefined
  /** Cosigned since sessions were last told what is to be shown. */
  readonly #fresh = new Set<LogOpening>()
  #spreadAt = 0
  readonly #waiting = new WeakMap<Session, Waiting>()

  /** @param logOf what is held of a log at the moment at which it is shown */
  constructor(context: Context, logOf: (origin: string) => WitnessedLog | undefined) {
    this.#context = context
    this.#logOf = logOf
  }

  /** A log was cosigned: every peer is to see it. */
  changed(opening: LogOpening): void {
    this.#fresh.add(opening)
  }

  /** This peer is to see these logs. */
  show(session: Session, logs: Iterable<LogOpening>): void {
    const waiting = this.#waiting.get(session) ?? new Map<string, Set<string>>()
    this.#waiting.set(session, waiting)
    for (const { space, company, key } of logs) {
      if (company === session.peer?.did) continue
      const origins = waiting.get(space) ?? new Set()
      waiting.set(space, origins.add(key.name))
    }
  }

  tick(): void {
    const isDue = this.#fresh.size > 0 && this.#context.steady - this.#spreadAt >= SHOW_MS
    for (const session of this.#context.open()) {
      if (isDue) this.show(session, this.#fresh)
      const waiting = this.#waiting.get(session)
      if (waiting && this.#context.hasRoom(session)) this.#showSome(session, waiting)
    }
    if (!isDue) return
    this.#fresh.clear()
    this.#spreadAt = this.#context.steady
  }

  /** One frame: who is shown all that there is at once has no allowance left to look at it. */
  #showSome(session: Session, waiting: Waiting): void {
    for (const [id, origins] of waiting) {
      const space = this.#context.directory.spaces.get(id)
      const logs = [...origins].slice(0, SHOWN_MAX)
      for (const origin of logs) origins.delete(origin)
      if (origins.size === 0) waiting.delete(id)
      const shown = logs.flatMap(origin => {
        const { bytes, held } = this.#logOf(origin) ?? {}
        return bytes && held ? [{ opening: bytes, checkpoint: held.note }] : []
      })
      if (!space || shown.length === 0 || !witnessedSpace(this.#context, session, space.id)) continue
      return void this.#context.send(session, { type: 'checkpoints', space: space.id, logs: shown }, space)
    }
  }
}
