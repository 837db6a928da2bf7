// Content on its way from private to shared, between real nodes: what was approved arrives, byte for byte, and nothing
// else of what it was taken from ever does.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import { checkLog } from '../../src/audit/log-check.ts'
import { readLines } from '../../src/cli/audit-folder.ts'
import { formOf } from '../../src/artifacts/form.ts'
import type { ArtifactKind } from '../../src/artifacts/layouts.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import type { ShareOptions } from '../../src/node/surface/share-json.ts'
import { fromUtf8 } from '../../src/wire/bytes.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { encodeJcs } from '../../src/wire/jcs.ts'
import { type Joined, didOf, joinNodes } from './nodes.ts'

let world: Joined
let acme: LocalNode
let globex: LocalNode

beforeAll(async () => {
  world = await joinNodes(['Acme', 'Globex'])
  ;[acme, globex] = world.nodes as [LocalNode, LocalNode]
}, 120_000)
afterAll(() => world.close())

const PLAN = 'JointInitiativePlan.v1'

/** A private document in Acme's own space. */
async function secret(kind: ArtifactKind = 'StandardsDoc.v1', text = 'One line.\n'): Promise<string> {
  const home = (await acme.spaces()).find(space => space.home)
  const facts = { kind, title: 'Kept', class: 'private', space: home?.id as string, text } as const
  return (await acme.createArtifact(facts)).id
}

async function approve(artifact: string, options: ShareOptions, by = 'Ada Example') {
  const { digest } = await acme.previewShare(artifact, options)
  return acme.approveShare(artifact, { ...options, digest, by })
}

async function formBytes(node: LocalNode, id: string, dataClass: DataClass): Promise<string> {
  const { kind, fields, text } = await node.read(id, { class: dataClass })
  return fromUtf8(encodeJcs(formOf(kind as ArtifactKind, { ...fields, text }).json))
}

const WIDER = { class: 'shared-confidential' } as const

test('[ART-16] [ART-17] what was approved arrives at the other company, byte for byte, and begins there', async () => {
  const id = await secret(PLAN)
  await acme.setFields(id, {
    'meta.goal': 'zero\u200bwidth \u202e turned',
    'milestones.m1.title': 'First',
    'milestones.m1.text': 'Of it.\n',
    'milestones.m1.progress': 40,
    'milestones.m1.dependsOn': ['m0', 'm2'],
    'milestones.m2.text': '',
    'resources.r1.amount': 'about two'
  })
  const preview = await acme.previewShare(id, WIDER)
  expect(preview).toMatchObject({ from: 'private', space: world.space, kind: PLAN })
  expect(preview.content).toBe(await formBytes(acme, id, 'private'))
  expect(preview.unseen).toEqual(['meta.goal: U+200B, U+202E'])
  expect(preview.faults).toEqual(['resources.r1.amount: "about two" is no decimal number such as "12.50"'])
  expect(preview.parties.map(({ gets }) => gets)).toEqual(['now'])
  expect((await acme.artifacts()).find(one => one.id === id)?.facets).toHaveLength(1)
  const shared = await acme.approveShare(id, { ...WIDER, digest: preview.digest, by: 'Ada Example' })
  expect(shared.facets.map(part => [part.class, part.space === world.space])).toEqual([
    ['private', false],
    ['shared-confidential', true]
  ])
  await until('the shared part', async () => (await globex.artifacts()).some(one => one.id === id))
  expect(await formBytes(globex, id, 'shared-confidential')).toBe(preview.content)
  expect(await globex.log(id)).toMatchObject([{ company: 'Acme', seq: 0 }])
  await expect(globex.read(id, { class: 'private' })).rejects.toMatchObject({ code: 'facet-unknown' })
})

test('[ART-16] fields are taken one by one; what is beside them is neither shown nor shared', async () => {
  const id = await secret()
  await acme.setFields(id, {
    'meta.summary': 'hidden summary',
    'requirements.r1.title': 'A',
    'requirements.r1.text': 'hidden text',
    'requirements.r1\u200b.title': 'hidden twin',
    'references.one.uri': 'https://example.org'
  })
  const options: ShareOptions = { ...WIDER, fields: ['requirements.r1.title', 'references.*.uri'] }
  const { content } = await acme.previewShare(id, options)
  expect(JSON.parse(content)).toEqual({
    meta: {},
    references: { one: { uri: 'https://example.org' } },
    requirements: { r1: { title: 'A' } },
    tests: {},
    text: ''
  })
  await expect(acme.previewShare(id, { ...WIDER, fields: ['text', 'meta.nothing'] })).rejects.toMatchObject({
    code: 'field-unknown'
  })
  await approve(id, options)
  expect(await formBytes(acme, id, 'shared-confidential')).toBe(content)
})

