// The shapes of certificates and requests as they stand in JSON. `protocols/identity/*.schema.json` are made
// from these. protocols/identity, section 5.
import { z } from 'zod'

export const ROLES = ['COO', 'CTO', 'CMO', 'CFO', 'CHRO', 'CEO', 'Founder', 'Investor'] as const
export type Role = (typeof ROLES)[number]

/** In the order in which a certificate names them. */
export const POWERS = ['advise', 'vote', 'seal', 'mediate'] as const
export type Power = (typeof POWERS)[number]

/** A person, or a program that may only advise. */
export interface Holder {
  kind: 'human' | 'agent'
  name: string
}

const company = z.string().max(512).describe('did:webvh id of the company')
const issuer = z
  .string()
  .max(64)
  .describe('version id in the identity log; the root key of that version signs')
const key = z.string().max(64).describe('Ed25519 multikey, z6Mk...')
const peer = z.string().max(64).describe('libp2p peer id of an Ed25519 key, 12D3KooW...')
const name = z.string().min(1).max(200)
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .describe('UTC, whole seconds')
const holder = z.strictObject({ kind: z.enum(['human', 'agent']), name })
const role = z.enum(ROLES)
const powers = z.array(z.enum(POWERS)).min(1).max(POWERS.length)

export const RoleRequestSchema = z.strictObject({ company, holder, key, role })
export const NodeRequestSchema = z.strictObject({ company, name, peer })
export const RoleCertificateSchema = z.strictObject({
  ...RoleRequestSchema.shape,
  issuer,
  powers,
  validFrom: time,
  validUntil: time
})
export const NodeCertificateSchema = z.strictObject({
  ...NodeRequestSchema.shape,
  issuer,
  validFrom: time,
  validUntil: time
})
