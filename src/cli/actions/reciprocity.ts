// `parley reciprocity`: accounts with other companies, releases, receipts, and statements to compare.
import type { AccountJson, ReciprocityJson, UnitJson, WayJson } from '../../node/surface/exchange-json.ts'
import { fromUtf8 } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, withNode } from '../cli.ts'
import { readBytes } from '../files.ts'
import { findArtifact, findCompany, findSpace, shortId } from '../find.ts'
import { STATEMENT_BYTES_MAX } from '../limits.ts'
import { inline, plural, table } from '../text.ts'

export async function showReciprocity(cli: Cli, typed?: string): Promise<void> {
  await withNode(cli, async node => {
    const spaces = typed === undefined ? await node.spaces() : [await findSpace(node, typed)]
    const shared = spaces.filter(({ home }) => !home)
    const all = await Promise.all(shared.map(({ id }) => node.reciprocity(id)))
    const shown = typed === undefined ? all.filter(({ accounts }) => accounts.length > 0) : all
    cli.output.answers(shown, () => shown.map(accountsText).join('\n\n'))
    if (shown.length === 0) cli.output.note('No agreement has a reciprocity rule: nothing is counted.')
    for (const reciprocity of shown) noteNext(cli, reciprocity)
  })
}

export async function release(cli: Cli, typed: string[], { to }: { to?: string[] }): Promise<void> {
  await withNode(cli, async node => {
    const artifacts = []
    for (const text of typed) artifacts.push(await findArtifact(node, text))
    const companies = []
    for (const text of to ?? []) companies.push((await findCompany(node, text)).did)
    const after = new Map<string, ReciprocityJson>()
    for (const { id } of artifacts) {
      const reciprocity = await node.release(id, to ? { to: companies } : {})
      after.set(reciprocity.space, reciprocity)
    }
    show(cli, [...after.values()])
  })
}

export async function sign(
  cli: Cli,
  typed: string,
  artifacts: string[],
  { from }: { from?: string }
): Promise<void> {
  await withNode(cli, async node => {
    const { id } = await findSpace(node, typed)
    const ids = []
    for (const text of artifacts) ids.push((await findArtifact(node, text)).id)
    const company = from === undefined ? {} : { from: (await findCompany(node, from)).did }
    show(cli, [await node.signReceipts(id, { ...company, ...(ids.length > 0 && { artifacts: ids }) })])
  })
}

/** Line by line, where `compare` names a file with the statement of the other side. */
export async function statement(
  cli: Cli,
  typed: string,
  company: string,
  { compare }: { compare?: string }
): Promise<void> {
  await withNode(cli, async node => {
    const space = await findSpace(node, typed)
    const told = await node.statement(space.id, (await findCompany(node, company)).did)
    if (compare === undefined) {
      if (cli.output.json) cli.output.answer(told, () => '')
      else cli.output.content(told.text)
      return
    }
    const theirs = fromUtf8(await readBytes(compare, STATEMENT_BYTES_MAX))
    const differences = differencesOf(told.text, theirs)
    cli.output.answer({ same: differences.length === 0, differences }, () =>
      differences.map(({ side, line }) => `${side === 'ours' ? '-' : '+'} ${inline(line)}`).join('\n')
    )
    if (differences.length > 0) throw differs(differences)
    cli.output.note('The statements are the same.')
  })
}

interface Difference {
  side: 'ours' | 'theirs'
  line: string
}

/** Lines that one side has and the other has not: each names what it is about, so their places do not matter. */
function differencesOf(ours: string, theirs: string): Difference[] {
  const [a, b] = [ours, theirs].map(text => text.split('\n')) as [string[], string[]]
  const lacking = (lines: string[], others: string[], side: Difference['side']) => {
    const known = new Set(others)
    return lines.filter(line => !known.has(line)).map(line => ({ side, line }))
  }
  const found = [...lacking(a, b, 'ours'), ...lacking(b, a, 'theirs')]
  // The same lines in another order, or more often, are another text all the same.
  return found.length > 0 || ours === theirs ? found : [{ side: 'theirs', line: 'the same lines otherwise' }]
}

/** The head of a chain that differs says that one of the two lacks entries. */
function differs(differences: Difference[]): NodeError {
  const behind = differences.some(({ line }) => line.startsWith('a ') || line.startsWith('b '))
  const next = behind
    ? 'One side lacks entries of the log: connect the two nodes, wait for parley why to be silent, and print both again.'
    : 'Both hold the same log, so one of the two prints something else than it says: keep both files.'
  return new NodeError('statements-differ', 'the two statements differ (- ours, + theirs)', next)
}

function show(cli: Cli, all: ReciprocityJson[]): void {
  cli.output.answers(all, () => all.map(accountsText).join('\n\n'))
  for (const reciprocity of all) noteNext(cli, reciprocity)
}

function noteNext({ output }: Cli, { accounts }: ReciprocityJson): void {
  for (const { next } of accounts) for (const sentence of next) output.note(inline(sentence))
}

function accountsText({ space, spaceTitle, accounts }: ReciprocityJson): string {
  const title = `${inline(spaceTitle)}\nid ${space}`
  if (accounts.length === 0) return `${title}\n\nNo rule, and nothing was given.`
  return [title, ...accounts.map(accountText)].join('\n\n')
}

function accountText({ company, kind, rule, given, received, exposureLeft = 0 }: AccountJson): string {
  const name = inline(company.legalName || company.did)
  const head = `${name}, ${inline(kind)}`
  const terms = rule
    ? [
        `giving may run ahead by ${rule.maxExposure} x ${inline(rule.unit)}` +
          (rule.soleSender ? '; only the contributor passes it on' : '')
      ]
    : ['no rule in force: nothing is held back']
  if (rule)
    terms.push(
      exposureLeft >= 0
        ? `exposure left: ${exposureLeft}`
        : `exposure used up: ${plural(-exposureLeft, 'document waits', 'documents wait')}`
    )
  const sums = table(
    ['', 'released', 'may pass', 'receipted'],
    [sumOf(`to ${name}`, given), sumOf(`from ${name}`, received)]
  )
  const units = [...unitRows('to', given.units), ...unitRows('from', received.units)]
  const list = units.length > 0 ? [table(['', 'document', 'title', 'state'], units)] : []
  return [head, ...terms, sums, ...list].join('\n')
}

function sumOf(name: string, { released, open, settled }: WayJson): string[] {
  return [name, `${released}`, `${open}`, `${settled}`]
}

function unitRows(way: 'to' | 'from', units: UnitJson[]): string[][] {
  return units.map(({ artifact, title, open, receipted }) => {
    const state = receipted
      ? 'receipted'
      : !open
        ? 'waits'
        : artifact === undefined
          ? 'to come'
          : 'no receipt'
    return [way, artifact === undefined ? '-' : shortId(artifact), title ?? '', state]
  })
}
