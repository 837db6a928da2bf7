// The network edge: libp2p with its doors shut, giving sessions of whole frames. protocols/transport.
// It knows peers and bytes, nothing of artifacts. What each option of libp2p is set to, and why, is in `limits.ts`.
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, Ed25519PrivateKey, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { generateKey } from '../identity/ed25519.ts'
import { concatBytes } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'
import { addressError, parseListenAddress, parsePlace, type Address, type ListenAddress } from './address.ts'
import { ClockWatch } from './clock-watch.ts'
import { dialError } from './dial-error.ts'
import { Door } from './door.ts'
import { createGater } from './gater.ts'
import * as limits from './limits.ts'
import { listenError, tcpTransport, type ListenFailure } from './listener.ts'
import { GuardedMuxers, hangUp } from './muxer.ts'
import type { NetEvent } from './net-event.ts'
import { answerPings, PING_PROTOCOL } from './ping-responder.ts'
import { Relays } from './relays.ts'
import type { FrameReceiver, FrameSession } from './session.ts'
import { Sessions } from './sessions.ts'
import { Turns } from './turns.ts'
import { webSocketTransport } from './web-socket.ts'

export interface TransportOptions {
  /** Ed25519 seed of the node key, 32 bytes. */
  readonly privateKey: Uint8Array
  /** Multiaddrs to listen on, and of relays to listen through; none: this node only dials. */
  readonly listen: readonly string[]
  /** Multiaddrs to name to peers that ask; none: nothing is named. */
  readonly announce?: readonly string[]
  /** Asked before the muxer, inbound and outbound, and again by `enforceAdmission`. */
  readonly admit: (peerId: string) => boolean
  /** The company of a peer; undefined where it is of none that this node knows. Without it each peer is one. */
  readonly companyOf?: (peerId: string) => string | undefined
  /** Relays for nodes of known companies. */
  readonly relay?: boolean
  /** A session is open. Frames arrive only after this returns. */
  readonly onSession: (session: FrameSession) => FrameReceiver
  readonly log: (event: NetEvent) => void
  /** This process or machine stood still for so many milliseconds. */
  readonly onResume?: (lostMs: number) => void
}

export interface Transport {
  readonly peerId: string
  start(): Promise<void>
  /** Ends every session, then frees the ports. */
  stop(): Promise<void>
  /** Resolves with the session; rejects with a `NodeError` that says why there is none. */
  dial(addresses: Address | readonly Address[]): Promise<FrameSession>
  /** The open sessions. */
  connections(): FrameSession[]
  session(peerId: string): FrameSession | undefined
  /** Where this node listens, with real ports and its peer id; through a relay, while that has a place for it. */
  listenAddresses(): string[]
  /** Where others are told to dial this node: what is announced, then where it listens. */
  addresses(): string[]
  readonly relays: Relays
  /** Hangs up on whoever `admit` no longer lets in. */
  enforceAdmission(): void
}

export async function createTransport(options: TransportOptions): Promise<Transport> {
  if (process.env['DUMP_SESSION_KEYS'] !== undefined) {
    const next = 'Unset DUMP_SESSION_KEYS and start again.'
    throw new NodeError(
      'session-keys-dumped',
      'DUMP_SESSION_KEYS would write the session keys to the log',
      next
    )
  }
  const { seed, publicKey } = generateKey(options.privateKey)
  // libp2p would derive the public half itself, with a library that takes ten times as long.
  const privateKey = privateKeyFromRaw(concatBytes(seed, publicKey.bytes)) as Ed25519PrivateKey
  return new LibP2PTransport(options, privateKey)
}

