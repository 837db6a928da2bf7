// The composition root: the only place that builds parts and hands them to one another. Read from top to
// bottom, it says what a node is.
import { randomBytes } from 'node:crypto'
import { layoutOf } from '../artifacts/layouts.ts'
import { verifyNodeCertificate, verifyRoleCertificate } from '../identity/certificate.ts'
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { sign } from '../identity/ed25519.ts'
import { type Address, parseAddress } from '../net/address.ts'
import { type Peering, createPeering } from '../net/peering.ts'
import { LevelStore } from '../store/level-store.ts'
import type { Store } from '../store/store.ts'
import { Core } from '../sync/core.ts'
import { Desk } from '../sync/desk.ts'
import { type Contact, Directory } from '../sync/directory.ts'
import type { News } from '../sync/effects.ts'
import { restoreDirectory, restoreFacet } from '../sync/restore.ts'
import { decodeRecord } from '../sync/space-sync.ts'
import { fromHex, toHex } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'
import { Bundles } from './bundle.ts'
import { Documents } from './documents.ts'
import { Driver } from './driver.ts'
import { homePaths } from './home-directory.ts'
import { loadKeys } from './home-keys.ts'
import type { CertifiedKey, Home, Log, NodeKeys } from './home.ts'
import { Library } from './library.ts'
import { LocalNode } from './local-node.ts'
import type { InviteJson, NodeEvent } from './parley-node.ts'
import { type Parts, type RoleSigner, nameOf } from './parts.ts'
import { People } from './people.ts'
import { HOME_PAIRING, Rooms } from './rooms.ts'
import { Views } from './views.ts'
import { Why } from './why.ts'

export const VERSION = '0.1.0'

export interface CreateNodeOptions {
  home: Home
  keys: NodeKeys
  log: Log
  /** Neither listens nor dials: for work on a train. What was written is sent by the next start. */
  offline?: boolean
  /** Opens the store; tests put a faulting one here. */
  openStore?: (dir: string) => Promise<Store>
}

/** @throws NodeError of the store, the keys or the network, each with its next step */
export async function createNode({ home, keys, log, offline = false, openStore }: CreateNodeOptions): Promise<LocalNode> {
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
  const directory = directoryOf(keys)
  const store = await (openStore ?? LevelStore.open)(homePaths(home.dir).store)

  const core = new Core({
    directory,
    certificate: () => keys.node.certificate,
    signAsNode: message => sign(keys.node.key, message),
    layoutOf
  })
  const desk = new Desk(core, random)
  const listeners = new Set<(event: NodeEvent) => void>()
  const emit = (event: NodeEvent) => {
    for (const listener of listeners) listener(event)
  }

  const documents: Documents = new Documents(
    (facet, base) => library.bodies(facet, base),
    (facet, why) => {
      log('error', 'a document is stalled', { facet, why })
      emit({ event: 'alarm', code: 'document-stalled', detail: `${facet}: ${why}`, at: Date.now() })
    }
  )
  const driver: Driver = new Driver(core, store, documents, {
    news: news => report(parts, news, log),
    document: (facet, updates, frontier) => {
      views.document(facet, updates, frontier)
      emit({ event: 'document', facet })
    },
    presence: (facet, from, bytes) => views.presence(facet, from, bytes),
    disk: error => {
      log(error ? 'error' : 'info', error ? 'the disk refuses writes' : 'the disk accepts writes again', {
        ...(error && { why: error.message })
      })
      if (error) emit({ event: 'alarm', code: 'disk', detail: error.message, at: Date.now() })
    }
  })
  const peering: Peering = await createPeering({
    privateKey: keys.node.key.seed,
    listen: home.config.listen,
    announce: home.config.announce,
    admit: peerId => !driver.isBanned(peerId) && (peerId === directory.self.peerId || directory.admits(peerId, Date.now())),
    onSession: session => driver.attach(session),
    log: event => log('debug', event.event, { ...event })
  })

  const parts: Parts = { directory, driver, desk, documents, peering, roles: rolesOf(keys.roles, keys.identity), emit }
  const rooms = new Rooms(parts)
  const library: Library = new Library(parts, rooms, random)
  const views: Views = new Views(parts, library, home.config.coalesceMs)
  const people = new People(parts, random)

  await restore(core, store, keys.identity, log)
  if (!offline) await peering.start()
  for (const contact of offline ? [] : directory.contacts.values()) keepDialing(peering, contact)
  driver.start()
  if (!rooms.home() && parts.roles.length > 0) await foundHome(parts, rooms)

  return new LocalNode({
    parts,
    people,
    rooms,
    library,
    bundles: new Bundles(parts, library),
    views,
    why: new Why(parts),
    version: VERSION,
    listeners,
    invites: () => openInvites(store),
    unlock: async passphrase => {
      const again = await loadKeys(home, passphrase)
      parts.roles = rolesOf(again.roles, keys.identity)
      if (!rooms.home() && parts.roles.length > 0) await foundHome(parts, rooms)
    },
    close: async () => {
      await views.close()
      await peering.stop()
      await driver.stop()
      await documents.close()
      await store.close()
    }
  })
}

function directoryOf({ identity, node }: NodeKeys): Directory {
  const certificate = verifyNodeCertificate(node.certificate, identity)
  if (isReject(certificate)) {
    const next = 'Renew it with the root key: parley node renew.'
    throw new NodeError('node-certificate', `the certificate of this node cannot be used: ${certificate.detail}`, next)
  }
  const directory = new Directory({ did: identity.did, peerId: certificate.peer, certificate })
  directory.identities.set(identity.did, identity)
  return directory
}

