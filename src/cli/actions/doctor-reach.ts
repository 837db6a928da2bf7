// `parley doctor`: from where peers can reach a running node, by what it knows without asking them.
import type { RelaysJson, StatusJson } from '../../node/surface/parley-node.ts'
import { type Reach, reachOf } from '../../net/reach.ts'
import { dateTime, plural } from '../text.ts'
import type { Finding } from './doctor.ts'

const FROM: { [R in Reach]: string } = {
  machine: 'which this machine alone reaches',
  network: 'which the network around this machine reaches, and no other',
  public: 'a public address, unless something on the way shuts it'
}

/** Each address with what it says, then who did come in: the only proof that there is. */
export function reachFindings({ listening, relays, arrivals, peers }: StatusJson): Finding[] {
  const direct = listening.filter(address => !isRelayed(address))
  const findings: Finding[] = direct.map(address => {
    const reach = reachOf(address)
    return { state: 'ok', what: `listens on ${address}${reach ? `, ${FROM[reach]}` : ''}` }
  })
  findings.push(...relayFindings(relays))
  const outside = arrivals.filter(({ address }) => reachOf(address) !== 'machine')
  for (const { company, address, at } of arrivals) {
    const from = `${isRelayed(address) ? 'through the relay at' : 'from'} ${address.replace(/\/p2p\/.*$/, '')}`
    findings.push({ state: 'ok', what: `${company} connected to this node ${from}, ${dateTime(at)}` })
  }
  if (outside.length > 0) return findings
  const what = 'no known company has connected to this node from elsewhere since it started'
  const onlyHere = listening.every(address => reachOf(address) === 'machine')
  if (onlyHere && peers.some(({ connected }) => !connected)) {
    const fix =
      'If others are to connect to you: parley start --listen /ip4/0.0.0.0/tcp/4747, and open the port.'
    return [...findings, { state: 'warn', what: `${what}, nor can any`, fix }]
  }
  return [...findings, { state: 'ok', what }]
}

function relayFindings({ through, forOthers, offered }: RelaysJson): Finding[] {
  const findings: Finding[] = through.map(({ address, reservedUntil, problem }) => {
    if (reservedUntil !== undefined) return { state: 'ok', what: `listens through the relay ${address}` }
    const fix = 'Ask its owner: the relay must run with --relay and know this company. It is asked again.'
    return { state: 'warn', what: `has no place at the relay ${address}: ${problem}`, fix }
  })
  if (forOthers !== undefined) {
    const { reservations, circuits } = forOthers
    const what = `relays: ${plural(reservations, 'place')} taken, ${plural(circuits, 'connection')} open`
    findings.push({ state: 'ok', what })
  }
  for (const { company, address } of offered) {
    if (through.some(used => used.address === address)) continue
    findings.push({
      state: 'ok',
      what: `${company} may relay for this node: parley start --listen ${address}`
    })
  }
  return findings
}

function isRelayed(address: string): boolean {
  return address.includes('/p2p-circuit')
}
