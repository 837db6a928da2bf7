// Eight words for a company, to compare by phone. protocols/identity, section 6.
import { utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import { WORD_LIST } from './word-list.ts'

const LABEL = 'parley/words/1\0'
const WORDS = 8
const BITS = 11

/** @returns eight words, the first 88 bits of SHA-256 over the label and the did, 11 bits each. IDN-27. */
export function wordsOf(did: string): string[] {
  const digest = sha256(utf8(LABEL), utf8(did))
  let bits = 0n
  for (const byte of digest.subarray(0, (WORDS * BITS) / 8)) bits = (bits << 8n) | BigInt(byte)
  const words: string[] = []
  for (let i = WORDS - 1; i >= 0; i--) {
    words.push(WORD_LIST[Number((bits >> BigInt(i * BITS)) & 2047n)] as string)
  }
  return words
}
