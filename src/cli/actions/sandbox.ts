// `parley sandbox`: what terms would do, played by made-up companies. It writes nothing, and needs a node only to read
// a draft that is there.
import { checkAgreement } from '../../artifacts/agreement-check.ts'
import type { Finding } from '../../artifacts/agreement-check.ts'
import type { TermsBody } from '../../artifacts/agreement-terms.ts'
import { quotePath } from '../../node/home/directory.ts'
import { runSandbox } from '../../sandbox/run.ts'
import type { Line, Naming, Verdict } from '../../sandbox/verdict.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { shortId } from '../find.ts'
import { inline, plural } from '../text.ts'
import { findTerms, isFile, readTerms, termsGiven } from './agreement-sources.ts'

const SEED_MAX = 2 ** 32 - 1
const NO_SPACE = '0'.repeat(64)

/** What is played, and how a person names it. */
interface Script {
  terms?: TermsBody
  findings: Finding[]
  pairing: string
  naming: Naming
  /** What to do once it is ready. */
  onwards: string
}

export async function playAgreement(
  cli: Cli,
  typed: string,
  options: { pairing?: string; seed?: string }
): Promise<void> {
  const seed = seedOf(options.seed ?? '1')
  const script = isFile(typed) ? await readFile(typed, options.pairing) : await readNode(cli, typed)
  const { terms, findings, pairing, naming, onwards } = script
  const progress = cli.output.progress('Playing')
  const play = terms && { terms, pairing, seed }
  const verdict = runSandbox(play, findings, naming, { seed, progress: scene => progress.at(scene) })
  progress.end()
  cli.output.answer(verdict, () => textOf(cli, verdict))
  const count = verdict.lines.filter(({ state }) => state === 'red').length
  if (!verdict.ready)
    throw new NodeError(
      'policy-sandbox',
      `not ready: ${plural(count, 'line is', 'lines are')} red`,
      'Each has its next step above.'
    )
  cli.output.note(`Ready, as far as a sandbox can tell. ${onwards}`)
}

function seedOf(typed: string): number {
  const seed = Number(typed)
  if (/^\d+$/.test(typed) && seed <= SEED_MAX) return seed
  throw usage(`${inline(typed)} is no seed`, `A seed is a whole number from 0 to ${SEED_MAX}.`)
}

async function readFile(path: string, typedPairing?: string): Promise<Script> {
  const terms = termsGiven(await readTerms(path), { space: NO_SPACE, number: 1 })
  const again = quotePath(path)
  const naming = { again }
  const onwards = `Next: parley agreement propose SPACE ${again}`
  if (Array.isArray(terms)) return { findings: terms, pairing: '', naming, onwards }
  const pairing = typedPairing ?? terms.roles[0] ?? ''
  return { terms, findings: findingsIn(terms, pairing), pairing, naming, onwards }
}

/** What the rules find in terms that stand for themselves. */
function findingsIn(terms: TermsBody, pairing: string): Finding[] {
  const parties = terms.parties.map(({ company }) => company)
  return checkAgreement(terms, {
    space: terms.space,
    parties: parties.slice(0, parties.length - (terms.admits ?? 0)),
    number: terms.number,
    ...(terms.before !== undefined && { before: terms.before }),
    pairing,
    // The stand-ins have keys that may seal; of the parties themselves terms say nothing.
    seals: parties.map(() => true),
    documents: [],
    day: new Date().toISOString().slice(0, 10)
  })
}

async function readNode(cli: Cli, typed: string): Promise<Script> {
  let script: Script | undefined
  await withNode(cli, async node => {
    const source = await findTerms(node, typed)
    const { space, terms, revision, arguments: names } = source
    const { pairing } = space
    // A revision was looked at before it was proposed, perhaps by another program.
    const findings = revision !== undefined && terms ? findingsIn(terms, pairing) : source.findings
    const naming = { again: names.check, ...(revision === undefined && { draft: names.check }) }
    const onwards =
      revision === undefined
        ? `Next: parley agreement propose ${names.propose}`
        : `Next: parley agreement approve ${shortId(space.id)} ${names.check}`
    script = { ...(terms && { terms }), findings, pairing, naming, onwards }
  })
  return script as Script
}

const MARKS: { [state in Line['state']]: string } = { green: 'ok', amber: 'look', red: 'STOP' }

function textOf({ output }: Cli, { parties, seed, lines }: Verdict): string {
  const stood = parties.length > 0 ? `Stand-ins for ${parties.map(inline).join(', ')}; seed ${seed}.` : ''
  const rows = lines.map(({ scene, state, clause, says, next }) => {
    const step = next === undefined ? [] : [`      ${inline(clause)}: ${output.here(inline(next))}`]
    return [`${MARKS[state].padEnd(5)} ${scene.padEnd(13)} ${inline(says)}`, ...step].join('\n')
  })
  return ['Sandbox: nothing here binds your company.', stood, '', ...rows].join('\n')
}
