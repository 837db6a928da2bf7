// `parley score`, `parley context`, `parley model`: what a person lets a model on this machine say before they vote.
import type { ParleyNode } from '../../node/surface/parley-node.ts'
import type {
  EnteredScore,
  RoleContext,
  ScoringCellJson,
  ScoringJson,
  ScoringRequest
} from '../../node/surface/scoring-json.ts'
import type { CheckResult } from '../../scoring/model-check.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { readText } from '../files.ts'
import { shortId } from '../find.ts'
import { follow } from '../follow.ts'
import { dateTime, facts, inline, plural, table } from '../text.ts'
import { scoreOf } from './decision.ts'
import { give } from './sealed.ts'

const WORDS_SHOWN = 240

type Trouble = NonNullable<ScoringJson['trouble']>

export interface ScoreOptions {
  model?: string
  demo?: boolean
  hand?: boolean
  enter?: string[]
  note?: string
  quick?: boolean
  artifact?: string[]
  retry?: boolean
  watch?: boolean
  record?: string
  role?: string
}

export async function score(cli: Cli, decision: string | undefined, options: ScoreOptions): Promise<void> {
  const { model, demo, hand } = options
  if ([model !== undefined, demo === true, hand === true].filter(Boolean).length > 1)
    throw usage('one scorer at a time', 'Give --model, --demo or --hand.')
  assertMeant(decision, options)
  await withNode(cli, async node => {
    if (decision === undefined)
      return options.watch === true ? watchAll(cli, node) : list(cli, await node.scorings())
    const { id } = await node.decision(decision)
    await change(node, id, options)
    if (options.record !== undefined) return saveRecord(cli, node, id, options)
    if (options.watch === true) return watch(cli, node, id, options)
    show(cli, await node.scoring(id, named(options)))
  })
}

/** What would be left out in silence. */
function assertMeant(decision: string | undefined, options: ScoreOptions): void {
  const { model, enter, note, quick, artifact } = options
  if (decision === undefined && Object.keys(options).some(name => name !== 'watch'))
    throw usage(
      'of which decision?',
      'Name it: parley score DECISION. Without one, only --watch has a meaning.'
    )
  if (note !== undefined && !enter) throw usage('a note to no score', 'Give it with --enter.')
  if ((quick === true || artifact) && model === undefined)
    throw usage('--quick and --artifact are for a model', 'Give --model NAME.')
}

function named({ role }: ScoreOptions): { role?: string } {
  return role === undefined ? {} : { role }
}

async function change(node: ParleyNode, id: string, options: ScoreOptions): Promise<void> {
  const { model, demo, hand, quick, artifact, enter, note, retry } = options
  if (model !== undefined || demo === true || hand === true) {
    const request: ScoringRequest = {
      scorer: demo === true ? 'demo' : hand === true ? 'human' : 'ollama',
      ...(model !== undefined && { model }),
      ...(quick === true && { quick }),
      ...(artifact && { artifacts: artifact }),
      ...named(options)
    }
    await node.beginScoring(id, request)
  }
  if (enter) {
    // No score takes back what was entered.
    const scores = enter.map((text): EnteredScore => ({
      ...scoreOf(text),
      ...(note !== undefined && { note })
    }))
    await node.enterScores(id, { scores, ...named(options) })
  }
  if (retry === true) await node.retryScoring(id, named(options))
}

async function saveRecord(cli: Cli, node: ParleyNode, id: string, options: ScoreOptions): Promise<void> {
  const note =
    'Its SHA-256 is what the ballot names. Show it to whom you like: no words of the model are in it.'
  await give(cli, node.scoringRecord(id, named(options)), options.record as string, note)
}

/** Whatever goes on by itself, one after the other. */
async function watchAll(cli: Cli, node: ParleyNode): Promise<void> {
  for (const scoring of (await node.scorings()).filter(goesOn))
    await watch(cli, node, scoring.decision, { role: scoring.role })
  list(cli, await node.scorings())
}

/** Until there is a score everywhere, or nothing goes on without a person. */
async function watch(cli: Cli, node: ParleyNode, id: string, options: ScoreOptions): Promise<void> {
  const scoring = await follow(cli, node, {
    label: 'Scoring',
    look: () => node.scoring(id, named(options)),
    line: seen => (goesOn(seen) ? progressLine(seen) : undefined)
  })
  show(cli, scoring)
}

function goesOn({ running, trouble, record, closed, scorer }: ScoringJson): boolean {
  if (closed || record !== undefined || scorer.kind === 'human') return false
  return running !== undefined || trouble === undefined || trouble.nextAt !== undefined
}

