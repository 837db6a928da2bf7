// Words and ids that may be seen by some and by nobody else. Each knows who may have it, and from when to when.
import { randomBytes } from 'node:crypto'

/** What is broken where a canary is seen by somebody else: the leak that a mutant is listed under. */
export type Rule =
  /** Content, title, record, field or id of a private facet. */
  | 'private'
  /** The same of a shared-confidential facet. */
  | 'shared'
  /** The same of a public facet: it stays within its space. */
  | 'public'
  /** Title or id of a space. */
  | 'space'
  /** Which companies a company knows, and what it noted about them. */
  | 'people'
  /** Who looks at a document. */
  | 'presence'
  /** What a decision is about, and what was said in it. */
  | 'decision'
  /** What somebody has voted, and what hides it, before it is revealed. */
  | 'ballot'
  /** Sent after the right to it had gone. */
  | 'late'
  /** Keys, and secrets of invites. */
  | 'secret'
  /** The machine that a node runs on: its directories. */
  | 'machine'

/** When a company may have it (ms since 1970): always, where nothing is said. */
export interface Window {
  from?: number
  until?: number
}

export interface Canary {
  rule: Rule
  /** What it is, for people. */
  what: string
  bytes: Uint8Array
  /** By name of the company. */
  readers: Map<string, Window>
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const WORD_CHARS = 18

/** Ninety bits in letters that stay as they are in JSON, CBOR, file names and addresses. */
export function createWord(): string {
  return [...randomBytes(WORD_CHARS)].map(byte => ALPHABET[byte % ALPHABET.length]).join('')
}

/** Whether the owner of a peer id may have a canary at that moment. */
export function mayHave({ readers }: Canary, company: string, at: number): boolean {
  const window = readers.get(company)
  return window !== undefined && at >= (window.from ?? 0) && at <= (window.until ?? Infinity)
}
