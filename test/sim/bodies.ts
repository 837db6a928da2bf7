// What a body says, read by Yjs itself and held against its header and its causal past: nothing of the reader, the
// scanner or the gate under test has a part in it.
import * as Y from 'yjs'
import { toHex } from '../../src/wire/bytes.ts'
import type { DeleteRange, Header } from '../../src/wire/envelope.ts'
import type { Model } from '../replica/model.ts'

/** Of the kind that all documents here are of (protocols/artifacts). */
const ROOTS = new Set(['text', 'meta', 'requirements', 'tests', 'references'])

export interface Body {
  client: number
  id: Uint8Array
  header: Header
  bytes: Uint8Array
}

/** What is wrong with a body that the model holds, and admitted by its header alone; undefined: nothing. */
export function fault({ client, id, header, bytes }: Body, model: Model): string | undefined {
  const before = header.prev && model.held.get(toHex(header.prev))
  let clock = before ? before.envelope.header.clockEnd : 0
  if (bytes.length === 0) return header.clockEnd === clock ? undefined : 'a header counts what no body holds'
  const { structs, ds } = Y.decodeUpdate(bytes)
  const said = [...ds.clients].flatMap(([of, ranges]) => ranges.map(range => [of, range.clock, range.len]))
  if (rangesOf(said) !== rangesOf(header.deletes.map(numbersOf))) return 'a header names other deletions'
  const ends = knownEnds(id, model)
  for (const struct of structs) {
    if (struct.id.client !== client) return 'a body writes as somebody else'
    if (struct.id.clock !== clock) return 'a body does not begin where its lane stands'
    clock += struct.length
    ends.set(client, Math.max(ends.get(client) ?? 0, clock))
    if (!(struct instanceof Y.Item)) continue
    const { origin, rightOrigin, parent } = struct
    if (typeof parent === 'string' && !ROOTS.has(parent)) return 'a body writes where no layout has a place'
    for (const point of [origin, rightOrigin, parent instanceof Y.ID ? parent : null])
      if (point && point.clock >= (ends.get(point.client) ?? 0)) return 'a body leans on what its past lacks'
  }
  return clock === header.clockEnd ? undefined : 'a header says where a body does not end'
}

/** How far each client's words lie in the causal past of an envelope. */
function knownEnds(id: Uint8Array, model: Model): Map<number, number> {
  const ends = new Map<number, number>()
  for (const other of model.held.get(toHex(id))?.past ?? []) {
    const envelope = model.held.get(other)?.envelope
    if (envelope)
      ends.set(envelope.client, Math.max(ends.get(envelope.client) ?? 0, envelope.header.clockEnd))
  }
  return ends
}

function numbersOf({ client, clock, length }: DeleteRange): number[] {
  return [client, clock, length]
}

function rangesOf(ranges: number[][]): string {
  return ranges
    .map(range => range.join('/'))
    .sort()
    .join()
}
