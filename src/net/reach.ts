// From where an IP address can be reached, as far as the address alone tells. Whether a firewall lets anybody
// through, only a peer that came in can show. RFC 6890.
import { BlockList, isIPv6 } from 'node:net'

export type Reach = 'machine' | 'network' | 'public'

const MACHINE = blockList([
  ['127.0.0.0', 8],
  ['::1', 128]
])
const NETWORK = blockList([
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
  ['fc00::', 7],
  ['fe80::', 10]
])

function blockList(subnets: [address: string, prefix: number][]): BlockList {
  const list = new BlockList()
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, familyOf(address))
  return list
}

function familyOf(host: string): 'ipv4' | 'ipv6' {
  return isIPv6(host) ? 'ipv6' : 'ipv4'
}

/** @param address a multiaddr that begins with /ip4 or /ip6; @returns undefined for any other */
export function reachOf(address: string): Reach | undefined {
  const [, host] = /^\/ip[46]\/([^/]+)/.exec(address) ?? []
  if (host === undefined) return undefined
  const family = familyOf(host)
  if (MACHINE.check(host, family)) return 'machine'
  return NETWORK.check(host, family) ? 'network' : 'public'
}
