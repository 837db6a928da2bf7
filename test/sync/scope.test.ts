// What the agreement in force covers, as policy is asked about it. protocols/agreement, AGR-17.
import { expect, test } from 'vitest'
import type { TermsBody } from '../../src/artifacts/agreement-terms.ts'
import { termsOf } from '../sim/agreement.ts'
import { EPOCH_MS } from '../sim/company.ts'
import { sealAll, stage } from './bench.ts'

const FACTS = { artifact: new Uint8Array(16), nonce: new Uint8Array(16), owner: 0 }

function scopes(changes: Partial<TermsBody>): (string | undefined)[] {
  const { node, rival, space } = stage({ sealed: false })
  sealAll(node, space, [node.company, rival], termsOf(space, changes))
  const { directory } = node.core.context
  const peer = { did: rival.identity.did, certificate: rival.node, confirms: true }
  return (['StandardsDoc.v1', 'BenchmarkReport.v1', 'PeerAgreement.v1'] as const).map(kind => {
    const facet = { ...FACTS, space: space.id, kind, class: 'shared-confidential' as const }
    return directory.question('send', peer, space, facet, EPOCH_MS).facet?.scope
  })
}

const scope = (kinds: TermsBody['scope']['kinds'], classes: TermsBody['scope']['classes']) => ({
  scope: { kinds, classes, topics: [] }
})

test('[AGR-17] a facet is covered if the revision in force names its kind and class, and the pairing as a role', () => {
  const both: TermsBody['scope']['classes'] = ['public', 'shared-confidential']
  expect(scopes(scope(['StandardsDoc.v1'], both))).toEqual(['covered', 'outside', 'agreement'])
  expect(scopes(scope(['BenchmarkReport.v1'], both))).toEqual(['outside', 'covered', 'agreement'])
  expect(scopes(scope(['StandardsDoc.v1'], ['public']))).toEqual(['outside', 'outside', 'agreement'])
  expect(scopes({ roles: ['CFO', 'CEO'] })).toEqual(['outside', 'outside', 'agreement'])
})
