// Every code has its sentence: those that the specs name, and those with which the program refuses anything.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { createProgram } from '../../../src/cli/program.ts'
import { REFUSAL_CODES, explain, refusalOf } from '../../../src/node/refusals/refusals.ts'

const ROOT = join(import.meta.dirname, '../../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const below = (folder: string, ending: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending))
    .map(name => join(folder, name))

/** Answers of the local API are NodeErrors, too. */
const specs = below('protocols', 'SPEC.md')
  .filter(path => !path.includes('api'))
  .map(read)
const CODE = /`([a-z]+(?:-[a-z0-9]+)*(?:-\*)?)`/g

/** What this node itself cannot do is a NodeError, which brings its own next step. */
const NODE_ERRORS = /^(?:dial-|port-|session-keys-dumped$|address-not-here$|listen-failed$)/

/** In the tables of codes, and in brackets behind a rule: `(code, code)`. */
function codesOfSpecs(): Set<string> {
  const found = new Set<string>()
  for (const spec of specs) {
    const tables = spec
      .split(/^## /m)
      .filter(section => /^(?:\d+ )?(?:Reject )?[Cc]odes|^\d+ Why a session/.test(section))
    const rows = tables.flatMap(table =>
      [...table.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell]) => cell as string)
    )
    const rules = [...spec.matchAll(/^- \*\*\[[A-Z]{3}-\d+\]\*\* .*$/gm)].map(([rule]) => rule)
    const brackets = rules.flatMap(rule => [...rule.matchAll(/\(((?:`[a-z0-9-]+`(?:, | and )?)+)\)/g)])
    for (const text of [...rows, ...brackets.map(([, inside]) => inside as string)])
      for (const [, code] of text.matchAll(CODE)) found.add(code as string)
  }
  for (const code of found) if (NODE_ERRORS.test(code)) found.delete(code)
  return found
}

