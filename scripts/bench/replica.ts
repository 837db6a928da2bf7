// What a replica offers to the benchmark: the adapter form of peer-sync-bench, as far as two peers need it.
import type * as Y from 'yjs'

/** Position, characters deleted there, text inserted there. */
export type Edit = [at: number, deleted: number, inserted: string]

export interface Opening {
  role: 'a' | 'b'
  /** Empty, or left by an earlier close. */
  dir: string
  /** What the first replica of the document returned as `shared`. */
  shared?: unknown
}

export interface Replica {
  /** JSON that the second replica needs. */
  readonly shared?: unknown
  /** One transaction. */
  edit(...edit: Edit): void
  /** Many edits as one transaction. */
  batch(edits: Edit[]): void
  text(): string
  textSync(): string
  length(): number
  /** Calls after remote changes are in the text. */
  onChange(changed: () => void): void
  /** Role a: where the other may connect. */
  listen(): Promise<unknown>
  connect(info: unknown): Promise<void>
  disconnect(): Promise<void>
  /** All edits so far are stored. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface System {
  meta: { title: string; topology: 'peer'; signed: string; text: string; storage: string; serial: boolean }
  open(opening: Opening): Promise<Replica>
}

/** The edits of one unit, in one transaction. */
export function write(text: Y.Text, edits: Edit[], origin?: unknown): void {
  text.doc?.transact(() => {
    for (const [at, deleted, inserted] of edits) {
      if (deleted > 0) text.delete(at, deleted)
      if (inserted !== '') text.insert(at, inserted)
    }
  }, origin)
}
