import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TIME, acme, key, must } from '../../scripts/vectors/identity-builders.ts'
import {
  VALIDITY_MS_MAX,
  isRevoked,
  issueNodeCertificate,
  issueRoleCertificate,
  requestNode,
  requestRole,
  verifyNodeCertificate,
  verifyNodeRequest,
  verifyRoleCertificate,
  verifyRoleRequest
} from '../../src/identity/certificate.ts'
import { appendIdentity, verifyIdentityLog } from '../../src/identity/identity-log.ts'
import { keyOfPeerId, peerIdOf } from '../../src/identity/peer-id.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import { encodeDsse, parseDsse } from '../../src/wire/dsse.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'

const file = new URL('../../protocols/identity/vectors/certificates.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  log: string
  valid: { id: string; kind: string; document: string }[]
  invalid: { id: string; kind: string; code: string; document: string }[]
}
const company = must(verifyIdentityLog(utf8(vectors.log)))
const { first, second, third } = acme()
const root = key('spare 3')
const validity = { validFrom: TIME, validUntil: TIME + VALIDITY_MS_MAX }

function verify(kind: string, document: Uint8Array) {
  if (kind === 'role-certificate.v1') return verifyRoleCertificate(document, company)
  if (kind === 'node-certificate.v1') return verifyNodeCertificate(document, company)
  return kind === 'role-request.v1' ? verifyRoleRequest(document) : verifyNodeRequest(document)
}

const codeOf = (value: unknown) => (isReject(value) ? value.code : 'accepted')
const ada = { kind: 'human' as const, name: 'Ada Lovelace' }
const request = must(verifyRoleRequest(requestRole(third.did, 'CTO', ada, key('ada'))))

describe('certificates', () => {
  test.each(vectors.valid.map(vector => [vector.kind, vector.id, vector.document] as const))(
    '[IDN-20] %s: %s',
    (kind, _id, document) => expect(codeOf(verify(kind, utf8(document)))).toBe('accepted')
  )

  test.each(vectors.invalid.map(vector => [vector.code, vector.kind, vector.id, vector.document] as const))(
    '[IDN-20] %s: %s, %s',
    (code, kind, _id, document) => expect(codeOf(verify(kind, utf8(document)))).toBe(code)
  )

  test('[IDN-20] a second signature is one too many', () => {
    const bytes = requestRole(third.did, 'CTO', ada, key('ada'))
    const dsse = must(parseDsse(bytes, 'role-request.v1'))
    const twice = encodeDsse({ ...dsse, signatures: [...dsse.signatures, ...dsse.signatures] })
    expect(codeOf(verifyRoleRequest(twice))).toBe('document-signatures')
  })

  test('[IDN-20] no changed byte of a certificate is accepted', () => {
    const bytes = must(issueRoleCertificate(third, root, request, { powers: ['vote'], ...validity }))
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes)
      changed[at] = (changed[at] as number) ^ 1
      expect(codeOf(verifyRoleCertificate(changed, third))).not.toBe('accepted')
    }
  })

  test('[IDN-21] a log that is behind gets no verdict, and nobody is at fault', () => {
    const bytes = must(issueRoleCertificate(third, root, request, { powers: ['vote'], ...validity }))
    const refused = verifyRoleCertificate(bytes, second) as Reject
    expect([refused.code, refused.fault]).toEqual(['identity-version', false])
    expect(codeOf(verifyRoleCertificate(bytes, third))).toBe('accepted')
  })

  test('[IDN-21] a root key of the past cannot certify at the present version', () => {
    const grant = { powers: ['vote' as const], ...validity }
    expect(codeOf(issueRoleCertificate(third, key('root 1'), request, grant))).toBe('signature')
    expect(codeOf(issueRoleCertificate(first, key('root 1'), request, grant))).toBe('accepted')
  })

  test('[IDN-22] 90 days are the most', () => {
    const over = { powers: ['vote' as const], validFrom: TIME, validUntil: TIME + VALIDITY_MS_MAX + 1000 }
    expect(codeOf(issueRoleCertificate(third, root, request, over))).toBe('certificate-validity')
    const node = must(verifyNodeRequest(requestNode(third.did, 'office', key('office'))))
    expect(codeOf(issueNodeCertificate(third, root, node, over))).toBe('certificate-validity')
  })

  test('[IDN-23] an agent gets no power but to advise', () => {
    const agent = { ...request, holder: { kind: 'agent' as const, name: 'drafter' } }
    for (const power of ['vote', 'seal', 'mediate'] as const) {
      expect(
        codeOf(issueRoleCertificate(third, root, agent, { powers: ['advise', power], ...validity }))
      ).toBe('certificate-powers')
    }
    expect(codeOf(issueRoleCertificate(third, root, agent, { powers: ['advise'], ...validity }))).toBe(
      'accepted'
    )
  })

  test('[IDN-24] expiry and revocation are told, not refused', () => {
    const past = { powers: ['vote' as const], validFrom: 0, validUntil: 1000 }
    const bytes = must(issueRoleCertificate(third, root, request, past))
    const certificate = must(verifyRoleCertificate(bytes, third))
    expect(certificate.expiresAt).toBe(1000)
    expect(isRevoked(certificate, third)).toBe(false)

    const keys = { rootKey: key('root 4'), nextKeyHashes: [nextKeyHash(key('root 5').publicKey)] }
    const byHolder = must(appendIdentity(third, { revoke: [certificate.key] }, keys, 0))
    const byIssuer = must(appendIdentity(third, { revoke: [root.publicKey] }, keys, 0))
    for (const later of [byHolder, byIssuer]) {
      const same = must(verifyRoleCertificate(bytes, later))
      expect(isRevoked(same, later)).toBe(true)
    }
  })

  test('[IDN-25] a request shows possession of its key, and a renewal needs no new one', () => {
    const grant = { powers: ['advise' as const], ...validity }
    const old = must(verifyRoleCertificate(must(issueRoleCertificate(third, root, request, grant)), third))
    const later = { ...grant, validFrom: TIME + 1000, validUntil: TIME + 2000 }
    const renewed = must(verifyRoleCertificate(must(issueRoleCertificate(third, root, old, later)), third))
    const { company, role, holder, key: held } = renewed
    expect({ company, role, holder, key: held }).toEqual(request)
    expect(renewed.validFrom).toBe(TIME + 1000)
  })

  test('[IDN-26] peer ids are those of libp2p', () => {
    const { seed, publicKey } = key('office')
    const raw = new Uint8Array([...seed, ...publicKey.bytes])
    const theirs = peerIdFromPrivateKey(privateKeyFromRaw(raw)).toString()
    expect(peerIdOf(publicKey)).toBe(theirs)
    expect(keyOfPeerId(theirs)).toBe(publicKey)
  })
})
