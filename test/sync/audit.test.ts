// protocols/audit, sections 4 to 8, between nodes: what is logged, cosigned, shown and found out.
import { describe, expect, test } from 'vitest'
import { openCheckpoint, printCheckpoint } from '../../src/audit/checkpoint.ts'
import { type Conflict, parseConflict, verifyConflict } from '../../src/audit/conflict.ts'
import { AuditLog, type Batch } from '../../src/audit/log.ts'
import { decodeLeaves } from '../../src/audit/leaves.ts'
import { checkLog } from '../../src/audit/log-check.ts'
import {
  WITNESS_KEY,
  cosignNote,
  noteKey,
  parseNote,
  printNote,
  printSignature,
  signNote
} from '../../src/audit/note.ts'
import {
  type WitnessOpening,
  openLog,
  openWitness,
  verifyLogOpening,
  verifyWitnessOpening,
  witnessName
} from '../../src/audit/opening.ts'
import { type AuditRecord, type Leaf, openLeaf } from '../../src/audit/record.ts'
import { cosignedBy } from '../../src/audit/quorum.ts'
import { consistencyProof } from '../../src/audit/tree.ts'
import { parseRequest, printRequest } from '../../src/audit/witness-request.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { generateKey, sign } from '../../src/identity/ed25519.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import type { OwnLog } from '../../src/sync/auditing.ts'
import { FRAME_BYTES_MAX } from '../../src/sync/frame.ts'
import { receiptBytes } from '../../src/sync/receipts.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { decodeCbor } from '../../src/wire/cbor.ts'
import { packClient } from '../../src/wire/lane.ts'
import { isReject } from '../../src/wire/reject.ts'
import type { Disk } from '../sim/disk.ts'
import type { SimNode } from '../sim/node.ts'
import { type Bench, type Puppet, acquaint, foundSpace, group, type, writeFacet } from './bench.ts'
import { access, opened, salt } from '../audit/company.ts'

const ALL: [number, number][] = [
  [0, 1],
  [1, 2],
  [0, 2]
]
function audited(links = ALL) {
  const made = group(['Ada', 'Bob', 'Cyd'], links, { audits: true })
  // What a restart needs.
  for (const a of made.nodes) {
    for (const b of made.nodes) if (a !== b) a.knows(b, { identity: true })
  }
  return made
}
const didOf = (node: SimNode) => node.company.identity.did

/** The leaves of the logs of a space as the disk has them, by epoch. */
function leavesOf({ disk }: SimNode, space: SpaceLog): Map<string, Leaf[]> {
  const logs = new Map<string, Leaf[]>()
  const rows = disk.table('audit-leaf').toSorted((a, b) => (a.key < b.key ? -1 : 1))
  for (const { key, bytes } of rows) {
    const [id, epoch = '', index] = key.split('/')
    if (id !== toHex(space.id)) continue
    const leaves = logs.get(epoch) ?? []
    expect(Number(index)).toBe(leaves.length)
    logs.set(epoch, [...leaves, ...(decodeLeaves(bytes) as Leaf[])])
  }
  return logs
}

function recordsOf(node: SimNode, space: SpaceLog): AuditRecord[] {
  return [...leavesOf(node, space).values()].flat().map(leaf => openLeaf(leaf) as AuditRecord)
}

function restart(bench: Bench, node: SimNode, other: SimNode, disk?: Disk): void {
  node.crash()
  bench.network.cut(node, other)
  node.start(disk)
  bench.network.connect(node, other)
}

function sizeOf({ core }: SimNode, space: SpaceLog): number | undefined {
  return core.audit?.own.logOf(space)?.published?.checkpoint.size
}

function troubles(bench: Bench, at?: SimNode): string[] {
  return bench.heard.flatMap(({ at: node, news }) =>
    news.what === 'audit' && (!at || node === at) ? [news.code] : []
  )
}

