// A key in words, for paper: eight numbered lines of four words, each with a check of its own, so that a person who
// types them learns which line is wrong. protocols/identity, IDN-35.
import { concatBytes, toHex, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import { WORD_LIST } from './word-list.ts'

const LABEL = utf8('parley/sheet/1\0')
export const SHEET_LINES = 8
export const LINE_WORDS = 4
const LINE_BYTES = 4
const WORD_BITS = 11
const CHECK_BITS = 12
/** No two words of the list are alike in these. */
const TELLING_LETTERS = 4

/** What is wrong in one line. */
export interface SheetFault {
  /** From 1. */
  line: number
  detail: string
  /** One that the list does not have. */
  word?: string
}

/** @param seed 32 bytes. @returns eight lines of four words, without numbers */
export function sheetLines(seed: Uint8Array): string[] {
  return Array.from({ length: SHEET_LINES }, (_, i) => {
    const data = seed.subarray(i * LINE_BYTES, (i + 1) * LINE_BYTES)
    const bits = (BigInt(`0x${toHex(data)}`) << BigInt(CHECK_BITS)) | checkOf(i + 1, data)
    return wordsIn(bits).join(' ')
  })
}

function wordsIn(bits: bigint): string[] {
  const shifts = Array.from({ length: LINE_WORDS }, (_, i) => BigInt((LINE_WORDS - 1 - i) * WORD_BITS))
  return shifts.map(shift => WORD_LIST[Number((bits >> shift) & 2047n)] as string)
}

/** The number of the line is in it, so that a line in another's place is found. */
function checkOf(line: number, data: Uint8Array): bigint {
  const [first = 0, second = 0] = sha256(concatBytes(LABEL, Uint8Array.of(line), data))
  return BigInt((first << 4) | (second >> 4))
}

/**
 * Reads what was typed, or the text of a whole sheet: lines that begin with a number from 1 to 8 and hold words alone
 * count, others do not. Four letters of a word are enough.
 * @returns the 32 bytes, or every line that is wrong
 */
export function parseSheet(text: string): Uint8Array | SheetFault[] {
  const typed = new Map<number, string[][]>()
  for (const row of text.toLowerCase().split(/\r?\n/)) {
    const [, number, words] = /^\s*([1-8])[.)]?((?:\s+[a-z]+)+)\s*$/.exec(row) ?? []
    if (number === undefined || words === undefined) continue
    const line = Number(number)
    typed.set(line, [...(typed.get(line) ?? []), words.trim().split(/\s+/)])
  }
  const lines = Array.from({ length: SHEET_LINES }, (_, i) => parseLine(i + 1, typed.get(i + 1) ?? []))
  const faults = lines.flatMap((line, i) => ('detail' in line ? [{ line: i + 1, ...line }] : []))
  return faults.length > 0 ? faults : concatBytes(...(lines as Uint8Array[]))
}

/** @returns its four bytes, or what is wrong */
function parseLine(line: number, typed: string[][]): Uint8Array | Omit<SheetFault, 'line'> {
  const [words, again] = typed
  if (!words) return { detail: 'is missing' }
  if (again) return { detail: 'is there twice' }
  if (words.length !== LINE_WORDS) return { detail: `has ${words.length} words, not ${LINE_WORDS}` }
  let bits = 0n
  for (const word of words) {
    const place = placeOf(word)
    if (place === undefined) return { detail: `"${word}" is no word of the list`, word }
    bits = (bits << BigInt(WORD_BITS)) | BigInt(place)
  }
  const data = new Uint8Array(LINE_BYTES)
  new DataView(data.buffer).setUint32(0, Number(bits >> BigInt(CHECK_BITS)))
  const fits = checkOf(line, data) === (bits & BigInt((1 << CHECK_BITS) - 1))
  return fits ? data : { detail: 'has a wrong word, or words in another order' }
}

const PLACES = new Map(WORD_LIST.map((word, place) => [word.slice(0, TELLING_LETTERS), place]))

/** A word of which more is typed than tells it must be right to its end. */
function placeOf(word: string): number | undefined {
  const place = PLACES.get(word.slice(0, TELLING_LETTERS))
  const found = place === undefined ? undefined : WORD_LIST[place]
  return found?.startsWith(word) === true ? place : undefined
}
