// A real Ollama of our own on loopback: models and home in a temporary folder, no cloud, and ended with this process
// whatever happens.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { exchange } from './exchange.ts'

const START_MS = 60_000
const STOP_MS = 10_000

export interface RealOllama {
  url: string
  /** The folder of manifests and blobs. */
  models: string
  /** Everything that the server wrote so far. */
  log(): string
  close(): Promise<void>
}

const open = new Map<ChildProcess, string>()
process.once('exit', () => {
  for (const [child, base] of open) finish(child, base)
})

/** @param env settings of the server beside the usual ones */
export async function startOllama(program: string, env: Record<string, string> = {}): Promise<RealOllama> {
  const base = mkdtempSync(join(tmpdir(), 'parley-ollama-'))
  const models = join(base, 'models')
  const settings = { HOME: base, OLLAMA_MODELS: models, OLLAMA_HOST: '127.0.0.1:0', OLLAMA_NO_CLOUD: '1' }
  const child = spawn(program, ['serve'], {
    cwd: base,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the runners that it starts end with it.
    detached: true,
    // Nothing of this environment: a proxy or another OLLAMA_ setting would make it another server.
    env: { PATH: process.env['PATH'], ...settings, ...env }
  })
  open.set(child, base)
  let log = ''
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  const port = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`Ollama did not start in time:\n${log}`)), START_MS)
    const heard = (chunk: Buffer) => {
      log += chunk.toString()
      const found = /Listening on 127\.0\.0\.1:(\d+) /.exec(log)?.[1]
      if (found === undefined) return
      clearTimeout(late)
      resolve(found)
    }
    child.stdout.on('data', heard)
    child.stderr.on('data', heard)
    const failed = (error: Error) => {
      clearTimeout(late)
      reject(error)
    }
    child.once('error', failed)
    child.once('exit', code => failed(new Error(`Ollama ended with ${code}:\n${log}`)))
  })
  const close = async () => {
    child.kill('SIGTERM')
    const late = setTimeout(() => finish(child, base), STOP_MS)
    await ended
    clearTimeout(late)
    finish(child, base)
  }
  return { url: `http://127.0.0.1:${port}`, models, log: () => log, close }
}

/** Ends the whole group at once and removes what it kept. */
function finish(child: ChildProcess, base: string): void {
  if (!open.delete(child)) return
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    // ESRCH: nobody is left in the group, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  rmSync(base, { recursive: true, force: true, maxRetries: 5 })
}

/** What a Modelfile would say. */
export interface Making {
  from?: string
  files?: Record<string, string>
  template?: string
  system?: string
  parameters?: Record<string, unknown>
  remote_host?: string
}

/** @throws Error with the words of the server */
export async function createModel(url: string, model: string, making: Making): Promise<void> {
  const { status, text } = await exchange(url, '/api/create', { body: { model, stream: false, ...making } })
  if (status !== 200 || !text.includes('"success"'))
    throw new Error(`${model} was not created: ${status} ${text}`)
}

/** Hands a GGUF file to the server. @returns the name under which a model can be made of it */
export async function uploadBlob(url: string, file: string): Promise<string> {
  const bytes = readFileSync(file)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const { status, text } = await exchange(url, `/api/blobs/${digest}`, { raw: bytes })
  if (status !== 200 && status !== 201) throw new Error(`the model file was refused: ${status} ${text}`)
  return digest
}

const Listed = z.looseObject({
  name: z.string(),
  digest: z.string(),
  details: z.looseObject({ quantization_level: z.string(), parameter_size: z.string() })
})
export type Listed = z.infer<typeof Listed>

/** What /api/tags says of a model. */
export async function listedModel(url: string, model: string): Promise<Listed> {
  const { text } = await exchange(url, '/api/tags')
  const { models } = z.object({ models: z.array(Listed) }).parse(JSON.parse(text))
  const found = models.find(({ name }) => name === `${model}:latest`)
  if (!found) throw new Error(`the server lists no ${model}`)
  return found
}

/** The version that the server names. */
export async function versionOf(url: string): Promise<string> {
  const { text } = await exchange(url, '/api/version')
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}
