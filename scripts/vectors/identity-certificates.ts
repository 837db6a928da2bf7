// Certificates and requests for the vectors of protocols/identity; each invalid one breaks one rule.
import {
  VALIDITY_MS_MAX,
  issueNodeCertificate,
  issueRoleCertificate,
  requestNode,
  requestRole,
  verifyNodeRequest,
  verifyRoleRequest
} from '../../src/identity/certificate.ts'
import type { SecretKey } from '../../src/identity/ed25519.ts'
import { peerIdOf } from '../../src/identity/peer-id.ts'
import { signDocument } from '../../src/identity/signed-document.ts'
import type { JcsValue } from '../../src/wire/jcs.ts'
import type { Reject } from '../../src/wire/reject.ts'
import { TIME, acme, key, multikey, must, text, webHosted } from './identity-builders.ts'

export function validDocuments(): [id: string, kind: string, document: string][] {
  const { third } = acme()
  const root = key('spare 3')
  const role = must(
    verifyRoleRequest(requestRole(third.did, 'CTO', { kind: 'human', name: 'Ada Lovelace' }, key('ada')))
  )
  const agent = {
    ...role,
    holder: { kind: 'agent' as const, name: 'drafting agent' },
    key: key('agent').publicKey
  }
  const node = must(verifyNodeRequest(requestNode(third.did, 'office', key('office'))))
  const validity = { validFrom: TIME, validUntil: TIME + VALIDITY_MS_MAX }
  const old = {
    ...validity,
    validFrom: Date.parse('1999-12-31T00:00:00Z'),
    validUntil: Date.parse('2000-01-01T00:00:00Z')
  }
  const issued = (bytes: Uint8Array | Reject) => text(must(bytes))
  return [
    ['a request', 'role-request.v1', text(requestRole(third.did, 'CTO', role.holder, key('ada')))],
    ['a request of a node', 'node-request.v1', text(requestNode(third.did, 'office', key('office')))],
    [
      'all powers for 90 days',
      'role-certificate.v1',
      issued(
        issueRoleCertificate(third, root, role, {
          powers: ['advise', 'vote', 'seal', 'mediate'],
          ...validity
        })
      )
    ],
    [
      'an agent that advises',
      'role-certificate.v1',
      issued(issueRoleCertificate(third, root, agent, { powers: ['advise'], ...validity }))
    ],
    [
      'long expired',
      'role-certificate.v1',
      issued(issueRoleCertificate(third, root, role, { powers: ['vote'], ...old }))
    ],
    [
      'of an earlier root key',
      'role-certificate.v1',
      text(roleCertificate({}, { signer: key('root 1'), issuer: acme().first.head }))
    ],
    [
      'of a revoked key',
      'role-certificate.v1',
      text(roleCertificate({ key: key('lost laptop').publicKey.multikey }))
    ],
    ['a node', 'node-certificate.v1', issued(issueNodeCertificate(third, root, node, validity))]
  ]
}

interface Issue {
  signer?: SecretKey
  issuer?: string
  kind?: string
}

function roleCertificate(over: Record<string, JcsValue | undefined>, issue: Issue = {}): Uint8Array {
  const { third } = acme()
  const json: Record<string, JcsValue | undefined> = {
    company: third.did,
    holder: { kind: 'human', name: 'Ada Lovelace' },
    issuer: issue.issuer ?? third.head,
    key: key('ada').publicKey.multikey,
    powers: ['advise', 'vote'],
    role: 'CTO',
    validFrom: '2026-01-05T09:00:00Z',
    validUntil: '2026-04-05T09:00:00Z',
    ...over
  }
  const set = Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined))
  return signDocument(
    issue.kind ?? 'role-certificate.v1',
    set as Record<string, JcsValue>,
    issue.signer ?? key('spare 3')
  )
}

function nodeCertificate(over: Record<string, JcsValue>): Uint8Array {
  const { third } = acme()
  const json = {
    company: third.did,
    issuer: third.head,
    name: 'office',
    peer: peerIdOf(key('office').publicKey),
    validFrom: '2026-01-05T09:00:00Z',
    validUntil: '2026-04-05T09:00:00Z',
    ...over
  }
  return signDocument('node-certificate.v1', json, key('spare 3'))
}

