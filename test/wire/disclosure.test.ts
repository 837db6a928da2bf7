// Disclosures of RFC 9901: its own examples, and ours in one spelling.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Disclosure,
  digestOf,
  makeDisclosure,
  parseDisclosure,
  reveal,
  toBase64url
} from '../../src/wire/disclosure.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import type { JcsValue } from '../../src/wire/jcs.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'

/** Of sections 4.2 and 5.1 and 6.3: the digest, and the JSON in the spelling of the RFC, with spaces. */
const EXAMPLES: [digest: string, json: string][] = [
  ['X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0', '["_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius"]'],
  ['w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs', '["lklxF5jMYlGTPUovMNIvCA", "FR"]'],
  ['jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4', '["2GLC42sKQveCfGfryNRN9w", "given_name", "John"]'],
  ['TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo', '["eluV5Og3gSNII8EYnsxA_A", "family_name", "Doe"]'],
  [
    'JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE',
    '["6Ij7tM-a5iVPGboS5tmvVA", "email", "johndoe@example.com"]'
  ],
  [
    'PorFbpKuVu6xymJagvkFsFXAbRoc2JGlAUA2BA4o7cI',
    '["eI8ZWm9QnKPpNPeNenHdhQ", "phone_number", "+1-202-555-0101"]'
  ],
  [
    'XQ_3kPKt1XyX7KANkqVR6yZ2Va5NrPIvPYbyMvRKBMM',
    '["Qg_O64zqAxe412a108iroA", "phone_number_verified", true]'
  ],
  [
    'XzFrzwscM6Gn6CJDc6vVK8BkMnfG8vOSKfpPIZdAfdE',
    '["AJx-095VPrpTtN4QMOqROA", "address", {"street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"}]'
  ],
  ['gbOsI4Edq2x2Kw-w5wPEzakob9hV1cRD0ATN3oQL9JM', '["Pc33JM2LchcU_lHggv_ufQ", "birthdate", "1940-01-01"]'],
  ['CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI', '["G02NSrQfjFXQ7Io09syajA", "updated_at", 1570000000]'],
  ['pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo', '["lklxF5jMYlGTPUovMNIvCA", "US"]'],
  ['7Cf6JkPudry3lcbwHgeZ8khAv1U1OSlerP0VkBJrWZ0', '["nPuoQnkRFq3BIeAm7AnXFA", "DE"]'],
  ['KURDPh4ZC19-3tiz-Df39V8eidy1oV3a3H1Da2N0g88', '["6Ij7tM-a5iVPGboS5tmvVA", "region", "Sachsen-Anhalt"]'],
  ['WN9r9dCBJ8HTCsS2jKASxTjEyW5m5x65_Z_2ro2jfXM', '["eI8ZWm9QnKPpNPeNenHdhQ", "country", "DE"]'],
  [
    'HvrKX6fPV0v9K_yCVFBiLFHsMaxcD_114Em6VT8x1lg',
    '["Qg_O64zqAxe412a108iroA", "address", {"_sd": ["6vh9bq-zS4GKM_7GpggVbYzzu6oOGXrmNVGPHP75Ud0", "9gjVuXtdFROCgRrtNcGUXmF65rdezi_6Er_j76kmYyM", "KURDPh4ZC19-3tiz-Df39V8eidy1oV3a3H1Da2N0g88", "WN9r9dCBJ8HTCsS2jKASxTjEyW5m5x65_Z_2ro2jfXM"]}]'
  ]
]

/** As an RFC 9901 reader would have it: the RFC takes any spelling. */
function example(digest: string): Disclosure {
  const json = EXAMPLES.find(([one]) => one === digest)?.[1] ?? ''
  const text = toBase64url(utf8(json))
  const [salt, second, third] = JSON.parse(json) as [string, JcsValue, JcsValue | undefined]
  const named = third !== undefined
  return { text, digest, salt, name: named ? (second as string) : undefined, value: named ? third : second }
}

/** The payload of section 5.1, but for the holder's key. */
const PAYLOAD = {
  _sd: [
    'CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI',
    'JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE',
    'PorFbpKuVu6xymJagvkFsFXAbRoc2JGlAUA2BA4o7cI',
    'TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo',
    'XQ_3kPKt1XyX7KANkqVR6yZ2Va5NrPIvPYbyMvRKBMM',
    'XzFrzwscM6Gn6CJDc6vVK8BkMnfG8vOSKfpPIZdAfdE',
    'gbOsI4Edq2x2Kw-w5wPEzakob9hV1cRD0ATN3oQL9JM',
    'jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4'
  ],
  iss: 'https://issuer.example.com',
  sub: 'user_42',
  nationalities: [
    { '...': 'pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo' },
    { '...': '7Cf6JkPudry3lcbwHgeZ8khAv1U1OSlerP0VkBJrWZ0' }
  ]
}

