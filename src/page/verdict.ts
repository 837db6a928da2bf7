// The verdict, as a banner that a screen reader announces: what was found, what that means, and what to do next.
import { resultOf, strangersOf } from '../decision/report.ts'
import { html } from './elements.ts'
import type { DecisionFound, Failed, Finding, ProofFound, Refused, TrustRefused, Unread } from './finding.ts'

interface Verdict {
  kind: 'good' | 'open' | 'bad'
  title: string
  /** A code of the specification, and the rule behind it. */
  code?: string
  says: string[]
  next: string
}

const COMPARE =
  'Compare the eight words of each with the company itself, by phone. Then write its did into a text file, one did a line, and give that file as your trust file.'
const KEEP = 'Keep the file: it proves this alone, to anybody, without this page and without Parley.'

export function verdictBanner(finding: Finding): HTMLElement {
  const { kind, title, code, says, next } = verdictOf(finding)
  return html(
    'div',
    { class: `verdict ${kind}` },
    html('h2', {}, title),
    code !== undefined && html('p', { class: 'code' }, code),
    ...says.map(sentence => html('p', { dir: 'auto' }, sentence)),
    html('p', { class: 'next' }, html('strong', {}, 'Next: '), next)
  )
}

function verdictOf(finding: Finding): Verdict {
  if (finding.is === 'decision') return ofDecision(finding)
  if (finding.is === 'proof') return ofProof(finding)
  if (finding.is === 'refused') return ofRefusal(finding)
  if (finding.is === 'failed') return ofFailure(finding)
  return finding.is === 'unread' ? ofUnread(finding) : ofTrust(finding)
}

function ofDecision({ report }: DecisionFound): Verdict {
  const strangers = strangersOf(report).map(({ legalName }) => legalName)
  const result = resultOf(report.outcome)
  const holds = 'Every signature and every step to this outcome holds'
  if (strangers.length === 0)
    return {
      kind: 'good',
      title: 'VERIFIED',
      says: [result, `${holds}, and you trust all ${report.companies.length} companies that it rests on.`],
      next: KEEP
    }
  return {
    kind: 'open',
    title: 'VERIFIED, BUT UNPINNED',
    says: [result, `${holds}, but no trust file of yours names ${strangers.join(', ')}.`],
    next: COMPARE
  }
}

function ofProof({ proven: { legalName, role }, isPinned }: ProofFound): Verdict {
  const says = [
    `The key of the ${role} of ${legalName} has signed two things where it may say one. Both signatures hold.`
  ]
  return isPinned
    ? { kind: 'good', title: 'VERIFIED', says, next: KEEP }
    : {
        kind: 'open',
        title: 'VERIFIED, BUT UNPINNED',
        says: [...says, `No trust file of yours names ${legalName}.`],
        next: COMPARE
      }
}

function ofRefusal({ code, says, rule, detail }: Refused): Verdict {
  return {
    kind: 'bad',
    title: 'REFUSED',
    code: rule === '' ? code : `${code}, rule ${rule}`,
    says: [`This is not what anybody signed. ${says}`, `Found: ${detail}.`],
    next: 'It is damaged, forged, or another kind of file. Ask for it again, from the companies that it names.'
  }
}

function ofTrust({ says }: TrustRefused): Verdict {
  return {
    kind: 'bad',
    title: 'TRUST FILE NOT READ',
    says: [says],
    next: 'Write one did a line, such as did:webvh:Qm...; # begins a remark. Then give the file again.'
  }
}

function ofFailure({ detail }: Failed): Verdict {
  return {
    kind: 'bad',
    title: 'NOT CHECKED',
    says: [`The page failed, and says nothing about the file. ${detail}`],
    next: 'Take a browser of 2024 or later, or install Parley and run: parley verify FILE'
  }
}

function ofUnread({ name }: Unread): Verdict {
  return {
    kind: 'bad',
    title: 'FILE NOT READ',
    says: [`${name} was moved or changed while it was read, or the browser may not read it.`],
    next: 'Copy it to a folder of yours, and give it again.'
  }
}
