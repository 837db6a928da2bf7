import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import {
  COMPANY_MAX,
  KEY_MAX,
  SESSION_MAX,
  type LaneAuthor,
  laneId,
  packClient,
  unpackClient
} from '../../src/wire/lane.ts'

const { lanes } = JSON.parse(
  readFileSync(new URL('../../protocols/envelope/vectors/runs.json', import.meta.url), 'utf8')
) as { lanes: (LaneAuthor & { facet: string; client: number; lane: string })[] }

test.each(lanes)('[ENV-1] client $client and its lane', ({ facet, client, lane, ...author }) => {
  expect(packClient(author)).toBe(client)
  expect(unpackClient(client)).toEqual(author)
  expect(toHex(laneId(fromHex(facet) as Uint8Array, client))).toBe(lane)
})

test('[ENV-1] packing and unpacking are opposite, and all 53 bits are used', () => {
  const author = fc.record({
    company: fc.nat(COMPANY_MAX),
    key: fc.nat(KEY_MAX),
    session: fc.nat(SESSION_MAX)
  })
  const packing = fc.property(author, value => {
    expect(unpackClient(packClient(value))).toEqual(value)
  })
  const unpacking = fc.property(fc.maxSafeNat(), value => {
    expect(packClient(unpackClient(value))).toBe(value)
  })
  for (const property of [packing, unpacking]) fc.assert(property as fc.IProperty<unknown>, { seed: 1 })
  expect(packClient({ company: COMPANY_MAX, key: KEY_MAX, session: SESSION_MAX })).toBe(2 ** 53 - 1)
})
