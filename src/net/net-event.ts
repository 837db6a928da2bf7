// What the network edge tells the log. Codes are those of protocols/transport.

export interface NetEvent {
  readonly event:
    | 'session-opened'
    | 'session-closed'
    | 'session-replaced'
    | 'connection-cut'
    | 'duplicate-refused'
    | 'stranger-refused'
    | 'receiver-failed'
    | 'dial-failed'
    | 'resumed'
    | 'relay-reserved'
    | 'relay-refused'
    | 'relay-lost'
    | 'circuit-opened'
    | 'circuit-refused'
    | 'circuit-closed'
    | 'network-changed'
  readonly peerId?: string
  readonly remoteAddress?: string
  readonly inbound?: boolean
  readonly code?: string
  readonly detail?: string
  readonly fault?: boolean
}