describe('what is logged', () => {
  test('[AUD-3] [AUD-4] heads of lanes, disclosures and receipts, a second at a time', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob] = nodes
    const held = writeFacet(ada, space)
    for (let i = 0; i < 30; i++) {
      type(ada, held, 'x')
      bench.pass(100)
    }
    bench.pass(2_000)
    const records = recordsOf(ada, space)
    const count = (kind: string) => records.filter(record => record.type === kind).length
    expect(records[0]).toMatchObject({ type: 'opened' })
    expect(count('update')).toBeGreaterThanOrEqual(2)
    expect(count('update')).toBeLessThanOrEqual(5)
    expect(count('disclosure')).toBeLessThanOrEqual(10)
    expect(records.filter(({ to }) => to === didOf(bob)).length).toBeGreaterThan(1)
    expect(records.some(({ type: kind, given }) => kind === 'receipt' && given === false)).toBe(true)
    expect(records.findLast(({ type: kind }) => kind === 'update')).toMatchObject({ seq: 30, own: true })
    expect(recordsOf(bob, space).some(({ given }) => given === true)).toBe(true)
  })

  test('[AUD-4] a flood of lanes is written a part at a time, and each lane once', () => {
    const { bench, nodes, space } = audited([])
    const [ada] = nodes
    const held = writeFacet(ada, space)
    bench.pass(3_000)
    const before = recordsOf(ada, space).length
    const id = new Uint8Array(32).fill(7)
    for (let session = 0; session < 5_000; session++) {
      const client = packClient({ company: 1, key: 0, session })
      ada.core.audit?.own.moved(held, { client, seq: 0, id })
    }
    const sizes: number[] = []
    while ((sizes.at(-1) ?? 0) < 5_000 && sizes.length < 50) {
      bench.pass(100)
      sizes.push(recordsOf(ada, space).length - before)
    }
    const grown = sizes.map((size, i) => size - (sizes[i - 1] ?? 0)).filter(growth => growth > 0)
    expect(grown).toEqual([2_000, 2_000, 1_000])
    const lanes = recordsOf(ada, space)
      .slice(before)
      .map(({ lane }) => lane)
    expect(new Set(lanes).size).toBe(5_000)
  })

  test('[AUD-3] what any party says about an agreement is logged by each', () => {
    const { bench, nodes, space } = audited()
    bench.pass(3_000)
    for (const node of nodes) {
      const said = recordsOf(node, space).filter(({ type }) => type === 'agreement')
      const acts = said.map(({ act, company }) => `${String(act)} ${String(company)}`).toSorted()
      const [first] = nodes
      const expected = [`propose ${didOf(first)}`, ...nodes.map(one => `approve ${didOf(one)}`)]
      expect(acts).toEqual(expected.toSorted())
    }
  })

  test('[AUD-26] what is noted of private facets, in the log of the own space, and no peer sees it grow', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob] = nodes
    bench.pass(15_000)
    const held = writeFacet(ada, space, 'private')
    const { home } = ada.core.context.directory
    expect(home).toBe(undefined)
    const before = [sizeOf(ada, space), heldSizes(bob, ada)]
    type(ada, held, 'more')
    ada.core.audit?.own.accessed(held.facet, 'read')
    bench.pass(15_000)
    expect([sizeOf(ada, space), heldSizes(bob, ada)]).toEqual(before)
    const own = foundSpace(ada, [ada.company])
    bench.pass(2_000)
    type(ada, held, 'again')
    bench.pass(15_000)
    expect([sizeOf(ada, space), heldSizes(bob, ada)]).toEqual(before)
    const noted = recordsOf(ada, own).filter(({ facet }) => facet === toHex(held.facet.id))
    expect(noted.map(({ type: kind, seq, what }) => [kind, seq ?? what])).toEqual([
      ['update', 1],
      ['access', 'read'],
      ['update', 2]
    ])
  })

  test('[AUD-12] [AUD-26] after a kill the head of a private lane is named in the log of the own space', () => {
    const { bench, nodes, space } = audited()
    const [ada] = nodes
    const own = foundSpace(ada, [ada.company])
    const [hidden, shown] = [writeFacet(ada, space, 'private'), writeFacet(ada, space)]
    bench.pass(2_000)
    ada.crash()
    ada.start()
    const after = [space, own].map(({ id }) => ada.core.context.directory.spaceOf(id) as SpaceLog)
    for (const one of after) ada.core.audit?.own.add(one, access(1))
    bench.pass(2_000)
    const headsIn = (one: SpaceLog) => {
      const logs = [...leavesOf(ada, one)]
      const epoch = ada.core.audit?.own.logOf(one)?.log.origin.split('/').at(-1)
      const records = logs.find(([other]) => other === epoch)?.[1].map(leaf => openLeaf(leaf) as AuditRecord)
      return records?.filter(({ type: kind }) => kind === 'update').map(({ facet }) => facet)
    }
    expect(after.map(headsIn)).toEqual([[toHex(shown.facet.id)], [toHex(hidden.facet.id)]])
  })

  test('[AUD-27] who asks again for what it had, or says again what it has, adds nothing', () => {
    const { bench, nodes, space } = audited([])
    const [ada, bob] = nodes
    const held = writeFacet(ada, space)
    const { facet } = held
    const puppet = bench.puppet(ada, bob.company).hello()
    bench.pass(2_000)
    const [tip] = facet.tips()
    if (!tip) throw new Error('nothing was written')
    const lacks = [{ tip: { of: tip.client, seq: tip.seq, id: tip.id }, have: [] }]
    const repeat = (i: number) => {
      puppet.say({ type: 'need', facet: facet.id, request: i, lacks })
      // Heads that are none may stand in a receipt, and no two are alike.
      const tips = [lacks[0]?.tip, { of: tip.client + 1, seq: i, id: salt(32) }].filter(
        head => head !== undefined
      )
      puppet.say({
        type: 'receipt',
        facet: facet.id,
        tips,
        signature: puppet.signAsNode(receiptBytes(facet.id, tips))
      })
      bench.pass(1_500)
    }
    repeat(1)
    const size = sizeOf(ada, space)
    const kinds = recordsOf(ada, space).map(({ type: kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['disclosure', 'receipt']))
    for (let i = 2; i < 8; i++) repeat(i)
    expect(puppet.of('run').length).toBeGreaterThan(6)
    expect(sizeOf(ada, space)).toBe(size)
    expect(bench.refusals(ada)).toEqual([])
  })

  test('[AUD-12] what the disk refuses leaves no node', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob] = nodes
    bench.pass(15_000)
    const before = bob.disk.table('audit-held')
    ada.disk.refuses = true
    ada.core.audit?.own.add(space, access(1))
    bench.pass(15_000)
    expect(bob.disk.table('audit-held')).toEqual(before)
    ada.disk.refuses = false
    bench.pass(5_000)
    // Whoever cannot write hangs up.
    bench.network.connect(ada, bob)
    bench.pass(15_000)
    expect(bob.disk.table('audit-held')).not.toEqual(before)
  })

  test('[AUD-12] leaves are packed, and what is packed is what was written', () => {
    const { bench, nodes, space } = audited()
    const [ada] = nodes
    for (let i = 0; i < 400; i++) {
      ada.core.audit?.own.add(space, access(i))
      if (i % 7 === 0) bench.pass(1_100)
    }
    bench.pass(2_000)
    const [leaves = []] = leavesOf(ada, space).values()
    const accesses = leaves
      .map(leaf => openLeaf(leaf) as AuditRecord)
      .filter(({ type: kind }) => kind === 'access')
    expect(accesses.length).toBe(400)
    expect(ada.disk.table('audit-leaf').length).toBeLessThan(30)
    const [log] = ada.disk.table('audit-log')
    const [checkpoint] = ada.disk.table('audit-checkpoint').filter(({ key }) => !key.endsWith('cosigned'))
    if (!log || !checkpoint) throw new Error('nothing was stored')
    const check = checkLog({ opening: log.bytes, checkpoint: checkpoint.bytes, witnesses: [], leaves })
    expect(check.findings).toEqual([])
    expect(check.checkpoint?.size).toBe(leaves.length)
  })
})

