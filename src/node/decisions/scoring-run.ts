// The scoring of one decision for one role: carries out what the state machine asks for, and writes each step down.
// protocols/scoring, section 7.
import { type FailureCode, isScorerFailure } from '../../scoring/failure.ts'
import type { Cut } from '../../scoring/context-slice.ts'
import type { Progress, Scorer } from '../../scoring/scorer.ts'
import { type Choice, type Work, type WorkEffect, type WorkEvent, stepWork } from '../../scoring/work.ts'
import { isNodeError } from '../../wire/node-error.ts'

/** All of it is private: it is sealed on disk. */
export interface KeptScoring {
  readonly work: Work
  readonly role: string
  /** Of the commitment to the context, hexadecimal. */
  readonly salt: string
  readonly cuts: readonly Cut[]
  /** What the last trouble said. */
  readonly said: { message: string; next: string } | null
}

export interface ScoringEdge {
  scorerFor(choice: Choice): Scorer
  keep(kept: KeptScoring): Promise<void>
  /** Something is new, for whoever watches. */
  changed(): void
  failed(why: unknown): void
}

/** What a timer of Node can wait for. */
const WAIT_MS_MAX = 2 ** 31 - 1

export class ScoringRun {
  #kept: KeptScoring
  readonly #edge: ScoringEdge
  readonly #calls = new Map<number, AbortController>()
  #progress: Progress | undefined
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(kept: KeptScoring, edge: ScoringEdge) {
    this.#kept = kept
    this.#edge = edge
  }

  get kept(): KeptScoring {
    return this.#kept
  }

  /** Of the cell that is being scored, how many answers it has. */
  get progress(): Progress | undefined {
    return this.#progress
  }

  /** Steps are taken one after the other, each on the disk before anything follows from it. */
  send(event: WorkEvent): Promise<void> {
    const taken = this.#turn.then(() => this.#take(event))
    this.#turn = taken.catch((error: unknown) => this.#edge.failed(error))
    return taken
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    for (const call of this.#calls.values()) call.abort()
    await this.#turn
  }

  async #take(event: WorkEvent): Promise<void> {
    if (this.#stopped) return
    const { work, effects } = stepWork(this.#kept.work, event)
    if (work === this.#kept.work && effects.length === 0) return
    for (const effect of effects) if (effect.kind === 'abort') this.#calls.get(effect.run)?.abort()
    this.#kept = { ...this.#kept, work, said: work.trouble ? this.#kept.said : null }
    await this.#edge.keep(this.#kept)
    for (const effect of effects) this.#carryOut(effect)
    this.#edge.changed()
  }

  #carryOut(effect: WorkEffect): void {
    if (effect.kind === 'wake') return this.#wakeAt(effect.at)
    if (effect.kind === 'abort' || this.#stopped) return
    const call = new AbortController()
    this.#calls.set(effect.run, call)
    this.#progress = undefined
    void this.#ask(effect, call.signal)
      .then(event => this.send(event))
      .catch((error: unknown) => this.#broken(effect.run, call.signal, error))
      .finally(() => this.#calls.delete(effect.run))
  }

  async #ask(
    effect: Extract<WorkEffect, { kind: 'identify' | 'score' }>,
    signal: AbortSignal
  ): Promise<WorkEvent> {
    const scorer = this.#edge.scorerFor(effect.choice)
    const { run } = effect
    if (effect.kind === 'identify') {
      const provenance = await scorer.identify(signal)
      return { kind: 'identified', at: Date.now(), run, provenance }
    }
    const result = await scorer.score(effect.job, signal, progress => {
      this.#progress = progress
      const { part } = progress
      if (part) void this.send({ kind: 'progressed', at: Date.now(), run, part })
    })
    return { kind: 'scored', at: Date.now(), run, result }
  }

  #broken(run: number, signal: AbortSignal, error: unknown): void {
    if (signal.aborted) return
    // What is no failure of a scorer is a fault of this program: said in the log, and tried again as one of the server.
    if (!isScorerFailure(error)) this.#edge.failed(error)
    const code: FailureCode = isScorerFailure(error) ? error.code : 'server-error'
    if (isNodeError(error)) this.#kept = { ...this.#kept, said: { message: error.message, next: error.next } }
    void this.send({ kind: 'failed', at: Date.now(), run, code })
  }

  #wakeAt(at: number): void {
    clearTimeout(this.#timer)
    const wait = Math.min(Math.max(0, at - Date.now()), WAIT_MS_MAX)
    this.#timer = setTimeout(() => void this.send({ kind: 'woke', at: Date.now() }), wait)
    this.#timer.unref()
  }
}
