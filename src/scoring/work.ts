// All scoring of one decision on one node, as a state machine: what happened and the time go in, what is to be done
// comes out. Its state is plain JSON, so that a node can write it down after each step and go on after a restart.
// protocols/scoring, section 7.
import { type FailureCode, waitsFor } from './failure.ts'
import { type Form, formKey } from './human-scorer.ts'
import { type Context, type Criterion, type Option, type Part, type ScoreJob, type Topic, type Versions, partKey, score as scoreSchema } from './job.ts' // prettier-ignore
import { type Protocol, type Provenance, type ScoreResult, type ScorerKind, isSameJudge } from './scorer.ts'

/** SCO-27. The last one repeats. */
export const RETRY_MS = [5_000, 30_000, 120_000, 600_000] as const
/** More changes of mind than anybody has; beyond, the oldest are forgotten. */
const CHOICES_MAX = 100

export interface Plan {
  readonly care: ScoreJob['care']
  readonly context: Context
  readonly criteria: readonly Criterion[]
  readonly decision: string
  readonly options: readonly Option[]
  readonly seed: string
  readonly topic: Topic
}

/** What a person chose to judge with, and when. */
export interface Choice {
  readonly at: number
  readonly kind: ScorerKind
  readonly model: string
}

export interface Trouble {
  readonly code: FailureCode
  /** In a row, without a part in between. */
  readonly times: number
  readonly since: number
  /** Null while it waits for a person. */
  readonly nextAt: number | null
}

export interface Work {
  readonly plan: Plan
  /** In their order; the last one is in force. SCO-30. */
  readonly choices: readonly Choice[]
  /** Who was found when the first result was asked for; results are of this judge alone. SCO-29. */
  readonly provenance: Provenance | null
  /** By cell, finished: what the scorer in force gave. */
  readonly results: Readonly<Record<string, ScoreResult>>
  /** Parts of cells that are not finished, and the facts of options. */
  readonly parts: Readonly<Record<string, Part>>
  /** By cell: what a person put in. It stands above any result. */
  readonly hand: Form
  /** Cells in which there will be no score unless a person does something, and why. Others go on. */
  readonly unscored: Readonly<Record<string, FailureCode>>
  readonly trouble: Trouble | null
  /** The one thing that is under way. What answers an earlier run is not heard. */
  readonly running: { readonly run: number; readonly cell: string | null } | null
  readonly runs: number
  readonly isClosed: boolean
}

export type WorkEvent =
  | { kind: 'chosen'; at: number; scorer: ScorerKind; model: string }
  | { kind: 'identified'; at: number; run: number; provenance: Provenance }
  | { kind: 'progressed'; at: number; run: number; part: Part }
  | { kind: 'scored'; at: number; run: number; result: ScoreResult }
  | { kind: 'failed'; at: number; run: number; code: FailureCode }
  | { kind: 'entered'; at: number; option: number; criterion: string; score: number; note: string }
  | { kind: 'withdrawn'; at: number; option: number; criterion: string }
  | { kind: 'retried'; at: number }
  | { kind: 'woke'; at: number }
  | { kind: 'restarted'; at: number }
  | { kind: 'closed'; at: number }

export type WorkEffect =
  | { kind: 'identify'; run: number; choice: Choice }
  | { kind: 'score'; run: number; choice: Choice; job: ScoreJob }
  /** Stop what runs. */
  | { kind: 'abort'; run: number }
  /** Send `woke` at this time; a later one takes the place of an earlier one. */
  | { kind: 'wake'; at: number }

export interface Step {
  readonly work: Work
  readonly effects: readonly WorkEffect[]
}

export function beginWork(plan: Plan): Work {
  return {
    plan,
    choices: [],
    provenance: null,
    results: {},
    parts: {},
    hand: {},
    unscored: {},
    trouble: null,
    running: null,
    runs: 0,
    isClosed: false
  }
}

