// Transports on loopback for tests: seeds, sessions as they come, and events with deadlines instead of sleeping.
import { once } from 'node:events'
import net from 'node:net'
import { inspect } from 'node:util'
import { isReject } from '../../src/wire/reject.ts'
import { parseAddress, type Address } from '../../src/net/address.ts'
import type { NetEvent } from '../../src/net/net-event.ts'
import type { FrameReceiver, FrameSession, SessionEnd } from '../../src/net/session.ts'
import { createTransport, type Transport, type TransportOptions } from '../../src/net/transport.ts'

export const LISTEN = '/ip4/127.0.0.1/tcp/0'

/** The seed of test node `n`. */
export function seed(n: number): Uint8Array {
  return new Uint8Array(32).fill(n)
}

/** Values that arrive over time; `next` waits for one until a deadline. */
export class Arrivals<T> {
  readonly all: T[] = []
  #taken = 0
  #wake: () => void = () => undefined

  push(value: T): void {
    this.all.push(value)
    this.#wake()
  }

  async next(matches: (value: T) => boolean = () => true, limitMs = 8_000): Promise<T> {
    const deadline = performance.now() + limitMs
    const timer = setTimeout(() => this.#wake(), limitMs + 1)
    try {
      for (;;) {
        while (this.#taken < this.all.length) {
          const value = this.all[this.#taken++] as T
          if (matches(value)) return value
        }
        if (performance.now() >= deadline) break
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
    } finally {
      clearTimeout(timer)
    }
    throw new Error(`nothing matched in ${limitMs} ms; arrived: ${inspect(this.all.slice(-5))}`)
  }
}

export interface TestNode {
  readonly transport: Transport
  readonly sessions: Arrivals<FrameSession>
  readonly frames: Arrivals<Uint8Array>
  readonly ends: Arrivals<SessionEnd>
  readonly events: Arrivals<NetEvent>
  address(): Address
}

const running: TestNode[] = []

export interface TestNodeOptions extends Partial<TransportOptions> {
  /** Replaces the receiver that collects frames. */
  readonly receiver?: (session: FrameSession) => Partial<FrameReceiver>
}

/** A started transport that admits everybody unless told otherwise. */
export async function startNode(n: number, options: TestNodeOptions = {}): Promise<TestNode> {
  const node = await createNode(n, options)
  await node.transport.start()
  return node
}

export async function createNode(n: number, options: TestNodeOptions = {}): Promise<TestNode> {
  const sessions = new Arrivals<FrameSession>()
  const frames = new Arrivals<Uint8Array>()
  const ends = new Arrivals<SessionEnd>()
  const events = new Arrivals<NetEvent>()
  const { receiver, ...rest } = options
  const transport = await createTransport({
    privateKey: seed(n),
    listen: [LISTEN],
    admit: () => true,
    onSession: session => {
      const own = receiver?.(session)
      sessions.push(session)
      return {
        onFrame: frame => (own?.onFrame === undefined ? frames.push(frame) : own.onFrame(frame)),
        onClose: end => {
          own?.onClose?.(end)
          ends.push(end)
        }
      }
    },
    log: event => events.push(event),
    ...rest
  })
  const node = {
    transport,
    sessions,
    frames,
    ends,
    events,
    address: () => dialable(transport.listenAddresses()[0])
  }
  running.push(node)
  return node
}

export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map(node => node.transport.stop()))
}

export function dialable(text: string | undefined): Address {
  const address = parseAddress(text ?? '')
  if (isReject(address)) throw new Error(address.toString())
  return address
}

/** A TCP port of this machine that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
