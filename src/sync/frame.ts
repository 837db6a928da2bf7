// What two nodes say to each other on /parley/sync/1.0.0. One frame is one deterministic CBOR array whose
// first item is its type. protocols/sync, section 3.
import type { MessageRecord } from '../decision/message.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../wire/cbor.ts'
import { CborReader, CborWriter } from '../wire/cbor-stream.ts'
import type { EnvelopeRecord } from '../wire/envelope.ts'
import { PARTIES_MAX } from '../wire/genesis.ts'
import { HASH_BYTES } from '../wire/hash.ts'
import { Reject, isReject } from '../wire/reject.ts'
import type { EntryRecord } from '../wire/space-entry.ts'
import { FieldError, FieldReader } from './frame-fields.ts'

export const SYNC_VERSION = 1
/** The lengths before a record's three parts, and its array. */
const RECORD_HEADS_BYTES = 16
/** 64 KiB of body in an envelope, its header and the frame around them. */
export const FRAME_BYTES_MAX = 128 * 1024
/** A run is closed at this size, so that many small envelopes share one send and one signature check. */
export const RUN_BYTES_TARGET = 64 * 1024
/**
 * What the records of a run may weigh. It leaves room for the lengths between them, so that whatever stood in
 * one frame between two good signatures fits in one frame again when it is passed on.
 */
export const RUN_BYTES_MAX = 112 * 1024
/** A `need` is cut here: what is left is asked for when it is done. */
export const NEED_BYTES_TARGET = 64 * 1024
export const IDENTITY_PART_BYTES = 32_768
export const TIPS_MAX = 1_000
/** Points named in a `need` so that the other side finds the last common one: the last, then ever further back. */
export const HAVE_MAX = 32
export const SPACES_MAX = 256
/** 32 parties, of whose chains at most 65 branches are kept. */
export const CHAIN_TIPS_MAX = 2_080
export const FACETS_MAX = 256
export const RECORDS_MAX = 4_096
/** Where somebody's cursor is takes a hundred bytes. */
export const PRESENCE_BYTES_MAX = 16_384

/** Checkpoints shown at a time, and sizes that proofs are asked for from: protocols/audit, section 8. */
export const SHOWN_MAX = 32
export const SIZES_MAX = 8

/** Decisions in a frame that names them: 68 KB. */
export const DECISIONS_MAX = 1_000
/** And in one that asks for their messages, with what the asker has: one answer holds about 64 KiB anyhow. */
export const WANTED_MAX = 64
export const HELD_IDS_MAX = 1_500
/** Messages of decisions in a frame; together they weigh no more than the records of a run. */
export const MESSAGES_MAX = 1_024

/** The head of a branch: (client or company, seq, id). */
export interface Head {
  of: number
  seq: number
  id: Uint8Array
}

/** A branch that is asked for, and points of it that the asker has. */
export interface Lack {
  tip: Head
  have: Head[]
}

export type Frame =
  | {
      type: 'hello'
      did: string
      certificate: Uint8Array
      version: string
      confirmed: boolean
      invite: Uint8Array
    }
  | { type: 'want-identity'; did: string; offset: number }
  | { type: 'identity'; did: string; offset: number; total: number; bytes: Uint8Array }
  | { type: 'spaces'; spaces: { id: Uint8Array; tips: Head[]; versions: string[] }[] }
  | { type: 'want-space'; space: Uint8Array; have: Uint8Array[] }
  | { type: 'entries'; space: Uint8Array; genesis: Uint8Array; entries: EntryRecord[] }
  | { type: 'summary'; space: Uint8Array; hash: Uint8Array }
  | { type: 'heads'; space: Uint8Array; facets: { genesis: Uint8Array; tips: Head[] }[] }
  | { type: 'need'; facet: Uint8Array; request: number; lacks: Lack[] }
  | { type: 'run'; facet: Uint8Array; request: number; client: number; records: EnvelopeRecord[] }
  | { type: 'done'; facet: Uint8Array; request: number }
  | { type: 'receipt'; facet: Uint8Array; tips: Head[]; signature: Uint8Array }
  | { type: 'presence'; facet: Uint8Array; bytes: Uint8Array }
  | { type: 'bye'; code: string; detail: string }
  | { type: 'add-checkpoint'; space: Uint8Array; request: number; opening: Uint8Array; body: Uint8Array }
  | {
      type: 'cosigned'
      space: Uint8Array
      request: number
      status: number
      witness: Uint8Array
      body: Uint8Array
    }
  | { type: 'checkpoints'; space: Uint8Array; logs: { opening: Uint8Array; checkpoint: Uint8Array }[] }
  | { type: 'want-proofs'; space: Uint8Array; request: number; origin: string; sizes: number[] }
  | { type: 'proofs'; space: Uint8Array; request: number; bodies: Uint8Array[] }
  | ({ type: 'append'; space: Uint8Array } & EntryRecord)
  | { type: 'declined'; space: Uint8Array; entry: Uint8Array; code: string; detail: string }
  | { type: 'decision-summary'; space: Uint8Array; hash: Uint8Array }
  | { type: 'decisions'; space: Uint8Array; decisions: { id: Uint8Array; digest: Uint8Array }[] }
  /** Ids beyond `after` and up to `upTo`; where one of these is empty, nothing bounds that side. */
  | {
      type: 'want-messages'
      space: Uint8Array
      request: number
      after: Uint8Array
      upTo: Uint8Array
      wanted: { decision: Uint8Array; have: Uint8Array[] }[]
    }
  | { type: 'messages'; space: Uint8Array; request: number; records: MessageRecord[] }

