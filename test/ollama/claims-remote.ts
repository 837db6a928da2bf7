// Claims about models that are elsewhere: pulling one, from a registry of our own on loopback, and names that would
// send the prompt to somebody's cloud. The server may reach nothing outside this machine.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type Claim, firstOf, MODEL, type Scene, seenUnless, user } from './claim.ts'
import { errorOf, exchange } from './exchange.ts'
import { createModel, listedModel } from './real-server.ts'

const Manifest = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string() }))
})

interface Registry {
  host: string
  manifest: Buffer
  close(): Promise<void>
}

/** Offers the model as a registry does. Its manifest is spelled otherwise than Ollama spells its own. */
async function startRegistry({ ollama, url }: Scene): Promise<Registry> {
  await createModel(url, 'offered', { from: MODEL, system: 'Be kind.' })
  const kept = readFileSync(
    join(ollama.models, 'manifests/registry.ollama.ai/library/offered/latest'),
    'utf8'
  )
  const manifest = Buffer.from(`${JSON.stringify(JSON.parse(kept), null, 3)}\n`)
  const { config, layers } = Manifest.parse(JSON.parse(kept))
  const blobs = new Map<string, Buffer>()
  for (const { digest } of [config, ...layers])
    blobs.set(digest, readFileSync(join(ollama.models, 'blobs', digest.replace(':', '-'))))
  await exchange(url, '/api/delete', { method: 'DELETE', body: { model: 'offered' } })
  const server = createServer((request, response) => {
    const last = request.url?.split('/').at(-1) ?? ''
    const body = request.url?.includes('/manifests/') ? manifest : blobs.get(last)
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const part = range ? body?.subarray(Number(range[1]), Number(range[2]) + 1) : body
    response.writeHead(part ? (range ? 206 : 200) : 404, { 'content-length': part?.length ?? 0 })
    response.end(request.method === 'HEAD' ? undefined : part)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, manifest, close }
}

const Progress = z.strictObject({
  status: z.string(),
  digest: z.string().optional(),
  total: z.int().positive().optional(),
  completed: z.int().positive().optional()
})

/** What a pull says, each status once. */
function statusesOf(text: string): string[] {
  const all = text
    .trim()
    .split('\n')
    .map(line => Progress.parse(JSON.parse(line)).status)
  return [...new Set(all.map(status => status.replace(/^pulling [0-9a-f]{12}$/, 'pulling <12 hex>')))]
}

async function pulls(scene: Scene): Promise<string | undefined> {
  const registry = await startRegistry(scene)
  try {
    const model = `${registry.host}/library/pulled`
    const { text } = await exchange(scene.url, '/api/pull', { body: { model, insecure: true } })
    const statuses = statusesOf(text).join('; ')
    const wanted = 'pulling manifest; pulling <12 hex>; verifying sha256 digest; writing manifest; success'
    const { digest } = await listedModel(scene.url, model)
    const sha256 = createHash('sha256').update(registry.manifest).digest('hex')
    return firstOf(
      seenUnless(statuses === wanted, statuses),
      seenUnless(digest === sha256, `digest ${digest}, the registry's bytes have ${sha256}`)
    )
  } finally {
    await registry.close()
  }
}

async function pullFails({ url }: Scene): Promise<string | undefined> {
  // Nobody listens on the port of a server that has closed.
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  const body = { model: `127.0.0.1:${port}/library/none`, insecure: true }
  const { status, text } = await exchange(url, '/api/pull', { body })
  const last = text.trim().split('\n').at(-1) ?? ''
  return seenUnless(status === 200 && last.startsWith('{"error":"pull model manifest: '), `${status} ${last}`)
}

async function cloudNames({ url }: Scene): Promise<string | undefined> {
  for (const model of ['gpt-oss:120b-cloud', 'gpt-oss:cloud']) {
    const said = errorOf(await exchange(url, '/api/chat', { body: { model, messages: [user('x')] } }))
    if (!said.startsWith('403 ')) return `${model}: ${said}`
  }
  return undefined
}

/** A name that tells nothing, for a model that is not here. The port is one where nobody listens. */
async function stub({ url }: Scene): Promise<string | undefined> {
  await createModel(url, 'stub', { from: 'far', remote_host: 'http://127.0.0.1:1' })
  const listed = await listedModel(url, 'stub')
  const shown = errorOf(await exchange(url, '/api/show', { body: { model: 'stub' } }))
  const said = errorOf(await exchange(url, '/api/chat', { body: { model: 'stub', messages: [user('x')] } }))
  return firstOf(
    seenUnless(listed['remote_model'] === 'far' && listed['remote_host'] === 'http://127.0.0.1:1', listed),
    seenUnless(said.startsWith('403 '), `chat: ${said}`),
    seenUnless(shown.startsWith('403 '), `show: ${shown}`)
  )
}

export const REMOTE_CLAIMS: Claim[] = [
  { says: "a pull tells the known steps, and the digest is that of the registry's bytes", check: pulls },
  { says: 'a pull that fails ends with an error line and status 200', check: pullFails },
  { says: 'names of the cloud are 403 under OLLAMA_NO_CLOUD', check: cloudNames },
  {
    says: 'tags tell a stub of a remote model; show of it and chat with it are 403 under OLLAMA_NO_CLOUD',
    check: stub
  }
]
