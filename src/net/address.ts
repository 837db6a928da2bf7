// Addresses that people type and paste: protocols/transport, section 1. Only what this node can dial and check.
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { NodeError } from '../wire/node-error.ts'
import { Reject } from '../wire/reject.ts'

const HOSTS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])
const HOST_NAME =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i
const ADDRESS_LENGTH_MAX = 512

/** Where a peer is and who must answer there. `text` is the canonical spelling. */
export interface Address {
  readonly text: string
  /** Of the peer, or of the relay where there is one. */
  readonly host: string
  readonly port: number
  readonly peerId: string
  /** Through whom the peer is reached. */
  readonly relay?: Address
}

/** Where this node listens. Port 0 lets the system choose. */
export interface ListenAddress {
  readonly text: string
  readonly host: string
  readonly port: number
  /** Through whom others reach it. */
  readonly relay?: Address
}

const NEXT: Record<string, string> = {
  'addr-syntax':
    'An address looks like /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...; `parley id` on the other side prints it.',
  'addr-no-peer':
    'Add /p2p/ and the peer id: without it anybody could answer. `parley id` on the other side prints it.',
  'addr-unsupported':
    'Use /ip4, /ip6 or /dns, then /tcp, a port, and /ws for a WebSocket; ask the other side for such an address.'
}
const CIRCUIT = 'p2p-circuit'

/** The same refusal for a person: with what to do next. */
export function addressError(refused: Reject): NodeError {
  return new NodeError(refused.code, refused.detail, NEXT[refused.code] as string)
}

/** An address to dial: host, TCP port, perhaps `/ws`, peer id; and perhaps a peer behind that one. */
export function parseAddress(text: string): Address | Reject {
  const parts = split(text)
  if (parts instanceof Reject) return parts
  const { endpoint, rest } = parts
  const address = atEndpoint(endpoint, rest[0])
  if (address instanceof Reject || rest.length === 1) return address
  const [, circuit, peer, ...more] = rest
  if (circuit?.name !== CIRCUIT) return unsupported(circuit?.name)
  if (peer === undefined)
    return new Reject('addr-no-peer', `${text.trim()} does not say which peer is behind the relay`) // NET-28
  if (peer.name !== 'p2p' || more.length > 0) return unsupported(more[0]?.name ?? peer.name)
  const peerId = parsePeerId(peer.value ?? '')
  if (peerId instanceof Reject) return peerId
  if (peerId === address.peerId) return new Reject('addr-syntax', 'a peer cannot be its own relay')
  return { ...address, text: `${address.text}/${CIRCUIT}/p2p/${peerId}`, peerId, relay: address }
}

/** An address to listen on: an IP address of this machine, a TCP port, perhaps `/ws`; or a relay. */
export function parseListenAddress(text: string): ListenAddress | Reject {
  const place = parsePlace(text)
  if (place instanceof Reject || place.relay !== undefined || place.text.startsWith('/ip')) return place
  return new Reject('addr-unsupported', 'a node listens on an IP address, not a name')
}

/** Where others reach this node: an address to listen on, or one with a name. */
export function parsePlace(text: string): ListenAddress | Reject {
  const parts = split(text)
  if (parts instanceof Reject) return parts
  const { endpoint, rest } = parts
  if (rest.at(-1)?.name === CIRCUIT) {
    const relay = atEndpoint(endpoint, rest[0])
    if (relay instanceof Reject) return relay
    if (rest.length > 2) return unsupported(rest[1]?.name)
    return { ...endpoint, text: `${relay.text}/${CIRCUIT}`, relay }
  }
  return rest.length > 0 ? unsupported(rest[0]?.name) : endpoint
}

function atEndpoint(endpoint: ListenAddress, peer: Component | undefined): Address | Reject {
  if (endpoint.port === 0) return new Reject('addr-syntax', `port 0 in ${endpoint.text} cannot be dialed`)
  if (peer === undefined)
    return new Reject('addr-no-peer', `${endpoint.text} does not say which peer must answer`) // NET-1
  if (peer.name === CIRCUIT)
    return new Reject('addr-no-peer', `${endpoint.text} does not say who relays there`) // NET-28
  if (peer.name !== 'p2p') return unsupported(peer.name)
  const peerId = parsePeerId(peer.value ?? '')
  if (peerId instanceof Reject) return peerId
  return { ...endpoint, text: `${endpoint.text}/p2p/${peerId}`, peerId }
}

interface Component {
  readonly name: string
  readonly value?: string | undefined
}

function split(text: string): { endpoint: ListenAddress; rest: Component[] } | Reject {
  const components = readComponents(text)
  if (components instanceof Reject) return components
  const [host, port, ...rest] = components
  if (host === undefined) return new Reject('addr-syntax', 'the address is empty')
  if (!HOSTS.has(host.name)) return unsupported(host.name)
  if (port?.name !== 'tcp') return unsupported(port?.name ?? `${host.name} without tcp`)
  const name = host.value ?? ''
  const [next, ...behind] = rest
  const isWebSocket = next?.name === 'ws'
  if (host.name.startsWith('dns') && !HOST_NAME.test(name))
    return new Reject('addr-syntax', `${name} is not a host name`)
  const where = `/${host.name}/${name}/tcp/${port.value}${isWebSocket ? '/ws' : ''}`
  return {
    endpoint: { text: where, host: name, port: Number(port.value) },
    rest: isWebSocket ? behind : rest
  }
}

function readComponents(text: string): Component[] | Reject {
  const trimmed = text.trim()
  if (trimmed.length > ADDRESS_LENGTH_MAX)
    return new Reject('addr-syntax', `longer than ${ADDRESS_LENGTH_MAX} characters`)
  if (!trimmed.startsWith('/'))
    return new Reject('addr-syntax', `${JSON.stringify(trimmed)} is not a multiaddr: it must begin with /`)
  try {
    return multiaddr(trimmed).getComponents()
  } catch (error) {
    return new Reject(
      'addr-syntax',
      `${trimmed} is not a multiaddr: ${error instanceof Error ? error.message : String(error)}`
    )
  }
}

function parsePeerId(text: string): string | Reject {
  try {
    const peerId = peerIdFromString(text)
    if (peerId.type === 'Ed25519') return peerId.toString()
  } catch {
    return new Reject('addr-syntax', `${JSON.stringify(text)} is not a peer id`)
  }
  return new Reject('addr-unsupported', 'a peer id of another kind than Ed25519')
}

function unsupported(name: string | undefined): Reject {
  return new Reject('addr-unsupported', `this node does not speak /${name ?? '?'} there`)
}
