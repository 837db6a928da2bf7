// Companies that this node knows: invites, first contact, confirmation, addresses.
import { encodeInvite, parseInvite } from '../../identity/invite.ts'
import { type Address, addressError, parseAddress } from '../../net/address.ts'
import { putContact } from '../../sync/greeting.ts'
import type { Peering } from '../../net/peering.ts'
import type { Contact } from '../../sync/directory.ts'
import { toHex, utf8 } from '../../wire/bytes.ts'
import { isNodeError, NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { type Parts, companyJson } from '../parts/parts.ts'
import type { InviteJson, PeerJson } from '../surface/parley-node.ts'

/** How long a command waits for the other side to say who it is. */
const GREETING_MS = 8_000
const INVITES_MAX = 64

export class People {
  readonly #parts: Parts
  readonly #random: (bytes: number) => Uint8Array
  #online: Promise<void> | undefined

  constructor(parts: Parts, random: (bytes: number) => Uint8Array) {
    this.#parts = parts
    this.#random = random
  }

  /** Listens, and dials who is known, as the settings say; where it does already, nothing. */
  goOnline(): Promise<void> {
    this.#online ??= this.#start().catch((error: unknown) => {
      this.#online = undefined
      throw error
    })
    return this.#online
  }

  async #start(): Promise<void> {
    const { directory, peering } = this.#parts
    await peering.start()
    for (const contact of directory.contacts.values()) keepDialing(peering, contact)
  }

  peers(): PeerJson[] {
    return [...this.#parts.directory.contacts.keys()].map(did => this.peer(did))
  }

  peer(did: string): PeerJson {
    const { directory, driver, peering } = this.#parts
    const contact = directory.contacts.get(did)
    if (!contact) throw unknown(did)
    const sessions = [...driver.core.context.open()].filter(session => session.peer.did === did)
    const dials = peering
      .status()
      .filter(({ peerId }) => contact.nodes.includes(peerId) || names(contact, peerId))
    const failing = dials.find(dial => dial.phase !== 'connected' && dial.lastError)
    return {
      company: companyJson(did, directory.identities.get(did)),
      own: did === directory.self.did,
      connected: sessions.length > 0,
      nodes: sessions.map(session => session.peerId),
      addresses: contact.addresses,
      ...(contact.confirmed && { confirmed: contact.confirmed }),
      confirmedByPeer: sessions.some(session => session.peer.confirms),
      behindEnvelopes: this.#behind(did),
      ...(failing?.lastError && { lastError: failing.lastError.message }),
      ...(failing?.nextDialMs !== undefined && { nextRetryAt: Math.round(failing.nextDialMs) })
    }
  }

  /** Envelopes that the company may see and has not said that it holds; of our own: the nodes connected now. */
  #behind(did: string): number {
    const { directory, driver } = this.#parts
    let behind = 0
    for (const [id, { facet }] of driver.core.context.facets) {
      const own = did === directory.self.did
      if (facet.space.companyOf(did) === undefined || (facet.genesis.class === 'private' && !own)) continue
      const links = [...driver.core.context.open()].filter(session => session.peer.did === did)
      const has = links.map(session => session.facets.get(id)?.has)
      for (const tip of facet.tips()) {
        const seqs = has.map(map => map?.get(tip.client)?.seq ?? -1)
        behind += Math.max(0, tip.seq - Math.max(-1, ...seqs))
      }
    }
    return behind
  }

  async connect(text: string): Promise<PeerJson> {
    const { directory, driver, peering } = this.#parts
    const address = parseAddress(text)
    if (isReject(address)) throw addressError(address)
    if (address.peerId === directory.self.peerId) {
      const next = 'Give the address of the other node: `parley id` there prints it.'
      throw new NodeError('addr-own', 'this is the address of this node', next)
    }
    await this.#dial([address])
    const did = await this.#greeted(address.peerId)
    const contact = directory.contacts.get(did)
    if (!contact) throw unknown(did)
    await driver.perform(core => {
      if (!contact.addresses.includes(address.text))
        contact.addresses = [address.text, ...contact.addresses].slice(0, 8)
      core.context.write([putContact(contact)])
    })
    peering.keep([address])
    return this.peer(did)
  }

  async #dial(addresses: Address[]): Promise<void> {
    try {
      await this.#parts.peering.transport.dial(addresses)
    } catch (error) {
      if (!isNodeError(error, 'not-started')) throw error
      const next = 'Run parley online, then repeat this.'
      throw new NodeError('offline', 'this node was started with --offline: it dials nobody', next, error)
    }
  }

  /** Waits until the peer's hello was verified. */
  async #greeted(peerId: string): Promise<string> {
    const { driver } = this.#parts
    for (let waited = 0; waited < GREETING_MS; waited += 50) {
      for (const session of driver.core.context.open()) if (session.peerId === peerId) return session.peer.did
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    const next =
      'Both sides must know each other: exchange an invite (`parley invite create`, `parley join`).'
    throw new NodeError('peer-silent', 'the peer answered, but does not let this node in', next)
  }

  /** Ends what is open with a company, and dials it no more until `connect` or the next start. */
  async disconnect(did: string): Promise<void> {
    const { directory, peering } = this.#parts
    const contact = directory.contacts.get(did)
    if (!contact) throw unknown(did)
    const isTheirs = (peerId: string) => contact.nodes.includes(peerId) || names(contact, peerId)
    for (const { peerId } of peering.status()) if (isTheirs(peerId)) peering.forget(peerId)
    const open = peering.transport.connections().filter(session => isTheirs(session.peerId))
    await Promise.all(open.map(session => session.close('this node hangs up')))
  }

  async forget(did: string): Promise<void> {
    const { directory, driver, peering } = this.#parts
    const contact = directory.contacts.get(did)
    if (!contact) throw unknown(did)
    directory.contacts.delete(did)
    for (const node of contact.nodes) peering.forget(node)
    await driver.perform(core => core.context.write([{ kind: 'del', table: 'contact', key: did }]))
    peering.transport.enforceAdmission()
  }

  async createInvite({ expiresInMs, space }: { expiresInMs: number; space?: string }): Promise<InviteJson> {
    const { directory, driver, peering } = this.#parts
    if (directory.invites.size >= INVITES_MAX) {
      throw new NodeError(
        'invites-full',
        `${INVITES_MAX} invites are open`,
        'End some: parley invite list shows them, parley invite revoke ID ends one.'
      )
    }
    const addresses = peering.transport.addresses().slice(0, 8)
    if (addresses.length === 0 && peering.transport.relays.through.length > 0) {
      const next = 'Run parley doctor: it says what the relay waits for.'
      throw new NodeError('not-listening', 'no relay has a place for this node yet', next)
    }
    if (addresses.length === 0) {
      throw new NodeError(
        'not-listening',
        'this node listens nowhere',
        'Set "listen" in parley.json. If it was started with --offline: parley online'
      )
    }
    const secret = this.#random(32)
    const expiresAt = Date.now() + expiresInMs
    const token = encodeInvite({
      root: directory.self.did,
      addresses,
      secret,
      expiresAt: Math.floor(expiresAt / 1000),
      ...(space !== undefined && { space: Buffer.from(space, 'hex') })
    })
    const id = toHex(secret.subarray(0, 6))
    directory.invites.set(id, { secret, expiresAt })
    const bytes = utf8(JSON.stringify({ secret: toHex(secret), expiresAt, token }))
    await driver.perform(core => core.context.write([{ kind: 'put', table: 'invite', key: id, bytes }]))
    return { id, token, expiresAt }
  }

  async revokeInvite(id: string): Promise<void> {
    const { directory, driver } = this.#parts
    if (!directory.invites.delete(id))
      throw new NodeError('invite-unknown', `no open invite ${id}`, 'Run parley invite list.')
    await driver.perform(core => core.context.write([{ kind: 'del', table: 'invite', key: id }]))
  }

  async join(token: string): Promise<PeerJson> {
    const { directory, driver, peering } = this.#parts
    const invite = parseInvite(token)
    if (isReject(invite))
      throw new NodeError(invite.code, `this is no usable invite: ${invite.detail}`, 'Ask for it again.')
    if (invite.expiresAt * 1000 < Date.now()) {
      throw new NodeError('invite-expired', 'this invite has expired', 'Ask the other company for a new one.')
    }
    const addresses = invite.addresses
      .map(parseAddress)
      .filter((address): address is Address => !isReject(address))
    const [first] = addresses
    // An invite of another node of the own company makes the two known to each other (SYN-51).
    if (addresses.some(({ peerId }) => peerId === directory.self.peerId))
      throw new NodeError('invite-own', 'this invite is of this node itself', 'Give it to the other node.')
    if (!first)
      throw new NodeError('invite-address', 'the invite holds no usable address', 'Ask for a new one.')
    const known = directory.contacts.get(invite.root)
    const contact: Contact = {
      did: invite.root,
      nodes: known?.nodes ?? [],
      addresses: addresses.map(address => address.text),
      ...(known?.confirmed && { confirmed: known.confirmed }),
      invite: { secret: toHex(invite.secret), inviter: invite.root }
    }
    directory.contacts.set(invite.root, contact)
    await driver.perform(core => core.context.write([putContact(contact)]))
    peering.keep(addresses)
    await this.#dial(addresses)
    await this.#greeted(first.peerId)
    return this.peer(invite.root)
  }

  /** Records who compared the words; from now on our side lets shared facets flow to this company. */
  async confirm(did: string, { by, how }: { by: string; how: string }): Promise<PeerJson> {
    const { directory, driver } = this.#parts
    const contact = directory.contacts.get(did)
    if (!contact) throw unknown(did)
    contact.confirmed = { by, how, at: Date.now() }
    await driver.perform(core => {
      core.context.write([putContact(contact)])
      for (const session of core.context.open()) {
        if (session.peer.did !== did) continue
        core.greeting.hello(session)
        core.spaces.list(session)
      }
    })
    return this.peer(did)
  }
}

function names(contact: Contact, peerId: string): boolean {
  return contact.addresses.some(address => address.endsWith(`/p2p/${peerId}`))
}

function unknown(did: string): NodeError {
  return new NodeError(
    'company-unknown',
    `no company ${did} is known here`,
    'Run parley peers to see who is.'
  )
}

function keepDialing(peering: Peering, contact: Contact): void {
  const byPeer = new Map<string, Address[]>()
  for (const text of contact.addresses) {
    const address = parseAddress(text)
    if (!isReject(address)) byPeer.set(address.peerId, [...(byPeer.get(address.peerId) ?? []), address])
  }
  for (const addresses of byPeer.values()) peering.keep(addresses)
}
