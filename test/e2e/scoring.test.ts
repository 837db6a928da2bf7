// Scoring before a vote, between real nodes and a double of Ollama over real HTTP: what is kept while there is none,
// what a ballot rests on, and that nothing of the context reaches the other company.
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import { defaultPolicy } from '../../src/decision/policy-template.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import type { ScoringJson } from '../../src/node/surface/scoring-json.ts'
import { verifyCertificate } from '../../src/decision/certificate-check.ts'
import { parseRecord } from '../../src/scoring/record.ts'
import { isReject } from '../../src/wire/reject.ts'
import { soundBrain } from '../ollama/brains.ts'
import { OllamaDouble } from '../ollama/double.ts'
import { type Joined, didOf, joinNodes, startNode } from './nodes.ts'

const SECRET = 'we buy the press in Graz for 4711 thousand'
const SHARE = 'We publish the audit together.\n\nIt is open, safer and free for all who train with us.'
const KEEP = 'We keep all closed.\n\nIt stays secret, exclusive and locked, for a fee.'

let world: Joined
let ollama: OllamaDouble
let acme: LocalNode
let globex: LocalNode
let decision: string

beforeEach(async () => {
  ollama = await OllamaDouble.open({ brain: soundBrain })
  world = await joinNodes(['Acme', 'Globex'])
  ;[, globex] = world.nodes as [LocalNode, LocalNode]
  acme = await again()
  const dids = [await didOf(acme), await didOf(globex)]
  const { id } = await acme.beginDecision(world.space, {
    title: 'Audit',
    question: 'How do we audit?',
    options: [
      { title: 'Share', text: SHARE },
      { title: 'Keep', text: KEEP }
    ],
    policy: { ...defaultPolicy(dids, 'CTO') }
  })
  decision = id
}, 120_000)
afterEach(async () => {
  await world.close()
  await ollama.close()
})

/** Acme's node, started anew with this Ollama. */
async function again(): Promise<LocalNode> {
  const [home] = world.homes
  if (!home) throw new Error('no home')
  await world.nodes[0]?.close()
  const config = { ...home.config, ollama: ollama.host }
  const node = await startNode({ ...home, config })
  world.nodes[0] = node
  const [address = ''] = (await globex.status()).listening
  await node.connect(address)
  return node
}

async function scored(node: LocalNode): Promise<ScoringJson> {
  return until('all scores', async () => {
    const scoring = await node.scoring(decision, {})
    return scoring.record !== undefined && scoring
  })
}

const MODEL = { scorer: 'ollama', model: 'gemma4:12b' } as const

test(
  '[SCO-26] [SCO-31] [API-28] a ballot rests on the record that was seen, and nothing of the context leaves',
  { timeout: 120_000 },
  async () => {
    await acme.setRoleContext('CTO', { vision: `We want to lead. ${SECRET}`, notes: SECRET })
    const own = (await acme.spaces()).find(space => space.home)?.id as string
    const facts = {
      kind: 'StandardsDoc.v1',
      title: 'Plan',
      class: 'private',
      space: own,
      text: SECRET
    } as const
    const { id: artifact } = await acme.createArtifact(facts)
    await acme.beginScoring(decision, { ...MODEL, quick: true, artifacts: [artifact] })
    const scoring = await scored(acme)
    expect(scoring.cells).toHaveLength(8)
    const [share, keep] = [0, 1].map(option => scoring.cells.filter(cell => cell.option === option))
    for (const [i, cell] of (share ?? []).entries())
      expect(cell.score).toBeGreaterThan(keep?.[i]?.score as number)
    expect(ollama.requests.some(({ body }) => JSON.stringify(body).includes(SECRET))).toBe(true)

    await acme.enterScores(decision, {
      scores: [{ option: 1, criterion: 'peerFit', score: 2, note: SECRET }]
    })
    const { record = '' } = await acme.scoring(decision, {})
    const stale = acme.vote(decision, { choice: 'option', option: 0, scored: scoring.record as string })
    await expect(stale).rejects.toMatchObject({ code: 'scores-changed' })
    await acme.vote(decision, { choice: 'option', option: 0, scored: record.slice(0, 12) })
    await until('the decision at the other company', async () => (await globex.decisions()).length === 1)
    await globex.vote(decision, { choice: 'option', option: 0 })
    const { outcome } = await until('the end', async () => {
      const now = await globex.decision(decision)
      return now.stage === 'approved' && now
    })
    expect(outcome?.recommendation.option).toBe(0)

    const bytes = Buffer.concat(await Array.fromAsync(acme.scoringRecord(decision, {})))
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(record)
    const kept = parseRecord(bytes)
    if (isReject(kept)) throw new Error(kept.code)
    expect(kept.cells.find(cell => cell.option === 1 && cell.criterion === 'peerFit')).toMatchObject({
      by: 'edited',
      score: 2
    })

    const file = Buffer.concat(await Array.fromAsync(globex.decisionCertificate(decision)))
    const verified = verifyCertificate(file)
    if (isReject(verified)) throw new Error(verified.code)
    const [ballot] = verified.messages.reveals.flatMap(({ payload }) =>
      payload.ballot.evaluator ? [payload.ballot] : []
    )
    expect(ballot?.evaluator).toBe(record)
    expect(ballot?.scores[1]?.criteria['peerFit']).toBe(2)
    expect(verified.messages.contexts.map(({ payload }) => payload.commitment)).toEqual([kept.context])
    const decoded = [
      file,
      ...verified.messages.reveals.map(({ record: { document } }) => Buffer.from(document))
    ]
    for (const bytes of decoded) {
      const payloads = [...bytes.toString().matchAll(/"payload":"([^"]+)"/g)].map(([, text]) =>
        Buffer.from(text as string, 'base64').toString()
      )
      expect([bytes.toString(), ...payloads].filter(text => text.includes('4711'))).toEqual([])
    }
    expect((await acme.scoring(decision, {})).closed).toBe(true)
  }
)