/** Codes of `new Reject`, of what makes one from a code, and of findings. */
function codesOfProgram(): Set<string> {
  const found = new Set<string>()
  for (const file of below('src', '.ts')) {
    const text = read(file)
    if (!/\bReject\b|\bcode: '/.test(text) || file.includes('node/') || file.includes('cli/')) continue
    const makers = [
      ...text.matchAll(/(\w+)(?: = )?\(\s*(?:[\w ]+: [\w<>| ]+, )?code: (?:string|FaultCode)\b/g)
    ]
    const names = makers.map(([, name]) => name as string).filter(name => name !== 'constructor')
    for (const name of ['new\\s+Reject', ...names]) {
      const call = new RegExp(
        `\\b${name}\\(\\s*(?:[^'()\`]*\\?\\s*)?'([a-z0-9-]+)'(?:\\s*:\\s*'([a-z0-9-]+)')?`,
        'g'
      )
      for (const [, one, other] of text.matchAll(call))
        for (const code of [one, other]) if (code) found.add(code)
    }
  }
  return found
}

/** Groups that do something by themselves. */
const ALSO_ALONE = new Set(['id', 'reciprocity'])

/** `parley agreement check` and the like, as commander knows them. */
function commandsByName(): Map<string, Command> {
  const found = new Map<string, Command>()
  const walk = (command: Command, path: string) => {
    for (const sub of command.commands) {
      const name = `${path}${sub.name()}`
      if (sub.commands.length === 0 || ALSO_ALONE.has(sub.name())) found.set(name, sub)
      walk(sub, `${name} `)
    }
  }
  walk(createProgram(), '')
  return found
}

/** What commands call that which people know by another word. */
const PLACES: { [word: string]: string[] } = {
  COMPANY: ['company', 'subject'],
  DOCUMENT: ['artifact', 'subject'],
  'FIELD=VALUE': ['path=value'],
  FOLDER: ['path'],
  INVITE: ['token']
}

/** Whether commander would take it: the words of a command, then what stands in capitals for what people fill in. */
function isWhole(typed: string, commands: ReadonlyMap<string, Command>): boolean {
  const words = typed.split(' ')
  const name = [words.slice(0, 2).join(' '), words[0] as string].find(name => commands.has(name))
  const command = name === undefined ? undefined : commands.get(name)
  if (name === undefined || !command) return false
  const given: string[] = []
  const options = new Set<string>()
  const rest = words.slice(name.split(' ').length)
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--help') return true
    if (!word.startsWith('--')) {
      given.push(word)
      continue
    }
    const option = command.options.find(({ long }) => long === word)
    if (!option || (option.required && rest.shift() === undefined)) return false
    options.add(word)
  }
  const { registeredArguments: places } = command
  const most = places.some(({ variadic }) => variadic) ? Infinity : places.length
  const needed = command.options.flatMap(({ mandatory, long }) => (mandatory && long ? [long] : []))
  const fits = (word: string, i: number) => {
    const place = places[i] ?? places.at(-1)
    return place !== undefined && (PLACES[word] ?? [word.toLowerCase()]).includes(place.name())
  }
  return (
    given.every(fits) &&
    given.length >= places.filter(({ required }) => required).length &&
    given.length <= most &&
    needed.every(long => options.has(long))
  )
}

describe('refusals', () => {
  const program = codesOfProgram()
  const named = codesOfSpecs()
  const sentences = REFUSAL_CODES.map(code => ({ code, ...refusalOf(code) }))

  test('every code of a spec has its sentence', () => {
    expect(named.size).toBeGreaterThan(120)
    const has = (code: string) =>
      code.endsWith('*')
        ? REFUSAL_CODES.some(one => one.startsWith(code.slice(0, -1)))
        : refusalOf(code) !== undefined
    expect([...named].filter(code => !has(code))).toEqual([])
  })

  test('every code with which the program refuses something has its sentence', () => {
    expect(program.size).toBeGreaterThan(150)
    expect([...program].filter(code => !refusalOf(code))).toEqual([])
  })

  test('every denial by policy has its sentence', () => {
    const rules = [...read('src/policy/decide.ts').matchAll(/rule: '(POL-\d+)'/g)].map(
      ([, rule]) => rule as string
    )
    expect(rules.length).toBeGreaterThan(10)
    expect(rules.filter(rule => !refusalOf(rule))).toEqual([])
  })

  test('no sentence is of a code that nobody uses', () => {
    const spelt = specs.join('\n')
    const isUsed = (code: string) =>
      program.has(code) || spelt.includes(`\`${code}\``) || spelt.includes(`[${code}]`)
    expect(REFUSAL_CODES.filter(code => !isUsed(code))).toEqual([])
  })

  test('the rule of each is a rule of a spec', () => {
    const rules = new Set(
      specs.flatMap(spec => [...spec.matchAll(/\[([A-Z]{3}-\d+)\]/g)].map(([, rule]) => rule))
    )
    expect(sentences.filter(({ rule }) => !rules.has(rule))).toEqual([])
  })

  test('the command of each is a command, with all that it needs', () => {
    const commands = commandsByName()
    const wrong = sentences.filter(({ next = '' }) => {
      const said = [...next.matchAll(/parley ((?:[a-z]+\b ?)+(?:(?:--[a-z-]+|[A-Z]+(?:=[A-Z]+)?)(?: |$))*)/g)]
      const typed = said.map(([, words]) => (words as string).trim())
      return typed.length === 0 || !typed.every(one => isWhole(one, commands))
    })
    expect(wrong).toEqual([])
  })

  test('each says what happened, what is safe and what to do, in plain words', () => {
    const wrong = sentences.filter(({ says = '', safe = '', next = '' }) => {
      const isSentence = (text: string) => /^[A-Z].*[.]$/.test(text)
      return (
        !isSentence(says) || !isSentence(safe) || next.length < 10 || /facet|lane|frame|envelope/.test(says)
      )
    })
    expect(wrong).toEqual([])
  })

  test('what people read has all of it, with the code at the end', () => {
    const text = explain({ code: 'push-flood', detail: 'pushes far beyond the rate' })
    expect(text).toContain('The peer sent far more than may come unasked. Nothing of it was taken in;')
    expect(text).toMatch(/parley why COMPANY \(push-flood, SYN-25: pushes far beyond the rate\)$/)
  })
})