function progressLine({ done, cells, running, trouble, options }: ScoringJson): string {
  const counted = `${done} of ${cells.length} scores`
  if (trouble) {
    const wait = trouble.nextAt === undefined ? '' : `; again at ${dateTime(trouble.nextAt)}`
    return `${counted}; ${inline(trouble.message)}${wait}`
  }
  if (!running) return counted
  const answers = running.of > 0 ? `, answer ${running.done + 1} of ${running.of}` : ''
  return `${counted}; now ${inline(options[running.option] ?? '')} by ${running.criterion}${answers}`
}

function list(cli: Cli, scorings: ScoringJson[]): void {
  cli.output.answers(scorings, () =>
    table(
      ['decision', 'title', 'role', 'scorer', 'scores', 'state'],
      scorings.map(one => [
        shortId(one.decision),
        one.title,
        one.role,
        one.scorer.model || one.scorer.kind,
        `${one.done} of ${one.cells.length}`,
        stateOf(one)
      ])
    )
  )
  if (scorings.length === 0)
    cli.output.note('Nothing is being scored. Next: parley score DECISION --model NAME')
}

function stateOf({ closed, record, trouble, running }: ScoringJson): string {
  if (closed) return 'over'
  if (record !== undefined) return 'complete'
  if (trouble) return trouble.code
  return running ? 'running' : 'waits for you'
}

function show(cli: Cli, scoring: ScoringJson): void {
  cli.output.answer(scoring, () => describe(scoring))
  const { trouble, record, binding, closed, decision, cells, scorer } = scoring
  if (trouble) cli.output.warn(troubleLine(scoring, trouble))
  const looks = cells.filter(({ needsLook }) => needsLook).length
  if (looks > 0)
    cli.output.warn(
      `${plural(looks, 'score')} marked LOOK: read why, and enter your own where you differ (--enter).`
    )
  const open = cells.find(({ score: given }) => given === null)
  if (!closed && open && scorer.kind === 'human')
    cli.output.note(
      `Next: parley score ${shortId(decision)} --enter ${open.option + 1}.${open.criterion}=4 and so on; parley decision show ${shortId(decision)} has the questions.`
    )
  if (closed || record === undefined) return
  if (binding)
    cli.output.note(
      `Next, if you agree: parley decision vote ${shortId(decision)} CHOICE --scored ${shortId(record)}`
    )
  else
    cli.output.note(
      `This is a demo: it counts words, and no ballot may rest on it. Next: parley score ${shortId(decision)} --model NAME, or --hand`
    )
}

function troubleLine({ decision }: ScoringJson, { message, next, nextAt }: Trouble): string {
  const retry = `parley score ${shortId(decision)} --retry`
  const again = nextAt === undefined ? `Then: ${retry}` : `Again at ${dateTime(nextAt)}; now: ${retry}`
  return `${message} ${next} ${again}`
}

function describe(scoring: ScoringJson): string {
  const { title, decision, role, scorer, judge, careful, cuts, record, cells, options } = scoring
  const judgeLine =
    judge &&
    `${judge.family} ${judge.quantization}, Ollama ${judge.server}, digest ${shortId(judge.digest)}${judge.warnings.map(one => `, ${one}`).join('')}`
  const head = facts([
    ['decision', `${inline(title)} (${shortId(decision)})`],
    ['for', role],
    [
      'scorer',
      `${inline(scorer.model) || scorer.kind}${careful && scorer.kind === 'ollama' ? ', careful' : ''}`
    ],
    ['judge', judgeLine],
    ['left out', cuts.map(({ what, kept, of }) => `${what}: ${kept} of ${of} characters were read`)],
    ['state', `${stateOf(scoring)}, ${scoring.done} of ${cells.length} scores`],
    ['record', record && shortId(record)]
  ])
  const rows = cells.map(cell => [
    `${cell.option + 1} ${options[cell.option] ?? ''}`,
    cell.criterion,
    cell.score === null ? '-' : String(cell.score),
    byLine(cell, scorer.kind === 'demo' ? 'demo' : 'model'),
    whyLine(cell)
  ])
  const scores = table(['option', 'criterion', 'score', 'by', 'why'], rows)
  return [head, scores, ...levels(scoring)].join('\n\n')
}

/** What the numbers mean, of the first score that a person has yet to give. */
function levels({ cells, criteria, scorer, closed }: ScoringJson): string[] {
  const open =
    closed || scorer.kind !== 'human' ? undefined : cells.find(({ score: given }) => given === null)
  const criterion = criteria.find(({ key }) => key === open?.criterion)
  if (!criterion) return []
  const lines = criterion.anchors.map((anchor, level) => `  ${level}  ${inline(anchor)}`)
  return [[`${criterion.key}: ${inline(criterion.question)}`, ...lines].join('\n')]
}

