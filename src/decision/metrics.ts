// How long a decision took, and where the time went: from the times that its signed messages claim.
// protocols/decision, section 11.
import { parseTime } from '../identity/document-text.ts'
import type { Messages } from './certificate-check.ts'
import type { Message } from './message.ts'

export const SPANS = ['voting', 'closing', 'revealing', 'settling', 'rationale', 'mediation'] as const
export type SpanName = (typeof SPANS)[number]

export interface Span {
  name: SpanName
  /** Milliseconds; claimed times that go backwards count as none. */
  ms: number
  /** Who spoke last in it, and so ended it. */
  last: { company: string; role: string }
}

export interface Timing {
  begun: number
  /** From the initiation to the last message of the certificate. */
  ms: number
  spans: Span[]
}

type Evidence = Pick<
  Messages,
  'initiation' | 'commitments' | 'closes' | 'reveals' | 'settles' | 'rationales' | 'mediations'
>

/** @param evidence what stands in a certificate: never a message that came to nothing */
export function timingOf(evidence: Evidence): Timing {
  const begun = timeOf(evidence.initiation[0] as Message)
  const stages: [SpanName, readonly Message[]][] = [
    ['voting', evidence.commitments],
    ['closing', evidence.closes],
    ['revealing', evidence.reveals],
    ['settling', evidence.settles],
    ['rationale', evidence.rationales],
    ['mediation', evidence.mediations]
  ]
  const spans: Span[] = []
  let from = begun
  for (const [name, messages] of stages) {
    const last = latest(messages)
    if (!last) continue
    const { company, role } = last.payload
    spans.push({ name, ms: Math.max(0, timeOf(last) - from), last: { company, role } })
    from = Math.max(from, timeOf(last))
  }
  return { begun, ms: from - begun, spans }
}

export interface Summary {
  decisions: number
  medianMs: number
  /** Of all the time that was taken, how much went where. */
  share: Record<SpanName, number>
}

export function summaryOf(timings: readonly Timing[]): Summary | undefined {
  if (timings.length === 0) return undefined
  const sorted = timings.map(({ ms }) => ms).sort((a, b) => a - b)
  const all = sorted.reduce((sum, ms) => sum + ms, 0)
  const share = Object.fromEntries(
    SPANS.map(name => {
      const spent = timings.flatMap(({ spans }) => spans.filter(span => span.name === name))
      return [name, all === 0 ? 0 : spent.reduce((sum, { ms }) => sum + ms, 0) / all]
    })
  ) as Record<SpanName, number>
  return { decisions: timings.length, medianMs: sorted[(sorted.length - 1) >> 1] as number, share }
}

/** Of those who spoke at the same second, the first by id: everybody names the same. */
function latest(messages: readonly Message[]): Message | undefined {
  return messages.toSorted((a, b) => timeOf(b) - timeOf(a) || (a.id < b.id ? -1 : 1))[0]
}

function timeOf({ payload }: Message): number {
  return parseTime(payload.time) as number
}
