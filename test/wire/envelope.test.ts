import Ajv2020 from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { envelopeFiles } from '../../scripts/vectors/envelope.ts'
import { print } from '../../scripts/vectors/space-builders.ts'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import {
  type EnvelopeRecord,
  HEADER_BYTES_MAX,
  encodeHeader,
  envelopeId,
  parseEnvelope,
  parseHeader,
  parseRun,
  signedBytes
} from '../../src/wire/envelope.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { Reject, isReject } from '../../src/wire/reject.ts'

const read = (path: string) =>
  readFileSync(new URL(`../../protocols/envelope/${path}`, import.meta.url), 'utf8')
const bytes = (hex: string) => fromHex(hex) as Uint8Array

interface HeaderCase {
  rule: string
  name: string
  header: string
  code: string
}

interface RunCase {
  rule: string
  name: string
  run: { header: string; signature: string; body: string }[]
  ids: string[]
  code: string
}

const headers = JSON.parse(read('vectors/headers.json')) as { valid: HeaderCase[]; invalid: HeaderCase[] }
const runs = JSON.parse(read('vectors/runs.json')) as {
  facet: string
  client: number
  valid: RunCase[]
  invalid: RunCase[]
}
const records = ({ run }: RunCase): EnvelopeRecord[] =>
  run.map(({ header, signature, body }) => ({
    header: bytes(header),
    signature: bytes(signature),
    body: bytes(body)
  }))
const named = <T extends { rule: string; name: string }>(cases: T[]) =>
  cases.map(item => [item.rule, item.name, item] as const)

describe('the vectors', () => {
  const files = envelopeFiles()

  test.each(files)('%s is what the generator writes', (path, value) => {
    expect(read(path)).toBe(print(value))
  })

  test.each(files)('%s fits the schema', path => {
    const fits = new Ajv2020.default({ strict: false }).compile(JSON.parse(read('schema.json')) as object)
    expect(fits(JSON.parse(read(path)))).toBe(true)
  })

  test.each(files)('in %s more is refused than accepted', path => {
    const { valid, invalid } = JSON.parse(read(path)) as { valid: unknown[]; invalid: unknown[] }
    expect(invalid.length).toBeGreaterThan(valid.length)
  })
})

describe('headers', () => {
  test.each(named(headers.valid))(
    '[%s] %s is read, and written again byte for byte',
    (_rule, _name, item) => {
      const header = parseHeader(bytes(item.header))
      if (isReject(header)) throw new Error(`${header}`)
      expect(toHex(encodeHeader(header))).toBe(item.header)
    }
  )

  test.each(named(headers.invalid))('[%s] %s is refused', (_rule, _name, { header, code }) => {
    expect(parseHeader(bytes(header))).toMatchObject({ code, fault: true })
  })

  /** The codes with which the headers of a rule's vectors are refused. */
  const codesOf = (rule: string) => {
    const results = headers.invalid
      .filter(item => item.rule === rule)
      .map(item => parseHeader(bytes(item.header)))
    return [...new Set(results.map(result => (isReject(result) ? result.code : 'accepted')))]
  }

  test('[ENV-5] numbers beyond their bits are refused', () => {
    expect(codesOf('ENV-5')).toEqual(['header-range'])
  })

  test('[ENV-7] deleted ranges ascend, without touching, and are not too many', () => {
    expect(codesOf('ENV-7')).toEqual(['header-order', 'cbor-canonical'])
  })

  test('[ENV-8] body hash, body length and deletes go together', () => {
    expect(codesOf('ENV-8')).toEqual(['body-size', 'header-body'])
  })

  test('[ENV-4] a header of more than 32,768 bytes is not read', () => {
    expect(parseHeader(new Uint8Array(HEADER_BYTES_MAX + 1))).toMatchObject({ code: 'header-size' })
  })

  test('[ENV-4] no header survives the change of one bit and is written as before', () => {
    const good = bytes((headers.valid[4] as HeaderCase).header)
    for (let i = 0; i < good.length * 8; i += 3) {
      const bad = Uint8Array.from(good)
      bad[i >> 3] = (bad[i >> 3] as number) ^ (1 << (i & 7))
      const header = parseHeader(bad)
      if (!isReject(header)) expect(toHex(encodeHeader(header))).toBe(toHex(bad))
    }
  })
})

describe('envelopes and runs', () => {
  const facet = bytes(runs.facet)
  const { client } = runs

  test.each(named(runs.valid))('[%s] %s', (_rule, _name, item) => {
    const run = parseRun(facet, client, records(item))
    if (isReject(run)) throw new Error(`${run}`)
    expect(run.envelopes.map(({ id }) => toHex(id))).toEqual(item.ids)
  })

  test.each(named(runs.invalid))('[%s] a run with %s is refused', (_rule, _name, item) => {
    expect(parseRun(facet, client, records(item))).toMatchObject({ code: item.code, fault: true })
  })

  test('[ENV-3] label, lane and header are signed, and hashed into the id', () => {
    const [record] = records(runs.valid[0] as RunCase) as [EnvelopeRecord]
    const lane = concatBytes(facet, bytes('0000000000000001'))
    const signed = concatBytes(utf8('parley/envelope/1\n'), lane, record.header)
    expect(client).toBe(1)
    expect(toHex(signedBytes(facet, client, record.header))).toBe(toHex(signed))
    expect(toHex(envelopeId(facet, client, record.header))).toBe(toHex(sha256(signed)))
    const other = { ...record, signature: new Uint8Array(64) }
    expect(parseEnvelope(facet, client, other)).toMatchObject({ id: sha256(signed) })
  })

  test('[ENV-2] an opening stands in no other facet and in no other lane', () => {
    const [record] = records(runs.valid[0] as RunCase) as [EnvelopeRecord]
    const elsewhere = facet.map(byte => byte ^ 1)
    expect(parseEnvelope(elsewhere, client, record)).toMatchObject({ code: 'lane-mismatch' })
    expect(parseEnvelope(facet, client + 1, record)).toMatchObject({ code: 'lane-mismatch' })
  })

  test('[ENV-9] a body is the one that its header names', () => {
    const [record] = records(runs.valid[1] as RunCase) as [EnvelopeRecord]
    expect(isReject(parseEnvelope(facet, client, record))).toBe(false)
    for (let i = 0; i < record.body.length; i++) {
      const body = record.body.with(i, (record.body[i] as number) ^ 1)
      expect(parseEnvelope(facet, client, { ...record, body })).toMatchObject({ code: 'body-mismatch' })
    }
    const signature = record.signature.subarray(1)
    expect(parseEnvelope(facet, client, { ...record, signature })).toMatchObject({ code: 'signature-size' })
  })

  test('[ENV-10] an empty run is refused', () => {
    expect(parseRun(facet, client, [])).toBeInstanceOf(Reject)
  })
})
