// Addresses as people type them: protocols/transport, section 1.
import { describe, expect, it } from 'vitest'
import { addressError, parseAddress, parseListenAddress } from '../../src/net/address.ts'
import { Reject } from '../../src/wire/reject.ts'

const ID = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'

const OTHER = '12D3KooWDbbuz7fbMRWQ7kgs9TkcoPyPHkeYVaVVz97e2FVvzNpB'

const REFUSED: [string, string][] = [
  ['', 'addr-syntax'],
  ['/', 'addr-syntax'],
  ['192.0.2.7:4001', 'addr-syntax'],
  ['not an address', 'addr-syntax'],
  [`/ip4/192.0.2/tcp/4001/p2p/${ID}`, 'addr-syntax'],
  [`/ip4/192.0.2.7/tcp/70000/p2p/${ID}`, 'addr-syntax'],
  [`/ip4/192.0.2.7/tcp/0/p2p/${ID}`, 'addr-syntax'],
  [`/ip4/192.0.2.7/tcp/x/p2p/${ID}`, 'addr-syntax'],
  [`/ip4/192.0.2.7/tcp/4001/p2p/${ID.slice(0, -1)}`, 'addr-syntax'],
  [`/dns4/a..b/tcp/4001/p2p/${ID}`, 'addr-syntax'],
  [`/dns4/a%2Fb/tcp/4001/p2p/${ID}`, 'addr-syntax'],
  [`/ip4/192.0.2.7/tcp/4001/${'x'.repeat(600)}`, 'addr-syntax'],
  ['/ip4/192.0.2.7/tcp/4001', 'addr-no-peer'],
  ['/dns4/node.example/tcp/4001', 'addr-no-peer'],
  [`/ip4/192.0.2.7/udp/4001/quic-v1/p2p/${ID}`, 'addr-unsupported'],
  [`/dns4/node.example/tcp/443/wss/p2p/${ID}`, 'addr-unsupported'],
  [`/dnsaddr/node.example/p2p/${ID}`, 'addr-unsupported'],
  [`/ip4/192.0.2.7/tcp/4001/p2p/${ID}/p2p-circuit/p2p/${ID}`, 'addr-syntax'],
  [`/ip4/192.0.2.7/tcp/4001/p2p/${ID}/p2p-circuit/p2p/${OTHER}/p2p-circuit/p2p/${ID}`, 'addr-unsupported'],
  [`/ip4/192.0.2.7/tcp/4001/p2p/${ID}/p2p-circuit`, 'addr-no-peer'],
  [`/ip4/192.0.2.7/tcp/4001/p2p-circuit/p2p/${ID}`, 'addr-no-peer'],
  [`/ip4/192.0.2.7/tcp/4001/p2p/${ID}/p2p/${OTHER}`, 'addr-unsupported'],
  [`/ip4/192.0.2.7/tcp/4001/p2p/${ID}/p2p-circuit/tcp/1`, 'addr-unsupported'],
  [`/p2p/${ID}`, 'addr-unsupported'],
  ['/ip4/192.0.2.7/tcp/4001/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC', 'addr-unsupported']
]

describe('addresses', () => {
  it('[NET-1] an address to dial names the peer that must answer', () => {
    expect(parseAddress(`  /ip6/0:0::1/tcp/4001/ipfs/${ID}\n`)).toEqual({
      text: `/ip6/::1/tcp/4001/p2p/${ID}`,
      host: '::1',
      port: 4001,
      peerId: ID
    })
    expect(parseAddress(`/ip4/192.0.2.7/tcp/80/ws/p2p/${ID}`)).toMatchObject({
      text: `/ip4/192.0.2.7/tcp/80/ws/p2p/${ID}`,
      port: 80
    })
    expect(parseAddress(`/dns4/node.example/tcp/1/p2p/${ID}`)).toMatchObject({
      host: 'node.example',
      port: 1
    })
  })

  for (const [text, code] of REFUSED) {
    it(`[NET-1] ${code}: ${text.slice(0, 60) || 'nothing'}`, () => {
      const refused = parseAddress(text)
      if (!(refused instanceof Reject)) throw new Error(`taken: ${JSON.stringify(refused)}`)
      expect(refused.code).toBe(code)
      expect(addressError(refused).next).toMatch(/\.$/)
    })
  }

  it('[NET-28] an address through a relay names the relay and the peer behind it', () => {
    const relay = {
      text: `/dns/relay.example/tcp/1/ws/p2p/${ID}`,
      host: 'relay.example',
      port: 1,
      peerId: ID
    }
    expect(parseAddress(`${relay.text}/p2p-circuit/p2p/${OTHER}`)).toEqual({
      ...relay,
      text: `${relay.text}/p2p-circuit/p2p/${OTHER}`,
      peerId: OTHER,
      relay
    })
    expect(parseListenAddress(`${relay.text}/p2p-circuit`)).toMatchObject({
      text: `${relay.text}/p2p-circuit`,
      relay
    })
    expect(parseListenAddress('/ip4/192.0.2.7/tcp/1/p2p-circuit')).toMatchObject({ code: 'addr-no-peer' })
    expect(parseListenAddress(`/ip4/192.0.2.7/tcp/0/p2p/${ID}/p2p-circuit`)).toMatchObject({
      code: 'addr-syntax'
    })
    expect(parseListenAddress(`${relay.text}/p2p/${OTHER}/p2p-circuit`)).toMatchObject({
      code: 'addr-unsupported'
    })
  })

  it('an address to listen on is an IP address and a port', () => {
    expect(parseListenAddress('/ip4/0.0.0.0/tcp/0')).toEqual({
      text: '/ip4/0.0.0.0/tcp/0',
      host: '0.0.0.0',
      port: 0
    })
    expect(parseListenAddress('/ip6/::1/tcp/80/ws')).toMatchObject({ text: '/ip6/::1/tcp/80/ws', port: 80 })
    expect(parseListenAddress('/ip4/127.0.0.1/tcp/80/ws/ws')).toMatchObject({ code: 'addr-unsupported' })
    expect(parseListenAddress('/ip4/127.0.0.1/tcp/443/tls/ws')).toMatchObject({ code: 'addr-unsupported' })
    expect(parseListenAddress('/dns4/localhost/tcp/1')).toMatchObject({ code: 'addr-unsupported' })
    expect(parseListenAddress('/ip4/127.0.0.1/udp/1')).toMatchObject({ code: 'addr-unsupported' })
    expect(parseListenAddress(`/ip4/127.0.0.1/tcp/1/p2p/${ID}`)).toMatchObject({ code: 'addr-unsupported' })
  })
})
