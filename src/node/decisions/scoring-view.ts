// A piece of scoring as people see it. protocols/scoring.
import { waitsFor } from '../../scoring/failure.ts'
import { needsLook } from '../../scoring/figures.ts'
import { type MadeRecord, mayBind } from '../../scoring/record.ts'
import type { Progress } from '../../scoring/scorer.ts'
import { type Work, cellsOf } from '../../scoring/work.ts'
import { toHex } from '../../wire/bytes.ts'
import { shortOf } from '../parts/parts.ts'
import { refusalOf } from '../refusals/refusals.ts'
import type { ScoringCellJson, ScoringJson } from '../surface/scoring-json.ts'
import type { KeptScoring } from './scoring-run.ts'

export function scoringJson(
  { work, role, cuts, said }: KeptScoring,
  title: string,
  made: MadeRecord | undefined,
  progress: Progress | undefined
): ScoringJson {
  const { plan, choices } = work
  const { at: since = 0, kind = 'human', model = '' } = choices.at(-1) ?? {}
  const cells = cellsOf(plan).map(({ key, option, criterion }) => {
    return cellJson(work, key, option.index, criterion.key)
  })
  const running = runningOf(work, progress)
  const trouble = troubleOf(work, said)
  const judge = judgeOf(work)
  return {
    decision: plan.decision,
    title,
    role,
    scorer: { kind, model, since },
    ...(judge && { judge }),
    careful: plan.care === 'careful',
    options: plan.options.map(option => option.title),
    criteria: plan.criteria.map(({ key, question, anchors }) => ({ key, question, anchors: [...anchors] })),
    cells,
    done: cells.filter(({ score }) => score !== null).length,
    ...(running && { running }),
    ...(trouble && { trouble }),
    cuts: [...cuts],
    ...(made && { record: toHex(made.digest) }),
    binding: made !== undefined && mayBind(made.record),
    closed: work.isClosed
  }
}

function cellJson(work: Work, key: string, option: number, criterion: string): ScoringCellJson {
  const result = work.results[key]
  const entry = work.hand[key]
  const figures = result?.figures
  const text = work.plan.options[option]?.text ?? ''
  const unscored = entry ? undefined : work.unscored[key]
  const modelScore = entry ? (figures?.score ?? undefined) : undefined
  const by = entry ? (modelScore === undefined ? 'person' : 'edited') : figures?.by
  const span = figures?.span
  return {
    option,
    criterion,
    score: entry ? entry.score : (figures?.score ?? null),
    ...(by && { by }),
    ...(modelScore !== undefined && { modelScore }),
    spread: figures?.spread ?? 0,
    codes: [...(figures?.codes ?? [])],
    needsLook: !entry && figures !== undefined && figures.by === 'model' && needsLook(figures),
    ...(unscored && { unscored }),
    ...(span && { evidence: text.slice(span.start, span.end) }),
    words: (result?.words.samples ?? []).map(({ score, reason }) => ({ score, reason })),
    ...(entry?.note && { note: entry.note })
  }
}

function judgeOf({ provenance }: Work): ScoringJson['judge'] {
  if (provenance?.kind !== 'ollama') return undefined
  const { versions, family, quantization, parametersMillions, warnings } = provenance
  const { digest, server } = versions
  return { digest, server, family, quantization, parametersMillions, warnings: [...warnings] }
}

function runningOf({ running, plan }: Work, progress: Progress | undefined): ScoringJson['running'] {
  const cell = cellsOf(plan).find(({ key }) => key === running?.cell)
  if (!cell) return undefined
  const { done = 0, of = 0 } = progress ?? {}
  return { option: cell.option.index, criterion: cell.criterion.key, done, of }
}

function troubleOf({ trouble, plan }: Work, said: KeptScoring['said']): ScoringJson['trouble'] {
  if (!trouble) return undefined
  const { code, times, nextAt } = trouble
  const known = refusalOf(code)
  const {
    message = known?.says ?? code,
    next = (known?.next ?? '').replaceAll('DECISION', shortOf({ id: plan.decision }))
  } = said ?? {}
  return { code, message, next, times, ...(waitsFor(code) === 'time' && nextAt !== null && { nextAt }) }
}
