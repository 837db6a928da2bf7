// Who looks at a facet, in the encoding of the Yjs awareness protocol: count *(client clock state), the state as
// JSON. Read strictly, since the library that shows it throws at what it cannot read. protocols/sync, section 8.
import type { Client } from './lane.ts'
import { UpdateWriter } from './update-encode.ts'
import { UpdateReader } from './update-reader.ts'

/** States in one frame: a node speaks for the views of its own people. */
export const PRESENCE_STATES_MAX = 16
/** A name, a colour, a selection. Short enough that no nesting in it could exhaust a stack. */
export const PRESENCE_STATE_BYTES_MAX = 4_096

export interface PresenceState {
  client: Client
  clock: number
  /** JSON in UTF-8; `null` says that the view has closed. */
  state: Uint8Array
}

/** @returns undefined for anything malformed: presence may be dropped at any time */
export function parsePresence(bytes: Uint8Array): PresenceState[] | undefined {
  const reader = new UpdateReader(bytes)
  const states: PresenceState[] = []
  for (let left = reader.count(PRESENCE_STATES_MAX, 3); left > 0; left--) {
    const client = reader.uint(Number.MAX_SAFE_INTEGER)
    const clock = reader.uint(Number.MAX_SAFE_INTEGER)
    reader.string(PRESENCE_STATE_BYTES_MAX)
    states.push({ client, clock, state: bytes.subarray(reader.textAt, reader.at) })
  }
  if (reader.reject || reader.left > 0) return undefined
  return states.every(({ state }) => isJson(state)) ? states : undefined
}

export function encodePresence(states: PresenceState[]): Uint8Array {
  const out = new UpdateWriter().uint(states.length)
  for (const { client, clock, state } of states) out.uint(client).uint(clock).uint(state.length).raw(state)
  return out.finish()
}

export function isGone({ state }: PresenceState): boolean {
  return new TextDecoder().decode(state) === 'null'
}

function isJson(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return value === null || (typeof value === 'object' && !Array.isArray(value))
  } catch {
    return false
  }
}
