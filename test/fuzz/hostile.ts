// Worlds full of hostile input. Each world follows from the seed and its number; in each a rival says one thing
// after another, and after each the victim's document must be as good as new.
import { agreementOf } from '../../src/artifacts/agreement.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import { scanUpdate } from '../../src/wire/update.ts'
import { draftFrom, mutate } from '../replica/mutants.ts'
import type { Written } from '../replica/writers.ts'
import { Arena, type Outcome, SLOW_MS, measured } from './arena.ts'
import { type Corpus, readCorpus } from './corpus.ts'
import type { Finding, Wrong } from './finding.ts'
import { disagreement } from './oracle.ts'
import { RIVAL, Rival } from './rival.ts'
import { Turns } from './turns.ts'
import { bundleOf, importBundle, wildDocument } from './wild-document.ts'
import { type Said, TRICKS } from './wild-envelope.ts'
import { unsound } from './wild-agreement.ts'
import { unsettled } from './wild-contribution.ts'
import { wildDecision } from './wild-decision.ts'
import { wildEntry, wildFrame } from './wild-frame.ts'
import { WildUpdate } from './wild-update.ts'
import { mutateBytes } from './wild-value.ts'

/** Inputs of one world: few, since a restart reads all of it again. */
export const WORLD_INPUTS = 64
/** Of so many bodies one comes in a frame on a session, which a refusal ends; the others as from a bundle. */
const FRAMED_EVERY = 8
/** So many edits gather, then they are signed as one. */
export const FLUSH_EVERY = 8
/** So many refused inputs may go by before the document is inspected as after an accepted one. */
export const INSPECT_EVERY = 16

export interface HostileTotals {
  inputs: number
  accepted: number
  inspections: number
  threw: number
  slow: number
  bricked: number
  disagreed: number
  slowestMs: number
  /** How often each verdict was reached, and how many inputs of each kind there were. */
  verdicts: { [verdict: string]: number }
  kinds: { [kind: string]: number }
}

export function noHostileTotals(): HostileTotals {
  const counts = { inputs: 0, accepted: 0, inspections: 0, threw: 0, slow: 0, bricked: 0, disagreed: 0 }
  return { ...counts, slowestMs: 0, verdicts: {}, kinds: {} }
}

type Kind =
  | 'mutant'
  | 'update'
  | 'vector'
  | 'envelope'
  | 'entry'
  | 'frame'
  | 'decision'
  | 'document'
  | 'bundle'

/** What of each hundred inputs is of which kind. */
const MIX: [Kind, number][] = [
  ['mutant', 32],
  ['update', 30],
  ['vector', 4],
  ['envelope', 14],
  ['entry', 4],
  ['frame', 8],
  ['decision', 4],
  ['document', 3],
  ['bundle', 1]
]

let corpus: Corpus | undefined

export class World {
  readonly findings: Finding[] = []
  readonly #arena: Arena
  readonly #rival: Rival
  readonly #corpus = (corpus ??= readCorpus())
  readonly #totals: HostileTotals
  readonly #origin: { seed: number; world: number }
  #at = 0
  #sinceInspection = 0

  constructor(seed: number, world: number, totals: HostileTotals) {
    this.#totals = totals
    this.#origin = { seed, world }
    this.#arena = new Arena(seed, world)
    this.#rival = new Rival(this.#arena)
  }

  /** @returns how many inputs were made: fewer where the rival has put itself out of the space, or one was found */
  async run(inputs: number): Promise<number> {
    for (this.#at = 0; this.#at < inputs && this.findings.length === 0 && !this.#isOver();) {
      this.#at++
      await this.#input()
      if (this.#at % 8 === 0) this.#check('a tick', () => this.#arena.tick())
    }
    if (this.findings.length === 0) this.#check('the end of its world', () => this.#arena.finish())
    return this.#at
  }

  /** The rival's chain has forked, it has cut its first key or ended its part: nothing that it says counts any more. */
  #isOver(): boolean {
    const { space } = this.#arena
    const ended = agreementOf(space).ended.has(RIVAL)
    return ended || space.forkOf(RIVAL) !== undefined || (space.head(RIVAL)?.cut ?? []).includes(0)
  }