/** Openings of the keys of witnesses that the disk has, with certificates. */
function cosignersOf({ disk }: SimNode): [Uint8Array, Uint8Array][] {
  return disk.table('audit-cosigner').flatMap(({ bytes }) => {
    return decodeCbor(bytes, bytes.length) as [Uint8Array, Uint8Array][]
  })
}

describe('cosigning', () => {
  test('[AUD-17] [AUD-18] by a node of every other party, kept by both sides', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob, cyd] = nodes
    const held = writeFacet(ada, space)
    bench.pass(25_000)
    type(ada, held, 'more')
    bench.pass(25_000)
    expect(troubles(bench)).toEqual([])
    const own = ada.core.audit?.own.logOf(space)
    if (!own) throw new Error('no log')
    const { cosigning } = ada.core.audit as NonNullable<typeof ada.core.audit>
    expect(cosigning.roundOf(own)?.companies.toSorted()).toEqual([bob, cyd].map(didOf).toSorted())
    const [stored] = ada.disk.table('audit-checkpoint').filter(({ key }) => key.endsWith('/cosigned'))
    const opening = verifyLogOpening(own.opening)
    if (isReject(opening) || !stored) throw new Error('nothing was cosigned')
    const { findings, cosigned } = checkLog({
      opening: own.opening,
      checkpoint: stored.bytes,
      witnesses: cosignersOf(ada).map(([witness, certificate]) => {
        const { company } = verifyWitnessOpening(witness) as WitnessOpening
        const identity = [bob, cyd].find(node => didOf(node) === company)?.company.identity.log as Uint8Array
        return { opening: witness, certificate, identity }
      }),
      leaves: leavesOf(ada, space).get(opening.epoch) ?? []
    })
    expect(findings).toEqual([])
    expect(cosigned.every(({ certified }) => certified)).toBe(true)
    expect(cosigned.map(({ company }) => company).toSorted()).toEqual([bob, cyd].map(didOf).toSorted())
    const heldByBob = bob.core.audit?.witnessing.held.find(
      ({ opening: log }) => log.key.name === own.log.origin
    )
    expect(heldByBob?.held?.size).toBe(own.published?.checkpoint.size)
  })

  test('[AUD-28] what all have cosigned is not replaced by what too few have', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob, cyd] = nodes
    const held = writeFacet(ada, space)
    bench.pass(15_000)
    const size = sizeOf(ada, space)
    const stored = () => {
      const [row] = ada.disk.table('audit-checkpoint').filter(({ key }) => key.endsWith('/cosigned'))
      const opening = verifyLogOpening(ada.core.audit?.own.logOf(space)?.opening as Uint8Array)
      if (!row || isReject(opening)) throw new Error('nothing was cosigned')
      const witnesses = cosignersOf(ada).map(([witness]) => verifyWitnessOpening(witness) as WitnessOpening)
      const keys = witnesses.map(({ key }) => key)
      const checkpoint = openCheckpoint(row.bytes, opening.key, keys)
      if (isReject(checkpoint)) throw new Error(`${checkpoint}`)
      const companies = cosignedBy(checkpoint, opening, witnesses).map(({ company }) => company)
      return { size: checkpoint.size, companies: companies.toSorted() }
    }
    const both = [bob, cyd].map(didOf).toSorted()
    expect(stored()).toEqual({ size, companies: both })
    bench.network.cut(ada, cyd)
    type(ada, held, 'more')
    bench.pass(25_000)
    expect(sizeOf(ada, space)).toBeGreaterThan(size as number)
    const own = ada.core.audit?.own.logOf(space) as OwnLog
    expect(ada.core.audit?.cosigning.roundOf(own)?.companies).toEqual([didOf(bob)])
    expect(stored()).toEqual({ size, companies: both })
    bench.network.connect(ada, cyd)
    bench.pass(25_000)
    expect(stored()).toEqual({ size: sizeOf(ada, space), companies: both })
  })

  test('[AUD-28] a witness that names one key after the other fills no table', () => {
    const { bench, nodes, space } = audited([])
    const [ada, bob] = nodes
    const puppet = bench.puppet(ada, bob.company).hello()
    const cosign = (fill: number) => {
      const asked = puppet.of('add-checkpoint').at(-1)
      const request = asked && parseRequest(asked.body)
      const note = request && !isReject(request) ? parseNote(request.checkpoint) : undefined
      if (!asked || !note || isReject(note)) throw new Error('nothing was asked')
      const { peer: peerId } = bob.company.node
      const secret = generateKey(new Uint8Array(32).fill(fill))
      const key = noteKey(witnessName(peerId, toHex(salt(16))), WITNESS_KEY, secret.publicKey)
      const opening = openWitness({ company: didOf(bob), peerId, key }, message => puppet.signAsNode(message))
      const line = printSignature(cosignNote(note.text, key, message => sign(secret, message), 1))
      const answer = { space: space.id, request: asked.request, status: 200, witness: opening }
      puppet.say({ type: 'cosigned', ...answer, body: utf8(line) })
    }
    for (let i = 1; i < 5; i++) {
      for (let n = 0; n < 200 && puppet.of('add-checkpoint').length < i; n++) bench.pass(100)
      ada.core.audit?.own.add(space, access(i))
      cosign(i)
    }
    const own = ada.core.audit?.own.logOf(space) as OwnLog
    expect(ada.core.audit?.cosigning.roundOf(own)?.companies).toEqual([didOf(bob)])
    expect(cosignersOf(ada).length).toBe(1)
  })

  test('[AUD-18] a witness that names another size each time is asked twice a round', () => {
    const { bench, nodes, space } = audited([])
    const [ada, bob] = nodes
    for (let i = 0; i < 50; i++) ada.core.audit?.own.add(space, access(i))
    const puppet = bench.puppet(ada, bob.company).hello()
    bench.pass(11_000)
    const before = puppet.of('add-checkpoint').length
    ada.core.audit?.own.add(space, access(50))
    for (let i = 1; i < 95; i++) {
      const request = puppet.of('add-checkpoint').at(-1)?.request as number
      const answer = { space: space.id, request, status: 409, witness: new Uint8Array() }
      puppet.say({ type: 'cosigned', ...answer, body: utf8(`${i % 40}\n`) })
      bench.pass(100)
    }
    const asked = puppet.of('add-checkpoint').length - before
    expect(asked).toBeGreaterThan(0)
    expect(asked).toBeLessThanOrEqual(4)
  })

  test('[AUD-18] no cosignature leaves before what it stands for is durable', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob] = nodes
    bench.pass(15_000)
    const before = bob.disk.table('audit-held')
    writeFacet(ada, space)
    bob.disk.refuses = true
    bench.pass(30_000)
    const own = ada.core.audit?.own.logOf(space)
    if (!own) throw new Error('no log')
    expect(ada.core.audit?.cosigning.roundOf(own)?.companies).not.toContain(didOf(bob))
    expect(bob.disk.table('audit-held')).toEqual(before)
  })
})

