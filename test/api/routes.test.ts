// Every method of the node, called over HTTP, does what it does when called directly.
import { text } from 'node:stream/consumers'
import { expect, expectTypeOf, test } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { statusOf } from '../../src/api/error-answer.ts'
import { ROUTE_NAMES, ROUTES, type RouteName, type RouteTable } from '../../src/api/routes.ts'
import { SCHEMAS, type Schemas } from '../../src/api/schemas.ts'
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import { toBase64 } from '../../src/wire/base64.ts'
import { NodeError } from '../../src/wire/node-error.ts'
import { CERTIFICATES_MAX, encodeSpaceEntry } from '../../src/wire/space-entry.ts'
import { MemoryNode } from './memory-node.ts'
import { served } from './served.ts'

const ODD = 'Grüße, "peers" & partners/子 🙂 %2e ?#'

type Call = (node: ParleyNode) => Promise<unknown>

/** In an order in which each finds what it needs. */
const CALLS: { [M in Exclude<RouteName, 'subscribe'>]: Call } = {
  createInvite: node => node.createInvite({ expiresInMs: 1000, space: ODD }),
  invites: node => node.invites(),
  revokeInvite: node => node.revokeInvite('invite-0'),
  connect: node => node.connect('/ip4/127.0.0.1/tcp/4001'),
  confirm: node => node.confirm('did:webvh:QmGlobex:globex.example%3A8080', { by: 'Ada', how: ODD }),
  join: node => node.join('parley-invite1abc'),
  peers: node => node.peers(),
  forget: node => node.forget('did:webvh:QmGlobex:globex.example%3A8080'),
  createSpace: node => node.createSpace({ title: ODD, pairing: 'CTO', parties: ['a', 'b'] }),
  acceptSpace: node => node.acceptSpace('space-0'),
  keysToSign: node => node.keysToSign('space-0', ['AAAA', 'BBBB']),
  enterSigned: node => node.enterSigned('space-0', { entry: 'AAAA', signer: 'BBBB', signature: 'CCCC' }),
  pinKeys: node => node.pinKeys('space-0', ['AAAA', 'BBBB']),
  cutKey: node => node.cutKey('space-0', 1, { nothing: true }),
  spaces: node => node.spaces(),
  proposeTerms: node => node.proposeTerms('space-0', { title: ODD, number: 1 }),
  approveRevision: node => node.approveRevision('space-0', 'revision-0'),
  rejectRevision: node => node.rejectRevision('space-0', 'revision-0', ODD),
  revision: node => node.revision('space-0', 'revision-0'),
  suspendAgreement: node => node.suspendAgreement('space-0', ODD),
  resumeAgreement: node => node.resumeAgreement('space-0'),
  terminateAgreement: node => node.terminateAgreement('space-0', ODD),
  agreement: node => node.agreement('space-0'),
  beginDecision: node =>
    node.beginDecision('space-0', {
      title: ODD,
      question: ODD,
      options: [{ title: ODD, text: ODD }],
      policy: { any: [1, null] },
      commitMs: 5,
      revealMs: 6
    }),
  decisions: node => node.decisions(),
  decision: node => node.decision('d0'),
  vote: node =>
    node.vote('d0', {
      choice: 'option',
      option: 0,
      scores: [{ option: 0, criteria: { fit: 5 } }],
      rationale: ODD
    }),
  explainDecision: node => node.explainDecision('d0', ODD),
  mediate: node => node.mediate('d0', { outcome: 'revise', rationale: ODD, changes: [ODD] }),
  decisionProofs: node => node.decisionProofs('d0'),
  setRoleContext: node => node.setRoleContext('CTO', { vision: ODD, notes: ODD }),
  roleContext: node => node.roleContext('CTO'),
  beginScoring: node =>
    node.beginScoring('d0', { scorer: 'ollama', model: ODD, quick: true, artifacts: [ODD], role: 'CFO' }),
  retryScoring: node => node.retryScoring('d0', { role: 'CFO' }),
  enterScores: node =>
    node.enterScores('d0', {
      scores: [
        { option: 0, criterion: 'fit', score: 5, note: ODD },
        { option: 1, criterion: 'fit', score: null }
      ],
      role: 'CFO'
    }),
  scoring: node => node.scoring('d0', { role: 'CFO' }),
  scorings: node => node.scorings(),
  scoringRecord: async node => text(node.scoringRecord('d0', { role: 'CFO' })),
  decisionCertificate: async node => text(node.decisionCertificate('d0')),
  reciprocity: node => node.reciprocity('space-0'),
  release: node => node.release('artifact-0', { to: [ODD] }),
  signReceipts: node => node.signReceipts('space-0', { from: ODD, artifacts: ['a', 'b'] }),
  statement: node => node.statement('space-0', 'did:webvh:QmGlobex:globex.example%3A8080'),
  settle: node => node.settle('facet', 2 ** 53 - 1, 7, 'abc'),
  createArtifact: node =>
    node.createArtifact({ kind: 'StandardsDoc.v1', title: ODD, class: 'private', text: 'x' }),
  artifacts: node => node.artifacts(),
  previewShare: node =>
    node.previewShare('artifact-0', { class: 'public', from: 'private', space: ODD, fields: ['text', ODD] }),
  approveShare: node => node.approveShare('artifact-0', { class: 'public', digest: 'ab', by: ODD }),
  read: node => node.read('artifact-0', { class: 'public' }),
  editText: async node => {
    const { frontier } = await node.read('artifact-0')
    return node.editText('artifact-0', { base: frontier, text: ODD, class: 'shared-confidential' })
  },
  setFields: node => node.setFields('artifact-0', { 'meta.title': ODD, 'meta.tags': [1, null, { a: true }] }),
  log: node => node.log('artifact-0'),
  passages: node => node.passages('artifact-0'),
  late: node => node.late(),
  lateText: node => node.lateText('abcdef'),
  adopt: node => node.adopt('abcdef'),
  drop: node => node.drop('abcdef'),
  checkFacet: node => node.checkFacet('facet-artifact-0'),
  drafts: node => node.drafts('artifact-0'),
  draft: node => node.draft('artifact-0', 'abcdef'),
  seal: async node => text(node.seal('artifact-0', { class: 'public', with: [ODD], decision: ODD })),
  countersign: async node => text(node.countersign(chunks('one'))),
  identityLog: async node => text(node.identityLog('did:webvh:QmAcme:acme.example')),
  exportArtifact: async node => text(node.exportArtifact('artifact-0')),
  importBundle: node => node.importBundle(chunks('one')),
  why: node => node.why(ODD),
  audit: node => node.audit(),
  exportAudit: async node => text(node.exportAudit('e0', { upTo: 'newest' })),
  auditResource: async node => text(node.auditResource('e0', 'tile/0/x001/067.p/5')),
  eraseAudit: node => node.eraseAudit('e0', 3),
  snapshot: async node => text(node.snapshot()),
  refresh: node => node.refresh(),
  lock: node => node.lock(),
  status: node => node.status(),
  goOnline: node => node.goOnline(),
  unlock: node => node.unlock('open sesame')
}

