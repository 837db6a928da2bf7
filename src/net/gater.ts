// Who gets past noise: protocols/transport, section 1. Asked before the muxer exists, so a stranger reaches no stream.
import type { ConnectionGater, PeerId } from '@libp2p/interface'
import type { NetEvent } from './net-event.ts'
import { CONNECTIONS_PER_PEER_MAX } from './limits.ts'

export interface GaterOptions {
  readonly admit: (peerId: string) => boolean
  /** Open connections with this peer. */
  readonly connectionsWith: (peerId: PeerId) => number
  /** The canonical addresses that this node was told to dial. */
  readonly dialing: ReadonlySet<string>
  readonly log: (event: NetEvent) => void
}

export function createGater(options: GaterOptions): ConnectionGater {
  const denies = (peerId: PeerId): boolean => {
    try {
      return !options.admit(peerId.toString())
    } catch (error) {
      options.log({ event: 'receiver-failed', peerId: peerId.toString(), detail: String(error) })
      return true
    }
  }
  return {
    denyDialPeer: denies,
    // What peers claim about addresses ends here: only what a person configured is dialed.
    denyDialMultiaddr: address => !options.dialing.has(address.toString()),
    denyOutboundConnection: denies,
    denyOutboundEncryptedConnection: denies,
    denyInboundEncryptedConnection: (peerId, connection) => {
      const remoteAddress = connection.remoteAddr.toString()
      if (denies(peerId)) {
        options.log({ event: 'stranger-refused', peerId: peerId.toString(), remoteAddress })
        return true
      }
      if (options.connectionsWith(peerId) < CONNECTIONS_PER_PEER_MAX) return false
      options.log({ event: 'duplicate-refused', peerId: peerId.toString(), remoteAddress })
      return true
    }
  }
}