describe('runs', () => {
  test('[AUD-9] [AUD-10] [AUD-11] each opens a log of its own that names the one before', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob] = nodes
    const held = writeFacet(ada, space)
    bench.pass(15_000)
    const first = ada.core.audit?.own.logOf(space)
    restart(bench, ada, bob)
    bench.pass(2_000)
    type(ada, ada.core.context.facetOf(held.facet.id) as never, 'again')
    bench.pass(25_000)
    const second = ada.core.audit?.own.logOf(ada.core.context.directory.spaceOf(space.id) as SpaceLog)
    if (!first || !second) throw new Error('no log')
    expect(second.log.origin).not.toBe(first.log.origin)
    expect(toHex(second.log.key.key.bytes)).not.toBe(toHex(first.log.key.key.bytes))
    expect(verifyLogOpening(second.opening)).toMatchObject({ before: { origin: first.log.origin } })
    const [, records = []] =
      [...leavesOf(ada, space)].find(([epoch]) => second.log.origin.endsWith(epoch)) ?? []
    const [head, ...rest] = records.map(leaf => openLeaf(leaf) as AuditRecord)
    expect(head).toMatchObject({ type: 'opened', before: { origin: first.log.origin } })
    expect(rest.some(({ type: kind }) => kind === 'update')).toBe(true)
    expect(troubles(bench)).toEqual([])
  })

  test('[AUD-19] a restored backup is no rewrite; what it has forgotten is told', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob] = nodes
    const held = writeFacet(ada, space)
    bench.pass(15_000)
    const backup = ada.disk.copy()
    for (let i = 0; i < 5; i++) {
      type(ada, held, 'lost')
      bench.pass(12_000)
    }
    restart(bench, ada, bob, backup)
    bench.pass(25_000)
    expect(troubles(bench, bob)).toEqual(['audit-behind'])
    expect(bob.disk.table('audit-conflict')).toEqual([])
    expect(
      bob.core.audit?.witnessing.held.filter(({ opening }) => opening.company === didOf(ada)).length
    ).toBe(2)
  })
})

