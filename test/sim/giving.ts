// What companies say about what they give one another: releases and receipts, for tests. protocols/reciprocity.
import { signReceipt } from '../../src/artifacts/contribution-receipt.ts'
import { unitName, unitOf } from '../../src/artifacts/reciprocity.ts'
import { printTime } from '../../src/identity/document-text.ts'
import { sign } from '../../src/identity/ed25519.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import type { Facet } from '../../src/replica/facet.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { EntryAct } from '../../src/wire/space-entry.ts'
import { type Company, EPOCH_MS, signerOf } from './company.ts'
import type { SimNode } from './node.ts'

/** All of one kind. */
type Given = Pick<Facet, 'id' | 'genesis'>

export function releaseOf(to: number, facets: Given[]): EntryAct {
  const artifactKind = facets[0]?.genesis.kind ?? 'StandardsDoc.v1'
  return { kind: 'release', to, artifactKind, units: facets.map(({ id }) => unitOf(id, to)) }
}

/** All of one kind and one contributor. */
export function receiptOf(
  space: Pick<SpaceLog, 'id' | 'parties' | 'companyOf'>,
  { identity, name, role }: Company,
  facets: Given[],
  key = role
): EntryAct {
  const to = space.companyOf(identity.did) as number
  const { owner, kind } = (facets[0] as Given).genesis
  const facts = {
    certificate: '',
    company: identity.did,
    contributor: space.parties[owner] as string,
    kind,
    person: `${name} CTO`,
    role: 'CTO' as const,
    space: toHex(space.id),
    time: printTime(EPOCH_MS),
    units: facets.map(({ genesis }) => unitName(genesis, to)).sort()
  }
  return { kind: 'receipt', document: signReceipt(facts, message => sign(key, message)) }
}

/** The node's company releases these facets of its own to another. */
export function give(node: SimNode, to: Company, facets: Given[]): void {
  say(node, facets, space => releaseOf(space.companyOf(to.identity.did) as number, facets))
}

/** The node's company signs for these facets of another. */
export function thank(node: SimNode, facets: Given[]): void {
  say(node, facets, space => receiptOf(space, node.company, facets))
}

function say(node: SimNode, facets: Given[], act: (space: SpaceLog) => EntryAct): void {
  const space = node.space(toHex((facets[0] as Given).genesis.space))
  if (!space) throw new Error('the space is not here')
  const refused = node.perform(() => node.desk.append(space, act(space), signerOf(node.company.role)))
  if (refused) throw new Error(`${refused}`)
}
