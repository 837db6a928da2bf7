// Our scorer against a real server: the contract, a whole decision, and what a small model makes of both passes.
// The model is so small that it quotes almost nothing that stands in a text, so that the second pass would never be
// asked. A stand-in therefore reads the proposals for it, where it says so; all scores are its own, and mean nothing.
import { z } from 'zod'
import { DEFAULT_CRITERIA } from '../../src/decision/criteria.ts'
import { isScorerFailure } from '../../src/scoring/failure.ts'
import type { Part } from '../../src/scoring/job.ts'
import { createOllamaScorer } from '../../src/scoring/ollama-scorer.ts'
import { parseRecord } from '../../src/scoring/record.ts'
import type { Scorer } from '../../src/scoring/scorer.ts'
import { tokensAtMost } from '../../src/scoring/tokens.ts'
import { missingCells, recordOf } from '../../src/scoring/work-record.ts'
import { type Plan, beginWork } from '../../src/scoring/work.ts'
import { isReject } from '../../src/wire/reject.ts'
import { CONTRACT } from '../scoring/contract.ts'
import { drive } from '../scoring/drive.ts'
import { CONTEXT, PROPOSAL, job, never } from '../scoring/jobs.ts'
import { soundBrain } from './brains.ts'
import { cleaned } from '../../src/scoring/sanitiser.ts'
import { ask, type Claim, MODEL, type Scene, firstOf, loads, seenUnless } from './claim.ts'
import { type Brain, OllamaDouble } from './double.ts'
import { type Heard, openRecorder } from './recorder.ts'
import { listedModel } from './real-server.ts'

/** The facts are those that the one finds; everything else is the other's. */
export function readBy(reader: Scorer, judge: Scorer): Scorer {
  return {
    kind: judge.kind,
    binding: judge.binding,
    identify: signal => judge.identify(signal),
    async score(one, signal, onProgress) {
      const facts: Part[] = []
      const versions = { ...one.versions, digest: '', server: '' }
      await reader.score({ ...one, care: 'quick', parts: [], versions }, signal, ({ part }) => {
        if (part?.kind === 'facts') facts.push(part)
      })
      const samples = (one.parts ?? []).filter(({ kind }) => kind === 'sample')
      return await judge.score({ ...one, parts: [...facts, ...samples] }, signal, progress => {
        // What it was brought comes first, and the judge, who did not obtain it, does not tell it.
        const part = progress.part ?? facts[progress.done - 1]
        onProgress?.({ ...progress, ...(part && { part }) })
      })
    }
  }
}

/** @param brain of the stand-in that reads for the model */
export async function withReader<T>(
  host: string,
  brain: Brain,
  run: (scorer: Scorer) => Promise<T>
): Promise<T> {
  const double = await OllamaDouble.open({ brain })
  try {
    const reader = createOllamaScorer({ host: double.host, model: 'gemma4:12b' })
    return await run(readBy(reader, createOllamaScorer({ host, model: MODEL })))
  } finally {
    await double.close()
  }
}

const CONTRACT_CLAIMS = CONTRACT.map(({ says, holds }): Claim => ({
  says,
  check: ({ url }) =>
    withReader(url, soundBrain, async scorer => {
      const failing = createOllamaScorer({ host: url, model: 'no-such-model' })
      const failure = await holds({ scorer, failing }).catch((error: unknown) => error)
      return failure === undefined ? undefined : String(failure)
    })
}))

const CANARY = 'CANARY'
const PLAN: Plan = {
  care: 'careful',
  context: {
    artifacts: [{ title: `Review ${CANARY}`, text: `${CONTEXT.artifacts[0]?.text} ${CANARY}` }],
    notes: `The budget is 40713 crowns. ${CANARY}`,
    purpose: `${CONTEXT.purpose} ${CANARY}`,
    vision: `${CONTEXT.vision} ${CANARY}`
  },
  criteria: DEFAULT_CRITERIA,
  decision: 'd0'.repeat(32),
  options: [
    { index: 0, text: PROPOSAL, title: 'Share' },
    {
      index: 1,
      text: '# What we propose\nWe keep all as it is.\n\n# What it means\nNothing is published.',
      title: 'Keep'
    }
  ],
  seed: '5e'.repeat(32),
  topic: job().topic
}

const Scored = z.strictObject({
  evidence: z.string().max(300),
  reason: z.string().max(500),
  score: z.int().min(0).max(5),
  unsure: z.boolean()
})
const Read = z.strictObject({
  facts: z.array(z.strictObject({ kind: z.string(), quote: z.string().max(240) })).max(8)
})

interface ChatHeard {
  request: string
  options: Record<string, unknown>
  written: string
  isCut: boolean
}

function chatsOf(heard: readonly Heard[]): ChatHeard[] {
  const Line = z.looseObject({
    message: z.looseObject({ content: z.string() }),
    done_reason: z.string().optional()
  })
  return heard
    .filter(({ path, status }) => path === '/api/chat' && status === 200)
    .map(({ request, answer }) => {
      const text = Buffer.from(answer, 'latin1').toString()
      const lines = text.trim().split('\n').map(line => Line.parse(JSON.parse(line))) // prettier-ignore
      const { options } = JSON.parse(request) as { options: Record<string, unknown> }
      const written = lines.map(({ message }) => message.content).join('')
      return { request, options, written, isCut: lines.at(-1)?.done_reason === 'length' }
    })
}

