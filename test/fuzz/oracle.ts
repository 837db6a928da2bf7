// A second opinion on update bodies. Yjs itself decodes the bytes and writes them again; what it reads, and whether
// it would have written the same, decides here, and shares no line with the scanner. protocols/update, section 2.
import * as Y from 'yjs'
import { BODY_BYTES_MAX } from '../../src/wire/envelope.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type ScannedStruct, type ScannedUpdate, scanUpdate } from '../../src/wire/update.ts'

const CLOCKS = 2 ** 31
const bytesOf = (text: string) => Buffer.byteLength(text)

/** @returns what the scanner and Yjs say differently of these bytes, if anything */
export function disagreement(body: Uint8Array, scanned = scanUpdate(body)): string | undefined {
  const refusal = second(body)
  if (isReject(scanned)) {
    return refusal === undefined ? `the scanner refuses (${scanned}) what Yjs would have written` : undefined
  }
  if (refusal !== undefined) return `the scanner accepts what Yjs does not: ${refusal}`
  return differentTable(body, scanned)
}

/** Why this is not an update that Yjs would write within the limits; undefined if it is. */
function second(body: Uint8Array): string | undefined {
  if (body.length > BODY_BYTES_MAX) return 'too large'
  let decoded: ReturnType<typeof Y.decodeUpdate>
  try {
    decoded = Y.decodeUpdate(body)
  } catch (error) {
    return `does not decode: ${String(error)}`
  }
  const { structs, ds } = decoded
  const ranges = [...ds.clients.values()].flat()
  if (structs.length + ranges.length === 0) return 'empty'
  if (structs.length > 1_000 || ranges.length > 1_000) return 'too many'
  if ([...ds.clients.keys()].some(client => !Number.isSafeInteger(client))) return 'deleted client'
  const clients = new Set(structs.map(({ id }) => id.client))
  if (clients.size > 1) return 'several clients'
  const wrong =
    structs.map(unfit).find(why => why !== undefined) ?? ranges.map(unfitRange).find(why => why !== undefined)
  if (wrong !== undefined) return wrong
  return spelledAlike(body, written(decoded)) ? undefined : 'not as Yjs spells it'
}

function unfit(struct: Y.Item | Y.GC | Y.Skip): string | undefined {
  const { id, length } = struct
  if (length < 1 || id.clock + length >= CLOCKS) return 'length'
  if (!Number.isSafeInteger(id.client)) return 'client'
  if (struct instanceof Y.GC) return undefined
  if (!(struct instanceof Y.Item)) return 'a skip'
  const { origin, rightOrigin, parent, parentSub } = struct
  for (const ref of [origin, rightOrigin, parent instanceof Y.ID ? parent : null]) {
    if (ref && (ref.clock >= CLOCKS || !Number.isSafeInteger(ref.client))) return 'reference'
  }
  if (typeof parent === 'string' && !isKey(parent)) return 'root name'
  if (parentSub !== null && !isKey(parentSub)) return 'key'
  return unfitContent(struct.content)
}

function unfitContent(content: Y.Item['content']): string | undefined {
  if (content instanceof Y.ContentString) return isText(content.str) ? undefined : 'text'
  if (content instanceof Y.ContentDeleted) return undefined
  if (content instanceof Y.ContentType) {
    const { type } = content
    const kinds: unknown[] = [Y.Array, Y.Map, Y.Text]
    return kinds.includes(type.constructor) ? undefined : 'kind of type'
  }
  if (!(content instanceof Y.ContentAny)) return 'kind of content'
  return content.arr.every(value => isValue(value, 0, { parts: 0 })) ? undefined : 'value'
}

function isValue(value: unknown, depth: number, count: { parts: number }): boolean {
  if (depth > 16 || ++count.parts > 2_000) return false
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value === 'string') return isText(value)
  if (Array.isArray(value)) return value.every(item => isValue(item, depth + 1, count))
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.entries(value).every(([key, item]) => isKey(key) && isValue(item, depth + 1, count))
}

