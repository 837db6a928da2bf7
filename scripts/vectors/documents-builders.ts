// Companies, signers and sealed files for the vectors of protocols/documents. Fixed seeds, fixed times.
import { formOf } from '../../src/artifacts/form.ts'
import type { ArtifactKind } from '../../src/artifacts/layouts.ts'
import { type SealedFile, encodeSealed, mediaKind } from '../../src/artifacts/sealed-file.ts'
import type { SignerJson, SourceJson } from '../../src/artifacts/sealed-schema.ts'
import { type SealOptions, type Unsigned, addSignature, prepareSeal } from '../../src/artifacts/sealed.ts'
import { issueRoleCertificate } from '../../src/identity/certificate.ts'
import type { Power, Role } from '../../src/identity/certificate-schema.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { type SecretKey, sign } from '../../src/identity/ed25519.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { makeDisclosure } from '../../src/wire/disclosure.ts'
import { dsseSignedBytes, encodeDsse, parseDsse } from '../../src/wire/dsse.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { TIME, acme, key, must, text, webHosted } from './identity-builders.ts'

const DAY = 86_400_000
export const SIGNED_AT = TIME + 10 * DAY

/** Random enough for a vector: SHA-256 of a counter. */
export function counted(seed: string): (bytes: number) => Uint8Array {
  let count = 0
  return bytes => sha256(utf8(`parley documents vectors: ${seed} ${++count}`)).subarray(0, bytes)
}

/** `number` in place of 16 bytes. */
export function salt(number: number): Uint8Array {
  return counted(`salt ${number}`)(16)
}

export interface Seat {
  signer: SignerJson
  key: SecretKey
  certificate: Uint8Array
}

function seatOf(
  identity: CompanyIdentity,
  root: SecretKey,
  name: string,
  over: { role?: Role; powers?: Power[]; kind?: 'human' | 'agent'; validUntil?: number; key?: SecretKey } = {}
): Seat {
  const holderKey = over.key ?? key(name)
  const holder = { kind: over.kind ?? ('human' as const), name }
  const request = {
    company: identity.did,
    role: over.role ?? ('CTO' as const),
    holder,
    key: holderKey.publicKey
  }
  const certificate = must(
    issueRoleCertificate(identity, root, request, {
      powers: over.powers ?? ['advise', 'vote', 'seal'],
      validFrom: TIME,
      validUntil: over.validUntil ?? TIME + 90 * DAY
    })
  )
  const { payload } = must(parseDsse(certificate, 'role-certificate.v1'))
  const signer = {
    company: identity.did,
    role: request.role,
    person: name,
    key: holderKey.publicKey.multikey,
    certificate: toHex(sha256(payload))
  }
  return { signer, key: holderKey, certificate }
}

export const ada = seatOf(acme().third, key('spare 3'), 'Ada Lovelace')
export const bruno = seatOf(webHosted(), key('web 1'), 'Bruno Castel', { role: 'COO' })
export const agent = seatOf(acme().third, key('spare 3'), 'drafting agent', {
  powers: ['advise'],
  kind: 'agent'
})
export const past = seatOf(acme().third, key('spare 3'), 'Past Holder', { validUntil: TIME + DAY })
export const lost = seatOf(acme().third, key('spare 3'), 'Lost Holder', { key: key('lost laptop') })

export const SOURCE: SourceJson = {
  artifact: toHex(sha256(utf8('artifact')).subarray(0, 16)),
  facet: toHex(sha256(utf8('facet'))),
  space: toHex(sha256(utf8('space'))),
  lanes: [
    { client: 268435457, seq: 3, id: toHex(sha256(utf8('head 1'))) },
    { client: 1099780063233, seq: 11, id: toHex(sha256(utf8('head 2'))) }
  ],
  structRoot: toHex(sha256(utf8('struct root')))
}

/** Two fields are enough to be wrong about. */
const SMALL = { meta: { title: 'Shared calibration', goal: 'One bench' } }

export function plan(signers: Seat[] = [ada], over: Partial<SealOptions> = {}): Unsigned {
  const options: SealOptions = {
    kind: 'JointInitiativePlan.v1',
    class: 'shared-confidential',
    source: SOURCE,
    form: formOf('JointInitiativePlan.v1', SMALL).json,
    signers: signers.map(({ signer }) => signer),
    signedAt: SIGNED_AT,
    ...over
  }
  return prepareSeal(options, counted('plan'))
}

/** Signed by these seats, in the order in which they are given. */
export function fileOf(
  unsigned: Unsigned,
  signing: Seat[] = [ada],
  over: Partial<SealedFile> = {}
): SealedFile {
  const { kind, payload, disclosures } = unsigned
  let signatures: Uint8Array[] = []
  let envelope = new Uint8Array(0) as Uint8Array
  for (const seat of signing) {
    const one = { kind, payload, signatures }
    envelope = must(addSignature(one, seat.signer.key, message => sign(seat.key, message)))
    signatures = must(parseDsse(envelope, mediaKind(kind))).signatures
  }
  const certificates = signing.map(({ certificate }) => certificate)
  return { kind, envelope, certificates, identities: [], disclosures, ...over }
}

export function spelt(file: SealedFile): string {
  return text(encodeSealed(file))
}

/** A file whose payload is anything, signed by Ada all the same. */
export function crafted(
  payload: { [member: string]: JcsValue | undefined },
  disclosures: string[],
  kind: ArtifactKind = 'JointInitiativePlan.v1'
): string {
  const base = JSON.parse(text(plan().payload)) as { [member: string]: JcsValue }
  const merged = Object.fromEntries(
    Object.entries({ ...base, ...payload }).filter(([, value]) => value !== undefined)
  )
  const bytes = encodeJcs(merged as { [member: string]: JcsValue })
  const signature = sign(ada.key, dsseSignedBytes(mediaKind(kind), bytes))
  const envelope = encodeDsse({ kind: mediaKind(kind), payload: bytes, signatures: [signature] })
  return spelt({
    kind,
    envelope,
    certificates: [ada.certificate],
    identities: [],
    disclosures: disclosures.toSorted()
  })
}

/** Content that conceals these members, at its top, with their disclosures. */
export function conceals(...members: [name: string, value: JcsValue][]): {
  digests: string[]
  texts: string[]
} {
  const made = members.map(([name, value], i) => makeDisclosure(salt(i), value, name))
  return { digests: made.map(({ digest }) => digest).sort(), texts: made.map(disclosure => disclosure.text) }
}
