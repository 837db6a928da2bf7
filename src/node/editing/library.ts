// Artifacts as people see them: one thing with up to three facets; reading and editing.
import { isOfType, layoutOf, valueAt } from '../../artifacts/layouts.ts'
import type { Facet, Tip } from '../../replica/facet.ts'
import type { Position } from '../../replica/lane-tree.ts'
import type { HeldFacet } from '../../sync/context.ts'
import type { Wanted } from '../../sync/effects.ts'
import { fromHex, toHex } from '../../wire/bytes.ts'
import type { DataClass } from '../../wire/data-class.ts'
import type { PlainType } from '../../wire/layout.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import type { DocumentRead, FieldChange, RootKind } from '../documents/document-worker.ts'
import { type Artifact, artifactsOf, namedPart, partOf, partsNamed } from './artifact-parts.ts'
import type { Bodies } from '../documents/documents.ts'
import type { ArtifactJson, DocumentJson, FrontierJson } from '../surface/parley-node.ts'
import { type Parts, UNLOCK, idOf, noteAccess, refused, signerFor } from '../parts/parts.ts'
import type { Rooms } from '../spaces/rooms.ts'

/** What one edit may bring; a document holds at most 8 MiB. */
export const EDIT_CHARS_MAX = 4 * 1024 * 1024

export class Library {
  readonly #parts: Parts
  readonly #rooms: Rooms
  readonly #random: (bytes: number) => Uint8Array

  constructor(parts: Parts, rooms: Rooms, random: (bytes: number) => Uint8Array) {
    this.#parts = parts
    this.#rooms = rooms
    this.#random = random
  }

  // ---- finding -----------------------------------------------------------------------------------

