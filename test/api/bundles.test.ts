// Bundles over HTTP: streamed both ways, never held whole, and never half taken for whole.
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { NodeError } from '../../src/wire/node-error.ts'
import { exchange, openSocket, rawRequest, served } from './served.ts'

const CHUNK = new Uint8Array(64 * 1024).fill(7)

async function artifactServed(options: Parameters<typeof served>[0] = {}) {
  const all = await served(options)
  await all.node.createArtifact({ kind: 'k', title: 't', class: 'private' })
  return { ...all, client: await connectApi(all.home) }
}

function importHead(port: number, token: string, ...headers: string[]): string {
  return rawRequest('POST /api/v1/bundles HTTP/1.1', [
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/octet-stream',
    ...headers
  ])
}

test('[API-19] 60 MiB go out and come in again, byte for byte', async () => {
  const { node, client } = await artifactServed()
  node.bundle = async function* () {
    for (let i = 0; i < 960; i++) yield new Uint8Array(64 * 1024).fill(i % 200)
  }
  const result = await client.importBundle(client.exportArtifact('artifact-0'))
  expect(result.artifacts).toEqual(['artifact-0'])
  const bytes = Buffer.concat(node.imported)
  expect(bytes.length).toBe(60 * 2 ** 20)
  for (let i = 0; i < 960; i++) expect(bytes[i * 64 * 1024 + 5]).toBe(i % 200)
  await client.close()
})

test('[API-19] a node that takes slowly makes the sender wait', async () => {
  const { node, client } = await artifactServed()
  let sent = 0
  const { promise: taken, resolve: takeMore } = Promise.withResolvers<void>()
  node.pace = () => taken
  const bundle = async function* () {
    for (; sent < 900; sent++) yield CHUNK
  }
  const done = client.importBundle(bundle())
  let before = -1
  await expect.poll(() => sent > 0 && before === (before = sent), { interval: 100 }).toBe(true)
  expect(sent).toBeLessThan(400)
  takeMore()
  await done
  expect(Buffer.concat(node.imported).length).toBe(900 * CHUNK.length)
  await client.close()
})

test('[API-19] a reader that takes slowly makes the node wait, and one that leaves ends its work', async () => {
  const { node, client } = await artifactServed()
  let made = 0
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  node.bundle = async function* () {
    try {
      for (; made < 10_000; made++) yield CHUNK
    } finally {
      end()
    }
  }
  for await (const chunk of client.exportArtifact('artifact-0')) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  await ended
  expect(made).toBeLessThan(400)
  await client.close()
})

test('[API-10] a bundle of more than the limit is refused while it is read', async () => {
  const { node, client } = await artifactServed({ limits: { bundleBytesMax: 3 * CHUNK.length } })
  const bundle = async function* () {
    for (let i = 0; i < 100; i++) yield CHUNK
  }
  await expect(client.importBundle(bundle())).rejects.toMatchObject({ code: 'too-large' })
  expect(Buffer.concat(node.imported).length).toBeLessThanOrEqual(3 * CHUNK.length)
  await client.close()
})

test('[API-19] a refusal in the middle reaches the sender, who stops', async () => {
  const { client } = await artifactServed()
  let sent = 0
  const bundle = async function* () {
    yield new Uint8Array([0xff])
    for (; sent < 10_000; sent++) yield CHUNK
  }
  await expect(client.importBundle(bundle())).rejects.toMatchObject({
    code: 'bad-bundle',
    next: 'Export it again.'
  })
  expect(await client.why()).toHaveLength(1)
  await client.close()
})

test('[API-10] a sender that reads only after it has sent everything still gets the refusal', async () => {
  const { api, token } = await artifactServed({ limits: { lingerMs: 10_000 } })
  const bytes = 20 * 2 ** 20
  const socket = openSocket(api.port).pause()
  socket.write(importHead(api.port, token, `Content-Length: ${bytes}`))
  await new Promise(resolve => void socket.write(new Uint8Array(bytes).fill(0xff), resolve))
  expect(await text(socket)).toContain('bad-bundle')
})

test('[API-19] a source that fails in the middle is the failure, and the node is not told that it was all', async () => {
  const { node, client } = await artifactServed()
  const { promise: began, resolve: begin } = Promise.withResolvers<void>()
  const { promise: outcome, resolve: end } = Promise.withResolvers<unknown>()
  const take = node.importBundle.bind(node)
  node.importBundle = async bundle => {
    begin()
    const result = take(bundle)
    end(await result.catch((error: unknown) => error))
    return result
  }
  const bundle = async function* () {
    yield CHUNK
    await began
    throw new NodeError('file-unreadable', 'the file went away', 'Look for it.')
  }
  await expect(client.importBundle(bundle())).rejects.toMatchObject({ code: 'file-unreadable' })
  expect(await outcome).toMatchObject({ code: 'body-cut' })
  await client.close()
})

test('[API-11] a bundle that stalls is given up, however much came before', async () => {
  const { api, token } = await artifactServed({ limits: { bodyMs: 50, lingerMs: 50 } })
  const socket = openSocket(api.port)
  socket.write(`${importHead(api.port, token, 'Transfer-Encoding: chunked')}5\r\nhello\r\n`)
  expect(await text(socket)).toContain('body-timeout')
})

test('[API-19] an export that fails in the middle is cut, not ended', async () => {
  const { node, client, api, token, faults } = await artifactServed()
  const fault = new NodeError('store-damaged', 'a record is damaged', 'Run: parley repair')
  node.bundle = async function* () {
    yield CHUNK
    throw fault
  }
  await expect(text(client.exportArtifact('artifact-0'))).rejects.toMatchObject({ code: 'connection-lost' })
  const headers = [`Host: 127.0.0.1:${api.port}`, `Authorization: Bearer ${token}`]
  const answer = await exchange(
    api.port,
    rawRequest('GET /api/v1/artifacts/artifact-0/bundle HTTP/1.1', headers)
  )
  expect(answer).toMatch(/^HTTP\/1.1 200/)
  expect(answer.endsWith('0\r\n\r\n')).toBe(false)
  expect(faults).toEqual([fault, fault])
  await client.close()
})
