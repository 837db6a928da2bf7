// The rival of the wiretap: a party to one space with nodes of its own making, which know every id that Acme has and
// ask for all of it. test/wiretap/README.md.
import { until } from '../../scripts/company-process.ts'
import { agreementOf } from '../../src/artifacts/agreement.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { parseInvite } from '../../src/identity/invite.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { encodePresence } from '../../src/wire/presence.ts'
import { encodeSpaceEntry, entryId, entrySignedBytes, type EntryRecord } from '../../src/wire/space-entry.ts'
import { createModifiedNode, type ModifiedNode } from '../e2e/modified-node.ts'
import { Mouth, type Talk } from '../hostile/mouth.ts'
import { approvalOf } from '../sim/agreement.ts'
import { type Company, createCompany, createNodeKey, createRoleKey, signerOf } from '../sim/company.ts'
import { Random } from '../../src/sandbox/random.ts'
import { readFrames } from './bundle-file.ts'
import type { World } from './world.ts'

const BACKDATE_MS = 60_000

export class Rival {
  readonly #world: World
  readonly #random = new Random(Date.now() % 1_000_000)
  readonly #since = Date.now() - BACKDATE_MS
  readonly company: Company
  /** Behaves, so that it is let in and has what is its own. */
  node!: ModifiedNode
  readonly #mouths: Mouth[] = []

  constructor(world: World) {
    this.#world = world
    this.company = createCompany('Rival', this.#random, this.#since)
  }

  get #did(): string {
    return this.company.identity.did
  }

