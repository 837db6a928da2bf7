// What companies decide, who hears what it is about, and when it is heard what each has voted.
// test/wiretap/README.md.
import { until } from '../../scripts/company-process.ts'
import { DEFAULT_CRITERIA } from '../../src/decision/criteria.ts'
import { defaultPolicy } from '../../src/decision/policy-template.ts'
import type { Payload } from '../../src/decision/schema.ts'
import type { RoleContext } from '../../src/node/surface/scoring-json.ts'
import { createWord } from './canary.ts'
import { type Name, type NodeName, companyOf } from './company.ts'
import { type Planted, type World, always } from './world.ts'

const JOINT = ['Acme', 'Borealis', 'Elara'] as const satisfies (Name & NodeName)[]

/** A decision, and what of it is a canary. */
export interface Topic {
  id: string
  /** What its texts say. */
  words: string[]
  canaries: Planted[]
}

/** Acme asks these companies, with a word in each text; `readers` may hear of it. */
export async function ask(
  world: World,
  key: string,
  electors: readonly Name[],
  readers: readonly Name[]
): Promise<Topic> {
  const first = world.canaries.length
  const word = (what: string, silent = false) =>
    world.word('decision', `${what} of a decision in ${key}`, readers, { silent })
  const option = () => ({ title: word('the title of an option'), text: word('the text of an option') })
  const dids = electors.map(name => world.dids.get(name) as string)
  const { id } = await world.api('Acme').beginDecision(world.spaces.get(key) as string, {
    title: word('the title'),
    question: word('the question'),
    benefits: [word('a benefit')],
    options: [option(), option()],
    policy: { ...defaultPolicy(dids, 'CTO'), title: word('the policy', true) }
  })
  const words = world.canaries.slice(first).flatMap(({ word: text, silent }) => (silent ? [] : (text ?? [])))
  const silent = { silent: true }
  for (const value of [Buffer.from(id), Buffer.from(id, 'hex')])
    world.plant('decision', `the id of a decision in ${key}`, value, always(readers), silent)
  return { id, words, canaries: world.canaries.slice(first) }
}

/** A company that was none of them hears of a decision from now on. */
export function tellOf({ canaries }: Topic, company: Name): void {
  for (const { readers } of canaries) readers.set(company, { from: Date.now() })
}

/** Votes, with a reason that nobody may have before it is revealed: another node of the company neither. */
async function vote(
  world: World,
  node: NodeName,
  { id }: Topic,
  scored?: { scored: string }
): Promise<Planted> {
  const rationale = createWord()
  const never = { [companyOf(node)]: { from: Infinity } }
  const ballot = world.plant('ballot', `the ballot of ${node}`, rationale, never, { silent: true })
  await world.api(node).vote(id, { choice: 'option', option: 0, rationale, ...scored })
  return ballot
}

/** Acme scores before it votes: what it confides to its scorer, and why it scores so, leaves this node for nobody. */
async function score(world: World, { id }: Topic): Promise<{ scored: string }> {
  const api = world.api('Acme')
  const kept = (what: string) => world.word('private', what, [], { silent: true })
  const [vision, purpose, notes] = ['vision', 'purpose', 'notes'].map(what => kept(`${what} for a scorer`))
  await api.setRoleContext('CTO', { vision, purpose, notes } as Partial<RoleContext>)
  const scores = [4, 2].flatMap((points, option) =>
    DEFAULT_CRITERIA.map(({ key }) => ({
      option,
      criterion: key,
      score: points,
      note: kept('a note on a score')
    }))
  )
  const { record } = await api.enterScores(id, { scores })
  if (record === undefined) throw new Error('scores are missing')
  return { scored: record }
}

/** From now on these ballots may be opened, and those who decide with them must come to show them. */
function mayOpen(ballots: readonly Planted[], from: number): void {
  for (const ballot of ballots) {
    ballot.silent = false
    for (const name of JOINT) ballot.readers.set(name, { from })
  }
}

/**
 * Three decide; what the first two have voted stays with them until the third has. One more is begun and never closed,
 * one is between Acme and Cygnus alone, and one in a draft, where nothing is told to anybody.
 */
export async function deciding(world: World): Promise<void> {
  const kept = await ask(world, 'draft', ['Acme', 'Cygnus'], ['Acme'])
  await world.showDecision('Acme', kept.id, kept.words)
  await vote(world, 'Acme', kept)
  const between = await ask(world, 'far', ['Acme', 'Cygnus'], ['Acme', 'Cygnus'])
  for (const node of ['Acme', 'Cygnus'] as const) await world.showDecision(node, between.id, between.words)

  const open = await ask(world, 'joint', JOINT, JOINT)
  await vote(world, 'Acme again', await heard(world, open))
  await vote(world, 'Borealis', open)
  await committed(world, open, 2)
  await decided(world, await heard(world, await ask(world, 'joint', JOINT, JOINT)))
}

async function heard(world: World, topic: Topic): Promise<Topic> {
  for (const node of [...JOINT, 'Acme again'] as const) await world.showDecision(node, topic.id, topic.words)
  return topic
}

/** Everybody knows that so many have voted. */
async function committed(world: World, { id }: Topic, count: number): Promise<void> {
  for (const node of [...JOINT, 'Acme again'] as const) {
    await until(`${count} commitments at ${node}`, async () => {
      const { electors } = await world.api(node).decision(id)
      return electors.filter(elector => elector.committed).length === count
    })
  }
}

async function decided(world: World, topic: Topic): Promise<void> {
  const scored = await score(world, topic)
  const ballots = [await vote(world, 'Acme', topic, scored), await vote(world, 'Borealis', topic)]
  await committed(world, topic, 2)
  // All have voted when the last has: not a moment before is anything revealed.
  const from = Date.now()
  ballots.push(await vote(world, 'Elara', topic))
  mayOpen(ballots, from)
  const reasons = ballots.map(({ word }) => word as string)
  for (const node of [...JOINT, 'Acme again'] as const) await world.showDecision(node, topic.id, reasons)
  await until('an outcome', async () => (await world.api('Borealis').decision(topic.id)).outcome)
  const why = world.word('decision', 'why it was decided so', ['Borealis', 'Acme', 'Elara'])
  await world.api('Borealis').explainDecision(topic.id, why)
  for (const node of JOINT) await world.showDecision(node, topic.id, [why])
  const windows = Object.fromEntries(JOINT.map(name => [name, { from }]))
  for (const salt of await salts(world, topic))
    for (const value of [salt, Buffer.from(salt, 'hex')])
      world.plant('ballot', 'what hid a ballot', value, windows, { silent: true })
}

/** Of the ballots that were revealed, from the certificate, in hexadecimal. */
async function salts(world: World, { id }: Topic): Promise<string[]> {
  const file = Buffer.concat(await Array.fromAsync(world.api('Acme').decisionCertificate(id)))
  const { messages } = JSON.parse(file.toString()) as { messages: { reveals: { payload: string }[] } }
  return messages.reveals.map(({ payload }) => {
    const said = JSON.parse(Buffer.from(payload, 'base64').toString()) as Payload<'decision-reveal.v1'>
    return said.salt
  })
}
