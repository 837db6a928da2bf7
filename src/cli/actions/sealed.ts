// `parley seal`, `countersign` and `verify`: artifacts as files that stand for themselves.
import { SEALED_BYTES_MAX } from '../../artifacts/sealed-file.ts'
import { type InspectedArtifact, inspectSealed } from '../../artifacts/sealed.ts'
import type { SignerVerdict } from '../../artifacts/signers.ts'
import type { Witness } from '../../decision/certificate-check.ts'
import { releaseOf } from '../../decision/execution.ts'
import { reportOf, strangersOf } from '../../decision/report.ts'
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import { LOG_BYTES_MAX, verifyIdentityLog } from '../../identity/identity-log.ts'
import { wordsOf } from '../../identity/words.ts'
import type { ParleyNode, PeerJson } from '../../node/surface/parley-node.ts'
import { explain } from '../../node/refusals/refusals.ts'
import { concatBytes } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { Reject, isReject } from '../../wire/reject.ts'
import { type Cli, runningNode, withNode } from '../cli.ts'
import { findArtifact, findCompany, shortId } from '../find.ts'
import { chunks, readBytes, writeNew } from '../files.ts'
import { byteCount, dateTime, facts, inline, plural } from '../text.ts'
import { classOf } from './artifact.ts'
import { ownIdentity, pinnedRoots, readCertificate, unpinned } from './certificates.ts'

export interface SealCommandOptions {
  class?: string
  with?: string[]
  output?: string
}

export async function seal(cli: Cli, typed: string, options: SealCommandOptions): Promise<void> {
  const dataClass = options.class === undefined ? undefined : classOf(options.class)
  await withNode(cli, async node => {
    const { id } = await findArtifact(node, typed)
    const others: string[] = []
    for (const company of options.with ?? []) others.push((await findCompany(node, company)).did)
    const file = node.seal(id, { ...(dataClass && { class: dataClass }), with: others })
    await give(cli, file, options.output ?? `${shortId(id)}.sealed.json`)
  })
}

export async function countersign(cli: Cli, path: string, options: { output?: string }): Promise<void> {
  await withNode(cli, async node => {
    const file = node.countersign(chunks(path))
    await give(cli, file, options.output ?? `${path.replace(/\.json$/, '')}.signed.json`)
  })
}

/** A file as the answer; `-` for standard output. @param note what to do next */
export async function give(
  cli: Cli,
  file: AsyncIterable<Uint8Array>,
  path: string,
  note = `Next: parley verify ${path}`
): Promise<void> {
  if (path === '-') {
    for await (const part of file) process.stdout.write(part)
    return
  }
  const bytes = await writeNew(path, file)
  cli.output.answer({ file: path, bytes }, () => `${path} (${byteCount(bytes)})`)
  cli.output.note(note)
}

export interface SealedOptions {
  identity?: string[]
  content?: boolean
  /** A certificate that approved it, as a file. */
  decision?: string
  /** Roots of companies that the reader knows, of a certificate. */
  trust?: string
}

/** Works without a home, too. @throws NodeError `sealed-refused` after all that can be said was said */
export async function verifySealed(cli: Cli, bytes: Uint8Array, options: SealedOptions): Promise<void> {
  const { sealed, roots } = await inspect(cli, bytes, options.identity ?? [])
  const rows = sealed.signers.map(signer => ({ ...signer, root: roots(signer.company) }))
  if (options.content !== true) cli.output.answer(json(sealed, rows), () => describe(sealed, rows))
  const refused = rows.filter(({ refusal }) => refusal)
  if (refused.length > 0) throw unsound(refused)
  const strangers = options.decision === undefined ? [] : await released(cli, sealed, options)
  if (options.content === true) cli.output.content(`${JSON.stringify(sealed.content, null, 2)}\n`)
  for (const { company, root, identity } of rows) {
    if (root !== FROM_FILE) continue
    const who = inline(identity?.legalName ?? company)
    cli.output.warn(`nobody here knows ${who}: its log proves only itself. Compare its words with them.`)
  }
  if (strangers.length > 0) throw unpinned(strangers)
}

type Row = SignerVerdict & { root: string }

function json(
  { kind, id, class: dataClass, signedAt, content, source, withheld }: InspectedArtifact,
  rows: Row[]
) {
  const signers = rows.map(({ company, role, person, key, refusal, root, identity }) => {
    const state = refusal ? { refused: refusal.code, why: refusal.detail } : {}
    const words = wordsOf(company)
    return { company, legalName: identity?.legalName, words, role, person, key, root, ...state }
  })
  return { kind, id, class: dataClass, signedAt, signers, content, source, withheld }
}

