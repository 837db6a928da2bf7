// The door without sockets: protocols/transport, section 5.
import type { NoiseComponents } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { Door } from '../../src/net/door.ts'
import {
  HANDSHAKES_PER_HOST_MAX,
  HANDSHAKES_PER_NAME_MAX,
  NEGOTIATION_BYTES_MAX,
  PENDING_CONNECTIONS_MAX
} from '../../src/net/limits.ts'
import { Turns } from '../../src/net/turns.ts'
import { seed } from './loopback.ts'

interface Knock {
  aborted: Error | undefined
  read: number
  connection: MultiaddrConnection & { onData(data: Uint8Array): void }
}

/** A connection from this host of which nothing is known. */
function knock(host: string): Knock {
  const knock = { aborted: undefined, read: 0 } as unknown as Knock
  const connection = {
    remoteAddr: multiaddr(`/ip4/${host}/tcp/4001`),
    onData: (data: Uint8Array) => (knock.read += data.length),
    abort: (error: Error) => (knock.aborted = error)
  }
  return Object.assign(knock, { connection })
}

/** An upgrader whose upgrades never end. */
function guarded(): Upgrader {
  const upgradeInbound = () => new Promise<void>(() => undefined)
  return new Door(() => 0, new Turns(() => 0)).guard({ upgradeInbound } as unknown as Upgrader)
}

const options = { signal: new AbortController().signal }

it('[NET-22] a newcomer gets the place of the oldest from the host that has the most', () => {
  const upgrader = guarded()
  const member = knock('10.0.0.1')
  void upgrader.upgradeInbound(member.connection, options)
  const flood = Array.from({ length: PENDING_CONNECTIONS_MAX + 2 }, () => knock('10.0.0.2'))
  for (const { connection } of flood) void upgrader.upgradeInbound(connection, options)
  expect(flood.map(({ aborted }) => aborted !== undefined).lastIndexOf(true)).toBe(2)
  expect(flood.filter(({ aborted }) => aborted).length).toBe(3)
  expect(member.aborted).toBeUndefined()
})

it('[NET-21] what comes beyond the limit before a protocol is agreed is read by nobody', () => {
  const upgrader = guarded()
  const { connection, ...stranger } = knock('10.0.0.1')
  void upgrader.upgradeInbound(connection, options)
  connection.onData(new Uint8Array(NEGOTIATION_BYTES_MAX - 40))
  const long = knock('10.0.0.2')
  void upgrader.upgradeInbound(long.connection, options)
  long.connection.onData(new Uint8Array(NEGOTIATION_BYTES_MAX + 1))
  expect([stranger.aborted, long.read]).toEqual([undefined, 0])
  expect(String(long.aborted)).toContain('negotiation-flood')
})

it('[NET-31] handshakes through a relay are counted by relay and by name, apart from the host of the relay', async () => {
  const encrypter = new Door(() => 0, new Turns(() => 0)).encrypter()({
    logger: { forComponent: () => () => undefined }
  } as unknown as NoiseComponents)
  const relay = 'ip4/10.0.0.1/tcp/4001/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'
  /** How many of so many handshakes are begun. */
  const begun = async (address: (i: number) => string, count: number) => {
    let all = 0
    for (let i = 0; i < count; i++) {
      const connection = { remoteAddr: multiaddr(address(i)) } as MultiaddrConnection
      const refused = await encrypter.secureInbound(connection).catch((error: Error) => error.message)
      if (refused !== 'too many handshakes') all++
    }
    return all
  }
  const names = await Promise.all(
    Array.from({ length: 20 }, async (_, i) =>
      peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed(i)))
    )
  )
  const named = (i: number) => `/${relay}/p2p-circuit/p2p/${names[i]?.toString()}`
  expect(await begun(() => named(0), 40)).toBe(HANDSHAKES_PER_NAME_MAX)
  expect(await begun(() => named(1), 1)).toBe(1)
  expect(await begun(i => named(2 + (i % 18)), 100)).toBe(
    HANDSHAKES_PER_HOST_MAX - HANDSHAKES_PER_NAME_MAX - 1
  )
  expect(await begun(() => '/ip4/10.0.0.1/tcp/5001', 50)).toBe(HANDSHAKES_PER_HOST_MAX)
})