describe('the order of logs', () => {
  test('[AUD-19] is known to a witness that was restarted: an honest node is not behind', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob] = nodes
    const record = () =>
      ada.core.audit?.own.add(ada.core.context.directory.spaceOf(space.id) as SpaceLog, access(1))
    bench.pass(15_000)
    for (let run = 0; run < 5; run++) {
      restart(bench, ada, bob)
      record()
      bench.pass(15_000)
    }
    for (let run = 0; run < 3; run++) {
      restart(bench, bob, ada)
      restart(bench, ada, bob)
      record()
      bench.pass(15_000)
    }
    expect(heldSizes(bob, ada).length).toBe(9)
    expect(troubles(bench)).toEqual([])
  })
})

/** A company whose node says what it likes: it has a log key and shows each witness the tree that it chooses. */
class Liar {
  readonly node: SimNode
  readonly space: SpaceLog
  readonly opening: Uint8Array
  readonly #origin
  readonly #secret = generateKey(new Uint8Array(32).fill(66))

  /** @param run another number for another log */
  constructor(node: SimNode, space: SpaceLog, run = 0) {
    this.node = node
    this.space = space
    const { peer: peerId } = node.company.node
    this.#origin = { space: toHex(space.id), peerId, epoch: String(run).padStart(32, '0') }
    const { key } = new AuditLog(this.#origin, this.#secret)
    // The longest that there may be.
    const before = { origin: 'o'.repeat(200), size: Number.MAX_SAFE_INTEGER, root: new Uint8Array(32) }
    const facts = { company: didOf(node), peerId, key, ...(run > 0 && { before }) }
    this.opening = openLog(facts, message => sign(node.company.nodeKey, message))
  }

  /** A log of so many records, of which `lie` says what they are. */
  log(size: number, lie: number): { log: AuditLog; batch: Batch } {
    const log = new AuditLog(this.#origin, this.#secret)
    log.add(opened())
    for (let i = 1; i < size; i++) log.add(access(i === 1 ? lie : i))
    return { log, batch: log.batch(n => new Uint8Array(n).fill(4)) }
  }

  /** The same with an extension line, so that its text has so many bytes. */
  padded({ log, batch }: { log: AuditLog; batch: Batch }, bytes: number): { log: AuditLog; batch: Batch } {
    const text = printCheckpoint(batch.checkpoint)
    const padded = `${text}${'x'.repeat(bytes - text.length - 1)}\n`
    const signature = signNote(padded, log.key, message => sign(this.#secret, message))
    return { log, batch: { ...batch, note: utf8(printNote({ text: padded, signatures: [signature] })) } }
  }

  show(to: Puppet, { log, batch }: { log: AuditLog; batch: Batch }, old = 0): void {
    const { size } = batch.checkpoint
    const proof = old > 0 && old < size ? consistencyProof(log.tree, old, size) : []
    const body = printRequest({ old, proof, checkpoint: batch.note })
    to.say({ type: 'add-checkpoint', space: this.space.id, request: 1, opening: this.opening, body })
  }

  /** Answers what it is asked, from the tree that this witness was shown. */
  answer(to: Puppet, { log, batch }: { log: AuditLog; batch: Batch }): void {
    const { size } = batch.checkpoint
    for (const { request, sizes } of to.of('want-proofs')) {
      const bodies = sizes
        .filter(old => old <= size)
        .map(old => {
          const proof = old < size ? consistencyProof(log.tree, old, size) : []
          return printRequest({ old, proof, checkpoint: batch.note })
        })
      to.say({ type: 'proofs', space: this.space.id, request, bodies })
    }
    to.frames.length = 0
  }
}

/** Ada and Bob witness; Cyd is the liar, with a puppet before each. */
function staged() {
  const { bench, nodes, space } = audited([[0, 1]])
  const [ada, bob, cyd] = nodes
  const puppets = [ada, bob].map(node => {
    acquaint(node, cyd.company)
    return bench.puppet(node, cyd.company).hello()
  }) as [Puppet, Puppet]
  bench.pass(1_000)
  for (const puppet of puppets) puppet.frames.length = 0
  return { bench, nodes, space, liar: new Liar(cyd, space), puppets }
}

/** Two nodes were shown two trees of one log, of 5 and of 9 records, and the first asks how that can be. */
function questioned() {
  const { bench, nodes, liar, puppets, space } = staged()
  const [five, nine] = [liar.log(5, 7), liar.log(9, 8)]
  const [puppet, other] = puppets
  liar.show(puppet, five)
  liar.show(other, nine)
  bench.pass(15_000)
  const [question] = puppet.of('want-proofs')
  if (!question) throw new Error('nothing was asked')
  return { bench, ada: nodes[0], five, nine, puppet, request: question.request, space }
}

const statusOf = (puppet: Puppet) => puppet.of('cosigned').map(({ status }) => status)

/** Of the logs of a company, as a witness of them has them. */
function heldSizes(node: SimNode, of: SimNode): (number | undefined)[] {
  const held = node.core.audit?.witnessing.held ?? []
  return held.filter(({ opening }) => opening.company === didOf(of)).map(one => one.held?.size)
}

function proven(node: SimNode): string[] {
  return node.disk.table('audit-conflict').map(({ bytes }) => {
    const conflict = parseConflict(bytes)
    const rewrite = isReject(conflict) ? conflict : verifyConflict(conflict)
    return isReject(rewrite) ? rewrite.code : rewrite.opening.company
  })
}

describe('a company that rewrites its log', () => {
  test('[AUD-22] [AUD-23] is caught by each of its witnesses, with a proof that verifies alone', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada, bob, cyd] = nodes
    for (const puppet of puppets) liar.show(puppet, liar.log(5, 7))
    bench.pass(500)
    expect(puppets.map(statusOf)).toEqual([[200], [200]])
    for (const puppet of puppets) liar.show(puppet, liar.log(9, 8), 5)
    bench.pass(500)
    expect(puppets.map(statusOf)).toEqual([
      [200, 422],
      [200, 422]
    ])
    for (const node of [ada, bob]) {
      expect(proven(node)).toEqual([didOf(cyd)])
      expect(troubles(bench, node)).toEqual(['audit-rewritten'])
    }
  })

  test('[AUD-22] [AUD-25] also at a power of two, once it is asked', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada, , cyd] = nodes
    const [puppet] = puppets
    liar.show(puppet, liar.log(4, 7))
    bench.pass(500)
    liar.show(puppet, liar.log(9, 8), 4)
    bench.pass(500)
    expect(proven(ada)).toEqual([])
    liar.answer(puppet, liar.log(9, 8))
    bench.pass(500)
    expect(proven(ada)).toEqual([didOf(cyd)])
  })

  test('[AUD-18] what proves nothing is refused and told, and changes nothing', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada] = nodes
    const [puppet] = puppets
    liar.show(puppet, liar.log(5, 7))
    bench.pass(500)
    liar.show(puppet, { log: liar.log(9, 9).log, batch: liar.log(9, 8).batch }, 5)
    bench.pass(500)
    expect(statusOf(puppet)).toEqual([200, 422])
    expect(proven(ada)).toEqual([])
    expect(troubles(bench, ada)).toEqual(['audit-refused'])
    expect(ada.core.audit?.witnessing.held.map(({ held }) => held?.size)).toContain(5)
  })
})

