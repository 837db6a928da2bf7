// A certificate as a file: messages, certificates and identity logs, each in one order. Nothing in it is trusted yet.
// protocols/decision, section 7.
import { z } from 'zod'
import { fromUtf8, utf8 } from '../wire/bytes.ts'
import { fromBase64 } from '../wire/base64.ts'
import { type JcsLimits, type JcsValue, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { plain } from './message.ts'
import { ELECTORS_MAX } from './policy.ts'
import type { Outcome } from './outcome.ts'
import type { MessageKind } from './schema.ts'

export const CERTIFICATE_BYTES_MAX = 8 * 1024 * 1024
/** Of each elector one statement, and all that it names: who lies may have shown each of the others another one. */
const STATEMENTS_MAX = ELECTORS_MAX * (1 + ELECTORS_MAX)
const LIMITS: JcsLimits = { bytesMax: CERTIFICATE_BYTES_MAX, depthMax: 10, itemsMax: 20_000 }

/** What each group of a file holds, in the order in which people read it. */
export const GROUPS = {
  initiation: 'decision-initiation.v1',
  before: 'decision-mediation.v1',
  contexts: 'decision-context.v1',
  commitments: 'decision-commitment.v1',
  closes: 'decision-close.v1',
  reveals: 'decision-reveal.v1',
  settles: 'decision-settle.v1',
  rationales: 'decision-rationale.v1',
  mediations: 'decision-mediation.v1'
} as const satisfies { [group: string]: MessageKind }
export type Group = keyof typeof GROUPS
export const GROUP_NAMES = Object.keys(GROUPS) as Group[]

/** An envelope with one signature and no hint beside it. */
export const DsseSchema = z.strictObject({
  payload: z.string(),
  payloadType: z.string(),
  signatures: z.array(z.strictObject({ sig: z.string().length(88) })).length(1)
})
const group = z.array(DsseSchema).max(2 * ELECTORS_MAX)
const statements = z.array(DsseSchema).max(STATEMENTS_MAX)
const weight = z.int().min(0)
const option = z.int().min(0)

const OutcomeSchema = z.strictObject({
  against: z.boolean(),
  approved: z.strictObject({ option, title: z.string() }).optional(),
  failed: z.array(z.enum(['turnout', 'threshold', 'objection'])).optional(),
  mediation: z
    .strictObject({ changes: z.array(z.string()), outcome: z.string(), rationale: z.string() })
    .optional(),
  recommendation: z.strictObject({
    medians: z.array(z.int().min(0).nullable()),
    option: option.optional(),
    outOf: weight
  }),
  tally: z.strictObject({
    abstain: weight,
    approve: z.array(weight),
    needed: weight,
    of: weight,
    reject: weight,
    turnout: weight
  })
})

export const CertificateSchema = z.strictObject({
  certificates: z.array(DsseSchema).max(STATEMENTS_MAX).describe('role certificates, by id'),
  decision: z.string().regex(/^[0-9a-f]{64}$/),
  identities: z
    .array(z.string().max(1_048_576))
    .max(2 * ELECTORS_MAX)
    .describe('identity logs, by did'),
  messages: z.strictObject({
    ...(Object.fromEntries(GROUP_NAMES.map(name => [name, group])) as { [name in Group]: typeof group }),
    closes: statements,
    reveals: statements,
    settles: statements
  }),
  outcome: OutcomeSchema,
  parley: z.literal('decision.v1')
})

export interface CertificateFile {
  /** The id of the initiation, hexadecimal. */
  decision: string
  /** DSSE, each group by id. */
  messages: { [group in Group]: Uint8Array[] }
  /** DSSE, by id. */
  certificates: Uint8Array[]
  identities: Uint8Array[]
  outcome: Outcome
}

export function encodeCertificate(file: CertificateFile): Uint8Array {
  const { decision, messages, certificates, identities, outcome } = file
  const json = (bytes: Uint8Array) => JSON.parse(fromUtf8(bytes)) as JcsValue
  return encodeJcs({
    certificates: certificates.map(json),
    decision,
    identities: identities.map(fromUtf8),
    messages: Object.fromEntries(GROUP_NAMES.map(name => [name, messages[name].map(json)])),
    outcome: plain(outcome),
    parley: 'decision.v1'
  })
}

/** @returns `jcs-*` or `certificate-shape` otherwise. DEC-23 */
export function parseCertificate(bytes: Uint8Array): CertificateFile | Reject {
  const json = parseJcs(bytes, LIMITS)
  if (isReject(json)) return json
  const shape = CertificateSchema.safeParse(json)
  if (!shape.success) {
    const issue = shape.error.issues[0]
    return new Reject(
      'certificate-shape',
      `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'wrong'}`
    )
  }
  const { decision, messages, certificates, identities, outcome } = shape.data
  // Canonical within a canonical whole, so these are the bytes that stood there.
  const dsseBytes = (documents: JcsValue[]) => documents.map(encodeJcs)
  return {
    decision,
    messages: Object.fromEntries(GROUP_NAMES.map(name => [name, dsseBytes(messages[name])])) as {
      [group in Group]: Uint8Array[]
    },
    certificates: dsseBytes(certificates),
    identities: identities.map(utf8),
    outcome: outcome as Outcome
  }
}

/** Which role certificate a message names, before anything is checked. */
export function namedCertificate(document: Uint8Array): string | undefined {
  try {
    const { payload } = JSON.parse(fromUtf8(document)) as { payload: string }
    const named = JSON.parse(fromUtf8(fromBase64(payload) ?? new Uint8Array())) as { certificate?: unknown }
    return typeof named.certificate === 'string' ? named.certificate : undefined
  } catch {
    return undefined
  }
}
