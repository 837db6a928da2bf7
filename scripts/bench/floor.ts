// The floor: plain Yjs over one raw libp2p stream (tcp, noise, yamux) with LevelDB. Nothing is signed, checked or
// synced; what the other side lacks is sent as one merged update. The same definition as `yjs-libp2p` of
// peer-sync-bench: a measuring stick for one peer and one document.
import { join } from 'node:path'
import { noise } from '@chainsafe/libp2p-noise'
import type { Connection, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { Level } from 'level'
import { type Libp2p, createLibp2p } from 'libp2p'
import * as Y from 'yjs'
import { type Edit, type Opening, type Replica, type System, write } from './replica.ts'

const PROTOCOL = '/bench/yjs/1'
const HAVE = 1
const STATE = 2

export const meta: System['meta'] = {
  title: 'Yjs, raw libp2p stream, unsigned, merged state (floor)',
  topology: 'peer',
  signed: 'nothing',
  text: 'Yjs',
  storage: 'classic-level, grouped batches, no fsync',
  serial: false
}

export async function open({ dir }: Opening): Promise<Replica> {
  const db = new Level<string, Uint8Array>(join(dir, 'db'), { valueEncoding: 'view' })
  await db.open()
  const doc = new Y.Doc()
  const stored = await db.values().all()
  doc.transact(() => {
    for (const update of stored) Y.applyUpdate(doc, update, 'load')
  }, 'load')
  return new Floor(doc, db, stored.length)
}

class Floor implements Replica {
  readonly #doc: Y.Doc
  readonly #text: Y.Text
  readonly #db: Level<string, Uint8Array>
  readonly #links = new Set<Link>()
  #next: number
  #queue: { type: 'put'; key: string; value: Uint8Array }[] = []
  #writing: Promise<void> | undefined
  #node: Libp2p | undefined
  #connection: Connection | undefined
  #changed = (): void => undefined

  constructor(doc: Y.Doc, db: Level<string, Uint8Array>, next: number) {
    this.#doc = doc
    this.#text = doc.getText('text')
    this.#db = db
    this.#next = next
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      this.#store(update)
      if (origin === 'local') for (const link of this.#links) link.send(STATE, update)
    })
  }

  #store(value: Uint8Array): void {
    this.#queue.push({ type: 'put', key: String(this.#next++).padStart(9, '0'), value })
    this.#writing ??= this.#write()
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) await this.#db.batch(this.#queue.splice(0))
    this.#writing = undefined
  }

  edit(...edit: Edit): void {
    this.batch([edit])
  }

  batch(edits: Edit[]): void {
    write(this.#text, edits, 'local')
  }

  text = () => this.#text.toJSON()
  textSync = this.text
  length = () => this.#text.length
  onChange(changed: () => void): void {
    this.#changed = changed
  }

  async #started(): Promise<Libp2p> {
    return (this.#node ??= await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()]
    }))
  }

  #link(stream: Stream): void {
    const link = new Link(stream, this.#doc, () => this.#changed())
    this.#links.add(link)
    stream.addEventListener('close', () => this.#links.delete(link))
  }

  async listen(): Promise<{ address: string }> {
    const node = await this.#started()
    await node.handle(PROTOCOL, stream => this.#link(stream))
    return { address: String(node.getMultiaddrs()[0]) }
  }

  async connect(info: unknown): Promise<void> {
    const node = await this.#started()
    this.#connection = await node.dial(multiaddr((info as { address: string }).address))
    this.#link(await this.#connection.newStream(PROTOCOL))
  }

  async disconnect(): Promise<void> {
    await this.#connection?.close()
    this.#links.clear()
  }

  async flush(): Promise<void> {
    await this.#writing
  }

  async close(): Promise<void> {
    await this.#node?.stop()
    await this.flush()
    await this.#db.close()
  }
}

/** One stream: frames of a 4-byte length, a type byte, and a state vector or an update. */
class Link {
  readonly #stream: Stream
  readonly #doc: Y.Doc
  #read = Buffer.alloc(0)

  constructor(stream: Stream, doc: Y.Doc, changed: () => void) {
    this.#stream = stream
    this.#doc = doc
    stream.addEventListener('message', ({ data }) => {
      this.#read = Buffer.concat([this.#read, data.subarray()])
      if (this.#take()) changed()
    })
    this.send(HAVE, Y.encodeStateVector(doc))
  }

  send(type: number, body: Uint8Array): void {
    if (this.#stream.status !== 'open') return
    const frame = Buffer.allocUnsafe(5 + body.length)
    frame.writeUInt32BE(1 + body.length)
    frame[4] = type
    frame.set(body, 5)
    this.#stream.send(frame)
  }

  /** @returns whether there was an update */
  #take(): boolean {
    const frames: Buffer[] = []
    let at = 0
    while (this.#read.length - at >= 4) {
      const end = at + 4 + this.#read.readUInt32BE(at)
      if (end > this.#read.length) break
      frames.push(this.#read.subarray(at + 4, end))
      at = end
    }
    if (at === 0) return false
    this.#read = this.#read.subarray(at)
    this.#doc.transact(() => {
      for (const frame of frames) this.#one(frame[0], frame.subarray(1))
    }, 'remote')
    return frames.some(frame => frame[0] === STATE)
  }

  #one(type: number | undefined, body: Buffer): void {
    if (type === STATE) Y.applyUpdate(this.#doc, body, 'remote')
    else this.send(STATE, Y.encodeStateAsUpdate(this.#doc, body))
  }
}
