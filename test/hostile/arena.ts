// Two honest companies in processes of their own, a rival party to their space, and an honest visitor: what an attack
// is set against, and how it is measured what honest members notice of it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CompanyProcess, freePort, startCompany, until } from '../../scripts/company-process.ts'
import { parseInvite } from '../../src/identity/invite.ts'
import type { ParleyNode } from '../../src/node/parley-node.ts'
import { type ModifiedNode, createModifiedNode } from '../e2e/modified-node.ts'
import { createCompanyHome } from '../e2e/homes.ts'
import { type Company, createCompany, createNodeKey, signerOf } from '../sim/company.ts'
import type { Disk } from '../sim/disk.ts'
import { Random } from '../sim/random.ts'
import { Mouth } from './mouth.ts'
import { Victim } from './victim.ts'

const INVITE_MS = 3_600_000
const PROBE_MS_MAX = 20_000

export class Arena {
  readonly #base = mkdtempSync(join(tmpdir(), 'parley-hostile-'))
  readonly #random = new Random(7)
  readonly startedMs = Date.now() - 60_000
  readonly rival = createCompany('Rival', new Random(1), this.startedMs)
  readonly #guest = createCompany('Guest', new Random(2), this.startedMs)
  victim!: Victim
  #other!: CompanyProcess
  address = ''
  did = ''
  /** Documents of the space: honest people write in the first, the rival in the second. */
  #artifacts: string[] = []
  facets: string[] = []
  /** What an honest node of the rival would know. */
  disk!: Disk
  #guestDisk!: Disk
  #edits = 0

