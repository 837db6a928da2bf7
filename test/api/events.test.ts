// Events over HTTP: order, resumption, and what a slow or absent reader learns.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { EventFeed } from '../../src/api/event-feed.ts'
import { proofOf } from '../../src/api/rendezvous.ts'
import type { NodeEvent } from '../../src/node/surface/parley-node.ts'
import { openSocket, pretend, rawRequest, served, temporaryHome } from './served.ts'

const QUICK = { retryMs: 1, retryMsMax: 5 }
const LIMITS = { eventsKept: 1_000, eventBytesKept: 1_000_000, heartbeatMs: 60_000 }

const event = (n: number): NodeEvent => ({ event: 'space', space: `space-${n}` })
const events = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => event(from + i))
const missed = expect.objectContaining({ event: 'alarm', code: 'events-missed' })

interface Frame {
  id?: string
  event?: NodeEvent
  comment?: true
}

function parse(frame: string): Frame {
  const [, id] = /^id: (.*)$/m.exec(frame) ?? []
  const [, data] = /^data: (.*)$/m.exec(frame) ?? []
  return {
    ...(id && { id }),
    ...(data && { event: JSON.parse(data) }),
    ...(frame === ':\n\n' && { comment: true })
  }
}

async function take(frames: AsyncGenerator<string>, count: number): Promise<Frame[]> {
  const taken: Frame[] = []
  while (taken.length < count) taken.push(parse((await frames.next()).value))
  return taken
}

const never = new AbortController().signal

test('[API-16] a listener hears, in order, every event of calls made after it subscribed', async () => {
  const { node, home } = await served()
  const client = await connectApi(home)
  const heard: NodeEvent[] = []
  const here: NodeEvent[] = []
  node.subscribe(each => here.push(each))
  client.subscribe(each => heard.push(each))
  await client.createArtifact({ kind: 'k', title: 't', class: 'private' })
  await client.connect('/ip4/127.0.0.1/tcp/1')
  for (const each of events(0, 500)) node.emit(each)
  await expect.poll(() => heard.length).toBe(502)
  expect(heard).toEqual(here)
  await client.close()
})

