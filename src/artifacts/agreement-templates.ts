// Where a draft of an agreement begins: clauses in plain words, and a stance on everything that the terms ask for.
// A start for counsel of each party, and no advice. protocols/agreement, section 9.
import type { TermsBody } from './agreement-terms.ts'

export type TemplateName = Exclude<TermsBody['template'], 'custom'>

interface Clause {
  /** Of its record in the draft. */
  id: string
  title: string
  text: string
  survives: boolean
}

export interface AgreementTemplate {
  /** What it is for, in one sentence. */
  says: string
  objectives: string[]
  kinds: TermsBody['scope']['kinds']
  ip: TermsBody['ip']
  antitrust: TermsBody['antitrust']['profile']
  noticeDays: number
  reciprocity: TermsBody['reciprocity']
  /** Fields that may be shown, by kind; those not named are private. */
  confidentiality: TermsBody['confidentiality']
  clauses: Clause[]
}

function clause(id: string, title: string, text: string, survives = false): Clause {
  return { id, title, text, survives }
}

const CONFIDENTIALITY = clause(
  'confidentiality',
  'Confidentiality',
  'Each party keeps to itself what another party shares under this agreement as shared-confidential or marks as ' +
    'private, uses it only for the purpose stated above, and gives it only to staff and advisers who need it and ' +
    'are bound to the same. This does not cover what was public or known before, what is found independently, or ' +
    'what the law orders to be disclosed; in the last case the party tells the others first where it may.',
  true
)
const LAW = clause(
  'competition',
  'Competition law',
  'The parties remain competitors and decide alone on prices, customers, output, wages and plans for the market. ' +
    'They exchange none of these under this agreement. Each party may leave a discussion that comes near to them, ' +
    'and has it recorded that it did.'
)
const ADOPTION = clause(
  'decisions',
  'Decisions',
  'A document binds the parties as a common standard, plan or report only once it has been decided on as the ' +
    'decision policy of the parties says. What is merely drafted or discussed binds nobody.'
)
const END = clause(
  'end',
  'End',
  'A party may end its part in this agreement by notice. From the notice on, nothing more is shared with or by that ' +
    'party; its other duties end with the period of notice. What was shared before stays under the clauses that ' +
    'outlive this agreement. The agreement goes on among the others while there are two or more.',
  true
)
const LIABILITY = clause(
  'liability',
  'Liability',
  'What is shared is shared as it is, without warranty of being complete or fit for a purpose. No party is liable ' +
    'to another for indirect loss. Liability for intent, for gross negligence, for injury to persons and wherever ' +
    'the law does not let it be limited stays as the law has it.',
  true
)
const DISPUTES = clause(
  'disputes',
  'Disputes',
  'Parties that disagree first bring the matter to their chief executives, who have thirty days to settle it in ' +
    'writing. After that each may go to the courts that have jurisdiction under the governing law.',
  true
)
const COSTS = clause(
  'costs',
  'Costs',
  'Each party bears its own costs. This agreement creates no company, partnership or agency between the parties.'
)

const ALWAYS = [CONFIDENTIALITY, LAW, ADOPTION]
const LAST = [COSTS, LIABILITY, DISPUTES, END]

const STANDARDS: TermsBody['confidentiality'] = [
  { kind: 'StandardsDoc.v1', field: 'meta.title', class: 'public' },
  { kind: 'StandardsDoc.v1', field: 'meta.version', class: 'public' },
  { kind: 'StandardsDoc.v1', field: 'text', class: 'shared-confidential' }
]
const PLANS: TermsBody['confidentiality'] = [
  { kind: 'JointInitiativePlan.v1', field: 'meta.title', class: 'shared-confidential' },
  { kind: 'JointInitiativePlan.v1', field: 'text', class: 'shared-confidential' }
]

