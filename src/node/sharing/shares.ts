// Content on its way to a wider class: shown byte for byte first, then written as the beginning of a part of its own
// in the name of a person. What it was taken from is not touched. protocols/artifacts, ART-15 to ART-18.
import { agreementOf } from '../../artifacts/agreement.ts'
import { type Fault, type FormJson, formOf } from '../../artifacts/form.ts'
import { type ArtifactKind, layoutOf } from '../../artifacts/layouts.ts'
import {
  type ShareFacts,
  bars,
  isEmptyForm,
  keptNarrower,
  shareDigest,
  takeFields,
  unseenOf
} from '../../artifacts/share.ts'
import { isName } from '../../identity/document-text.ts'
import type { SpaceLog } from '../../identity/space-log.ts'
import { Clearance } from '../../policy/decide.ts'
import type { Facet } from '../../replica/facet.ts'
import type { HeldFacet } from '../../sync/context.ts'
import type { Lease } from '../../sync/desk.ts'
import { isFor } from '../../sync/directory.ts'
import { equalBytes, fromUtf8, toHex } from '../../wire/bytes.ts'
import { DATA_CLASSES, type DataClass } from '../../wire/data-class.ts'
import type { FacetGenesis } from '../../wire/genesis.ts'
import { encodeJcs } from '../../wire/jcs.ts'
import type { Layout } from '../../wire/layout.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { type Library, rootsOf } from '../editing/library.ts'
import type { ArtifactJson } from '../surface/parley-node.ts'
import {
  type Parts,
  type RoleSigner,
  companyJson,
  idOf,
  nameOf,
  noteAccess,
  refused,
  signerFor
} from '../parts/parts.ts'
import type { Rooms } from '../spaces/rooms.ts'
import type { ShareApproval, ShareJson, ShareOptions, ShareReaderJson } from '../surface/share-json.ts'

const BY_CHARS_MAX = 200
/** Faults told one by one in an error. */
const FAULTS_TOLD = 3

/** What was asked for, found to be allowed. */
interface Draft {
  source: Facet
  space: SpaceLog
  class: DataClass
  form: FormJson
  content: Uint8Array
  faults: Fault[]
  digest: string
}

export class Shares {
  readonly #parts: Parts
  readonly #library: Library
  readonly #rooms: Rooms

  constructor(parts: Parts, library: Library, rooms: Rooms) {
    this.#parts = parts
    this.#library = library
    this.#rooms = rooms
  }

  /** @throws NodeError `policy-*`, `already-shared`, `space-needed`, `field-unknown`, `share-faults`, `share-empty` */
  async preview(prefix: string, options: ShareOptions): Promise<ShareJson> {
    const { source, space, form, content, faults, digest, ...draft } = await this.#draft(prefix, options)
    noteAccess(this.#parts, source, 'share-preview')
    const facts = { kind: source.genesis.kind as ArtifactKind, class: draft.class }
    const agreement = this.#clause(space, facts, form)
    return {
      artifact: toHex(source.genesis.artifact),
      kind: source.genesis.kind,
      class: draft.class,
      from: source.genesis.class,
      space: toHex(space.id),
      spaceTitle: space.genesis.title,
      content: fromUtf8(content),
      digest,
      unseen: unseenOf(form),
      faults: faults.map(({ path, detail }) => `${path}: ${detail}`),
      ...(agreement && { agreement }),
      parties: this.#readers(space, source, draft.class)
    }
  }

  /** @throws NodeError as `preview`; `share-changed`, `policy-person`, `name-refused`, and those of writing in the space */
  async approve(prefix: string, { digest, by, ...options }: ShareApproval): Promise<ArtifactJson> {
    if (!isName(by, BY_CHARS_MAX)) {
      const next = 'Give a name as it is spoken, in one line: --by "Ada Example"'
      throw new NodeError('name-refused', 'whoever shares is named by 1 to 200 plain characters', next)
    }
    const draft = await this.#draft(prefix, options)
    if (draft.digest !== digest) {
      const next = 'Look again: leave --approve out, and approve the digest that is printed then. (ART-17)'
      const what =
        'what would be shared, or the agreement for it, is not what was approved; nothing was written'
      throw new NodeError('share-changed', what, next)
    }
    await this.#write(draft, by)
    const artifact = toHex(draft.source.genesis.artifact)
    this.#parts.emit({ event: 'artifact', artifact })
    return this.#library.json(artifact)
  }

  // ---- what may be taken ---------------------------------------------------------------------------

  async #draft(prefix: string, { class: wanted, from, space: typed, fields }: ShareOptions): Promise<Draft> {
    const { facet: source } = this.#library.held(prefix, from)
    this.#checkSource(source, wanted)
    this.#checkNew(source, wanted)
    const space = typed === undefined ? this.#spaceOf(source) : this.#rooms.find(typed)
    if (space.parties.length < 2) {
      const next = 'Name a space with --space in which there are other companies: parley space list'
      throw new NodeError('space-needed', 'in your own space nobody else would get it', next)
    }
    const kind = source.genesis.kind as ArtifactKind
    const document = await this.#library.document(source)
    const all = { ...document.fields, text: document.text }
    const roots = fields ? takeFields(kind, all, fields) : all
    if (isReject(roots)) throw refused(roots, 'parley show --form prints what is there.')
    const { json: form, faults } = formOf(kind, roots)
    checkForm(form, faults)
    const content = encodeJcs(form)
    const revision = agreementOf(space).inForce
    const facts: ShareFacts = {
      kind,
      class: wanted,
      artifact: document.artifact,
      space: toHex(space.id),
      ...(revision && { revision: toHex(revision.id) })
    }
    return { source, space, class: wanted, form, content, faults, digest: shareDigest(content, facts) }
  }

