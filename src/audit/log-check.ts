// Everything that can be checked of a whole log without its node: one finding for each thing that is wrong, and
// where. protocols/audit, section 5.
import { verifyNodeCertificate } from '../identity/certificate.ts'
import { verifyIdentityLog } from '../identity/identity-log.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { type Reject, isReject } from '../wire/reject.ts'
import { type SignedCheckpoint, openCheckpoint } from './checkpoint.ts'
import { type LogOpening, type WitnessOpening, verifyLogOpening, verifyWitnessOpening } from './opening.ts'
import { type Cosigned, cosignedBy } from './quorum.ts'
import { type AuditRecord, type Leaf, isErased, openLeaf } from './record.ts'
import { type Tile, encodeBundle, encodeTile, tilesOf } from './tiles.ts'
import { TILE_WIDTH, Tree, type TreeNodes } from './tree.ts'

/** The key of a witness, and who its node is; certificate and identity log are empty where they are not here. */
export interface WrittenWitness {
  opening: Uint8Array
  certificate: Uint8Array
  identity: Uint8Array
}

/** A log as it was written down, of which nothing is checked yet. */
export interface WrittenLog {
  opening: Uint8Array
  checkpoint: Uint8Array
  witnesses: WrittenWitness[]
  /** In order; salt and record empty where erased or left out. */
  leaves: Leaf[]
  /** Of the node, and the identity log of its company; empty where they are not here. */
  certificate?: Uint8Array
  identity?: Uint8Array
  /** The bytes of a tile, where there are tiles beside the leaves. */
  tile?: (tile: Tile) => Uint8Array | undefined
}

export interface Finding {
  code: string
  /** An index, a tile, or a part of the log. */
  where: string
  detail: string
}

/** `certified`: it is shown that the node is one of that company; else the log's own company may have made it up. */
export interface CheckedCosignature extends Cosigned {
  certified: boolean
}

export interface LogCheck {
  opening?: LogOpening
  checkpoint?: SignedCheckpoint
  cosigned: CheckedCosignature[]
  /** By index; those that were erased are left out. */
  records: Map<number, AuditRecord>
  /** Entries whose record is not there. */
  erased: number
  findings: Finding[]
}

/** AUD-16. */
export function checkLog(log: WrittenLog): LogCheck {
  const findings: Finding[] = []
  const found = <T>(where: string, result: T | Reject): T | undefined => {
    if (!isReject(result)) return result
    findings.push({ code: result.code, where, detail: result.detail })
    return undefined
  }
  const opening = found('opening', verifyLogOpening(log.opening))
  const witnesses = checkWitnesses(log.witnesses, findings)
  const keys = witnesses.map(({ opening: { key } }) => key)
  const checkpoint = opening && found('checkpoint', openCheckpoint(log.checkpoint, opening.key, keys))
  const cosigned = opening && checkpoint ? cosignatures(checkpoint, opening, witnesses) : []
  if (checkpoint) findings.push(...checkTree(checkpoint, log))
  const records = new Map<number, AuditRecord>()
  for (const [index, leaf] of log.leaves.entries()) {
    const record = found(`leaf ${index}`, openLeaf(leaf))
    if (record) records.set(index, record)
  }
  if (opening) findings.push(...checkNode(opening, log), ...checkOpened(opening, records.get(0)))
  const erased = log.leaves.filter(isErased).length
  return {
    ...(opening && { opening }),
    ...(checkpoint && { checkpoint }),
    cosigned,
    records,
    erased,
    findings
  }
}

interface CheckedWitness {
  opening: WitnessOpening
  certified: boolean
}

export function checkWitnesses(written: readonly WrittenWitness[], findings: Finding[]): CheckedWitness[] {
  return written.flatMap((witness, i) => {
    const opening = verifyWitnessOpening(witness.opening)
    if (isReject(opening)) {
      findings.push({ code: opening.code, where: `witness ${i}`, detail: opening.detail })
      return []
    }
    const wrong = checkNode(opening, witness)
    findings.push(...wrong.map(finding => ({ ...finding, where: `witness ${i}` })))
    const isShown = witness.certificate.length > 0 && witness.identity.length > 0
    return { opening, certified: isShown && wrong.length === 0 }
  })
}

