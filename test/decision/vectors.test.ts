import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { verifyCertificate } from '../../src/decision/certificate-check.ts'
import { verifyEquivocation } from '../../src/decision/equivocation.ts'
import { parseMessage } from '../../src/decision/message.ts'
import { PolicySchema, checkPolicy, quorumsOf, ruleFor } from '../../src/decision/policy.ts'
import { verifyIdentityLog } from '../../src/identity/identity-log.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import { decisionFiles } from '../../scripts/vectors/decision.ts'
import { must } from '../../scripts/vectors/decision-builders.ts'
import { print } from '../../scripts/vectors/space-builders.ts'

const FOLDER = new URL('../../protocols/decision/', import.meta.url)
const load = (path: string) => JSON.parse(readFileSync(new URL(path, FOLDER), 'utf8'))
const codeOf = (value: unknown) => (isReject(value) ? value.code : 'accepted')

describe('protocols/decision', () => {
  it('vectors and schemas are what their generator writes', () => {
    for (const [path, value] of decisionFiles())
      expect(readFileSync(new URL(path, FOLDER), 'utf8')).toBe(print(value))
  })
})

describe('policies', () => {
  const { valid, invalid } = load('vectors/policies.json')
  it.each(valid as { policy: object; quorums: { [kind: string]: object } }[])(
    '[DEC-2] [DEC-3] $name',
    ({ policy, quorums }) => {
      const parsed = PolicySchema.parse(policy)
      expect(checkPolicy(parsed)).toBeUndefined()
      for (const [kind, expected] of Object.entries(quorums))
        expect(quorumsOf(parsed, ruleFor(parsed, kind === 'default' ? undefined : kind))).toEqual(expected)
    }
  )
  it.each(invalid as { policy: object; code: string }[])('[DEC-1] refuses $name', ({ policy, code }) => {
    const shape = PolicySchema.safeParse(policy)
    expect(shape.success ? checkPolicy(shape.data)?.code : 'policy-shape').toBe(code)
  })
})

describe('messages', () => {
  const { identities, valid, invalid } = load('vectors/messages.json')
  const known = new Map<string, CompanyIdentity>()
  for (const log of identities as string[]) {
    const identity = must(verifyIdentityLog(utf8(log)))
    known.set(identity.did, identity)
  }
  const read = ({ document, certificate }: { document: string; certificate: string }) =>
    parseMessage({ document: utf8(document), certificate: utf8(certificate) }, did => known.get(did))
  it.each(valid as { id: string; kind: string; document: string; certificate: string }[])(
    '[DEC-4] $name',
    expected => {
      expect(read(expected)).toMatchObject({ id: expected.id, kind: expected.kind })
    }
  )
  it.each(invalid as { code: string; document: string; certificate: string }[])(
    '[DEC-5] [DEC-7] [DEC-9] [DEC-10] refuses $name',
    expected => {
      expect(codeOf(read(expected))).toBe(expected.code)
    }
  )
  it('[DEC-5] waits for an identity log that is not here', () => {
    const [first] = valid as { document: string; certificate: string }[]
    const record = { document: utf8(first?.document ?? ''), certificate: utf8(first?.certificate ?? '') }
    expect(parseMessage(record, () => undefined)).toHaveProperty('waitsFor')
  })
})

describe('certificates', () => {
  const { valid, invalid } = load('vectors/certificates.json')
  type One = { name: string; rule: string; code: string; certificate: string; outcome: object }
  it.each(valid as One[])('[$rule] $name', ({ certificate, outcome }) => {
    expect(verifyCertificate(utf8(certificate))).toMatchObject({ file: { outcome } })
  })
  it.each(invalid as One[])('[$rule] refuses $name', ({ certificate, code }) => {
    expect(codeOf(verifyCertificate(utf8(certificate)))).toBe(code)
  })
})

describe('proofs of equivocations', () => {
  const { valid, invalid } = load('vectors/proofs.json')
  type One = { name: string; code: string; proof: string; shows: object }
  it.each(valid as One[])('[DEC-31] [DEC-8] $name', ({ proof, shows }) => {
    expect(verifyEquivocation(utf8(proof))).toEqual(shows)
  })
  it.each(invalid as One[])('[DEC-31] refuses $name', ({ proof, code }) => {
    expect(codeOf(verifyEquivocation(utf8(proof)))).toBe(code)
  })
})
