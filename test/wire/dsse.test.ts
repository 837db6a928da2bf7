import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { type Dsse, dsseSignedBytes, encodeDsse, parseDsse } from '../../src/wire/dsse.ts'
import { JCS_LIMITS, encodeJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'

const file = new URL('../../protocols/identity/vectors/dsse.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  valid: { id: string; kind: string; envelope: string; payload: string; signed: string }[]
  invalid: { id: string; kind: string; code: string; envelope: string }[]
}

describe('DSSE', () => {
  test.each(vectors.valid.map(vector => [vector.id, vector] as const))('[IDN-7] %s', (_id, vector) => {
    const dsse = parseDsse(utf8(vector.envelope), vector.kind) as Dsse
    expect(toHex(dsse.payload)).toBe(vector.payload)
    expect(toHex(dsseSignedBytes(dsse.kind, dsse.payload))).toBe(vector.signed)
  })

  test.each(vectors.invalid.map(vector => [vector.code, vector.id, vector] as const))(
    '[IDN-7] %s: %s',
    (code, _id, { envelope, kind }) => {
      const dsse = parseDsse(utf8(envelope), kind)
      expect(isReject(dsse) ? dsse.code : 'accepted').toBe(code)
    }
  )

  test('[IDN-7] a payload at its limit fits, one byte more does not', () => {
    const signatures = [new Uint8Array(64)]
    const fits = { kind: 'k.v1', payload: new Uint8Array(JCS_LIMITS.bytesMax), signatures }
    expect(isReject(parseDsse(encodeDsse(fits), 'k.v1'))).toBe(false)
    const limits = { ...JCS_LIMITS, bytesMax: 30 }
    const over = parseDsse(encodeDsse({ ...fits, payload: new Uint8Array(20_000) }), 'k.v1', limits)
    expect(isReject(over) ? over.code : 'accepted').toBe('jcs-size')
  })

  test('[IDN-8] the signed bytes are those of the DSSE specification', () => {
    const signed = dsseSignedBytes('example.v1', utf8('hello world'))
    expect(new TextDecoder().decode(signed)).toBe(
      'DSSEv1 38 application/vnd.parley.example.v1+json 11 hello world'
    )
  })

  test('[IDN-8] a keyid changes nothing that a reader sees', () => {
    const dsse = { kind: 'k.v1', payload: encodeJcs({}), signatures: [new Uint8Array(64).fill(1)] }
    const plain = encodeDsse(dsse)
    const json = JSON.parse(new TextDecoder().decode(plain)) as { signatures: { sig: string }[] }
    const hinted = encodeJcs({
      ...json,
      signatures: json.signatures.map(({ sig }) => ({ keyid: 'root', sig }))
    })
    expect(parseDsse(hinted, 'k.v1')).toEqual(parseDsse(plain, 'k.v1'))
  })
})