function isText(text: string): boolean {
  return bytesOf(text) <= 16_384
}

function isKey(key: string): boolean {
  return bytesOf(key) <= 128 && key !== '__proto__' && key !== 'constructor'
}

function unfitRange({ clock, len }: { clock: number; len: number }): string | undefined {
  return len < 1 || clock + len >= CLOCKS ? 'range' : undefined
}

/** What Yjs writes for what it read. */
function written({ structs, ds }: ReturnType<typeof Y.decodeUpdate>): Uint8Array {
  const out = new Y.UpdateEncoderV1()
  const [first] = structs
  out.writeLen(first ? 1 : 0)
  if (first) {
    out.writeLen(structs.length)
    out.writeClient(first.id.client)
    out.writeLen(first.id.clock)
  }
  for (const struct of structs) struct.write(out, 0)
  const clients = [...ds.clients].sort(([a], [b]) => b - a)
  out.writeLen(clients.length)
  for (const [client, ranges] of clients) {
    out.writeClient(client)
    out.writeLen(ranges.length)
    let end = -1
    for (const { clock, len } of ranges) {
      // Yjs joins ranges that touch before it writes them, and writes them in order.
      if (clock <= end) return new Uint8Array(0)
      out.writeLen(clock)
      out.writeLen(len)
      end = clock + len
    }
  }
  return out.toUint8Array()
}

/** Equal, but for the hint beside a neighbour that there is a key: Yjs may leave it out. */
function spelledAlike(body: Uint8Array, again: Uint8Array): boolean {
  if (body.length !== again.length) return false
  return body.every((byte, i) => {
    const other = again[i] as number
    return byte === other || (byte === (other | 32) && other >= 64)
  })
}

/** Compares what the scanner says is there with what Yjs read. */
function differentTable(body: Uint8Array, scanned: ScannedUpdate): string | undefined {
  const { structs, ds } = Y.decodeUpdate(body)
  if (structs.length !== scanned.structs.length) return 'another number of structs'
  for (const [i, struct] of structs.entries()) {
    const mine = scanned.structs[i] as ScannedStruct
    if (rowOf(struct) !== scannedRow(mine, scanned.client)) return `struct ${i} differs`
  }
  const ranges = [...ds.clients].sort(([a], [b]) => a - b)
  const theirs = ranges.flatMap(([client, each]) => each.map(({ clock, len }) => `${client}@${clock}+${len}`))
  const ours = scanned.deletes.map(({ client, clock, length }) => `${client}@${clock}+${length}`)
  return theirs.join() === ours.join() ? undefined : 'deleted ranges differ'
}

function rowOf(struct: Y.Item | Y.GC | Y.Skip): string {
  const { id, length } = struct
  const place = [id.client, id.clock, length]
  if (!(struct instanceof Y.Item)) return [...place, 'gc'].join('/')
  const { origin, rightOrigin, parent, parentSub, content } = struct
  const inside = typeof parent === 'string' ? parent : parent instanceof Y.ID ? idOf(parent) : ''
  return [...place, content.getRef(), idOf(origin), idOf(rightOrigin), inside, parentSub ?? '-'].join('/')
}

const REFS = { gc: 'gc', deleted: 1, string: 4, type: 7, any: 8 }

function scannedRow(struct: ScannedStruct, client: number | undefined): string {
  const { clock, length, kind, origin, right, parent, key } = struct
  const place = [client, clock, length, REFS[kind]]
  if (kind === 'gc') return place.join('/')
  const inside = typeof parent === 'string' ? parent : idOf(parent)
  return [...place, idOf(origin), idOf(right), inside, key ?? '-'].join('/')
}

function idOf(id: { client: number; clock: number } | null | undefined): string {
  return id ? `${id.client}@${id.clock}` : ''
}