export const AGREEMENT_TEMPLATES: { [name in TemplateName]: AgreementTemplate } = {
  'standards-only': {
    says: 'write, decide on and release common standards, and nothing else',
    objectives: ['Agree on a common standard, with tests that show conformance.'],
    kinds: ['StandardsDoc.v1', 'DecisionTopic.v1', 'PeerDecisionPolicy.v1', 'ImprovementPlan.v1'],
    ip: 'community-spec-1.0',
    antitrust: 'none',
    noticeDays: 90,
    reciprocity: [],
    confidentiality: STANDARDS,
    clauses: [
      ...ALWAYS,
      clause(
        'voluntary',
        'Free adoption',
        'No party is obliged to adopt a standard, to buy or sell what conforms to it, or to keep to it alone. ' +
          'Conformance is shown by the tests of the standard, which are open to every party on the same terms.'
      ),
      clause(
        'licences',
        'Licences',
        'Contributions to a standard and claims of patents that it cannot be implemented without are licensed as ' +
          'the stance on intellectual property above says. Nothing else is licensed.',
        true
      ),
      ...LAST
    ]
  },
  'joint-rd': {
    says: 'research and develop something together, with a common plan',
    objectives: ['Carry out the joint plan, and share its results among the parties.'],
    kinds: [
      'StandardsDoc.v1',
      'JointInitiativePlan.v1',
      'DecisionTopic.v1',
      'PeerDecisionPolicy.v1',
      'ImprovementPlan.v1'
    ],
    ip: 'rand',
    antitrust: 'none',
    noticeDays: 180,
    reciprocity: [{ kind: 'JointInitiativePlan.v1', unit: 'artifact', maxExposure: 2, soleSender: false }],
    confidentiality: [...STANDARDS, ...PLANS],
    clauses: [
      ...ALWAYS,
      clause(
        'background',
        'What each brings',
        'Knowledge and rights that a party had before, or makes outside the joint plan, stay its own. It lets the ' +
          'others use them as far as and for as long as the joint plan needs it.',
        true
      ),
      clause(
        'results',
        'Results',
        'A result belongs to the party whose staff made it; one that several made belongs to them jointly, in equal ' +
          'shares unless they agree otherwise in writing. Each party may use all results in its own business, on ' +
          'the terms that the stance on intellectual property above says.',
        true
      ),
      clause(
        'publication',
        'Publication',
        'A party shows the others what it wants to publish about the joint work thirty days before. Another party ' +
          'may ask for its own confidential content to be taken out, and for up to sixty days to file for protection.'
      ),
      clause(
        'freedom',
        'Freedom to research',
        'Outside the joint plan each party researches and develops as it likes, alone or with others, during this ' +
          'agreement and after it.'
      ),
      ...LAST
    ]
  },
  'shared-infrastructure': {
    says: 'run something together that each party relies on',
    objectives: ['Run the shared infrastructure to the agreed standard, open to each party on equal terms.'],
    kinds: [
      'StandardsDoc.v1',
      'JointInitiativePlan.v1',
      'DecisionTopic.v1',
      'PeerDecisionPolicy.v1',
      'ImprovementPlan.v1'
    ],
    ip: 'none',
    antitrust: 'none',
    noticeDays: 365,
    reciprocity: [{ kind: 'ImprovementPlan.v1', unit: 'artifact', maxExposure: 3, soleSender: false }],
    confidentiality: [...STANDARDS, ...PLANS],
    clauses: [
      ...ALWAYS,
      clause(
        'duties',
        'Operation',
        'The joint plan says which party runs which part and to which level of service. Each party runs its part with ' +
          'the care that it takes for its own, and does not pass it on to others without the consent of the rest.'
      ),
      clause(
        'access',
        'Equal access',
        'Every party may use the shared infrastructure on the same terms. Nobody is refused, slowed down or charged ' +
          'more for competing with another party.'
      ),
      clause(
        'incidents',
        'Incidents',
        'A party that learns of an incident which may touch the others tells them without delay, at the latest within ' +
          'twenty-four hours, and again when it is over, with its cause and what is done against the next one.'
      ),
      clause(
        'licences',
        'Licences',
        'Each party may use what another has put into the shared infrastructure, for as long as it is part of it and ' +
          'only in order to run and use it. Nothing else is licensed.'
      ),
      clause(
        'handover',
        'Handover',
        'A party that leaves hands over what it runs within the period of notice, so that service to the others is ' +
          'not interrupted, and takes its own data with it in a common format.',
        true
      ),
      ...LAST
    ]
  },
  benchmarking: {
    says: 'compare figures without showing anybody the figures of another',
    objectives: ['Let each party see where it stands, without seeing the figures of any other.'],
    kinds: ['BenchmarkReport.v1', 'DecisionTopic.v1', 'PeerDecisionPolicy.v1', 'ImprovementPlan.v1'],
    ip: 'none',
    antitrust: 'benchmark',
    noticeDays: 90,
    reciprocity: [{ kind: 'BenchmarkReport.v1', unit: 'report', maxExposure: 1, soleSender: true }],
    confidentiality: [
      { kind: 'BenchmarkReport.v1', field: 'meta.title', class: 'shared-confidential' },
      { kind: 'BenchmarkReport.v1', field: 'metrics.*.title', class: 'shared-confidential' },
      { kind: 'BenchmarkReport.v1', field: 'metrics.*.unit', class: 'shared-confidential' }
    ],
    clauses: [
      ...ALWAYS,
      clause(
        'data',
        'Contributed figures',
        'Figures are past facts, three months old or older, of five or more parties, of whom none makes up more than a ' +
          'quarter of a total. Figures of one party are shown to no other; only totals, means and ranks come out.'
      ),
      clause(
        'use',
        'Use of results',
        'A party uses results to improve its own work. It does not try to find out the figures of another, alone or ' +
          'together with others, and does not publish results in which a party could be recognised.',
        true
      ),
      clause(
        'correctness',
        'Correct figures',
        'Each party contributes figures that it believes to be correct, by the method that the report states, and ' +
          'tells the others when it finds an error.'
      ),
      ...LAST
    ]
  }
}

