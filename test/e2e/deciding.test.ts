// What the local API tells of a decision, at real nodes: all that is voted on, and nothing of a ballot before its time.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import { defaultPolicy } from '../../src/decision/policy-template.ts'
import type { TopicRequest } from '../../src/node/surface/decision-json.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import type { NodeEvent } from '../../src/node/surface/parley-node.ts'
import { type Joined, didOf, joinNodes } from './nodes.ts'

const WHY = 'because Graz is nearer'
const PLAN = {
  goal: 'One press',
  milestones: [{ title: 'Bought', company: 'Acme', role: 'CTO', due: '2027-03-31' }]
}

let world: Joined
let acme: LocalNode
let globex: LocalNode
let topic: TopicRequest
let decision: string

beforeEach(async () => {
  world = await joinNodes(['Acme', 'Globex'])
  ;[acme, globex] = world.nodes as [LocalNode, LocalNode]
  topic = {
    title: 'The press',
    question: 'Where does it stand?',
    benefits: ['One press for two'],
    options: [
      { title: 'Graz', text: 'In the old hall', plan: PLAN },
      { title: 'Linz', text: 'By the river' }
    ],
    policy: { ...defaultPolicy([await didOf(acme), await didOf(globex)], 'CTO') }
  }
  decision = (await acme.beginDecision(world.space, topic)).id
  await until('the decision at the other company', async () => (await globex.decisions()).length === 1)
}, 120_000)
afterEach(() => world.close())

test('[API-26] who is asked to vote is told all that a vote stands for', async () => {
  const { title, question, benefits, options, policy } = topic
  expect(await globex.decision(decision)).toMatchObject({
    title,
    question,
    benefits,
    options,
    policy: policy['title'],
    method: 'weighted-majority',
    criteria: policy['criteria'],
    policySealed: false,
    electors: [{ weight: 1 }, { weight: 1 }]
  })
  const subject = { artifact: world.artifact, release: '1.0.0' }
  const { id } = await acme.beginDecision(world.space, { ...topic, subject })
  const { structRoot } = await acme.read(world.artifact)
  const told = await until('the standard', async () =>
    (await globex.decisions()).find(({ id: one }) => one === id)
  )
  expect(told).toMatchObject({ method: 'unanimity', subject: { release: '1.0.0', root: structRoot } })
})

test('[API-27] of a ballot nothing is told before it is revealed, and all of it then', async () => {
  const events: NodeEvent[] = []
  for (const node of [acme, globex]) node.subscribe(event => events.push(event))
  const answer = await acme.vote(decision, { choice: 'option', option: 1, rationale: WHY })
  await until('the commitment', async () => (await globex.decision(decision)).electors[0]?.committed)
  for (const node of [acme, globex]) {
    const told = await node.decision(decision)
    const [elector] = told.electors
    expect(elector).toMatchObject({ committed: true })
    expect(elector?.ballot).toBeUndefined()
    expect(JSON.stringify([answer, told, await node.decisions(), events])).not.toContain(WHY)
  }
  await globex.vote(decision, { choice: 'option', option: 0 })
  for (const node of [acme, globex]) {
    const { electors } = await until('the end', async () => {
      const told = await node.decision(decision)
      return told.stage === 'mediation' && told
    })
    expect(electors[0]?.ballot).toMatchObject({ choice: 'option', option: 1, rationale: WHY })
  }
})

test('[DEC-33] what is released is the document that the decision was about', async () => {
  const subject = { artifact: world.artifact, release: '1.0.0' }
  const { id: standard } = await acme.beginDecision(world.space, { ...topic, subject })
  await until('the standard', async () => (await globex.decisions()).some(({ id }) => id === standard))
  for (const node of [acme, globex]) await node.vote(standard, { choice: 'option', option: 0 })
  await until('the approval', async () => (await acme.decision(standard)).stage === 'approved')
  const release = (artifact: string) => Array.fromAsync(acme.seal(artifact, { decision: standard }))
  await expect(release('00'.repeat(16))).rejects.toMatchObject({ code: 'release-other' })
  expect(await release(world.artifact)).not.toEqual([])
})