class LibP2PTransport implements Transport {
  readonly peerId: string
  readonly #options: TransportOptions
  readonly #privateKey: Ed25519PrivateKey
  readonly #listen: string[]
  readonly #announce: string[]
  readonly relays: Relays
  readonly #turns = new Turns(() => performance.now())
  readonly #door = new Door(() => performance.now(), this.#turns)
  readonly #muxers = new GuardedMuxers(() => performance.now(), this.#turns, {
    muxed: connection => this.#door.release(connection),
    cut: (connection, { code, detail, fault }) =>
      this.#log({ event: 'connection-cut', ...this.#door.peerOn(connection), code, detail, fault })
  })
  readonly #sessions: Sessions
  readonly #clock = new ClockWatch(performance.now(), Date.now())
  readonly #dialing = new Set<string>()
  readonly #dials = new Map<string, Promise<FrameSession>>()
  /** When each connection was made, by its id. */
  readonly #connectedAt = new Map<string, number>()
  /** Peers that broke a rule, until when they are left alone (monotonic milliseconds). */
  readonly #banned = new Map<string, number>()
  #addresses: string[] = []
  #node: Libp2p | undefined
  #ticker: NodeJS.Timeout | undefined

  constructor(options: TransportOptions, privateKey: Ed25519PrivateKey) {
    this.#options = options
    this.#privateKey = privateKey
    const listen = options.listen.map(text => valid(parseListenAddress(text)))
    this.#listen = listen.filter(({ relay }) => relay === undefined).map(({ text }) => text)
    this.#announce = (options.announce ?? []).map(text => valid(parsePlace(text)).text)
    this.peerId = peerIdFromPrivateKey(privateKey).toString()
    const { onSession } = options
    const log = (event: NetEvent) => this.#log(event)
    const now = () => performance.now()
    this.#sessions = new Sessions({
      localPeerId: this.peerId,
      now,
      log,
      onSession: session => {
        queueMicrotask(() => this.relays.client.ask())
        return onSession(session)
      }
    })
    this.relays = new Relays({
      relays: listen.flatMap(({ relay }) => relay ?? []),
      relay: options.relay === true,
      door: this.#door,
      connectionOf: peerId => this.#sessions.get(peerId)?.connection,
      expects: peerId => this.#admits(peerId) && this.#hasFew(peerId),
      companyOf: peerId => (this.#admits(peerId) ? this.#companyOf(peerId) : undefined),
      now,
      log
    })
  }

  async start(): Promise<void> {
    if (this.#node !== undefined) return
    const failures: ListenFailure[] = []
    const node = await this.#build(failures)
    node.addEventListener('transport:listening', ({ detail }) => {
      for (const address of detail.getAddrs())
        this.#addresses.push(`${address.toString()}/p2p/${this.peerId}`)
    })
    node.addEventListener('connection:open', ({ detail }) =>
      this.#connectedAt.set(detail.id, performance.now())
    )
    node.addEventListener('connection:close', ({ detail }) => {
      this.#connectedAt.delete(detail.id)
      this.relays.closed(detail)
    })
    const one = { maxInboundStreams: 1, maxOutboundStreams: 1 }
    await node.handle(limits.SYNC_PROTOCOL, (stream, connection) => this.#attach(stream, connection), one)
    await node.handle(PING_PROTOCOL, answerPings, one)
    await this.relays.register(node)
    try {
      await node.start()
    } catch (error) {
      this.#addresses = []
      throw listenError(failures, error)
    }
    this.#node = node
    this.#clock.tick(performance.now(), Date.now())
    this.#ticker = setInterval(() => this.#tick(), limits.TICK_MS)
  }

  async stop(): Promise<void> {
    const node = this.#node
    if (node === undefined) return
    this.#node = undefined
    clearInterval(this.#ticker)
    await Promise.all(this.#sessions.all().map(session => session.close('this node stops')))
    await node.stop()
    this.#addresses = []
  }

  async dial(addresses: Address | readonly Address[]): Promise<FrameSession> {
    const list: readonly Address[] = 'text' in addresses ? [addresses] : addresses
    const peerId = list[0]?.peerId
    if (peerId === undefined || list.some(address => address.peerId !== peerId)) {
      throw new TypeError('dial takes at least one address, all of one peer')
    }
    const open = this.#sessions.get(peerId)
    if (open !== undefined) return open
    // One that has begun may know other addresses, and the peer may have been told of this node since.
    const before = await this.#dials.get(peerId)?.catch(() => undefined)
    if (before !== undefined) return before
    const pending = this.#dials.get(peerId)
    if (pending !== undefined) return pending
    const dial = this.#dial(peerId, list.slice(0, limits.ADDRESSES_PER_PEER_MAX)).finally(() =>
      this.#dials.delete(peerId)
    )
    this.#dials.set(peerId, dial)
    return dial
  }

  connections(): FrameSession[] {
    return this.#sessions.all()
  }

  session(peerId: string): FrameSession | undefined {
    return this.#sessions.get(peerId)
  }

  listenAddresses(): string[] {
    const relayed = this.relays.client.addresses().map(text => `${text}/p2p/${this.peerId}`)
    return [...this.#addresses, ...relayed]
  }

  addresses(): string[] {
    const announced = this.#announce.map(text => `${text}/p2p/${this.peerId}`)
    return [...new Set([...announced, ...this.listenAddresses()])]
  }

  enforceAdmission(): void {
    for (const session of this.#sessions.all()) {
      if (!this.#options.admit(session.peerId))
        session.abort('this node no longer admits the peer', 'not-admitted')
    }
    for (const connection of this.#node?.getConnections() ?? []) {
      if (!this.#options.admit(connection.remotePeer.toString()))
        hangUp(connection, new Error('not admitted'))
    }
    this.relays.enforce()
  }

  /** Directly first; then through a relay, once there is a session with it. */
  async #dial(peerId: string, addresses: readonly Address[]): Promise<FrameSession> {
    const direct = addresses.filter(({ relay }) => relay === undefined)
    const relayed = addresses.filter(({ relay }) => relay !== undefined)
    if (relayed.length === 0) return this.#reach(peerId, direct, limits.DIAL_TIMEOUT_MS)
    if (direct.length > 0) {
      const reached = await this.#reach(peerId, direct, limits.DIAL_TIMEOUT_MS / 2).catch(() => undefined) // NET-28
      if (reached !== undefined) return reached
    }
    await Promise.allSettled(relayed.flatMap(({ relay }) => relay ?? []).map(relay => this.dial(relay)))
    return this.#sessions.get(peerId) ?? this.#reach(peerId, relayed, limits.DIAL_TIMEOUT_MS)
  }

  async #reach(peerId: string, addresses: readonly Address[], timeMs: number): Promise<FrameSession> {
    if (this.#node === undefined)
      throw new NodeError('not-started', 'the node is not started', 'Start it first.')
    const timeout = AbortSignal.timeout(timeMs)
    const texts = addresses.map(address => address.text)
    for (const text of texts) this.#dialing.add(text)
    try {
      const connection = await this.#node.dial(
        texts.map(text => multiaddr(text)),
        { signal: timeout, force: true }
      )
      return await this.#open(connection, peerId, timeout)
    } catch (error) {
      const open = this.#sessions.get(peerId)
      if (open !== undefined) return open
      throw dialError(error, peerId)
    } finally {
      for (const text of texts) this.#dialing.delete(text)
    }
  }

  /** The dialer opens the stream; whether a session opens on it or on the other side's connection, is not ours to say. */
  async #open(connection: Connection, peerId: string, signal: AbortSignal): Promise<FrameSession> {
    const hungUp = new AbortController()
    // If the other side kept its own connection, that session is open or a round trip away.
    const onClose = () =>
      void setTimeout(() => hungUp.abort(refused(peerId)), limits.CLOSE_TIMEOUT_MS).unref()
    if (connection.status === 'open') connection.addEventListener('close', onClose)
    else onClose()
    const session = this.#sessions.next(peerId, AbortSignal.any([signal, hungUp.signal]))
    if (connection.direction === 'outbound') {
      connection
        .newStream(limits.SYNC_PROTOCOL, { signal })
        .then(stream => this.#attach(stream, connection))
        .catch((error: Error) => hangUp(connection, error))
    }
    return session
  }

  #attach(stream: Stream, connection: Connection): void {
    this.#sessions.attach(stream, connection, this.#connectedAt.get(connection.id) ?? performance.now())
  }

  /** NET-25. Who breaks a rule of this protocol pays with a minute, or breaking it would cost nothing. */
  #log(event: NetEvent): void {
    const { peerId, fault } = event
    if (fault === true && peerId !== undefined) {
      const now = performance.now()
      for (const [id, until] of this.#banned)
        if (until <= now || this.#banned.size >= limits.BANS_MAX) this.#banned.delete(id)
      this.#banned.set(peerId, now + limits.BAN_MS)
    }
    this.#options.log(event)
  }

  #admits(peerId: string): boolean {
    return (this.#banned.get(peerId) ?? 0) <= performance.now() && this.#options.admit(peerId)
  }

  #companyOf(peerId: string): string | undefined {
    const { companyOf } = this.#options
    return companyOf === undefined ? peerId : companyOf(peerId)
  }

  #hasFew(peerId: string): boolean {
    const open = this.#node?.getConnections(peerIdFromString(peerId)).length ?? 0
    return open < limits.CONNECTIONS_PER_PEER_MAX
  }

  /** Open connections with the company of this peer, or with all strangers. */
  #beside(peerId: string): { stranger: boolean; open: Connection[] } {
    const company = this.#companyOf(peerId)
    const open = this.#node
      ?.getConnections()
      .filter(({ remotePeer }) => this.#companyOf(remotePeer.toString()) === company)
    return { stranger: company === undefined, open: open ?? [] }
  }

  #tick(): void {
    const lost = this.#clock.tick(performance.now(), Date.now())
    if (lost > 0) {
      this.#options.log({ event: 'resumed', detail: `did not run for ${Math.round(lost)} ms` })
      this.#muxers.resumed()
      this.#options.onResume?.(lost)
    }
    this.#muxers.hangUpOnSilent()
    this.relays.client.ask()
    const deadline = performance.now() - limits.SESSIONLESS_MAX_MS
    for (const connection of this.#node?.getConnections() ?? []) {
      const session = this.#sessions.get(connection.remotePeer.toString())
      if (session?.connection === connection) continue
      if ((this.#connectedAt.get(connection.id) ?? 0) < deadline) hangUp(connection, new Error('no session'))
    }
  }

  #build(failures: ListenFailure[]): Promise<Libp2p> {
    const announce = this.#announce.map(text => multiaddr(text))
    return createLibp2p({
      start: false,
      privateKey: this.#privateKey,
      nodeInfo: { name: 'parley', version: '1', userAgent: 'parley' },
      addresses: { listen: this.#listen, announceFilter: () => announce },
      transports: [
        tcpTransport(failures, this.#door),
        webSocketTransport(failures, this.#door),
        this.relays.client.transport()
      ],
      connectionEncrypters: [this.#door.encrypter()],
      streamMuxers: [this.#muxers.factory()],
      connectionGater: createGater({
        admit: peerId => this.#admits(peerId),
        log: event => this.#log(event),
        dialing: this.#dialing,
        hasFew: peerId => this.#hasFew(peerId),
        connectionsBeside: peerId => this.#beside(peerId)
      }),
      connectionManager: {
        maxConnections: limits.CONNECTIONS_MAX,
        // The door does both, and lets members in where these would not.
        maxIncomingPendingConnections: 2 * limits.PENDING_CONNECTIONS_MAX,
        inboundConnectionThreshold: Number.MAX_SAFE_INTEGER,
        inboundUpgradeTimeout: limits.UPGRADE_TIMEOUT_MS,
        inboundStreamProtocolNegotiationTimeout: limits.NEGOTIATION_TIMEOUT_MS,
        outboundStreamProtocolNegotiationTimeout: limits.NEGOTIATION_TIMEOUT_MS,
        connectionCloseTimeout: limits.CLOSE_TIMEOUT_MS,
        maxParallelDials: limits.PARALLEL_DIALS_MAX,
        maxPeerAddrsToDial: limits.ADDRESSES_PER_PEER_MAX,
        addressDialTimeout: limits.DIAL_TIMEOUT_MS,
        dialTimeout: limits.DIAL_TIMEOUT_MS,
        reconnectRetries: 0
      },
      // Liveness is ours: the monitor would open a stream for each ping.
      connectionMonitor: { enabled: false },
      // Answers, with the fixed words above; never asks, so it never stores what a peer claims.
      services: { identify: identify({ runOnConnectionOpen: false }) }
    })
  }
}

function valid(parsed: ReturnType<typeof parseListenAddress>): ListenAddress {
  if (isReject(parsed)) throw addressError(parsed)
  return parsed
}

function refused(peerId: string): NodeError {
  const next =
    'Ask the other side whether it has accepted the invite: it does not know this node, or is full.'
  return new NodeError('dial-refused', `${peerId} hung up before a session opened`, next)
}