test(
  '[SCO-27] [SCO-30] without an Ollama the job is kept, and it goes on after a restart once one is there',
  { timeout: 120_000 },
  async () => {
    await ollama.close()
    await acme.beginScoring(decision, { ...MODEL, quick: true })
    const away = await until('the trouble', async () => {
      const scoring = await acme.scoring(decision, {})
      return scoring.trouble && scoring
    })
    expect(away.trouble).toMatchObject({ code: 'unreachable' })
    expect(away.trouble?.nextAt).toBeGreaterThan(Date.now())
    expect(away.trouble?.next).toMatch(/Start Ollama/)
    expect(away.done).toBe(0)
    ollama = await OllamaDouble.open({ brain: soundBrain })
    acme = await again()
    const scoring = await scored(acme)
    expect(scoring.scorer).toMatchObject({ kind: 'ollama', model: 'gemma4:12b' })
    expect(scoring.cells.every(({ by }) => by === 'model')).toBe(true)
  }
)

test(
  '[SCO-30] of two beginnings at once one goes on, and the other asks no more',
  { timeout: 120_000 },
  async () => {
    const begun = () => acme.beginScoring(decision, { ...MODEL, quick: true })
    await Promise.all([begun(), begun()])
    await scored(acme)
    // Of each option two sections, then four criteria; of the other beginning what was under way.
    const asked = ollama.requests.filter(({ path }) => path === '/api/chat').length
    expect(asked).toBeLessThanOrEqual(2 * (2 + 4) + 2)
    // Who votes without them needs no more of them either.
    await acme.enterScores(decision, { scores: [{ option: 0, criterion: 'peerFit', score: 5 }] })
    await acme.vote(decision, { choice: 'option', option: 0 })
    expect((await acme.scoring(decision, {})).closed).toBe(true)
  }
)

test('[SCO-29] what another model has scored does not count', { timeout: 120_000 }, async () => {
  ollama.onRequest = path => {
    const asked = ollama.requests.filter(one => one.path === '/api/chat').length
    if (path === '/api/chat' && asked === 6)
      ollama.models[0] = { ...ollama.models[0]!, digest: 'b2'.repeat(32) }
  }
  await acme.beginScoring(decision, { ...MODEL, quick: true })
  const changed = await until('the trouble', async () => {
    const scoring = await acme.scoring(decision, {})
    return scoring.trouble && scoring
  })
  expect(changed.trouble?.code).toBe('model-changed')
  expect(changed.trouble?.nextAt).toBeUndefined()
  expect(changed.done).toBe(0)
  await acme.beginScoring(decision, { ...MODEL, quick: true })
  expect((await scored(acme)).judge?.digest).toBe('b2'.repeat(32))
})

test(
  '[SCO-24] [API-28] the demo binds nobody, and neither do scores that are not all there',
  { timeout: 120_000 },
  async () => {
    const vote = (scored: string) => acme.vote(decision, { choice: 'option', option: 0, scored })
    await expect(vote('0'.repeat(12))).rejects.toMatchObject({ code: 'scoring-none' })
    await acme.beginScoring(decision, { scorer: 'demo' })
    const { record = '', binding } = await scored(acme)
    expect(binding).toBe(false)
    await expect(vote(record)).rejects.toMatchObject({ code: 'scorer-not-binding' })
    await acme.beginScoring(decision, { scorer: 'human' })
    const one = await acme.enterScores(decision, { scores: [{ option: 0, criterion: 'peerFit', score: 5 }] })
    expect(one.record).toBeUndefined()
    await expect(vote(record)).rejects.toMatchObject({ code: 'scores-missing' })
    const all = one.cells.map(({ option, criterion }) => ({ option, criterion, score: 4 }))
    const byHand = await acme.enterScores(decision, { scores: all })
    expect(byHand).toMatchObject({ binding: true, done: 8 })
    await vote(byHand.record as string)
  }
)

test(
  '[SCO-25] [SCO-3] what others write is never context, and no model of others reads it',
  { timeout: 120_000 },
  async () => {
    const shared = acme.beginScoring(decision, { ...MODEL, artifacts: [world.artifact] })
    await expect(shared).rejects.toMatchObject({ code: 'facet-unknown' })
    const remote = acme.beginScoring(decision, { scorer: 'ollama', model: 'gemma4:cloud' })
    await remote
    const refused = await until('the refusal', async () => (await acme.scoring(decision, {})).trouble)
    expect(refused.code).toBe('remote-model')
    expect(ollama.requests.filter(({ path }) => path === '/api/chat')).toEqual([])
  }
)
