// The edits, the same as in peer-sync-bench, and the text that they amount to, worked out without any system.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Edit } from './replica.ts'

/** What a process needs in order to make a list of units: lists themselves are too long to pass around. */
export type Units =
  | { of: 'trace'; file: string | undefined; edits: number; per: number }
  | { of: 'typing'; edits: number; seed: number; base: number }

export const LIVE = { edits: 2_000, perSecond: 200 }
export const BATCHED = { edits: 259_778, per: 100 }
export const SINGLE = { edits: 10_000, per: 1 }
export const OFFLINE = { shared: 2_000, each: 5_000 }

/** A unit is what is committed, and signed, as one. */
export function unitsOf(units: Units): Edit[][] {
  if (units.of === 'typing') return typing(units).map(edit => [edit])
  const { file, edits, per } = units
  const all = (file === undefined ? generated() : recorded(file)).slice(0, edits)
  return Array.from({ length: Math.ceil(all.length / per) }, (_, i) => all.slice(i * per, (i + 1) * per))
}

/** A file of the form of josephg/editing-traces, gzip or plain. */
function recorded(file: string): Edit[] {
  const bytes = readFileSync(file)
  const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString()
  return (JSON.parse(text) as { txns: { patches: Edit[] }[] }).txns.flatMap(txn => txn.patches)
}

/** Characters in runs of about 40 at a moving cursor, into a text of length `base`. */
function typing({ edits, seed, base }: { edits: number; seed: number; base: number }): Edit[] {
  const random = randomOf(seed)
  const made: Edit[] = []
  let length = base
  let cursor = length
  for (let i = 0; i < edits; i++) {
    if (random() < 1 / 40) cursor = Math.floor(random() * (length + 1))
    made.push([cursor++, 0, letter(random)])
    length++
  }
  return made
}

/**
 * A trace of the shape of the LaTeX paper of automerge-perf: 259,778 edits, of which 30 in 100 delete; runs of
 * typing of 29 characters on average, most followed by a short jump; 104,852 characters at the end.
 */
function generated(): Edit[] {
  const random = randomOf(1)
  const drawn = (mean: number) => 1 + Math.floor(-Math.log(1 - random()) * (mean - 1))
  const made: Edit[] = []
  let [length, cursor, deleted] = [0, 0, 0]
  while (made.length < BATCHED.edits) {
    if (random() < 0.87) {
      const far = random() < 0.2 ? drawn(2_000) : drawn(40)
      cursor = Math.max(0, Math.min(length, cursor + (random() < 0.5 ? far : -far)))
    }
    for (let i = drawn(29); i > 0; i--) {
      made.push([cursor++, 0, random() < 0.01 ? '\n' : letter(random)])
      length++
    }
    const forward = random() < 0.4
    while (deleted < 0.2982 * made.length && length > 0) {
      if (!forward && cursor > 0) cursor--
      if (cursor === length) cursor--
      made.push([cursor, 1, ''])
      deleted++
      length--
    }
  }
  return made.slice(0, BATCHED.edits)
}

function letter(random: () => number): string {
  return String.fromCharCode(97 + Math.floor(random() * 26))
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = a
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** The text that the units give, by two stacks with the cursor between them. */
export function textAfter(units: Edit[][]): string {
  const before: string[] = []
  const after: string[] = []
  for (const [at, deleted, inserted] of units.flat()) {
    while (before.length > at) after.push(before.pop() as string)
    while (before.length < at) before.push(after.pop() as string)
    after.length -= deleted
    before.push(...inserted.split(''))
  }
  return before.join('') + after.toReversed().join('')
}
