// Sealing an artifact, and what a sealed one proves to whoever holds it and nothing else: who signed, which
// fields, how much is withheld. protocols/documents, sections 2, 3 and 5.
import { parseTime, printTime } from '../identity/document-text.ts'
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { fromUtf8, toHex } from '../wire/bytes.ts'
import type { DataClass } from '../wire/data-class.ts'
import {
  type DIGESTS,
  type DisclosedPart,
  type Disclosure,
  parseDisclosure,
  reveal
} from '../wire/disclosure.ts'
import { dsseSignedBytes, encodeDsse, parseDsse } from '../wire/dsse.ts'
import { sha256 } from '../wire/hash.ts'
import { type JcsValue, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type Random, concealForm, concealMember } from './conceal.ts'
import { type FormJson, formOf } from './form.ts'
import type { ArtifactKind } from './layouts.ts'
import { type SealedFile, mediaKind, parseSealed } from './sealed-file.ts'
import {
  type PayloadJson,
  PayloadSchema,
  type SignerJson,
  type SourceJson,
  SourceSchema
} from './sealed-schema.ts'
import { type SignerVerdict, matchSignatures, verifySigners } from './signers.ts'

/** What a sealed file says, each part of it verified but the signers, whose verdicts stand beside them. */
export interface InspectedArtifact {
  file: SealedFile
  kind: ArtifactKind
  /** SHA-256 of the payload in hexadecimal: the same for every view. */
  id: string
  class: DataClass
  /** Claimed, in milliseconds since 1970. */
  signedAt: number
  /** In the order of the payload. */
  signers: SignerVerdict[]
  /** Only what this view shows. */
  content: FormJson
  source: SourceJson | undefined
  parts: readonly DisclosedPart[]
  /** Parts that are not shown, decoys among them. */
  withheld: number
}

declare const settled: unique symbol

/** One that each of its signers has signed, with the right to; {@link settle} alone makes it. */
export type SealedArtifact = InspectedArtifact & { readonly [settled]: true }

export interface SealOptions {
  kind: ArtifactKind
  class: DataClass
  source: SourceJson
  /** Without faults (ART-12). */
  form: FormJson
  signers: SignerJson[]
  /** Milliseconds since 1970; whole seconds are what it can say. */
  signedAt: number
}

/** What is to be signed, with every disclosure. Signatures come one by one, by {@link addSignature}. */
export interface Unsigned {
  kind: ArtifactKind
  payload: Uint8Array
  disclosures: string[]
}

export function prepareSeal(options: SealOptions, random: Random): Unsigned {
  const content = concealForm(options.kind, options.form, random)
  const source = concealMember('source', options.source, random)
  const payload = encodeJcs({
    ...(source.value as { [DIGESTS]: JcsValue }),
    class: options.class,
    content: content.value,
    signedAt: printTime(options.signedAt),
    signers: options.signers.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  })
  const disclosures = [...content.disclosures, ...source.disclosures].map(({ text }) => text).sort()
  return { kind: options.kind, payload, disclosures }
}

/**
 * Puts a signature in its place among those that are there.
 * @param key multikey of one of the signers
 * @returns the envelope, or `sealed-signers` where the payload names no such key
 */
export function addSignature(
  { kind, payload, signatures }: { kind: ArtifactKind; payload: Uint8Array; signatures: Uint8Array[] },
  key: string,
  sign: (message: Uint8Array) => Uint8Array
): Uint8Array | Reject {
  const json = parsePayload(payload)
  if (isReject(json)) return json
  const signed = dsseSignedBytes(mediaKind(kind), payload)
  const keys = json.signers.map(signer => signer.key)
  const placed = matchSignatures(keys, signed, signatures)
  if (isReject(placed)) return placed
  const at = keys.indexOf(key)
  if (at < 0) return new Reject('sealed-signers', 'this key is none of those that are to sign')
  placed[at] = sign(signed)
  const present = placed.filter(signature => signature !== undefined)
  return encodeDsse({ kind: mediaKind(kind), payload, signatures: present })
}

