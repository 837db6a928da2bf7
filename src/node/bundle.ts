// Artifacts as one file: the frames that sync would send, one after the other. Nothing in it is trusted; what
// is taken in passes the same gate. protocols/sync, section 11.
import { setImmediate } from 'node:timers/promises'
import type { Facet, Tip } from '../replica/facet.ts'
import type { HeldFacet } from '../sync/context.ts'
import type { Core } from '../sync/core.ts'
import type { Directory } from '../sync/directory.ts'
import { FRAME_BYTES_MAX, type Frame, encodeFrame, parseFrame } from '../sync/frame.ts'
import { cutRuns } from '../sync/run-cut.ts'
import { type Stretch, headOf, lengthen, plan, wantedOf } from '../sync/serving.ts'
import { concatBytes, equalBytes, toHex, utf8 } from '../wire/bytes.ts'
import { type Envelope, type EnvelopeRecord, type ParsedRun, parseRun } from '../wire/envelope.ts'
import { facetId, parseFacetGenesis } from '../wire/genesis.ts'
import { NodeError } from '../wire/node-error.ts'
import { type Reject, isReject } from '../wire/reject.ts'
import type { Driver } from './parts/driver.ts'
import type { Library } from './editing/library.ts'
import type { ImportedJson } from './surface/parley-node.ts'
import { noteAccess } from './parts/parts.ts'
import { waitedFor } from './why.ts'

const MAGIC = utf8('parley bundle 1\n')
const IDENTITY_PART_BYTES = 32_768
/** What one import may bring (security research, section 4). */
export const BUNDLE_BYTES_MAX = 64 * 1024 * 1024

/** What a bundle is made from and taken into. */
export interface BundleParts {
  directory: Directory
  driver: Pick<Driver, 'core' | 'read' | 'perform'>
}

/** One import under way. */
interface Intake {
  identities: Map<string, Uint8Array[]>
  result: ImportedJson
  /** Runs that could not be judged when they came. */
  waited: { held: HeldFacet; tip: Tip; envelopes: number; kept: boolean }[]
}

export class Bundles {
  readonly #parts: BundleParts
  readonly #library: Pick<Library, 'named'>

  constructor(parts: BundleParts, library: Pick<Library, 'named'>) {
    this.#parts = parts
    this.#library = library
  }

  async *export(prefix: string): AsyncIterable<Uint8Array> {
    const held = this.#library.named(prefix)
    const { facet, genesisBytes } = held
    const { space } = facet
    noteAccess(this.#parts, facet, 'export')
    yield MAGIC
    for (const did of space.parties) yield* this.#identity(did)
    const entries = space.entries().map(entry => entry.record)
    yield pack({ type: 'entries', space: space.id, genesis: space.genesisBytes, entries: [] })
    for (const record of entries)
      yield pack({ type: 'entries', space: space.id, genesis: new Uint8Array(0), entries: [record] })
    const tips = facet.tips().map(headOf)
    yield pack({ type: 'heads', space: space.id, facets: [{ genesis: genesisBytes, tips }] })
    const lacks = tips.map(tip => ({ tip, have: [] }))
    for (const stretch of plan(facet, lacks)) {
      for await (const records of this.#runs(facet, stretch))
        yield pack({ type: 'run', facet: facet.id, request: 0, client: stretch.client, records })
    }
  }

  /** @throws NodeError `records-missing` */
  async *#runs(facet: Facet, stretch: Stretch): AsyncIterable<EnvelopeRecord[]> {
    const records = await this.#parts.driver.read(facet.id, wantedOf(stretch))
    if (records.includes(undefined)) {
      const next = 'Let the node connect, so that peers send them again; parley doctor says more.'
      throw new NodeError('records-missing', 'envelopes of this document are missing on this disk', next)
    }
    let rest = 0
    for (const cut of cutRuns(facet, stretch.client, records, stretch.unsigned)) {
      if (cut.run.length > 0) yield cut.run
      rest = cut.rest
    }
    const longer = lengthen(stretch, rest)
    if (longer) yield* this.#runs(facet, longer)
  }

  *#identity(did: string): Iterable<Uint8Array> {
    const log = this.#parts.directory.identities.get(did)?.log
    if (!log) return
    for (let offset = 0; offset < log.length; offset += IDENTITY_PART_BYTES) {
      const bytes = log.subarray(offset, offset + IDENTITY_PART_BYTES)
      yield pack({ type: 'identity', did, offset, total: log.length, bytes })
    }
  }

  /** @throws NodeError `bundle-*`; what came before the fault stays, since it passed the gate */
  async import(bundle: AsyncIterable<Uint8Array>): Promise<ImportedJson> {
    const result: ImportedJson = { artifacts: [], envelopes: 0, refused: 0, waiting: 0, waitsFor: [] }
    const intake: Intake = { identities: new Map(), result, waited: [] }
    for await (const frame of frames(bundle)) {
      await this.#take(frame, intake)
      // What is refused waits for no disk: between two parts of a file the event loop turns all the same.
      await setImmediate()
    }
    this.#account(intake)
    return result
  }

