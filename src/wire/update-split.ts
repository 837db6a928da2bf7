// Splits a local Yjs update that is too large for one envelope into successive bodies that each pass the gate
// and together make the same document. protocols/update, section 5.
import { EMPTY } from './bytes.ts'
import { BODY_BYTES_MAX, DELETES_MAX, type DeleteRange } from './envelope.ts'
import type { Client } from './lane.ts'
import { Reject } from './reject.ts'
import { type StructToWrite, UpdateWriter, encodeUpdate, writeStruct } from './update-encode.ts'
import { UpdateReader, utf16Length } from './update-reader.ts'
import {
  STRING_BYTES_MAX,
  STRUCTS_MAX,
  type ScannedSection,
  type ScannedStruct,
  scanState,
  scanUpdate
} from './update.ts'

/** Room for the counts, the client and the clock before the structs, and an empty delete set after them. */
const FRAME_BYTES = 32
/** A range with its client, clock and length in full, and its client's count. */
const RANGE_BYTES = 8 + 2 + 5 + 5

/** The smallest `bytesMax`: one full string with every reference that it may carry. */
export const SPLIT_BYTES_MIN = STRING_BYTES_MAX + 1_024

/**
 * Splits an update that our own document emitted. Structs come first, in order; the deletions follow when all
 * of them are there, for they may cover content of this very update.
 * @returns bodies of at most `bytesMax` bytes, or a Reject when a single value is too large for any body.
 */
export function splitUpdate(bytes: Uint8Array, bytesMax = BODY_BYTES_MAX): Uint8Array[] | Reject {
  if (bytesMax < SPLIT_BYTES_MIN || bytesMax > BODY_BYTES_MAX) throw new RangeError(`bytesMax ${bytesMax}`)
  if (bytes.length <= bytesMax && !(scanUpdate(bytes) instanceof Reject)) return [bytes]
  const scanned = scanState(bytes)
  if (scanned instanceof Reject) return scanned
  const [section, second] = scanned.sections
  if (second) return new Reject('update-client', 'not the update of one author')
  const bodies = new Bodies(section, bytesMax)
  for (const struct of section?.structs ?? []) bodies.add(bytes, struct)
  return bodies.finish(scanned.deletes)
}

/** Fills one body after the other. */
class Bodies {
  readonly #bodies: Uint8Array[] = []
  readonly #client: Client
  readonly #bytesMax: number
  #clock: number
  #structs: StructToWrite[] = []
  #bytes = 0

  constructor(section: ScannedSection | undefined, bytesMax: number) {
    this.#client = section?.client ?? 0
    this.#clock = section?.clock ?? 0
    this.#bytesMax = bytesMax - FRAME_BYTES
  }

  add(bytes: Uint8Array, struct: ScannedStruct): void {
    for (const piece of pieces(bytes, this.#client, struct)) this.#push(piece)
  }

  #push(struct: StructToWrite): void {
    const out = new UpdateWriter()
    writeStruct(out, struct)
    if (this.#structs.length === STRUCTS_MAX || this.#bytes + out.length > this.#bytesMax) this.#close([])
    this.#structs.push(struct)
    this.#bytes += out.length
  }

  finish(deletes: DeleteRange[]): Uint8Array[] | Reject {
    let rest = deletes
    do {
      const room = Math.max(0, Math.floor((this.#bytesMax - this.#bytes) / RANGE_BYTES))
      const count = Math.min(DELETES_MAX, room)
      this.#close(rest.slice(0, count))
      rest = rest.slice(count)
    } while (rest.length > 0)
    for (const body of this.#bodies) {
      const scanned = scanUpdate(body)
      if (scanned instanceof Reject) return scanned
    }
    return this.#bodies
  }

  #close(deletes: DeleteRange[]): void {
    if (this.#structs.length === 0 && deletes.length === 0) return
    this.#bodies.push(encodeUpdate(this.#client, this.#clock, this.#structs, deletes))
    for (const struct of this.#structs) this.#clock += struct.length
    this.#structs = []
    this.#bytes = 0
  }
}

/** The struct in pieces that fit; each piece after the first has the unit before it as origin, as in Yjs. */
function* pieces(bytes: Uint8Array, client: Client, struct: ScannedStruct): Generator<StructToWrite> {
  const { kind, right, keyed } = struct
  if (kind !== 'string' && kind !== 'any') return yield { ...struct, content: EMPTY }
  const content = bytes.subarray(struct.start, struct.end)
  let clock = struct.clock
  for (const { part, length } of kind === 'string' ? textParts(content) : valueParts(content, keyed)) {
    const rest = { kind, right, keyed, length, content: part }
    if (clock === struct.clock) yield { ...struct, ...rest }
    else yield { ...rest, origin: { client, clock: clock - 1 } }
    clock += length
  }
}

interface Part {
  part: Uint8Array
  length: number
}

/** Cuts text between code points. */
function* textParts(content: Uint8Array): Generator<Part> {
  for (let at = 0; at < content.length;) {
    let end = Math.min(at + STRING_BYTES_MAX, content.length)
    while (end < content.length && ((content[end] as number) & 0xc0) === 0x80) end--
    yield { part: content.subarray(at, end), length: utf16Length(content, at, end) }
    at = end
  }
}

/**
 * Cuts between values, into groups of up to {@link STRING_BYTES_MAX} bytes. Values under a map key stand alone:
 * only where one update both writes and deletes them may they stand together, and splitting parts the two.
 */
function* valueParts(content: Uint8Array, keyed: boolean): Generator<Part> {
  const read = new UpdateReader(content)
  let start = 0
  let length = 0
  while (read.left > 0) {
    const before = read.at
    read.value(Infinity)
    if (length > 0 && (keyed || read.at - start > STRING_BYTES_MAX)) {
      yield { part: content.subarray(start, before), length }
      start = before
      length = 0
    }
    length++
  }
  yield { part: content.subarray(start), length }
}
