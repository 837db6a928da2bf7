// The strict scanner, protocols/update section 2: vectors, and what no vector can show.
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { type RootVector, updateVectors } from '../../scripts/vectors/update.ts'
import type { GateVector } from '../../scripts/vectors/update-gate-cases.ts'
import type { ScanVector } from '../../scripts/vectors/update-scan-cases.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type StructToWrite, encodeUpdate } from '../../src/wire/update-encode.ts'
import { type ScannedStruct, scanState, scanUpdate } from '../../src/wire/update.ts'
import { Room, randomFrom } from '../replica/writers.ts'

// Seconds of work on an idle machine; others may be busy on this one.
vi.setConfig({ testTimeout: 180_000 })

const root = new URL('../../', import.meta.url)
const read = (name: string): { scan: ScanVector[]; gate: GateVector[]; root: RootVector[] } =>
  JSON.parse(readFileSync(new URL(`protocols/update/vectors/${name}.json`, root), 'utf8'))
const valid = read('valid')
const invalid = read('invalid')
const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array

describe('valid vectors', () => {
  test.each(valid.scan)('[$rule] takes $name', ({ body, expect: expected }) => {
    const update = scanUpdate(bytes(body))
    if (isReject(update)) throw new Error(String(update))
    const { client, clock, clockEnd, structs, deletes } = update
    expect({ client: client ?? null, clock, clockEnd, structs: structs.length, deletes }).toEqual(expected)
  })
})

describe('invalid vectors', () => {
  test.each(invalid.scan)('[$rule] refuses $name', ({ body, code }) => {
    expect(scanUpdate(bytes(body))).toMatchObject({ code, fault: true })
  })

  test('they outnumber the valid ones, and every code of the spec is expected by one', () => {
    const codes = [...invalid.scan, ...invalid.gate].map(vector => vector.code)
    expect(codes.length).toBeGreaterThan(valid.scan.length + valid.gate.length + valid.root.length)
    const spec = readFileSync(new URL('protocols/update/SPEC.md', root), 'utf8')
    const listed = new Set([...spec.matchAll(/^\| `(update-[a-z]+)` \|/gm)].map(match => match[1]))
    listed.delete('update-size') // 64 KiB of hexadecimal help nobody: tested below
    expect(new Set(codes)).toEqual(listed)
  })

  test('the files follow the schema', () => {
    const check = new Ajv2020().compile(
      JSON.parse(readFileSync(new URL('protocols/update/schema.json', root), 'utf8'))
    )
    for (const vectors of [valid, invalid]) expect(check(vectors), JSON.stringify(check.errors)).toBe(true)
  })

  test('the files are what the generator writes', () => {
    for (const [path, contents] of Object.entries(updateVectors())) {
      expect(readFileSync(new URL(path, root), 'utf8') === contents, path).toBe(true)
    }
  })
})

/** Valid but for its size: strings, the last one as long as it takes. */
function bodyOf(size: number): Uint8Array {
  const string = (length: number): StructToWrite => {
    return { kind: 'string', length, parent: 'text', content: new Uint8Array(length).fill(97) }
  }
  const structs = [16_384, 16_384, 16_384, 16_000].map(string)
  const missing = size - encodeUpdate(1, 0, structs, []).length - 9
  structs.push(string(missing))
  const body = encodeUpdate(1, 0, structs, [])
  if (body.length !== size) throw new Error(`made ${body.length} bytes`)
  return body
}

