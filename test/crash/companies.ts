// Acme, whose disk will be damaged, and Borealis, who stays whole: real homes, a shared document, a private
// one, and pictures of Acme's home that can be put back as if nothing had happened since.
import {
  cpSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as Y from 'yjs'
import { addIdentityEntry } from '../../src/node/home/company.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import type { NodeEvent, ParleyNode } from '../../src/node/surface/parley-node.ts'
import { LibP2PProvider } from '../../src/node/y-libp2p.ts'
import { until } from '../../scripts/company-process.ts'
import { createCompanyHome } from '../e2e/homes.ts'
import { didOf, meet, startNode } from '../e2e/nodes.ts'
import { type Content, contentOf } from './content.ts'
import { run } from './process.ts'
import { sealAgreement } from '../../scripts/seal-agreement.ts'

/** Acme's home at one moment. */
export interface Picture {
  dir: string
  truth: Content
}

/** More than what a checkpoint begins with (node/documents/checkpoints.ts). */
const LONG_EDITS = 600

export class Companies {
  readonly base = mkdtempSync(join(tmpdir(), 'parley-damage-'))
  readonly acme = join(this.base, 'acme')
  /** A second place, for clones and restored backups. */
  readonly other = join(this.base, 'other')
  /** Where the store is put when it is to be gone: a new one in its place would be known as another. */
  readonly parked = join(this.base, 'parked')
  readonly backup = join(this.base, 'acme.age')
  readonly passphrase = join(this.base, 'passphrase')
  borealis!: LocalNode
  acmeDid!: string
  shared!: string
  private!: string
  older!: Picture
  stopped!: Picture
  running!: Picture
  /** Every word that anybody wrote anywhere. */
  readonly written = new Set<string>()
  /** Forks and alarms that Borealis has seen, but for what is so: that a home was set back (AUD-19). */
  readonly seen: NodeEvent[] = []

  async open(): Promise<void> {
    const home = await createCompanyHome(this.acme, 'Acme', { coalesceMs: 0 })
    await addIdentityEntry(home, {
      change: { legalName: 'Acme SE' },
      passphrase: undefined,
      timeMs: Date.now()
    })
    const other = await createCompanyHome(join(this.base, 'borealis'), 'Borealis', { coalesceMs: 0 })
    this.borealis = await startNode(other)
    this.borealis.subscribe(event => {
      const isTrue = event.event === 'alarm' && event.code === 'audit-behind'
      if ((event.event === 'fork' || event.event === 'alarm') && !isTrue) this.seen.push(event)
    })
    let acme = await startNode(home)
    this.acmeDid = await didOf(acme)
    await meet(this.borealis, acme)
    await this.#found(acme)
    await this.#long(acme)
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 6; i++) {
        await this.write(acme, this.shared, `a${round}.${i}`)
        await this.write(acme, this.private, `p${round}.${i}`)
        await this.write(this.borealis, this.shared, `b${round}.${i}`)
      }
      await acme.createInvite({ expiresInMs: 86_400_000 })
      await this.agree(acme)
      if (round === 1) this.older = await this.#picture('older', acme, true)
      else if (round === 2) this.stopped = await this.#picture('stopped', acme, true)
      else await acme.close() // each start makes a table of the log
      acme = await startNode(home)
    }
    await this.write(acme, this.shared, 'last')
    await this.write(acme, this.private, 'last')
    await this.agree(acme)
    this.running = await this.#picture('running', acme, false)
    await acme.close()
    await this.#makeBackup()
  }

  async #makeBackup(): Promise<void> {
    this.reset(this.stopped)
    writeFileSync(this.passphrase, 'for the safe\n')
    const { exit, stderr } = await run(['backup', 'create', this.backup, ...this.withHome()])
    if (exit !== 0) throw new Error(stderr)
  }

  withHome(home = this.acme): string[] {
    return ['--home', home, '--passphrase-file', this.passphrase]
  }

  async #found(acme: LocalNode): Promise<void> {
    const id = await this.propose('Together')
    await until('the space', async () => (await acme.spaces()).some(space => space.id === id))
    await acme.acceptSpace(id)
    await sealAgreement([acme, this.borealis], id)
    const facts = { kind: 'StandardsDoc.v1', text: '\n' } as const
    this.private = (await acme.createArtifact({ ...facts, title: 'Private', class: 'private' })).id
    const shared = { title: 'Shared', class: 'shared-confidential', space: id } as const
    this.shared = (await acme.createArtifact({ ...facts, ...shared })).id
    await until('the document', async () => (await this.borealis.read(this.shared)).text === '\n')
  }

  /** A private document of so many envelopes that the next stop leaves a checkpoint of it. */
  async #long(acme: LocalNode): Promise<void> {
    const facts = { kind: 'StandardsDoc.v1', title: 'Long', class: 'private' } as const
    const { id } = await acme.createArtifact(facts)
    const doc = new Y.Doc()
    const provider = new LibP2PProvider(doc, acme, id)
    await provider.whenSynced
    const text = doc.getText('text')
    for (let i = 0; i < LONG_EDITS; i++) {
      this.written.add(`l${i}`)
      text.insert(text.length, `l${i}\n`)
    }
    await provider.flush()
    await provider.destroy()
  }

  /** Borealis puts a space before Acme. */
  async propose(title: string): Promise<string> {
    const { id } = await this.borealis.createSpace({ title, pairing: 'CTO', parties: [this.acmeDid] })
    return id
  }

  /** Adds a line, and remembers it as written. */
  async write(node: ParleyNode, artifact: string, word: string): Promise<void> {
    this.written.add(word)
    const { text, frontier } = await node.read(artifact)
    await node.editText(artifact, { base: frontier, text: `${text}${word}\n` })
  }

  /** Waits until Borealis and the node hold the same shared document. */
  async agree(node: ParleyNode, timeoutMs = 20_000): Promise<void> {
    await until(
      'one document',
      async () =>
        (await node.read(this.shared)).structRoot === (await this.borealis.read(this.shared)).structRoot,
      timeoutMs
    )
  }

  async #picture(name: string, acme: LocalNode, stopped: boolean): Promise<Picture> {
    const truth = await contentOf(acme)
    if (stopped) await acme.close()
    const dir = join(this.base, name)
    copyHome(this.acme, dir)
    return { dir, truth }
  }

  /** The very folder of Acme's, as it was. */
  reset({ dir }: Pick<Picture, 'dir'>): void {
    if (existsSync(this.parked)) {
      rmSync(join(this.acme, 'store'), { recursive: true, force: true })
      renameSync(this.parked, join(this.acme, 'store'))
    }
    for (const name of readdirSync(this.acme)) {
      if (name !== 'store') rmSync(join(this.acme, name), { recursive: true })
    }
    for (const name of readdirSync(join(this.acme, 'store'))) {
      rmSync(join(this.acme, 'store', name), { recursive: true })
    }
    copyHome(dir, this.acme)
    rmSync(this.other, { recursive: true, force: true })
  }

  async close(): Promise<void> {
    await this.borealis.close()
    rmSync(this.base, { recursive: true, force: true })
  }
}

/** The anchor is linked: a copy of it would be known as a copy. */
export function copyHome(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: path => !path.endsWith('/store/anchor') })
  linkSync(join(from, 'store', 'anchor'), join(to, 'store', 'anchor'))
}