export const TEMPLATE_NAMES = Object.keys(AGREEMENT_TEMPLATES) as TemplateName[]

/** Who takes part, as far as it is known. */
export interface DraftParty {
  company: string
  /** Empty where the company's identity log has not arrived. */
  name: string
  registration: string
}

/**
 * The fields of a new draft, by path. What only the parties know (days, law, addresses, who signs) is left out, so
 * that it is asked for and not guessed.
 */
export function draftFields(
  name: TemplateName,
  pairing: string,
  parties: readonly DraftParty[]
): { [path: string]: unknown } {
  const template = AGREEMENT_TEMPLATES[name]
  const count = parties.length
  return {
    'meta.summary': `Made from the template ${name}: a start for counsel of each party, not advice.`,
    'meta.template': name,
    'meta.noticeDays': template.noticeDays,
    'meta.ipStance': template.ip,
    'meta.antitrust': template.antitrust,
    // With three or more, so that no party alone can stop an amendment; two can only agree.
    'meta.threshold': count < 3 ? count : count - 1,
    'meta.witnesses': Math.min(1, count - 1),
    'scope.roles': [pairing],
    'scope.kinds': template.kinds,
    'scope.classes': ['public', 'shared-confidential'],
    'scope.topics': [],
    ...records(
      'parties',
      parties,
      (_, i) => `party${i + 1}`,
      party => ({
        root: party.company,
        ...(party.name !== '' && { name: party.name, registration: party.registration }),
        weight: 1,
        witness: count > 1
      })
    ),
    ...records(
      'objectives',
      template.objectives,
      (_, i) => `objective${i + 1}`,
      (title, i) => ({
        title,
        position: positionOf(i)
      })
    ),
    ...records(
      'confidentiality',
      template.confidentiality,
      (_, i) => `field${i + 1}`,
      cell => cell
    ),
    ...records(
      'reciprocity',
      template.reciprocity,
      (_, i) => `rule${i + 1}`,
      rule => ({
        ...rule,
        maxExposure: String(rule.maxExposure)
      })
    ),
    ...records(
      'clauses',
      template.clauses,
      ({ id }) => id,
      ({ title, text, survives }, i) => ({
        title,
        text,
        survives,
        position: positionOf(i)
      })
    )
  }
}

function records<T>(
  root: string,
  all: readonly T[],
  idOf: (one: T, i: number) => string,
  fieldsOf: (one: T, i: number) => { [key: string]: unknown }
): { [path: string]: unknown } {
  const rows = all.flatMap((one, i) => {
    const fields = Object.entries(fieldsOf(one, i))
    return fields.map(([key, value]) => [`${root}.${idOf(one, i)}.${key}`, value] as const)
  })
  return Object.fromEntries(rows)
}

/** With room before, between and after. */
function positionOf(i: number): string {
  return String((i + 1) * 10).padStart(4, '0')
}
