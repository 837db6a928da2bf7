import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  CUT_LANES_MAX,
  ENTRY_BYTES_MAX,
  encodeSpaceEntry,
  entryId,
  entrySignedBytes,
  parseSpaceEntry
} from '../../src/wire/space-entry.ts'

interface Case {
  rule: string
  name: string
  bytes: string
  id: string
  code: string
}

const bytes = (hex: string) => fromHex(hex) as Uint8Array
const { valid, invalid } = JSON.parse(
  readFileSync(new URL('../../protocols/space/vectors/entries.json', import.meta.url), 'utf8')
) as { valid: Case[]; invalid: Case[] }
const named = (cases: Case[]) => cases.map(item => [item.rule, item.name, item] as const)

test.each(named(valid))('[%s] %s is read, and written again byte for byte', (_rule, _name, item) => {
  const entry = parseSpaceEntry(bytes(item.bytes))
  if (isReject(entry)) throw new Error(`${entry}`)
  expect(toHex(encodeSpaceEntry(entry))).toBe(item.bytes)
  expect(toHex(entryId(bytes(item.bytes)))).toBe(item.id)
})

test.each(named(invalid))('[%s] %s is refused', (_rule, _name, item) => {
  expect(parseSpaceEntry(bytes(item.bytes))).toMatchObject({ code: item.code, fault: true })
})

test('[SPC-4] label and entry are signed, and hashed into the id', () => {
  const entry = bytes((valid[0] as Case).bytes)
  const signed = concatBytes(utf8('parley/space-log/1\n'), entry)
  expect(toHex(entrySignedBytes(entry))).toBe(toHex(signed))
  expect(toHex(entryId(entry))).toBe(toHex(sha256(signed)))
})

test('[SPC-4] an entry of more than 65,536 bytes is not read', () => {
  expect(parseSpaceEntry(new Uint8Array(ENTRY_BYTES_MAX + 1))).toMatchObject({ code: 'cbor-size' })
})

test('[SPC-11] a cut of too many lanes does not fit', () => {
  const point = { facet: new Uint8Array(32), client: 2 ** 52, seq: 1, id: new Uint8Array(32) }
  const cut = (lanes: number) =>
    encodeSpaceEntry({
      space: new Uint8Array(32),
      company: 0,
      seq: 1,
      prev: new Uint8Array(32),
      act: { kind: 'cut', key: 0, lanes: Array.from({ length: lanes }, () => point) },
      time: 0
    })
  expect(isReject(parseSpaceEntry(cut(800)))).toBe(false)
  expect(parseSpaceEntry(cut(CUT_LANES_MAX + 1))).toMatchObject({ code: 'cbor-size' })
})