describe('size and cost', () => {
  test('[UPD-1] takes 65,536 bytes and refuses one more', () => {
    expect(scanUpdate(bodyOf(65_536))).not.toHaveProperty('code')
    expect(scanUpdate(bodyOf(65_537))).toMatchObject({ code: 'update-size' })
  })

  test('[UPD-3] a claim of 16 million items costs no memory', () => {
    const huge = [0x80, 0x80, 0x80, 0x08]
    const claims = [
      [...huge, 1, 0],
      [1, ...huge, 1, 0, 0, 1, 0],
      [1, 1, 1, 0, 8, 1, 1, 116, ...huge, 126, 0],
      [1, 1, 1, 0, 8, 1, 1, 116, 1, 117, ...huge, 126, 0],
      [1, 1, 1, 0, 8, 1, 1, 116, 1, 118, ...huge, 1, 97, 126, 0],
      [0, ...huge, 1, 1, 0, 1],
      [0, 1, 1, ...huge, 0, 1]
    ]
    for (const claim of claims) {
      const before = process.memoryUsage().heapUsed
      expect(scanUpdate(Uint8Array.from(claim))).toMatchObject({ code: 'update-count' })
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(32_000_000)
    }
  })
})

/** What the writer takes to write the struct again. */
const again = (body: Uint8Array, struct: ScannedStruct): StructToWrite => {
  const holds = struct.kind === 'string' || struct.kind === 'any'
  return { ...struct, content: holds ? body.subarray(struct.start, struct.end) : new Uint8Array() }
}

describe('one spelling', () => {
  test('[UPD-12] every body that is taken is written again byte for byte, and cut short it is refused', () => {
    let taken = 0
    for (let seed = 0; seed < 12; seed++) {
      const room = new Room(seed)
      room.run(60)
      for (const { body } of room.written) {
        const update = scanUpdate(body)
        if (isReject(update)) throw new Error(String(update))
        const structs = update.structs.map(struct => again(body, struct))
        expect(encodeUpdate(update.client ?? 0, update.clock, structs, update.deletes)).toEqual(body)
        if (body.length < 200)
          for (let n = 0; n < body.length; n++) expect(isReject(scanUpdate(body.subarray(0, n)))).toBe(true)
        taken++
      }
    }
    expect(taken).toBeGreaterThan(700)
  })

  test('[UPD-12] what the scanner says is what Yjs reads, also after random damage', () => {
    const random = randomFrom(7)
    const room = new Room(3)
    room.run(300)
    let compared = 0
    for (let i = 0; i < 30_000; i++) {
      const honest = (room.written[random(room.written.length)] as { body: Uint8Array }).body
      if (honest.length > 400) continue
      const body = honest.slice()
      body[random(body.length)] = random(256)
      const update = scanUpdate(body)
      if (isReject(update)) continue
      const decoded = Y.decodeUpdate(body)
      expect(decoded.structs.map(struct => [struct.id.clock, struct.length])).toEqual(
        update.structs.map(struct => [struct.clock, struct.length])
      )
      const ranges = [...decoded.ds.clients].reverse().flatMap(([client, items]) => {
        return items.map(item => ({ client, clock: item.clock, length: item.len }))
      })
      expect(update.deletes).toEqual(ranges)
      compared++
    }
    expect(compared).toBeGreaterThan(5_000)
  })

  test('[UPD-1] a whole document of many authors is read without the limits of a body', () => {
    const doc = new Y.Doc()
    doc.clientID = 1
    doc.getText('text').insert(0, 'x'.repeat(100_000))
    doc.clientID = 2
    doc.getText('text').insert(0, 'y')
    const state = Y.encodeStateAsUpdate(doc)
    expect(scanUpdate(state)).toMatchObject({ code: 'update-size' })
    expect(scanState(state)).toMatchObject({
      sections: [
        { client: 2, clockEnd: 1 },
        { client: 1, clockEnd: 100_000 }
      ]
    })
  })

  test('[UPD-4] a document has each client once, in descending order', () => {
    const section = (client: number): number[] => [1, client, 0, 0, 1]
    const state = (...clients: number[]): Uint8Array =>
      Uint8Array.of(clients.length, ...clients.flatMap(section), 0)
    expect(scanState(state(2, 1))).toMatchObject({ sections: [{ client: 2 }, { client: 1 }] })
    expect(scanState(state(1, 2))).toMatchObject({ code: 'update-order' })
    expect(scanState(state(1, 1))).toMatchObject({ code: 'update-order' })
  })
})
