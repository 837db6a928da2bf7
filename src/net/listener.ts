// TCP that remembers why it could not listen: libp2p reports only text, and codes are what we branch on.
import type { Listener } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import type { Multiaddr } from '@multiformats/multiaddr'
import { NodeError } from '../wire/node-error.ts'
import type { Door } from './door.ts'
import { CONNECTIONS_MAX, PENDING_CONNECTIONS_MAX, SOCKET_IDLE_MS } from './limits.ts'

export interface ListenFailure {
  readonly address: Multiaddr
  readonly error: NodeJS.ErrnoException
}

/** A transport factory for libp2p, with a door; failures to listen are added to `failures`. */
export function tcpTransport(failures: ListenFailure[], door: Door): ReturnType<typeof tcp> {
  const create = tcp({
    // The door makes room among the pending; those that it hung up on take a moment to go.
    maxConnections: CONNECTIONS_MAX + 2 * PENDING_CONNECTIONS_MAX,
    inboundSocketInactivityTimeout: SOCKET_IDLE_MS,
    outboundSocketInactivityTimeout: SOCKET_IDLE_MS
  })
  return components => {
    const transport = create(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = options =>
      reportListening(createListener({ ...options, upgrader: door.guard(options.upgrader) }), failures)
    return transport
  }
}

export function reportListening(listener: Listener, failures: ListenFailure[]): Listener {
  const listen = listener.listen.bind(listener)
  listener.listen = async address => {
    await listen(address).catch((error: NodeJS.ErrnoException) => {
      failures.push({ address, error })
      throw error
    })
  }
  return listener
}

/** The first failure in words, with what to do about it. */
export function listenError(failures: readonly ListenFailure[], cause: unknown): NodeError {
  const failure = failures[0]
  if (failure === undefined) {
    return new NodeError('listen-failed', 'the node cannot listen', 'Check the --listen addresses.', {
      cause
    })
  }
  const address = failure.address.toString()
  const port = failure.address.getComponents().find(component => component.name === 'tcp')?.value ?? '?'
  const because = failure.error
  switch (failure.error.code) {
    case 'EADDRINUSE': {
      const other = `--listen ${address.replace(`/tcp/${port}`, '/tcp/0')}`
      const next = `Stop the program that uses it, or choose another: ${other} takes a free one.`
      return new NodeError(
        'port-in-use',
        `port ${port} is in use: cannot listen on ${address}`,
        next,
        because
      )
    }
    case 'EACCES':
      return new NodeError(
        'port-forbidden',
        `port ${port} needs more rights`,
        'Choose a port above 1023 with --listen.',
        because
      )
    case 'EADDRNOTAVAIL':
      return new NodeError(
        'address-not-here',
        `${address} is not an address of this machine`,
        'Use /ip4/0.0.0.0 with --listen for all addresses.',
        because
      )
    default:
      return new NodeError(
        'listen-failed',
        `cannot listen on ${address}: ${failure.error.message}`,
        'Check the --listen addresses.',
        because
      )
  }
}
