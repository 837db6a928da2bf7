// Where words go: data on stdout, everything else on stderr; JSON when asked, and then nothing but JSON on stdout.
import { styleText } from 'node:util'
import { quotePath } from '../node/home/directory.ts'
import { NodeError } from '../wire/node-error.ts'
import { exitCodeOf } from './exit-codes.ts'
import { inline, visible } from './text.ts'

const PROGRESS_AFTER_MS = 1000
const PROGRESS_EVERY_MS = 250
/** Without a terminal, lines stay: a log needs fewer of them. */
const PROGRESS_LINE_EVERY_MS = 5000

/** A command that is to be run here. One in backticks is meant for elsewhere, or only mentioned. */
const COMMAND = /(^|[ (])parley (?=[a-z])/g

export interface OutputOptions {
  json: boolean
  quiet: boolean
  /** The home as it was typed, where it was: the next command needs it as well. */
  home?: string | undefined
}

export class Output {
  readonly json: boolean
  readonly quiet: boolean
  readonly #home: string | undefined

  constructor({ json, quiet, home }: OutputOptions) {
    this.json = json
    this.quiet = quiet
    this.#home = home
  }

  /** Advice whose commands work when they are pasted: on the same home as this one. */
  here(advice: string): string {
    if (this.#home === undefined) return advice
    const home = quotePath(this.#home)
    return advice.replaceAll(COMMAND, (_, before: string) => `${before}parley --home ${home} `)
  }

  /** The answer of a command: a JSON value, or the same for people. */
  answer(value: unknown, text: () => string): void {
    const shown = this.json ? JSON.stringify(value) : text()
    if (shown !== '') process.stdout.write(`${shown}\n`)
  }

  /** An answer of many parts: one JSON value a line, or one text. */
  answers(values: unknown[], text: () => string): void {
    if (!this.json) return this.answer(undefined, text)
    for (const value of values) process.stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** A document's own text, byte for byte, except that a terminal gets no control characters. */
  content(text: string): void {
    if (!process.stdout.isTTY) process.stdout.write(text)
    else process.stdout.write(visible(text.endsWith('\n') || text === '' ? text : `${text}\n`))
  }

  /** A remark, such as what to do next. */
  note(text: string): void {
    if (!this.quiet) process.stderr.write(`${visible(this.here(text))}\n`)
  }

  /** Something that the person should not miss, `--quiet` or not. */
  warn(text: string): void {
    process.stderr.write(`${style('yellow', 'warning:')} ${visible(this.here(text))}\n`)
  }

  /** What failed, why, and what to do next. @returns the exit code */
  failure(error: unknown): number {
    const exit = exitCodeOf(error)
    const { code, message, next: advice } = explain(error)
    const next = this.here(advice)
    if (this.json) process.stderr.write(`${JSON.stringify({ error: { code, message, next, exit } })}\n`)
    else
      process.stderr.write(
        `${style('red', 'error:')} ${visible(message)}\n${style('bold', 'next:')}  ${visible(next)}\n`
      )
    return exit
  }

  /** @returns a function to tell how far it is, and one that ends the telling. */
  progress(what: string): Progress {
    return this.quiet || this.json ? SILENT : new Lines(what)
  }
}

function style(format: 'red' | 'yellow' | 'bold', text: string): string {
  return styleText(format, text, { stream: process.stderr })
}

function explain(error: unknown): { code: string; message: string; next: string } {
  if (error instanceof NodeError) return error
  if (process.env['PARLEY_DEBUG'] !== undefined) console.error(error)
  const message = error instanceof Error ? error.message : String(error)
  const next = 'Run it again with PARLEY_DEBUG=1 for the details, and report it if it looks like our mistake.'
  return { code: 'unexpected', message, next }
}

export interface Progress {
  at(state: string): void
  end(): void
}

const SILENT: Progress = { at: () => undefined, end: () => undefined }

/** Says nothing in the first second, or five where lines stay: most things are done by then. */
class Lines implements Progress {
  readonly #what: string
  #due = performance.now() + (process.stderr.isTTY ? PROGRESS_AFTER_MS : PROGRESS_LINE_EVERY_MS)
  #shown = false

  constructor(what: string) {
    this.#what = what
  }

  at(state: string): void {
    if (performance.now() < this.#due) return
    const line = inline(`${this.#what} ${state}`)
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`)
    else process.stderr.write(`${line}\n`)
    this.#due = performance.now() + (process.stderr.isTTY ? PROGRESS_EVERY_MS : PROGRESS_LINE_EVERY_MS)
    this.#shown = true
  }

  end(): void {
    if (this.#shown && process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  }
}
