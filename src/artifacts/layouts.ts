// The artifact kinds that people edit together, and what the Yjs document of each may hold. This is the source
// of protocols/artifacts/layouts.json; a change here is a change of protocol. protocols/artifacts.
import { type Layout, type LayoutNode, type LayoutValue, type PlainType, valueUnder } from '../wire/layout.ts'

const TEXT: LayoutNode = { is: 'text' }

/**
 * A map with these values and these nested texts. A value is a string unless `:` and a type follow its name;
 * `:plain` is any JSON value, where no type is clear.
 */
function record(values: string[], texts: string[] = []): LayoutNode {
  const keys: { [key: string]: LayoutValue } = {}
  for (const text of values) {
    const [key = '', type = 'string'] = text.split(':')
    keys[key] = type as PlainType | 'plain'
  }
  for (const key of texts) keys[key] = TEXT
  return { is: 'map', keys }
}

/** Records by id. Ids are made by their author and never reused; `position` orders what is shown in order. */
function records(values: string[], texts: string[] = []): LayoutNode {
  return { is: 'map', keys: {}, others: record(values, texts) }
}

/** A list that only grows: measurements, one object each. */
const SERIES: LayoutNode = { is: 'array', items: 'plain' }

/** Every kind has a title and one main Markdown text, so that one editor works on all of them. */
function layout(meta: string[], roots: { [name: string]: LayoutNode } = {}): Layout {
  return { roots: { meta: record(['title', 'summary', 'language', ...meta]), text: TEXT, ...roots } }
}

const LAYOUTS = {
  'PeerAgreement.v1': layout(
    [
      'template',
      'starts',
      'ends',
      'noticeDays:number',
      'governingLaw',
      'ipStance',
      'antitrust',
      'threshold:number',
      'witnesses:number'
    ],
    {
      parties: records([
        'root',
        'name',
        'registration',
        'jurisdiction',
        'address',
        'signatory',
        'capacity',
        'weight:number',
        'witness:boolean',
        'counsel',
        'counselDay'
      ]),
      objectives: records(['title', 'position']),
      scope: record(['roles:list', 'kinds:list', 'classes:list', 'topics:list']),
      confidentiality: records(['kind', 'field', 'class']),
      reciprocity: records(['kind', 'unit', 'maxExposure', 'soleSender:boolean']),
      clauses: records(['title', 'survives:boolean', 'position'], ['text']),
      standardTerms: record(['title', 'sha256']),
      attachments: records(['title', 'mediaType', 'bytes:number', 'sha256', 'position'])
    }
  ),
  'StandardsDoc.v1': layout(['identifier', 'version', 'scope', 'license'], {
    requirements: records(['title', 'level', 'status', 'position'], ['text']),
    tests: records(
      ['title', 'requirement', 'runner', 'input:plain', 'expected:plain', 'weight:number', 'position'],
      ['text']
    ),
    references: records(['title', 'uri', 'digest', 'position'])
  }),
  'JointInitiativePlan.v1': layout(['goal', 'decision', 'starts', 'ends', 'status'], {
    milestones: records(
      ['title', 'owner', 'starts', 'due', 'status', 'progress:number', 'dependsOn:list', 'position'],
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
          title: 'string',
          unit: 'string',
          baseline: 'string',
          target: 'string',
          better: 'string',
          position: 'string',
          series: SERIES
        }
      }
    },
    progress: SERIES
  }),
  'BenchmarkReport.v1': layout(['subject', 'starts', 'ends', 'method'], {
    metrics: records(['title', 'unit', 'better', 'normalization:plain', 'position'], ['text']),
    snapshots: records([
      'metric',
      'party',
      'value',
      'unit',
      'starts',
      'ends',
      'context:plain',
      'normalization:plain',
      'source:plain'
    ])
  }),
  'DecisionTopic.v1': layout(['question', 'status', 'policy', 'deadline'], {
    options: records(['title', 'position'], ['text']),
    links: records(['facet', 'note', 'position'])
  }),
  'PeerDecisionPolicy.v1': layout(['supersedes'], {
    criteria: records(['title', 'question', 'anchors:plain', 'weight:number', 'position']),
    rules: records(['method', 'threshold:plain', 'of', 'turnout:plain', 'requiresRecommendation:boolean']), // by artifact kind
    windows: record(['commit:plain', 'reveal:plain', 'mediation:plain'])
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

/** Every field of a kind, as grids name them: `text`, `meta.title`, `parties.*.name`, `progress.*`. */
export function fieldsOf(kind: ArtifactKind): string[] {
  return Object.entries(LAYOUTS[kind].roots).flatMap(([name, node]) => leavesOf(node, name))
}

function leavesOf(value: LayoutValue, path: string): string[] {
  if (typeof value === 'string' || value.is === 'text') return [path]
  if (value.is === 'array') return leavesOf(value.items, `${path}.*`)
  const others = value.others === undefined ? [] : leavesOf(value.others, `${path}.*`)
  return [...Object.entries(value.keys).flatMap(([key, item]) => leavesOf(item, `${path}.${key}`)), ...others]
}

/** @returns what may stand at this path of a root and map keys, undefined where nothing may. */
export function valueAt(layout: Layout, [root = '', ...keys]: string[]): LayoutValue | undefined {
  let value: LayoutValue | undefined = Object.hasOwn(layout.roots, root) ? layout.roots[root] : undefined
  for (const key of keys) {
    if (typeof value !== 'object' || value.is !== 'map') return undefined
    value = valueUnder(value, key)
  }
  return value
}

/** Whether a JSON value is of the type that a layout names for it. */
export function isOfType(value: unknown, type: PlainType): boolean {
  return type === 'list' ? Array.isArray(value) : typeof value === type
}
