// Which facets are one artifact, where a rival has made some to confuse.
import { expect, it } from 'vitest'
import { artifactsOf, namedPart, partOf, partsNamed } from '../../../src/node/editing/artifact-parts.ts'
import type { HeldFacet } from '../../../src/sync/context.ts'
import { fromHex, toHex } from '../../../src/wire/bytes.ts'
import type { DataClass } from '../../../src/wire/data-class.ts'

const ACME = 'did:webvh:acme'
const ONE = '5a'.repeat(16)

interface Facts {
  id: string
  artifact?: string
  owner?: string
  space?: string
  class?: DataClass
}

function facet({
  id,
  artifact = ONE,
  owner = ACME,
  space = 'aa',
  class: name = 'private'
}: Facts): HeldFacet {
  const genesis = { artifact: fromHex(artifact), owner: 1, class: name, kind: 'StandardsDoc.v1' }
  const log = { id: fromHex(space), parties: ['did:webvh:first', owner] }
  return { facet: { id: fromHex(id), genesis, space: log } } as unknown as HeldFacet
}

const ids = (parts: HeldFacet[]) => parts.map(part => toHex(part.facet.id))
const refusal = (code: string) => expect.objectContaining({ code })

it('[ART-13] parts of our own are one artifact, wherever they are, the least wide first', () => {
  const facets = [
    facet({ id: 'c1', class: 'public', space: 'bb' }),
    facet({ id: 'b1', class: 'shared-confidential', space: 'bb' }),
    facet({ id: 'a1' })
  ]
  const found = artifactsOf(facets, ACME)
  expect(found.map(({ id, parts }) => [id, ids(parts)])).toEqual([[ONE, ['a1', 'b1', 'c1']]])
  expect(ids(partsNamed(found, ONE.slice(0, 6)))).toEqual(['a1', 'b1', 'c1'])
  expect(ids(partsNamed(found, 'b1'))).toEqual(['b1'])
})

it('[ART-13] a document with an id that is in use joins nobody, and does not take the id', () => {
  const rival = { owner: 'did:webvh:rival', class: 'shared-confidential' } as const
  const facets = [
    facet({ id: '01', ...rival, space: 'cc' }),
    facet({ id: 'a1' }),
    facet({ id: 'b1', class: 'public' }),
    facet({ id: '02', ...rival, space: 'dd' })
  ]
  const found = artifactsOf(facets, ACME)
  expect(found.map(({ id, parts }) => [id, ids(parts)])).toEqual([
    ['01', ['01']],
    [ONE, ['a1', 'b1']],
    ['02', ['02']]
  ])
  expect(ids(partsNamed(found, ONE))).toEqual(['a1', 'b1'])
  expect(() => partOf(partsNamed(found, ONE), 'shared-confidential')).toThrow(refusal('facet-unknown'))
  const others = found.filter(({ own }) => !own)
  expect(() => partsNamed(others, ONE)).toThrow(refusal('artifact-ambiguous'))
  // What merely begins alike is not confused with the own.
  const alike = [...facets, facet({ id: '03', ...rival, artifact: `5a5a${'0'.repeat(28)}` })]
  expect(() => partsNamed(artifactsOf(alike, ACME), '5a5a')).toThrow(refusal('artifact-ambiguous'))
})

it('[ART-14] the least wide part is meant, and of two alike one has to be named', () => {
  const shared = { class: 'shared-confidential' } as const
  const [found] = artifactsOf([facet({ id: 'b2', ...shared }), facet({ id: 'b1', ...shared })], ACME)
  const parts = found?.parts ?? []
  expect(() => partOf(parts)).toThrow(refusal('facet-ambiguous'))
  expect(() => namedPart(parts)).toThrow(refusal('facet-ambiguous'))
  const [whole] = artifactsOf([...parts, facet({ id: 'a1' })], ACME)
  expect(ids([partOf(whole?.parts ?? [])])).toEqual(['a1'])
  expect(() => namedPart(whole?.parts ?? [])).toThrow(refusal('class-needed'))
  expect(ids([namedPart(whole?.parts ?? [], 'private')])).toEqual(['a1'])
})
