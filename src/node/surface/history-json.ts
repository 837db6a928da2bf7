// What a running node tells of who wrote what, and of what does not count.
import type { DataClass } from '../../wire/data-class.ts'

/** Whose key signed. */
export interface AuthorJson {
  company: string
  role: string
  holder: string
  key: string
}

export interface LogLineJson extends AuthorJson {
  at: number
  lane: number
  seq: number
  id: string
  /** Whether it counts; `orphaned` builds on a branch or a key that does not, `losing` is such a branch. */
  state: 'counts' | 'orphaned' | 'cut' | 'losing'
  signature: 'own' | 'covered'
  /** Text that this envelope inserted, cut to 200 characters, and how many units it deleted. */
  inserted: string
  deleted: number
  fields: string[]
  bytes: number
  /** Whose words these are, where the company adopted its late work by this envelope (SPC-15). */
  adoptedFrom?: AdoptedJson
}

export interface AdoptedJson extends AuthorJson {
  /** The last envelope of that work. */
  id: string
}

/** Work of the own company that does not count: adopt it, or drop it. */
export interface LateJson extends AuthorJson {
  /** Of its last envelope. */
  id: string
  artifact: string
  kind: string
  title: string
  space: string
  spaceTitle: string
  /** When its last envelope says that it was written. */
  at: number
  state: LogLineJson['state']
  envelopes: number
}

/** What it would change. */
export interface LateTextJson extends LateJson {
  inserted: string[]
  deleted: number
  fields: string[]
  /** The document as it would be. */
  text: string
}

/** A branch that does not count, named by its last envelope. */
export interface DraftJson extends AuthorJson {
  id: string
  facet: string
  class: DataClass
  lane: number
  seq: number
  /** When its last envelope says that it was written. */
  at: number
  state: LogLineJson['state']
  /** How many envelopes at its end do not count. */
  lost: number
}

/** The document as it stood with that envelope and all that it knew. */
export interface DraftTextJson extends DraftJson {
  text: string
  fields: { [root: string]: unknown }
}