type Type = Frame['type']
const TYPES: Type[] = [
  'hello',
  'want-identity',
  'identity',
  'spaces',
  'want-space',
  'entries',
  'summary',
  'heads',
  'need',
  'run',
  'done',
  'receipt',
  'presence',
  'bye',
  'add-checkpoint',
  'cosigned',
  'checkpoints',
  'want-proofs',
  'proofs',
  'append',
  'declined',
  'decision-summary',
  'decisions',
  'want-messages',
  'messages'
]

export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.type === 'run') return encodeRun(frame)
  return encodeCbor([TYPES.indexOf(frame.type), ...fields(frame)])
}

function fields(frame: Frame): CborValue[] {
  switch (frame.type) {
    case 'hello':
      return [SYNC_VERSION, frame.did, frame.certificate, frame.version, frame.confirmed, frame.invite]
    case 'want-identity':
      return [frame.did, frame.offset]
    case 'identity':
      return [frame.did, frame.offset, frame.total, frame.bytes]
    case 'spaces':
      return [frame.spaces.map(({ id, tips, versions }) => [id, tips.map(fromHead), versions])]
    case 'want-space':
      return [frame.space, frame.have]
    case 'entries':
      return [frame.space, frame.genesis, frame.entries.map(e => [e.entry, e.signer, e.signature])]
    case 'summary':
      return [frame.space, frame.hash]
    case 'heads':
      return [frame.space, frame.facets.map(({ genesis, tips }) => [genesis, tips.map(fromHead)])]
    case 'need':
      return [
        frame.facet,
        frame.request,
        frame.lacks.map(({ tip, have }) => [fromHead(tip), have.map(fromHead)])
      ]
    case 'run':
      return [
        frame.facet,
        frame.request,
        frame.client,
        frame.records.map(r => [r.header, r.signature, r.body])
      ]
    case 'done':
      return [frame.facet, frame.request]
    case 'receipt':
      return [frame.facet, frame.tips.map(fromHead), frame.signature]
    case 'presence':
      return [frame.facet, frame.bytes]
    case 'bye':
      return [frame.code, frame.detail]
    case 'add-checkpoint':
      return [frame.space, frame.request, frame.opening, frame.body]
    case 'cosigned':
      return [frame.space, frame.request, frame.status, frame.witness, frame.body]
    case 'checkpoints':
      return [frame.space, frame.logs.map(({ opening, checkpoint }) => [opening, checkpoint])]
    case 'want-proofs':
      return [frame.space, frame.request, frame.origin, frame.sizes]
    case 'proofs':
      return [frame.space, frame.request, frame.bodies]
    case 'append':
      return [frame.space, frame.entry, frame.signer, frame.signature]
    case 'declined':
      return [frame.space, frame.entry, frame.code, frame.detail]
    case 'decision-summary':
      return [frame.space, frame.hash]
    case 'decisions':
      return [frame.space, frame.decisions.map(({ id, digest }) => [id, digest])]
    case 'want-messages': {
      const wanted = frame.wanted.map(({ decision, have }) => [decision, have])
      return [frame.space, frame.request, frame.after, frame.upTo, wanted]
    }
    case 'messages':
      return [frame.space, frame.request, frame.records.map(r => [r.document, r.certificate])]
  }
}