/** The first answer that ended by itself and is not of the schema, key by key in its order. */
function misfit(chats: readonly ChatHeard[], schema: z.ZodObject): string | undefined {
  const keys = Object.keys(schema.shape).join()
  return chats.find(({ written, isCut }) => {
    if (isCut) return false
    const value = JSON.parse(written) as object
    return !schema.safeParse(value).success || Object.keys(value).join() !== keys
  })?.written
}

async function decides(scene: Scene): Promise<string | undefined> {
  const recorder = await openRecorder(scene.url)
  try {
    const before = loads(scene)
    const started = { kind: 'chosen', at: 0, scorer: 'ollama', model: MODEL } as const
    const work = await withReader(recorder.host, soundBrain, scorer =>
      drive(beginWork(PLAN), scorer, started)
    )
    const made = recordOf(work, 'c0'.repeat(32))
    if (!made) return `without a score: ${missingCells(work).join(', ')}; ${JSON.stringify(work.trouble)}`
    const { digest } = await listedModel(scene.url, MODEL)
    const text = Buffer.from(made.bytes).toString()
    const chats = chatsOf(recorder.heard)
    const options = new Set(chats.map(chat => JSON.stringify({ ...chat.options, seed: 0 })))
    const { evaluator, cells } = made.record
    return firstOf(
      seenUnless(cells.length === 8 && cells.every(({ by }) => by === 'model'), cells),
      seenUnless(!isReject(parseRecord(made.bytes)), 'another node would refuse the record'),
      seenUnless(evaluator.digest === digest, evaluator),
      seenUnless(
        chats.every(({ request }) => request.includes(CANARY)),
        'it judged without the context'
      ),
      seenUnless(!/canary|40713/i.test(text), 'the record has something of the context'),
      seenUnless(/^[A-Za-z0-9{}[\]":,._/-]+$/.test(text), 'the record has words'),
      seenUnless(options.size === 1 && loads(scene) <= before + 1, `${[...options].join()}, ${loads(scene)}`),
      misfit(chats, Scored)
    )
  } finally {
    await recorder.close()
  }
}

async function reads(scene: Scene): Promise<string | undefined> {
  const recorder = await openRecorder(scene.url)
  try {
    const scorer = createOllamaScorer({ host: recorder.host, model: MODEL })
    const parts: Part[] = []
    const one = job({ care: 'quick', context: PLAN.context })
    await scorer.score(one, never, ({ part }) => part && parts.push(part))
    const chats = chatsOf(recorder.heard).filter(({ request }) => request.includes('You take notes'))
    const found = parts.flatMap(part => (part.kind === 'facts' ? part.facts : []))
    return firstOf(
      seenUnless(chats.length >= 3, `${chats.length} sections were read`),
      seenUnless(!chats.some(({ request }) => request.includes(CANARY)), 'it was shown the context'),
      misfit(chats, Read),
      seenUnless(
        found.every(({ span }) => span.end <= PROPOSAL.length),
        found
      )
    )
  } finally {
    await recorder.close()
  }
}

/** Of rare Hangul this model makes more tokens than the one and a half that we count. */
async function tooDear({ url }: Scene): Promise<string | undefined> {
  const notes = '뷁'.repeat(4_200)
  const said = await withReader(url, soundBrain, async scorer =>
    scorer
      .score(job({ care: 'quick', context: { ...CONTEXT, notes } }), never)
      .catch((error: unknown) => error)
  )
  return firstOf(
    seenUnless(tokensAtMost(notes) < 7_000, `we count ${tokensAtMost(notes)} ourselves`),
    seenUnless(
      isScorerFailure(said) && said.code === 'prompt-too-long' && said.message.includes('(400'),
      String(said)
    )
  )
}

/** Real ones are one token each. */
async function broken(scene: Scene): Promise<string | undefined> {
  const count = async (content: string) =>
    (await ask(scene, content, { options: { num_predict: 1 } })).prompt_eval_count
  for (const token of ['<|im_start|>', '<|im_end|>', '<|endoftext|>', '<repo_name>', '<file_sep>']) {
    const [real, left] = [await count(`x${token}x`), await count(cleaned(`x${token}x`).text)]
    if (left < real + 3) return `${token}: ${real} tokens, and ${left} of what is left of it`
  }
  return undefined
}

export const JUDGING_CLAIMS: Claim[] = [
  ...CONTRACT_CLAIMS,
  {
    says: 'the first pass is held to its schema and sees nothing of the company',
    check: reads
  },
  {
    says: 'a decision of two options by four criteria comes to a record, with nothing of the context in it',
    check: decides
  },
  { says: 'what the sanitiser leaves of a control token is text', check: broken },
  {
    says: 'a text with more tokens than we count is refused by the server, and called too long',
    check: tooDear
  }
]
