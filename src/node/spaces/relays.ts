// What a person wants to know of relays: through whom this node listens, for whom it relays, who else would.
import { isReject } from '../../wire/reject.ts'
import { parseAddress } from '../../net/address.ts'
import type { RelaysJson } from '../surface/parley-node.ts'
import { type Parts, nameOf } from '../parts/parts.ts'

/** Asks connected peers whether they relay, each for a second at most and once a connection. */
export async function relaysOf(parts: Parts): Promise<RelaysJson> {
  const { peering } = parts
  const { relays } = peering.transport
  const { through, forOthers } = relays.status()
  const dials = new Map(peering.status().map(({ peerId, lastError }) => [peerId, lastError?.message]))
  return {
    through: relays.through.map(({ peerId, text }, i) => {
      const { reservedUntil, refused } = through[i] ?? {}
      const problem = refused ?? dials.get(peerId) ?? 'not connected yet'
      return {
        address: `${text}/p2p-circuit`,
        ...(reservedUntil === undefined ? { problem } : { reservedUntil })
      }
    }),
    ...(forOthers && { forOthers }),
    offered: await offered(parts)
  }
}

async function offered(parts: Parts): Promise<RelaysJson['offered']> {
  const { directory, peering } = parts
  const found = peering.transport.connections().map(async ({ peerId }) => {
    const contact = directory.contactOf(peerId)
    const address = contact?.addresses.find(text => isDirectly(text, peerId))
    if (contact === undefined || address === undefined) return []
    if (!(await peering.transport.relays.client.offers(peerId))) return []
    return { company: nameOf(parts, contact.did), address: `${address}/p2p-circuit` }
  })
  return (await Promise.all(found)).flat()
}

function isDirectly(text: string, peerId: string): boolean {
  const address = parseAddress(text)
  return !isReject(address) && address.relay === undefined && address.peerId === peerId
}
