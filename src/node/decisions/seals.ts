// Sealing what stands in a document here, and signing what another company has sealed of it.
// protocols/documents, sections 2 and 3.
import { type FormJson, formOf } from '../../artifacts/form.ts'
import type { ArtifactKind } from '../../artifacts/layouts.ts'
import { SEALED_BYTES_MAX, type SealedFile, encodeSealed, mediaKind } from '../../artifacts/sealed-file.ts'
import type { SignerJson, SourceJson } from '../../artifacts/sealed-schema.ts'
import { type InspectedArtifact, addSignature, inspectSealed, prepareSeal } from '../../artifacts/sealed.ts'
import { certificateId } from '../../artifacts/signers.ts'
import type { Subject } from '../../decision/schema.ts'
import type { RoleCertificate } from '../../identity/certificate.ts'
import type { SpaceLog } from '../../identity/space-log.ts'
import type { Facet } from '../../replica/facet.ts'
import { concatBytes, equalBytes, toHex } from '../../wire/bytes.ts'
import type { DataClass } from '../../wire/data-class.ts'
import { parseDsse } from '../../wire/dsse.ts'
import { encodeJcs } from '../../wire/jcs.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import type { DocumentRead } from '../documents/document-worker.ts'
import { type Library, rootsOf, tipsOf } from '../editing/library.ts'
import {
  type Parts,
  type RoleSigner,
  certificateExpired,
  idOf,
  nameOf,
  noteAccess,
  refused,
  shortOf,
  signerFor
} from '../parts/parts.ts'
import type { Voters } from './voters.ts'

/** Faults told one by one in an error; `parley show --form` has all of them. */
const FAULTS_TOLD = 3

export class Seals {
  readonly #parts: Parts
  readonly #library: Library
  readonly #voters: Voters
  readonly #random: (bytes: number) => Uint8Array

  constructor(
    parts: Parts,
    { library, voters }: { library: Library; voters: Voters },
    random: (bytes: number) => Uint8Array
  ) {
    this.#parts = parts
    this.#library = library
    this.#voters = voters
    this.#random = random
  }

