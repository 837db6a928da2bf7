// `parley audit`: the logs of this node, listed, shown, exported, proven from, erased from.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkLog } from '../../audit/log-check.ts'
import { printProof } from '../../audit/proof-file.ts'
import { isErased } from '../../audit/record.ts'
import { Tree, inclusionProof } from '../../audit/tree.ts'
import { utf8 } from '../../wire/bytes.ts'
import { refusalOf } from '../../node/refusals/refusals.ts'
import { NodeError } from '../../wire/node-error.ts'
import { readLines, writeFolder } from '../audit-folder.ts'
import { type Cli, withNode } from '../cli.ts'
import { writeNew } from '../files.ts'
import { shortId } from '../find.ts'
import { dateTime, inline, plural, table } from '../text.ts'

export interface ExportOptions {
  newest?: boolean
  records: boolean
}

export interface VerifyOptions {
  witnesses?: number
}

export async function list(cli: Cli): Promise<void> {
  await withNode(cli, async node => {
    const audit = await node.audit()
    const { logs, held, proofs } = audit
    cli.output.answer(audit, () =>
      table(
        ['id', 'space', 'records', 'cosigned', 'by', 'state'],
        logs.map(log => [
          shortId(log.id),
          log.title || shortId(log.space),
          String(log.size),
          String(log.witnessedSize),
          log.witnesses.map(inline).join(', ') || '-',
          log.origin === '' ? 'damaged' : log.writing ? 'being written' : 'ended'
        ])
      )
    )
    if (logs.length === 0) cli.output.note('Nothing was logged yet.')
    if (held.length > 0) cli.output.note(`Held of other companies: ${plural(held.length, 'log')}.`)
    if (proofs.length > 0) {
      const what = plural(proofs.length, 'proof')
      cli.output.warn(`${what} that another company rewrote its log: parley audit conflicts`)
    }
  })
}

export async function show(cli: Cli, log: string, { type }: { type?: string }): Promise<void> {
  await withNode(cli, async node => {
    const written = await readLines(node.exportAudit(log, { upTo: 'newest' }))
    const { records } = checkLog({ ...written, witnesses: [] })
    const chosen = written.leaves.flatMap((_, index): ShownRecord[] => {
      const record = records.get(index)
      if (type !== undefined && record?.type !== type) return []
      return [{ index, ...(record ?? { erased: true }) }]
    })
    cli.output.answers(chosen, () => table(['no.', 'time', 'what', 'about'], chosen.map(row)))
  })
}

interface ShownRecord {
  index: number
  [member: string]: unknown
}

function row(one: ShownRecord): string[] {
  const { index, at, type, ...rest } = one
  if (typeof at !== 'number') return [String(index), '', 'erased', '']
  const about = Object.entries(rest).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `${name} ${text.length > 24 ? `${text.slice(0, 24)}...` : text}`
  })
  const denied = type === 'denial' ? refusalOf(String(rest['rule'])) : undefined
  const means = denied ? [`${denied.says} ${denied.next}`] : []
  return [String(index), dateTime(at), String(type), inline([...means, ...about].join(', '))]
}

export async function exportLog(
  cli: Cli,
  log: string,
  directory: string,
  { newest = false, records }: ExportOptions
): Promise<void> {
  await withNode(cli, async node => {
    const upTo = newest ? 'newest' : 'cosigned'
    const written = await readLines(node.exportAudit(log, { upTo }))
    const count = await writeFolder(directory, written, records)
    const { length: entries } = written.leaves
    const facts = { directory, entries, records: count, witnesses: written.witnesses.length }
    cli.output.answer(facts, () => `${directory} (${plural(entries, 'entry', 'entries')})`)
    cli.output.note(`Whoever has it can check it: parley audit verify ${directory}`)
    if (written.witnesses.length === 0) cli.output.note('Nobody has cosigned this log yet.')
  })
}

export async function prove(cli: Cli, log: string, index: number, file: string): Promise<void> {
  await withNode(cli, async node => {
    const cosigned = await readLines(node.exportAudit(log))
    const isIn = index < cosigned.leaves.length
    const { leaves, checkpoint } = isIn
      ? cosigned
      : await readLines(node.exportAudit(log, { upTo: 'newest' }))
    const leaf = leaves[index]
    if (!leaf || isErased(leaf)) {
      const why = leaf ? 'was erased' : 'is not in the log'
      throw new NodeError('no-such-record', `record ${index} ${why}`, `See parley audit show ${log}`)
    }
    const path = inclusionProof(Tree.of(leaves.map(({ entry }) => entry)), index, leaves.length)
    await writeNew(file, [printProof({ leaf, index, path, checkpoint })])
    cli.output.answer({ file, index }, () => file)
    const next = `It is checked together with the export of the log: parley audit verify ${file}`
    cli.output.note(isIn && cosigned.witnesses.length > 0 ? next : `Nobody has cosigned it yet. ${next}`)
  })
}

export async function conflicts(cli: Cli, directory: string | undefined): Promise<void> {
  await withNode(cli, async node => {
    const { proofs } = await node.audit()
    const files = proofs.map(({ origin, file }, i) => {
      const name = `${origin.split('/').at(-1)?.slice(0, 12)}-${i + 1}.audit-conflict`
      return { origin, file, path: join(directory ?? '', name) }
    })
    if (directory !== undefined && files.length > 0) await mkdir(directory, { recursive: true })
    for (const { file, path } of directory === undefined ? [] : files) await writeNew(path, [utf8(file)])
    cli.output.answers(
      files.map(({ origin, path }) => ({ origin, ...(directory !== undefined && { path }) })),
      () =>
        table(
          ['log', 'file'],
          files.map(({ origin, path }) => [origin, directory ? path : '-'])
        )
    )
    if (files.length === 0)
      cli.output.note('No log of another company contradicts itself, as far as is known.')
  })
}

export async function erase(cli: Cli, log: string, index: number): Promise<void> {
  await withNode(cli, async node => {
    await node.eraseAudit(log, index)
    cli.output.answer({ log, erased: index }, () => `Record ${index} is erased; the log stands without it.`)
    cli.output.note('Backups and exports that were made before still have it.')
  })
}
