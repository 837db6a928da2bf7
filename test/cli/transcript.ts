// Runs the manual: Markdown whose code blocks hold commands and what they print. In an expected output `[..]`
// stands for anything within a line, a line `...` for any lines, `[:name]` for a word that is kept: the same word
// where the name comes again, and `$name` in later commands. `[exit 5]` ends the output of a command that fails,
// and no `...` stands for it.
// A block marked `eventually` is tried again until it prints that, since nodes take a moment to hear of each other.
// A command that ends in ` &` runs on until `kill -INT %1`; each transcript has a directory and a HOME of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** A passphrase costs a few seconds on a busy machine. */
const COMMAND_MS_MAX = 60_000

interface Step {
  /** Of the command in the file, from 1. */
  line: number
  command: string
  expected: string[]
  /** Tried again, for as long as a command may take. */
  eventually: boolean
}

export function parseTranscript(markdown: string): Step[] {
  const steps: Step[] = []
  let inside = false
  let eventually = false
  for (const [i, text] of markdown.split('\n').entries()) {
    if (text.startsWith('```')) {
      inside = !inside
      eventually = text.endsWith('eventually')
    } else if (inside && text.startsWith('$ ')) {
      steps.push({ line: i + 1, command: text.slice(2), expected: [], eventually })
    } else if (inside) steps.at(-1)?.expected.push(text)
  }
  return steps
}

/** @throws an error that shows the command, what it should print and what it printed */
export async function runTranscript(path: string): Promise<void> {
  const steps = parseTranscript(readFileSync(path, 'utf8'))
  if (steps.length === 0) throw new Error(`${path} holds no command`)
  const stage = new Stage()
  try {
    for (const step of steps) await stage.play(step, path)
  } finally {
    await stage.clear()
  }
}

class Job {
  readonly child: ChildProcess
  readonly exited: Promise<string>
  output = ''
  #onOutput: () => void = () => undefined

  constructor(child: ChildProcess) {
    this.child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString()
        this.#onOutput()
      })
    }
    this.exited = new Promise(resolve =>
      child.once('close', (code, signal) => resolve(String(code ?? signal)))
    )
  }

  /** Resolves when what was printed so far satisfies `enough`, or the process ends. */
  until(enough: () => boolean): Promise<unknown> {
    const met = new Promise<void>(resolve => {
      this.#onOutput = () => void (enough() && resolve())
      this.#onOutput()
    })
    return Promise.race([met, this.exited])
  }
}

class Stage {
  readonly #dir = mkdtempSync(join(tmpdir(), 'parley-cli-'))
  readonly #words = new Map<string, string>()
  readonly #jobs: Job[] = []

  constructor() {
    const bin = join(this.#dir, 'bin')
    mkdirSync(bin)
    mkdirSync(join(this.#dir, 'companies'))
    writeFileSync(join(bin, 'parley'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`, {
      mode: 0o755
    })
  }

  async play(step: Step, path: string): Promise<void> {
    const [, signal, number] = /^kill -(INT|TERM) %(\d)$/.exec(step.command) ?? []
    if (signal !== undefined)
      return this.#compare(step, path, await this.#stop(`SIG${signal}` as NodeJS.Signals, Number(number)))
    if (step.command.endsWith(' &')) return this.#compare(step, path, await this.#startJob(step))
    for (const end = performance.now() + COMMAND_MS_MAX; ;) {
      const output = await this.#run(step.command)
      const again = step.eventually && performance.now() < end && !this.#match(step, output)
      if (!again) return this.#compare(step, path, output)
    }
  }

  #match(step: Step, output: string): RegExpExecArray | null {
    return this.#pattern(step.expected).exec(output.replaceAll(this.#dir, '~'))
  }

  #compare(step: Step, path: string, output: string): void {
    const found = this.#match(step, output)
    const expected = step.expected.join('\n')
    if (!found)
      throw new Error(
        `${path}:${step.line}\n$ ${step.command}\n--- expected\n${expected}\n--- printed\n${output}`
      )
    for (const [name, word] of Object.entries(found.groups ?? {})) this.#words.set(name, word)
  }

  /** Both streams into one file, so that lines stand in the order in which they were written. */
  async #run(command: string): Promise<string> {
    const file = join(this.#dir, 'output')
    const fd = openSync(file, 'w')
    const child = this.#spawn(command, ['ignore', fd, fd])
    closeSync(fd)
    const overdue = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS_MAX)
    const exit = await new Promise<string>(resolve =>
      child.once('close', (code, signal) => resolve(String(code ?? signal)))
    )
    clearTimeout(overdue)
    return withExit(readFileSync(file, 'utf8'), exit)
  }

  async #startJob({ command, expected }: Step): Promise<string> {
    const job = new Job(this.#spawn(`exec ${command.slice(0, -2)}`, ['ignore', 'pipe', 'pipe']))
    this.#jobs.push(job)
    const wanted = this.#pattern(expected)
    const overdue = setTimeout(() => job.child.kill('SIGKILL'), COMMAND_MS_MAX)
    await job.until(() => wanted.test(job.output.replaceAll(this.#dir, '~')))
    clearTimeout(overdue)
    const { output } = job
    job.output = ''
    return job.child.exitCode === null ? output : withExit(output, String(job.child.exitCode))
  }

  async #stop(signal: NodeJS.Signals, number: number): Promise<string> {
    const job = this.#jobs[number - 1]
    if (!job) throw new Error(`there is no job %${number}`)
    job.output = ''
    job.child.kill(signal)
    const overdue = setTimeout(() => job.child.kill('SIGKILL'), COMMAND_MS_MAX)
    const exit = await job.exited
    clearTimeout(overdue)
    return withExit(job.output, exit)
  }

  #spawn(command: string, stdio: ('ignore' | 'pipe' | number)[]): ChildProcess {
    const env = {
      ...Object.fromEntries(this.#words),
      HOME: this.#dir,
      PATH: `${join(this.#dir, 'bin')}:/usr/local/bin:/usr/bin:/bin`,
      TERM: 'dumb'
    }
    return spawn('sh', ['-c', command], { cwd: join(this.#dir, 'companies'), env, stdio })
  }

  #pattern(expected: string[]): RegExp {
    const named = new Set<string>()
    const lines = expected.map(line => {
      if (line === '...') return '(?:(?!\\[exit )[^\\n]*\\n)*?'
      return `${line
        .split(/(\[\.\.\]|\[:\w+\])/)
        .map(part => this.#part(part, named))
        .join('')}\\n`
    })
    return new RegExp(`^${lines.join('')}$`)
  }

  #part(part: string, named: Set<string>): string {
    if (part === '[..]') return '[^\\n]*'
    const [, name] = /^\[:(\w+)\]$/.exec(part) ?? []
    if (name === undefined) return escape(part)
    const known = this.#words.get(name)
    if (known !== undefined) return escape(known)
    if (named.has(name)) return `\\k<${name}>`
    named.add(name)
    return `(?<${name}>\\S+)`
  }

  async clear(): Promise<void> {
    for (const { child, exited } of this.#jobs) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    }
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function withExit(output: string, exit: string): string {
  const whole = output === '' || output.endsWith('\n') ? output : `${output}\n`
  return exit === '0' ? whole : `${whole}[exit ${exit}]\n`
}