  #facets(): Map<string, HeldFacet> {
    return this.#parts.driver.core.context.facets
  }

  #artifacts(): Artifact[] {
    return artifactsOf(this.#facets().values(), this.#parts.directory.self.did)
  }

  get size(): number {
    return this.#artifacts().length
  }

  async list(): Promise<ArtifactJson[]> {
    return Promise.all(this.#artifacts().map(({ id, parts }) => this.#json(id, parts)))
  }

  /** The parts of an artifact, or the part, that begins with these digits; the least wide class first. */
  facetsOf(prefix: string): HeldFacet[] {
    return partsNamed(this.#artifacts(), prefix)
  }

  /** The part of this class, or else the least wide. */
  held(prefix: string, dataClass?: DataClass): HeldFacet {
    const known = this.#facets().get(prefix)
    return partOf(known ? [known] : this.facetsOf(prefix), dataClass)
  }

  /** The same for what leaves in a file: where there are parts of several classes, one has to be named. */
  named(prefix: string, dataClass?: DataClass): HeldFacet {
    return namedPart(this.facetsOf(prefix), dataClass)
  }

  json(prefix: string): Promise<ArtifactJson> {
    const artifacts = this.#artifacts()
    const [one] = partsNamed(artifacts, prefix)
    const { id, parts } = artifacts.find(({ parts }) => parts.includes(one as HeldFacet)) as Artifact
    return this.#json(id, parts)
  }

  /** For many at once: tells of a facet that is held which artifact it is part of. */
  lookup(): (facet: Facet) => Promise<ArtifactJson> {
    const artifacts = this.#artifacts()
    const byFacet = new Map(artifacts.flatMap(one => one.parts.map(({ facet }) => [facet, one])))
    return facet => {
      const { id, parts } = byFacet.get(facet) as Artifact
      return this.#json(id, parts)
    }
  }

  async #json(id: string, parts: HeldFacet[]): Promise<ArtifactJson> {
    const { facet } = parts[0] as HeldFacet
    return {
      id,
      kind: facet.genesis.kind,
      title: await this.#title(toHex(facet.id), facet.genesis.kind),
      space: toHex(facet.space.id),
      spaceTitle: facet.space.genesis.title,
      facets: parts.map(({ facet: { id, genesis, size, lanes, space } }) => {
        const readOnly = this.#readOnly(toHex(id))
        return {
          id: toHex(id),
          class: genesis.class,
          space: toHex(space.id),
          spaceTitle: space.genesis.title,
          envelopes: size,
          lanes: lanes.size,
          ...(readOnly !== undefined && { readOnly })
        }
      })
    }
  }

  async #title(facet: string, kind: string): Promise<string> {
    try {
      const { fields } = await this.#parts.documents.read(facet, rootsOf(kind))
      const { title } = fields['meta'] as { title?: unknown }
      return typeof title === 'string' ? title : ''
    } catch {
      return ''
    }
  }

  #readOnly(facet: string): string | undefined {
    if (this.#parts.driver.store.readOnly(facet)) return 'records of your own are missing; see parley doctor'
    return this.#parts.documents.stalled(facet)
  }

  // ---- reading -----------------------------------------------------------------------------------

  async read(prefix: string, dataClass?: DataClass): Promise<DocumentJson> {
    const { facet } = this.held(prefix, dataClass)
    const document = await this.document(facet)
    noteAccess(this.#parts, facet, 'read')
    return document
  }

  /** For what this node makes of it: nobody is shown it. */
  async document(facet: Facet): Promise<DocumentJson> {
    const { genesis } = facet
    const read = await this.#parts.documents.read(toHex(facet.id), rootsOf(genesis.kind))
    return {
      artifact: toHex(genesis.artifact),
      facet: toHex(facet.id),
      kind: genesis.kind,
      class: genesis.class,
      text: read.text,
      fields: read.fields,
      frontier: frontierJson(read.frontier),
      structRoot: toHex(read.structRoot)
    }
  }

  /** The bodies that count, or those of them within `base`, in the order of admission. */
  bodies = async (id: string, base?: Tip[]): Promise<Bodies> => {
    const held = this.#facets().get(id)
    if (!held) return { bodies: [], frontier: [] }
    const { facet } = held
    // What was kept as one update stands for what it amounts to, unless somebody asks for what was before.
    const kept = base ? undefined : await this.#parts.checkpoints.document(facet)
    const begins = endsOf(kept?.heads ?? [])
    const frontier = base ?? facet.frontier()
    const ends = endsOf(frontier)
    const counted = facet.order().filter(position => {
      const { client } = position.segment.lane
      const within = position.seq > (begins.get(client) ?? -1) && position.seq <= (ends.get(client) ?? -1)
      return within && facet.counts(position)
    })
    const records = await this.#parts.driver.read(facet.id, counted.map(wantedAt))
    if (records.includes(undefined)) {
      const next = 'Peers send what they have; parley why and parley repair say more.'
      throw new NodeError('records-missing', 'envelopes of this document are missing on this disk', next)
    }
    const bodies = records.flatMap(record => (record?.body.length ? record.body : []))
    return { bodies: kept ? [kept.state, ...bodies] : bodies, frontier }
  }

  /** The document that these envelopes alone would make. */
  async preview(facet: Facet, positions: Position[]): Promise<DocumentRead> {
    const records = await this.#parts.driver.read(facet.id, positions.map(wantedAt))
    const bodies = records.flatMap(record => record?.body ?? [])
    return this.#parts.documents.preview(toHex(facet.id), bodies, rootsOf(facet.genesis.kind))
  }

  // ---- editing -----------------------------------------------------------------------------------

  async create(options: {
    kind: string
    title: string
    class: DataClass
    space?: string
    text?: string
  }): Promise<ArtifactJson> {
    const { text, title } = options
    const fields = [{ path: ['meta', 'title'], value: title }]
    return this.begin(options, this.#random(16), { fields, ...(text !== undefined && { text }) })
  }

  /** The same with an id and fields that the program gives. */
  async begin(
    options: { kind: string; class: DataClass; space?: string },
    artifact: Uint8Array,
    content: { text?: string; fields: FieldChange[] }
  ): Promise<ArtifactJson> {
    const { driver, desk } = this.#parts
    const space =
      options.space === undefined ? this.#defaultSpace(options.class) : this.#rooms.find(options.space)
    signerFor(this.#parts, space)
    const facts = { kind: options.kind, class: options.class, artifact }
    const held = await driver.perform(() => desk.openFacet(space, facts))
    if (isReject(held)) throw refused(held, 'Run parley new --help to see the kinds.')
    noteAccess(this.#parts, held.facet, 'create')
    await this.#change(held, [], content)
    this.#parts.emit({ event: 'artifact', artifact: toHex(facts.artifact) })
    return this.json(toHex(facts.artifact))
  }

  #defaultSpace(dataClass: DataClass) {
    if (dataClass === 'private') {
      const home = this.#rooms.home()
      if (home) return home
    }
    // The company's own space comes with the first key that can speak for it.
    if (this.#parts.roles.length === 0)
      throw new NodeError('locked', 'no role key is unlocked on this node', UNLOCK)
    return this.#rooms.onlyShared()
  }

  async editText(
    prefix: string,
    { base, text, class: dataClass }: { base: FrontierJson; text: string; class?: DataClass }
  ): Promise<DocumentJson> {
    if (text.length > EDIT_CHARS_MAX) {
      const next = 'Split it over several artifacts, or attach it elsewhere and link to it.'
      throw new NodeError('text-size', `${text.length} characters, at most ${EDIT_CHARS_MAX}`, next)
    }
    const held = this.held(prefix, dataClass)
    // Yjs would replace the halves of a broken pair on its own, differently here and there.
    return this.#edit(held, tipsOf(held.facet, base), { text: text.toWellFormed() })
  }

  async setFields(prefix: string, fields: { [path: string]: unknown }): Promise<DocumentJson> {
    const held = this.held(prefix)
    const changes = Object.entries(fields).map(([path, value]) => {
      return fieldChange(held.facet.genesis.kind, path, value)
    })
    return this.#edit(held, held.facet.frontier(), { fields: changes })
  }

  async #edit(
    held: HeldFacet,
    base: Tip[],
    change: { text?: string; fields?: FieldChange[] }
  ): Promise<DocumentJson> {
    noteAccess(this.#parts, held.facet, 'edit')
    await this.#change(held, base, change)
    return this.document(held.facet)
  }

  /** The same for both at once, by the id of a facet. @returns the last envelope of the edit; none for no change */
  change(
    id: string,
    base: FrontierJson,
    change: { text?: string; fields?: FieldChange[] }
  ): Promise<Tip | undefined> {
    const held = this.held(id)
    return this.#change(held, tipsOf(held.facet, base), change)
  }

  /** An edit made at `base`: what others wrote since then stays, as with any two edits made apart. */
  async #change(
    held: HeldFacet,
    base: Tip[],
    change: { text?: string; fields?: FieldChange[] }
  ): Promise<Tip | undefined> {
    const { driver, desk, documents } = this.#parts
    const id = toHex(held.facet.id)
    const why = this.#readOnly(id)
    if (why !== undefined)
      throw new NodeError('read-only', `the document is read-only: ${why}`, 'Run parley why.')
    const signer = signerFor(this.#parts, held.facet.space)
    const lease = desk.lease(held, signer, base)
    if (isReject(lease)) throw refused(lease, `Run parley space show ${idOf(held.facet.space)}.`)
    try {
      const update = await documents.edit(id, lease.client, base, change)
      if (update.length === 0) return undefined
      const tip = await driver.perform(() => desk.edit(lease, { update, base }))
      if (!isReject(tip)) return tip
      const next =
        change.text === undefined ? 'parley show --fields shows the fields.' : 'Try a smaller edit.'
      throw refused(tip, `Nothing was changed. ${next}`)
    } finally {
      desk.release(lease)
    }
  }
}

const TYPE_NAMES: { [T in PlainType]: string } = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list'
}

/** `null` takes the field away. The gate would refuse the wrong type as well, but not say how to write the right one. */
function fieldChange(kind: string, path: string, value: unknown): FieldChange {
  const keys = path.split('.')
  if (value === null) return { path: keys, value: undefined }
  const layout = layoutOf(kind)
  const type = layout && valueAt(layout, keys)
  if (typeof value === 'string' && typeof type === 'object' && type.is === 'text')
    return { path: keys, value: value.toWellFormed(), text: true } // as editText does
  if (typeof type !== 'string' || type === 'plain' || isOfType(value, type)) return { path: keys, value }
  const example = { string: '="..."', number: ':=30', boolean: ':=true', list: ':=\'["..."]\'' }[type]
  const next = `Write ${path}${example}; ${path}:=null takes the field away.`
  throw new NodeError('field-type', `${path} holds ${TYPE_NAMES[type]}, not ${JSON.stringify(value)}`, next)
}

export function rootsOf(kind: string): { [name: string]: RootKind } {
  const roots = layoutOf(kind)?.roots ?? {}
  return Object.fromEntries(Object.entries(roots).map(([name, node]) => [name, node.is]))
}

/** The last seq of each lane. */
function endsOf(heads: Tip[]): Map<number, number> {
  return new Map(heads.map(({ client, seq }) => [client, seq]))
}

export function wantedAt({ segment, seq }: Position): Wanted {
  return { client: segment.lane.client, seq, id: segment.idAt(seq) }
}

export function frontierJson(tips: Tip[]): FrontierJson {
  return { heads: tips.map(({ client, seq, id }) => ({ client, seq, id: toHex(id) })) }
}

/** A frontier that a client hands back. What it names must be here and must count. */
export function tipsOf(facet: Facet, { heads }: FrontierJson): Tip[] {
  return heads.map(({ client, seq, id }) => {
    const tip = { client, seq, id: fromHex(id) ?? new Uint8Array(0) }
    const position = facet.find(tip)
    if (position && facet.counts(position)) return tip
    const next = 'Open the document again and make the change on what you see then; your text is not lost.'
    throw new NodeError(
      'base-unknown',
      'the version that was edited is not part of this document any more',
      next
    )
  })
}