async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

test('[API-14] every call gives over HTTP what it gives directly, in the shape that is published', async () => {
  const { node, home } = await served()
  const twin = new MemoryNode()
  const client = await connectApi(home)
  for (const [name, call] of Object.entries(CALLS) as [RouteName, Call][]) {
    const direct = await call(twin)
    expect(await call(client), name).toEqual(direct)
    const { result } = ROUTES[name]
    if (result in SCHEMAS) expect(SCHEMAS[result as keyof Schemas].parse(direct), name).toEqual(direct)
  }
  expect(node.settled).toEqual(twin.settled)
  expect(await node.status()).toEqual(await twin.status())
  await client.close()
})

test('[API-23] a log of audit is read under the paths of C2SP', async () => {
  const { home } = await served()
  const client = await connectApi(home)
  for (const path of ['checkpoint', 'tile/0/000', 'tile/entries/x001/000.p/255']) {
    expect(await text(client.auditResource('e0', path))).toBe(`e0 ${path}\n`)
  }
  await expect(text(client.auditResource('e0', 'other'))).rejects.toMatchObject({ code: 'no-such-route' })
  await client.close()
})

test('[API-25] an entry that pins as many keys as one can comes through, and so do their certificates', async () => {
  const { home } = await served()
  const client = await connectApi(home)
  const certificate = 'A'.repeat(4 * Math.ceil(16_384 / 3))
  const { entry } = await client.keysToSign('space-0', [certificate])
  expect(entry).toBe(certificate)
  const certificates = Array.from({ length: CERTIFICATES_MAX }, () => new Uint8Array(1_900))
  const largest = encodeSpaceEntry({
    space: new Uint8Array(32),
    company: 0,
    seq: 1,
    prev: new Uint8Array(32),
    act: { kind: 'keys', certificates },
    time: 1
  })
  expect(largest.length).toBeGreaterThan(60_000)
  await client.createSpace({ title: 'one', pairing: 'CTO', parties: [] })
  await client.enterSigned('space-0', { entry: toBase64(largest), signer: 'AAAA', signature: 'AAAA' })
  await client.close()
})