  async open(): Promise<void> {
    const homes = ['Acme', 'Borealis'].map(name => join(this.#base, name)) as [string, string]
    for (const [i, name] of ['Acme', 'Borealis'].entries()) {
      const listen = [`/ip4/127.0.0.1/tcp/${await freePort()}`]
      await createCompanyHome(homes[i] as string, name, { listen, coalesceMs: 0 })
    }
    this.victim = new Victim(homes[0])
    await this.victim.start()
    this.#other = await startCompany('Borealis', homes[1])
    const status = await this.api.status()
    this.address = status.listening[0] as string
    this.did = status.company.did
    await this.#befriend()
    const rival = await this.#introduced(this.rival)
    const guest = await this.#introduced(this.#guest)
    await until('the guest to know the other', async () => guest.node.core.context.open().length > 0)
    this.#guestDisk = guest.node.disk
    await guest.stop()
    await this.#share(rival)
    this.disk = rival.node.disk
    await rival.stop()
  }

  async close(): Promise<void> {
    await Promise.all([this.victim?.stop(), this.#other?.stop()])
    rmSync(this.#base, { recursive: true, force: true })
  }

  get api(): ParleyNode {
    return this.victim.api
  }

  /** A fresh process on the same store, connected to its honest peer again. */
  async restart(): Promise<void> {
    await this.victim.stop()
    await this.victim.start()
    await this.#other.api.connect(this.address).catch(() => undefined)
    await until('the honest peer', async () => (await this.api.peers()).some(peer => peer.nodes.length > 0))
  }

  async #befriend(): Promise<void> {
    const { did } = (await this.#other.api.status()).company
    await this.#other.api.join((await this.api.createInvite({ expiresInMs: INVITE_MS })).token)
    await this.#other.api.confirm(this.did, { by: 'test', how: 'test' })
    await this.api.confirm(did, { by: 'test', how: 'test' })
  }

  /** A company that came by an invite and was confirmed, with the node that did so. */
  async #introduced(company: Company): Promise<ModifiedNode> {
    const { id, token } = await this.api.createInvite({ expiresInMs: INVITE_MS })
    const { secret } = parseInvite(token) as { secret: Uint8Array }
    const node = await createModifiedNode(company, this.#random.below(1_000_000))
    const contact = {
      did: this.did,
      addresses: [this.address],
      nodes: [],
      confirmed: { by: 'test', how: 'test', at: 1 },
      invite: { secret: Buffer.from(secret).toString('hex'), inviter: this.did }
    }
    node.node.core.context.directory.contacts.set(this.did, contact)
    node.node.disk.tables.set(
      `contact:${this.did}`,
      Buffer.from(JSON.stringify({ ...contact, invite: undefined }))
    )
    await node.connect(this.address)
    const { did } = company.identity
    await until('a new contact', async () => (await this.api.peers()).some(peer => peer.company.did === did))
    await this.api.confirm(did, { by: 'test', how: 'test' })
    await this.api.revokeInvite(id).catch(() => undefined)
    return node
  }

  /** One space of all three, and two documents in it that all hold. */
  async #share(rival: ModifiedNode): Promise<void> {
    const other = (await this.#other.api.status()).company.did
    const parties = [this.rival.identity.did, other]
    const { id } = await this.api.createSpace({ title: 'With a rival', pairing: 'CTO', parties })
    await until('the space', async () => (await this.#other.api.spaces()).some(space => space.id === id))
    await this.#other.api.acceptSpace(id)
    const log = await until('the space at the rival', async () => rival.node.space(id))
    const { identity, roleCertificate, role } = this.rival
    const act = { kind: 'accept', rootVersion: identity.head, certificates: [roleCertificate] } as const
    rival.node.perform(() =>
      rival.node.desk.append(log, { ...act, certificates: [...act.certificates] }, signerOf(role))
    )
    await until('three acceptances', async () => {
      const seen = (await this.#other.api.spaces()).find(space => space.id === id)
      return seen?.parties.every(party => party.accepted)
    })
    for (const title of ['Honest', 'Contested']) {
      const facts = {
        kind: 'StandardsDoc.v1',
        title,
        class: 'shared-confidential',
        space: id,
        text: '\n'
      } as const
      const artifact = (await this.api.createArtifact(facts)).id
      this.#artifacts.push(artifact)
      this.facets.push((await this.api.read(artifact)).facet)
      await until('the document', async () => (await this.#other.api.read(artifact)).text === '\n')
    }
    await until('the documents at the rival', async () =>
      this.facets.every(facet => (rival.node.facet(facet)?.facet.size ?? 0) > 0)
    )
  }

  /** A new node of the rival that the victim knows from now on, as if it had been there in better times. */
  async freshNode(): Promise<Company> {
    const company = { ...this.rival, ...createNodeKey(this.rival, this.#random, this.startedMs) }
    const { id } = await this.api.createInvite({ expiresInMs: INVITE_MS })
    const mouth = await Mouth.create(company.nodeKey.seed)
    await mouth.greet(this.address, company)
    await mouth.stop()
    await this.api.revokeInvite(id)
    return company
  }

  /** How long an honest member takes that has no session: to be told who the other is. It dials again as nodes do. */
  async connectMs(): Promise<number> {
    const started = performance.now()
    while (performance.now() - started < PROBE_MS_MAX) {
      const node = await createModifiedNode(this.#guest, this.#random.below(1_000_000), this.#guestDisk)
      try {
        await node.connect(this.address)
        const greeted = async () => node.node.core.context.open().length > 0
        await until('an answer', greeted, 5_000)
        return performance.now() - started
      } catch {
        await new Promise(resolve => setTimeout(resolve, 250 + this.#random.below(250)))
      } finally {
        await node.stop()
      }
    }
    return Infinity
  }

  /** How long an edit takes from one honest member to the other, the victim being one of them. */
  async editMs(): Promise<number> {
    const artifact = this.#artifacts[0] as string
    const mark = `Edit ${++this.#edits}.\n`
    const from = this.#edits % 2 === 0 ? this.api : this.#other.api
    const to = this.#edits % 2 === 0 ? this.#other.api : this.api
    const started = performance.now()
    try {
      const { frontier } = await from.read(artifact)
      await from.editText(artifact, { base: frontier, text: mark })
      await until('the edit', async () => (await to.read(artifact)).text.includes(mark), PROBE_MS_MAX)
      return performance.now() - started
    } catch {
      return Infinity
    }
  }
}