export function stepWork(work: Work, event: WorkEvent): Step {
  if (work.isClosed) return { work, effects: [] }
  const stale = 'run' in event && event.run !== work.running?.run
  if (stale) return { work, effects: [] }
  switch (event.kind) {
    case 'chosen':
      return choose(work, { at: event.at, kind: event.scorer, model: event.model })
    case 'identified':
      return identified(work, event.provenance, event.at)
    case 'progressed':
      return { work: keepPart(work, event.part), effects: [] }
    case 'scored':
      return scored(work, event.result, event.at)
    case 'failed':
      return failed(work, event.code, event.at)
    case 'entered':
      return entered(work, event)
    case 'withdrawn':
      return withdrawn(work, event)
    case 'retried':
      return begin(stopped({ ...work, trouble: null, unscored: {} }))
    case 'woke':
      return isDue(work, event.at) ? begin({ work, effects: [] }) : wakeLater(work)
    case 'restarted':
      // What ran has ended with the process; whoever answers now is asked who it is.
      return begin({ work: { ...work, running: null }, effects: [] })
    case 'closed':
      return closed(work)
  }
}

/** SCO-30. Also how a person starts again with the same one. What was entered by hand stays. */
function choose(work: Work, choice: Choice): Step {
  const before = stopped(work)
  const choices = [...work.choices, choice].slice(-CHOICES_MAX)
  const fresh = {
    ...before.work,
    choices,
    provenance: null,
    results: {},
    parts: {},
    unscored: {},
    trouble: null
  }
  return begin({ ...before, work: fresh })
}

/** Asks who is there, and does nothing before that is known. */
function begin({ work, effects }: Step): Step {
  const choice = work.choices.at(-1)
  const isWaiting = work.trouble?.nextAt === null
  if (work.running || isWaiting || !choice || !nextCell(work)) return { work, effects }
  // A person needs no asking: entries come as they come.
  if (choice.kind === 'human') return { work, effects }
  const run = work.runs + 1
  const asking = { ...work, runs: run, running: { run, cell: null } }
  return { work: asking, effects: [...effects, { kind: 'identify', run, choice }] }
}

/** SCO-29. */
function identified(work: Work, provenance: Provenance, at: number): Step {
  const before = work.provenance
  if (before && !isSameJudge(before.versions, provenance.versions)) return failed(work, 'model-changed', at)
  return goOn({ ...work, provenance, running: null })
}

function goOn(work: Work): Step {
  const { provenance } = work
  const choice = work.choices.at(-1)
  const cell = nextCell(work)
  if (!provenance || !choice || !cell) return { work, effects: [] }
  const run = work.runs + 1
  const job = jobFor(work, cell, provenance.versions)
  return {
    work: { ...work, runs: run, running: { run, cell: cell.key } },
    effects: [{ kind: 'score', run, choice, job }]
  }
}

interface Cell {
  readonly key: string
  readonly option: Option
  readonly criterion: Criterion
}

export function cellsOf({ options, criteria }: Pick<Plan, 'options' | 'criteria'>): Cell[] {
  return options.flatMap(option =>
    criteria.map(criterion => ({ key: formKey(option.index, criterion.key), option, criterion }))
  )
}

function nextCell({ plan, results, hand, unscored }: Work): Cell | undefined {
  return cellsOf(plan).find(({ key }) => !(key in results) && !(key in hand) && !(key in unscored))
}

function jobFor({ plan, parts }: Work, { key, option, criterion }: Cell, versions: Versions): ScoreJob {
  const { care, context, decision, seed, topic } = plan
  const known = Object.entries(parts).flatMap(([name, part]) =>
    name.startsWith(`${key}/`) || name.startsWith(`${option.index}//`) ? [part] : []
  )
  return { care, context, criterion, decision, option, parts: known, seed, topic, versions }
}

