// What scoring has come to, for a ballot: the record, once every cell has a score. protocols/scoring, SCO-31.
import { BY_HAND, NO_PROTOCOL } from './human-scorer.ts'
import { type JudgedFigures, type MadeRecord, makeRecord } from './record.ts'
import { type Work, cellsOf, protocolOf } from './work.ts'

/** Cells that have no score, so that a person sees what is missing. */
export function missingCells(work: Work): string[] {
  return judgedCells(work).flatMap(({ key, judged }) =>
    judged?.score === undefined || judged.score === null ? [key] : []
  )
}

/**
 * @param context the salted digest, hexadecimal; empty where nothing private was read
 * @returns nothing while a score is missing: a ballot never gets a part of them
 */
export function recordOf(work: Work, context: string): MadeRecord | undefined {
  if (missingCells(work).length > 0) return undefined
  const cells = judgedCells(work).flatMap(({ judged }) => judged ?? [])
  const isAllByHand = cells.every(({ by }) => by === 'person')
  return makeRecord({
    decision: work.plan.decision,
    texts: work.plan.options.map(({ text }) => text),
    context,
    provenance: (isAllByHand ? undefined : work.provenance) ?? BY_HAND,
    protocol: (isAllByHand ? undefined : protocolOf(work)) ?? NO_PROTOCOL,
    cells
  })
}

function judgedCells(work: Work): { key: string; judged: JudgedFigures | undefined }[] {
  return cellsOf(work.plan).map(({ key, option, criterion }) => {
    const figures = work.results[key]?.figures
    const entry = work.hand[key]
    if (!entry) return { key, judged: figures && { ...figures, modelScore: null } }
    const scored = { option: option.index, criterion: criterion.key, score: entry.score }
    const modelScore = figures?.score ?? null
    if (figures && modelScore !== null) {
      return { key, judged: { ...figures, ...scored, by: 'edited' as const, modelScore } }
    }
    const empty = { spread: 0, samples: 1, codes: [], span: null, section: null }
    return { key, judged: { ...empty, ...scored, by: 'person' as const, modelScore: null } }
  })
}
