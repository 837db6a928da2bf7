// Records, openings, tiles, a log that is written, and the check of a whole log.
import { describe, expect, it } from 'vitest'
import { AuditLog } from '../../src/audit/log.ts'
import { type LogCheck, type WrittenLog, checkLog, tileOf } from '../../src/audit/log-check.ts'
import { LOG_KEY, noteKey } from '../../src/audit/note.ts'
import { openLog, parseOrigin, verifyLogOpening, verifyWitnessOpening } from '../../src/audit/opening.ts'
import { cosignedBy, printPolicy, quorumOf } from '../../src/audit/quorum.ts'
import { RECORD_TYPES, encodeRecord, openLeaf, parseRecord } from '../../src/audit/record.ts'
import {
  encodeBundle,
  hasTile,
  parseBundle,
  parseTilePath,
  tilePath,
  tilesOf
} from '../../src/audit/tiles.ts'
import { Tree, leafHash } from '../../src/audit/tree.ts'
import { printRequest } from '../../src/audit/witness-request.ts'
import { EMPTY, concatBytes, toHex, utf8 } from '../../src/wire/bytes.ts'
import { encodeJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'
import { SPACE, type TestLog, access, key, opened, salt, signer, testLog, testWitness } from './company.ts'

describe('records', () => {
  it('[AUD-3] of each type have the members that it calls for; other types stand as they are', () => {
    const hash = 'ab'.repeat(32)
    const lane = { facet: hash, lane: 7, seq: 0 }
    const good: Record<string, object> = {
      opened: { before: { origin: 'o', size: 1, root: hash } },
      update: { ...lane, id: hash, own: true },
      disclosure: { ...lane, to: 'did:x' },
      receipt: { facet: hash, company: 'did:x', given: false },
      denial: { rule: 'POL-5', company: 'did:x' },
      access: { facet: hash, what: 'read' },
      signature: { key: 'z6Mk', what: 'entry', id: hash },
      'model-run': { model: 'm', input: hash, output: hash },
      agreement: { act: 'seal', digest: hash },
      contribution: { act: 'release', company: 'did:x', id: hash },
      share: { facet: hash, digest: hash, by: 'did:x', class: 'public' }
    }
    expect(Object.keys(good).sort()).toEqual(Object.keys(RECORD_TYPES).sort())
    for (const [type, members] of Object.entries(good)) {
      expect(isReject(parseRecord(encodeJcs({ at: 1, type, ...members }))), type).toBe(false)
      for (const member of Object.keys(members).filter(name => name !== 'before')) {
        const less = encodeJcs({ at: 1, type, ...members, [member]: null })
        expect(parseRecord(less), `${type} without ${member}`).toMatchObject({ code: 'record-form' })
      }
    }
    const later = { at: 1, type: 'of-a-later-version', more: 'words' }
    expect(parseRecord(encodeRecord(later))).toEqual(later)
    for (const wrong of [{ type: 'access' }, { at: -1, type: 'x' }, { at: 1, type: 'X' }, [1]]) {
      expect(parseRecord(encodeJcs(wrong))).toMatchObject({ code: 'record-form' })
    }
    expect(parseRecord(encodeJcs({ at: 1, type: 'x', text: 'y'.repeat(4096) }))).toMatchObject({
      code: 'jcs-size'
    })
  })

  it('[AUD-2] are told from others by salt and hash, and nothing is told once they are erased', () => {
    const log = testLog(1, 2)
    const [leaf] = log.write(opened()).leaves
    if (!leaf) throw new Error('no leaf')
    expect(openLeaf(leaf)).toEqual(opened())
    expect(openLeaf({ ...leaf, record: encodeRecord(opened(2)) })).toMatchObject({ code: 'leaf' })
    expect(openLeaf({ ...leaf, salt: salt(32) })).toMatchObject({ code: 'leaf' })
    expect(openLeaf({ ...leaf, salt: leaf.salt.subarray(1) })).toMatchObject({ code: 'leaf' })
    expect(openLeaf({ ...leaf, salt: EMPTY, record: EMPTY })).toBeUndefined()
  })
})

describe('openings', () => {
  it('[AUD-9] [AUD-11] name the node, the space, the run and the log before, under the signature of the node', () => {
    const { log, opening } = testLog(1, 2)
    expect(opening).toMatchObject({ space: SPACE, epoch: 'e0'.repeat(16) })
    const before = { origin: log.origin, size: 3, root: new Uint8Array(32).fill(1) }
    const facts = { company: 'did:x', peerId: opening.peerId, key: log.key, before }
    expect(verifyLogOpening(openLog(facts, signer(key(1))))).toMatchObject({ before })
    expect(verifyLogOpening(openLog(facts, signer(key(2))))).toMatchObject({ code: 'opening-signature' })
    expect(verifyWitnessOpening(openLog(facts, signer(key(1))))).toMatchObject({ code: 'dsse-type' })
  })

  it('[AUD-7] [AUD-11] a log has a key of its own, named as its origin', () => {
    const { opening } = testLog(1, 2)
    const { peerId, key: own } = opening
    const open = (changed: typeof own) =>
      verifyLogOpening(openLog({ company: 'did:x', peerId, key: changed }, signer(key(1))))
    expect(isReject(open(own))).toBe(false)
    const node = noteKey(own.name, LOG_KEY, key(1).publicKey)
    expect(open(node)).toMatchObject({ code: 'opening-form' })
    const stranger = testLog(3, 2).opening.key
    expect(open(stranger)).toMatchObject({ code: 'opening-form' })
    expect(open(noteKey('somewhere.example', LOG_KEY, own.key))).toMatchObject({ code: 'origin' })
    const { key: cosigner } = testWitness(1, 5)
    expect(open(cosigner)).toMatchObject({ code: 'origin' })
  })

  it('[AUD-9] an origin has one spelling', () => {
    const { name } = testLog(1, 2).opening.key
    expect(parseOrigin(name)).toMatchObject({ space: SPACE })
    for (const other of [name.toUpperCase(), `${name}/`, name.replace('/1/', '/2/'), name.slice(1)]) {
      expect(parseOrigin(other)).toMatchObject({ code: 'origin' })
    }
  })
})

describe('tiles', () => {
  it('[AUD-13] are named and cut as tlog-tiles says', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067')
    expect(tilePath({ level: 'entries', index: 0, width: 5 })).toBe('tile/entries/000.p/5')
    expect(
      tilesOf(70_000)
        .map(tilePath)
        .filter(path => /\.p\/|tile\/[12]\//.test(path))
    ).toEqual([
      'tile/entries/273.p/112',
      'tile/0/273.p/112',
      'tile/1/000',
      'tile/1/001.p/17',
      'tile/2/000.p/1'
    ])
    expect(tilesOf(256).map(tilePath)).toEqual(['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1'])
    for (const tile of tilesOf(70_000)) expect(parseTilePath(tilePath(tile))).toEqual(tile)
    for (const path of [
      'tile/0/0',
      'tile/00/000',
      'tile/0/x000/000',
      'tile/0/000.p/256',
      'tile/0/000.p/05'
    ]) {
      expect(parseTilePath(path), path).toBeUndefined()
    }
    expect(hasTile(300, { level: 0, index: 1, width: 44 })).toBe(true)
    expect(hasTile(300, { level: 0, index: 1, width: 45 })).toBe(false)
    expect(hasTile(300, { level: 1, index: 0, width: 1 })).toBe(true)
    expect(hasTile(300, { level: 1, index: 0, width: 0 })).toBe(false)
  })

  it('[AUD-13] hold the hashes of full tiles below, and entries of 32 bytes', () => {
    const entries = Array.from({ length: 600 }, (_, i) => new Uint8Array(32).fill(i))
    const tree = Tree.of(entries)
    const tile = (level: number | 'entries', index: number, width: number) =>
      tileOf(tree, entries, { level, index, width })
    const part = entries.slice(512)
    expect(tile(0, 2, 88)).toEqual(concatBytes(...part.map(leafHash)))
    const roots = [0, 256].map(from => Tree.of(entries.slice(from, from + 256)).root)
    expect(tile(1, 0, 2)).toEqual(concatBytes(...roots))
    expect(parseBundle(tile('entries', 2, 88))).toEqual(part)
    expect(tile('entries', 0, 256).length).toBe(256 * 34)
    expect(parseBundle(encodeBundle(part).subarray(1))).toMatchObject({ code: 'tile-form' })
    expect(parseBundle(encodeBundle(part).subarray(0, 33))).toMatchObject({ code: 'tile-form' })
  })
})

describe('a log that is written', () => {
  it('[AUD-4] takes the last head of a lane in each second, and everything else as it comes', () => {
    const { log } = testLog(1, 2)
    const head = (seq: number) =>
      ({ at: seq, type: 'update', facet: 'fa'.repeat(32), lane: 1, seq, id: 'ab', own: true }) as const
    for (let seq = 0; seq < 500; seq++) log.note('update/1', head(seq))
    log.add(access(1))
    const { leaves, index } = log.batch(salt)
    expect(leaves.map(openLeaf)).toEqual([access(1), head(499)])
    expect(index).toBe(0)
    log.note('update/1', head(500))
    const second = log.batch(salt)
    expect([second.index, second.leaves.length, second.checkpoint.size]).toEqual([2, 1, 3])
    expect(log.isIdle).toBe(true)
  })

  it('[AUD-2] salts each leaf for itself', () => {
    const { write } = testLog(1, 2)
    const { leaves } = write(access(1), access(1))
    expect(toHex(leaves[0]?.entry as Uint8Array)).not.toBe(toHex(leaves[1]?.entry as Uint8Array))
  })
})

/** What a node would hold or export of the log, cosigned by one witness. */
function written(test: TestLog): WrittenLog {
  const leaves = test.batches.flatMap(batch => batch.leaves)
  const last = test.batches.at(-1) as TestLog['batches'][number]
  const entries = leaves.map(({ entry }) => entry)
  const tree = Tree.of(entries)
  const { witness, opening } = testWitness(4, 5)
  witness.know(test.opening)
  const request = printRequest({ old: 0, proof: [], checkpoint: last.note })
  const { held } = witness.answer(request, 1_764_000_000)
  return {
    opening: test.openingBytes,
    checkpoint: held?.note as Uint8Array,
    witnesses: [{ opening, certificate: EMPTY, identity: EMPTY }],
    leaves,
    tile: tile => tileOf(tree, entries, tile)
  }
}

describe('the check of a whole log', () => {
  const test = testLog(1, 2)
  test.write(opened(), access(2))
  for (let i = 0; i < 300; i++) test.write(access(i))
  const whole = written(test)
  const codes = ({ findings }: LogCheck) => findings.map(({ code, where }) => `${code} at ${where}`)
  const changed = (index: number, leaf: Partial<WrittenLog['leaves'][number]>): WrittenLog => ({
    ...whole,
    leaves: whole.leaves.map((one, i) => (i === index ? { ...one, ...leaf } : one))
  })

  it('[AUD-16] finds nothing in an honest one, and who cosigned it', () => {
    const check = checkLog(whole)
    expect(codes(check)).toEqual([])
    expect(check.records.size).toBe(302)
    expect(check.cosigned).toEqual([
      { company: testWitness(4, 5).company, time: 1_764_000_000, certified: false }
    ])
    expect(check.checkpoint?.size).toBe(302)
  })

  it('[AUD-2] [AUD-16] finds nothing where records were erased', () => {
    const check = checkLog(changed(7, { salt: EMPTY, record: EMPTY }))
    expect(codes(check)).toEqual([])
    expect([check.erased, check.records.size, check.records.has(7)]).toEqual([1, 301, false])
  })

  it('[AUD-16] finds each change and says where', () => {
    const record = encodeRecord(access(99))
    expect(codes(checkLog(changed(7, { record })))).toEqual(['leaf at leaf 7'])
    expect(codes(checkLog(changed(7, { entry: salt(32) })))).toEqual([
      'log-root at checkpoint',
      'log-tile at tile entries 0',
      'log-tile at tile 0 0',
      'log-tile at tile 1 0',
      'leaf at leaf 7'
    ])
    const short = { ...whole, leaves: whole.leaves.slice(0, 300) }
    expect(codes(checkLog(short))).toEqual(['log-missing at leaf 300'])
    const tile: WrittenLog['tile'] = one => (one.level === 0 ? EMPTY : whole.tile?.(one))
    expect(codes(checkLog({ ...whole, tile }))).toEqual(['log-tile at tile 0 0', 'log-tile at tile 0 1'])
    const none: WrittenLog['tile'] = one => (one.index === 1 ? undefined : whole.tile?.(one))
    expect(checkLog({ ...whole, tile: none }).findings.map(({ detail }) => detail)).toEqual([
      'is not here',
      'is not here'
    ])
    expect(codes(checkLog({ ...whole, opening: testLog(9, 2).openingBytes }))).toEqual([
      'note-unsigned at checkpoint'
    ])
    expect(codes(checkLog({ ...whole, opening: utf8('{}') }))).toEqual(['dsse-shape at opening'])
    expect(
      codes(checkLog({ ...whole, witnesses: [{ opening: utf8('{}'), certificate: EMPTY, identity: EMPTY }] }))
    ).toEqual(['dsse-shape at witness 0'])
  })

  it('[AUD-16] asks the first record for the log before, as the opening has it', () => {
    const { log, opening } = testLog(1, 2)
    const before = { origin: log.origin, size: 3, root: new Uint8Array(32).fill(1) }
    const { company, peerId } = opening
    const changedOpening = openLog({ company, peerId, key: log.key, before }, signer(key(1)))
    expect(codes(checkLog({ ...whole, opening: changedOpening }))).toEqual(['log-opened at leaf 0'])
    const other = testLog(1, 2)
    other.write(access(1))
    expect(codes(checkLog(written(other)))).toEqual(['log-opened at leaf 0'])
  })
})

describe('who has seen it', () => {
  it('[AUD-21] each company once, the own not', () => {
    const { opening, log } = testLog(1, 2)
    const own = { company: opening.company, peerId: 'p', key: testWitness(1, 5).key }
    const other = { company: 'did:other', peerId: 'q', key: testWitness(4, 6).key }
    const again = { ...other, key: testWitness(4, 7).key }
    const line = (of: typeof own, time: number) => ({
      key: of.key,
      signature: { name: '', keyId: EMPTY, bytes: EMPTY },
      time
    })
    const checkpoint = {
      origin: log.origin,
      size: 0,
      root: EMPTY,
      note: { text: '', signatures: [] },
      signatures: [line(own, 1), line(other, 3), line(again, 2)]
    }
    expect(cosignedBy(checkpoint, opening, [own, other, again])).toEqual([{ company: 'did:other', time: 2 }])
    expect([0, 1, 2, 3, 4, 5].map(quorumOf)).toEqual([0, 1, 2, 2, 3, 3])
    const policy = printPolicy(opening, [own, other, again], 3)
    expect(policy).toContain('group c1 any w1 w2\ngroup companies 1 c1\nquorum companies\n')
    expect(printPolicy(opening, [own], 1)).toMatch(/^log \S+\nquorum none\n$/)
  })

  it('[AUD-10] a log of another run has another key', () => {
    const origin = { space: SPACE, peerId: testLog(1, 2).opening.peerId, epoch: 'e1'.repeat(16) }
    const other = new AuditLog(origin, key(9))
    expect(toHex(other.key.key.bytes)).not.toBe(toHex(testLog(1, 2).log.key.key.bytes))
  })
})