/** Facts are of the option, and serve all its cells. */
function keepPart(work: Work, part: Part): Work {
  const cell = work.running?.cell
  if (cell === null || cell === undefined) return work
  const owner = part.kind === 'facts' ? `${cell.slice(0, cell.indexOf('/'))}/` : cell
  const parts = { ...work.parts, [`${owner}/${partKey(part)}`]: part }
  // It gets on, so what went wrong before is over.
  return { ...work, parts, trouble: null }
}

function scored(work: Work, result: ScoreResult, at: number): Step {
  const key = work.running?.cell
  const isOfThis = key === formKey(result.figures.option, result.figures.criterion)
  if (!key || !isOfThis) return { work, effects: [] }
  const isSame = work.provenance && isSameJudge(work.provenance.versions, result.provenance.versions)
  if (!isSame) return failed(work, 'model-changed', at)
  const parts = Object.fromEntries(Object.entries(work.parts).filter(([name]) => !name.startsWith(`${key}/`)))
  const done = { ...work, parts, running: null, results: { ...work.results, [key]: result } }
  if (result.figures.score !== null) return goOn({ ...done, trouble: null })
  // SCO-8: it is shown as having none, and others go on.
  return goOn({ ...done, unscored: { ...work.unscored, [key]: 'invalid-output' } })
}

/** SCO-27, SCO-28. */
function failed(work: Work, code: FailureCode, at: number): Step {
  const cell = work.running?.cell
  if (code === 'prompt-too-long' && typeof cell === 'string') {
    return goOn({ ...work, running: null, trouble: null, unscored: { ...work.unscored, [cell]: code } })
  }
  const { times: before = 0, since = at } = work.trouble ?? {}
  const wait = RETRY_MS[Math.min(before, RETRY_MS.length - 1)] as number
  const nextAt = waitsFor(code) === 'time' ? at + wait : null
  const dropped = code === 'model-changed' ? { results: {}, parts: {}, unscored: {} } : {}
  return wakeLater({
    ...work,
    ...dropped,
    running: null,
    trouble: { code, times: before + 1, since, nextAt }
  })
}

function isDue({ trouble, running }: Work, at: number): boolean {
  return !running && trouble?.nextAt !== undefined && trouble.nextAt !== null && at >= trouble.nextAt
}

function wakeLater(work: Work): Step {
  const nextAt = work.trouble?.nextAt
  return { work, effects: typeof nextAt === 'number' && !work.running ? [{ kind: 'wake', at: nextAt }] : [] }
}

function entered(work: Work, event: Extract<WorkEvent, { kind: 'entered' }>): Step {
  const key = formKey(event.option, event.criterion)
  const isCell = cellsOf(work.plan).some(cell => cell.key === key)
  if (!isCell || !scoreSchema.safeParse(event.score).success) return { work, effects: [] }
  const hand = { ...work.hand, [key]: { score: event.score, note: event.note } }
  if (work.running?.cell !== key) return { work: { ...work, hand }, effects: [] }
  const before = stopped({ ...work, hand })
  const next = goOn(before.work)
  return { work: next.work, effects: [...before.effects, ...next.effects] }
}

function withdrawn(work: Work, { option, criterion }: { option: number; criterion: string }): Step {
  const key = formKey(option, criterion)
  const hand = Object.fromEntries(Object.entries(work.hand).filter(([name]) => name !== key))
  // Whoever waits for a server goes on waiting.
  return work.trouble
    ? { work: { ...work, hand }, effects: [] }
    : begin({ work: { ...work, hand }, effects: [] })
}

function stopped(work: Work): Step {
  const { running } = work
  return running
    ? { work: { ...work, running: null }, effects: [{ kind: 'abort', run: running.run }] }
    : { work, effects: [] }
}

function closed(work: Work): Step {
  const before = stopped(work)
  return { ...before, work: { ...before.work, isClosed: true } }
}

/** Whose protocol stands in the record: the first result's, all being of one judge. */
export function protocolOf({ results }: Work): Protocol | undefined {
  return Object.values(results)[0]?.protocol
}