/** AUD-21. */
export function cosignatures(
  checkpoint: SignedCheckpoint,
  log: LogOpening,
  witnesses: readonly CheckedWitness[]
): CheckedCosignature[] {
  const by = (some: readonly CheckedWitness[]) =>
    cosignedBy(
      checkpoint,
      log,
      some.map(({ opening }) => opening)
    )
  const certified = by(witnesses.filter(one => one.certified))
  const others = by(witnesses).filter(({ company }) => !certified.some(one => one.company === company))
  return [
    ...certified.map(one => ({ ...one, certified: true })),
    ...others.map(one => ({ ...one, certified: false }))
  ]
}

function checkTree(checkpoint: SignedCheckpoint, { leaves, tile }: WrittenLog): Finding[] {
  const { size } = checkpoint
  if (leaves.length < size) {
    const detail = `the checkpoint is of ${size} entries, and ${leaves.length} are here`
    return [{ code: 'log-missing', where: `leaf ${leaves.length}`, detail }]
  }
  const signed = leaves.slice(0, size).map(({ entry }) => entry)
  const tree = Tree.of(signed)
  const findings: Finding[] = []
  if (!equalBytes(tree.root, checkpoint.root)) {
    const detail = `the entries give the root ${toHex(tree.root)}, and ${toHex(checkpoint.root)} was signed`
    findings.push({ code: 'log-root', where: 'checkpoint', detail })
  }
  if (tile) findings.push(...checkTiles(tree, signed, tile))
  return findings
}

/** What the bytes of a tile are to be. */
export function tileOf(nodes: TreeNodes, entries: readonly Uint8Array[], tile: Tile): Uint8Array {
  const { level, index, width } = tile
  const from = index * TILE_WIDTH
  return level === 'entries'
    ? encodeBundle(entries.slice(from, from + width))
    : encodeTile(nodes, { level, index, width })
}

function checkTiles(
  nodes: TreeNodes,
  entries: Uint8Array[],
  read: (tile: Tile) => Uint8Array | undefined
): Finding[] {
  return tilesOf(entries.length).flatMap(tile => {
    const bytes = read(tile)
    if (bytes && equalBytes(bytes, tileOf(nodes, entries, tile))) return []
    const detail = bytes ? 'is not what the entries give' : 'is not here'
    return [{ code: 'log-tile', where: `tile ${tile.level} ${tile.index}`, detail }]
  })
}

/** That the node which opened the log is one of the company that it says. */
export function checkNode(
  { company, peerId }: Pick<LogOpening, 'company' | 'peerId'>,
  { certificate, identity }: Pick<WrittenLog, 'certificate' | 'identity'>
): Finding[] {
  const finding = (code: string, detail: string) => [{ code, where: 'certificate', detail }]
  if (!certificate?.length || !identity?.length) return []
  const log = verifyIdentityLog(identity)
  if (isReject(log)) return finding(log.code, log.detail)
  const node = verifyNodeCertificate(certificate, log)
  if (isReject(node)) return finding(node.code, node.detail)
  if (node.company === company && node.peer === peerId) return []
  return finding('certificate-company', `the certificate is of another node than ${peerId}`)
}

/** The first record says what the opening says. One that was erased says nothing. */
function checkOpened(opening: LogOpening, first: AuditRecord | undefined): Finding[] {
  if (!first) return []
  const { before } = opening
  const then = first['before'] as { origin: string; size: number; root: string } | undefined
  const isSame =
    first.type === 'opened' &&
    then?.origin === before?.origin &&
    then?.size === before?.size &&
    then?.root === (before && toHex(before.root))
  if (isSame) return []
  const detail = 'the first record is not the one that the opening calls for'
  return [{ code: 'log-opened', where: 'leaf 0', detail }]
}
