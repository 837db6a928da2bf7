// Writes Yjs v1 updates from structs: the opposite of `update.ts`. protocols/update, section 2.
import type { DeleteRange } from './envelope.ts'
import type { Client } from './lane.ts'
import type { NestedType, StructKind } from './update.ts'
import type { StructId } from './update-reader.ts'
import { utf8 } from './bytes.ts'

export const STRUCT_REFS: { [kind in StructKind]: number } = { gc: 0, deleted: 1, string: 4, type: 7, any: 8 }
export const TYPE_REFS: { [type in NestedType]: number } = { array: 0, map: 1, text: 2 }

/** A struct to write. `content` is UTF-8 text, or encoded values, as the kind has it. */
export interface StructToWrite {
  length: number
  kind: StructKind
  origin?: StructId | undefined
  right?: StructId | undefined
  parent?: string | StructId | undefined
  key?: string | undefined
  keyed?: boolean | undefined
  type?: NestedType | undefined
  content: Uint8Array
}

/** A key stroke is twenty bytes: copying fewer than these one by one costs less than a view of them. */
const VIEW_BYTES_MIN = 64

/** Bytes that grow, with the variable-length integers and strings of lib0. */
export class UpdateWriter {
  #bytes = new Uint8Array(256)
  length = 0

  uint(value: number): this {
    for (; value >= 128; value = Math.floor(value / 128)) this.byte((value % 128) + 128)
    return this.byte(value)
  }

  byte(value: number): this {
    if (this.length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.length++] = value
    return this
  }

  raw(bytes: Uint8Array, from = 0, to = bytes.length): this {
    const length = to - from
    if (this.length + length > this.#bytes.length) this.#grow(length)
    if (length < VIEW_BYTES_MIN)
      for (let i = 0; i < length; i++) this.#bytes[this.length + i] = bytes[from + i] as number
    else this.#bytes.set(bytes.subarray(from, to), this.length)
    this.length += length
    return this
  }

  string(text: string): this {
    const bytes = utf8(text)
    return this.uint(bytes.length).raw(bytes)
  }

  id(id: StructId): this {
    return this.uint(id.client).uint(id.clock)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.length)
  }

  #grow(by: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + by))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Writes one struct as Yjs would. */
export function writeStruct(out: UpdateWriter, struct: StructToWrite): void {
  const { origin, right, parent, key, kind } = struct
  const keyed = struct.keyed ?? key !== undefined
  out.byte(STRUCT_REFS[kind] | (origin ? 128 : 0) | (right ? 64 : 0) | (keyed ? 32 : 0))
  if (origin) out.id(origin)
  if (right) out.id(right)
  if (typeof parent === 'string') out.uint(1).string(parent)
  else if (parent) out.uint(0).id(parent)
  if (key !== undefined) out.string(key)
  if (kind === 'type') out.uint(TYPE_REFS[struct.type ?? 'array'])
  else if (kind === 'string') out.uint(struct.content.length).raw(struct.content)
  else out.uint(struct.length).raw(struct.content)
}

/** Writes one body: the structs of one client, then deleted ranges given by ascending client and clock. */
export function encodeUpdate(
  client: Client,
  clock: number,
  structs: StructToWrite[],
  deletes: DeleteRange[]
): Uint8Array {
  const out = new UpdateWriter()
  if (structs.length === 0) out.uint(0)
  else out.uint(1).uint(structs.length).uint(client).uint(clock)
  for (const struct of structs) writeStruct(out, struct)
  writeDeletes(out, deletes)
  return out.finish()
}

/** Yjs writes the clients of deleted ranges in descending order; it reads them in any. */
export function writeDeletes(out: UpdateWriter, deletes: DeleteRange[]): void {
  const byClient = Map.groupBy(deletes, range => range.client)
  out.uint(byClient.size)
  for (const [client, ranges] of [...byClient].reverse()) {
    out.uint(client).uint(ranges.length)
    for (const range of ranges) out.uint(range.clock).uint(range.length)
  }
}
