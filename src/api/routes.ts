// The local API in one table: server, client and the published description are all driven by it, so that they
// cannot drift apart. protocols/api, section 4. Data only: clients load it, and it loads nothing.
import type { z } from 'zod'
import type { ParleyNode } from '../node/surface/parley-node.ts'
import type { Schemas } from './schemas.ts'

export const API_PREFIX = '/api/v1'

/** Closing a client leaves the node running: the one method that is not a route. */
export type RouteName<N = ParleyNode> = Exclude<keyof N, 'close'>

/** Where an argument travels. `member` and `whole` are in the query of a GET, else in the JSON body. */
export type Argument =
  | { readonly place: 'path' | 'whole'; readonly name: string; readonly schema: keyof Schemas }
  | {
      readonly place: 'member'
      readonly name: string
      readonly schema: keyof Schemas
      readonly optional?: true
    }
  | { readonly place: 'bundle' }

export interface AnyRoute {
  readonly verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly arguments: readonly Argument[]
  /** A schema for JSON (200), `nothing` (204), a `bundle` of bytes, or the stream of `events`. */
  readonly result: keyof Schemas | 'nothing' | 'bundle' | 'events'
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what tells identical types from assignable ones
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
type SchemaOf<T> = {
  [K in keyof Schemas]: Same<z.output<Schemas[K]>, T> extends true ? K : never
}[keyof Schemas]

type ArgumentOf<T> = undefined extends T
  ? ArgumentOf<NonNullable<T>> & ({ place: 'whole' } | { optional: true })
  : T extends AsyncIterable<Uint8Array>
    ? { readonly place: 'bundle' }
    : Exclude<Argument, { place: 'bundle' }> & { readonly schema: SchemaOf<T> }
type ArgumentsOf<P extends readonly unknown[]> = { readonly [I in keyof P]-?: ArgumentOf<P[I]> }
type ResultOf<R> = [R] extends [void]
  ? 'nothing'
  : R extends AsyncIterable<Uint8Array>
    ? 'bundle'
    : SchemaOf<R>

type RouteOf<F> = F extends (...args: infer P) => infer R
  ? AnyRoute & { readonly arguments: ArgumentsOf<P>; readonly result: ResultOf<Awaited<R>> }
  : never
/** A row for every method, with the schemas of exactly its arguments and its result, or it does not compile. */
export type RouteTable<N = ParleyNode> = {
  readonly [M in RouteName<N>]: M extends 'subscribe'
    ? AnyRoute & { readonly arguments: readonly []; readonly result: 'events' }
    : RouteOf<N[M]>
}

const inPath = <S extends keyof Schemas>(name: string, schema: S) =>
  ({ place: 'path', name, schema }) as const
const member = <S extends keyof Schemas>(name: string, schema: S) =>
  ({ place: 'member', name, schema }) as const
const whole = <S extends keyof Schemas>(schema: S) => ({ place: 'whole', name: 'body', schema }) as const

const artifact = inPath('artifact', 'name')
const space = inPath('space', 'name')
const revision = inPath('revision', 'name')
const decision = inPath('decision', 'name')
const log = inPath('log', 'name')

// prettier-ignore
export const ROUTES: RouteTable = {
  status: { verb: 'GET', path: '/status', arguments: [], result: 'status' },
  peers: { verb: 'GET', path: '/peers', arguments: [], result: 'peers' },
  connect: { verb: 'POST', path: '/peers', arguments: [member('address', 'name')], result: 'peer' },
  forget: { verb: 'DELETE', path: '/peers/:did', arguments: [inPath('did', 'name')], result: 'nothing' },
  confirm: { verb: 'PUT', path: '/peers/:did/confirmation', arguments: [inPath('did', 'name'), whole('confirmation')], result: 'peer' },

  invites: { verb: 'GET', path: '/invites', arguments: [], result: 'invites' },
  createInvite: { verb: 'POST', path: '/invites', arguments: [whole('inviteOptions')], result: 'invite' },
  revokeInvite: { verb: 'DELETE', path: '/invites/:id', arguments: [inPath('id', 'name')], result: 'nothing' },
  join: { verb: 'POST', path: '/invites/accepted', arguments: [member('token', 'name')], result: 'peer' },

  spaces: { verb: 'GET', path: '/spaces', arguments: [], result: 'spaces' },
  createSpace: { verb: 'POST', path: '/spaces', arguments: [whole('spaceOptions')], result: 'space' },
  acceptSpace: { verb: 'PUT', path: '/spaces/:space/acceptance', arguments: [space], result: 'space' },
  pinKeys: { verb: 'POST', path: '/spaces/:space/keys', arguments: [space, member('certificates', 'certificates')], result: 'space' },
  keysToSign: { verb: 'POST', path: '/spaces/:space/keys/draft', arguments: [space, member('certificates', 'certificates')], result: 'entryToSign' },
  enterSigned: { verb: 'POST', path: '/spaces/:space/entries', arguments: [space, whole('signedEntry')], result: 'space' },
  cutKey: { verb: 'PUT', path: '/spaces/:space/keys/:key/cut', arguments: [space, inPath('key', 'pathNumber'), whole('cutOptions')], result: 'space' },
  agreement: { verb: 'GET', path: '/spaces/:space/agreement', arguments: [space], result: 'agreement' },
  revision: { verb: 'GET', path: '/spaces/:space/revisions/:revision', arguments: [space, revision], result: 'revisionText' },
  proposeTerms: { verb: 'POST', path: '/spaces/:space/revisions', arguments: [space, whole('fields')], result: 'agreement' },
  approveRevision: { verb: 'PUT', path: '/spaces/:space/revisions/:revision/approval', arguments: [space, revision], result: 'agreement' },
  rejectRevision: { verb: 'PUT', path: '/spaces/:space/revisions/:revision/rejection', arguments: [space, revision, member('reason', 'reason')], result: 'agreement' },
  suspendAgreement: { verb: 'PUT', path: '/spaces/:space/suspension', arguments: [space, member('reason', 'reason')], result: 'agreement' },
  resumeAgreement: { verb: 'DELETE', path: '/spaces/:space/suspension', arguments: [space], result: 'agreement' },
  terminateAgreement: { verb: 'PUT', path: '/spaces/:space/termination', arguments: [space, member('reason', 'reason')], result: 'agreement' },
  decisions: { verb: 'GET', path: '/decisions', arguments: [], result: 'decisions' },
  decision: { verb: 'GET', path: '/decisions/:decision', arguments: [decision], result: 'decision' },
  beginDecision: { verb: 'POST', path: '/spaces/:space/decisions', arguments: [space, whole('topic')], result: 'decision' },
  vote: { verb: 'POST', path: '/decisions/:decision/ballots', arguments: [decision, whole('ballot')], result: 'decision' },
  explainDecision: { verb: 'POST', path: '/decisions/:decision/rationales', arguments: [decision, member('text', 'rationale')], result: 'decision' },
  mediate: { verb: 'POST', path: '/decisions/:decision/mediations', arguments: [decision, whole('mediation')], result: 'decision' },
  decisionCertificate: { verb: 'GET', path: '/decisions/:decision/certificate', arguments: [decision], result: 'bundle' },
  decisionProofs: { verb: 'GET', path: '/decisions/:decision/proofs', arguments: [decision], result: 'proofs' },
  roleContext: { verb: 'GET', path: '/contexts/:role', arguments: [inPath('role', 'name')], result: 'roleContext' },
  setRoleContext: { verb: 'PATCH', path: '/contexts/:role', arguments: [inPath('role', 'name'), whole('contextChange')], result: 'roleContext' },
  scorings: { verb: 'GET', path: '/scorings', arguments: [], result: 'scorings' },
  scoring: { verb: 'GET', path: '/decisions/:decision/scoring', arguments: [decision, whole('scoringOptions')], result: 'scoring' },
  beginScoring: { verb: 'POST', path: '/decisions/:decision/scoring', arguments: [decision, whole('scoringRequest')], result: 'scoring' },
  enterScores: { verb: 'PATCH', path: '/decisions/:decision/scoring', arguments: [decision, whole('enteredScores')], result: 'scoring' },
  retryScoring: { verb: 'POST', path: '/decisions/:decision/scoring/retries', arguments: [decision, whole('scoringOptions')], result: 'scoring' },
  scoringRecord: { verb: 'GET', path: '/decisions/:decision/scoring/record', arguments: [decision, whole('scoringOptions')], result: 'bundle' },
  reciprocity: { verb: 'GET', path: '/spaces/:space/reciprocity', arguments: [space], result: 'reciprocity' },
  release: { verb: 'POST', path: '/artifacts/:artifact/releases', arguments: [artifact, whole('releaseOptions')], result: 'reciprocity' },
  signReceipts: { verb: 'POST', path: '/spaces/:space/receipts', arguments: [space, whole('receiptOptions')], result: 'reciprocity' },
  statement: { verb: 'GET', path: '/spaces/:space/statements/:company', arguments: [space, inPath('company', 'name')], result: 'statement' },
  settle: { verb: 'PUT', path: '/facets/:facet/lanes/:lane/end', arguments: [inPath('facet', 'name'), inPath('lane', 'pathNumber'), member('seq', 'index'), member('id', 'name')], result: 'nothing' },

  artifacts: { verb: 'GET', path: '/artifacts', arguments: [], result: 'artifacts' },
  createArtifact: { verb: 'POST', path: '/artifacts', arguments: [whole('artifactOptions')], result: 'artifact' },
  read: { verb: 'GET', path: '/artifacts/:artifact', arguments: [artifact, whole('readOptions')], result: 'document' },
  editText: { verb: 'PUT', path: '/artifacts/:artifact/text', arguments: [artifact, whole('edit')], result: 'document' },
  setFields: { verb: 'PATCH', path: '/artifacts/:artifact/fields', arguments: [artifact, whole('fields')], result: 'document' },
  log: { verb: 'GET', path: '/artifacts/:artifact/log', arguments: [artifact], result: 'log' },
  passages: { verb: 'GET', path: '/artifacts/:artifact/passages', arguments: [artifact], result: 'passages' },
  checkFacet: { verb: 'GET', path: '/facets/:facet/check', arguments: [inPath('facet', 'name')], result: 'facetCheck' },
  drafts: { verb: 'GET', path: '/artifacts/:artifact/drafts', arguments: [artifact], result: 'drafts' },
  draft: { verb: 'GET', path: '/artifacts/:artifact/drafts/:envelope', arguments: [artifact, inPath('envelope', 'name')], result: 'draft' },
  late: { verb: 'GET', path: '/late', arguments: [], result: 'lates' },
  lateText: { verb: 'GET', path: '/late/:envelope', arguments: [inPath('envelope', 'name')], result: 'late' },
  adopt: { verb: 'PUT', path: '/late/:envelope/adoption', arguments: [inPath('envelope', 'name')], result: 'nothing' },
  drop: { verb: 'DELETE', path: '/late/:envelope', arguments: [inPath('envelope', 'name')], result: 'nothing' },
  previewShare: { verb: 'POST', path: '/artifacts/:artifact/share-previews', arguments: [artifact, whole('shareOptions')], result: 'share' },
  approveShare: { verb: 'POST', path: '/artifacts/:artifact/shares', arguments: [artifact, whole('shareApproval')], result: 'artifact' },
  seal: { verb: 'POST', path: '/artifacts/:artifact/seals', arguments: [artifact, whole('sealOptions')], result: 'bundle' },
  countersign: { verb: 'POST', path: '/seals', arguments: [{ place: 'bundle' }], result: 'bundle' },
  identityLog: { verb: 'GET', path: '/companies/:company/identity', arguments: [inPath('company', 'name')], result: 'bundle' },
  exportArtifact: { verb: 'GET', path: '/artifacts/:artifact/bundle', arguments: [artifact], result: 'bundle' },
  importBundle: { verb: 'POST', path: '/bundles', arguments: [{ place: 'bundle' }], result: 'imported' },
  why: { verb: 'GET', path: '/why', arguments: [{ ...member('subject', 'name'), optional: true }], result: 'whys' },

  audit: { verb: 'GET', path: '/audit', arguments: [], result: 'audit' },
  exportAudit: { verb: 'GET', path: '/audit/:log/export', arguments: [log, whole('auditOptions')], result: 'bundle' },
  auditResource: { verb: 'GET', path: '/audit/:log/:resource{checkpoint|tile/.+}', arguments: [log, inPath('resource', 'name')], result: 'bundle' },
  eraseAudit: { verb: 'DELETE', path: '/audit/:log/records/:index', arguments: [log, inPath('index', 'pathNumber')], result: 'nothing' },

  snapshot: { verb: 'GET', path: '/snapshot', arguments: [], result: 'bundle' },
  refresh: { verb: 'POST', path: '/refresh', arguments: [], result: 'refreshed' },
  goOnline: { verb: 'POST', path: '/online', arguments: [], result: 'nothing' },
  lock: { verb: 'POST', path: '/lock', arguments: [], result: 'nothing' },
  unlock: { verb: 'POST', path: '/unlock', arguments: [member('passphrase', 'secret')], result: 'nothing' },
  subscribe: { verb: 'GET', path: '/events', arguments: [], result: 'events' }
}

export const ROUTE_NAMES = Object.keys(ROUTES) as RouteName[]
