// The shapes that cross the local API, by the names that routes.ts gives them. protocols/api, section 4.
// Kept apart from the routes because a client never loads zod: its own node has checked what it sends.
import { z } from 'zod'
import { account, agreement, company, revisionText } from './agreement-schemas.ts'
import { ballot, decision, decisionProof, mediation, rationale, topic } from './decision-schemas.ts'
import {
  contextChange,
  enteredScores,
  roleContext,
  scoring,
  scoringOptions,
  scoringRequest
} from './scoring-schemas.ts'

const text = z.string().refine(value => value.isWellFormed(), 'lone surrogates are no text')
const name = text.min(1).max(4_096)
/** Of a certificate or an entry of a space log, in base64: an entry has at most 64 KiB. */
const base64 = text.min(1).max(100_000)
const count = z.int().min(0)
const time = z.number()

/** Path segments are text; only the one spelling that a client would write is a number. */
const pathNumber = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/, 'not a whole number')
  .transform(Number)
  .refine(Number.isSafeInteger, 'too large')

const dataClass = z.enum(['public', 'shared-confidential', 'private'])
const frontier = z.strictObject({
  heads: z.array(z.strictObject({ client: count, seq: count, id: name })).max(10_000)
})
const peer = z.object({
  company,
  own: z.boolean(),
  connected: z.boolean(),
  nodes: z.array(z.string()),
  addresses: z.array(z.string()),
  confirmed: z.object({ by: z.string(), how: z.string(), at: time }).exactOptional(),
  confirmedByPeer: z.boolean(),
  behindEnvelopes: z.number(),
  lastError: z.string().exactOptional(),
  nextRetryAt: time.exactOptional()
})
const role = z.object({
  role: z.string(),
  holder: z.string(),
  key: z.string(),
  powers: z.array(z.string()),
  expiresAt: time
})
const relays = z.object({
  through: z.array(
    z.object({
      address: z.string(),
      reservedUntil: time.exactOptional(),
      problem: z.string().exactOptional()
    })
  ),
  forOthers: z.object({ reservations: z.number(), circuits: z.number() }).exactOptional(),
  offered: z.array(z.object({ company: z.string(), address: z.string() }))
})
const due = z.object({
  use: z.string(),
  name: z.string(),
  key: z.string(),
  expiresAt: time,
  state: z.enum(['ending', 'ended']),
  here: z.boolean()
})
const status = z.object({
  version: z.string(),
  company,
  peerId: z.string(),
  listening: z.array(z.string()),
  relays,
  startedAt: time,
  roles: z.array(role),
  nodeCertificateExpiresAt: time,
  due: z.array(due),
  arrivals: z.array(z.object({ company: z.string(), address: z.string(), at: time })),
  peers: z.array(peer),
  spaces: z.number(),
  artifacts: z.number(),
  troubles: z.array(z.string())
})
const invite = z.object({ id: z.string(), token: z.string(), expiresAt: time })
const key = z.object({
  index: z.number(),
  key: z.string(),
  role: z.string(),
  holder: z.string(),
  agent: z.boolean(),
  powers: z.array(z.string()),
  cut: z.boolean()
})
const space = z.object({
  id: z.string(),
  title: z.string(),
  pairing: z.string(),
  home: z.boolean(),
  parties: z.array(z.object({ company, accepted: z.boolean(), frozen: z.boolean(), keys: z.array(key) }))
})
const facet = z.object({
  id: z.string(),
  class: dataClass,
  space: z.string(),
  spaceTitle: z.string(),
  envelopes: z.number(),
  lanes: z.number(),
  readOnly: z.string().exactOptional()
})
const artifact = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  space: z.string(),
  spaceTitle: z.string(),
  facets: z.array(facet)
})
const document = z.object({
  artifact: z.string(),
  facet: z.string(),
  kind: z.string(),
  class: dataClass,
  text: z.string(),
  fields: z.record(z.string(), z.unknown()),
  frontier: z.object({ heads: z.array(z.object({ client: z.number(), seq: z.number(), id: z.string() })) }),
  structRoot: z.string()
})
const author = z.object({
  company: z.string(),
  role: z.string(),
  holder: z.string(),
  key: z.string()
})
const logLine = author.extend({
  at: time,
  lane: z.number(),
  seq: z.number(),
  id: z.string(),
  state: z.enum(['counts', 'orphaned', 'cut', 'losing']),
  signature: z.enum(['own', 'covered']),
  inserted: z.string(),
  deleted: z.number(),
  fields: z.array(z.string()),
  bytes: z.number(),
  adoptedFrom: author.extend({ id: z.string() }).exactOptional()
})
const late = author.extend({
  id: z.string(),
  artifact: z.string(),
  kind: z.string(),
  title: z.string(),
  space: z.string(),
  spaceTitle: z.string(),
  at: time,
  state: logLine.shape.state,
  envelopes: z.number()
})
const draft = z.object({
  id: z.string(),
  facet: z.string(),
  class: dataClass,
  lane: z.number(),
  seq: z.number(),
  at: time,
  state: logLine.shape.state,
  lost: z.number(),
  company: z.string(),
  role: z.string(),
  holder: z.string(),
  key: z.string()
})
const passage = z.object({
  text: z.string(),
  company: z.string(),
  role: z.string(),
  holder: z.string()
})
const why = z.object({
  subject: z.string(),
  inSync: z.boolean(),
  reasons: z.array(z.string()),
  heldBack: z.array(z.string())
})