describe('proofs that are kept', () => {
  /** Shows Ada that the log was rewritten, so many times. */
  function rewrite(liar: Liar, puppet: Puppet, times: number): void {
    liar.show(puppet, liar.log(5, 7))
    for (let i = 0; i < times; i++) liar.show(puppet, liar.log(9, 8), 5)
  }

  test('[AUD-23] are four of a log, of all runs together, and none takes the place of another', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada, , cyd] = nodes
    rewrite(liar, puppets[0], 2)
    bench.pass(500)
    const before = ada.disk.table('audit-conflict')
    expect(before.length).toBe(2)
    ada.crash()
    ada.start()
    const again = bench.puppet(ada, cyd.company).hello()
    bench.pass(500)
    for (let i = 0; i < 6; i++) liar.show(again, liar.log(11, 9), 5)
    bench.pass(500)
    const after = ada.disk.table('audit-conflict')
    expect(after.length).toBe(4)
    expect(after).toEqual(expect.arrayContaining(before))
  })

  test('[AUD-23] are 64 of a company', () => {
    const { bench, nodes, puppets, space } = staged()
    const [ada, , cyd] = nodes
    for (let run = 1; run <= 20; run++) {
      rewrite(new Liar(cyd, space, run), puppets[0], 4)
      bench.pass(500)
    }
    expect(ada.disk.table('audit-conflict').length).toBe(64)
  })

  test('[AUD-23] have 64 KiB: a longer identity log is not in them', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada, , cyd] = nodes
    const identity = ada.core.context.directory.identities.get(didOf(cyd)) as CompanyIdentity
    for (const [i, bytes] of [40_000, 50_000].entries()) {
      Object.assign(identity, { log: new Uint8Array(bytes) })
      if (i === 0) rewrite(liar, puppets[0], 1)
      else liar.show(puppets[0], liar.log(9, 8), 5)
      bench.pass(500)
    }
    const files = ada.disk.table('audit-conflict').map(({ bytes }) => parseConflict(bytes) as Conflict)
    expect(files.map(({ identity: log }) => log.length)).toEqual([40_000, 0])
    expect(proven(ada)).toEqual([didOf(cyd), didOf(cyd)])
  })
})

describe('a checkpoint with extension lines', () => {
  test('[AUD-6] of more than 1,024 bytes gets no cosignature', () => {
    const { bench, nodes, liar, puppets } = staged()
    liar.show(puppets[0], liar.padded(liar.log(5, 7), 1_025))
    bench.pass(500)
    expect(statusOf(puppets[0])).toEqual([400])
    expect(heldSizes(nodes[0], nodes[2])).toEqual([undefined])
  })

  test('[AUD-6] [AUD-22] of 1,024 proves a rewrite, and is known after a restart', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada, , cyd] = nodes
    liar.show(puppets[0], liar.padded(liar.log(5, 7), 1_024))
    bench.pass(500)
    ada.crash()
    ada.start()
    expect(heldSizes(ada, cyd)).toEqual([5])
    const again = bench.puppet(ada, cyd.company).hello()
    bench.pass(500)
    liar.show(again, liar.padded(liar.log(9, 8), 1_024), 5)
    bench.pass(500)
    expect(statusOf(again)).toEqual([422])
    expect(proven(ada)).toEqual([didOf(cyd)])
  })
})

