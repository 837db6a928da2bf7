// `parley doctor`: from where peers can reach a running node, by what it knows without asking them.
import type { StatusJson } from '../../node/parley-node.ts'
import { type Reach, reachOf } from '../../net/reach.ts'
import { dateTime } from '../text.ts'
import type { Finding } from './doctor.ts'

const FROM: { [R in Reach]: string } = {
  machine: 'which this machine alone reaches',
  network: 'which the network around this machine reaches, and no other',
  public: 'a public address, unless something on the way shuts it'
}

/** Each address with what it says, then who did come in: the only proof that there is. */
export function reachFindings({ listening, arrivals, peers }: StatusJson): Finding[] {
  const findings: Finding[] = listening.map(address => {
    const reach = reachOf(address)
    return { state: 'ok', what: `listens on ${address}${reach ? `, ${FROM[reach]}` : ''}` }
  })
  const outside = arrivals.filter(({ address }) => reachOf(address) !== 'machine')
  for (const { company, address, at } of arrivals) {
    const from = address.replace(/\/p2p\/.*$/, '')
    findings.push({ state: 'ok', what: `${company} connected to this node from ${from}, ${dateTime(at)}` })
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