  #kind(): Kind {
    let dice = this.#arena.random(100)
    for (const [kind, share] of MIX) if ((dice -= share) < 0) return kind
    return 'update'
  }

  async #input(): Promise<void> {
    const kind = this.#kind()
    this.#totals.inputs++
    this.#totals.kinds[kind] = (this.#totals.kinds[kind] ?? 0) + 1
    const { bytes, outcome } = await this.#offer(kind).catch((error: unknown) => ({
      bytes: new Uint8Array(0),
      outcome: { verdict: '', ms: 0, threw: String(error instanceof Error ? error.stack : error) }
    }))
    this.#judge(kind, bytes, outcome)
    this.#look(kind, bytes, outcome)
  }

  /** Makes one input and lets the victim take it. */
  async #offer(kind: Kind): Promise<{ bytes: Uint8Array; outcome: Outcome }> {
    const { random } = this.#arena
    switch (kind) {
      case 'mutant':
      case 'update':
      case 'vector':
        return this.#update(kind)
      case 'envelope':
        return this.#say((TRICKS[random(TRICKS.length)] as (typeof TRICKS)[number])(this.#rival))
      case 'entry':
        return this.#say(wildEntry(this.#rival, this.#corpus))
      case 'frame':
        return this.#say(wildFrame(this.#rival, this.#corpus))
      case 'decision':
        return this.#say(wildDecision(this.#rival))
      case 'document': {
        const { bytes, parse } = wildDocument(this.#rival, this.#corpus)
        return { bytes, outcome: measured(() => parse(bytes)) }
      }
      case 'bundle':
        return this.#bundle()
    }
  }

  #say({ speaker = 'rival', frames }: Said): { bytes: Uint8Array; outcome: Outcome } {
    return { bytes: frames.at(-1) ?? new Uint8Array(0), outcome: this.#arena.say(speaker, frames) }
  }

  /** A body in an envelope that is right, in a lane of the rival's. */
  #update(kind: 'mutant' | 'update' | 'vector'): { bytes: Uint8Array; outcome: Outcome } {
    const rival = this.#rival
    const { random } = this.#arena
    const client = rival.lane()
    const targets = rival.targets(client)
    const model = rival.written[random(rival.written.length)] as Written
    let body: Uint8Array
    if (kind === 'update') body = new WildUpdate(targets, random).write()
    else if (kind === 'mutant') body = mutate(draftFrom(model, targets), targets, random)
    else {
      const { updates } = this.#corpus
      const vector = updates[random(updates.length)] as Uint8Array
      body = random(3) === 0 ? vector : mutateBytes(vector, random)
    }
    const scanned = scanUpdate(body)
    if (isReject(scanned)) this.#count(`scan:${scanned.code}`)
    const differs = disagreement(body, scanned)
    if (differs !== undefined) this.#found('disagreed', differs, kind, body)
    return { bytes: body, outcome: this.#offerBody(client, body) }
  }

  #offerBody(client: number, body: Uint8Array): Outcome {
    const record = this.#rival.sign(this.#rival.around(client, body))
    if (this.#arena.random(FRAMED_EVERY) > 0) return this.#arena.take(client, [record])
    return this.#arena.say('rival', [this.#rival.run(client, [record])])
  }

  async #bundle(): Promise<{ bytes: Uint8Array; outcome: Outcome }> {
    const bytes = mutateBytes(await bundleOf(this.#rival), this.#arena.random)
    const turns = new Turns()
    let verdict = ''
    let threw: string | undefined
    try {
      verdict = await importBundle(this.#rival, bytes)
    } catch (error) {
      threw = String(error instanceof Error ? error.stack : error)
    }
    this.#arena.settle()
    return { bytes, outcome: { verdict, ms: turns.end(), ...(threw !== undefined && { threw }) } }
  }

  #judge(kind: Kind, bytes: Uint8Array, outcome: Outcome): void {
    const totals = this.#totals
    const { verdict, threw, ms } = outcome
    this.#count(`${kind === 'document' || kind === 'bundle' ? kind : 'ingest'}:${verdict}`)
    totals.slowestMs = Math.max(totals.slowestMs, ms)
    if (threw !== undefined) this.#found('threw', threw, kind, bytes)
    else if (ms > SLOW_MS) this.#found('slow', `${Math.round(ms)} ms, ${verdict}`, kind, bytes)
  }

  #count(verdict: string): void {
    const { verdicts } = this.#totals
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
  }

  /** An edit after every input; an inspection after each that was accepted, and after so many that were not. */
  #look(kind: Kind, bytes: Uint8Array, { verdict }: Outcome): void {
    if (this.findings.length > 0) return
    const arena = this.#arena
    const accepted = verdict === 'accepted' && kind !== 'document'
    if (accepted && kind === 'entry')
      this.#check(kind, () => unsound(this.#rival) ?? unsettled(this.#rival), bytes)
    if (accepted) this.#totals.accepted++
    const inspect = accepted || ++this.#sinceInspection >= INSPECT_EVERY
    const flush = inspect || this.#at % FLUSH_EVERY === 0
    this.#check(kind, () => arena.edit() ?? (flush ? arena.flush() : undefined) ?? arena.wrongs[0], bytes)
    if (this.findings.length > 0 || !inspect) return
    this.#sinceInspection = 0
    this.#totals.inspections++
    this.#check(kind, () => arena.inspect(), bytes)
  }

  #check(kind: string, check: () => string | undefined, bytes: Uint8Array = new Uint8Array(0)): void {
    try {
      const wrong = check()
      if (wrong !== undefined) this.#found('bricked', wrong, kind, bytes)
    } catch (error) {
      this.#found('bricked', String(error instanceof Error ? error.stack : error), kind, bytes)
    }
  }

  #found(
    what: Wrong & ('threw' | 'slow' | 'bricked' | 'disagreed'),
    detail: string,
    kind: string,
    bytes: Uint8Array
  ): void {
    this.#totals[what]++
    const input = { at: this.#at, kind, bytes: toHex(bytes) }
    this.findings.push({ run: 'hostile', ...this.#origin, what, detail, input })
  }
}
