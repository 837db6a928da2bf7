// The composition root: the only place that builds parts and hands them to one another. Read from top to
// bottom, it says what a node is.
import { randomBytes } from 'node:crypto'
import { layoutOf } from '../artifacts/layouts.ts'
import { type NodeCertificate, verifyNodeCertificate } from '../identity/certificate.ts'
import type { CompanyIdentity } from '../identity/company-identity.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { type Peering, createPeering } from '../net/peering.ts'
import { LevelStore } from '../store/level-store.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import { exportSnapshot } from '../store/snapshot.ts'
import type { Store } from '../store/store.ts'
import { Core } from '../sync/core.ts'
import { Desk } from '../sync/desk.ts'
import { Directory } from '../sync/directory.ts'
import { NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'
import { Agreements } from './spaces/agreements.ts'
import { AuditLogs } from './spaces/audit-logs.ts'
import { Bundles } from './bundle.ts'
import { Checkpoints } from './documents/checkpoints.ts'
import { Deciding } from './decisions/deciding.ts'
import { Decisions } from './decisions/decisions.ts'
import { Documents } from './documents/documents.ts'
import { Drafts } from './editing/drafts.ts'
import { Driver } from './parts/driver.ts'
import { isFurtherNode } from './home/setup.ts'
import { openHomeStore } from './home/store.ts'
import { Exchanges } from './sharing/exchanges.ts'
import type { Home, Log, NodeKeys } from './home/home.ts'
import { Keyring } from './keyring.ts'
import { History } from './editing/history.ts'
import { Late } from './editing/late.ts'
import { Library } from './editing/library.ts'
import { LocalNode } from './local-node.ts'
import { Losses } from './parts/losses.ts'
import { Rehearsal } from './rehearsal.ts'
import { RefusedPeers } from './parts/refused-peers.ts'
import type { NodeEvent } from './surface/parley-node.ts'
import type { Parts } from './parts/parts.ts'
import { People } from './spaces/people.ts'
import { Reissues } from './editing/reissues.ts'
import { report } from './report.ts'
import { Rooms } from './spaces/rooms.ts'
import { Seals } from './decisions/seals.ts'
import { Shares } from './sharing/shares.ts'
import { openInvites, restore } from './stored.ts'
import { Upkeep } from './upkeep.ts'
import { Views } from './editing/views.ts'
import { Why } from './why.ts'

export const VERSION = '0.1.0'

export interface CreateNodeOptions {
  home: Home
  keys: NodeKeys
  log: Log
  /** Neither listens nor dials until `goOnline`: for work on a train, or to look at what is here first. */
  offline?: boolean
  /** Opens the store; tests put a faulting one here. */
  openStore?: (dir: string) => Promise<Store>
}

/** @throws NodeError of the store, the keys or the network, each with its next step */
export async function createNode(options: CreateNodeOptions): Promise<LocalNode> {
  const { home, keys, log, offline = false, openStore = dir => LevelStore.open(dir) } = options
  const directory = directoryOf(keys)
  const { store, missing } = await openHomeStore(home, keys, openStore)
  const assembled = await assemble(options, directory, store)
  const { core, parts, rooms, reissues, upkeep, deciding, rehearsal, follow, node } = assembled
  try {
    parts.losses.unusable = [...missing, ...(await restore(core, store, keys.identity, parts.checkpoints))]
    for (const what of parts.losses.unusable) log('error', what)
    if (!offline) await node.goOnline()
    parts.driver.start()
    follow()
    await rooms.found()
    await upkeep.lookAtCertificates()
    await deciding.start(store)
    rehearsal.start()
    for (const [id, { facet }] of core.context.facets) if (facet.forks().length > 0) void reissues.check(id)
    return node
  } catch (error) {
    await node.close()
    throw error
  }
}

/**
 * What a stopped node holds, in memory: for `parley doctor`, which neither connects nor signs. Identity logs and
 * space logs are verified on the way, signatures included; `log` is told what cannot be used.
 */
export async function readStopped(
  store: Store,
  { identity, certificate, log }: { identity: CompanyIdentity; certificate: NodeCertificate; log: Log }
): Promise<Core> {
  const directory = new Directory({ did: identity.did, peerId: certificate.peer, certificate })
  directory.identities.set(identity.did, identity)
  const unable = () => {
    throw new NodeError('not-running', 'a node that is only looked at signs nothing', 'Run parley start.')
  }
  const core = new Core({ directory, certificate: unable, signAsNode: unable, layoutOf })
  for (const what of await restore(core, store, identity)) log('error', what)
  return core
}

const random = (bytes: number) => new Uint8Array(randomBytes(bytes))

/** The parts of a node, each given what it needs. Nothing runs yet. */
async function assemble({ home, keys, log }: CreateNodeOptions, directory: Directory, store: SealedStore) {
  const { listeners, emit, alarm } = voices(log)
  const keyring = new Keyring(home, keys, directory)
  const core = coreOf(home, keyring, directory, store, space => parts.losses.knowsEnd(space))
  const desk = new Desk(core, random)
  const documents: Documents = new Documents(
    (facet, base) => library.bodies(facet, base),
    (facet, why) => alarm('document-stalled', `${facet}: ${why}`)
  )
  const driver: Driver = new Driver(core, store, documents, {
    news: news => {
      report(parts, news, log)
      if (news.what === 'decision') deciding.look(news.decision)
      if (news.what === 'identity' && news.did === directory.self.did) follow()
    },
    document: (facet, change, frontier) => {
      views.document(facet, change, frontier)
      if (change === 'rebuild') void reissues.check(facet)
      emit({ event: 'document', facet })
    },
    presence: (facet, from, bytes) => views.presence(facet, from, bytes),
    disk: error => (error ? alarm('disk', error.message) : log('info', 'the disk accepts writes again'))
  })
  const peering = await networkOf({ home, keys, log }, directory, driver)

  const parts: Parts = {
    directory,
    driver,
    desk,
    documents,
    checkpoints: new Checkpoints(store, core.context.facets, documents),
    peering,
    get roles() {
      return keyring.roles
    },
    losses: new Losses(store, core.context, () => keyring.roles, log),
    refused: new RefusedPeers(),
    emit
  }
  const follow = () => void upkeep.follow().catch((error: Error) => alarm('home', error.message))
  const rooms = new Rooms(parts)
  const upkeep: Upkeep = new Upkeep(home, parts, keyring, rooms, log, () => deciding.lookAtAll())
  const library: Library = new Library(parts, rooms, random)
  const history = new History(parts, library)
  const deciding: Deciding = new Deciding(parts, { library, home, log, random })
  const rehearsal = new Rehearsal()
  const reissues: Reissues = new Reissues(parts, library)
  const views: Views = new Views(parts, library, home.config.coalesceMs)
  const node = new LocalNode({
    parts,
    ...deedsOf(parts, { rooms, library, history, deciding }),
    views,
    why: new Why(parts),
    audit: new AuditLogs(parts, () => keyring.certificate),
    version: VERSION,
    listeners,
    keyring,
    upkeep,
    snapshot: () => exportSnapshot(store.stored),
    invites: () => openInvites(store),
    close: () =>
      closeAll([rehearsal, deciding, upkeep, views, peering, driver, parts.checkpoints, documents, store])
  })
  return { core, parts, rooms, reissues, upkeep, deciding, rehearsal, follow, node }
}

interface Rooted {
  deciding: Deciding
  rooms: Rooms
  library: Library
  history: History
}

/** What people do, each by the part of the node that does it. */
function deedsOf(parts: Parts, { rooms, library, history, deciding }: Rooted) {
  const { voters, electors, scorings } = deciding
  return {
    people: new People(parts, random),
    rooms,
    agreements: new Agreements(parts, rooms),
    decisions: new Decisions(parts, { rooms, library, electors, voters, scorings }, random),
    scorings,
    exchanges: new Exchanges(parts, rooms, library),
    shelf: library,
    history,
    late: new Late(parts, rooms, library, history),
    drafts: new Drafts(parts, library),
    bundles: new Bundles(parts, library),
    seals: new Seals(parts, { library, voters }, random),
    shares: new Shares(parts, library, rooms)
  }
}

function coreOf(
  home: Home,
  keyring: Keyring,
  directory: Directory,
  store: SealedStore,
  knowsEnd: (space: SpaceLog) => boolean
): Core {
  const { config } = home
  return new Core({
    directory,
    chains: { keeps: config.keepsChains ?? !isFurtherNode(home), knowsEnd },
    certificate: () => keyring.certificate,
    signAsNode: keyring.signAsNode,
    layoutOf,
    quota: { bytesPerDay: config.companyBytesPerDay, documents: config.companyDocuments },
    audit: { random, wasClean: store.report.clean }
  })
}

/** Whoever subscribed hears of events; an alarm stands in the log as well. */
function voices(log: Log) {
  const listeners = new Set<(event: NodeEvent) => void>()
  const emit = (event: NodeEvent) => {
    for (const listener of listeners) listener(event)
  }
  const alarm = (code: string, detail: string) => {
    log('error', code, { detail })
    emit({ event: 'alarm', code, detail, at: Date.now() })
  }
  return { listeners, emit, alarm }
}

function networkOf(
  { home, keys, log }: CreateNodeOptions,
  directory: Directory,
  driver: Driver
): Promise<Peering> {
  return createPeering({
    privateKey: keys.node.key.seed,
    listen: home.config.listen,
    announce: home.config.announce,
    relay: home.config.relay,
    admit: peerId => !driver.isBanned(peerId) && directory.admits(peerId, Date.now()),
    companyOf: peerId => directory.contactOf(peerId)?.did,
    onSession: session => driver.attach(session),
    log: event => log(event.fault === true ? 'warn' : 'debug', event.event, { ...event })
  })
}

/** One after the other: each may still need those behind it. */
async function closeAll(parts: ({ stop(): Promise<void> } | { close(): Promise<void> })[]): Promise<void> {
  for (const part of parts) await ('stop' in part ? part.stop() : part.close())
}

function directoryOf({ identity, node }: NodeKeys): Directory {
  const certificate = verifyNodeCertificate(node.certificate, identity)
  if (isReject(certificate)) {
    const next = 'Renew it with the root key: parley node renew'
    throw new NodeError(
      'node-certificate',
      `the certificate of this node cannot be used: ${certificate.detail}`,
      next
    )
  }
  const directory = new Directory({ did: identity.did, peerId: certificate.peer, certificate })
  directory.identities.set(identity.did, identity)
  return directory
}
