import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { FacetCase } from '../../scripts/vectors/envelope-story.ts'
import { LAYOUT, Scene, type Signed, take } from '../../scripts/vectors/envelope-scene.ts'
import { SPACE, Story, ada, bo, by, cut, cy, forked } from '../../scripts/vectors/envelope-story.ts'
import { outcomeOf } from '../../scripts/vectors/space-logs.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { verifyIdentityLog } from '../../src/identity/identity-log.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { type SpaceLog } from '../../src/identity/space-log.ts'
import { Facet, tipOf } from '../../src/replica/facet.ts'
import { fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import { parseRun } from '../../src/wire/envelope.ts'
import { facetId, parseFacetGenesis } from '../../src/wire/genesis.ts'
import { packClient } from '../../src/wire/lane.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'

const { identities, entries, valid, invalid } = JSON.parse(
  readFileSync(new URL('../../protocols/envelope/vectors/facets.json', import.meta.url), 'utf8')
) as {
  identities: string[]
  entries: { [id: string]: { entry: string; signer: string; signature: string } }
  valid: FacetCase[]
  invalid: FacetCase[]
}

const hex = (text: string) => fromHex(text) as Uint8Array
const companies = identities.map(log => verifyIdentityLog(utf8(log)) as CompanyIdentity)

function must<T>(value: T | Reject): T {
  if (isReject(value)) throw new Error(`${value}`)
  return value
}

function play({ space, facet: genesis, most, steps }: FacetCase): Facet {
  const log = must<SpaceLog>(openSpace(hex(space)))
  const facet = new Facet(facetId(hex(genesis)), must(parseFacetGenesis(hex(genesis))), log, LAYOUT, most)
  for (const { entry, client, run, expect: expected } of steps) {
    if (entry) {
      const { entry: bytes, signer, signature } = entries[entry] as (typeof entries)[string]
      const record = { entry: hex(bytes), signer: hex(signer), signature: hex(signature) }
      expect(outcomeOf(log.add(record, did => companies.find(company => company.did === did)))).toBe(expected)
      facet.spaceChanged()
    } else {
      const records = (run ?? []).map(({ header, signature, body }) => ({
        header: hex(header),
        signature: hex(signature),
        body: hex(body)
      }))
      expect(toldOf(take(facet, client as number, records))).toBe(expected)
    }
  }
  return facet
}

function toldOf(outcome: ReturnType<typeof take>): string {
  if (typeof outcome === 'string') return outcome
  if (isReject(outcome)) return outcome.code
  if (outcome.reject) return outcome.reject.code
  return outcome.wait ? `waits-${outcome.wait.for}` : 'admitted'
}

const named = (cases: FacetCase[]) => cases.map(item => [item.rule, item.name, item] as const)

describe('the vectors', () => {
  test.each(named([...valid, ...invalid]))('[%s] %s', (_rule, _name, item) => {
    const facet = play(item)
    const ids = (positions: ReturnType<Facet['order']>) =>
      positions.map(({ segment, seq }) => toHex(segment.idAt(seq))).sort()
    expect(ids(facet.order())).toEqual(item.admitted)
    expect(ids(facet.order().filter(position => facet.counts(position)))).toEqual(item.effective)
  })
})

const tip = ({ client, seq, id }: Signed) => ({ client, seq, id })

describe('a facet', () => {
  test('[ENV-19] a run that fails leaves nothing behind, and may come again whole', () => {
    const story = new Story()
    const { scene } = story
    const b0 = scene.open(by(1), [bo])
    const a0 = scene.open(by(0), [ada])
    const a1 = scene.next(a0)
    const a2 = scene.next(a1, { deps: [b0] })
    expect(scene.take([a0, a1, a2])).toBe('waits-envelope')
    expect([scene.facet.size, scene.facet.lanes.size, scene.facet.tips()]).toEqual([0, 0, []])
    expect([scene.take([b0]), scene.take([a0, a1, a2])]).toEqual(['admitted', 'admitted'])
    expect(scene.facet.tips()).toEqual([tip(a2), tip(b0)])
  })

  test('[ENV-19] what was admitted before a failing run stays, and the lane goes on', () => {
    const { scene } = new Story()
    const a0 = scene.open(by(0), [ada])
    const [a1, bad] = [scene.next(a0), scene.next(a0, { auth: [ada] })]
    const worse = scene.next(a1, { header: { clockEnd: 9 } })
    expect([scene.take([a0]), scene.take([a1, worse]), scene.take([bad])]).toEqual([
      'admitted',
      'update-claims',
      'auth-order'
    ])
    expect(scene.facet.tips()).toEqual([tip(a0)])
    const other = scene.next(a0, { header: { time: 1 } })
    expect(scene.take([other])).toBe('admitted')
    expect(scene.facet.forks()).toEqual([])
    expect(scene.facet.tips()).toEqual([tip(other)])
  })

  test('[ENV-19] the bodies of a failing run are forgotten with it', () => {
    const { scene } = new Story()
    const client = packClient(by(0))
    const doc = new Y.Doc()
    doc.clientID = client
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    for (const word of ['one ', 'two ', 'three '])
      doc.getText('text').insert(doc.getText('text').length, word)
    const [one, two, three] = updates as [Uint8Array, Uint8Array, Uint8Array]
    const a0 = scene.open(by(0), [ada], { body: { bytes: one, clockEnd: 4 } })
    const a1 = scene.next(a0, { body: { bytes: two, clockEnd: 8 } })
    const bad = scene.next(a1, { body: { bytes: three, clockEnd: 15 } })
    const good = scene.next(a1, { body: { bytes: three, clockEnd: 14 } })
    expect([scene.take([a0]), scene.take([a1, bad]), scene.take([a1, good])]).toEqual([
      'admitted',
      'update-claims',
      'admitted'
    ])
  })

  test('[ENV-11] what waits is named', () => {
    const { scene } = new Story()
    const a0 = scene.open(by(0), [ada])
    const a1 = scene.next(a0)
    const run = must(parseRun(scene.id, a1.client, [a1.record]))
    expect(scene.facet.keyOf(run)).toEqual({ for: 'envelope', ...tip(a0) })
  })

  test('[ENV-25] waiting is neither admitted nor refused, and over when the cause has come', () => {
    const { scene } = new Story()
    const a0 = scene.open(by(0), [ada])
    const b0 = scene.open(by(1), [bo], { deps: [a0] })
    expect([scene.take([b0]), scene.take([a0]), scene.take([b0])]).toEqual([
      'waits-envelope',
      'admitted',
      'admitted'
    ])
  })

  test('[ENV-17] a key writes while its company has pinned and not cut it, as far as the past knows', () => {
    const { scene } = new Story()
    const end = cut(ada, 0, scene)
    scene.add(end)
    // It may not have heard; then it is admitted, and does not count.
    const unaware = scene.open(by(0), [ada])
    expect(scene.take([unaware])).toBe('admitted')
    expect(scene.facet.frontier()).toEqual([])
    expect(scene.take([scene.open(by(0, 2), [end])])).toBe('key-cut')
    expect(scene.take([scene.next(unaware, { auth: [end] })])).toBe('key-cut')
    expect(scene.take([scene.open(by(0, 3, 1), [end])])).toBe('admitted')
  })

  test('[ENV-18] a private facet takes only the company that owns it', () => {
    const { scene } = new Story(SPACE, [ada, bo, cy], { dataClass: 'private' })
    expect(scene.take([scene.open(by(0), [ada])])).toBe('admitted')
    expect(scene.take([scene.open(by(1), [bo])])).toBe('not-owner')
  })

  test('[ENV-28] a lane is open while it has one end and that end counts', () => {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    const own = scene.open(by(0, 2), [ada], { deps: [right] })
    const cutLane = scene.open(by(1, 1, 1), [bo])
    const { client } = trunk[0] as Signed
    story.run(trunk)
    expect([scene.facet.isOpen(client), scene.facet.isOpen(own.client)]).toEqual([true, true])
    story.each(right, own)
    expect([scene.facet.isOpen(client), scene.facet.isOpen(own.client)]).toEqual([true, true])
    story.each(left, cutLane).entry(cut(bo, 1, scene))
    expect([client, own.client, cutLane.client].map(lane => scene.facet.isOpen(lane))).toEqual([
      false,
      false,
      false
    ])
  })

  test('[ENV-20] a replay changes nothing', () => {
    const { scene } = new Story()
    const a0 = scene.open(by(0), [ada, bo, cy])
    scene.take([a0])
    const outcome = take(scene.facet, a0.client, [a0.record])
    expect(outcome).toMatchObject({ admitted: [], forks: [], document: 'unchanged' })
  })

  test('[ENV-21] a document is told to grow or to be made anew', () => {
    const { scene } = new Story()
    const { trunk, left, right } = forked({ scene } as Story)
    const told = (envelope: Signed) => {
      const outcome = take(scene.facet, envelope.client, [envelope.record])
      return typeof outcome === 'string' || isReject(outcome)
        ? outcome
        : [outcome.document, outcome.forks.length]
    }
    expect(trunk.map(told)).toEqual([
      ['append', 0],
      ['append', 0]
    ])
    expect(told(right)).toEqual(['append', 0])
    expect(told(left)).toEqual(['rebuild', 1])
    expect(told(scene.next(right))).toEqual(['unchanged', 0])
    expect(told(scene.next(left))).toEqual(['append', 0])
    expect(scene.facet.frontier()).toEqual([tip(scene.next(left))])
    expect(tipOf(scene.facet.head(left.client) as never)).toEqual(tip(scene.next(left)))
  })

  test('[ENV-12] the key of a lane is known once its opening is', () => {
    const scene = new Scene(SPACE)
    for (const entry of [ada, bo, cy]) scene.add(entry)
    const b0 = scene.open(by(1), [bo])
    expect(scene.facet.laneKey(b0.client)).toBeUndefined()
    scene.take([b0])
    expect(scene.facet.laneKey(b0.client)).toBe(scene.log.head(1)?.keys[0]?.publicKey)
  })
})
