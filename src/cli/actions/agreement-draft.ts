// `parley agreement draft`, `check`, `propose`, `print` and `diff`: from an empty page to terms that all can approve.
import { type Finding, type Task, checklist } from '../../artifacts/agreement-check.ts'
import { type Difference, termsDifference } from '../../artifacts/agreement-diff.ts'
import { admissionText } from '../../artifacts/agreement-rule.ts'
import { pageOf } from '../../artifacts/agreement-page.ts'
import { paperOf } from '../../artifacts/agreement-paper.ts'
import {
  AGREEMENT_TEMPLATES,
  TEMPLATE_NAMES,
  type TemplateName,
  draftFields
} from '../../artifacts/agreement-templates.ts'
import { type TermsBody, encodeTerms, revisionId } from '../../artifacts/agreement-terms.ts'
import { toHex, utf8 } from '../../wire/bytes.ts'
import { sha256 } from '../../wire/hash.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { writeNew } from '../files.ts'
import { findCompany, findSpace, shortId } from '../find.ts'
import { inline, plural, table, visible } from '../text.ts'
import { type Source, findDraftOrFile, findParties, findTerms } from './agreement-sources.ts'

/** Makes a draft in the space, filled from a template with what is known of its parties. */
export async function startDraft(
  cli: Cli,
  typed: string,
  options: { template: string; title?: string }
): Promise<void> {
  const template = templateOf(options.template)
  await withNode(cli, async node => {
    const space = await findSpace(node, typed)
    if (space.home) throw usage('your own space has no other party', 'See parley space list.')
    const title = options.title ?? `Agreement: ${space.title}`
    const { id } = await node.createArtifact({
      kind: 'PeerAgreement.v1',
      title,
      class: 'shared-confidential',
      space: space.id
    })
    const parties = space.parties.map(({ company: { did, legalName, registrationNumber } }) => {
      return { company: did, name: legalName, registration: registrationNumber }
    })
    await node.setFields(id, draftFields(template, space.pairing, parties))
    cli.output.answer({ id, template, space: space.id }, () => id)
    cli.output.note(
      `To ${AGREEMENT_TEMPLATES[template].says}. Its clauses are a start for counsel, not advice.\n` +
        `Next: parley edit ${shortId(id)} writes the purpose; parley agreement check ${shortId(id)} says what is missing.`
    )
  })
}

function templateOf(typed: string): TemplateName {
  const found = TEMPLATE_NAMES.find(name => name === typed)
  if (found) return found
  const names = TEMPLATE_NAMES.map(name => `${name} (${AGREEMENT_TEMPLATES[name].says})`)
  throw usage(`there is no template ${inline(typed)}`, `The templates are: ${names.join('; ')}.`)
}

/** Names one company more in a draft, with what is known of it: the next amendment admits it. */
export async function admitCompany(cli: Cli, typed: string, company: string): Promise<void> {
  await withNode(cli, async node => {
    const { id, spaceId, records } = await findParties(node, typed)
    const digits = shortId(id)
    const { inForce } = await node.agreement(spaceId)
    if (inForce === undefined)
      throw new NodeError(
        'revision-unknown',
        'no agreement is in force that could be amended',
        'Who is to be there from the beginning is named with the space: parley space create TITLE --pairing ROLE --with COMPANY'
      )
    const { did, legalName, registrationNumber } = await findCompany(node, company)
    if (records.some(({ root }) => root === did))
      throw usage(`the draft names ${inline(legalName)} already`, `See it: parley show ${digits} --fields`)
    const taken = new Set(records.map(record => record.id))
    let at = records.length + 1
    while (taken.has(`party${at}`)) at++
    const facts = { root: did, name: legalName, registration: registrationNumber, weight: 1, witness: true }
    const fields = Object.entries(facts).map(([key, value]) => [`parties.party${at}.${key}`, value])
    await node.setFields(id, Object.fromEntries(fields))
    cli.output.answer({ id, party: `party${at}`, company: did }, () => `party${at}`)
    cli.output.note(
      `${inline(legalName)} becomes a party once the amendment is sealed.\n` +
        `Next: parley agreement check ${digits} says what is missing, and what it would come to see.`
    )
  })
}