function describe(sealed: InspectedArtifact, rows: Row[]): string {
  const { kind, id, class: dataClass, signedAt, parts, source, withheld } = sealed
  const shown = parts.filter(({ path, holdsParts }) => path[0] === 'content' && !holdsParts)
  const people = rows.map(({ role, person, company, identity, refusal, root }) => {
    const who = `${role} ${person}, ${identity?.legalName ?? company}`
    return [`${who}: ${refusal ? explain(refusal) : 'signed'}`, `  ${root}: ${wordsOf(company).join(' ')}`]
  })
  return facts([
    ['sealed', kind],
    ['id', id],
    ['class', dataClass],
    ['time', `${dateTime(signedAt)} (claimed)`],
    ['signers', people.flat()],
    ['shows', plural(shown.length, 'field')],
    ['withholds', `at most ${plural(withheld, 'part')}`],
    ['made from', source && `artifact ${source.artifact}, ${plural(source.lanes.length, 'lane')}`]
  ])
}

function unsound(refused: Row[]): NodeError {
  const who = refused.map(({ person, refusal }) => `${inline(person)}: ${refusal?.detail}`).join('; ')
  const missing = refused.every(({ refusal }) => refusal?.code === 'sealed-unsigned')
  const next = missing
    ? '`parley countersign FILE`, where their key is, adds a signature.'
    : 'Do not rely on it. Ask the signers for a new one.'
  return new NodeError('sealed-refused', `not every signer counts: ${who}`, next)
}

/**
 * DEC-33.
 * @returns companies of the certificate that nobody here has pinned: anybody can found some, and let them approve
 * @throws NodeError `decision-refused`, `release-none`, `release-other`
 */
async function released(
  cli: Cli,
  { source }: InspectedArtifact,
  { decision: path = '', trust }: SealedOptions
): Promise<Witness[]> {
  const verified = await readCertificate(path, await pinnedRoots(cli, trust))
  const version = source
    ? releaseOf(verified, source)
    : new Reject('release-other', 'it withholds its source')
  if (isReject(version))
    throw new NodeError(version.code, explain(version), `See what it approved: parley verify ${path}`)
  cli.output.note(`Released: version ${inline(version)}, by decision ${shortId(verified.file.decision)}.`)
  return strangersOf(reportOf(verified))
}

const FROM_FILE = 'known from this file alone'

interface Reading {
  sealed: InspectedArtifact
  /** In words, how well the root of a company is known. */
  roots: (company: string) => string
  /** What it was verified with. */
  known: ReadonlyMap<string, CompanyIdentity>
}

/**
 * @throws NodeError `sealed-refused`
 */
export async function readSealed(cli: Cli, path: string, logs: string[]): Promise<Reading> {
  return inspect(cli, await readBytes(path, SEALED_BYTES_MAX), logs)
}

async function inspect(cli: Cli, bytes: Uint8Array, logs: string[]): Promise<Reading> {
  const given = new Map<string, CompanyIdentity>()
  const roots = new Map<string, string>()
  for (const log of logs) {
    const identity = await readLog(log)
    given.set(identity.did, identity)
    roots.set(identity.did, `by ${log}`)
  }
  const own = await ownIdentity(cli)
  if (own) {
    given.set(own.did, own)
    roots.set(own.did, 'your own company')
  }
  const first = mustInspect(bytes, given)
  const rootOf = (company: string) => roots.get(company) ?? FROM_FILE
  // Whoever has no home has no node to ask.
  const node = own && (await runningNode(cli))
  if (!node) return { sealed: first, roots: rootOf, known: given }
  try {
    const companies = new Set(first.signers.map(({ company }) => company))
    const peers = await node.peers()
    for (const company of companies) await learn(node, company, peers, given, roots)
    return { sealed: mustInspect(bytes, given), roots: rootOf, known: given }
  } finally {
    await node.close()
  }
}

function mustInspect(bytes: Uint8Array, known: ReadonlyMap<string, CompanyIdentity>): InspectedArtifact {
  const sealed = inspectSealed(bytes, known)
  if (!isReject(sealed)) return sealed
  const next = 'It is damaged or forged. Ask for it again, from whom it names.'
  const why = `this is not what anybody signed. ${explain(sealed)}`
  throw new NodeError('sealed-refused', why, next)
}

/** What the running node knows of a company, unless a file was given for it. */
async function learn(
  node: ParleyNode,
  company: string,
  peers: PeerJson[],
  given: Map<string, CompanyIdentity>,
  roots: Map<string, string>
): Promise<void> {
  const peer = peers.find(({ company: { did } }) => did === company)
  if (!peer || given.has(company)) return
  const identity = verifyIdentityLog(await gather(node.identityLog(company)))
  if (isReject(identity)) return
  given.set(company, identity)
  const { confirmed } = peer
  if (confirmed) roots.set(company, `words compared by ${confirmed.by}, ${confirmed.how}`)
  else roots.set(company, 'known here, words not compared')
}

async function readLog(path: string): Promise<CompanyIdentity> {
  const identity = verifyIdentityLog(await readBytes(path, LOG_BYTES_MAX))
  if (!isReject(identity)) return identity
  const next = 'Give what `parley id export` wrote.'
  throw new NodeError('identity-refused', `${path} is no identity log: ${identity.toString()}`, next)
}

async function gather(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return concatBytes(...all)
}
