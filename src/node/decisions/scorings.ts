// Scoring before a vote: the context that a role holder confides to this node, and one piece of work for each decision
// and role. Nothing of it leaves but what a ballot names. protocols/scoring.
import type { Ballot } from '../../decision/schema.ts'
import { commitContext, sliceContext, topicSlice } from '../../scoring/context-slice.ts'
import { createDemoScorer } from '../../scoring/demo-scorer.ts'
import { createHumanScorer, formKey } from '../../scoring/human-scorer.ts'
import type { Context } from '../../scoring/job.ts'
import { createOllamaScorer } from '../../scoring/ollama-scorer.ts'
import { type MadeRecord, mayBind } from '../../scoring/record.ts'
import type { Scorer } from '../../scoring/scorer.ts'
import { type Choice, type Plan, type Work, beginWork } from '../../scoring/work.ts'
import { recordOf } from '../../scoring/work-record.ts'
import type { Store } from '../../store/store.ts'
import type { HeldDecision } from '../../sync/decision-book.ts'
import { fromHex, fromUtf8, toHex, utf8 } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import type { Config } from '../home/config.ts'
import type { Log } from '../home/home.ts'
import type { Library } from '../editing/library.ts'
import { type Parts, shortOf } from '../parts/parts.ts'
import type { EnteredScore, RoleContext, ScoringJson, ScoringRequest } from '../surface/scoring-json.ts'
import { type KeptScoring, ScoringRun } from './scoring-run.ts'
import { scoringJson } from './scoring-view.ts'
import type { Voters } from './voters.ts'

/** Sealed on disk, and never sent. */
const TABLE = 'scoring'
const EMPTY: RoleContext = { vision: '', purpose: '', notes: '' }

/** What a ballot takes over from a record. */
export interface BallotBasis {
  scores: Ballot['scores']
  /** Digest of the record. */
  evaluator: string
  /** What was committed to of the context; none where nothing private was read. */
  commitment?: string
}

export class Scorings {
  readonly #parts: Parts
  readonly #library: Library
  readonly #voters: Voters
  readonly #config: Config
  readonly #random: (bytes: number) => Uint8Array
  readonly #log: Log
  /** By decision and role. */
  readonly #runs = new Map<string, ScoringRun>()
  readonly #contexts = new Map<string, RoleContext>()

  constructor(
    parts: Parts,
    { library, voters, config, log }: { library: Library; voters: Voters; config: Config; log: Log },
    random: (bytes: number) => Uint8Array
  ) {
    this.#parts = parts
    this.#library = library
    this.#voters = voters
    this.#config = config
    this.#log = log
    this.#random = random
  }

  /** Goes on with what an earlier run left. */
  async start(store: Store): Promise<void> {
    for await (const { key, bytes } of store.list(TABLE)) {
      const [kind, ...rest] = key.split('/')
      const json: unknown = JSON.parse(fromUtf8(bytes))
      if (kind === 'context') this.#contexts.set(rest.join('/'), json as RoleContext)
      else this.#runs.set(rest.join('/'), this.#run(rest.join('/'), json as KeptScoring))
    }
    for (const [key, run] of this.#runs) {
      void run.send({ kind: 'restarted', at: Date.now() })
      this.look(key.split('/')[0] as string)
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(run => run.stop()))
  }