test('[API-16] a call waits until the listeners before it are heard of', async () => {
  const home = temporaryHome()
  const requests: string[] = []
  const stream = Promise.withResolvers<ServerResponse>()
  const node = createServer((incoming, outgoing) => {
    requests.push(incoming.url ?? '')
    if (incoming.url === '/api/v1/events') return stream.resolve(outgoing)
    const challenge = String(incoming.headers['parley-challenge'])
    outgoing.setHeader('parley-proof', proofOf('a'.repeat(64), challenge)).end('[]')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => (node.closeAllConnections(), void node.close()))
  await once(node, 'listening')
  pretend(home, (node.address() as AddressInfo).port)
  const client = await connectApi(home)
  client.subscribe(() => undefined)
  const call = client.why()
  const opening = await stream.promise
  for (let turn = 0; turn < 100; turn++) await nextTurn()
  expect(requests).toEqual(['/healthz', '/api/v1/events'])
  opening.write('id: run/0\n\n')
  expect(await call).toEqual([])
  await client.close()
})

test('[API-16] a listener hears nothing more once it has unsubscribed, and the node lets its stream go', async () => {
  const { node, home } = await served({ limits: { eventStreamsMax: 1 } })
  const client = await connectApi(home)
  const heard: NodeEvent[] = []
  const unsubscribe = client.subscribe(each => heard.push(each))
  await client.status()
  unsubscribe()
  node.emit(event(0))
  const after: NodeEvent[] = []
  client.subscribe(each => after.push(each)) // takes the only stream, so the first has ended
  await expect.poll(() => (node.emit(event(1)), after.length)).toBeGreaterThan(0)
  expect(heard).toEqual([])
  await client.close()
})

test('[API-16] a reader that comes back gets what it missed, once and in order', async () => {
  const feed = new EventFeed(LIMITS)
  const first = feed.after(undefined, never)
  const opening = (await take(first, 1))[0]
  expect(opening?.event).toBeUndefined()
  for (const each of events(0, 10)) feed.push(each)
  const seen = await take(first, 4)
  const rest = await take(feed.after(seen.at(-1)?.id, never), 7)
  expect([...seen, ...rest.slice(1)].map(({ event }) => event)).toEqual(events(0, 10))
  const all = await take(feed.after(opening?.id, never), 11)
  expect(all.slice(1).map(({ event }) => event)).toEqual(events(0, 10))
})

test('[API-17] a reader that fell behind the window is told so, and goes on from now', async () => {
  const feed = new EventFeed({ ...LIMITS, eventsKept: 5 })
  const slow = feed.after(undefined, never)
  await take(slow, 1)
  for (const each of events(0, 6)) feed.push(each)
  const [alarm] = await take(slow, 1)
  expect(alarm?.event).toEqual(missed)
  feed.push(event(6))
  expect((await take(slow, 1))[0]?.event).toEqual(event(6))
  const back = await take(feed.after(alarm?.id, never), 2)
  expect(back[1]?.event).toEqual(event(6))
})

test('[API-17] the window is bounded in bytes, too', async () => {
  const feed = new EventFeed({ ...LIMITS, eventBytesKept: 500 })
  const slow = feed.after(undefined, never)
  await take(slow, 1)
  for (const each of events(0, 20)) feed.push(each)
  expect((await take(slow, 1))[0]?.event).toEqual(missed)
})

test('[API-17] a position of another run, or of none, counts as missed', async () => {
  const feed = new EventFeed(LIMITS)
  const other = await take(new EventFeed(LIMITS).after(undefined, never), 1)
  for (const id of [other[0]?.id, 'nonsense', '', '/0', `${other[0]?.id}9`]) {
    expect((await take(feed.after(id, never), 1))[0]?.event, id).toEqual(missed)
  }
})

test('[API-18] a stream without events carries heartbeats', async () => {
  const feed = new EventFeed({ ...LIMITS, heartbeatMs: 1 })
  const frames = await take(feed.after(undefined, never), 3)
  expect(frames.slice(1)).toEqual([{ comment: true }, { comment: true }])
})

test('[API-18] closing the feed or the reader ends a stream that waits', async () => {
  const feed = new EventFeed(LIMITS)
  const stop = new AbortController()
  const readers = [feed.after(undefined, stop.signal), feed.after(undefined, never)]
  for (const reader of readers) await take(reader, 1)
  const ends = readers.map(reader => reader.next())
  stop.abort()
  expect(await ends[0]).toMatchObject({ done: true })
  feed.close()
  expect(await ends[1]).toMatchObject({ done: true })
})

test('[API-16] a listener survives the loss of its connection without loss, and hears of a restart', async () => {
  const home = temporaryHome()
  const first = await served({ home })
  const heard: NodeEvent[] = []
  const client = await connectApi(home, QUICK)
  client.subscribe(each => heard.push(each))
  await client.status()
  first.node.emit(event(0))
  await expect.poll(() => heard.length).toBe(1)
  for (const socket of first.sockets) socket.destroy()
  first.node.emit(event(1))
  await expect.poll(() => heard).toEqual(events(0, 2))

  await first.api.close()
  const second = await served({ home })
  await expect.poll(() => heard.at(-1)).toEqual(missed)
  second.node.emit(event(2))
  await expect.poll(() => heard.at(-1)).toEqual(event(2))
  expect(heard).toEqual([event(0), event(1), missed, event(2)])
  await client.close()
})

test('[API-18] a connection that falls silent is given up and opened again', async () => {
  const { home, requests } = await served({ limits: { heartbeatMs: 60_000 } })
  const client = await connectApi(home, { ...QUICK, silenceMs: 30 })
  client.subscribe(() => undefined)
  await expect.poll(() => requests.filter(target => target === '/api/v1/events').length).toBeGreaterThan(2)
  await client.close()
})

test('[API-19] a reader that leaves a stream lying is cut off', async () => {
  const { node, api, token, sockets } = await served({
    limits: { stallMs: 50, eventBytesKept: 2 ** 30, heartbeatMs: 10 }
  })
  const socket = openSocket(api.port)
  const headers = [`Host: 127.0.0.1:${api.port}`, `Authorization: Bearer ${token}`]
  socket.write(rawRequest('GET /api/v1/events HTTP/1.1', headers))
  await once(socket, 'readable') // and nothing is read
  for (let i = 0; i < 40; i++) node.emit({ event: 'space', space: 'x'.repeat(1_000_000) })
  await expect.poll(() => sockets.size).toBe(0)
})
