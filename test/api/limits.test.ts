// What a client cannot make the node spend.
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { exchange, openSocket, rawRequest, served } from './served.ts'

const MIB = 2 ** 20
const base = { heads: [] }

function unlockHead(port: number, token: string, ...headers: string[]): string {
  return rawRequest('POST /api/v1/unlock HTTP/1.1', [
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    ...headers
  ])
}

test('[API-10] a paste of 1 MiB is taken', async () => {
  const { node, home } = await served()
  await node.createArtifact({ kind: 'k', title: 't', class: 'private' })
  const client = await connectApi(home)
  const paste = '"quoted"\n'.repeat(MIB / 9)
  expect((await client.editText('artifact-0', { base, text: paste })).text).toBe(paste)
  await client.close()
})

test('[API-10] a paste of 100 MiB is refused with a clear message, by the client before it is sent', async () => {
  const { home } = await served()
  const client = await connectApi(home)
  const edit = client.editText('artifact-0', { base, text: 'x'.repeat(100 * MIB) })
  await expect(edit).rejects.toMatchObject({ code: 'too-large', message: expect.stringContaining('4 MiB') })
  await client.close()
})

test('[API-10] 100 MiB that are sent all the same are answered before they are read', async () => {
  const { api, token } = await served()
  const socket = openSocket(api.port)
  socket.write(unlockHead(api.port, token, `Content-Length: ${100 * MIB}`))
  const answer = await text(socket)
  expect(answer).toContain('413')
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error).toMatchObject({ code: 'too-large' })
  expect(socket.bytesWritten).toBeLessThan(1_000)
})

test('[API-10] a sender that asks first is told before it sends, and else to go on', async () => {
  const { api, token } = await served()
  const expectation = 'Expect: 100-continue'
  const refused = await exchange(
    api.port,
    unlockHead(api.port, token, expectation, `Content-Length: ${5 * MIB}`)
  )
  expect(refused).toMatch(/^HTTP\/1.1 413/)
  const body = '{"passphrase":"open sesame"}'
  const taken = await exchange(
    api.port,
    unlockHead(api.port, token, expectation, `Content-Length: ${body.length}`) + body
  )
  expect(taken).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 204/)
})

test('[API-10] a body that does not say its length is counted while it is read', async () => {
  const { api, token } = await served({ limits: { bodyBytesMax: 10_000 } })
  const socket = openSocket(api.port)
  socket.write(unlockHead(api.port, token, 'Transfer-Encoding: chunked'))
  socket.write(`ffff\r\n${'x'.repeat(0xffff)}\r\n`)
  expect(await text(socket)).toMatch(/^HTTP\/1.1 413/)
})

test('[API-10] a refused body that is all there ends the connection without waiting', async () => {
  const { api, token } = await served({ limits: { lingerMs: 1e6 } })
  const head = unlockHead(api.port, token, 'Content-Length: 2').replace('application/json', 'text/plain')
  expect(await exchange(api.port, `${head}{}`)).toMatch(/^HTTP\/1.1 415/)
})

test('[API-10] who goes on sending after the answer is cut off', async () => {
  const { api, token } = await served({ limits: { bodyBytesMax: 10_000, lingerMs: 50 } })
  const socket = openSocket(api.port)
  socket.write(unlockHead(api.port, token, 'Transfer-Encoding: chunked').replace('Connection: close\r\n', ''))
  socket.write(`ffff\r\n${'x'.repeat(0xffff)}\r\n`)
  expect(await text(socket)).toMatch(/^HTTP\/1.1 413/)
})

test('[API-10] a head of more than the limit is refused', async () => {
  const { api, token } = await served({ limits: { headerBytesMax: 300 } })
  expect(await exchange(api.port, unlockHead(api.port, token))).toContain('bad-request')
  const long = unlockHead(api.port, token, `X-Long: ${'x'.repeat(300)}`)
  expect(await exchange(api.port, long)).toMatch(/^HTTP\/1.1 431/)
})

test('[API-11] headers that do not end are cut off', async () => {
  const { api } = await served({ limits: { headersMs: 50 } })
  const socket = openSocket(api.port)
  socket.write('GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1')
  expect(await text(socket)).toMatch(/^HTTP\/1.1 408/)
})

test('[API-11] a connection that says nothing is cut off', async () => {
  const { api } = await served({ limits: { headersMs: 50 } })
  await once(openSocket(api.port).resume(), 'close')
})

test('[API-11] a body that does not end is answered and cut off', async () => {
  const { api, token } = await served({ limits: { bodyMs: 50, lingerMs: 50 } })
  const socket = openSocket(api.port)
  socket.write(`${unlockHead(api.port, token, 'Content-Length: 20')}{"pass`)
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1.1 408/)
  expect(answer).toContain('body-timeout')
})

test('[API-12] connections beyond the limit are dropped, and taken again when others end', async () => {
  const { api } = await served({ limits: { connectionsMax: 4 } })
  const held = Array.from({ length: 4 }, () => openSocket(api.port))
  await Promise.all(held.map(socket => once(socket, 'connect')))
  const health = rawRequest('GET /healthz HTTP/1.1', [`Host: 127.0.0.1:${api.port}`])
  expect(await exchange(api.port, health)).toBe('')
  const first = held[0] as (typeof held)[0]
  first.write(health) // and this answer proves that the server has seen the end of that connection
  expect(await text(first)).toMatch(/^HTTP\/1.1 200/)
  expect(await exchange(api.port, health)).toMatch(/^HTTP\/1.1 200/)
})

test('[API-18] event streams beyond the limit are refused, and taken again when others end', async () => {
  const { api, token } = await served({ limits: { eventStreamsMax: 1 } })
  const headers = { authorization: `Bearer ${token}` }
  const stop = new AbortController()
  const first = await fetch(`${api.url}/api/v1/events`, { headers, signal: stop.signal })
  const second = await fetch(`${api.url}/api/v1/events`, { headers })
  expect(second.status).toBe(429)
  expect(await second.json()).toMatchObject({ error: { code: 'too-many-streams' } })
  stop.abort()
  await first.text().catch(() => '')
  await expect
    .poll(async () => {
      const again = await fetch(`${api.url}/api/v1/events`, { headers })
      await again.body?.cancel()
      return again.status
    })
    .toBe(200)
})

test('[API-8] every answer carries the headers that fence a page in, and none that opens it to others', async () => {
  const { api, token } = await served()
  const headers = { authorization: `Bearer ${token}` }
  for (const path of ['/healthz', '/api/v1/status', '/api/v1/nothing', '/api/v1/events']) {
    const answer = await fetch(api.url + path, { headers })
    await answer.body?.cancel()
    expect(Object.fromEntries(answer.headers), path).toMatchObject({
      'content-security-policy':
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store'
    })
    expect([...answer.headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
  }
})

test('[API-9] only loopback is listened on', async () => {
  const { api } = await served()
  expect(api.url).toBe(`http://127.0.0.1:${api.port}`)
  const elsewhere = openSocket(api.port, '127.0.0.2')
  await expect(once(elsewhere, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