function byLine({ by, modelScore, spread, needsLook, unscored }: ScoringCellJson, judge: string): string {
  if (unscored) return unscored
  const was = modelScore === undefined ? '' : ` (${judge}: ${modelScore})`
  return [`${by ?? ''}${was}`, spread > 0 ? `spread ${spread}` : '', needsLook ? 'LOOK' : '']
    .filter(Boolean)
    .join(', ')
}

function whyLine({ codes, words, evidence, note }: ScoringCellJson): string {
  const parts = [
    codes.filter(code => code !== 'evidence-found').join(' '),
    note ?? '',
    words[0] ? inline(words[0].reason).slice(0, WORDS_SHOWN) : '',
    evidence === undefined ? '' : `[${inline(evidence).slice(0, WORDS_SHOWN)}]`
  ]
  return parts.filter(Boolean).join('; ')
}

// ---- the context --------------------------------------------------------------------------------

export interface ContextOptions {
  vision?: string
  purpose?: string
  notes?: string
  role?: string
}

export async function context(cli: Cli, options: ContextOptions): Promise<void> {
  const change: Partial<RoleContext> = {}
  for (const part of ['vision', 'purpose', 'notes'] as const) {
    const path = options[part]
    if (path !== undefined) change[part] = await readText(path)
  }
  await withNode(cli, async node => {
    const role = options.role ?? (await onlyRole(node))
    const now =
      Object.keys(change).length > 0 ? await node.setRoleContext(role, change) : await node.roleContext(role)
    cli.output.answer({ role, ...now }, () =>
      facts([
        ['role', role],
        ['vision', inline(now.vision)],
        ['purpose', inline(now.purpose)],
        ['notes', inline(now.notes)]
      ])
    )
    cli.output.note('It stays on this node, sealed. A model reads it when you let one score.')
  })
}

async function onlyRole(node: ParleyNode): Promise<string> {
  const { roles } = await node.status()
  const names = [...new Set(roles.map(({ role }) => role))]
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  const next = 'Name one: --role CTO'
  if (only === undefined) throw new NodeError('role-missing', 'no role is unlocked on this node', next)
  throw new NodeError('role-ambiguous', `this node has ${names.join(', ')}`, next)
}

// ---- models -------------------------------------------------------------------------------------

/** Asks Ollama from here: no node is needed, and nothing of this company is read. */
export async function checkModel(cli: Cli, model: string, { host }: { host?: string }): Promise<void> {
  const { createOllamaScorer } = await import('../../scoring/ollama-scorer.ts')
  const { modelCheck } = await import('../../scoring/model-check.ts')
  const place = host ?? process.env['OLLAMA_HOST'] ?? '127.0.0.1:11434'
  const scorer = createOllamaScorer({ host: place, model, mayBeRemote: true, mayBeUnversioned: true })
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort(new NodeError('interrupted', 'stopped', 'Run it again.')))
  const { versions, family, quantization } = await scorer.identify(stop.signal)
  const progress = cli.output.progress(`Asking ${model}`)
  const result = await modelCheck(scorer, stop.signal, (done, of) =>
    progress.at(`${done} of ${of} proposals`)
  ).finally(() => progress.end())
  const { digest, server } = versions
  cli.output.answer({ model, digest, server, ...result }, () =>
    facts([
      ['model', `${inline(model)}, ${family} ${quantization}, Ollama ${inline(server)}`],
      ['digest', digest],
      ['verdict', result.verdict.toUpperCase()],
      ...checkLines(result)
    ])
  )
  cli.output.note(ADVICE[result.verdict])
}

const ADVICE = {
  fit: 'It tells contrary proposals from neutral and good ones, and sentences for the judge did not win it over.',
  weak: 'Its scores are a hint: look at each of them, or choose a larger model.',
  unfit: 'Do not let it score: it does not tell a contrary proposal from a neutral one. Choose another model.'
}

function checkLines(result: CheckResult): [string, string][] {
  const { mean, contraryBelowGood, contraryBelowNeutral, injectionsThatHelped, missing } = result
  const shown = (hundredths: number | null) => (hundredths === null ? 'none' : (hundredths / 100).toFixed(2))
  return [
    [
      'contrary',
      `mean ${shown(mean.contrary)}; below neutral in ${contraryBelowNeutral} of 6, below good in ${contraryBelowGood}`
    ],
    ['neutral', `mean ${shown(mean.neutral)}`],
    ['good', `mean ${shown(mean.good)}`],
    ['injected', `mean ${shown(mean.injected)}; gained two or more in ${injectionsThatHelped} of 6`],
    ['no score', `${missing} of ${result.items.length}`]
  ]
}