export function invalidDocuments(): [id: string, kind: string, code: string, document: string][] {
  const { third } = acme()
  const roles: [string, string, Uint8Array][] = [
    ['signed by a stranger', 'signature', roleCertificate({}, { signer: key('thief') })],
    ['signed by the holder', 'signature', roleCertificate({}, { signer: key('ada') })],
    [
      'signed by the root key of another version',
      'signature',
      roleCertificate({}, { issuer: third.head, signer: key('root 1') })
    ],
    [
      'a version that the log does not have',
      'identity-version',
      roleCertificate({}, { issuer: third.head.replace('3-', '4-') })
    ],
    ['another company', 'certificate-company', roleCertificate({ company: webHosted().did })],
    ['a role that does not exist', 'document-shape', roleCertificate({ role: 'CIO' })],
    ['a role in small letters', 'document-shape', roleCertificate({ role: 'cto' })],
    ['a holder of another kind', 'document-shape', roleCertificate({ holder: { kind: 'robot', name: 'R' } })],
    ['no holder', 'document-shape', roleCertificate({ holder: undefined })],
    ['an unknown member', 'document-shape', roleCertificate({ note: 'x' })],
    ['no powers', 'document-shape', roleCertificate({ powers: [] })],
    ['an unknown power', 'document-shape', roleCertificate({ powers: ['veto'] })],
    ['powers out of order', 'certificate-powers', roleCertificate({ powers: ['vote', 'advise'] })],
    ['a power twice', 'certificate-powers', roleCertificate({ powers: ['vote', 'vote'] })],
    [
      'an agent that votes',
      'certificate-powers',
      roleCertificate({ holder: { kind: 'agent', name: 'A' }, powers: ['advise', 'vote'] })
    ],
    [
      'an agent that seals',
      'certificate-powers',
      roleCertificate({ holder: { kind: 'agent', name: 'A' }, powers: ['seal'] })
    ],
    [
      'a second over 90 days',
      'certificate-validity',
      roleCertificate({ validUntil: '2026-04-05T09:00:01Z' })
    ],
    [
      'the end before the start',
      'certificate-validity',
      roleCertificate({ validUntil: '2026-01-04T09:00:00Z' })
    ],
    ['the end at the start', 'certificate-validity', roleCertificate({ validUntil: '2026-01-05T09:00:00Z' })],
    [
      'a day that does not exist',
      'certificate-validity',
      roleCertificate({ validUntil: '2026-02-30T09:00:00Z' })
    ],
    [
      'a time with milliseconds',
      'document-shape',
      roleCertificate({ validFrom: '2026-01-05T09:00:00.000Z' })
    ],
    ['a key of small order', 'key-order', roleCertificate({ key: multikey('01'.padEnd(64, '0')) })],
    ['a key that is no multikey', 'key-multikey', roleCertificate({ key: 'key-1' })],
    ['the root key itself', 'certificate-key', roleCertificate({ key: key('spare 3').publicKey.multikey })],
    [
      'a name that runs backwards',
      'certificate-name',
      roleCertificate({ holder: { kind: 'human', name: 'Ada \u202eecalevoL' } })
    ],
    [
      'a request in place of a certificate',
      'dsse-type',
      requestRole(third.did, 'CTO', { kind: 'human', name: 'Ada' }, key('ada'))
    ],
    ['certified under another type', 'dsse-type', roleCertificate({}, { kind: 'node-certificate.v1' })]
  ]
  const others: [string, string, string, Uint8Array][] = [
    [
      'a node of another key type',
      'node-certificate.v1',
      'node-peer',
      nodeCertificate({ peer: 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N' })
    ],
    [
      'a peer id in another base',
      'node-certificate.v1',
      'node-peer',
      nodeCertificate({ peer: `z${peerIdOf(key('office').publicKey)}` })
    ],
    [
      'a node over 90 days',
      'node-certificate.v1',
      'certificate-validity',
      nodeCertificate({ validUntil: '2026-05-01T00:00:00Z' })
    ],
    [
      'a node with the root key',
      'node-certificate.v1',
      'certificate-key',
      nodeCertificate({ peer: peerIdOf(key('spare 3').publicKey) })
    ],
    [
      'a request that another key signed',
      'role-request.v1',
      'signature',
      signDocument(
        'role-request.v1',
        {
          company: third.did,
          holder: { kind: 'human', name: 'Ada' },
          key: key('ada').publicKey.multikey,
          role: 'CTO'
        },
        key('thief')
      )
    ],
    [
      'a request that asks for powers',
      'role-request.v1',
      'document-shape',
      signDocument(
        'role-request.v1',
        {
          company: third.did,
          holder: { kind: 'human', name: 'Ada' },
          key: key('ada').publicKey.multikey,
          powers: ['seal'],
          role: 'CTO'
        },
        key('ada')
      )
    ],
    [
      'a node request that another key signed',
      'node-request.v1',
      'signature',
      signDocument(
        'node-request.v1',
        { company: third.did, name: 'office', peer: peerIdOf(key('office').publicKey) },
        key('thief')
      )
    ]
  ]
  return [
    ...roles.map(
      ([id, code, bytes]) =>
        [id, 'role-certificate.v1', code, text(bytes)] as [string, string, string, string]
    ),
    ...others.map(
      ([id, kind, code, bytes]) => [id, kind, code, text(bytes)] as [string, string, string, string]
    )
  ]
}
