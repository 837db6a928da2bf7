// Two honest companies in processes of their own, a rival party to their space, and an honest visitor: what an attack
// is set against, and how it is measured what honest members notice of it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CompanyProcess, freePort, startCompany, until } from '../../scripts/company-process.ts'
import { sealAgreement } from '../../scripts/seal-agreement.ts'
import { parseInvite } from '../../src/identity/invite.ts'
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import { type ModifiedNode, approveAs, createModifiedNode } from '../e2e/modified-node.ts'
import { createCompanyHome } from '../e2e/homes.ts'
import { type Company, createCompany, createNodeKey, signerOf } from '../sim/company.ts'
import type { Disk } from '../sim/disk.ts'
import { Random } from '../../src/sandbox/random.ts'
import { Mouth } from './mouth.ts'
import { Victim } from './victim.ts'

const INVITE_MS = 3_600_000
const PROBE_MS_MAX = 20_000

/** An honest node that is to know somebody. */
interface Host {
  api: ParleyNode
  did: string
  address: string
}

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
  /** Where the other honest node is dialed through the node under attack, and who it is. */
  behind = { address: '', peerId: '' }
  relayPort = 0
  #beside!: Host
  /** What the node under attack listens through, beside its own port. */
  #listensThrough: string | undefined
  #listen = ''
  /** Documents of the space: honest people write in the first, the rival in the second. */
  #artifacts: string[] = []
  facets: string[] = []
  /** What an honest node of the rival would know. */
  disk!: Disk
  #guestDisk!: Disk
  #edits = 0

  async open(): Promise<void> {
    const [acme, borealis] = ['Acme', 'Borealis'].map(name => join(this.#base, name)) as [string, string]
    this.#listen = `/ip4/127.0.0.1/tcp/${await freePort()}`
    this.relayPort = await freePort()
    await createCompanyHome(acme, 'Acme', { listen: [this.#listen], relay: true, coalesceMs: 0 })
    this.victim = new Victim(acme)
    await this.victim.start()
    const status = await this.api.status()
    this.address = status.listening[0] as string
    this.did = status.company.did
    const through = `${this.address}/p2p-circuit`
    const listen = [`/ip4/127.0.0.1/tcp/${await freePort()}`, through]
    await createCompanyHome(borealis, 'Borealis', { listen, coalesceMs: 0 })
    this.#other = await startCompany('Borealis', borealis)
    const { peerId, listening, company } = await this.#other.api.status()
    this.behind = { address: `${through}/p2p/${peerId}`, peerId }
    this.#beside = { api: this.#other.api, did: company.did, address: listening[0] as string }
    await this.#befriend()
    const rival = await this.#introduced(this.rival, this, this.#beside)
    const guest = await this.#introduced(this.#guest, this, this.#beside)
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

  /** Whether the node runs and listens through nobody. */
  isPlain(): boolean {
    return this.victim.alive && this.#listensThrough === undefined
  }

  /**
   * A fresh process on the same store, connected to its honest peer again, which has its place there.
   * @param through what it listens through, beside its own port
   */
  async restart(through?: string): Promise<void> {
    await this.victim.stop()
    const path = join(this.victim.home, 'parley.json')
    const config = JSON.parse(readFileSync(path, 'utf8')) as object
    const listen = through === undefined ? [this.#listen] : [this.#listen, through]
    writeFileSync(path, JSON.stringify({ ...config, listen }))
    this.#listensThrough = through
    await this.victim.start()
    await this.#other.api.connect(this.address).catch(() => undefined)
    await until('the honest peer', async () => {
      const { forOthers } = (await this.api.status()).relays
      return (forOthers?.reservations ?? 0) > 0
    })
  }

  async #befriend(): Promise<void> {
    const { did } = (await this.#other.api.status()).company
    await this.#other.api.join((await this.api.createInvite({ expiresInMs: INVITE_MS })).token)
    await this.#other.api.confirm(this.did, { by: 'test', how: 'test' })
    await this.api.confirm(did, { by: 'test', how: 'test' })
  }

  /** A company that came by invites and was confirmed, with the node that did so. */
  async #introduced(company: Company, ...hosts: Host[]): Promise<ModifiedNode> {
    const node = await createModifiedNode(company, this.#random.below(1_000_000))
    for (const host of hosts) await introduce(company, node, host)
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
    await sealAgreement([this.api, this.#other.api], id, {}, revision =>
      approveAs(rival, this.rival, log, revision)
    )
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

  /**
   * A new node of the rival that the victim knows from now on, as if it had been there in better times.
   * @param through whether the node that listens through the victim is to know it too
   */
  async freshNode(through = false): Promise<Company> {
    const company = { ...this.rival, ...createNodeKey(this.rival, this.#random, this.startedMs) }
    for (const { api, address } of through ? [this, this.#beside] : [this]) {
      const { id } = await api.createInvite({ expiresInMs: INVITE_MS })
      const mouth = await Mouth.create(company.nodeKey.seed)
      await mouth.greet(address, company)
      await mouth.stop()
      await api.revokeInvite(id)
    }
    return company
  }

  /**
   * How long an honest member takes that has no session: to be told who the other is. It dials again as nodes do.
   * @param through to the node that listens through the one under attack
   */
  async connectMs(through = false): Promise<number> {
    const started = performance.now()
    while (performance.now() - started < PROBE_MS_MAX) {
      const node = await createModifiedNode(this.#guest, this.#random.below(1_000_000), this.#guestDisk)
      try {
        await node.connect(through ? this.behind.address : this.address)
        const greeted = async () => node.node.core.context.open().length > (through ? 1 : 0)
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

async function introduce(company: Company, { node, connect }: ModifiedNode, host: Host): Promise<void> {
  const { api, did, address } = host
  const { id, token } = await api.createInvite({ expiresInMs: INVITE_MS })
  const { secret } = parseInvite(token) as { secret: Uint8Array }
  const contact = {
    did,
    addresses: [address],
    nodes: [],
    confirmed: { by: 'test', how: 'test', at: 1 },
    invite: { secret: Buffer.from(secret).toString('hex'), inviter: did }
  }
  node.core.context.directory.contacts.set(did, contact)
  node.disk.tables.set(`contact:${did}`, Buffer.from(JSON.stringify({ ...contact, invite: undefined })))
  await connect(address)
  const isKnown = async () => (await api.peers()).some(peer => peer.company.did === company.identity.did)
  await until('a new contact', isKnown)
  await api.confirm(company.identity.did, { by: 'test', how: 'test' })
  await api.revokeInvite(id).catch(() => undefined)
}
