// `parley policy`: what a decision policy means, before anybody is bound by it. Needs no node and no home.
import { type Policy, PolicySchema, checkPolicy } from '../../decision/policy.ts'
import { type RuleReport, reportOf } from '../../decision/policy-report.ts'
import { defaultPolicy } from '../../decision/policy-template.ts'
import { explain } from '../../node/refusal.ts'
import { NodeError } from '../../wire/node-error.ts'
import type { Cli } from '../cli.ts'
import { readText } from '../files.ts'
import { facts, inline, plural } from '../text.ts'

export async function checkPolicyFile(cli: Cli, path: string): Promise<void> {
  const policy = await readPolicy(path)
  const report = reportOf(policy)
  cli.output.answer({ title: policy.title, electors: policy.electors, rules: report }, () =>
    [overview(policy), ...report.map(rule => describe(policy, rule))].join('\n\n')
  )
  cli.output.note('Nothing blocks it. Attach it to the agreement, so that all have sealed the same.')
}

/** @throws NodeError `policy-*` or `policy-file` */
export async function readPolicy(path: string): Promise<Policy> {
  let json: unknown
  try {
    json = JSON.parse(await readText(path))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new NodeError(
      'policy-file',
      `${path} is not JSON: ${error.message}`,
      'Begin with: parley policy new'
    )
  }
  const shape = PolicySchema.safeParse(json)
  if (!shape.success) {
    const issue = shape.error.issues[0]
    const where = issue?.path.join('.') || 'the policy'
    const next =
      'protocols/decision/policy.schema.json says what belongs where; `parley policy new` prints one to begin with.'
    throw new NodeError('policy-shape', `${path}, ${where}: ${issue?.message ?? 'wrong'}`, next)
  }
  const refused = checkPolicy(shape.data)
  if (refused) throw new NodeError(refused.code, explain(refused), `Correct ${path}, and run this again.`)
  return shape.data
}

/** A policy to change: electors of weight one, the four criteria, standards by unanimity. */
export async function printPolicy(cli: Cli, companies: string[], { role }: { role: string }): Promise<void> {
  const policy = defaultPolicy(companies, role)
  cli.output.content(`${JSON.stringify(policy, null, 2)}\n`)
}

function overview({ title, electors, criteria, windows }: Policy): string {
  return facts([
    ['policy', inline(title)],
    ['electors', electors.map(({ company, role, weight }) => `${role} of ${company}, weight ${weight}`)],
    ['criteria', criteria.map(({ key, weight }) => `${key}, weight ${weight}`)],
    [
      'windows',
      `commit ${windows.commit} h, ${windows.late} h more if the turnout comes late; reveal ${windows.reveal} h; mediation ${windows.mediation} h`
    ]
  ])
}

function describe({ electors }: Policy, rule: RuleReport): string {
  const { kind, method, total, faulty, threshold, close, stalls, blocks } = rule
  const silent = stalls.map(i => `${electors[i]?.role} of ${electors[i]?.company}`)
  return facts([
    ['rule', `${kind}: ${method}`],
    ['approves', `weight ${threshold} of ${total}`],
    ['closes', `weight ${close} of ${total}, so that ${faulty} may lie`],
    ['silence stalls it', silent.length > 0 ? silent : 'of no single elector'],
    [
      'can block alone',
      blocks.length > 0 ? blocks : `nobody; ${plural(2, 'company', 'companies')} together at least`
    ]
  ])
}
