// Sessions that come back by themselves, across real processes: protocols/transport, sections 6 and 7.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { NetEvent } from '../../src/net/net-event.ts'
import { createPeering, type Peering } from '../../src/net/peering.ts'
import type { FrameSession, SessionEnd } from '../../src/net/session.ts'
import { Arrivals, createNode, dialable, freePort, LISTEN, seed, stopAll } from './loopback.ts'

const children: ChildProcess[] = []
const peerings: Peering[] = []

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(peerings.splice(0).map(peering => peering.stop()))
  await stopAll()
})

interface Peer {
  readonly peering: Peering
  readonly sessions: Arrivals<FrameSession>
  readonly frames: Arrivals<Uint8Array>
  readonly ends: Arrivals<SessionEnd>
  readonly events: Arrivals<NetEvent>
}

async function startPeering(n: number): Promise<Peer> {
  const sessions = new Arrivals<FrameSession>()
  const frames = new Arrivals<Uint8Array>()
  const ends = new Arrivals<SessionEnd>()
  const events = new Arrivals<NetEvent>()
  const peering = await createPeering({
    privateKey: seed(n),
    listen: [LISTEN],
    admit: () => true,
    onSession: session => {
      sessions.push(session)
      return { onFrame: frame => frames.push(frame), onClose: end => ends.push(end) }
    },
    log: event => events.push(event),
    random: () => 0.5
  })
  peerings.push(peering)
  await peering.start()
  return { peering, sessions, frames, ends, events }
}

async function spawnPeer(
  n: number,
  port: number,
  keep?: string
): Promise<{ child: ChildProcess; address: string }> {
  const script = fileURLToPath(new URL('peer-process.ts', import.meta.url))
  const args = [script, String(n), String(port), ...(keep === undefined ? [] : [keep])]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  return { child, address: line.toString().trim() }
}

async function echo(peer: Peer, session: FrameSession, byte: number): Promise<void> {
  await session.send(Uint8Array.of(byte))
  await peer.frames.next(frame => frame[0] === byte)
}

describe('peering', () => {
  it('[NET-17] a killed peer is noticed at once and found again when it is back', async () => {
    const port = await freePort()
    const peer = await startPeering(1)
    const first = await spawnPeer(2, port)
    peer.peering.keep([dialable(first.address)])
    await echo(peer, await peer.sessions.next(), 1)
    const killed = performance.now()
    first.child.kill('SIGKILL')
    expect(await peer.ends.next()).toMatchObject({ fault: false })
    const noticed = performance.now() - killed
    await peer.events.next(e => e.event === 'dial-failed' && e.code === 'dial-unreachable')
    const [status] = peer.peering.status()
    expect(status).toMatchObject({ phase: 'waiting', lastError: { code: 'dial-unreachable' } })
    expect(status?.nextDialMs).toBeGreaterThan(Date.now() - 1_000)
    await spawnPeer(2, port)
    const back = performance.now()
    await echo(peer, await peer.sessions.next(() => true, 16_000), 2)
    console.log(
      `killed: noticed after ${noticed.toFixed(0)} ms, found ${(performance.now() - back).toFixed(0)} ms after it was back`
    )
    expect(peer.peering.status()[0]).toMatchObject({ phase: 'connected' })
  }, 40_000)

  it('[NET-16] a stopped process is given up after 10 s and in session again soon after it goes on', async () => {
    const peer = await startPeering(1)
    const mine = peer.peering.transport.listenAddresses()[0] as string
    const { child, address } = await spawnPeer(2, 0, mine)
    peer.peering.keep([dialable(address)])
    await echo(peer, await peer.sessions.next(), 1)
    const stopped = performance.now()
    child.kill('SIGSTOP')
    expect(await peer.ends.next(() => true, 16_000)).toMatchObject({ code: 'peer-silent', fault: false })
    const noticed = performance.now() - stopped
    // Long enough for the first dials into the stopped process to fail.
    await peer.events.next(e => e.event === 'dial-failed', 16_000)
    const resumed = performance.now()
    child.kill('SIGCONT')
    await echo(peer, await peer.sessions.next(() => true, 20_000), 2)
    console.log(
      `stopped: noticed after ${(noticed / 1e3).toFixed(1)} s, in session ${((performance.now() - resumed) / 1e3).toFixed(1)} s after going on`
    )
  }, 60_000)

  it('both keep each other: one session, and it is found again from either side', async () => {
    const [a, b] = await Promise.all([startPeering(1), startPeering(2)])
    a.peering.keep([dialable(b.peering.transport.listenAddresses()[0])])
    b.peering.keep([dialable(a.peering.transport.listenAddresses()[0])])
    await Promise.all([a.sessions.next(), b.sessions.next()])
    a.sessions.all[0]?.abort('test')
    await Promise.all([a.sessions.next(), b.sessions.next()])
    expect([a.sessions.all.length, b.sessions.all.length]).toEqual([2, 2])
    expect(a.peering.status()[0]).toMatchObject({ phase: 'connected' })
  })

  it('a peer that is forgotten is not dialed again; one that is wanted now is dialed now', async () => {
    const port = await freePort()
    const nobody = await createNode(3)
    const peer = await startPeering(1)
    const address = dialable(`/ip4/127.0.0.1/tcp/${port}/p2p/${nobody.transport.peerId}`)
    peer.peering.keep([address])
    await peer.events.next(e => e.event === 'dial-failed')
    peer.peering.retryNow(address.peerId)
    await peer.events.next(e => e.event === 'dial-failed')
    peer.peering.forget(address.peerId)
    expect(peer.peering.status()).toEqual([])
  })
})
