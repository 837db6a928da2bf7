// Artifacts as people see them: one thing with up to three facets; reading, editing, and the whole history.
import * as Y from 'yjs'
import { isOfType, layoutOf, valueAt } from '../artifacts/layouts.ts'
import type { Facet, Tip } from '../replica/facet.ts'
import type { Position } from '../replica/lane-tree.ts'
import type { HeldFacet } from '../sync/context.ts'
import type { Wanted } from '../sync/effects.ts'
import { holds } from '../sync/run-cut.ts'
import { fromHex, toHex } from '../wire/bytes.ts'
import type { DataClass } from '../wire/data-class.ts'
import { type EnvelopeRecord, parseHeader } from '../wire/envelope.ts'
import type { PlainType } from '../wire/layout.ts'
import { NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'
import type { DocumentRead, FieldChange, RootKind } from './document-worker.ts'
import type { Bodies } from './documents.ts'
import type { ArtifactJson, DocumentJson, FrontierJson, LogLineJson, PassageJson } from './parley-node.ts'
import { type Parts, UNLOCK, idOf, nameOf, refused, signerFor } from './parts.ts'
import type { Rooms } from './rooms.ts'

/** What one edit may bring; a document holds at most 8 MiB. */
export const EDIT_CHARS_MAX = 4 * 1024 * 1024
const EXCERPT_CHARS = 200
const READ_MAX = 2_048

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

  async list(): Promise<ArtifactJson[]> {
    const ids = new Set([...this.#facets().values()].map(({ facet }) => toHex(facet.genesis.artifact)))
    return Promise.all([...ids].map(id => this.json(id)))
  }

  /** The facets of an artifact, by its id or the id of a facet, or any prefix of them that is unique. */
  facetsOf(prefix: string): HeldFacet[] {
    const wanted = prefix.toLowerCase()
    const found = [...this.#facets()].filter(
      ([id, { facet }]) => id.startsWith(wanted) || toHex(facet.genesis.artifact).startsWith(wanted)
    )
    const artifacts = new Set(found.map(([, { facet }]) => toHex(facet.genesis.artifact)))
    if (wanted === '' || artifacts.size === 0) {
      throw new NodeError('artifact-unknown', `no artifact ${prefix}`, 'Run parley list to see what is here.')
    }
    if (artifacts.size > 1) {
      throw new NodeError(
        'artifact-ambiguous',
        `${prefix} is the start of ${artifacts.size} ids`,
        'Give more digits.'
      )
    }
    return found.map(([, held]) => held)
  }

  held(prefix: string, dataClass?: DataClass): HeldFacet {
    const found = this.facetsOf(prefix)
    const held = dataClass ? found.find(({ facet }) => facet.genesis.class === dataClass) : found[0]
    if (held) return held
    throw new NodeError(
      'facet-unknown',
      `the artifact has no ${dataClass} part`,
      'Run parley show without --class.'
    )
  }

  async json(artifact: string): Promise<ArtifactJson> {
    const found = this.facetsOf(artifact)
    const { facet } = found[0] as HeldFacet
    return {
      id: toHex(facet.genesis.artifact),
      kind: facet.genesis.kind,
      title: await this.#title(toHex(facet.id), facet.genesis.kind),
      space: toHex(facet.space.id),
      spaceTitle: facet.space.genesis.title,
      facets: found.map(({ facet: { id, genesis, size, lanes } }) => {
        const readOnly = this.#readOnly(toHex(id))
        return {
          id: toHex(id),
          class: genesis.class,
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
    const { driver, desk } = this.#parts
    const space =
      options.space === undefined ? this.#defaultSpace(options.class) : this.#rooms.find(options.space)
    signerFor(this.#parts, space)
    const facts = { kind: options.kind, class: options.class, artifact: this.#random(16) }
    const held = await driver.perform(() => desk.openFacet(space, facts))
    if (isReject(held)) throw refused(held, 'Run parley new --help to see the kinds.')
    const fields = [{ path: ['meta', 'title'], value: options.title }]
    await this.#change(held, [], { fields, ...(options.text !== undefined && { text: options.text }) })
    this.#parts.emit({ event: 'artifact', artifact: toHex(facts.artifact) })
    return this.json(toHex(facts.artifact))
  }

  #defaultSpace(dataClass: DataClass) {
    if (dataClass === 'private') {
      const home = this.#rooms.home()
      if (home) return home
    }
    const joint = [...this.#parts.directory.spaces.values()].filter(space => space.parties.length > 1)
    const [only] = joint
    if (only && joint.length === 1) return only
    // The company's own space comes with the first key that can speak for it.
    if (this.#parts.roles.length === 0)
      throw new NodeError('locked', 'no role key is unlocked on this node', UNLOCK)
    const next =
      joint.length === 0
        ? 'Make one with another company: parley space create TITLE --pairing ROLE --with COMPANY'
        : 'Name one with --space, as parley space list shows it.'
    throw new NodeError('space-needed', `${joint.length || 'no'} shared spaces are here`, next)
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
    await this.#change(held, tipsOf(held.facet, base), { text: text.toWellFormed() })
    return this.read(toHex(held.facet.id))
  }

  async setFields(prefix: string, fields: { [path: string]: unknown }): Promise<DocumentJson> {
    const held = this.held(prefix)
    const changes = Object.entries(fields).map(([path, value]) => {
      return fieldChange(held.facet.genesis.kind, path, value)
    })
    await this.#change(held, held.facet.frontier(), { fields: changes })
    return this.read(toHex(held.facet.id))
  }

  /** The same for both at once, by the id of a facet. */
  change(id: string, base: FrontierJson, change: { text?: string; fields?: FieldChange[] }): Promise<void> {
    const held = this.held(id)
    return this.#change(held, tipsOf(held.facet, base), change)
  }

  /** An edit made at `base`: what others wrote since then stays, as with any two edits made apart. */
  async #change(
    held: HeldFacet,
    base: Tip[],
    change: { text?: string; fields?: FieldChange[] }
  ): Promise<void> {
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
      if (update.length === 0) return
      const tip = await driver.perform(() => desk.edit(lease, { update, base }))
      if (!isReject(tip)) return
      const next =
        change.text === undefined ? 'parley show --fields shows the fields.' : 'Try a smaller edit.'
      throw refused(tip, `Nothing was changed. ${next}`)
    } finally {
      desk.release(lease)
    }
  }

  // ---- history -----------------------------------------------------------------------------------

  async log(prefix: string): Promise<LogLineJson[]> {
    const { facet } = this.held(prefix)
    const lines: LogLineJson[] = []
    const order = facet.order()
    for (let i = 0; i < order.length; i += READ_MAX) {
      const positions = order.slice(i, i + READ_MAX)
      const records = await this.#parts.driver.read(facet.id, positions.map(wantedAt))
      for (const [j, record] of records.entries()) {
        if (record) lines.push(this.#line(facet, positions[j] as Position, record))
      }
    }
    return lines
  }

  #line(facet: Facet, position: Position, record: EnvelopeRecord): LogLineJson {
    const { lane } = position.segment
    const header = parseHeader(record.header)
    if (isReject(header)) throw new NodeError('store-damaged', `${header}`, 'Run parley repair.')
    return {
      at: header.time,
      ...this.author(facet, lane.company, lane.key),
      lane: lane.client,
      seq: position.seq,
      id: toHex(position.segment.idAt(position.seq)),
      state: facet.counts(position) ? 'counts' : stateOf(facet, position),
      signature: holds(facet, lane.client, record) ? 'own' : 'covered',
      ...summarize(record.body),
      deleted: header.deletes.reduce((sum, range) => sum + range.length, 0),
      bytes: record.header.length + record.body.length + 64
    }
  }

  author(
    facet: Facet,
    company: number,
    index: number
  ): { company: string; role: string; holder: string; key: string } {
    const did = facet.space.parties[company] ?? ''
    const key = facet.space.head(company)?.keys[index]
    return {
      company: nameOf(this.#parts, did),
      role: key?.certificate.role ?? '',
      holder: key?.certificate.holder.name ?? '',
      key: key?.publicKey.multikey ?? ''
    }
  }

  async passages(prefix: string): Promise<PassageJson[]> {
    const { facet } = this.held(prefix)
    const written = await this.#parts.documents.passages(toHex(facet.id))
    const passages: PassageJson[] = []
    for (const { client, text } of written) {
      const lane = facet.lanes.get(client)
      const { company, role, holder } = this.author(facet, lane?.company ?? -1, lane?.key ?? -1)
      const last = passages.at(-1)
      if (last && last.company === company && last.holder === holder && last.role === role) last.text += text
      else passages.push({ text, company, role, holder })
    }
    return passages
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
  if (typeof type !== 'string' || type === 'plain' || isOfType(value, type)) return { path: keys, value }
  const example = { string: '="..."', number: ':=30', boolean: ':=true', list: ':=\'["..."]\'' }[type]
  const next = `Write ${path}${example}; ${path}:=null takes the field away.`
  throw new NodeError('field-type', `${path} holds ${TYPE_NAMES[type]}, not ${JSON.stringify(value)}`, next)
}

/** Why an envelope does not count. */
export function stateOf(facet: Facet, { segment, seq }: Position): LogLineJson['state'] {
  const { lane } = segment
  if (lane.forked) return 'losing'
  const cut = facet.space.cuts().some(({ company, key }) => company === lane.company && key === lane.key)
  return cut && seq > segment.effectiveTo ? 'cut' : 'orphaned'
}

/** What a body inserted, for people. */
function summarize(body: Uint8Array): { inserted: string; fields: string[] } {
  let inserted = ''
  const fields: string[] = []
  for (const struct of body.length > 0 ? Y.decodeUpdate(body).structs : []) {
    if (!(struct instanceof Y.Item)) continue
    if (struct.content instanceof Y.ContentString && struct.parentSub === null) inserted += struct.content.str
    if (typeof struct.parentSub === 'string') fields.push(struct.parentSub)
  }
  return {
    inserted: inserted.length > EXCERPT_CHARS ? `${inserted.slice(0, EXCERPT_CHARS)}...` : inserted,
    fields
  }
}

export function rootsOf(kind: string): { [name: string]: RootKind } {
  const roots = layoutOf(kind)?.roots ?? {}
  return Object.fromEntries(Object.entries(roots).map(([name, node]) => [name, node.is]))
}

/** The last seq of each lane. */
function endsOf(heads: Tip[]): Map<number, number> {
  return new Map(heads.map(({ client, seq }) => [client, seq]))
}

function wantedAt({ segment, seq }: Position): Wanted {
  return { client: segment.lane.client, seq, id: segment.idAt(seq) }
}

export function frontierJson(tips: Tip[]): FrontierJson {
  return { heads: tips.map(({ client, seq, id }) => ({ client, seq, id: toHex(id) })) }
}

/** A frontier that a client hands back. What it names must be here and must count. */
function tipsOf(facet: Facet, { heads }: FrontierJson): Tip[] {
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