test('[API-14] optional arguments may be left out', async () => {
  const { node, home } = await served()
  const client = await connectApi(home)
  expect(await client.why()).toEqual(await node.why())
  await node.createArtifact({ kind: 'k', title: 't', class: 'public' })
  expect(await client.read('artifact-0')).toEqual(await node.read('artifact-0'))
  await client.close()
})

test('[API-14] a method without a route, or a route of another shape, does not compile', () => {
  type Grown = ParleyNode & { grown(count: number): Promise<string[]> }
  expectTypeOf(ROUTES).toExtend<RouteTable>()
  // @ts-expect-error -- `grown` has no row
  const missing: RouteTable<Grown> = ROUTES
  const grown = { verb: 'POST', path: '/grown', arguments: [], result: 'names' } as const
  // @ts-expect-error -- its argument has no place
  const short: RouteTable<Grown> = { ...ROUTES, grown }
  const index = { place: 'member', name: 'count', schema: 'index' } as const
  const whole: RouteTable<Grown> = { ...ROUTES, grown: { ...grown, arguments: [index] } }
  // @ts-expect-error -- a peer is no list of names
  const other: RouteTable<Grown> = { ...ROUTES, grown: { ...grown, arguments: [index], result: 'peer' } }
  expect([missing, short, whole, other]).toHaveLength(4)
})

test('[API-14] no two routes share a method and a path', () => {
  const places = ROUTE_NAMES.map(name => `${ROUTES[name].verb} ${ROUTES[name].path}`)
  expect(new Set(places).size).toBe(places.length)
})

test('[API-13] a failure of the node arrives with its code, its words and its next step', async () => {
  const { node, home } = await served()
  const client = await connectApi(home)
  for (const call of [
    (each: ParleyNode) => each.read('nothing'),
    (each: ParleyNode) => each.unlock('wrong'),
    (each: ParleyNode) => each.connect('nonsense'),
    (each: ParleyNode) => text(each.exportArtifact('nothing'))
  ]) {
    const direct = await call(node).catch((error: unknown) => error)
    const { code, message, next } = direct as NodeError
    await expect(call(client)).rejects.toEqual(new NodeError(code, message, next))
    await expect(call(client)).rejects.toMatchObject({ name: 'NodeError', code, next })
  }
  await client.close()
})

test('[API-13] the status follows from the code', () => {
  const statuses = {
    'bad-request': 400,
    'unknown-kind': 400,
    'bundle-truncated': 400,
    'role-ambiguous': 400,
    'ballot-shape': 400,
    'wrong-token': 401,
    'wrong-passphrase': 403,
    'bad-host': 403,
    locked: 403,
    'role-missing': 403,
    'no-such-artifact': 404,
    'decision-unknown': 404,
    'scoring-none': 404,
    'already-accepted': 409,
    'facet-read-only': 409,
    'scores-changed': 409,
    'decision-closed': 409,
    'too-large': 413,
    'too-many-streams': 429,
    internal: 500,
    'of-no-family': 500,
    'dial-timeout': 502,
    'store-io': 503,
    'disk-full': 507
  }
  for (const [code, status] of Object.entries(statuses)) expect(statusOf(code), code).toBe(status)
})

test('[API-13] what is no NodeError is told without its words, and reported to the node', async () => {
  const { node, home, faults } = await served()
  const client = await connectApi(home)
  const fault = new Error('secret words')
  node.status = () => Promise.reject(fault)
  const error = await client.status().catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'internal' })
  expect(String(error)).not.toContain('secret')
  expect(faults).toEqual([fault])
  await client.close()
})

test('[API-15] a body that is not UTF-8 is refused', async () => {
  const { api, token } = await served()
  const answer = await fetch(`${api.url}/api/v1/unlock`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: Buffer.from('{"passphrase":"\xff"}', 'latin1')
  })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({
    error: { code: 'bad-request', message: 'the body: not UTF-8' }
  })
})
