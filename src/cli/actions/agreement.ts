// `parley agreement`: what the parties of a space propose, approve and end.
import type { AgreementJson, RevisionJson } from '../../node/surface/agreement-json.ts'
import { explain } from '../../node/refusals/refusals.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { findSpace, shortId } from '../find.ts'
import { inline, table } from '../text.ts'
import { proposable } from './agreement-draft.ts'
import { findDraftOrFile, readTermsFile } from './agreement-sources.ts'

export async function showAgreement(cli: Cli, typed: string): Promise<void> {
  await withNode(cli, async node => {
    const agreement = await node.agreement((await findSpace(node, typed)).id)
    show(cli, agreement)
    const [a, b] = agreement.revisions.filter(({ state }) => state === 'open').map(({ id }) => shortId(id))
    if (b !== undefined) cli.output.note(`What differs: parley agreement diff ${a} ${b}`)
  })
}

/** @param file JSON in the form of protocols/agreement; without one, `typed` is a draft, which names its space */
export async function proposeTerms(cli: Cli, typed: string, file?: string): Promise<void> {
  await withNode(cli, async node => {
    const source = await (file === undefined
      ? findDraftOrFile(node, typed)
      : readTermsFile(node, file, typed))
    const terms = proposable(source)
    const { id } = source.space
    const before = new Set((await node.agreement(id)).revisions.map(revision => revision.id))
    const agreement = await node.proposeTerms(id, { ...terms })
    show(cli, agreement)
    const made = agreement.revisions.find(revision => !before.has(revision.id))
    if (made) {
      const place = `${shortId(id)} ${shortId(made.id)}`
      cli.output.note(
        `Read it: parley agreement print ${place}\nThen each party: parley agreement approve ${place}`
      )
    }
  })
}

export async function approveRevision(cli: Cli, typed: string, revision: string): Promise<void> {
  await withNode(cli, async node => {
    show(cli, await node.approveRevision((await findSpace(node, typed)).id, revision))
  })
}

export async function rejectRevision(
  cli: Cli,
  typed: string,
  revision: string,
  { reason }: { reason: string }
): Promise<void> {
  await withNode(cli, async node => {
    show(cli, await node.rejectRevision((await findSpace(node, typed)).id, revision, reason))
  })
}

export async function suspendAgreement(
  cli: Cli,
  typed: string,
  { reason }: { reason: string }
): Promise<void> {
  await withNode(cli, async node => {
    const { id } = await findSpace(node, typed)
    show(cli, await node.suspendAgreement(id, reason))
    cli.output.note(
      `Nothing more goes from or to your company. To go on: parley agreement resume ${shortId(id)}`
    )
  })
}

export async function resumeAgreement(cli: Cli, typed: string): Promise<void> {
  await withNode(cli, async node => {
    show(cli, await node.resumeAgreement((await findSpace(node, typed)).id))
  })
}

export async function terminateAgreement(
  cli: Cli,
  typed: string,
  { reason, yes }: { reason: string; yes?: boolean }
): Promise<void> {
  if (yes !== true) {
    const why = 'this ends your company’s part in the agreement for good'
    throw usage(why, 'Add --yes if that is meant; `parley agreement suspend` can be taken back.')
  }
  await withNode(cli, async node => {
    show(cli, await node.terminateAgreement((await findSpace(node, typed)).id, reason))
  })
}

function show({ output }: Cli, agreement: AgreementJson): void {
  output.answer(agreement, () => {
    const { spaceTitle, space, parties, revisions, unfit, contradicted } = agreement
    const standing = parties.map(party => [
      party.company.legalName || party.company.did,
      party.state,
      partOf(party)
    ])
    const parts = [
      `${inline(spaceTitle)}\nid ${space}`,
      table(['party', 'between us', ''], standing),
      revisions.length > 0
        ? table(
            ['revision', 'no.', 'title', 'state', 'approved by', 'rejected by', 'waits for'],
            revisions.map(row)
          )
        : 'No terms have been proposed.'
    ]
    if (contradicted)
      parts.push('Two revisions that exclude each other are sealed: nothing flows until people settle it.')
    for (const { company, id, code, detail } of unfit)
      parts.push(
        `A proposal of ${inline(company)} (${shortId(id)}) is no revision. ${inline(explain({ code, detail }))}`
      )
    return parts.join('\n\n')
  })
}

function partOf({ ended, suspended, bound }: AgreementJson['parties'][0]): string {
  if (ended) return 'has ended its part'
  if (suspended) return 'has suspended its part'
  return bound ? '' : 'was admitted, and has not approved yet'
}

function row({ id, number, title, admits, state, approvals, rejections, waitsFor }: RevisionJson): string[] {
  return [
    shortId(id),
    `${number}`,
    admits.length > 0 ? `${title} (admits ${admits.join(', ')})` : title,
    state,
    approvals.map(({ company }) => company).join(', '),
    rejections.map(({ company, reason }) => `${company}: ${reason}`).join('; '),
    waitsFor.join(', ')
  ]
}
