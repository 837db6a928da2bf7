// Finding the node: files that only the owner can read, and nobody else's server in its place.
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { proofOf, type Rendezvous } from '../../src/api/rendezvous.ts'
import { serveApi } from '../../src/api/server.ts'
import { MemoryNode } from './memory-node.ts'
import { pretend, served, temporaryHome } from './served.ts'

const NOT_RUNNING = { code: 'not-running', next: expect.stringContaining('parley start') }

function publishedIn(home: string): Rendezvous {
  return JSON.parse(readFileSync(join(home, 'api.json'), 'utf8')) as Rendezvous
}

test("[API-1] the token has 256 bits, is new at each start, and both files are the owner's alone", async () => {
  const home = temporaryHome()
  const first = await served({ home })
  await first.api.close()
  const second = await served({ home })
  expect(second.token).toMatch(/^[0-9a-f]{64}$/)
  expect(second.token).not.toBe(first.token)
  for (const name of ['api.json', 'api.token']) expect(statSync(join(home, name)).mode & 0o777).toBe(0o600)
  expect(publishedIn(home)).toEqual({
    api: 1,
    pid: process.pid,
    port: second.api.port,
    tokenFile: join(home, 'api.token')
  })
})

test('[API-1] a link or a readable file that was planted is replaced, never written through', async () => {
  const home = temporaryHome()
  const elsewhere = join(home, 'elsewhere')
  for (const name of ['api.token', 'api.token.new', 'api.json', 'api.json.new']) {
    writeFileSync(`${elsewhere}-${name}`, 'mine')
    symlinkSync(`${elsewhere}-${name}`, join(home, name))
  }
  await served({ home })
  for (const name of ['api.token', 'api.json']) {
    expect(lstatSync(join(home, name)).isFile()).toBe(true)
    expect(readFileSync(`${elsewhere}-${name}`, 'utf8')).toBe('mine')
    expect(readFileSync(`${elsewhere}-${name}.new`, 'utf8')).toBe('mine')
  }
})

test('[API-1] a home that cannot be written to is said to be so, and nothing is left listening', async () => {
  const home = temporaryHome()
  mkdirSync(join(home, 'api.token.new'))
  await expect(serveApi(new MemoryNode(), { home, port: 0 })).rejects.toMatchObject({
    code: 'api-file-unwritable'
  })
})

test('[API-1] both files are gone once the API is closed, but not those of the node that took its place', async () => {
  const home = temporaryHome()
  const first = await served({ home })
  const second = await served({ home })
  await first.api.close()
  expect(publishedIn(home).port).toBe(second.api.port)
  await second.api.close()
  expect(existsSync(join(home, 'api.json'))).toBe(false)
  expect(existsSync(join(home, 'api.token'))).toBe(false)
})

test('[API-1] the token may be kept elsewhere', async () => {
  const home = temporaryHome()
  const { api } = await served({ home, tokenFile: join(home, 'other') })
  expect(publishedIn(home).tokenFile).toBe(join(home, 'other'))
  const client = await connectApi(home)
  expect(await client.why()).toHaveLength(1)
  await client.close()
  await api.close()
  expect(existsSync(join(home, 'other'))).toBe(false)
})

test('[API-1] a port in use is named', async () => {
  const { api } = await served()
  const again = serveApi(new MemoryNode(), { home: temporaryHome(), port: api.port })
  await expect(again).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining(`${api.port}`)
  })
})

test('[API-20] without a node there is a next step, whatever is left of an earlier one', async () => {
  const home = temporaryHome()
  await expect(connectApi(home)).rejects.toMatchObject(NOT_RUNNING)
  const refusing = createTcpServer().listen(0, '127.0.0.1')
  await once(refusing, 'listening')
  const { port } = refusing.address() as AddressInfo
  await once(refusing.close(), 'close')
  pretend(home, port)
  await expect(connectApi(home)).rejects.toMatchObject(NOT_RUNNING)
  for (const text of ['', '{', '{}', 'null', '{"api":2,"pid":1,"port":1,"tokenFile":"x"}']) {
    writeFileSync(join(home, 'api.json'), text)
    await expect(connectApi(home), text).rejects.toMatchObject(NOT_RUNNING)
  }
})

test('[API-20] a node that has stopped since is not running; a new one is found by itself', async () => {
  const home = temporaryHome()
  const first = await served({ home })
  const client = await connectApi(home)
  await client.connect('/ip4/127.0.0.1/tcp/1')
  await first.api.close()
  await expect(client.status()).rejects.toMatchObject(NOT_RUNNING)
  const second = await served({ home })
  expect(await client.status()).toEqual(await second.node.status())
  await second.api.close()
  const third = await served({ home, port: second.api.port })
  await third.node.connect('/ip4/127.0.0.1/tcp/2')
  expect(await client.status()).toEqual(await third.node.status())
  await client.close()
  await expect(client.status()).rejects.toMatchObject({ code: 'client-closed' })
})

test('[API-20] a node that is suspended is named, not waited for', async () => {
  const home = temporaryHome()
  const silent = createTcpServer(socket => socket.resume()).listen(0, '127.0.0.1')
  onTestFinished(() => void silent.close())
  await once(silent, 'listening')
  pretend(home, (silent.address() as AddressInfo).port)
  const message = `the node (process ${2 ** 22}) has not answered for 0.02 s`
  await expect(connectApi(home, { proofMs: 20 })).rejects.toMatchObject({ code: 'no-answer', message })
})

test('[API-7] another program on the port of a dead node gets neither the token nor a word', async () => {
  const home = temporaryHome()
  const seen: string[] = []
  const impostor = createServer((incoming, outgoing) => {
    seen.push(incoming.url ?? '', ...incoming.rawHeaders)
    const challenge = String(incoming.headers['parley-challenge'])
    outgoing.setHeader('parley-proof', proofOf('0'.repeat(64), challenge)).end('ok\n')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void impostor.close())
  await once(impostor, 'listening')
  pretend(home, (impostor.address() as AddressInfo).port)
  await expect(connectApi(home)).rejects.toMatchObject(NOT_RUNNING)
  expect(seen[0]).toBe('/healthz')
  expect(seen.join('\n')).not.toContain('a'.repeat(64))
})

test('[API-7] health says ok and nothing else, and proves the token to who asks', async () => {
  const { api, token } = await served()
  const plain = await fetch(`${api.url}/healthz`)
  expect(await plain.text()).toBe('ok\n')
  expect(plain.headers.get('parley-proof')).toBeNull()
  const challenge = '5'.repeat(64)
  const asked = await fetch(`${api.url}/healthz`, { headers: { 'parley-challenge': challenge } })
  expect(asked.headers.get('parley-proof')).toBe(proofOf(token, challenge))
  expect(await asked.text()).toBe('ok\n')
  const odd = await fetch(`${api.url}/healthz`, { headers: { 'parley-challenge': 'POST /api/v1/lock' } })
  expect(odd.headers.get('parley-proof')).toBeNull()
})

test('[API-20] the client loads no library', () => {
  const client = new URL('../../src/api/client.ts', import.meta.url).href
  const program = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    await import(${JSON.stringify(client)})
    console.log(JSON.stringify(loaded))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8'
  })
  expect(stderr).toBe('')
  const loaded = JSON.parse(stdout) as string[]
  expect(loaded).toContain(client)
  expect(loaded.filter(url => url.includes('node_modules'))).toEqual([])
})
