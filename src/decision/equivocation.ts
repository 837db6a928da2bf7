// A proof that somebody has said two things: two messages of one key in one place, with the key's certificate and its
// company's identity log. It verifies alone. protocols/decision, DEC-8 and DEC-31.
import { z } from 'zod'
import { verifyIdentityLog } from '../identity/identity-log.ts'
import { equalBytes, fromUtf8, utf8 } from '../wire/bytes.ts'
import { type JcsLimits, type JcsValue, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { cutLog } from './certificate.ts'
import { DsseSchema } from './certificate-file.ts'
import type { Equivocation } from './decision.ts'
import { type IdentityOf, type Message, parseMessage } from './message.ts'
import type { MessageKind } from './schema.ts'

const LIMITS: JcsLimits = { bytesMax: 2 * 1024 * 1024, depthMax: 6, itemsMax: 200 }
/** In which one message of a key stands, and no more. */
const SINGLE: ReadonlySet<MessageKind> = new Set([
  'decision-context.v1',
  'decision-commitment.v1',
  'decision-close.v1',
  'decision-reveal.v1',
  'decision-settle.v1'
])

export const EquivocationSchema = z.strictObject({
  certificates: z.array(DsseSchema).length(2).describe('role certificates of the key, one for each message'),
  identity: z.string().max(1_048_576).describe('identity log of its company'),
  messages: z.array(DsseSchema).length(2).describe('by id'),
  parley: z.literal('equivocation.v1')
})

/** What a proof shows. */
export interface Proven {
  decision: string
  company: string
  legalName: string
  role: string
  key: string
  kind: MessageKind
  /** Of statements. */
  round?: number
}

type Named = Exclude<Message, { kind: 'decision-initiation.v1' }>

export function encodeEquivocation(
  { messages }: Equivocation,
  identityOf: IdentityOf
): Uint8Array | undefined {
  const [first] = messages
  const identity = identityOf(first.payload.company)
  if (!identity) return undefined
  const json = (bytes: Uint8Array) => JSON.parse(fromUtf8(bytes)) as JcsValue
  const sorted = messages.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return encodeJcs({
    certificates: sorted.map(({ record }) => json(record.certificate)),
    identity: fromUtf8(cutLog(identity, new Set(sorted.map(({ certificate }) => certificate.issuer)))),
    messages: sorted.map(({ record }) => json(record.document)),
    parley: 'equivocation.v1'
  })
}

/** @returns what it proves, or `jcs-*`, `proof-shape`, `proof-none` and the codes of messages and identity logs */
export function verifyEquivocation(bytes: Uint8Array): Proven | Reject {
  const json = parseJcs(bytes, LIMITS)
  if (isReject(json)) return json
  const shape = EquivocationSchema.safeParse(json)
  if (!shape.success) return new Reject('proof-shape', 'not two messages with certificates and a log')
  const identity = verifyIdentityLog(utf8(shape.data.identity))
  if (isReject(identity)) return identity
  const read: Named[] = []
  for (const [i, document] of shape.data.messages.entries()) {
    const certificate = encodeJcs(shape.data.certificates[i] as JcsValue)
    const message = parseMessage({ document: encodeJcs(document), certificate }, did =>
      did === identity.did ? identity : undefined
    )
    if (isReject(message)) return message
    if ('waitsFor' in message || message.kind === 'decision-initiation.v1')
      return none('a message is of another company, or begins a decision')
    read.push(message)
  }
  const needed = new Set(read.map(({ certificate }) => certificate.issuer))
  if (!equalBytes(cutLog(identity, needed), identity.log))
    return none('the log goes on after what the certificates name')
  return proven(read as [Named, Named], identity.legalName)
}

function proven([one, other]: [Named, Named], legalName: string): Proven | Reject {
  const roundOf = ({ payload }: Named) => ('round' in payload ? payload.round : undefined)
  const { decision, company, role, key } = one.payload
  const isOnePlace =
    one.kind === other.kind &&
    SINGLE.has(one.kind) &&
    decision === other.payload.decision &&
    key === other.payload.key &&
    role === other.payload.role &&
    roundOf(one) === roundOf(other)
  if (!isOnePlace || one.id >= other.id)
    return none('they do not stand in one place, or are one and the same')
  const round = roundOf(one)
  return { decision, company, legalName, role, key, kind: one.kind, ...(round !== undefined && { round }) }
}

function none(detail: string): Reject {
  return new Reject('proof-none', detail)
}