  /** Comes by an invite, is confirmed, and accepts a space that it shares with Acme and Borealis. */
  async open(): Promise<void> {
    const world = this.#world
    this.node = await createModifiedNode(this.company, this.#random.below(1_000_000))
    world.knowPeer(this.company.node.peer, 'Rival')
    world.dids.set('Rival', this.#did)
    const api = world.api('Acme')
    const { listening, company } = await api.status()
    const invite = parseInvite(await world.invite('Acme')) as { secret: Uint8Array }
    const contact = {
      did: company.did,
      addresses: listening,
      nodes: [],
      confirmed: { by: 'rival', how: 'test', at: 1 },
      invite: { secret: Buffer.from(invite.secret).toString('hex'), inviter: company.did }
    }
    this.node.node.core.context.directory.contacts.set(company.did, contact)
    await this.node.connect(listening[0] as string)
    await until('the rival as a contact', async () =>
      (await api.peers()).some(peer => peer.company.did === this.#did)
    )
    await world.confirm('Acme', 'Rival')
    await this.#accept(await world.found('contest', 'Acme', ['Borealis', 'Rival'], ['Borealis']))
  }

  async #accept(id: string): Promise<void> {
    const { node } = this.node
    const log = await until('the space at the rival', async () => node.space(id))
    const { identity, roleCertificate, role } = this.company
    const act = { kind: 'accept' as const, rootVersion: identity.head, certificates: [roleCertificate] }
    node.perform(() => node.desk.append(log, act, signerOf(role)))
    await until('the acceptance of the rival', async () => {
      const space = (await this.#world.api('Acme').spaces()).find(one => one.id === id)
      return space?.parties.every(party => party.accepted)
    })
    await this.#world.seal(id, ['Acme', 'Borealis'], async revision => {
      await until('the proposal at the rival', async () =>
        agreementOf(log).revisions.some(one => toHex(one.id) === revision)
      )
      node.perform(() => node.desk.append(log, approvalOf(log, this.company, revision), signerOf(role)))
    })
    const { title } = log.genesis
    const purpose = agreementOf(log).inForce?.terms.purpose
    for (const canary of this.#world.canaries)
      if (canary.word === title || canary.word === purpose) canary.shownBy.add('Rival')
  }

  /** What the rival's own program shows of a document. */
  shown(facet: string, words: readonly string[]): Promise<boolean> {
    return until('the rival to show what it may have', async () => {
      const doc = this.node.node.docs.get(facet)
      const all = JSON.stringify([doc?.getText('text').toString(), doc?.getMap('meta').toJSON()])
      if (!words.every(word => all.includes(word))) return false
      for (const canary of this.#world.canaries)
        if (canary.word !== undefined && words.includes(canary.word)) canary.shownBy.add('Rival')
      return true
    })
  }

  /** One more node of the rival: what one did wrong is not held against the next. */
  async talk(): Promise<Talk> {
    const company = { ...this.company, ...createNodeKey(this.company, this.#random, this.#since) }
    this.#world.knowPeer(company.node.peer, 'Rival')
    return (await this.#mouth(company)).greet(await this.#address(), company)
  }

  /** A node of a company that nobody has ever heard of, which said hello. */
  async stranger(): Promise<{ talk: Talk; mouth: Mouth; address: string }> {
    const company = createCompany('Nobody', this.#random, this.#since)
    const mouth = await this.#mouth(company)
    const address = await this.#address()
    const talk = await mouth.talk(address)
    await talk.hello(company)
    return { talk, mouth, address }
  }

  async #mouth(company: Company): Promise<Mouth> {
    const mouth = await Mouth.create(company.nodeKey.seed)
    this.#mouths.push(mouth)
    return mouth
  }

  async #address(): Promise<string> {
    return (await this.#world.api('Acme').status()).listening[0] as string
  }

  /**
   * Everything that could be asked about what Acme holds, whatever it is and whoever may have it. But for a listing of
   * spaces: that is met with want-space for any id, known here or not (SYN-5), and says back what it was told.
   */
  async questions(): Promise<Frame[]> {
    const api = this.#world.api('Acme')
    const frames: Frame[] = []
    for (const { id } of await api.spaces()) {
      const space = Buffer.from(id, 'hex')
      frames.push(
        { type: 'want-space', space, have: [] },
        { type: 'summary', space, hash: new Uint8Array(32) }
      )
    }
    frames.push(...(await this.#aboutDecisions()))
    for (const did of this.#world.dids.values()) frames.push({ type: 'want-identity', did, offset: 0 })
    const parts = (await api.artifacts()).flatMap(({ facets }) => facets)
    for (const { id } of parts) {
      const heads = readFrames(Buffer.concat(await Array.fromAsync(api.exportArtifact(id))), 'heads')
      frames.push(...heads)
      const facet = Buffer.from(id, 'hex')
      const lacks = heads.flatMap(({ facets: named }) =>
        named.flatMap(({ tips }) => tips.map(tip => ({ tip, have: [] })))
      )
      frames.push({ type: 'need', facet, request: frames.length + 1, lacks })
      const state = { client: 1, clock: 1, state: Buffer.from('{}') }
      frames.push({ type: 'presence', facet, bytes: encodePresence([state]) })
    }
    return frames
  }

  /** What is decided in each space: asked for there, and in the space where the rival has a say. */
  async #aboutDecisions(): Promise<Frame[]> {
    const api = this.#world.api('Acme')
    const [after, upTo] = [new Uint8Array(), new Uint8Array()]
    const contest = this.#world.spaces.get('contest') as string
    const asked = (await api.decisions()).flatMap(({ id, space }) => {
      const wanted = [{ decision: Buffer.from(id, 'hex'), have: [] }]
      return [space, contest].map((of, i) => {
        const request = 1 + i
        return { type: 'want-messages', space: Buffer.from(of, 'hex'), request, after, upTo, wanted } as const
      })
    })
    const summaries = (await api.spaces()).map(({ id }) => {
      return { type: 'decision-summary', space: Buffer.from(id, 'hex'), hash: new Uint8Array(32) } as const
    })
    return [...summaries, ...asked]
  }

  /** Two successors of its first entry in a space: whoever sees both freezes the rival there. */
  contradiction(spaceId: string): EntryRecord[] {
    const space = Buffer.from(spaceId, 'hex')
    const log = this.node.node.space(spaceId)
    const index = log?.companyOf(this.#did)
    const head = index === undefined ? undefined : log?.head(index)
    if (!head || index === undefined) throw new Error('the rival has signed nothing there')
    return [1, 2].map(() => {
      const { certificate } = createRoleKey(this.company, this.#random, this.#since)
      const act = { kind: 'keys' as const, certificates: [certificate] }
      const prev = entryId(head.record.entry)
      const entry = encodeSpaceEntry({
        space,
        company: index,
        seq: head.seq + 1,
        prev,
        act,
        time: Date.now()
      })
      const { role } = this.company
      return { entry, signer: role.publicKey.bytes, signature: sign(role, entrySignedBytes(entry)) }
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#mouths.map(mouth => mouth.stop().catch(() => undefined)))
    await this.node?.stop()
  }
}
