// A disk in memory: what was written is there, what was synced survives a power cut, and what it refuses is
// asked of it again.
import { toHex } from '../../src/wire/bytes.ts'
import { type EnvelopeRecord, recordOf } from '../../src/wire/envelope.ts'
import type { StoreWrite, Wanted } from '../../src/sync/effects.ts'

interface StoredEnvelope {
  facet: string
  client: number
  seq: number
  record: EnvelopeRecord
}

export class Disk {
  readonly tables = new Map<string, Uint8Array>()
  readonly envelopes = new Map<string, StoredEnvelope>()
  /** Writes fail while this holds: full, or broken for a while. */
  refuses = false
  /** What a power cut would take back of writes that nobody synced. */
  #loose: (() => void)[] = []

  write(writes: StoreWrite[], sync = true): void {
    for (const write of writes) {
      if (write.kind === 'envelope') {
        const { facet, envelope } = write
        const { client, header, id } = envelope
        const { seq } = header
        this.envelopes.set(place(facet, client, seq, id), { facet, client, seq, record: recordOf(envelope) })
        continue
      }
      const key = `${write.table}:${write.key}`
      const before = this.tables.get(key)
      if (!sync) this.#loose.push(() => this.#set(key, before))
      this.#set(key, write.kind === 'put' ? write.bytes : undefined)
    }
    // One log: a sync makes durable all that was written before it.
    if (sync) this.#loose = []
  }

  /** The power goes: of the last writes that nobody synced, only `kept` survive. */
  powerCut(kept: number): void {
    for (const undo of this.#loose.splice(kept).reverse()) undo()
    this.#loose = []
  }

  get looseWrites(): number {
    return this.#loose.length
  }

  #set(key: string, bytes: Uint8Array | undefined): void {
    if (bytes) this.tables.set(key, bytes)
    else this.tables.delete(key)
  }

  has(facet: string, { client, seq, id }: Wanted): boolean {
    return this.envelopes.has(place(facet, client, seq, id))
  }

  read(facet: string, wanted: Wanted[]): (EnvelopeRecord | undefined)[] {
    return wanted.map(({ client, seq, id }) => this.envelopes.get(place(facet, client, seq, id))?.record)
  }

  /** The records of one facet by lane and seq. */
  facet(facet: string): StoredEnvelope[] {
    const found = [...this.envelopes.values()].filter(envelope => envelope.facet === facet)
    return found.sort((a, b) => a.client - b.client || a.seq - b.seq)
  }

  /** In the order of the keys, as a real store lists them. */
  table(name: string): { key: string; bytes: Uint8Array }[] {
    const prefix = `${name}:`
    return [...this.tables]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, bytes]) => ({ key: key.slice(prefix.length), bytes }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
  }

  copy(): Disk {
    const copy = new Disk()
    for (const [key, bytes] of this.tables) copy.tables.set(key, bytes)
    for (const [key, envelope] of this.envelopes) copy.envelopes.set(key, envelope)
    return copy
  }
}

function place(facet: string, client: number, seq: number, id: Uint8Array): string {
  return `${facet}/${client}/${seq}/${toHex(id)}`
}