const shown = (payload: JcsValue, disclosures: Disclosure[]) => {
  const revealed = reveal(payload, disclosures)
  if (isReject(revealed)) throw new Error(revealed.toString())
  return revealed
}

describe('the examples of RFC 9901', () => {
  test.each(EXAMPLES)('[DOC-13] %s is the digest of %s', (digest, json) => {
    expect(digestOf(toBase64url(utf8(json)))).toBe(digest)
  })

  test('[DOC-19] section 5.1: with all disclosures, the claims that the issuer began with', () => {
    const all = [...PAYLOAD._sd, ...PAYLOAD.nationalities.map(element => element['...'])].map(example)
    // The RFC itself uses one salt for two of its examples, but not within one file.
    expect(shown(PAYLOAD, all)).toMatchObject({
      value: {
        iss: 'https://issuer.example.com',
        sub: 'user_42',
        given_name: 'John',
        family_name: 'Doe',
        email: 'johndoe@example.com',
        phone_number: '+1-202-555-0101',
        phone_number_verified: true,
        address: { street_address: '123 Main St', locality: 'Anytown', region: 'Anystate', country: 'US' },
        birthdate: '1940-01-01',
        updated_at: 1570000000,
        nationalities: ['US', 'DE']
      },
      withheld: 0
    })
  })

  test('[DOC-19] section 5.2: the presentation of four claims, one of them a nationality', () => {
    const some = [PAYLOAD._sd[3], PAYLOAD._sd[5], PAYLOAD._sd[7], PAYLOAD.nationalities[0]?.['...']]
    const { value, withheld } = shown(
      PAYLOAD,
      some.map(digest => example(digest as string))
    )
    expect(value).toEqual({
      iss: 'https://issuer.example.com',
      sub: 'user_42',
      given_name: 'John',
      family_name: 'Doe',
      address: { street_address: '123 Main St', locality: 'Anytown', region: 'Anystate', country: 'US' },
      nationalities: ['US']
    })
    expect(withheld).toBe(6)
  })

  test('[DOC-19] section 6.3: parts within a part', () => {
    const [region, country, address] = EXAMPLES.slice(-3).map(([digest]) => example(digest)) as [
      Disclosure,
      Disclosure,
      Disclosure
    ]
    const payload = { _sd: [address.digest] }
    expect(shown(payload, [address, region, country])).toMatchObject({
      value: { address: { region: 'Sachsen-Anhalt', country: 'DE' } },
      withheld: 2
    })
    const alone = reveal(payload, [region]) as Reject
    expect(alone.code).toBe('disclosure-unknown')
  })
})

describe('disclosures', () => {
  const json = fc.letrec<{ value: JcsValue }>(tie => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, false, '', 'text', 0, -1),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'constructor', 'toString'), tie('value'))
    )
  })).value
  const saltBytes = fc.uint8Array({ minLength: 16, maxLength: 32 })

  test('[DOC-13] what is made is parsed as the same', () => {
    fc.assert(
      fc.property(saltBytes, json, fc.option(fc.constantFrom('a', 'constructor')), (salt, value, name) => {
        const made = makeDisclosure(salt, value, name ?? undefined)
        expect(parseDisclosure(made.text)).toEqual(made)
      }),
      { seed: 1, numRuns: 300 }
    )
  })

  test('[DOC-15] names of every object are names like others, and no prototype is touched', () => {
    const part = makeDisclosure(new Uint8Array(16), 'x', 'constructor')
    const { value } = shown({ _sd: [part.digest] }, [part])
    expect(Object.keys(value as object)).toEqual(['constructor'])
    const proto = toBase64url(utf8(`["${toBase64url(new Uint8Array(16))}","__proto__",{"polluted":true}]`))
    expect((parseDisclosure(proto) as Reject).code).toBe('disclosure-name')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('[DOC-21] a chain of ten thousand parts is refused, not followed', () => {
    let value: JcsValue = 'x'
    const parts: Disclosure[] = []
    for (let i = 0; i < 10_000; i++) {
      const salt = new Uint8Array(16)
      new DataView(salt.buffer).setUint32(0, i)
      const part = makeDisclosure(salt, value, 'a')
      parts.push(part)
      value = { _sd: [part.digest] }
    }
    expect((reveal(value, parts) as Reject).code).toBe('disclosure-depth')
  })
})
