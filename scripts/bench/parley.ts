// Parley as a replica, with everything switched on: a certified node on libp2p (tcp, noise, yamux) with its store,
// in a space that both companies have accepted, and an editor's Y.Doc bound to the document by the provider.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as Y from 'yjs'
import { type LocalNode, createNode, loadKeys, openHome } from 'parley-node'
import { LibP2PProvider } from 'parley-node/y-libp2p'
import type { Founded } from './founding.ts'
import { type Edit, type Opening, type Replica, type System, write } from './replica.ts'

export const meta: System['meta'] = {
  title: 'Parley (libp2p, signed and gated envelopes), everything on',
  topology: 'peer',
  signed: 'Ed25519 over each envelope, hash-chained; a received run verified by its last signature',
  text: 'Yjs',
  storage: 'classic-level with checksums and an anchor, grouped, synced',
  serial: false
}

export interface Shared extends Founded {
  /** Absent until the first replica has made the document. */
  artifact?: string
}

export interface Opened {
  node: LocalNode
  shared: Shared
  /** Whether the home was made just now. */
  fresh: boolean
}

export async function open({ role, dir, shared: given }: Opening): Promise<Replica> {
  const { node, shared, fresh } = await openNode({ role, dir, shared: given })
  shared.artifact ??= await createArtifact(node, shared.space)
  const replica = new ParleyReplica(node, shared, role)
  if (fresh && role === 'b') replica.await()
  else await replica.show(shared.artifact)
  return replica
}

/** A running node of one of the two companies; both are founded when the first one opens. */
export async function openNode({ role, dir, shared: given }: Opening): Promise<Opened> {
  const path = join(dir, 'home')
  const fresh = !existsSync(path)
  let shared = given as Shared | undefined | null
  if (fresh) {
    // Only here, so that what founds companies is not loaded by processes that are measured.
    const { found, unpack } = await import('./founding.ts')
    if (shared) unpack(path, shared.partner)
    else shared = await found(path)
  }
  if (!shared) throw new Error(`${path} is the home of companies that are not known`)
  const home = await openHome(path)
  const keys = await loadKeys(home, undefined)
  // Who reopens a text has it before there is a network, as the floor has.
  const node = await createNode({ home, keys, log: () => undefined, offline: !fresh })
  await node.disconnect(otherOf(shared, role))
  return { node, shared, fresh }
}

export function otherOf({ dids }: Shared, role: 'a' | 'b'): string {
  return dids[role === 'a' ? 1 : 0]
}

async function createArtifact(node: LocalNode, space: string): Promise<string> {
  const facts = { kind: 'StandardsDoc.v1', title: 'Benchmark', class: 'shared-confidential', space } as const
  return (await node.createArtifact(facts)).id
}

class ParleyReplica implements Replica {
  readonly shared: Shared
  readonly #node: LocalNode
  readonly #other: string
  readonly #doc = new Y.Doc()
  readonly #text = this.#doc.getText('text')
  #provider: LibP2PProvider | undefined
  #changed = (): void => undefined

  constructor(node: LocalNode, shared: Shared, role: 'a' | 'b') {
    this.#node = node
    this.shared = shared
    this.#other = otherOf(shared, role)
    this.#doc.on('update', (_: Uint8Array, origin: unknown) => {
      if (origin === this.#provider) this.#changed()
    })
  }

  /** Opens the editor. */
  async show(artifact: string): Promise<void> {
    this.#provider = new LibP2PProvider(this.#doc, this.#node, artifact)
    this.#provider.addEventListener('failed', event => fail((event as CustomEvent<Error>).detail))
    this.#provider.addEventListener('stale', () => fail(new Error('the document went stale')))
    await this.#provider.whenSynced
  }

  /** Opens the editor as soon as the document is heard of. */
  await(): void {
    const stop = this.#node.subscribe(event => {
      if (event.event !== 'document') return
      stop()
      this.show(event.facet).catch(fail)
    })
  }

  edit(...edit: Edit): void {
    this.batch([edit])
  }

  batch(edits: Edit[]): void {
    write(this.#text, edits)
  }

  text = () => this.#text.toJSON()
  textSync = this.text
  length = () => this.#text.length
  onChange(changed: () => void): void {
    this.#changed = changed
  }

  async listen(): Promise<{ address: string | undefined }> {
    await this.#node.goOnline()
    await this.disconnect()
    return { address: (await this.#node.status()).listening[0] }
  }

  async connect(info: unknown): Promise<void> {
    await this.#node.connect((info as { address: string }).address)
  }

  /** The other company listens elsewhere since it was met: it is dialed when the harness says so. */
  disconnect(): Promise<void> {
    return this.#node.disconnect(this.#other)
  }

  async flush(): Promise<void> {
    await this.#provider?.flush()
  }

  async close(): Promise<void> {
    await this.#provider?.destroy()
    await this.#node.close()
  }
}

/** Ends the process: an edit that is shown here and nowhere else would falsify every figure. */
function fail(error: Error): void {
  process.nextTick(() => {
    throw error
  })
}