  async #take(frame: Frame, { identities, result, waited }: Intake): Promise<void> {
    const { driver, directory } = this.#parts
    if (frame.type === 'identity') {
      const log = [...(identities.get(frame.did) ?? []), frame.bytes]
      identities.set(frame.did, log)
      const bytes = concatBytes(...log)
      if (bytes.length === frame.total) await driver.perform(core => core.greeting.learn(frame.did, bytes))
    } else if (frame.type === 'entries') {
      const space = directory.spaceOf(frame.space)
      if (!space) throw foreign('a space that this company is no party of, or has not heard of')
      await driver.perform(core => core.spaces.add(space, frame.entries))
    } else if (frame.type === 'heads') {
      const held = frame.facets.map(facet => this.#open(frame.space, facet.genesis))
      result.artifacts.push(...held.map(({ facet }) => toHex(facet.genesis.artifact)))
    } else if (frame.type === 'run') {
      const held = driver.core.context.facetOf(frame.facet)
      if (!held) throw foreign('a document that it did not announce')
      const run = parseRun(frame.facet, frame.client, frame.records)
      const taken = isReject(run) ? run : await driver.perform(core => takeRun(core, held, run))
      if (isReject(taken)) result.refused += frame.records.length
      else {
        result.envelopes += taken.admitted
        if (taken.waits) waited.push(taken.waits)
      }
    }
  }

  /** What still waits when the whole bundle was read; some that did was freed, or refused, by what came later. */
  #account({ result, waited }: Intake): void {
    const { driver, directory } = this.#parts
    const { pending } = driver.core.facets
    const needs = new Set<string>()
    for (const { held, tip, envelopes, kept } of waited) {
      const facet = toHex(held.facet.id)
      if (held.facet.find(tip)) continue
      if (kept && !pending.has(facet, tip.id)) {
        result.refused += envelopes
        continue
      }
      result.waiting += envelopes
      if (!kept) needs.add('room, since much waits already: import the bundle again afterwards')
      for (const { wait, from } of pending.list(facet))
        if (!from) needs.add(waitedFor({ directory }, held.facet, wait))
    }
    result.waitsFor = [...needs]
  }

  #open(space: Uint8Array, genesisBytes: Uint8Array): HeldFacet {
    const { directory, driver } = this.#parts
    const genesis = parseFacetGenesis(genesisBytes)
    const log = directory.spaceOf(space)
    if (isReject(genesis) || !log || !equalBytes(genesis.space, space))
      throw foreign('a document of another space')
    const id = facetId(genesisBytes)
    const known = driver.core.context.facetOf(id)
    const held = known ?? driver.core.facets.openings.open(id, genesis, genesisBytes, log, false)
    if (held) return held
    const next = 'Install the version of Parley that knows it.'
    throw new NodeError('artifact-kind', `${genesis.kind} is no kind that this version knows`, next)
  }
}

/** `admitted`: with what the run set free. */
function takeRun(
  core: Core,
  held: HeldFacet,
  run: ParsedRun
): { admitted: number; waits?: Intake['waited'][number] } | Reject {
  const { facet } = held
  const before = facet.size
  const refused = core.facets.take(held, run, undefined)
  if (refused) return refused
  const admitted = facet.size - before
  const last = run.envelopes.at(-1) as Envelope
  const tip = { client: run.client, seq: last.header.seq, id: last.id }
  if (facet.find(tip)) return { admitted }
  const kept = core.facets.pending.has(toHex(facet.id), tip.id)
  return { admitted, waits: { held, tip, envelopes: run.envelopes.length, kept } }
}

function foreign(what: string): NodeError {
  return new NodeError(
    'bundle-foreign',
    `the bundle holds ${what}`,
    'Join the space first: parley invite, parley join.'
  )
}

/** Length (4 bytes, big-endian), then the frame. */
function pack(frame: Frame): Uint8Array {
  const bytes = encodeFrame(frame)
  const out = new Uint8Array(4 + bytes.length)
  new DataView(out.buffer).setUint32(0, bytes.length)
  out.set(bytes, 4)
  return out
}

async function* frames(bundle: AsyncIterable<Uint8Array>): AsyncIterable<Frame> {
  let rest: Uint8Array = new Uint8Array(0)
  let total = 0
  let begun = false
  for await (const chunk of bundle) {
    total += chunk.length
    if (total > BUNDLE_BYTES_MAX) {
      throw new NodeError(
        'bundle-size',
        `larger than ${BUNDLE_BYTES_MAX} bytes`,
        'Export one artifact at a time.'
      )
    }
    rest = rest.length === 0 ? chunk : concatBytes(rest, chunk)
    if (!begun) {
      if (rest.length < MAGIC.length) continue
      if (!equalBytes(rest.subarray(0, MAGIC.length), MAGIC))
        throw broken('it does not begin as a bundle does')
      rest = rest.subarray(MAGIC.length)
      begun = true
    }
    for (;;) {
      if (rest.length < 4) break
      const length = new DataView(rest.buffer, rest.byteOffset).getUint32(0)
      if (length > FRAME_BYTES_MAX) throw broken('a part is larger than any may be')
      if (rest.length < 4 + length) break
      const frame = parseFrame(rest.subarray(4, 4 + length))
      if (isReject(frame)) throw broken(frame.detail)
      yield frame
      rest = rest.subarray(4 + length)
    }
  }
  if (!begun || rest.length > 0) throw broken('it ends in the middle')
}

function broken(why: string): NodeError {
  return new NodeError(
    'bundle-broken',
    `this file is no whole bundle: ${why}`,
    'Export it again and copy it whole.'
  )
}
