import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { findArtifact, findCompany, findPart } from '../../src/cli/find.ts'
import { byteCount, inline, nearest, table, visible } from '../../src/cli/text.ts'
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import { NodeError } from '../../src/wire/node-error.ts'

const PART = { id: 'f00d0003', class: 'public', space: 'aa', spaceTitle: 'Joint' }
const A = {
  id: 'abcdef0123456789abcdef0123456789',
  title: 'Naming',
  facets: [{ id: 'f00d0001', class: 'private' }]
}
const B = {
  id: 'abcdef9999456789abcdef0123456789',
  title: 'Parts',
  facets: [{ id: 'f00d0002', class: 'private' }, PART]
}
const COMPANIES = [
  { did: 'did:webvh:QmAAAAAAbbb:parley.invalid', legalName: 'Acme GmbH' },
  { did: 'did:webvh:QmAAAAAAccc:parley.invalid', legalName: 'Globex Ltd' }
]
const node = {
  artifacts: () => Promise.resolve([A, B]),
  peers: () => Promise.resolve(COMPANIES.map(company => ({ company })))
} as unknown as ParleyNode

test('the beginning of an id finds one artifact, from six digits on', async () => {
  expect(await findArtifact(node, 'abcdef01')).toBe(A)
  expect(await findArtifact(node, 'ABCDEF99')).toBe(B)
  expect(await findArtifact(node, 'Parts')).toBe(B)
  await expect(findArtifact(node, 'abcdef')).rejects.toMatchObject({ code: 'artifact-ambiguous' })
  const one = { artifacts: () => Promise.resolve([A]) } as unknown as ParleyNode
  await expect(findArtifact(one, 'abcde')).rejects.toMatchObject({ code: 'artifact-ambiguous' })
  expect(await findArtifact(one, 'abcdef')).toBe(A)
})

test('[ART-14] the id of a part finds that part alone, and a class names one', async () => {
  expect(await findArtifact(node, 'f00d0003')).toEqual({
    id: PART.id,
    title: 'Parts',
    space: 'aa',
    spaceTitle: 'Joint',
    facets: [PART]
  })
  await expect(findArtifact(node, 'f00d00')).rejects.toMatchObject({ code: 'artifact-ambiguous' })
  expect(await findPart(node, 'Parts', 'public')).toBe(PART.id)
  expect(await findPart(node, 'Parts')).toBe(B.id)
  await expect(findPart(node, 'Naming', 'public')).rejects.toMatchObject({ code: 'facet-unknown' })
})

test('a mistyped id or title is told what is near', async () => {
  await expect(findArtifact(node, 'Namng')).rejects.toMatchObject({
    code: 'artifact-unknown',
    next: expect.stringContaining('Did you mean abcdef012345 (Naming)?')
  })
  await expect(findArtifact(node, 'abcdef8888')).rejects.toMatchObject({ code: 'artifact-unknown' })
  await expect(findArtifact(node, 'xyz')).rejects.toMatchObject({ next: 'See what is here: parley list' })
})

test('a company is found by id, the beginning of it, or name', async () => {
  expect((await findCompany(node, 'globex ltd')).legalName).toBe('Globex Ltd')
  expect((await findCompany(node, 'QmAAAAAAb')).legalName).toBe('Acme GmbH')
  expect((await findCompany(node, 'did:webvh:QmAAAAAAccc:parley.invalid')).legalName).toBe('Globex Ltd')
  await expect(findCompany(node, 'QmAAAAAA')).rejects.toMatchObject({ code: 'company-ambiguous' })
  await expect(findCompany(node, 'Globex Lt')).rejects.toMatchObject({ next: 'Did you mean Globex Ltd?' })
})

test('the exit code follows the code of the error, the most exact name first', () => {
  const exits: [string, number][] = [
    ['not-running', 3],
    ['usage', 2],
    ['invite-expired', 2],
    ['invite-unknown', 5],
    ['artifact-unknown', 5],
    ['space-ambiguous', 2],
    ['role-missing', 4],
    ['bundle-broken', 6],
    ['store-damaged', 6],
    ['identity-fork', 6],
    ['passphrase-wrong', 7],
    ['locked', 7],
    ['home-identity', 6],
    ['home-absent', 78],
    ['config-key', 78],
    ['interrupted', 130],
    ['disk-full', 1]
  ]
  for (const [code, exit] of exits) expect(exitCodeOf(new NodeError(code, '', '')), code).toBe(exit)
  expect(exitCodeOf(new TypeError('ours'))).toBe(1)
})

test('what a peer wrote cannot steer the terminal', () => {
  const hostile = 'a\u001b[2Jb\u0007\u009bc\u202ed\re'
  expect(visible(hostile)).toBe('a\ufffd[2Jb\ufffd\ufffdc\ufffdd\ufffde')
  expect(visible('two\n\tlines')).toBe('two\n\tlines')
  expect(inline('two\n  lines')).toBe('two lines')
  expect(table(['a', 'b'], [['x\u001b[31m', 'two\nlines']])).toBe('a       b\nx\ufffd[31m  two lines')
})

test('bytes, tables and near words', () => {
  expect([0, 1023, 1024, 1_572_864].map(byteCount)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 MiB'])
  expect(table(['a'], [])).toBe('')
  expect(nearest('ctoo', ['COO', 'CTO'])).toBe('CTO')
  expect(nearest('entirely', ['other'])).toBeUndefined()
})