describe('a split view', () => {
  test('[AUD-24] of one size is caught as soon as two witnesses talk', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada, bob, cyd] = nodes
    liar.show(puppets[0], liar.log(5, 7))
    liar.show(puppets[1], liar.log(5, 8))
    bench.pass(15_000)
    expect([proven(ada), proven(bob)]).toEqual([[didOf(cyd)], [didOf(cyd)]])
  })

  test('[AUD-24] [AUD-25] of two sizes is caught by what the log itself answers', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada, bob, cyd] = nodes
    const [five, nine] = [liar.log(5, 7), liar.log(9, 8)]
    liar.show(puppets[0], five)
    liar.show(puppets[1], nine)
    bench.pass(15_000)
    liar.answer(puppets[0], nine)
    liar.answer(puppets[1], nine)
    bench.pass(500)
    expect(proven(bob)).toEqual([didOf(cyd)])
    expect(proven(ada)).toEqual([didOf(cyd)])
  })

  test('[AUD-25] a log that does not answer is told', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada] = nodes
    liar.show(puppets[0], liar.log(5, 7))
    liar.show(puppets[1], liar.log(9, 8))
    bench.pass(30_000)
    expect(troubles(bench, ada)).toEqual([])
    bench.pass(60_000)
    expect(new Set(troubles(bench, ada))).toEqual(new Set(['audit-silent']))
    expect(proven(ada)).toEqual([])
  })

  test('[AUD-24] is caught among any number of other logs', () => {
    const { bench, nodes, space, liar, puppets } = staged()
    const [ada, bob, cyd] = nodes
    const many = Array.from({ length: 40 }, (_, i) => new Liar(cyd, space, i + 1))
    for (const [i, puppet] of puppets.entries()) {
      liar.show(puppet, liar.log(5, 7 + i))
      for (const other of many) other.show(puppet, other.log(2, 7))
    }
    bench.pass(15_000)
    expect([proven(ada), proven(bob)]).toEqual([[didOf(cyd)], [didOf(cyd)]])
  })

  test('[AUD-24] [SYN-1] all is shown when a session opens, the largest 32 in a frame, then what has changed', () => {
    const { bench, nodes, space, puppets } = staged()
    const [ada, bob, cyd] = nodes
    const [first, ...others] = Array.from({ length: 40 }, (_, i) => new Liar(cyd, space, i + 1))
    const largest = (liar: Liar, size: number) => liar.padded(liar.log(size, 7), 1_024)
    for (const liar of [first as Liar, ...others]) liar.show(puppets[0], largest(liar, 5))
    bench.pass(15_000)
    const other = bench.puppet(ada, bob.company).hello()
    bench.pass(5_000)
    const shown = () => other.of('checkpoints').map(({ logs }) => logs.length)
    expect(shown()).toEqual([32, 8])
    expect(Math.max(...other.sizes)).toBeLessThan(FRAME_BYTES_MAX)
    expect(Math.max(...other.sizes)).toBeGreaterThan(32 * 2_000)
    bench.pass(15_000)
    expect(shown()).toEqual([32, 8])
    first?.show(puppets[0], largest(first, 9), 5)
    bench.pass(15_000)
    expect(shown()).toEqual([32, 8, 1])
    expect(bench.refusals(ada)).toEqual([])
  })

  test('[AUD-25] a log that answers with nothing, or with what proves nothing, is told', () => {
    const { bench, ada, nine, puppet, request, space } = questioned()
    const body = printRequest({ old: 5, proof: [salt(32)], checkpoint: nine.batch.note })
    puppet.say({ type: 'proofs', space: space.id, request, bodies: [body, utf8('garbage')] })
    expect(troubles(bench, ada)).toEqual(['audit-silent'])
    expect(proven(ada)).toEqual([])
  })

  test('[AUD-24] proofs to two checkpoints prove nothing of one tree', () => {
    const { bench, ada, five, nine, puppet, request, space } = questioned()
    const bodies = [five, nine].map(({ batch }) =>
      printRequest({ old: batch.checkpoint.size, proof: [], checkpoint: batch.note })
    )
    puppet.say({ type: 'proofs', space: space.id, request, bodies })
    expect(troubles(bench, ada)).toEqual(['audit-silent'])
  })

  test('[AUD-25] nobody is asked about a log that has ended', () => {
    const { bench, nodes, space } = audited()
    const [ada, bob, cyd] = nodes
    const held = writeFacet(ada, space)
    bench.pass(15_000)
    bench.network.cut(ada, cyd)
    type(ada, held, 'more')
    bench.pass(15_000)
    const first = ada.core.audit?.own.logOf(space)?.log.origin
    const sizes = [bob, cyd].map(({ core }) => {
      return core.audit?.witnessing.held.find(({ opening }) => opening.key.name === first)?.held?.size
    })
    expect(new Set(sizes).size).toBe(2)
    restart(bench, ada, bob)
    bench.network.connect(ada, cyd)
    bench.network.cut(bob, cyd)
    bench.network.connect(bob, cyd)
    bench.pass(120_000)
    expect(troubles(bench)).toEqual([])
  })

  test('[AUD-24] an honest log that two witnesses saw at two sizes is no split view', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [five, nine] = [liar.log(5, 7), liar.log(9, 7)]
    liar.show(puppets[0], five)
    liar.show(puppets[1], nine)
    bench.pass(15_000)
    for (const puppet of puppets) liar.answer(puppet, nine)
    bench.pass(90_000)
    expect(troubles(bench)).toEqual([])
    expect(nodes.flatMap(proven)).toEqual([])
  })
})

