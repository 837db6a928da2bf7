// What every scorer must do: one suite, run against each of them.
import { describe, expect, it } from 'vitest'
import { isScorerFailure } from '../../src/scoring/failure.ts'
import { makeRecord } from '../../src/scoring/record.ts'
import { type Progress, type Scorer, isSameJudge } from '../../src/scoring/scorer.ts'
import { job, never } from './jobs.ts'

export interface OpenScorer {
  readonly scorer: Scorer
  /** One that cannot give a score for the job of these tests. */
  readonly failing?: Scorer
  close(): Promise<void>
}

export function scorerContract(name: string, open: () => Promise<OpenScorer>): void {
  const opened = async (run: (open: OpenScorer) => Promise<void>) => {
    const one = await open()
    try {
      await run(one)
    } finally {
      await one.close()
    }
  }

  describe(name, () => {
    it('[SCO-2] says who it is, and the same each time', () =>
      opened(async ({ scorer }) => {
        const provenance = await scorer.identify(never)
        expect(provenance).toEqual(await scorer.identify(never))
        expect([provenance.kind, provenance.binding]).toEqual([scorer.kind, scorer.binding])
      }))

    it('[SCO-2] a result names the judge that it identified as', () =>
      opened(async ({ scorer }) => {
        const { provenance } = await scorer.score(job(), never)
        expect(isSameJudge(provenance.versions, (await scorer.identify(never)).versions)).toBe(true)
      }))

    it('[SCO-20] what it finds fits a record, and names the option and the criterion of the job', () =>
      opened(async ({ scorer }) => {
        const one = job({ option: { ...job().option, index: 1 } })
        const { figures, provenance, protocol } = await scorer.score(one, never)
        const { text } = one.option
        const facts = { decision: one.decision, texts: ['', text], context: '', provenance, protocol }
        const { record } = makeRecord({ ...facts, cells: [{ ...figures, modelScore: null }] })
        expect(record.cells[0]).toMatchObject({ option: 1, criterion: 'localVision' })
        expect(record.evaluator.kind).toBe(scorer.kind)
      }))

    it('gives the same score for the same job, and leaves the job as it was', () =>
      opened(async ({ scorer }) => {
        const one = job()
        const first = await scorer.score(one, never)
        expect((await scorer.score(one, never)).figures).toEqual(first.figures)
        expect(one).toEqual(job())
        expect(first.figures.score).toBeTypeOf('number')
      }))

    it('[SCO-5] ends with its signal, for its reason', () =>
      opened(async ({ scorer }) => {
        const reason = new Error('no more')
        await expect(scorer.score(job(), AbortSignal.abort(reason))).rejects.toBe(reason)
        await expect(scorer.identify(AbortSignal.abort(reason))).rejects.toBe(reason)
      }))

    it('tells how far it is, without going back', () =>
      opened(async ({ scorer }) => {
        const told: Progress[] = []
        await scorer.score(job(), never, progress => told.push(progress))
        expect(told.map(({ done }) => done)).toEqual(told.map((_, i) => i + 1))
        expect(told.every(({ done, of }) => done <= of)).toBe(true)
      }))

    it('can be written down and read again', () =>
      opened(async ({ scorer }) => {
        const result = await scorer.score(job(), never)
        expect(JSON.parse(JSON.stringify(result))).toEqual(result)
      }))

    it('[SCO-28] fails with a code and the next step, never with a made-up score', () =>
      opened(async ({ failing }) => {
        if (!failing) return
        const failure = await failing.score(job(), never).catch((error: unknown) => error)
        expect(isScorerFailure(failure) && failure.next).toBeTruthy()
      }))
  })
}
