// What is written down, and the 32 bytes that stand for it in the tree. protocols/audit, section 2.
import { z } from 'zod'
import { concatBytes, equalBytes } from '../wire/bytes.ts'
import { DATA_CLASSES } from '../wire/data-class.ts'
import { sha256 } from '../wire/hash.ts'
import { type JcsLimits, type JcsValue, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'

export const SALT_BYTES = 32
const RECORD_LIMITS: JcsLimits = { bytesMax: 4096, depthMax: 6, itemsMax: 200 }

/** `at`: ms since 1970. Further members are as the type has them. */
export interface AuditRecord {
  at: number
  type: string
  [member: string]: JcsValue
}

/** An entry with what it stands for; both are empty once erased. */
export interface Leaf {
  entry: Uint8Array
  salt: Uint8Array
  record: Uint8Array
}

const uint = z.number().int().nonnegative()
const hex = z.string().regex(/^(?:[0-9a-f]{2}){1,64}$/)
const name = z.string().min(1).max(512)
const lane = { facet: hex, lane: uint, seq: uint }

/** Members that a type calls for; others may stand beside them. AUD-3. */
export const RECORD_TYPES: Readonly<Record<string, z.ZodType>> = {
  opened: z.looseObject({
    before: z.strictObject({ origin: name, size: uint, root: hex }).optional()
  }),
  update: z.looseObject({ ...lane, id: hex, own: z.boolean() }),
  disclosure: z.looseObject({ ...lane, to: name }),
  receipt: z.looseObject({ facet: hex, company: name, given: z.boolean() }),
  denial: z.looseObject({ facet: hex.optional(), rule: name, company: name }),
  access: z.looseObject({ facet: hex, what: name }),
  signature: z.looseObject({ key: name, what: name, id: hex }),
  'model-run': z.looseObject({ model: name, input: hex, output: hex }),
  agreement: z.looseObject({ act: name, digest: hex }),
  contribution: z.looseObject({ act: name, company: name, id: hex }),
  share: z.looseObject({ facet: hex, digest: hex, by: name, class: z.enum(DATA_CLASSES) })
}

const AnyRecord = z.looseObject({ at: uint, type: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/) })

/** @throws RangeError on more than 4,096 bytes: to write that is our own mistake. */
export function encodeRecord(record: AuditRecord): Uint8Array {
  const bytes = encodeJcs(record)
  if (bytes.length > RECORD_LIMITS.bytesMax) throw new RangeError('a record of more than 4,096 bytes')
  return bytes
}

/** @returns the record, `jcs-*`, or `record-form`. */
export function parseRecord(bytes: Uint8Array): AuditRecord | Reject {
  const value = parseJcs(bytes, RECORD_LIMITS)
  if (isReject(value)) return value
  const any = AnyRecord.safeParse(value)
  if (!any.success) return new Reject('record-form', 'a record has a time and a type')
  const shape = Object.hasOwn(RECORD_TYPES, any.data.type) ? RECORD_TYPES[any.data.type] : undefined
  const issue = shape?.safeParse(value).error?.issues[0]
  if (issue) return new Reject('record-form', `${any.data.type}: ${issue.path.join('.')}: ${issue.message}`)
  return value as AuditRecord
}

/** AUD-2. @param salt 32 bytes from a CSPRNG, for this record alone */
export function saltedEntry(salt: Uint8Array, record: Uint8Array): Uint8Array {
  return sha256(salt, record)
}

export function isErased({ salt, record }: Leaf): boolean {
  return salt.length === 0 && record.length === 0
}

/** @returns the record, undefined where it was erased, or why it is not what the entry stands for (`leaf`). */
export function openLeaf({ entry, salt, record }: Leaf): AuditRecord | Reject | undefined {
  if (isErased({ entry, salt, record })) return undefined
  if (salt.length !== SALT_BYTES || !equalBytes(saltedEntry(salt, record), entry)) {
    return new Reject('leaf', 'the record is not the one that was logged')
  }
  return parseRecord(record)
}

/** What stands in the `extra` line of a proof: salt, then record. */
export function encodeExtra({ salt, record }: Leaf): Uint8Array {
  return concatBytes(salt, record)
}

export function parseExtra(extra: Uint8Array): Leaf {
  const [salt, record] = [extra.slice(0, SALT_BYTES), extra.slice(SALT_BYTES)]
  return { entry: saltedEntry(salt, record), salt, record }
}
