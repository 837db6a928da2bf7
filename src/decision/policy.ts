// Who decides, by which criteria and by how much: PeerDecisionPolicy.v1, and the weights that follow from it.
// protocols/decision, section 1.
import { z } from 'zod'
import { ROLES } from '../identity/certificate-schema.ts'
import { isName } from '../identity/document-text.ts'
import { Reject } from '../wire/reject.ts'

/** The parties of a space, and more than people who decide together by name. */
export const ELECTORS_MAX = 32
export const CRITERIA_MAX = 8
export const SCORE_MAX = 5
const WEIGHT_MAX = 1_000
/** Some kinds have a rule of their own, and room for kinds to come. */
const RULES_MAX = 16

const name = z.string().min(1).max(200)
const hours = z
  .int()
  .min(1)
  .max(24 * 366)
const part = z.int().min(0).max(1_000_000)
const turnout = z
  .strictObject({ denominator: part.min(1), numerator: part })
  .refine(({ numerator, denominator }) => numerator <= denominator, 'more than all')
  .describe('at least this part of the electorate has a ballot')

export const CriterionSchema = z.strictObject({
  anchors: z
    .array(z.string().min(1).max(500))
    .length(SCORE_MAX + 1)
    .describe('what each score from 0 to 5 means'),
  key: z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/),
  question: z.string().min(1).max(1_000),
  weight: z.int().min(1).max(WEIGHT_MAX)
})

const RuleSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('unanimity'), turnout }),
  z.strictObject({
    method: z.literal('weighted-majority'),
    moreThan: z.strictObject({ denominator: part.min(1), numerator: part.min(1) }),
    turnout
  })
])

export const ElectorSchema = z.strictObject({
  company: z.string().min(1).max(512).describe('did:webvh id'),
  role: z.enum(ROLES),
  weight: z.int().min(1).max(WEIGHT_MAX)
})

export const PolicySchema = z.strictObject({
  criteria: z.array(CriterionSchema).min(1).max(CRITERIA_MAX),
  electors: z.array(ElectorSchema).min(2).max(ELECTORS_MAX),
  recommendAt: z.int().min(0).max(50).describe('tenths of a score from which on an option is recommended'),
  rules: z
    .record(z.string().regex(/^(default|[A-Z][A-Za-z]{0,59}\.v[1-9][0-9]{0,2})$/), RuleSchema)
    .refine(rules => Object.hasOwn(rules, 'default') && Object.keys(rules).length <= RULES_MAX, 'no default')
    .describe('by artifact kind, and default'),
  title: name,
  windows: z.strictObject({ commit: hours, late: hours, mediation: hours, reveal: hours })
})

export type Policy = z.infer<typeof PolicySchema>
export type Rule = z.infer<typeof RuleSchema>
export type Elector = z.infer<typeof ElectorSchema>

/** The weights that a rule makes matter. DEC-2, DEC-3. */
export interface Quorums {
  /** `W` */
  total: number
  /** `F`: the weight that may lie. */
  faulty: number
  /** `T`: what approves. */
  threshold: number
  /** `Q`: what closes, and settles that nothing was approved. */
  close: number
}

/** The rule for a subject of this kind, or without one. */
export function ruleFor(policy: Policy, kind: string | undefined): Rule {
  const { rules } = policy
  return (kind !== undefined && Object.hasOwn(rules, kind) ? rules[kind] : rules['default']) as Rule
}

/** The index of the elector for whom a company's role speaks; -1 where there is none. */
export function seatOf(
  { electors }: Policy,
  { company, role }: Pick<Elector, 'company'> & { role: string }
): number {
  return electors.findIndex(elector => elector.company === company && elector.role === role)
}

export function weightOf(electors: readonly Pick<Elector, 'weight'>[]): number {
  return electors.reduce((sum, { weight }) => sum + weight, 0)
}

export function quorumsOf({ electors }: Policy, rule: Rule): Quorums {
  const total = weightOf(electors)
  const faulty = Math.max(Math.floor((total - 1) / 3), ...electors.map(({ weight }) => weight))
  const threshold = rule.method === 'unanimity' ? total : aboveShare(total, rule.moreThan)
  const close = Math.max(Math.floor((total + faulty) / 2) + 1, total + faulty + 1 - threshold)
  return { total, faulty, threshold, close }
}

function aboveShare(total: number, { numerator, denominator }: { numerator: number; denominator: number }) {
  return Math.floor((total * numerator) / denominator) + 1
}

/** @returns `policy-*` for a policy that nothing can be decided under. DEC-1, DEC-2 */
export function checkPolicy(policy: Policy): Reject | undefined {
  const pairs = new Set(policy.electors.map(({ company, role }) => `${role} ${company}`))
  if (pairs.size < policy.electors.length) return bad('policy-shape', 'an elector is named twice')
  if (new Set(policy.criteria.map(({ key }) => key)).size < policy.criteria.length)
    return bad('policy-shape', 'two criteria have one key')
  if (!isName(policy.title, 200)) return bad('policy-shape', 'a title that does not read as it stands')
  const standards = ruleFor(policy, 'StandardsDoc.v1')
  if (standards.method !== 'unanimity')
    return bad('policy-standards', 'a standard is decided by unanimity: give StandardsDoc.v1 that rule')
  for (const [kind, rule] of Object.entries(policy.rules)) {
    const refused = checkRule(policy, kind, rule)
    if (refused) return refused
  }
  return undefined
}

function checkRule(policy: Policy, kind: string, rule: Rule): Reject | undefined {
  if (rule.method === 'unanimity') return undefined
  const { numerator, denominator } = rule.moreThan
  if (2 * numerator < denominator || numerator >= denominator)
    return bad('policy-threshold', `${kind}: more than a half or a larger part, and less than all`)
  const { threshold, faulty } = quorumsOf(policy, rule)
  return threshold > faulty
    ? undefined
    : bad('policy-threshold', `${kind}: ${threshold} approves, which ${faulty} could do without the others`)
}

function bad(code: string, detail: string): Reject {
  return new Reject(code, detail, false)
}
