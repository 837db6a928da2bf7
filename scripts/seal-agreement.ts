// An agreement of whole companies in a few calls: for the demo, the benchmark and tests with real nodes. People use
// `parley agreement`.
import { ARTIFACT_KINDS } from '../src/artifacts/layouts.ts'
import type { ParleyNode, SpaceJson } from '../src/node/surface/parley-node.ts'
import { until } from './company-process.ts'

type Terms = { [member: string]: unknown }

/** Short terms under which everything may be shared, by one vote each. */
export function simpleTerms({ parties, pairing, title }: SpaceJson, changes: Terms = {}): Terms {
  return {
    amendment: { threshold: parties.length, weights: parties.map(() => 1) },
    antitrust: { counsel: [], profile: 'none' },
    attachments: [],
    clauses: [],
    confidentiality: [],
    governingLaw: 'as the parties agree',
    ip: 'none',
    noticeDays: 30,
    objectives: [],
    parties: parties.map(({ company }) => ({
      company: company.did,
      name: company.legalName,
      registration: company.registrationNumber,
      jurisdiction: 'as registered',
      address: '',
      signatory: `${pairing} of ${company.legalName}`,
      capacity: pairing
    })),
    purpose: 'To work together on standards.',
    reciprocity: [],
    roles: [pairing],
    scope: { classes: ['public', 'shared-confidential'], kinds: [...ARTIFACT_KINDS], topics: [] },
    starts: '2026-01-01',
    survives: [],
    template: 'custom',
    title,
    witnesses: { minimum: 0, parties: [] },
    ...changes
  }
}

/**
 * The first proposes, all approve. @returns the id of the revision, once all nodes say that it is in force
 * @param others approve for the parties that are not among these nodes
 */
export async function sealAgreement(
  nodes: ParleyNode[],
  space: string,
  changes: Terms = {},
  others: (revision: string) => Promise<void> = () => Promise.resolve()
): Promise<string> {
  const [first] = nodes as [ParleyNode, ...ParleyNode[]]
  const found = (await first.spaces()).find(({ id }) => id === space)
  if (!found) throw new Error(`no space ${space}`)
  const proposed = await first.proposeTerms(space, simpleTerms(found, changes))
  const revision = proposed.revisions.findLast(({ state }) => state === 'open')?.id as string
  for (const node of nodes) {
    await until('the proposal', async () => {
      return (await node.agreement(space)).revisions.some(({ id }) => id === revision)
    })
    await node.approveRevision(space, revision)
  }
  await others(revision)
  await inForce(nodes, space, revision)
  return revision
}

export async function inForce(nodes: ParleyNode[], space: string, revision: string): Promise<void> {
  for (const node of nodes)
    await until('the agreement', async () => (await node.agreement(space)).inForce === revision)
}