const event = z.discriminatedUnion('event', [
  z.object({ event: z.literal('document'), facet: z.string(), structRoot: z.string().exactOptional() }),
  z.object({ event: z.literal('peer'), did: z.string(), connected: z.boolean() }),
  z.object({
    event: z.literal('refused'),
    peer: z.string(),
    company: z.string().exactOptional(),
    code: z.string(),
    detail: z.string(),
    where: z.string(),
    at: time
  }),
  z.object({ event: z.literal('fork'), facet: z.string(), company: z.string(), seq: z.number(), at: time }),
  z.object({ event: z.literal('alarm'), code: z.string(), detail: z.string(), at: time }),
  due.extend({ event: z.literal('certificate') }),
  z.object({ event: z.literal('decision'), decision: z.string() }),
  z.object({ event: z.literal('scoring'), decision: z.string() }),
  z.object({ event: z.literal('space'), space: z.string() }),
  z.object({ event: z.literal('artifact'), artifact: z.string() })
])

const shareOptions = z.strictObject({
  class: dataClass,
  from: dataClass.exactOptional(),
  space: name.exactOptional(),
  fields: z.array(name).min(1).max(1_000).exactOptional()
})
const share = z.object({
  artifact: z.string(),
  kind: z.string(),
  class: dataClass,
  from: dataClass,
  space: z.string(),
  spaceTitle: z.string(),
  content: z.string(),
  digest: z.string(),
  unseen: z.array(z.string()),
  faults: z.array(z.string()),
  agreement: z
    .object({
      revision: z.string(),
      title: z.string(),
      kinds: z.array(z.string()),
      classes: z.array(z.string()),
      topics: z.array(z.string()),
      covers: z.boolean(),
      narrower: z.array(z.string())
    })
    .exactOptional(),
  parties: z.array(
    z.object({
      company,
      gets: z.enum(['now', 'on-connecting', 'not-now']),
      rule: z.string().exactOptional(),
      reason: z.string().exactOptional()
    })
  )
})

const auditLog = z.object({
  id: z.string(),
  origin: z.string(),
  space: z.string(),
  title: z.string(),
  writing: z.boolean(),
  size: z.number(),
  witnessedSize: z.number(),
  witnesses: z.array(z.string())
})
const auditHeld = z.object({ origin: z.string(), space: z.string(), company: z.string(), size: z.number() })
const auditProof = z.object({ origin: z.string(), file: z.string() })

