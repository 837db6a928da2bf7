// More of something than anybody needs: each of these would grow without end where a limit is missing.
import type { HeldFacet } from '../../src/sync/context.ts'
import { encodeHeader } from '../../src/wire/envelope.ts'
import { EMPTY, toHex } from '../../src/wire/bytes.ts'
import { encodeFacetGenesis, encodeSpaceGenesis, spaceId } from '../../src/wire/genesis.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { packClient } from '../../src/wire/lane.ts'
import { runFrame } from './forge.ts'
import { type Member, say } from './members.ts'
import type { Simulation } from './world.ts'

interface Scene {
  sim: Simulation
  liar: Member
  held: HeldFacet
  to: number[]
}

export const FLOODS: readonly ((scene: Scene) => void)[] = [
  pushes,
  requests,
  waitingRuns,
  newFacets,
  bogusHeads,
  invitations,
  hellos
]

/** Far beyond the rate: empty records, which nobody needs to look into, perhaps before one that is known. */
function pushes({ sim, liar, held, to }: Scene): void {
  const known = liar.node.disk.facet(toHex(held.facet.id))
  const end = known.length > 0 && sim.random.chance(0.7) ? sim.random.pick(known) : undefined
  const empty = { header: EMPTY, signature: EMPTY, body: EMPTY }
  const records = Array.from({ length: 4_096 }, (_, i) => (i === 4_095 && end ? end.record : empty))
  for (const session of to) {
    for (let i = 0; i < 4; i++) {
      const frame = runFrame(held.facet, end?.client ?? 1, records)
      // What ends in something known is not looked into: how much of it comes is counted (Watch).
      if (!end)
        sim.watch.expect(frame, {
          lie: 'push-flood',
          codes: ['header-size', 'envelope-version', 'signature-size', 'push-flood']
        })
      say(sim, liar, frame, [session])
    }
  }
}

/** More requests than may wait, beyond all that is answered in a second. */
function requests({ sim, liar, held, to }: Scene): void {
  const tip = { of: 1, seq: 0, id: new Uint8Array(32) }
  for (let request = 1; request <= 4_500; request++)
    say(sim, liar, { type: 'need', facet: held.facet.id, request, lacks: [{ tip, have: [] }] }, to)
}

/** Runs that wait for what never comes, small ones and large ones. */
function waitingRuns({ sim, liar, held, to }: Scene): void {
  const company = held.facet.space.companyOf(liar.node.company.identity.did) ?? 0
  const large = sim.random.chance(0.5)
  const body = new Uint8Array(large ? 16_000 : 1)
  for (let i = 0; i < (large ? 90 : 300); i++) {
    const header = encodeHeader({
      seq: 5,
      prev: sim.random.bytes(32),
      deps: [],
      auth: [],
      clockEnd: 9,
      deletes: [],
      bodyHash: sha256(body),
      bodyLength: body.length,
      time: 1
    })
    const client = packClient({ company, key: 0, session: 200_000_000 + sim.random.below(1_000_000) })
    say(sim, liar, runFrame(held.facet, client, [{ header, signature: new Uint8Array(64), body }]), to)
  }
}

/** Documents that are named and never sent. */
function newFacets({ sim, liar, held, to }: Scene): void {
  const { facet } = held
  for (let i = 0; i < 300; i++) {
    const genesis = encodeFacetGenesis({ ...facet.genesis, class: 'public', nonce: sim.random.bytes(16) })
    const tips = [{ of: 1, seq: 0, id: sim.random.bytes(32) }]
    say(sim, liar, { type: 'heads', space: facet.space.id, facets: [{ genesis, tips }] }, to)
  }
}

/** Heads by the thousand that nobody ever wrote. */
function bogusHeads({ sim, liar, held, to }: Scene): void {
  const { facet, genesisBytes: genesis } = held
  for (let i = 0; i < 2; i++) {
    const tips = Array.from({ length: 700 }, () => ({
      of: sim.random.below(1_000),
      seq: 3,
      id: sim.random.bytes(32)
    }))
    say(sim, liar, { type: 'heads', space: facet.space.id, facets: [{ genesis, tips }] }, to)
  }
}

/** Spaces that nobody asked to be in. */
function invitations({ sim, liar, to }: Scene): void {
  for (const session of to) {
    const victim = sim.network.peerOf(liar.node, session)
    if (!victim) continue
    const parties = [liar.node.company.identity.did, victim.company.identity.did]
    for (let i = 0; i < 20; i++) {
      const genesis = encodeSpaceGenesis({
        title: `Spam ${i}`,
        pairing: 'CTO',
        parties,
        nonce: sim.random.bytes(16)
      })
      say(sim, liar, { type: 'entries', space: spaceId(genesis), genesis, entries: [] }, [session])
    }
  }
}

/** The same certificate to be checked again and again. */
function hellos({ sim, liar, to }: Scene): void {
  const { identity, nodeCertificate: certificate } = liar.node.company
  const { did, head: version } = identity
  for (let i = 0; i < 400; i++)
    say(sim, liar, { type: 'hello', did, certificate, version, confirmed: true, invite: EMPTY }, to)
}