  /** @throws NodeError `class-needed`, `seal-faults`, `seal-size`, `role-missing`, `certificate-expired` */
  async *seal(
    prefix: string,
    { class: dataClass, decision }: { class?: DataClass | undefined; decision?: string | undefined },
    others: string[]
  ): AsyncGenerator<Uint8Array> {
    const decided = decision === undefined ? undefined : this.#decided(decision)
    const { facet } = decided ? this.#library.held(decided.facet) : this.#library.named(prefix, dataClass)
    if (decided && !decided.artifact.startsWith(prefix.toLowerCase()))
      throw new NodeError(
        'release-other',
        `the decision is about the document ${shortOf({ id: decided.artifact })}`,
        'Name that one.'
      )
    const { space, genesis } = facet
    const own = this.#sealer(space)
    const seats = [seatOf(own.certificate), ...others.map(did => this.#seatOf(space, did))]
    noteAccess(this.#parts, facet, 'seal')
    const document = decided ? await this.#asDecided(facet, decided) : await this.#library.document(facet)
    const kind = genesis.kind as ArtifactKind
    const source: SourceJson = {
      artifact: document.artifact,
      facet: document.facet,
      lanes: document.frontier.heads.map(({ client, id, seq }) => ({ client, id, seq })),
      space: toHex(space.id),
      structRoot: document.structRoot
    }
    const form = soundForm(kind, document)
    const facts = { kind, class: genesis.class, source, form, signers: seats, signedAt: Date.now() }
    const unsigned = prepareSeal(facts, this.#random)
    const file: SealedFile = {
      kind,
      envelope: new Uint8Array(0),
      certificates: this.#certificates(space, seats, own),
      identities: this.#identities(seats),
      disclosures: unsigned.disclosures
    }
    yield* this.#signed(space, file, { ...unsigned, signatures: [] }, own)
  }

  /** What a decision has approved. DEC-33 */
  #decided(prefix: string): Subject {
    const { id, settled, initiation } = this.#voters.find(prefix).decision
    const { subject } = initiation
    if (settled?.tally.approved !== undefined && subject?.release !== undefined) return subject
    throw new NodeError(
      'release-none',
      'the decision has approved no version of a standard',
      `How far it is: parley decision show ${shortOf({ id })}`
    )
  }

  /** The document as it stood when it was decided on, whatever was written since. */
  async #asDecided(facet: Facet, { heads, root }: Subject) {
    const frontier = { heads }
    const { bodies } = await this.#library.bodies(toHex(facet.id), tipsOf(facet, frontier))
    const { kind, artifact } = facet.genesis
    const read = await this.#parts.documents.preview(toHex(facet.id), bodies, rootsOf(kind))
    if (toHex(read.structRoot) !== root)
      throw new NodeError(
        'release-other',
        'what is here at these heads is not what was decided on',
        'Look at it: parley why'
      )
    const { text, fields } = read
    return { artifact: toHex(artifact), facet: toHex(facet.id), frontier, structRoot: root, text, fields }
  }

  /** @throws NodeError `sealed-*`, `sign-*` */
  async *countersign(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const sealed = inspectSealed(await gather(file), this.#parts.directory.identities)
    if (isReject(sealed)) throw refused(sealed, 'Ask for the file again.')
    const wanted = sealed.signers.filter(({ refusal }) => refusal?.code === 'sealed-unsigned')
    const own = this.#parts.roles.find(role => wanted.some(({ key }) => key === role.publicKey.multikey))
    const seat = wanted.find(({ key }) => key === own?.publicKey.multikey)
    if (!own || !seat) {
      const next = 'parley verify FILE shows who is to sign; parley unlock brings keys back.'
      throw new NodeError('sign-nothing', 'no key of this node is to sign this file', next)
    }
    const { space } = await this.#compare(sealed)
    const envelope = parseDsse(sealed.file.envelope, mediaKind(sealed.kind))
    if (isReject(envelope)) throw refused(envelope, 'Ask for the file again.')
    const id = certificateId(own.certificateBytes)
    const held = sealed.file.certificates.map(certificateId)
    const brings = id === seat.certificate && !held.includes(id) ? [own.certificateBytes] : []
    const carried = { ...sealed.file, certificates: [...sealed.file.certificates, ...brings] }
    yield* this.#signed(space, carried, { ...envelope, kind: sealed.kind }, own)
  }

  /** Nobody signs what they cannot see: all of it is the document that is here, at that point of its history. */
  async #compare({ source, content, kind, class: dataClass }: InspectedArtifact): Promise<Facet> {
    if (!source) {
      throw new NodeError(
        'sign-partial',
        'the file withholds fields of the document',
        'Ask for the whole file.'
      )
    }
    const { facet } = this.#library.held(source.facet)
    noteAccess(this.#parts, facet, 'countersign')
    const tips = tipsOf(facet, { heads: source.lanes })
    const { bodies } = await this.#library.bodies(source.facet, tips)
    const document = await this.#parts.documents.preview(source.facet, bodies, rootsOf(kind))
    const { genesis } = facet
    const same =
      genesis.kind === kind &&
      genesis.class === dataClass &&
      toHex(genesis.artifact) === source.artifact &&
      toHex(facet.space.id) === source.space &&
      toHex(document.structRoot) === source.structRoot &&
      equalBytes(encodeJcs(soundForm(kind, document)), encodeJcs(content))
    if (same) return facet
    const next = 'Do not sign it. parley show prints the document; ask the other company what they sealed.'
    throw new NodeError('sign-other', 'the file is not the document that is here', next)
  }

  #sealer(space: SpaceLog): RoleSigner {
    const signer = signerFor(this.#parts, space)
    if (signer.certificate.powers.includes('seal')) return signer
    const next = 'A person whose certificate says seal can: parley role list'
    throw new NodeError('role-missing', `${signer.certificate.holder.name} may not seal`, next)
  }

  /** The key of another party that is to sign: of the space's pairing where there is one, with the power to seal. */
  #seatOf(space: SpaceLog, did: string): SignerJson {
    const company = space.companyOf(did)
    const head = company === undefined ? undefined : space.head(company)
    const able = (head?.keys ?? [])
      .filter(({ index }) => !head?.cut.includes(index))
      .map(({ certificate }) => certificate)
      .filter(({ powers }) => powers.includes('seal'))
    const now = Date.now()
    const current = able.filter(({ expiresAt }) => expiresAt > now)
    const one = current.find(({ role }) => role === space.genesis.pairing) ?? current[0]
    if (one) return seatOf(one)
    const [expired] = able
    if (expired) throw certificateExpired(expired.role)
    const next = `See the keys of the space: parley space keys ${idOf(space)}`
    throw new NodeError('role-missing', `${nameOf(this.#parts, did)} has no key there that may seal`, next)
  }

  /** As far as they are here; who signs later brings the own. */
  #certificates(space: SpaceLog, seats: SignerJson[], own: RoleSigner): Uint8Array[] {
    const pinned = space.entries().flatMap(({ act }) => ('certificates' in act ? act.certificates : []))
    const byId = new Map([...pinned, own.certificateBytes].map(bytes => [certificateId(bytes), bytes]))
    return seats.flatMap(({ certificate }) => byId.get(certificate) ?? [])
  }

  #identities(seats: SignerJson[]): Uint8Array[] {
    const { identities } = this.#parts.directory
    const companies = new Set(seats.map(({ company }) => company))
    return [...companies].flatMap(did => identities.get(did)?.log ?? [])
  }

