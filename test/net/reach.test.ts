import { expect, test } from 'vitest'
import { reachOf } from '../../src/net/reach.ts'

test.each([
  ['/ip4/127.0.0.1/tcp/1', 'machine'],
  ['/ip4/127.8.0.1/tcp/1', 'machine'],
  ['/ip6/::1/tcp/1', 'machine'],
  ['/ip4/10.1.2.3/tcp/1', 'network'],
  ['/ip4/172.16.0.1/tcp/1', 'network'],
  ['/ip4/172.32.0.1/tcp/1', 'public'],
  ['/ip4/192.168.1.1/tcp/1/p2p/12D3', 'network'],
  ['/ip4/100.64.0.1/tcp/1', 'network'],
  ['/ip6/fd00::1/tcp/1', 'network'],
  ['/ip6/fe80::1/tcp/1', 'network'],
  ['/ip6/2001:db8::1/tcp/1', 'public'],
  ['/ip4/192.0.2.7/tcp/1', 'public'],
  ['/dns/example.com/tcp/1', undefined]
])('%s is reached from the %s', (address, reach) => {
  expect(reachOf(address)).toBe(reach)
})
