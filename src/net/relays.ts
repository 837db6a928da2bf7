// Both sides of relaying as the transport sees them: through whom this node listens, and for whom it relays.
// protocols/transport, section 11.
import type { Connection } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import type { Address } from './address.ts'
import { HOP_PROTOCOL, STOP_PROTOCOL } from './circuit-message.ts'
import { CIRCUITS_PER_PEER_MAX } from './limits.ts'
import { RelayClient, type RelayClientOptions, type RelayStatus } from './relay-client.ts'
import { RelayServer, type RelayServerOptions } from './relay-server.ts'

export interface Relaying {
  /** The relays through which this node is to listen. */
  readonly through: readonly RelayStatus[]
  /** What this node relays for others; undefined where it does not. */
  readonly forOthers: { reservations: number; circuits: number } | undefined
}

export interface RelaysOptions extends RelayClientOptions, RelayServerOptions {
  /** Whether this node relays for others. */
  readonly relay: boolean
}

export class Relays {
  readonly through: readonly Address[]
  readonly client: RelayClient
  readonly #server: RelayServer | undefined

  constructor(options: RelaysOptions) {
    this.through = options.relays
    this.client = new RelayClient(options)
    this.#server = options.relay ? new RelayServer(options) : undefined
  }

  /** Nobody can speak of relays to a node that neither is one nor uses one. */
  async register(node: Libp2p): Promise<void> {
    const { client } = this
    const server = this.#server
    const some = { maxInboundStreams: CIRCUITS_PER_PEER_MAX }
    if (this.through.length > 0)
      await node.handle(STOP_PROTOCOL, (stream, connection) => client.onStop(stream, connection), some)
    if (server === undefined) return // NET-32
    // One more to hear that there are too many, and one to reserve meanwhile.
    const more = { maxInboundStreams: CIRCUITS_PER_PEER_MAX + 2 }
    await node.handle(HOP_PROTOCOL, (stream, connection) => server.onHop(stream, connection), more)
  }

  status(): Relaying {
    return { through: this.client.status(), forOthers: this.#server?.status() }
  }

  closed(connection: Connection): void {
    this.#server?.closed(connection)
  }

  /** To be called when membership has changed. */
  enforce(): void {
    this.#server?.enforce()
  }
}