export const SCHEMAS = {
  // What comes in: strict, since a member that nobody reads is a mistake that nobody sees.
  name,
  names: z.array(name).max(1_000),
  certificates: z.array(base64).max(1_000),
  secret: text.max(1_000),
  index: count,
  pathNumber,
  confirmation: z.strictObject({ by: name, how: name }),
  inviteOptions: z.strictObject({ expiresInMs: z.int().min(1), space: name.exactOptional() }),
  spaceOptions: z.strictObject({ title: name, pairing: name, parties: z.array(name).max(1_000) }),
  signedEntry: z.strictObject({ entry: base64, signer: name, signature: name }),
  cutOptions: z.strictObject({ nothing: z.boolean().exactOptional() }),
  artifactOptions: z.strictObject({
    kind: name,
    title: name,
    class: dataClass,
    space: name.exactOptional(),
    text: text.exactOptional()
  }),
  readOptions: z.strictObject({ class: dataClass.exactOptional() }),
  edit: z.strictObject({ base: frontier, text, class: dataClass.exactOptional() }),
  fields: z.record(name, z.unknown()),
  sealOptions: z.strictObject({
    class: dataClass.exactOptional(),
    with: z.array(name).max(31).exactOptional(),
    decision: name.exactOptional()
  }),
  releaseOptions: z.strictObject({ to: z.array(name).max(31).exactOptional() }),
  receiptOptions: z.strictObject({
    from: name.exactOptional(),
    artifacts: z.array(name).max(1_000).exactOptional()
  }),
  shareOptions,
  shareApproval: shareOptions.extend({ digest: name, by: name }),
  auditOptions: z.strictObject({ upTo: z.enum(['cosigned', 'newest']).exactOptional() }),

  topic,
  ballot,
  mediation,
  rationale,
  scoringRequest,
  enteredScores,
  scoringOptions,
  contextChange,

  // What goes out.
  status,
  peer,
  peers: z.array(peer),
  invite,
  invites: z.array(invite),
  space,
  spaces: z.array(space),
  entryToSign: z.object({ entry: z.string() }),
  agreement,
  revisionText,
  decision,
  decisions: z.array(decision),
  proofs: z.array(decisionProof),
  roleContext,
  scoring,
  scorings: z.array(scoring),
  reciprocity: z.object({ space: z.string(), spaceTitle: z.string(), accounts: z.array(account) }),
  statement: z.object({ space: z.string(), company, text: z.string() }),
  reason: z.string().min(1).max(2_000),
  artifact,
  artifacts: z.array(artifact),
  document,
  log: z.array(logLine),
  passages: z.array(passage),
  drafts: z.array(draft),
  draft: draft.extend({ text: z.string(), fields: z.record(z.string(), z.unknown()) }),
  whys: z.array(why),
  lates: z.array(late),
  late: late.extend({
    inserted: z.array(z.string()),
    deleted: z.number(),
    fields: z.array(z.string()),
    text: z.string()
  }),
  refreshed: z.object({
    told: z.number(),
    locked: z.array(z.string()),
    entered: z.array(z.string()),
    notEntered: z.array(z.object({ space: z.string(), why: z.string() }))
  }),
  facetCheck: z.object({
    facet: z.string(),
    artifact: z.string(),
    kind: z.string(),
    envelopes: z.number(),
    signed: z.number(),
    wrong: z.array(z.string())
  }),
  imported: z.object({
    artifacts: z.array(z.string()),
    envelopes: z.number(),
    refused: z.number(),
    waiting: z.number(),
    waitsFor: z.array(z.string())
  }),
  share,
  audit: z.object({ logs: z.array(auditLog), held: z.array(auditHeld), proofs: z.array(auditProof) }),
  event
}

export type Schemas = typeof SCHEMAS
