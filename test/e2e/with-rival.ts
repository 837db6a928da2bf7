// Two honest nodes and a rival with a modified one, in one space with two documents.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, until } from '../../scripts/company-process.ts'
import { sealAgreement } from '../../scripts/seal-agreement.ts'
import { parseInvite } from '../../src/identity/invite.ts'
import type { Home } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import type { NodeEvent } from '../../src/node/surface/parley-node.ts'
import { type Company, createCompany, createNodeKey, signerOf } from '../sim/company.ts'
import type { Disk } from '../sim/disk.ts'
import { Random } from '../../src/sandbox/random.ts'
import { createCompanyHome } from './homes.ts'
import { type ModifiedNode, approveAs, createModifiedNode } from './modified-node.ts'
import { didOf, meet, startNode } from './nodes.ts'

type Refused = Extract<NodeEvent, { event: 'refused' }>

export class WithRival {
  readonly #base = mkdtempSync(join(tmpdir(), 'parley-rival-'))
  readonly #random: Random
  readonly rival: Company
  readonly refused: { a: Refused[]; b: Refused[] } = { a: [], b: [] }
  readonly artifacts: string[] = []
  homes!: { a: Home; b: Home }
  a!: LocalNode
  b!: LocalNode
  /** What the rival knew when everything was still in order. */
  disk!: Disk

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.rival = createCompany('Rival', this.#random, Date.now() - 60_000)
  }

  async open(): Promise<void> {
    const home = async (name: string) =>
      createCompanyHome(join(this.#base, name), name, { listen: [`/ip4/127.0.0.1/tcp/${await freePort()}`] })
    this.homes = { a: await home('Acme'), b: await home('Borealis') }
    await this.start('a')
    await this.start('b')
    await meet(this.b, this.a)
    const first = await this.#invited()
    const space = await this.#space(first)
    for (const title of ['One', 'Two']) {
      const options = {
        kind: 'StandardsDoc.v1',
        title,
        class: 'shared-confidential',
        space,
        text: 'A text.\n'
      } as const
      this.artifacts.push((await this.a.createArtifact(options)).id)
    }
    const facets = await Promise.all(this.artifacts.map(async id => (await this.a.read(id)).facet))
    await until('the rival to hold both', async () =>
      facets.every(id => (first.node.facet(id)?.facet.size ?? 0) > 0)
    )
    for (const id of facets) first.node.edit(id, doc => doc.getText('text').insert(0, 'Rival was here. '))
    await until("b to hold the rival's honest words", async () => {
      const read = await Promise.all(this.artifacts.map(id => this.b.read(id)))
      return read.every(({ text }) => text.includes('Rival was here'))
    })
    this.disk = first.node.disk
    await first.stop()
  }

  async start(name: 'a' | 'b'): Promise<void> {
    this[name] = await startNode(this.homes[name])
    this[name].subscribe(event => {
      if (event.event === 'refused') this.refused[name].push(event)
    })
    // While an invite is open, nodes that are not known yet may come as far as their hello.
    await this[name].createInvite({ expiresInMs: 600_000 })
  }

  /** A new node of the rival each time, connected to `a` or `b`: the one before may be banned for a minute. */
  async modified(seed: number, to: 'a' | 'b' = 'a'): Promise<ModifiedNode> {
    const company = { ...this.rival, ...createNodeKey(this.rival, this.#random, Date.now() - 60_000) }
    const node = await createModifiedNode(company, seed, this.disk)
    this.#introduce(node, await didOf(this[to]), await this.#address(to))
    await node.connect(await this.#address(to))
    await until('the rival to be let in', async () => node.node.core.context.open().length > 0)
    return node
  }

  async close(): Promise<void> {
    await this.a?.close()
    await this.b?.close()
    rmSync(this.#base, { recursive: true, force: true })
  }

  async #address(of: 'a' | 'b'): Promise<string> {
    return (await this[of].status()).listening[0] as string
  }

  #introduce({ node }: ModifiedNode, did: string, address: string, secret?: Uint8Array): void {
    const contact = {
      did,
      addresses: [address],
      nodes: [],
      confirmed: { by: 'rival', how: 'test', at: 1 },
      ...(secret && { invite: { secret: Buffer.from(secret).toString('hex'), inviter: did } })
    }
    node.core.context.directory.contacts.set(did, contact)
    node.disk.tables.set(`contact:${did}`, new TextEncoder().encode(JSON.stringify(contact)))
  }

  /** The rival's first node comes by an invite of each honest one, and is confirmed. */
  async #invited(): Promise<ModifiedNode> {
    const company = { ...this.rival, ...createNodeKey(this.rival, this.#random, Date.now() - 60_000) }
    const first = await createModifiedNode(company, 1)
    for (const name of ['a', 'b'] as const) {
      const host = this[name]
      const { token } = await host.createInvite({ expiresInMs: 600_000 })
      const invite = parseInvite(token) as { secret: Uint8Array }
      this.#introduce(first, await didOf(host), await this.#address(name), invite.secret)
      await first.connect(await this.#address(name))
      const { did } = this.rival.identity
      await until('the rival as a contact', async () =>
        (await host.peers()).some(peer => peer.company.did === did)
      )
      await host.confirm(did, { by: 'test', how: 'test' })
    }
    return first
  }

  async #space(first: ModifiedNode): Promise<string> {
    const parties = [this.rival.identity.did, await didOf(this.b)]
    const { id } = await this.a.createSpace({ title: 'With a rival', pairing: 'CTO', parties })
    await until('b to hear of it', async () => (await this.b.spaces()).some(item => item.id === id))
    await this.b.acceptSpace(id)
    await until('the rival to hear of it', async () => first.node.space(id) !== undefined)
    const log = first.node.space(id)
    if (!log) throw new Error('no space')
    const { identity, roleCertificate, role } = this.rival
    const act = { kind: 'accept', rootVersion: identity.head, certificates: [roleCertificate] } as const
    first.node.perform(() =>
      first.node.desk.append(log, { ...act, certificates: [...act.certificates] }, signerOf(role))
    )
    await until('three acceptances', async () => {
      const seen = (await this.b.spaces()).find(item => item.id === id)
      return seen?.parties.every(party => party.accepted)
    })
    await sealAgreement([this.a, this.b], id, {}, revision => approveAs(first, this.rival, log, revision))
    return id
  }
}