  /** Signs, reads what it made like everybody, and writes down whose key signed what before it gives it out (AUD-3). */
  async *#signed(
    space: SpaceLog,
    file: SealedFile,
    unsigned: { kind: ArtifactKind; payload: Uint8Array; signatures: Uint8Array[] },
    signer: RoleSigner
  ): AsyncGenerator<Uint8Array> {
    const { multikey } = signer.publicKey
    const envelope = addSignature(unsigned, multikey, message => signer.sign(message))
    if (isReject(envelope)) throw refused(envelope, 'parley verify FILE shows who is to sign.')
    const bytes = encodeSealed({ ...file, envelope })
    if (bytes.length > SEALED_BYTES_MAX) {
      const next = 'Split the document in two with parley new, and seal each.'
      throw new NodeError('seal-size', `${bytes.length} bytes, at most ${SEALED_BYTES_MAX}`, next)
    }
    const read = inspectSealed(bytes, this.#parts.directory.identities)
    const next = 'Nothing was given out. parley role list shows the certificate.'
    if (isReject(read)) throw refused(read, next)
    const refusal = read.signers.find(({ key }) => key === multikey)?.refusal
    if (refusal) throw refused(refusal, next)
    const record = { type: 'signature', key: multikey, what: 'seal', id: read.id }
    await this.#parts.driver.perform(core => core.context.journal?.addFirst(space, record))
    yield bytes
  }
}

function seatOf({ id, company, role, holder, key }: RoleCertificate): SignerJson {
  return { certificate: toHex(id), company, key: key.multikey, person: holder.name, role }
}

/** @throws NodeError `seal-faults` */
function soundForm(kind: ArtifactKind, { text, fields }: Pick<DocumentRead, 'text' | 'fields'>): FormJson {
  const { json, faults } = formOf(kind, { ...fields, text })
  if (faults.length === 0) return json
  const told = faults.slice(0, FAULTS_TOLD).map(({ path, detail }) => `${path}: ${detail}`)
  const more = faults.length > told.length ? `; and ${faults.length - told.length} more` : ''
  const next = 'parley show --form lists them all; parley set mends them.'
  throw new NodeError('seal-faults', `it cannot be sealed as it stands: ${told.join('; ')}${more}`, next)
}

/** @throws NodeError `sealed-size` */
async function gather(file: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of file) {
    bytes += part.length
    if (bytes > SEALED_BYTES_MAX) {
      throw new NodeError('sealed-size', `more than ${SEALED_BYTES_MAX} bytes`, 'This is no sealed file.')
    }
    parts.push(part)
  }
  return concatBytes(...parts)
}
