import Ajv2020 from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { spaceFiles } from '../../scripts/vectors/space.ts'
import { print } from '../../scripts/vectors/space-builders.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import { dataClass } from '../../src/wire/data-class.ts'
import {
  encodeFacetGenesis,
  encodeSpaceGenesis,
  facetId,
  parseFacetGenesis,
  parseSpaceGenesis,
  spaceId
} from '../../src/wire/genesis.ts'
import { isReject } from '../../src/wire/reject.ts'

interface Case {
  rule: string
  name: string
  type: 'space' | 'facet'
  bytes: string
  id: string
  code: string
}

const read = (path: string) => readFileSync(new URL(`../../protocols/space/${path}`, import.meta.url), 'utf8')
const bytes = (hex: string) => fromHex(hex) as Uint8Array
const { valid, invalid } = JSON.parse(read('vectors/genesis.json')) as { valid: Case[]; invalid: Case[] }
const named = (cases: Case[]) => cases.map(item => [item.rule, item.name, item] as const)
const parse = ({ type, bytes: hex }: Case) =>
  type === 'space' ? parseSpaceGenesis(bytes(hex)) : parseFacetGenesis(bytes(hex))

describe('the vectors', () => {
  const files = spaceFiles()

  test.each(files)('%s is what the generator writes', (path, value) => {
    expect(read(path)).toBe(print(value))
  })

  test.each(files)('%s fits the schema, and more is refused than accepted', path => {
    const fits = new Ajv2020.default({ strict: false }).compile(JSON.parse(read('schema.json')) as object)
    const cases = JSON.parse(read(path)) as { valid: unknown[]; invalid: unknown[] }
    expect(fits(cases)).toBe(true)
    expect(cases.invalid.length).toBeGreaterThan(cases.valid.length)
  })
})

describe('geneses', () => {
  test.each(named(valid))('[%s] %s has this id', (_rule, _name, item) => {
    const id = item.type === 'space' ? spaceId(bytes(item.bytes)) : facetId(bytes(item.bytes))
    expect(toHex(id)).toBe(item.id)
  })

  test.each(named(valid))('[%s] %s is read, and written again byte for byte', (_rule, _name, item) => {
    const genesis = parse(item)
    if (isReject(genesis)) throw new Error(`${genesis}`)
    const again = 'parties' in genesis ? encodeSpaceGenesis(genesis) : encodeFacetGenesis(genesis)
    expect(toHex(again)).toBe(item.bytes)
  })

  test.each(named(invalid))('[%s] %s is refused', (_rule, _name, item) => {
    expect(parse(item)).toMatchObject({ code: item.code, fault: true })
  })

  test('[SPC-1] a genesis of more than 16,384 bytes is refused', () => {
    expect(parseSpaceGenesis(new Uint8Array(16_385))).toMatchObject({ code: 'cbor-size' })
  })

  test('[SPC-2] a class that is missing, unknown or ill-typed is private', () => {
    for (const value of [undefined, null, '', 'Public', 'secret', 0, ['public']]) {
      expect(dataClass(value)).toBe('private')
    }
    expect(dataClass('public')).toBe('public')
  })
})
