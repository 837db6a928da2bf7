// A peer that speaks noise and multistream as it should and yamux as it likes: raw frames into a real connection.
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, MessageStream, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { SYNC_PROTOCOL } from '../../src/net/limits.ts'
import { seed } from './loopback.ts'

export interface HostilePeer {
  readonly node: Libp2p
  connect(address: string): Promise<{ connection: Connection; raw: MessageStream; closed: Promise<void> }>
  openSync(connection: Connection): Promise<Stream>
  stop(): Promise<void>
}

export async function createHostilePeer(n: number, more: Libp2pOptions = {}): Promise<HostilePeer> {
  const raws: MessageStream[] = []
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seed(n)),
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      () => {
        const inner = yamux({ enableKeepAlive: false })()
        const createStreamMuxer = (raw: MessageStream) => {
          raws.push(raw)
          return inner.createStreamMuxer(raw)
        }
        return { protocol: inner.protocol, createStreamMuxer }
      }
    ],
    connectionMonitor: { enabled: false },
    ...more
  })
  return {
    node,
    async connect(address) {
      const connection = await node.dial(multiaddr(address), {
        force: true,
        signal: AbortSignal.timeout(5_000)
      })
      const closed = new Promise<void>(resolve => {
        if (connection.status !== 'open') resolve()
        connection.addEventListener('close', () => resolve())
      })
      return { connection, raw: raws.at(-1) as MessageStream, closed }
    },
    openSync: connection => connection.newStream(SYNC_PROTOCOL, { signal: AbortSignal.timeout(5_000) }),
    stop: async () => node.stop()
  }
}

export const DATA = 0
export const WINDOW_UPDATE = 1
export const PING = 2
export const SYN = 1
export const RST = 8

/** A yamux header: whatever it says. */
export function yamuxHeader(type: number, flags: number, id: number, length: number): Uint8Array {
  const header = new Uint8Array(12)
  const view = new DataView(header.buffer)
  view.setUint8(1, type)
  view.setUint16(2, flags)
  view.setUint32(4, id)
  view.setUint32(8, length)
  return header
}

/** Sends `bytes` again and again until the connection is closed or `total` bytes have gone. */
export async function flood(raw: MessageStream, bytes: Uint8Array, total: number): Promise<number> {
  let sent = 0
  try {
    while (sent < total && raw.status === 'open') {
      const room = raw.send(bytes)
      sent += bytes.length
      if (!room)
        await new Promise<void>(resolve => {
          raw.addEventListener('drain', () => resolve(), { once: true })
          raw.addEventListener('close', () => resolve(), { once: true })
        })
      else await new Promise(resolve => setImmediate(resolve))
    }
  } catch {
    // The other side hung up between two sends.
  }
  return sent
}