/**
 * @param known identities of the companies that the reader knows, by id
 * @returns a Reject where the file is not what its signers signed and the rules allow, or where one of them does
 *   not count
 */
export function verifySealed(
  bytes: Uint8Array,
  known: ReadonlyMap<string, CompanyIdentity>
): SealedArtifact | Reject {
  const inspected = inspectSealed(bytes, known)
  return isReject(inspected) ? inspected : settle(inspected)
}

/** @returns why the first of its signers does not count, if one does not */
export function settle(inspected: InspectedArtifact): SealedArtifact | Reject {
  const refused = inspected.signers.find(({ refusal }) => refusal)
  return refused?.refusal ?? (inspected as SealedArtifact)
}

/**
 * As {@link verifySealed}, for whoever shows or completes what is not signed by all: whether they signed, and with
 * what right, each of `signers` says.
 */
export function inspectSealed(
  bytes: Uint8Array,
  known: ReadonlyMap<string, CompanyIdentity>
): InspectedArtifact | Reject {
  const file = parseSealed(bytes)
  if (isReject(file)) return file
  const envelope = parseDsse(file.envelope, mediaKind(file.kind))
  if (isReject(envelope)) return envelope
  const payload = parsePayload(envelope.payload)
  if (isReject(payload)) return payload
  const signers = verifySigners(payload, envelope, file, known)
  if (isReject(signers)) return signers
  const shown = showParts(file, payload)
  if (isReject(shown)) return shown
  return {
    file,
    kind: file.kind,
    id: toHex(sha256(envelope.payload)),
    class: payload.class,
    signedAt: parseTime(payload.signedAt) as number,
    signers,
    ...shown
  }
}

/** DOC-4 and DOC-8. */
function parsePayload(bytes: Uint8Array): PayloadJson | Reject {
  const json = parseJcs(bytes)
  if (isReject(json)) return json
  const shape = PayloadSchema.safeParse(json)
  if (!shape.success) {
    const at = shape.error.issues[0]?.path.join('.') || 'the payload'
    return new Reject('sealed-payload', `${at} is not as in a sealed artifact`)
  }
  const { signedAt, signers } = shape.data
  if (parseTime(signedAt) === undefined) return new Reject('sealed-payload', 'signedAt is no time')
  if (signers.some(({ key }, i) => i > 0 && key <= (signers[i - 1] as SignerJson).key)) {
    return new Reject('sealed-signers', 'signers are not in the order of their keys, or one stands twice')
  }
  return shape.data
}

function showParts(
  file: SealedFile,
  payload: PayloadJson
): Pick<InspectedArtifact, 'content' | 'source' | 'parts' | 'withheld'> | Reject {
  const disclosures: Disclosure[] = []
  for (const text of file.disclosures) {
    const disclosure = parseDisclosure(text)
    if (isReject(disclosure)) return disclosure
    disclosures.push(disclosure)
  }
  const revealed = reveal(payload, disclosures)
  if (isReject(revealed)) return revealed
  const { content, source, ...rest } = revealed.value as { content: FormJson; [name: string]: JcsValue }
  if (Object.keys(rest).length > 3)
    return new Reject('sealed-payload', 'more than `source` is concealed in it')
  const { faults } = formOf(file.kind, content)
  if (faults[0]) return new Reject('sealed-content', `${faults[0].path}: ${faults[0].detail}`)
  const from = source === undefined ? undefined : parseSource(source)
  if (isReject(from)) return from
  // In the order of their names: that of digests is random, and people compare what they are shown.
  const ordered = JSON.parse(fromUtf8(encodeJcs(content))) as FormJson
  return { content: ordered, source: from, parts: revealed.parts, withheld: revealed.withheld }
}

/** DOC-5. */
function parseSource(json: JcsValue): SourceJson | Reject {
  const shape = SourceSchema.safeParse(json)
  const lanes = shape.data?.lanes ?? []
  const ordered = lanes.every(({ client }, i) => i === 0 || client > (lanes[i - 1]?.client ?? 0))
  if (shape.success && ordered) return shape.data
  return new Reject('sealed-source', 'what it was made from is not said as it must be')
}