  /** ART-15. */
  #checkSource({ space, genesis, lanes }: Facet, wanted: DataClass): void {
    if (DATA_CLASSES.indexOf(wanted) <= DATA_CLASSES.indexOf(genesis.class)) {
      const what = `${wanted} is not wider than ${genesis.class}: content moves from private to shared-confidential to public, never back (ART-15)`
      throw new NodeError(
        'policy-class',
        what,
        'What was given cannot be taken back. parley new begins anew.'
      )
    }
    const own = this.#parts.directory.ownIndex(space)
    const authors = [genesis.owner, ...[...lanes.values()].map(({ company }) => company)]
    const other = authors.find(company => company !== own)
    if (other === undefined) return
    const who = nameOf(this.#parts, space.parties[other] ?? '')
    const what = `${who} has written in it, and its words are not yours to give to others (ART-15)`
    throw new NodeError('policy-author', what, 'Agree with them, and begin a new one: parley new --class')
  }

  /** An artifact has one part of a class; one that is just being made counts. */
  #checkNew(source: Facet, wanted: DataClass): void {
    const artifact = toHex(source.genesis.artifact)
    const known = this.#library.facetsOf(artifact).find(({ facet }) => facet.genesis.class === wanted)
    if (!known) return
    const id = artifact.slice(0, 12)
    const where = known.facet.space.genesis.title
    throw new NodeError(
      'already-shared',
      `the artifact has a ${wanted} part already, in ${where}`,
      `Edit it: parley edit ${id} --class ${wanted}`
    )
  }

  #spaceOf({ space }: Facet): SpaceLog {
    return space.parties.length > 1 ? space : this.#rooms.onlyShared()
  }

  // ---- who would get it ----------------------------------------------------------------------------

  #clause(
    space: SpaceLog,
    facts: Pick<ShareFacts, 'kind' | 'class'>,
    form: FormJson
  ): ShareJson['agreement'] {
    const { inForce } = agreementOf(space)
    if (!inForce) return undefined
    const { title, scope, confidentiality } = inForce.terms
    const { kinds, classes, topics } = scope
    const covers = kinds.includes(facts.kind) && isFor(inForce.terms, space, facts.class)
    const narrower = keptNarrower(facts, form, confidentiality)
    return { revision: toHex(inForce.id), title, kinds, classes, topics, covers, narrower }
  }

  #readers(space: SpaceLog, { genesis }: Facet, dataClass: DataClass): ShareReaderJson[] {
    const { directory, driver } = this.#parts
    const owner = directory.ownIndex(space) ?? -1
    const facet: FacetGenesis = { ...genesis, class: dataClass, space: space.id, owner }
    const sessions = [...driver.core.context.open()]
    const now = Date.now()
    return space.parties
      .filter(did => did !== directory.self.did)
      .map(did => {
        const company = companyJson(did, directory.identities.get(did))
        const nodes = sessions.flatMap(({ peer }) => (peer.did === did ? [peer] : []))
        const denials = nodes.flatMap(peer => {
          const answer = directory.decide('send', peer, space, facet, now)
          return answer instanceof Clearance ? [] : [answer]
        })
        if (denials.length < nodes.length) return { company, gets: 'now' }
        const denial = denials[0] ?? directory.prospect(did, space, facet, now)
        if (!denial) return { company, gets: 'on-connecting' }
        return { company, gets: 'not-now', rule: denial.rule, reason: denial.reason }
      })
  }

  // ---- writing -------------------------------------------------------------------------------------

  /**
   * The record is on the disk before the first envelope is signed: what went out and is not recorded would be worse
   * than a record of what never did.
   */
  async #write(draft: Draft, by: string): Promise<void> {
    const { driver, desk } = this.#parts
    const { source, space, digest } = draft
    const signer = this.#person(space)
    const { kind, artifact } = source.genesis
    const facts = { kind, class: draft.class, artifact }
    const held = await driver.perform(() => {
      this.#checkNew(source, draft.class) // since the last look, and before the next
      return desk.openFacet(space, facts)
    })
    if (isReject(held)) throw refused(held, `Run parley space show ${idOf(space)}.`)
    try {
      const lease = desk.lease(held, signer, [])
      if (isReject(lease)) throw refused(lease, `Run parley space show ${idOf(space)}.`)
      const update = await this.#compose(held, lease, draft)
      const record = { type: 'share', facet: toHex(held.facet.id), digest, by, class: draft.class }
      await driver.perform(core => core.context.journal?.addFirst(space, record))
      const tip = await driver.perform(() => desk.edit(lease, { update, base: [] }))
      const written = held.facet.size > 0 ? 'The beginning of it was shared' : 'Nothing was shared'
      if (isReject(tip)) throw refused(tip, `${written}. parley show --form shows the content.`)
      desk.release(lease)
    } finally {
      desk.closeFacet(held)
    }
  }

  /** The update, read back: what is written is what was approved, or nothing is. ART-17. */
  async #compose({ facet }: HeldFacet, { client }: Lease, { form, content }: Draft): Promise<Uint8Array> {
    const kind = facet.genesis.kind as ArtifactKind
    const layout = layoutOf(kind) as Layout
    const { update, read } = await this.#parts.documents.compose(toHex(facet.id), client, {
      layout,
      form,
      roots: rootsOf(kind)
    })
    const made = formOf(kind, { ...read.fields, text: read.text })
    if (equalBytes(encodeJcs(made.json), content)) return update
    const next = 'Share it in parts with --fields, and report this: it is our mistake.'
    throw new NodeError('share-faults', 'the document that would be made does not say the same', next)
  }

  /** Giving something away is for people: an agent's key may write, and does not approve. */
  #person(space: SpaceLog): RoleSigner {
    const roles = this.#parts.roles.filter(({ certificate }) => certificate.holder.kind !== 'agent')
    if (roles.length === 0 && this.#parts.roles.length > 0) {
      const next = 'A person runs it where their key is: parley role list'
      throw new NodeError('policy-person', 'the keys of this node are those of agents', next)
    }
    return signerFor({ ...this.#parts, roles }, space)
  }
}

/** @throws NodeError `share-faults`, `share-empty` */
function checkForm(form: FormJson, faults: Fault[]): void {
  const barring = faults.filter(bars)
  if (barring.length > 0) {
    const told = barring.slice(0, FAULTS_TOLD).map(({ path, detail }) => `${path}: ${detail}`)
    const more = barring.length > told.length ? `; and ${barring.length - told.length} more` : ''
    const next = 'parley set mends them; or leave them out with --fields.'
    throw new NodeError('share-faults', `it cannot be shown byte for byte: ${told.join('; ')}${more}`, next)
  }
  if (isEmptyForm(form))
    throw new NodeError('share-empty', 'there is nothing in it', 'Write something first: parley edit')
}
