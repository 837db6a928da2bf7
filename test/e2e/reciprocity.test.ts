// Two companies on real sockets and disks under a reciprocity rule. What is not open does not come, and that is seen
// by what was written later and does: a public document goes the same way.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import { sealAgreement } from '../../scripts/seal-agreement.ts'
import type { AccountJson } from '../../src/node/surface/exchange-json.ts'
import type { Home } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { type Joined, didOf, joinNodes, share, startNode } from './nodes.ts'

const RULE = { kind: 'StandardsDoc.v1', maxExposure: 1, soleSender: true, unit: 'document' }

let world: Joined
let acme: LocalNode
let globex: LocalNode
let sentinels = 0

beforeAll(async () => {
  world = await joinNodes(['Acme', 'Globex'])
  ;[acme, globex] = world.nodes as [LocalNode, LocalNode]
}, 120_000)
afterAll(() => world.close())

async function write(node: LocalNode, title: string, dataClass: 'public' | 'shared-confidential') {
  const facts = { kind: 'StandardsDoc.v1', title, class: dataClass, space: world.space, text: `${title}\n` }
  return (await node.createArtifact(facts)).id
}

async function holds(node: LocalNode, id: string): Promise<boolean> {
  return (await node.artifacts()).some(artifact => artifact.id === id)
}

/** Something public of Acme's, written now, has come to Globex: what was to come before it has. */
async function pass(): Promise<void> {
  const id = await write(acme, `Sentinel ${sentinels++}`, 'public')
  await until('the sentinel', () => holds(globex, id))
}

async function account(node: LocalNode): Promise<AccountJson> {
  const { accounts } = await node.reciprocity(world.space)
  return accounts[0] as AccountJson
}

describe('under a reciprocity rule', () => {
  let given: string[]

  it('[REC-5] a rule that comes in mid-session stops a document that was flowing', async () => {
    await sealAgreement(world.nodes, world.space, { reciprocity: [RULE] })
    const { frontier } = await acme.read(world.artifact)
    await acme.editText(world.artifact, { base: frontier, text: 'after the rule\n' })
    await pass()
    expect((await globex.read(world.artifact)).text).toBe('\n')
    const why = await acme.why(world.artifact)
    expect(why.flatMap(({ heldBack }) => heldBack).join()).toContain('is not released to Globex')
    expect(why.map(({ inSync, reasons }) => [inSync, reasons])).toEqual([[true, []]])
  }, 60_000)

  it('[REC-5] what is released goes as far as the exposure', async () => {
    given = []
    for (const title of ['One', 'Two', 'Three']) given.push(await write(acme, title, 'shared-confidential'))
    for (const id of given) await acme.release(id, {})
    await until('the first', () => holds(globex, given[0] as string))
    await pass()
    expect(await Promise.all(given.map(id => holds(globex, id)))).toEqual([true, false, false])
    const { exposureLeft, given: out, next } = await account(acme)
    expect([exposureLeft, out.released, out.open]).toEqual([-2, 3, 1])
    expect(next.join()).toContain('2 documents of yours wait to go to Globex')
    await expect(acme.release(given[0] as string, {})).rejects.toMatchObject({ code: 'already-released' })
    await expect(globex.release(given[0] as string, {})).rejects.toMatchObject({ code: 'not-contributor' })
  }, 60_000)

  it('[REC-6] a restart gives no more', async () => {
    await acme.close()
    acme = await startNode(world.homes[0] as Home)
    world.nodes[0] = acme
    await acme.connect((await globex.status()).listening[0] as string)
    await pass()
    expect(await Promise.all(given.map(id => holds(globex, id)))).toEqual([true, false, false])
  }, 60_000)

  it('[REC-5] a taker that gives and never signs a receipt gets no more', async () => {
    const gift = await write(globex, 'In return', 'shared-confidential')
    await globex.release(gift, {})
    await until('the return', () => holds(acme, gift))
    await acme.signReceipts(world.space, {})
    await pass()
    expect(await Promise.all(given.map(id => holds(globex, id)))).toEqual([true, false, false])
    await expect(acme.signReceipts(world.space, {})).rejects.toMatchObject({ code: 'nothing-received' })
  }, 60_000)

  it('[REC-8] when both have signed the next goes, and both print one statement', async () => {
    await globex.signReceipts(world.space, { artifacts: [given[0] as string] })
    await until('the second', () => holds(globex, given[1] as string))
    await pass()
    expect(await holds(globex, given[2] as string)).toBe(false)
    const mine = await acme.statement(world.space, await didOf(globex))
    await until('one statement', async () => {
      return (await globex.statement(world.space, await didOf(acme))).text === mine.text
    })
    expect(mine.text).toMatch(/^parley statement 1\n/)
  }, 60_000)
})

describe('two documents of one artifact id, of another company', () => {
  let twins: Joined
  beforeAll(async () => {
    twins = await joinNodes(['Acme', 'Globex'])
  }, 120_000)
  afterAll(() => twins.close())

  it('[ART-13] [REC-2] are told apart by their facets in accounts and receipts', async () => {
    const [from, to] = twins.nodes as [LocalNode, LocalNode]
    const elsewhere = await share(twins.nodes)
    const facts = { kind: 'StandardsDoc.v1', title: 'Twin', class: 'private', text: 'one\n' } as const
    const { id } = await from.createArtifact(facts)
    const give = async (space: string, dataClass: 'public' | 'shared-confidential') => {
      const options = { class: dataClass, space }
      const { digest } = await from.previewShare(id, options)
      await from.approveShare(id, { ...options, digest, by: 'Ada Example' })
      return until('the part', async () => {
        const all = (await to.artifacts()).filter(({ title }) => title === 'Twin')
        return all.flatMap(({ facets }) => facets).find(facet => facet.space === space)
      })
    }
    const given = await give(twins.space, 'shared-confidential')
    const twin = await give(elsewhere, 'public')
    await sealAgreement(twins.nodes, twins.space, { reciprocity: [RULE] })
    await from.release(id, {})
    const received = async () => (await to.reciprocity(twins.space)).accounts[0]?.received
    await until('the release', async () => (await received())?.released === 1)
    expect((await received())?.units).toMatchObject([{ artifact: given.id, title: 'Twin', receipted: false }])
    expect((await to.status()).artifacts).toBe((await to.artifacts()).length)
    await expect(to.signReceipts(twins.space, { artifacts: [twin.id] })).rejects.toMatchObject({
      code: 'nothing-received'
    })
    await to.signReceipts(twins.space, { artifacts: [given.id] })
    expect((await received())?.units).toMatchObject([{ artifact: given.id, receipted: true }])
  }, 60_000)
})
