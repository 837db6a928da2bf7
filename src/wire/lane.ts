// A lane is the log of one session of one key in one facet. Its Yjs client id carries company, key and
// session, so that "is this client id yours?" is integer arithmetic. protocols/envelope, section 1.
import { allocate } from './bytes.ts'

export const COMPANY_BITS = 13
export const KEY_BITS = 12
export const SESSION_BITS = 28
export const COMPANY_MAX = 2 ** COMPANY_BITS - 1
export const KEY_MAX = 2 ** KEY_BITS - 1
export const SESSION_MAX = 2 ** SESSION_BITS - 1

/** A 53-bit Yjs client id; see {@link packClient}. */
export type Client = number

export interface LaneAuthor {
  company: number
  key: number
  session: number
}

export function packClient({ company, key, session }: LaneAuthor): Client {
  return (company * 2 ** KEY_BITS + key) * 2 ** SESSION_BITS + session
}

export function unpackClient(client: Client): LaneAuthor {
  const session = client % 2 ** SESSION_BITS
  const rest = (client - session) / 2 ** SESSION_BITS
  const key = rest % 2 ** KEY_BITS
  return { company: (rest - key) / 2 ** KEY_BITS, key, session }
}

/** facet (32 bytes) followed by the client id (8 bytes, big-endian). */
export function laneId(facet: Uint8Array, client: Client): Uint8Array {
  const id = allocate(facet.length + 8)
  id.set(facet)
  for (let at = id.length - 1, rest = client; at >= facet.length; at--) {
    id[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return id
}