describe('what a witness takes', () => {
  test('[AUD-17] [SYN-49] a log of another node, space or company is unknown', () => {
    const { bench, nodes, space, liar, puppets } = staged()
    const [ada] = nodes
    const [puppet] = puppets
    const foreign = new Liar(ada, space)
    foreign.show(puppet, foreign.log(5, 7))
    bench.pass(200)
    expect(statusOf(puppet)).toEqual([404])
    const body = printRequest({ old: 0, proof: [], checkpoint: liar.log(5, 7).batch.note })
    puppet.say({ type: 'add-checkpoint', space: space.id, request: 2, opening: new Uint8Array(), body })
    bench.pass(200)
    expect(statusOf(puppet)).toEqual([404, 404])
    puppet.frames.length = 0
    const elsewhere = new Uint8Array(32).fill(1)
    puppet.say({ type: 'add-checkpoint', space: elsewhere, request: 3, opening: liar.opening, body })
    bench.pass(200)
    expect(statusOf(puppet)).toEqual([])
  })

  test('[AUD-20] 64 new logs of a node and space a day', () => {
    const { bench, nodes, space, puppets } = staged()
    const [, , cyd] = nodes
    const [puppet] = puppets
    const { peer: peerId } = cyd.company.node
    for (let i = 0; i < 70; i++) {
      const epoch = toHex(salt(16))
      const log = new AuditLog({ space: toHex(space.id), peerId, epoch }, generateKey(salt(32)))
      log.add(opened())
      log.add(access(i))
      const opening = openLog({ company: didOf(cyd), peerId, key: log.key }, message =>
        sign(cyd.company.nodeKey, message)
      )
      const body = printRequest({ old: 0, proof: [], checkpoint: log.batch(salt).note })
      puppet.say({ type: 'add-checkpoint', space: space.id, request: i, opening, body })
      bench.pass(100)
    }
    const statuses = statusOf(puppet)
    expect(statuses.filter(status => status === 200).length).toBe(64)
    expect(statuses.filter(status => status === 429).length).toBe(6)
  })

  /** The opening of one more log of Cyd's. */
  function another(cyd: SimNode, space: string, number: number) {
    const origin = { space, peerId: cyd.company.node.peer, epoch: String(number).padStart(32, '0') }
    const log = new AuditLog(origin, generateKey(new Uint8Array(32).fill(3)))
    log.add(opened())
    const facts = { company: didOf(cyd), peerId: origin.peerId, key: log.key }
    return { log, opening: openLog(facts, message => sign(cyd.company.nodeKey, message)) }
  }

  test.for([
    { most: 256, spaces: 1, what: 'a node and space' },
    { most: 4_096, spaces: 16, what: 'a company' }
  ])('[AUD-20] the newest $most logs of $what', ({ most, spaces }) => {
    const { bench, nodes, space, puppets } = staged()
    const [ada, , cyd] = nodes
    const { witnessing } = ada.core.audit as NonNullable<typeof ada.core.audit>
    const others = Array.from({ length: spaces }, (_, i) => toHex(new Uint8Array(32).fill(100 + i)))
    const ids = spaces === 1 ? [toHex(space.id)] : others
    for (let i = 0; i < most; i++) {
      const { opening } = another(cyd, ids[i % spaces] as string, i)
      witnessing.restore(opening, new Uint8Array(), i)
    }
    const { log, opening } = another(cyd, toHex(space.id), most)
    const body = printRequest({ old: 0, proof: [], checkpoint: log.batch(salt).note })
    puppets[0].say({ type: 'add-checkpoint', space: space.id, request: 1, opening, body })
    bench.pass(500)
    const epochs = witnessing.held.flatMap(({ opening: { company, epoch } }) =>
      company === didOf(cyd) ? [Number(epoch)] : []
    )
    expect(epochs).toEqual(Array.from({ length: most }, (_, i) => i + 1))
  })

  test('[AUD-18] what was cosigned is known after a restart', () => {
    const { bench, nodes, liar, puppets } = staged()
    const [ada, , cyd] = nodes
    liar.show(puppets[0], liar.log(5, 7))
    bench.pass(500)
    ada.crash()
    ada.start()
    const again = bench.puppet(ada, cyd.company).hello()
    bench.pass(500)
    liar.show(again, liar.log(5, 8))
    bench.pass(500)
    expect(again.of('cosigned').map(({ status, body }) => [status, new TextDecoder().decode(body)])).toEqual([
      [409, '5\n']
    ])
  })
})
