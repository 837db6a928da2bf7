// The messages of circuit relay v2, as far as this node says and reads them: protocols/transport, section 11.
// A few fields of protobuf; the rest of what a peer may put there is read past. Pure.
import { peerIdFromMultihash, peerIdFromString } from '@libp2p/peer-id'
import * as Digest from 'multiformats/hashes/digest'
import { concatBytes } from '../wire/bytes.ts'
import { Reject } from '../wire/reject.ts'

/** Spoken to a relay, and by it. */
export const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop'
export const STOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/stop'

export type CircuitProtocol = typeof HOP_PROTOCOL | typeof STOP_PROTOCOL

export const STATUS = { ok: 100, limit: 201, denied: 202, failed: 203, noReservation: 204 } as const

export interface CircuitMessage {
  readonly type: 'reserve' | 'connect' | 'status'
  /** Whom to connect to, or who asks. */
  readonly peerId?: string | undefined
  /** End of a reservation, in seconds since 1970. */
  readonly expire?: number | undefined
  readonly status?: number | undefined
}

/** Numbers of the types, in order, and of the fields that differ. */
const WIRE = {
  [HOP_PROTOCOL]: { types: ['reserve', 'connect', 'status'], status: 5, reservation: 3 },
  [STOP_PROTOCOL]: { types: ['connect', 'status'], status: 4, reservation: undefined }
} as const
const TYPE = 1
const PEER = 2
/** Inside a peer, and inside a reservation. */
const FIRST = 1

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5
/** Ten bytes, as protobuf has them; what is above 53 bits is not read. */
const VARINT_MAX = 128 ** 9

export function encodeCircuitMessage(protocol: CircuitProtocol, message: CircuitMessage): Uint8Array {
  const wire = WIRE[protocol]
  const { type, peerId, expire, status } = message
  const fields = [number(TYPE, (wire.types as readonly string[]).indexOf(type))]
  if (peerId !== undefined)
    fields.push(bytes(PEER, bytes(FIRST, peerIdFromString(peerId).toMultihash().bytes)))
  if (expire !== undefined && wire.reservation !== undefined)
    fields.push(bytes(wire.reservation, number(FIRST, expire)))
  if (status !== undefined) fields.push(number(wire.status, status))
  return concatBytes(...fields)
}

/** @returns `circuit-message` for what is none */
export function parseCircuitMessage(protocol: CircuitProtocol, encoded: Uint8Array): CircuitMessage | Reject {
  const wire = WIRE[protocol]
  const fields = parseFields(encoded)
  if (fields === undefined) return broken('not a protobuf message')
  const type = wire.types[(fields.get(TYPE) as number | undefined) ?? -1]
  if (type === undefined) return broken('without a known type')
  const status = fields.get(wire.status)
  const reservation = wire.reservation === undefined ? undefined : fields.get(wire.reservation)
  const expire = reservation instanceof Uint8Array ? parseFields(reservation)?.get(FIRST) : undefined
  const peer = fields.get(PEER)
  const peerId = peer instanceof Uint8Array ? parsePeer(peer) : undefined
  if (type === 'connect' && peerId === undefined) return broken('it names no peer')
  return {
    type,
    ...(peerId !== undefined && { peerId }),
    ...(typeof expire === 'number' && { expire }),
    ...(typeof status === 'number' && { status })
  }
}

function parsePeer(encoded: Uint8Array): string | undefined {
  const id = parseFields(encoded)?.get(FIRST)
  if (!(id instanceof Uint8Array)) return undefined
  try {
    const peerId = peerIdFromMultihash(Digest.decode(id))
    return peerId.type === 'Ed25519' ? peerId.toString() : undefined
  } catch {
    return undefined
  }
}

/** Each field by its number; of several with one number the last. Undefined where it is no protobuf. */
function parseFields(encoded: Uint8Array): Map<number, number | Uint8Array> | undefined {
  const fields = new Map<number, number | Uint8Array>()
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = encoded[at++]
      if (byte === undefined || scale > VARINT_MAX) return Number.NaN
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  while (at < encoded.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    const kind = tag % 8
    if (kind === VARINT) {
      const value = varint()
      if (Number.isNaN(value)) return undefined
      fields.set(field, value)
      continue
    }
    const length = kind === BYTES ? varint() : kind === FIXED64 ? 8 : kind === FIXED32 ? 4 : Number.NaN
    if (!(at + length <= encoded.length)) return undefined
    if (kind === BYTES) fields.set(field, encoded.slice(at, at + length))
    at += length
  }
  return fields
}

function number(field: number, value: number): Uint8Array {
  return concatBytes(varintOf(field * 8 + VARINT), varintOf(value))
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return concatBytes(varintOf(field * 8 + BYTES), varintOf(value.length), value)
}

function varintOf(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) + 0x80)
  return Uint8Array.from([...out, rest])
}

function broken(why: string): Reject {
  return new Reject('circuit-message', `what should be a message of circuit relay v2: ${why}`)
}
