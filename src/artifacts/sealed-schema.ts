// The shapes of a sealed artifact as they stand in JSON. `protocols/documents/*.schema.json` are made from these.
// protocols/documents, sections 1 to 3.
import { z } from 'zod'
import { ROLES } from '../identity/certificate-schema.ts'
import { DATA_CLASSES } from '../wire/data-class.ts'

/** As many as DSSE takes signatures. */
export const SIGNERS_MAX = 32
/** A report of some 2,000 snapshots with all of its fields. */
export const DISCLOSURES_MAX = 20_000

const digest = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .describe('base64url of SHA-256')
const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256 in hexadecimal')
const count = z.int().min(0)

const SignerSchema = z.strictObject({
  certificate: hash.describe('id of the role certificate'),
  company: z.string().max(512).describe('did:webvh id of the company'),
  key: z.string().max(64).describe('Ed25519 multikey, z6Mk...'),
  person: z.string().min(1).max(200),
  role: z.enum(ROLES)
})
export type SignerJson = z.infer<typeof SignerSchema>

export const PayloadSchema = z.strictObject({
  _sd: z.array(digest).length(1).describe('of `source`'),
  class: z.enum(DATA_CLASSES),
  content: z
    .strictObject({ _sd: z.array(digest).min(1).max(64) })
    .describe('one digest a root of the layout'),
  signedAt: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    .describe('claimed; UTC, whole seconds'),
  signers: z.array(SignerSchema).min(1).max(SIGNERS_MAX).describe('in the order of their keys')
})
export type PayloadJson = z.infer<typeof PayloadSchema>

export const SourceSchema = z.strictObject({
  artifact: z.string().regex(/^[0-9a-f]{32}$/),
  facet: hash,
  lanes: z.array(z.strictObject({ client: count, id: hash, seq: count })).describe('by ascending client'),
  space: hash,
  structRoot: hash
})
export type SourceJson = z.infer<typeof SourceSchema>

const envelope = z
  .looseObject({ payload: z.string(), payloadType: z.string(), signatures: z.array(z.unknown()).min(1) })
  .describe('DSSE, under IDN-7')

export const FileSchema = z.strictObject({
  certificates: z.array(envelope).max(SIGNERS_MAX),
  disclosures: z.array(z.string()).max(DISCLOSURES_MAX),
  envelope,
  identities: z.array(z.string()).max(SIGNERS_MAX).describe('identity logs, lines and all'),
  parley: z.literal('sealed.v1')
})
