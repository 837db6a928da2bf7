// What the local API answers about agreements, and about what was given under them. protocols/api, section 4.
import { z } from 'zod'

export const company = z.object({
  did: z.string(),
  legalName: z.string(),
  registrationNumber: z.string(),
  words: z.array(z.string())
})
const agreementState = z.enum(['contradicted', 'ended', 'suspended', 'draft', 'waiting', 'expired', 'active'])
const revision = z.object({
  id: z.string(),
  number: z.number(),
  before: z.string().exactOptional(),
  title: z.string(),
  admits: z.array(z.string()),
  proposer: z.string(),
  state: z.enum(['in-force', 'replaced', 'open', 'dead']),
  approvals: z.array(z.object({ company: z.string(), person: z.string(), time: z.string() })),
  rejections: z.array(z.object({ company: z.string(), reason: z.string() })),
  waitsFor: z.array(z.string())
})
export const agreement = z.object({
  space: z.string(),
  spaceTitle: z.string(),
  inForce: z.string().exactOptional(),
  contradicted: z.boolean(),
  parties: z.array(
    z.object({
      company,
      state: agreementState,
      bound: z.boolean(),
      suspended: z.boolean(),
      ended: z.boolean()
    })
  ),
  revisions: z.array(revision),
  unfit: z.array(z.object({ company: z.string(), id: z.string(), code: z.string(), detail: z.string() }))
})
export const revisionText = z.object({
  id: z.string(),
  terms: z.record(z.string(), z.unknown()),
  page: z.string(),
  wouldSee: z.number().exactOptional()
})
const way = z.object({
  released: z.number(),
  open: z.number(),
  settled: z.number(),
  units: z.array(
    z.object({
      unit: z.string(),
      open: z.boolean(),
      receipted: z.boolean(),
      artifact: z.string().exactOptional(),
      title: z.string().exactOptional()
    })
  )
})
export const account = z.object({
  company,
  kind: z.string(),
  rule: z.object({ unit: z.string(), maxExposure: z.number(), soleSender: z.boolean() }).exactOptional(),
  given: way,
  received: way,
  exposureLeft: z.number().exactOptional(),
  unreleased: z.array(z.object({ artifact: z.string(), title: z.string() })),
  next: z.array(z.string())
})