  /** What is decided needs no more scores. */
  look(decision: string): void {
    if (!this.#voters.book.get(decision)?.decision.closed) return
    for (const [key, run] of this.#runs)
      if (key.startsWith(`${decision}/`)) void run.send({ kind: 'closed', at: Date.now() })
  }

  // ---- the context -------------------------------------------------------------------------------

  contextOf(role: string): RoleContext {
    return this.#contexts.get(role) ?? EMPTY
  }

  async setContext(role: string, change: Partial<RoleContext>): Promise<RoleContext> {
    const context = { ...this.contextOf(role), ...change }
    await this.#put(`context/${role}`, context)
    this.#contexts.set(role, context)
    return context
  }

  async #chosen(role: string, artifacts: readonly string[]): Promise<Context> {
    const texts = await Promise.all(artifacts.map(prefix => this.#textOf(prefix)))
    return { ...this.contextOf(role), artifacts: texts }
  }

  /** Only what nobody else writes: a rival's words in the context would be read as the company's own. */
  async #textOf(prefix: string): Promise<Context['artifacts'][number]> {
    const { facet } = this.#library.held(prefix, 'private')
    const { text, fields } = await this.#library.document(facet)
    const { title } = (fields['meta'] ?? {}) as { title?: unknown }
    return { title: typeof title === 'string' ? title.slice(0, 200) : '', text }
  }

  // ---- the work ----------------------------------------------------------------------------------

  /** @throws NodeError `scorer-host`, `scorer-model`, `facet-unknown` */
  async begin(prefix: string, request: ScoringRequest): Promise<ScoringJson> {
    const { scorer, model = '', quick = false, artifacts = [] } = request
    const held = this.#voters.find(prefix)
    const name = this.#voters.voterIn(held.decision, request.role).certificate.role
    if (held.decision.closed) throw closed(held)
    const at = Date.now()
    // Refused now, and not by a job that nobody looks at.
    this.#scorerFor({ at, kind: scorer, model })
    const { context, cuts } = sliceContext(await this.#chosen(name, artifacts))
    const plan = this.#planOf(held, context, quick)
    const key = keyOf(held, name)
    const stopped = new Set<ScoringRun | undefined>()
    // Of two that begin at once, the later stops the earlier: a run that nobody knows of would go on asking.
    while (!stopped.has(this.#runs.get(key))) {
      const last = this.#runs.get(key)
      stopped.add(last)
      await last?.stop()
    }
    const before = this.#runs.get(key)?.kept
    if (before?.work.isClosed || held.decision.closed) throw closed(held)
    const isSame = JSON.stringify(before?.work.plan.context) === JSON.stringify(context)
    const salt = isSame && before ? before.salt : toHex(this.#random(32))
    const work = takenOver(plan, before?.work)
    const run = this.#run(key, { work, role: name, salt, cuts, said: null })
    this.#runs.set(key, run)
    await run.send({ kind: 'chosen', at, scorer, model })
    return this.#json(held, run)
  }

  #planOf({ decision }: HeldDecision, context: Context, quick: boolean): Plan {
    const { options, policy, question, benefits } = decision.initiation
    return {
      care: quick ? 'quick' : 'careful',
      context,
      criteria: policy.criteria.map(criterion => ({ ...criterion, anchors: [...criterion.anchors] })),
      decision: decision.id,
      options: options.map(({ title, text }, index) => ({ index, title, text: text || title })),
      seed: toHex(this.#random(32)),
      topic: topicSlice({ question, benefits })
    }
  }

  async enter(
    prefix: string,
    { scores, role }: { scores: EnteredScore[]; role?: string }
  ): Promise<ScoringJson> {
    const held = this.#voters.find(prefix)
    const { certificate } = this.#voters.voterIn(held.decision, role)
    if (!this.#runs.has(keyOf(held, certificate.role)))
      await this.begin(prefix, { scorer: 'human', role: certificate.role })
    const run = this.#named(held, certificate.role)
    if (run.kept.work.isClosed) throw closed(held)
    for (const { option, criterion, score, note = '' } of scores) {
      const isCell =
        held.decision.initiation.options[option] !== undefined &&
        run.kept.work.plan.criteria.some(({ key }) => key === criterion)
      if (!isCell)
        throw new NodeError(
          'score-unknown',
          `there is no option ${option + 1} by a criterion ${criterion}`,
          `Its criteria: parley decision show ${shortOf(held.decision)}`
        )
      const at = Date.now()
      await run.send(
        score === null
          ? { kind: 'withdrawn', at, option, criterion }
          : { kind: 'entered', at, option, criterion, score, note }
      )
    }
    return this.#json(held, run)
  }

  async retry(prefix: string, role?: string): Promise<ScoringJson> {
    const held = this.#voters.find(prefix)
    const run = this.#named(held, role)
    await run.send({ kind: 'retried', at: Date.now() })
    return this.#json(held, run)
  }

  list(): ScoringJson[] {
    return [...this.#runs].flatMap(([key, run]) => {
      const held = this.#voters.book.get(key.split('/')[0] as string)
      return held ? [this.#json(held, run)] : []
    })
  }

  /** @throws NodeError `scoring-none` */
  show(prefix: string, role?: string): ScoringJson {
    const held = this.#voters.find(prefix)
    return this.#json(held, this.#named(held, role))
  }

  /** The record as a ballot names it. @throws NodeError `scores-missing` */
  async *record(prefix: string, role?: string): AsyncGenerator<Uint8Array> {
    yield this.#made(this.#named(this.#voters.find(prefix), role)).bytes
  }

  #made({ kept }: ScoringRun): MadeRecord {
    const short = shortOf({ id: kept.work.plan.decision })
    const made = recordFor(kept)
    if (made) return made
    throw new NodeError(
      'scores-missing',
      'not every option has a score by every criterion yet',
      `parley score ${short} shows what is missing; give a score by hand with --enter.`
    )
  }

  /**
   * What a person votes upon: the very record that they have seen.
   * @param seen its digest, or the beginning of it
   * @throws NodeError `scores-missing`, `scores-changed`, `scorer-not-binding`
   */
  basis(held: HeldDecision, role: string, seen: string): BallotBasis {
    const { digest, record } = this.#made(this.#named(held, role))
    const evaluator = toHex(digest)
    if (!mayBind(record))
      throw new NodeError(
        'scorer-not-binding',
        'the demo counts words, and no ballot may rest on that',
        `Score with a model, or by hand: parley score ${shortOf(held.decision)} --hand`
      )
    if (seen.length < 8 || !evaluator.startsWith(seen.toLowerCase()))
      throw new NodeError(
        'scores-changed',
        `the scores are not those of ${seen}`,
        `Look at them: parley score ${shortOf(held.decision)}, and vote upon the record that it names.`
      )
    const scores = record.proposals.map((_, option) => ({
      option,
      criteria: Object.fromEntries(
        record.cells.flatMap(cell => (cell.option === option ? [[cell.criterion, cell.score ?? 0]] : []))
      )
    }))
    return { scores, evaluator, ...(record.context !== '' && { commitment: record.context }) }
  }

  async close(decision: string, role: string): Promise<void> {
    await this.#runs.get(`${decision}/${role}`)?.send({ kind: 'closed', at: Date.now() })
  }

  // ---- within ------------------------------------------------------------------------------------

  #json(held: HeldDecision, { kept, progress }: ScoringRun): ScoringJson {
    return scoringJson(kept, held.decision.initiation.title, recordFor(kept), progress)
  }

  /** Of this role, or the only one there is. */
  #named(held: HeldDecision, role: string | undefined): ScoringRun {
    const { decision } = held
    const runs = [...this.#runs].flatMap(([key, run]) => {
      const isOne = role === undefined ? key.startsWith(`${decision.id}/`) : key === `${decision.id}/${role}`
      return isOne ? [run] : []
    })
    const [only] = runs
    if (only && runs.length === 1) return only
    if (only)
      throw new NodeError('role-ambiguous', 'several of your roles score here', 'Name one with --role.')
    throw new NodeError(
      'scoring-none',
      'nothing of this decision is scored here',
      `Begin: parley score ${shortOf(held.decision)} --model NAME; or by hand: parley score ${shortOf(held.decision)} --hand`
    )
  }

  #run(key: string, kept: KeptScoring): ScoringRun {
    return new ScoringRun(kept, {
      scorerFor: choice => this.#scorerFor(choice),
      keep: now => this.#put(`work/${key}`, now),
      changed: () => this.#parts.emit({ event: 'scoring', decision: kept.work.plan.decision }),
      failed: why => this.#log('error', 'a step of scoring failed', { scoring: key, why: String(why) })
    })
  }

  #scorerFor({ kind, model }: Choice): Scorer {
    if (kind === 'human') return createHumanScorer({})
    if (kind === 'demo') return createDemoScorer()
    const { ollama, ollamaRemote, ollamaUnversioned } = this.#config
    const trust = { mayBeRemote: ollamaRemote, mayBeUnversioned: ollamaUnversioned }
    return createOllamaScorer({ host: ollama, model, ...trust })
  }

