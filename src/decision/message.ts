// One signed message of a decision: what it says, who says it and by what right. protocols/decision, section 2.
import { type RoleCertificate, verifyRoleCertificate } from '../identity/certificate.ts'
import type { Power } from '../identity/certificate-schema.ts'
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { isName, parseTime } from '../identity/document-text.ts'
import { parseDocument, signDocumentWith } from '../identity/signed-document.ts'
import { fromUtf8, toHex } from '../wire/bytes.ts'
import { parseDsse } from '../wire/dsse.ts'
import { sha256 } from '../wire/hash.ts'
import { type JcsLimits, type JcsValue, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { checkPolicy } from './policy.ts'
import { isAscending } from './rounds.ts'
import { type Initiation, MESSAGE_KINDS, type MessageKind, type Payload, SCHEMAS } from './schema.ts'

export const INITIATION_BYTES_MAX = 49_152
export const MESSAGE_BYTES_MAX = 16_384
const LIMITS: JcsLimits = { bytesMax: MESSAGE_BYTES_MAX, depthMax: 8, itemsMax: 1_000 }
const INITIATION_LIMITS: JcsLimits = { bytesMax: INITIATION_BYTES_MAX, depthMax: 8, itemsMax: 4_000 }

/** A message as it travels: itself, and the certificate of its signer. */
export interface MessageRecord {
  /** DSSE. */
  document: Uint8Array
  /** DSSE. */
  certificate: Uint8Array
}

/** A message that is right in itself. */
export type Message<K extends MessageKind = MessageKind> = {
  [Kind in K]: {
    kind: Kind
    /** SHA-256 of what is signed, the DSSE encoding of kind and payload, hexadecimal. */
    id: string
    payload: Payload<Kind>
    certificate: RoleCertificate
    record: MessageRecord
  }
}[K]

/** Nothing is wrong with it as far as can be seen, but the signer's identity log is not long enough here. */
export interface WaitsForIdentity {
  waitsFor: string
}

export type IdentityOf = (did: string) => CompanyIdentity | undefined

/** The bytes of a message, signed. Shape and sense are the caller's. */
export function signMessage<K extends MessageKind>(
  kind: K,
  payload: Payload<K>,
  signs: (message: Uint8Array) => Uint8Array
): Uint8Array {
  return signDocumentWith(kind, plain(payload), signs)
}

/** Members that are absent do not stand as `undefined`. */
export function plain(value: object): { [member: string]: JcsValue } {
  return JSON.parse(JSON.stringify(value)) as { [member: string]: JcsValue }
}

/** @returns the kind that the bytes claim, before anything is checked */
export function kindOf(document: Uint8Array): MessageKind | Reject {
  const json = parseJcs(document, { bytesMax: 2 * INITIATION_BYTES_MAX, depthMax: 3, itemsMax: 16 })
  if (isReject(json)) return json
  const type = (json as { payloadType?: unknown } | null)?.payloadType
  const kind = MESSAGE_KINDS.find(name => type === `application/vnd.parley.${name}+json`)
  return kind ?? new Reject('dsse-type', 'not a message of a decision')
}

/**
 * DEC-4, DEC-5, DEC-9 and what of DEC-7 and DEC-10 a message shows alone.
 * @returns `jcs-*`, `dsse-*`, `document-*`, `certificate-*`, `signature`, `message-*`, `initiation-*` or `policy-*`
 */
export function parseMessage(
  record: MessageRecord,
  identityOf: IdentityOf
): Message | WaitsForIdentity | Reject {
  const kind = kindOf(record.document)
  if (isReject(kind)) return kind
  const limits = kind === 'decision-initiation.v1' ? INITIATION_LIMITS : LIMITS
  const document = parseDocument(record.document, kind, SCHEMAS[kind] as never, limits)
  if (isReject(document)) return document
  const payload = document.json as Payload<MessageKind>
  if (hasHint(record.document)) return bad('dsse-shape', 'a keyid, which anyone could change')
  const identity = identityOf(payload.company)
  if (!identity) return { waitsFor: payload.company }
  const certificate = verifyRoleCertificate(record.certificate, identity)
  if (isReject(certificate))
    return certificate.code === 'identity-version' ? { waitsFor: payload.company } : certificate
  const refused = checkSigner(kind, payload, certificate)
  if (refused) return refused
  if (!document.isSignedBy(certificate.key)) return bad('signature', 'not signed by the key that it names')
  // Over the kind as well: a close and a settle of nothing, in the same second, have one and the same payload.
  const id = toHex(sha256(document.signed))
  const message = { kind, id, payload, certificate, record } as Message
  return message.kind === 'decision-initiation.v1' ? (checkInitiation(message.payload) ?? message) : message
}

function hasHint(document: Uint8Array): boolean {
  return fromUtf8(document).includes('"keyid"')
}

function checkSigner(
  kind: MessageKind,
  payload: Payload<MessageKind>,
  certificate: RoleCertificate
): Reject | undefined {
  const { company, role, key, powers, id, validFrom, expiresAt } = certificate
  const named =
    payload.company === company &&
    payload.role === role &&
    payload.key === key.multikey &&
    payload.certificate === toHex(id)
  if (!named) return bad('message-signer', 'the certificate is for another company, role or key')
  const time = parseTime(payload.time)
  if (time === undefined || time < validFrom || time >= expiresAt)
    return bad('message-time', 'signed, by its own word, outside the validity of its certificate')
  const power: Power = kind === 'decision-mediation.v1' ? 'mediate' : 'vote'
  if (!powers.includes(power) || (power === 'mediate' && role !== 'CEO'))
    return bad('message-power', power === 'vote' ? 'the key has no vote' : 'only a CEO role may mediate')
  return undefined
}

function checkInitiation(initiation: Initiation): Reject | undefined {
  const { policy, title, options, commitBy, revealBy, subject, voices, revises } = initiation
  const wrong = checkPolicy(policy)
  if (wrong) return new Reject(wrong.code, wrong.detail)
  const [commit, reveal] = [parseTime(commitBy), parseTime(revealBy)]
  if (commit === undefined || reveal === undefined || commit >= reveal)
    return bad('initiation-deadlines', 'ballots are revealed after the last of them is committed')
  if (voices.length !== policy.electors.length) return bad('initiation-shape', 'each elector has one voice')
  if (![title, ...options.map(option => option.title)].every(text => isName(text, 200)))
    return bad('initiation-shape', 'a title that does not read as it stands')
  const clients = subject?.heads.map(({ client }) => client) ?? []
  if (!isAscending(clients) || !isAscending(revises?.mediation ?? []))
    return bad('initiation-shape', 'heads by client, and mediations by id, stand in order, none twice')
  if ((subject?.kind === 'StandardsDoc.v1') !== (subject?.release !== undefined))
    return bad('initiation-shape', 'a standard is released under a version, and nothing else is')
  return undefined
}

/** The id of a role certificate, hexadecimal; what it says is not looked at. */
export function certificateIdOf(certificate: Uint8Array): string | Reject {
  const envelope = parseDsse(certificate, 'role-certificate.v1')
  return isReject(envelope) ? envelope : toHex(sha256(envelope.payload))
}

/** SHA-256 of a JSON value's one spelling, hexadecimal. */
export function digestOf(value: object): string {
  return toHex(sha256(encodeJcs(plain(value))))
}

function bad(code: string, detail: string): Reject {
  return new Reject(code, detail)
}
