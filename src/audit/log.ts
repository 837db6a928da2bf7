// A log that is being written: records come in at any rate, and once a second a batch of leaves and the checkpoint
// over them go out, to be made durable together. protocols/audit, sections 2 and 4.
import { type SecretKey, sign } from '../identity/ed25519.ts'
import { utf8 } from '../wire/bytes.ts'
import { type Checkpoint, printCheckpoint } from './checkpoint.ts'
import { LOG_KEY, type NoteKey, noteKey, printNote, signNote } from './note.ts'
import { type Origin, originOf } from './opening.ts'
import { type AuditRecord, type Leaf, SALT_BYTES, encodeRecord, saltedEntry } from './record.ts'
import { Tree } from './tree.ts'

export const BATCH_MS = 1_000
/** Then the next log begins: 33 MB of hashes in memory, and a month of somebody who never stops typing. AUD-9. */
export const LEAVES_MAX = 1_048_576

/** What becomes durable in one write; the checkpoint is published after it. AUD-12. */
export interface Batch {
  /** Of the first leaf. */
  index: number
  leaves: Leaf[]
  checkpoint: Checkpoint
  /** The checkpoint, signed. */
  note: Uint8Array
}

export class AuditLog {
  readonly origin: string
  readonly key: NoteKey
  readonly tree = new Tree()
  readonly #secret: SecretKey
  /** Records in order, and those that a later one of the same subject replaces until the batch is made. */
  #waiting: AuditRecord[] = []
  readonly #latest = new Map<string, AuditRecord>()

  /** @param secret made for this log alone (AUD-10) */
  constructor(origin: Origin, secret: SecretKey) {
    this.origin = originOf(origin)
    this.key = noteKey(this.origin, LOG_KEY, secret.publicKey)
    this.#secret = secret
  }

  /** Takes a record as it is. */
  add(record: AuditRecord): void {
    this.#waiting.push(record)
  }

  /** Of records about one subject only the last of a batch becomes a leaf. AUD-4. */
  note(subject: string, record: AuditRecord): void {
    this.#latest.set(subject, record)
  }

  get isFull(): boolean {
    return this.tree.size >= LEAVES_MAX
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#latest.size === 0
  }

  /** All that waits becomes leaves. @param random that many bytes from a CSPRNG */
  batch(random: (bytes: number) => Uint8Array): Batch {
    const records = [...this.#waiting, ...this.#latest.values()]
    this.#waiting = []
    this.#latest.clear()
    const index = this.tree.size
    const salts = random(records.length * SALT_BYTES)
    const leaves = records.map((record, i) => {
      const salt = salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES)
      const bytes = encodeRecord(record)
      return { entry: saltedEntry(salt, bytes), salt, record: bytes }
    })
    for (const { entry } of leaves) this.tree.append(entry)
    const checkpoint = { origin: this.origin, size: this.tree.size, root: this.tree.root }
    const text = printCheckpoint(checkpoint)
    const signature = signNote(text, this.key, message => sign(this.#secret, message))
    return { index, leaves, checkpoint, note: utf8(printNote({ text, signatures: [signature] })) }
  }
}