  #put(key: string, value: object): Promise<void> {
    const bytes = utf8(JSON.stringify(value))
    return this.#parts.driver.perform(core => core.context.write([{ kind: 'put', table: TABLE, key, bytes }]))
  }
}

function keyOf({ decision }: HeldDecision, role: string): string {
  return `${decision.id}/${role}`
}

/** SCO-30: what was entered by hand outlives a change of scorer, and so does who was chosen before. */
function takenOver(plan: Plan, before: Work | undefined): Work {
  const fresh = beginWork(plan)
  if (!before) return fresh
  const cells = new Set(
    plan.options.flatMap(({ index }) => plan.criteria.map(({ key }) => formKey(index, key)))
  )
  const hand = Object.fromEntries(Object.entries(before.hand).filter(([key]) => cells.has(key)))
  return { ...fresh, choices: before.choices, hand, runs: before.runs + 1 }
}

function recordFor({ work, salt }: KeptScoring) {
  const { context } = work.plan
  const { artifacts, vision, purpose, notes } = context
  const isRead = work.choices.at(-1)?.kind === 'ollama'
  const isEmpty = artifacts.length === 0 && vision === '' && purpose === '' && notes === ''
  const commitment = !isRead || isEmpty ? '' : toHex(commitContext(fromHex(salt) as Uint8Array, context))
  return recordOf(work, commitment)
}

function closed({ decision }: HeldDecision): NodeError {
  return new NodeError(
    'decision-closed',
    'the vote is over, and scores would change nothing',
    `Its outcome: parley decision show ${shortOf(decision)}`
  )
}
