// Bodies of one lane that follow one another, as few updates as they can be: Yjs then takes a run of structs at
// once instead of ten thousand times one. protocols/update, section 6.
import type { DeleteRange } from './envelope.ts'
import { UpdateWriter, writeDeletes } from './update-encode.ts'
import type { ScannedUpdate } from './update.ts'

/** A body with what the scanner read of it. */
export interface ScannedBody {
  body: Uint8Array
  scanned: ScannedUpdate
}

/** UPD-30: a new update begins only where the clocks of the structs do not follow one another. */
export function joinUpdates(bodies: readonly ScannedBody[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  let from = 0
  let [client, clock]: [number | undefined, number] = [undefined, 0]
  for (let i = 0; i < bodies.length; i++) {
    const { scanned } = bodies[i] as ScannedBody
    if (scanned.client === undefined) continue
    if (client !== undefined && (scanned.client !== client || scanned.clock !== clock)) {
      joined.push(joinAll(bodies.slice(from, i)))
      from = i
    }
    client = scanned.client
    clock = scanned.clockEnd
  }
  if (from < bodies.length) joined.push(joinAll(bodies.slice(from)))
  return joined
}

function joinAll(bodies: readonly ScannedBody[]): Uint8Array {
  const [first] = bodies
  if (first && bodies.length === 1) return first.body
  const out = new UpdateWriter()
  const begin = bodies.find(({ scanned }) => scanned.client !== undefined)?.scanned
  if (begin?.client === undefined) out.uint(0)
  else {
    const count = bodies.reduce((sum, { scanned }) => sum + scanned.structs.length, 0)
    out.uint(1).uint(count).uint(begin.client).uint(begin.clock)
    for (const { body, scanned } of bodies) out.raw(body, scanned.from, scanned.to)
  }
  const deletes: DeleteRange[] = []
  for (const { scanned } of bodies) for (const range of scanned.deletes) deletes.push(range)
  writeDeletes(out, deletes)
  return out.finish()
}
