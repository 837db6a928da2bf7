// `parley audit verify`: everything about a log, a proof or a conflict, checked again without asking anybody.
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { verifyConflict, parseConflict } from '../../audit/conflict.ts'
import {
  type CheckedCosignature,
  type Finding,
  type WrittenLog,
  checkLog,
  checkNode,
  checkWitnesses,
  cosignatures
} from '../../audit/log-check.ts'
import { verifyLogOpening } from '../../audit/opening.ts'
import { parseProof, verifyProof } from '../../audit/proof-file.ts'
import { leavesOf, storedLogs, witnessesOf } from '../../node/spaces/audit-logs.ts'
import { openHome, readIdentity } from '../../node/home/home.ts'
import { certifiedFiles } from '../../node/home/keys.ts'
import { EMPTY } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { readFolder, readLines } from '../audit-folder.ts'
import { type Cli, runningNode } from '../cli.ts'
import { readBytes } from '../files.ts'
import { shortId } from '../find.ts'
import { readStore } from '../stopped-store.ts'
import { dateTime, inline, plural } from '../text.ts'
import type { VerifyOptions } from './audit.ts'

/** A conflict with a certificate and an identity log. */
const FILE_BYTES_MAX = 2 * 1024 * 1024
const FINDINGS_SHOWN = 20

export async function verify(cli: Cli, path: string | undefined, options: VerifyOptions): Promise<void> {
  if (path === undefined) return verifyHome(cli, options)
  const isFolder = await stat(path).then(
    found => found.isDirectory(),
    () => false
  )
  if (isFolder) {
    const { unread, ...log } = await readFolder(path)
    return judge(cli, [{ name: path, log, unread }], options)
  }
  const file = await readBytes(path, FILE_BYTES_MAX)
  if (file[0] === 0x7b) return verifyConflictFile(cli, file)
  return verifyProofFile(cli, path, file, options)
}

interface NamedLog {
  name: string
  log: WrittenLog
  /** What the check of the log does not see. */
  unread?: Finding[]
}

async function verifyHome(cli: Cli, options: VerifyOptions): Promise<void> {
  const node = await runningNode(cli)
  if (!node) return judge(cli, await logsOfStore(cli), options)
  try {
    const logs: NamedLog[] = []
    for (const { id } of (await node.audit()).logs) {
      logs.push({ name: shortId(id), log: await readLines(node.exportAudit(id, { upTo: 'newest' })) })
    }
    await judge(cli, logs, options)
  } finally {
    await node.close()
  }
}

async function logsOfStore(cli: Cli): Promise<NamedLog[]> {
  const home = await openHome(cli.home, cli.keyFile)
  const identity = await readIdentity(home)
  const node = (await certifiedFiles(home, identity)).find(({ use }) => use === 'node')
  const certificate = node?.certificate ?? EMPTY
  const logs = await readStore(cli, home, async store => {
    const identities = new Map<string, Uint8Array>()
    for await (const { key, bytes } of store.list('identity')) identities.set(key, bytes)
    const logs: NamedLog[] = []
    for (const { key, epoch, openingBytes: opening, checkpoint, cosigned } of await storedLogs(store)) {
      const leaves = await leavesOf(store, key)
      const witnesses = await witnessesOf(store, key, cosigned ?? checkpoint, did => identities.get(did))
      const log = { opening, checkpoint, witnesses, leaves, certificate, identity: identity.log }
      logs.push({ name: shortId(epoch), log })
    }
    return logs
  })
  return logs ?? []
}

async function judge(cli: Cli, logs: NamedLog[], { witnesses: asked = 0 }: VerifyOptions): Promise<void> {
  const results = logs.map(({ name, log, unread = [] }) => {
    const { checkpoint, cosigned, erased, findings, opening } = checkLog(log)
    const short = findings.concat(unread, tooFew(cosigned, asked))
    return { name, origin: opening?.key.name, size: checkpoint?.size ?? 0, erased, cosigned, findings: short }
  })
  cli.output.answers(results, () => results.map(said).join('\n'))
  const wrong = results.reduce((sum, { findings }) => sum + findings.length, 0)
  if (logs.length === 0) cli.output.note('Nothing was logged yet.')
  if (wrong === 0) return
  const next = 'Keep it as it is; ask for another export, or, of your own home, run parley doctor.'
  throw new NodeError('audit-wrong', `${plural(wrong, 'thing')} about the audit log cannot be right`, next)
}

