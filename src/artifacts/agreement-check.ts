// What stands in the way of proposing terms, and whose task each part of an agreement is. A finding that blocks keeps
// this program from proposing; it makes no revision invalid. protocols/agreement, section 10.
import type { DraftProblem } from './agreement-draft.ts'
import type { CheckFacts, Rule } from './agreement-rule.ts'
import { RULES } from './agreement-rules.ts'
import type { TermsBody } from './agreement-terms.ts'

export interface Finding extends DraftProblem {
  /** Of the table; `draft` where a field is missing or ill-typed. */
  rule: string
  severity: Rule['severity']
}

/** How commands name the draft that the terms were made from, and the record of each party in it. */
export interface DraftNames {
  draft: string
  parties: readonly (string | undefined)[]
}

/** @param names absent where the terms came from a file */
export function checkAgreement(terms: TermsBody, facts: CheckFacts, names?: DraftNames): Finding[] {
  return RULES.flatMap(({ rule, severity, find }) => {
    return find(terms, facts).map(({ where, says, fix }) => {
      return { rule, severity, where, says, next: nextStep(where, fix, names) }
    })
  })
}

function nextStep(where: string, fix: string, names?: DraftNames): string {
  if (!names && fix.includes('DRAFT')) return `Correct ${where} in the file.`
  return fix
    .replaceAll('DRAFT', names?.draft ?? '')
    .replaceAll(/#(\d+)/g, (_, index: string) => names?.parties[Number(index)] ?? 'ID')
}

export interface Task {
  task: string
  /** Whose it is. */
  owner: string
  /** `look`: done, but for what the program would look at again. */
  state: 'done' | 'look' | 'open'
}

/** By what a field is about, with the owner. */
const TASKS: { task: string; owner: string; fields: RegExp }[] = [
  {
    task: 'scope',
    owner: 'COO, CTO',
    fields:
      /^(admits|number|text|purpose|objectives|scope|roles|confidentiality|reciprocity|meta\.(title|template)|title)\b/
  },
  { task: 'IP stance', owner: 'counsel', fields: /^(ip|meta\.ipStance)$/ },
  {
    task: 'antitrust',
    owner: 'counsel',
    fields: /^(antitrust\b|meta\.antitrust$|parties\..*\.counsel(Day)?$)/
  },
  { task: 'witnesses', owner: 'CTO', fields: /^(witnesses\b|meta\.witnesses$|parties\..*\.witness$)/ },
  {
    task: 'exit terms',
    owner: 'CEO',
    fields: /^(starts|ends|noticeDays|survives|governingLaw|meta\.(starts|ends|noticeDays|governingLaw))\b/
  },
  { task: 'amendment', owner: 'CEO', fields: /^(amendment\b|meta\.threshold$|parties\..*\.weight$)/ },
  { task: 'signatory power', owner: 'CEO', fields: /^parties\b/ },
  { task: 'clauses', owner: 'counsel', fields: /./ }
]

/** The checklist: a task is open while something blocks in a field of its own; the first task that knows a field has it. */
export function checklist(findings: readonly Finding[]): Task[] {
  const taskOf = ({ where }: Finding) => TASKS.find(({ fields }) => fields.test(where))
  return TASKS.map(one => {
    const own = findings.filter(finding => taskOf(finding) === one)
    const blocked = own.some(({ severity }) => severity === 'blocks')
    return { task: one.task, owner: one.owner, state: blocked ? 'open' : own.length > 0 ? 'look' : 'done' }
  })
}