type RunFrame = Extract<Frame, { type: 'run' }>

const RUN_FIELDS = 5
/** The first two bytes of every run: an array of five, of which the first is the type. */
const RUN_START = [0x80 | RUN_FIELDS, TYPES.indexOf('run')]

/** Runs are nearly all that is sent: they do without the general encoder. */
function encodeRun({ facet, request, client, records }: RunFrame): Uint8Array {
  const size = records.reduce((sum, record) => sum + weigh(record) + RECORD_HEADS_BYTES, 64)
  const out = new CborWriter(size).array(RUN_FIELDS).uint(TYPES.indexOf('run'))
  out.bytes(facet).uint(request).uint(client).array(records.length)
  for (const { header, signature, body } of records) out.array(3).bytes(header).bytes(signature).bytes(body)
  return out.finish()
}

/** @returns undefined for whatever is not a well-formed run: the general reader says what is wrong with it. */
function readRun(bytes: Uint8Array): RunFrame | undefined {
  if (bytes[0] !== RUN_START[0] || bytes[1] !== RUN_START[1] || bytes.length > FRAME_BYTES_MAX)
    return undefined
  const read = new CborReader(bytes)
  read.tuple(RUN_FIELDS)
  read.uint()
  const [facet, request, client] = [read.bytes(HASH_BYTES), read.uint(), read.uint()]
  const records: EnvelopeRecord[] = []
  for (let n = read.array(RECORDS_MAX); n > 0 && !read.failed; n--) {
    read.tuple(3)
    records.push({ header: read.bytes(), signature: read.bytes(), body: read.bytes() })
  }
  if (read.end('a run') || weighRun(records) > RUN_BYTES_MAX) return undefined
  return { type: 'run', facet, request, client, records }
}

/** What a record counts towards the limits of a run. */
export function weigh({ header, signature, body }: EnvelopeRecord): number {
  return header.length + signature.length + body.length
}

function weighRun(records: EnvelopeRecord[]): number {
  return records.reduce((sum, record) => sum + weigh(record), 0)
}

function fromHead({ of, seq, id }: Head): CborValue {
  return [of, seq, id]
}

/** @returns the frame, or a `frame-*` or `cbor-*` Reject. */
export function parseFrame(bytes: Uint8Array): Frame | Reject {
  const run = readRun(bytes)
  if (run) return run
  const value = decodeCbor(bytes, FRAME_BYTES_MAX)
  if (isReject(value)) return value
  if (!Array.isArray(value) || typeof value[0] !== 'number') return new Reject('frame-form', 'not a frame')
  const type = TYPES[value[0]]
  if (!type) return new Reject('frame-type', `type ${value[0]} is not known to version ${SYNC_VERSION}`)
  try {
    const read = new FieldReader(value.slice(1))
    const frame = PARSERS[type](read)
    read.end()
    return frame
  } catch (error) {
    if (error instanceof FieldError) return new Reject('frame-form', `${type}: ${error.message}`)
    throw error
  }
}

function head(read: FieldReader): Head {
  return { of: read.uint(), seq: read.uint(), id: read.hash() }
}

