// `parley policy`: what a decision policy means, before anybody is bound by it. Needs no node and no home, but to tell
// who a company is by its name.
import { plain } from '../../decision/message.ts'
import { type Policy, PolicySchema, checkPolicy } from '../../decision/policy.ts'
import { type RuleReport, reportOf } from '../../decision/policy-report.ts'
import { defaultPolicy } from '../../decision/policy-template.ts'
import { explain } from '../../node/refusals/refusals.ts'
import { toHex } from '../../wire/bytes.ts'
import { sha256 } from '../../wire/hash.ts'
import { encodeJcs } from '../../wire/jcs.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, withNode } from '../cli.ts'
import { readJson } from '../files.ts'
import { findCompany } from '../find.ts'
import { facts, inline, plural } from '../text.ts'
import { roleOf } from './role.ts'

const DID = /^did:webvh:\S+$/

export async function checkPolicyFile(cli: Cli, path: string): Promise<void> {
  const policy = await readPolicy(path)
  const report = reportOf(policy)
  // What an agreement names is the policy's one spelling, however the file is spaced. AGR-4
  const spelled = encodeJcs(plain(policy))
  const [bytes, digest] = [spelled.length, toHex(sha256(spelled))]
  const { title, electors } = policy
  cli.output.answer({ title, electors, rules: report, bytes, sha256: digest }, () =>
    [
      overview(policy),
      ...report.map(rule => describe(policy, rule)),
      facts([['digest', `${digest}, of ${bytes} bytes as canonical JSON`]])
    ].join('\n\n')
  )
  for (const { company } of electors.filter(({ company: did }) => !DID.test(did)))
    cli.output.warn(`${inline(company)} is no did, so that nobody can vote for it.`)
  cli.output.note(
    'Next, so that all seal the same, in the draft of the agreement: ' +
      `parley set DRAFT attachments.policy.title="Decision policy" attachments.policy.mediaType=application/json attachments.policy.bytes:=${bytes} attachments.policy.sha256=${digest}`
  )
}

/** @throws NodeError `policy-*` or `json-file` */
export async function readPolicy(path: string): Promise<Policy> {
  const shape = PolicySchema.safeParse(await readJson(path, 'Begin with: parley policy new'))
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
  const policy = defaultPolicy(await didsOf(cli, companies), roleOf(role))
  cli.output.content(`${JSON.stringify(policy, null, 2)}\n`)
}

/** Dids stand for themselves; who a name means, only a running node knows. */
async function didsOf(cli: Cli, typed: string[]): Promise<string[]> {
  if (typed.every(one => DID.test(one))) return typed
  const dids: string[] = []
  await withNode(cli, async node => {
    const { did, legalName } = (await node.status()).company
    for (const one of typed) {
      const isOwn = one === did || one.toLowerCase() === legalName.toLowerCase()
      dids.push(isOwn ? did : DID.test(one) ? one : (await findCompany(node, one)).did)
    }
  })
  return dids
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