test('[ART-17] what changed since it was looked at is not shared, nor what was approved for something else', async () => {
  const id = await secret()
  const { digest } = await acme.previewShare(id, WIDER)
  const approval = { ...WIDER, digest, by: 'Ada Example' }
  await expect(acme.approveShare(id, { ...approval, class: 'public' })).rejects.toMatchObject({
    code: 'share-changed'
  })
  await expect(acme.approveShare(id, { ...approval, fields: ['text'] })).rejects.toMatchObject({
    code: 'share-changed'
  })
  await acme.setFields(id, { 'meta.summary': 'later' })
  await expect(acme.approveShare(id, approval)).rejects.toMatchObject({ code: 'share-changed' })
  for (const by of ['', 'Ada\u202eExample', 'x'.repeat(201)])
    await expect(acme.approveShare(id, { ...approval, by })).rejects.toMatchObject({ code: 'name-refused' })
  expect((await acme.artifacts()).find(one => one.id === id)?.facets).toHaveLength(1)
})

test('[ART-15] content moves to a wider class alone, once, and not what others wrote', async () => {
  const id = await secret()
  const refusal = (artifact: string, options: ShareOptions) =>
    acme.previewShare(artifact, options).then(
      () => 'none',
      (error: { code: string }) => error.code
    )
  expect(await refusal(id, { class: 'private' })).toBe('policy-class')
  const [one, two] = await Promise.allSettled([approve(id, WIDER), approve(id, WIDER)])
  expect([one.status, two.status].toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(await refusal(id, WIDER)).toBe('already-shared')
  expect(await refusal(id, { class: 'shared-confidential', from: 'shared-confidential' })).toBe(
    'policy-class'
  )
  // On to public, from the part that is shared.
  const artifact = await approve(id, { class: 'public', from: 'shared-confidential' })
  expect(artifact.facets.map(part => part.class)).toEqual(['private', 'shared-confidential', 'public'])
  expect(await refusal(world.artifact, { class: 'public' })).toBe('none')
  const { frontier, text } = await globex.read(world.artifact)
  await globex.editText(world.artifact, { base: frontier, text: `${text}Theirs.\n` })
  await until('their words', async () => (await acme.read(world.artifact)).text.includes('Theirs'))
  expect(await refusal(world.artifact, { class: 'public' })).toBe('policy-author')
  const theirs = await globex.createArtifact({
    kind: PLAN,
    title: 'Theirs',
    class: 'shared-confidential',
    space: world.space
  })
  await until('their document', async () => (await acme.artifacts()).some(({ id }) => id === theirs.id))
  expect(await refusal(theirs.id, { class: 'public' })).toBe('policy-author')
})

test('[ART-16] what cannot be shown byte for byte, or says nothing, is not shared', async () => {
  const id = await secret('StandardsDoc.v1', '')
  await acme.setFields(id, { 'meta.title': null, 'tests.t1.weight': 0.5, 'tests.t1.title': 'Half' })
  await expect(acme.previewShare(id, WIDER)).rejects.toMatchObject({ code: 'share-faults' })
  const options = { ...WIDER, fields: ['tests.t1.title'] }
  expect((await acme.previewShare(id, options)).content).toContain('Half')
  const empty = await secret('StandardsDoc.v1', '')
  await acme.setFields(empty, { 'meta.title': null })
  await expect(acme.previewShare(empty, WIDER)).rejects.toMatchObject({ code: 'share-empty' })
})

test('[ART-18] who shared what is on record in the log of the space, before the first words', async () => {
  const id = await secret()
  const { digest } = await acme.previewShare(id, WIDER)
  const shared = await acme.approveShare(id, { ...WIDER, digest, by: 'Ada Example' })
  const facet = shared.facets[1]?.id
  const log = await until('the log', async () =>
    (await acme.audit()).logs.find(one => one.space === world.space)
  )
  const kinds = await until('the record of the envelope', async () => {
    const { records } = checkLog(await readLines(acme.exportAudit(log.id, { upTo: 'newest' })))
    const about = [...records.values()].filter(record => record['facet'] === facet)
    return about.length > 1 && about
  })
  expect(kinds[0]).toMatchObject({ type: 'share', class: 'shared-confidential', by: 'Ada Example', digest })
  expect(kinds[1]?.type).not.toBe('share')
  const home = await until('the log at home', async () =>
    (await acme.audit()).logs.find(one => one.space === shared.facets[0]?.space)
  )
  const looks = await until('the record of the look', async () => {
    const { records } = checkLog(await readLines(acme.exportAudit(home.id, { upTo: 'newest' })))
    return [...records.values()].find(
      record => record['facet'] === shared.facets[0]?.id && record['what'] === 'share-preview'
    )
  })
  expect(looks.type).toBe('access')
})

test('[ART-17] without an agreement it is made, and goes nowhere; the preview says so', async () => {
  const { id: space } = await acme.createSpace({
    title: 'Not yet',
    pairing: 'CTO',
    parties: [await didOf(globex)]
  })
  const id = await secret()
  await expect(acme.previewShare(id, WIDER)).rejects.toMatchObject({ code: 'space-needed' })
  const preview = await acme.previewShare(id, { ...WIDER, space })
  expect(preview.agreement).toBeUndefined()
  expect(preview.parties).toMatchObject([{ gets: 'not-now', rule: 'POL-7' }])
  await globex.spaces()
  await approve(id, { ...WIDER, space })
  expect((await globex.artifacts()).some(one => one.id === id)).toBe(false)
  const home = (await acme.spaces()).find(one => one.home)?.id as string
  await expect(acme.previewShare(await secret(), { ...WIDER, space: home })).rejects.toMatchObject({
    code: 'space-needed'
  })
})

test('[ART-17] what needs several envelopes arrives as a whole', async () => {
  const id = await secret('StandardsDoc.v1', 'A line that says what it says. 🙂\n'.repeat(6_000))
  const options = { ...WIDER, space: world.space }
  const { content } = await acme.previewShare(id, options)
  const { facets } = await approve(id, options)
  expect(facets[1]?.envelopes).toBeGreaterThan(1)
  await until('all of it', async () => {
    const known = (await globex.artifacts()).some(one => one.id === id)
    return known && (await formBytes(globex, id, 'shared-confidential')) === content
  })
})

test('[ART-14] the least wide part is shown and changed; a file holds the part that was named', async () => {
  const id = await secret('StandardsDoc.v1', 'private words\n')
  await approve(id, { ...WIDER, space: world.space, fields: ['meta.title'] })
  expect(await acme.read(id)).toMatchObject({ class: 'private', text: 'private words\n' })
  const set = await acme.setFields(id, { 'meta.summary': 'private as well' })
  expect(set.class).toBe('private')
  const refusal = { code: 'class-needed' }
  await expect(drained(acme.exportArtifact(id))).rejects.toMatchObject(refusal)
  await expect(drained(acme.seal(id, {}))).rejects.toMatchObject(refusal)
  const part = (await acme.artifacts()).find(one => one.id === id)?.facets[1]?.id as string
  expect((await drained(acme.exportArtifact(part))).includes('private words')).toBe(false)
  expect((await drained(acme.seal(id, { class: 'shared-confidential' }))).includes('private words')).toBe(
    false
  )
  expect((await acme.log(part)).map(({ inserted }) => inserted).join('')).not.toContain('private words')
})

test('[ART-17] with no key unlocked it can be looked at, and nothing is made', async () => {
  const id = await secret()
  const options = { ...WIDER, space: world.space }
  const { digest } = await acme.previewShare(id, options)
  await acme.lock()
  expect((await acme.previewShare(id, options)).digest).toBe(digest)
  const approval = { ...options, digest, by: 'Ada Example' }
  await expect(acme.approveShare(id, approval)).rejects.toMatchObject({ code: 'locked' })
  expect((await acme.artifacts()).find(one => one.id === id)?.facets).toHaveLength(1)
})

async function drained(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
}