function said({
  name,
  size,
  erased,
  cosigned,
  findings
}: {
  name: string
  size: number
  erased: number
  cosigned: CheckedCosignature[]
  findings: Finding[]
}): string {
  const head = `${inline(name)}: ${plural(size, 'entry', 'entries')}, ${erased} without a record`
  const seen = cosigned.map(one => `  ${cosignedAs(one)}`)
  const wrong = findings.slice(0, FINDINGS_SHOWN).map(({ code, where, detail }) => {
    return `  WRONG ${code} at ${where}: ${inline(detail)}`
  })
  const more = findings.length - wrong.length
  const rest = more > 0 ? [`  and ${more} more`] : []
  return [head, ...seen, ...(findings.length > 0 ? [...wrong, ...rest] : ['  all of it holds'])].join('\n')
}

function cosignedAs({ company, time, certified }: CheckedCosignature): string {
  const doubt = certified ? '' : ', whose certificate is not here'
  return `cosigned by a node of ${inline(company)} at ${dateTime(time * 1000)}${doubt}`
}

/** AUD-21: those count of whom it is shown that they are of that company. */
function tooFew(by: readonly CheckedCosignature[], asked: number): Finding[] {
  const cosigned = by.filter(({ certified }) => certified).length
  if (cosigned >= asked) return []
  const detail = `${plural(cosigned, 'other company', 'other companies')} cosigned it, and ${asked} are asked for`
  return [{ code: 'note-unsigned', where: 'checkpoint', detail }]
}

function verifyConflictFile(cli: Cli, file: Uint8Array): void {
  const conflict = parseConflict(file)
  if (isReject(conflict)) throw unproven(conflict.detail)
  const rewrite = verifyConflict(conflict)
  if (isReject(rewrite)) throw unproven(rewrite.detail)
  const { opening, held, shown } = rewrite
  const findings = checkNode(opening, conflict)
  if (findings[0]) throw unproven(findings[0].detail)
  const isNamed = conflict.certificate.length > 0 && conflict.identity.length > 0
  const { company, peerId, space } = opening
  const facts = {
    proves: 'rewritten',
    company,
    peerId,
    space,
    certified: isNamed,
    sizes: [held.size, shown.size]
  }
  cli.output.answer(facts, () =>
    [
      `The log of ${inline(company)} in space ${shortId(space)} was rewritten.`,
      `Its node ${peerId} signed a history of ${held.size} records, and then one of ${shown.size} in which`,
      'those are not the same.',
      isNamed
        ? 'The node is certified by the company.'
        : 'Whether that node is one of the company, this file does not say.'
    ].join('\n')
  )
}

function unproven(why: string): NodeError {
  return new NodeError('audit-wrong', `this file proves nothing: ${why}`, 'Ask for it again.')
}

/** The keys are in the export of the log: the folder that the proof lies in, or its own. */
async function verifyProofFile(
  cli: Cli,
  path: string,
  file: Uint8Array,
  { witnesses: asked = 0 }: VerifyOptions
): Promise<void> {
  const proof = parseProof(file)
  if (isReject(proof)) throw unproven(proof.detail)
  const folder = await readFolder(dirname(path))
  const opening = verifyLogOpening(folder.opening)
  if (isReject(opening)) {
    const next = 'Put it into the folder of the export of its log, which has the keys.'
    throw new NodeError('audit-wrong', `the keys for ${path} are not beside it`, next)
  }
  const witnesses = checkWitnesses(folder.witnesses, [])
  const keys = witnesses.map(witness => witness.opening.key)
  const verified = verifyProof(proof, opening.key, keys)
  if (isReject(verified)) throw unproven(verified.detail)
  const wrongNode = checkNode(opening, folder)[0]
  if (wrongNode) throw unproven(wrongNode.detail)
  const cosigned = cosignatures(verified.checkpoint, opening, witnesses)
  const [few] = tooFew(cosigned, asked)
  if (few) throw unproven(few.detail)
  const facts = { index: proof.index, record: verified.record, company: opening.company, cosigned }
  cli.output.answer(facts, () =>
    [
      `Record ${proof.index} of the log of ${inline(opening.company)}:`,
      inline(JSON.stringify(verified.record)),
      ...cosigned.map(cosignedAs)
    ].join('\n')
  )
}
