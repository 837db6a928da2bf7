// The artifact kinds that people edit together, and what the Yjs document of each may hold. This is the source
// of protocols/artifacts/layouts.json; a change here is a change of protocol. protocols/artifacts.
import type { Layout, LayoutNode } from '../wire/layout.ts'

const TEXT: LayoutNode = { is: 'text' }

/** A map with these plain values and these nested texts. */
function record(plain: string[], texts: string[] = []): LayoutNode {
  const keys: { [key: string]: 'plain' | LayoutNode } = {}
  for (const key of plain) keys[key] = 'plain'
  for (const key of texts) keys[key] = TEXT
  return { is: 'map', keys }
}

/** Records by id. Ids are made by their author and never reused; `position` orders what is shown in order. */
function records(plain: string[], texts: string[] = []): LayoutNode {
  return { is: 'map', keys: {}, others: record(plain, texts) }
}

/** A list that only grows: measurements, one object each. */
const SERIES: LayoutNode = { is: 'array', items: 'plain' }

/** Every kind has a title and one main Markdown text, so that one editor works on all of them. */
function layout(meta: string[], roots: { [name: string]: LayoutNode } = {}): Layout {
  return { roots: { meta: record(['title', 'summary', 'language', ...meta]), text: TEXT, ...roots } }
}

const LAYOUTS = {
  'PeerAgreement.v1': layout(['purpose', 'starts', 'ends', 'noticeDays', 'governingLaw', 'ipStance'], {
    parties: records([
      'name',
      'registration',
      'jurisdiction',
      'address',
      'signatory',
      'capacity',
      'root',
      'position'
    ]),
    scope: record(['roles', 'kinds', 'classes']),
    reciprocity: records(['unit', 'maxExposure', 'window']), // by artifact kind
    policy: record(['decisionPolicy', 'disclosure', 'conformance', 'witnesses', 'escalation']),
    clauses: records(['title', 'position'], ['text'])
  }),
  'StandardsDoc.v1': layout(['identifier', 'version', 'scope', 'license'], {
    requirements: records(['title', 'level', 'status', 'position'], ['text']),
    tests: records(['title', 'requirement', 'runner', 'input', 'expected', 'weight', 'position'], ['text']),
    references: records(['title', 'uri', 'digest', 'position'])
  }),
  'JointInitiativePlan.v1': layout(['goal', 'decision', 'starts', 'ends', 'status'], {
    milestones: records(
      ['title', 'owner', 'starts', 'due', 'status', 'progress', 'dependsOn', 'position'],
      ['text']
    ),
    roles: records(['company', 'role', 'holder', 'duty', 'position']),
    resources: records(['title', 'company', 'kind', 'amount', 'unit', 'position']),
    kpis: {
      is: 'map',
      keys: {},
      others: {
        is: 'map',
        keys: {
          title: 'plain',
          unit: 'plain',
          baseline: 'plain',
          target: 'plain',
          better: 'plain',
          position: 'plain',
          series: SERIES
        }
      }
    },
    progress: SERIES
  }),
  'BenchmarkReport.v1': layout(['subject', 'starts', 'ends', 'method'], {
    metrics: records(['title', 'unit', 'better', 'normalization', 'position'], ['text']),
    snapshots: records([
      'metric',
      'party',
      'value',
      'unit',
      'starts',
      'ends',
      'context',
      'normalization',
      'source'
    ])
  }),
  'DecisionTopic.v1': layout(['question', 'status', 'policy', 'deadline'], {
    options: records(['title', 'position'], ['text']),
    links: records(['facet', 'note', 'position'])
  }),
  'PeerDecisionPolicy.v1': layout(['supersedes'], {
    criteria: records(['title', 'question', 'anchors', 'weight', 'position']),
    rules: records(['method', 'threshold', 'of', 'turnout', 'requiresRecommendation']), // by artifact kind
    windows: record(['commit', 'reveal', 'mediation'])
  }),
  'ImprovementPlan.v1': layout(['subject', 'starts', 'ends'], {
    findings: records(['title', 'metric', 'value', 'cause', 'position'], ['text']),
    actions: records(['title', 'finding', 'owner', 'due', 'status', 'measure', 'position'], ['text'])
  })
} satisfies { [kind: string]: Layout }

export type ArtifactKind = keyof typeof LAYOUTS

/** The kinds that have a document of their own. */
export const ARTIFACT_KINDS = Object.keys(LAYOUTS) as ArtifactKind[]

/** @returns undefined for a kind that is unknown or that nobody edits together. */
export function layoutOf(kind: string): Layout | undefined {
  return Object.hasOwn(LAYOUTS, kind) ? LAYOUTS[kind as ArtifactKind] : undefined
}
