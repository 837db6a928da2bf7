// What policy would say of a company none of whose nodes is here, and what becomes of a facet that was never written.
import { expect, test } from 'vitest'
import { toHex } from '../../src/wire/bytes.ts'
import { group, openFacet } from './bench.ts'

test('[ART-16] [POL-1] who would get it is asked of policy, also for parties that are away', () => {
  const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]])
  const [ada, bob] = nodes
  const { directory } = ada.core.context
  const { did } = bob.company.identity
  const { facet } = openFacet(ada, space)
  const prospect = () => directory.prospect(did, facet.space, facet.genesis, bench.now())
  expect(prospect()).toBeUndefined()
  directory.forkedIdentities.add(did)
  expect(prospect()).toMatchObject({ rule: 'POL-8' })
  directory.forkedIdentities.delete(did)
  const contact = directory.contacts.get(did)
  delete contact?.confirmed
  expect(prospect()).toMatchObject({ rule: 'POL-9' })
  const stranger = directory.prospect('did:webvh:nobody', facet.space, facet.genesis, bench.now())
  expect(stranger).toMatchObject({ rule: 'POL-6' })
})

test('[ART-18] a facet of ours in which nothing was written is taken back, and one with words is not', () => {
  const { nodes, space } = group(['Ada', 'Bob'], [[0, 1]])
  const [ada] = nodes
  const { facets } = ada.core.context
  const held = openFacet(ada, space)
  const id = toHex(held.facet.id)
  ada.perform(() => ada.desk.closeFacet(held))
  expect(facets.has(id)).toBe(false)
  const kept = openFacet(ada, space)
  ada.edit(toHex(kept.facet.id), doc => doc.getText('text').insert(0, 'words'))
  ada.perform(() => ada.desk.closeFacet(kept))
  expect(facets.has(toHex(kept.facet.id))).toBe(true)
})
