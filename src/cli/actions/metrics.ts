// `parley metrics`: how long decisions took, by what was signed: from files or from the running node, and verified first.
import type { Verified } from '../../decision/certificate-check.ts'
import { type Timing, SPANS, summaryOf, timingOf } from '../../decision/metrics.ts'
import { initiationOf, legalNameOf } from '../../decision/report.ts'
import { isNodeError } from '../../wire/node-error.ts'
import { type Cli, withNode } from '../cli.ts'
import { shortId } from '../find.ts'
import { inline, plural, table } from '../text.ts'
import { mustVerify, readCertificate } from './certificates.ts'

const BAR_CELLS = 24
/** One sign for each stage, in their order. */
const SIGNS = ['v', 'c', 'r', 's', 'w', 'm']

export async function metrics(cli: Cli, files: string[]): Promise<void> {
  const verified = files.length > 0 ? await fromFiles(files) : await fromNode(cli)
  const timed = verified.map(one => ({ one, timing: timingOf(one.messages) }))
  const summary = summaryOf(timed.map(({ timing }) => timing))
  cli.output.answer({ decisions: timed.map(({ one, timing }) => json(one, timing)), summary }, () =>
    table(
      ['decision', 'title', 'outcome', 'took', 'where the time went', 'longest', 'last in it'],
      timed.map(({ one, timing }) => row(one, timing))
    )
  )
  if (!summary) return cli.output.note('No decision is settled yet: parley decision list')
  const legend = SPANS.map((name, i) => `${SIGNS[i]} ${name} ${Math.round(100 * summary.share[name])} %`)
  cli.output.note(
    `${plural(summary.decisions, 'decision')}, median ${spoken(summary.medianMs)}. ${legend.join(', ')}`
  )
}

async function fromFiles(files: string[]): Promise<Verified[]> {
  const all: Verified[] = []
  for (const path of files) all.push(await readCertificate(path))
  return all
}

/** Those that are settled: the others have no certificate to read from. */
async function fromNode(cli: Cli): Promise<Verified[]> {
  const all: Verified[] = []
  await withNode(cli, async node => {
    for (const { id, outcome } of await node.decisions()) {
      if (!outcome) continue
      try {
        all.push(mustVerify(Buffer.concat(await Array.fromAsync(node.decisionCertificate(id))), shortId(id)))
      } catch (error) {
        if (!isNodeError(error, 'certificate-incomplete')) throw error
      }
    }
  })
  return all
}

function json({ file, messages }: Verified, { begun, ms, spans }: Timing) {
  const { title } = initiationOf(messages)
  const { approved, failed } = file.outcome
  return { decision: file.decision, title, approved, failed, begun: new Date(begun).toISOString(), ms, spans }
}

function row({ file, messages, companies }: Verified, { ms, spans }: Timing): string[] {
  const longest = spans.toSorted((a, b) => b.ms - a.ms)[0]
  return [
    shortId(file.decision),
    initiationOf(messages).title,
    file.outcome.approved ? 'approved' : 'not approved',
    spoken(ms),
    bar(ms, spans),
    longest ? `${longest.name} ${spoken(longest.ms)}` : '',
    longest ? `${longest.last.role} of ${inline(legalNameOf({ companies }, longest.last.company))}` : ''
  ]
}

/** As many signs as the stage took of the whole. */
function bar(ms: number, spans: Timing['spans']): string {
  const parts = spans.map(({ name, ms: part }) => {
    const cells = ms === 0 ? 0 : Math.round((BAR_CELLS * part) / ms)
    return (SIGNS[SPANS.indexOf(name)] ?? '').repeat(cells)
  })
  return parts.join('') || '-'
}

function spoken(ms: number): string {
  const [s, m, h] = [Math.round(ms / 1_000), Math.round(ms / 60_000), ms / 3_600_000]
  if (s < 120) return `${s} s`
  if (m < 120) return `${m} min`
  return h < 48 ? `${h.toFixed(1)} h` : `${(h / 24).toFixed(1)} d`
}