/** What stands in the way of proposing, and whose task it is. */
export async function checkDraft(cli: Cli, typed: string, options: { space?: string }): Promise<void> {
  await withNode(cli, async node => {
    const source = await findDraftOrFile(node, typed, options.space)
    const { findings } = source
    const tasks = checklist(findings)
    cli.output.answer({ findings, tasks }, () =>
      [tasksText(tasks), ...findings.map(finding => findingText(cli, finding))].join('\n\n')
    )
    if (findings.some(({ severity }) => severity === 'blocks'))
      throw blocked(source, 'Each has its next step above.')
    cli.output.note(`Nothing stands in the way. Next: parley agreement propose ${source.arguments.propose}`)
  })
}

const MARKS: { [state in Task['state']]: string } = { done: 'done', look: 'look again', open: 'open' }

function tasksText(tasks: Task[]): string {
  return table(
    ['task', 'owner', ''],
    tasks.map(({ task, owner, state }) => [task, owner, MARKS[state]])
  )
}

function findingText({ output }: Cli, { rule, severity, where, says, next }: Finding): string {
  return `${severity} (${rule}) ${inline(where)}: ${inline(says)}\n  ${output.here(inline(next))}`
}

function blocked({ name, findings }: Source, next: string): NodeError {
  const count = findings.filter(({ severity }) => severity === 'blocks').length
  return new NodeError(
    'policy-agreement',
    `${plural(count, 'thing stands', 'things stand')} in the way of proposing ${name}`,
    next
  )
}

/** @returns the terms if they may be proposed */
export function proposable(source: Source): TermsBody {
  const { terms, findings } = source
  if (terms && findings.every(({ severity }) => severity !== 'blocks')) return terms
  throw blocked(source, `See them: parley agreement check ${source.arguments.check}`)
}

/** The Markdown whose digest is approved, or a page of HTML for paper that shows it. */
export async function printTerms(
  cli: Cli,
  typed: string,
  revision: string | undefined,
  options: { out?: string; paper?: boolean; space?: string }
): Promise<void> {
  await withNode(cli, async node => {
    const source = await findTerms(node, revision ?? typed, options.space)
    const terms = termsIn(source)
    const page = pageOf(terms)
    const rendering = toHex(sha256(utf8(page)))
    const id = toHex(revisionId(encodeTerms(terms)))
    const draft = source.revision === undefined
    const text = options.paper === true ? paperOf({ terms, page, rendering, revision: id, draft }) : page
    if (options.out !== undefined) await writeNew(options.out, [utf8(text)])
    else if (cli.output.json)
      return cli.output.answer({ id, rendering, page: text, draft, ...wouldSeeOf(source) }, () => '')
    else cli.output.content(text)
    cli.output.note(`revision ${id}${draft ? ', if it is proposed as it is now' : ''}\npage     ${rendering}`)
    if (source.wouldSee !== undefined) cli.output.note(admissionText(terms, source.wouldSee))
  })
}

function wouldSeeOf({ wouldSee }: Source): { wouldSee?: number } {
  return wouldSee === undefined ? {} : { wouldSee }
}

export async function diffTerms(
  cli: Cli,
  typed: [a: string, b: string],
  options: { space?: string }
): Promise<void> {
  await withNode(cli, async node => {
    const [a, b] = [
      await findTerms(node, typed[0], options.space),
      await findTerms(node, typed[1], options.space)
    ]
    const differences = termsDifference(termsIn(a), termsIn(b))
    cli.output.answers(differences, () => differences.map(differenceText).join('\n'))
    cli.output.note(differences.length === 0 ? 'They say the same.' : `- ${a.name}\n+ ${b.name}`)
  })
}

function termsIn(source: Source): TermsBody {
  if (source.terms) return source.terms
  throw blocked(source, `See them: parley agreement check ${source.arguments.check}`)
}

function differenceText({ where, a, b }: Difference): string {
  const side = (sign: string, text?: string) => {
    return text === undefined
      ? []
      : visible(text)
          .split('\n')
          .map(line => `  ${sign} ${line}`.trimEnd())
  }
  return [inline(where), ...side('-', a), ...side('+', b)].join('\n')
}
