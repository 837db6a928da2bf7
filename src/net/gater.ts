// Who gets past noise: protocols/transport, section 1. Asked before the muxer exists, so a stranger reaches no stream.
import type { Connection, ConnectionGater, PeerId } from '@libp2p/interface'
import { hangUp } from './muxer.ts'
import type { NetEvent } from './net-event.ts'
import { CONNECTIONS_PER_GROUP_MAX } from './limits.ts'

export interface GaterOptions {
  readonly admit: (peerId: string) => boolean
  /** Whether there is room for one more connection with this peer. */
  readonly hasFew: (peerId: string) => boolean
  /** Open connections with the company of this peer, the oldest first; with all strangers, where it is of none. */
  readonly connectionsBeside: (peerId: string) => { stranger: boolean; open: readonly Connection[] }
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
      if (options.hasFew(peerId.toString()) && hasPlace(options.connectionsBeside(peerId.toString())))
        return false
      options.log({ event: 'duplicate-refused', peerId: peerId.toString(), remoteAddress })
      return true
    }
  }
}

/** One company does not take the places of others; of strangers the newest is let in, or they would keep out who was invited. */
function hasPlace({ stranger, open }: { stranger: boolean; open: readonly Connection[] }): boolean {
  if (open.length < CONNECTIONS_PER_GROUP_MAX) return true // NET-23
  if (!stranger) return false
  hangUp(open[0] as Connection, new Error('gave way to another'))
  return true
}