const PARSERS: { [T in Type]: (read: FieldReader) => Frame } = {
  hello: read => {
    if (read.uint() !== SYNC_VERSION) throw new FieldError('an unknown version')
    const [did, certificate, version] = [read.text(), read.bytes(), read.text()]
    return { type: 'hello', did, certificate, version, confirmed: read.flag(), invite: read.bytes() }
  },
  'want-identity': read => ({ type: 'want-identity', did: read.text(), offset: read.uint() }),
  identity: read => {
    const [did, offset, total] = [read.text(), read.uint(), read.uint()]
    return { type: 'identity', did, offset, total, bytes: read.bytes() }
  },
  spaces: read => ({
    type: 'spaces',
    spaces: read.list(SPACES_MAX, item => {
      const [id, tips] = [item.hash(), item.list(CHAIN_TIPS_MAX, head)]
      return { id, tips, versions: item.each(PARTIES_MAX, text => text.text()) }
    })
  }),
  'want-space': read => ({
    type: 'want-space',
    space: read.hash(),
    have: read.each(CHAIN_TIPS_MAX, item => item.hash())
  }),
  entries: read => {
    const [space, genesis] = [read.hash(), read.bytes()]
    const entries = read.list(RECORDS_MAX, item => ({
      entry: item.bytes(),
      signer: item.bytes(),
      signature: item.bytes()
    }))
    return { type: 'entries', space, genesis, entries }
  },
  summary: read => ({ type: 'summary', space: read.hash(), hash: read.hash() }),
  heads: read => {
    const space = read.hash()
    const facets = read.list(FACETS_MAX, item => ({ genesis: item.bytes(), tips: item.list(TIPS_MAX, head) }))
    return { type: 'heads', space, facets }
  },
  need: read => {
    const [facet, request] = [read.hash(), read.uint()]
    const lacks = read.list(TIPS_MAX, item => ({ tip: item.nested(head), have: item.list(HAVE_MAX, head) }))
    return { type: 'need', facet, request, lacks }
  },
  run: read => {
    const [facet, request, client] = [read.hash(), read.uint(), read.uint()]
    const records = read.list(RECORDS_MAX, item => ({
      header: item.bytes(),
      signature: item.bytes(),
      body: item.bytes()
    }))
    if (weighRun(records) > RUN_BYTES_MAX) throw new FieldError('the records weigh too much')
    return { type: 'run', facet, request, client, records }
  },
  done: read => ({ type: 'done', facet: read.hash(), request: read.uint() }),
  receipt: read => {
    const [facet, tips] = [read.hash(), read.list(TIPS_MAX, head)]
    return { type: 'receipt', facet, tips, signature: read.bytes(64) }
  },
  presence: read => {
    const [facet, bytes] = [read.hash(), read.bytes()]
    if (bytes.length > PRESENCE_BYTES_MAX) throw new FieldError('too many bytes')
    return { type: 'presence', facet, bytes }
  },
  bye: read => ({ type: 'bye', code: read.text(64), detail: read.text() }),
  'add-checkpoint': read => {
    const [space, request, opening, body] = [read.hash(), read.uint(), read.bytes(), read.bytes()]
    return { type: 'add-checkpoint', space, request, opening, body }
  },
  cosigned: read => {
    const [space, request, status] = [read.hash(), read.uint(), read.uint()]
    return { type: 'cosigned', space, request, status, witness: read.bytes(), body: read.bytes() }
  },
  checkpoints: read => {
    const pair = (item: FieldReader) => ({ opening: item.bytes(), checkpoint: item.bytes() })
    return { type: 'checkpoints', space: read.hash(), logs: read.list(SHOWN_MAX, pair) }
  },
  'want-proofs': read => {
    const [space, request, origin] = [read.hash(), read.uint(), read.text()]
    return { type: 'want-proofs', space, request, origin, sizes: read.each(SIZES_MAX, size => size.uint()) }
  },
  proofs: read => {
    const [space, request] = [read.hash(), read.uint()]
    return { type: 'proofs', space, request, bodies: read.each(SIZES_MAX, body => body.bytes()) }
  },
  append: read => {
    const [space, entry, signer] = [read.hash(), read.bytes(), read.bytes()]
    return { type: 'append', space, entry, signer, signature: read.bytes() }
  },
  declined: read => {
    const [space, entry] = [read.hash(), read.hash()]
    return { type: 'declined', space, entry, code: read.text(64), detail: read.text() }
  },
  'decision-summary': read => ({ type: 'decision-summary', space: read.hash(), hash: read.hash() }),
  decisions: read => {
    const named = (item: FieldReader) => ({ id: item.hash(), digest: item.hash() })
    return { type: 'decisions', space: read.hash(), decisions: read.list(DECISIONS_MAX, named) }
  },
  'want-messages': read => {
    const [space, request, after, upTo] = [read.hash(), read.uint(), read.bound(), read.bound()]
    const ids = (item: FieldReader) => item.each(HELD_IDS_MAX, id => id.hash())
    const wanted = read.list(WANTED_MAX, item => ({ decision: item.hash(), have: ids(item) }))
    return { type: 'want-messages', space, request, after, upTo, wanted }
  },
  messages: read => {
    const [space, request] = [read.hash(), read.uint()]
    const records = read.list(MESSAGES_MAX, item => ({ document: item.bytes(), certificate: item.bytes() }))
    if (records.reduce((sum, record) => sum + weighMessage(record), 0) > RUN_BYTES_MAX)
      throw new FieldError('the messages weigh too much')
    return { type: 'messages', space, request, records }
  }
}

/** What a message counts towards the limits of a frame. */
export function weighMessage({ document, certificate }: MessageRecord): number {
  return document.length + certificate.length
}
