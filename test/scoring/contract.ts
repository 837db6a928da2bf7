// What every scorer must do: one suite, run against each of them by contract.test.ts, and against a model in a real
// Ollama by test/ollama/judging.ts, where no test runner is.
import assert from 'node:assert/strict'
import { isScorerFailure } from '../../src/scoring/failure.ts'
import { makeRecord } from '../../src/scoring/record.ts'
import { type Progress, type Scorer, isSameJudge } from '../../src/scoring/scorer.ts'
import { job, never } from './jobs.ts'

export interface OpenScorer {
  readonly scorer: Scorer
  /** One that cannot give a score for the job of these tests. */
  readonly failing?: Scorer
}

export interface Clause {
  readonly says: string
  holds(open: OpenScorer): Promise<void>
}

async function finds({ scorer }: OpenScorer): Promise<void> {
  const one = job({ option: { ...job().option, index: 1 } })
  const { figures, provenance, protocol } = await scorer.score(one, never)
  const { text } = one.option
  const facts = { decision: one.decision, texts: ['', text], context: '', provenance, protocol }
  const { record } = makeRecord({ ...facts, cells: [{ ...figures, modelScore: null }] })
  const [cell] = record.cells
  assert.deepEqual([cell?.option, cell?.criterion], [1, 'localVision'])
  assert.equal(record.evaluator.kind, scorer.kind)
}

async function repeats({ scorer }: OpenScorer): Promise<void> {
  const one = job()
  const first = await scorer.score(one, never)
  assert.deepEqual((await scorer.score(one, never)).figures, first.figures)
  assert.deepEqual(one, job())
  assert.equal(typeof first.figures.score, 'number')
}

export const CONTRACT: readonly Clause[] = [
  {
    says: '[SCO-2] says who it is, and the same each time',
    async holds({ scorer }) {
      const provenance = await scorer.identify(never)
      assert.deepEqual(await scorer.identify(never), provenance)
      assert.deepEqual([provenance.kind, provenance.binding], [scorer.kind, scorer.binding])
    }
  },
  {
    says: '[SCO-2] a result names the judge that it identified as',
    async holds({ scorer }) {
      const { provenance } = await scorer.score(job(), never)
      assert.ok(isSameJudge(provenance.versions, (await scorer.identify(never)).versions))
    }
  },
  {
    says: '[SCO-20] what it finds fits a record, and names the option and the criterion of the job',
    holds: finds
  },
  { says: 'gives the same score for the same job, and leaves the job as it was', holds: repeats },
  {
    says: '[SCO-5] ends with its signal, for its reason',
    async holds({ scorer }) {
      const reason = new Error('no more')
      const isIt = (error: unknown) => error === reason
      await assert.rejects(scorer.score(job(), AbortSignal.abort(reason)), isIt)
      await assert.rejects(scorer.identify(AbortSignal.abort(reason)), isIt)
    }
  },
  {
    says: 'tells how far it is, without going back',
    async holds({ scorer }) {
      const told: Progress[] = []
      await scorer.score(job(), never, progress => told.push(progress))
      assert.deepEqual(
        told.map(({ done }) => done),
        told.map((_, i) => i + 1)
      )
      assert.ok(told.every(({ done, of }) => done <= of))
    }
  },
  {
    says: 'can be written down and read again',
    async holds({ scorer }) {
      const result = await scorer.score(job(), never)
      assert.deepEqual(JSON.parse(JSON.stringify(result)), result)
    }
  },
  {
    says: '[SCO-28] fails with a code and the next step, never with a made-up score',
    async holds({ failing }) {
      if (!failing) return
      const failure = await failing.score(job(), never).catch((error: unknown) => error)
      assert.ok(isScorerFailure(failure) && failure.next !== '')
    }
  }
]