function rolesOf(keys: CertifiedKey[], identity: CompanyIdentity): RoleSigner[] {
  return keys.flatMap(({ key, certificate: certificateBytes }) => {
    const certificate = verifyRoleCertificate(certificateBytes, identity)
    if (isReject(certificate) || identity.hasRevoked(certificate.key)) return []
    return [{ publicKey: key.publicKey, sign: (message: Uint8Array) => sign(key, message), certificate, certificateBytes }]
  })
}

/** Everything that the store holds, back into memory, before anybody can connect. */
async function restore(core: Core, store: Store, own: CompanyIdentity, log: Log): Promise<void> {
  const rows = async (table: string) => {
    const found: { key: string; bytes: Uint8Array }[] = []
    for await (const row of store.list(table)) found.push(row)
    return found
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  const { context } = core
  context.now = Date.now()
  const trouble = restoreDirectory(core, {
    identities: [...(await rows('identity')).map(({ bytes }) => bytes), own.log],
    contacts: (await rows('contact')).map(({ bytes }) => JSON.parse(text(bytes)) as Contact),
    spaces: (await rows('space')).map(({ bytes }) => bytes),
    entries: (await rows('entry')).map(({ key, bytes }) => ({ space: key.slice(0, 64), record: decodeRecord(bytes) })),
    facets: (await rows('facet')).map(({ bytes }) => bytes)
  })
  for (const { key, bytes } of await rows('invite')) {
    const { secret, expiresAt } = JSON.parse(text(bytes)) as { secret: string; expiresAt: number }
    const raw = fromHex(secret)
    if (raw && expiresAt > Date.now()) context.directory.invites.set(key, { secret: raw, expiresAt })
  }
  for (const { where, why } of trouble) log('error', 'something in the store cannot be used', { where, why })
  for (const [id, held] of context.facets) {
    const records: Parameters<typeof restoreFacet>[2] = []
    for await (const chunk of store.scan(id)) {
      for (const { client, header, signature, body } of chunk) {
        if (body) records.push({ client, record: { header, signature, body } })
      }
    }
    const lost = restoreFacet(core, held, records)
    if (lost > 0) log('error', 'envelopes of a document could not be placed; peers are asked for them', { facet: id, lost })
  }
  context.takeEffects()
}

function keepDialing(peering: Peering, contact: Contact): void {
  const byPeer = new Map<string, Address[]>()
  for (const text of contact.addresses) {
    const address = parseAddress(text)
    if (!isReject(address)) byPeer.set(address.peerId, [...(byPeer.get(address.peerId) ?? []), address])
  }
  for (const addresses of byPeer.values()) peering.keep(addresses)
}

/** The company's own space comes with the first start. */
async function foundHome(parts: Parts, rooms: Rooms): Promise<void> {
  const able = parts.roles.some(role => role.certificate.powers.includes('seal'))
  if (able) await rooms.create({ title: 'Home', pairing: HOME_PAIRING, parties: [] })
}

async function openInvites(store: Store): Promise<InviteJson[]> {
  const found: InviteJson[] = []
  for await (const { key, bytes } of store.list('invite')) {
    const { token, expiresAt } = JSON.parse(new TextDecoder().decode(bytes)) as { token: string; expiresAt: number }
    if (expiresAt > Date.now()) found.push({ id: key, token, expiresAt })
  }
  return found
}

/** What the core tells, for the log and for whoever listens. */
function report(parts: Parts, news: News, log: Log): void {
  const at = Date.now()
  const name = (did: string | undefined) => (did === undefined ? undefined : nameOf(parts, did))
  switch (news.what) {
    case 'refused': {
      const { code, detail } = news.reject
      const company = name(news.did)
      log('warn', 'refused what a peer sent', { code, detail, where: news.where, peer: news.peerId, company })
      const who = { peer: news.peerId, ...(company !== undefined && { company }) }
      return parts.emit({ event: 'refused', ...who, code, detail, where: news.where, at })
    }
    case 'fork': {
      const { facet, seq } = news
      const did = parts.driver.core.context.facets.get(facet)?.facet.space.parties[news.company]
      log('error', 'one key signed two envelopes for one place', { facet, seq, company: name(did) })
      return parts.emit({ event: 'fork', facet, company: name(did) ?? '', seq, at })
    }
    case 'chain-fork':
    case 'identity-fork':
      log('error', news.what, { ...news })
      return parts.emit({ event: 'alarm', code: news.what, detail: JSON.stringify(news), at })
    case 'session-open':
      log('info', 'connected', { company: name(news.did), peer: news.peerId })
      return parts.emit({ event: 'peer', did: news.did, connected: true })
    case 'session-closed':
      log('info', 'disconnected', { company: name(news.did), peer: news.peerId })
      return news.did === undefined ? undefined : parts.emit({ event: 'peer', did: news.did, connected: false })
    case 'space':
      return parts.emit({ event: 'space', space: news.space })
    case 'facet': {
      const held = parts.driver.core.context.facets.get(news.facet)
      return held && parts.emit({ event: 'artifact', artifact: toHex(held.facet.genesis.artifact) })
    }
    default:
      return log('debug', news.what, { ...news })
  }
}
