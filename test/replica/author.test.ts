import { describe, expect, test } from 'vitest'
import { must } from '../sim/company.ts'
import { Author, type Composed } from '../../src/replica/author.ts'
import type { Facet, Tip } from '../../src/replica/facet.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { type EnvelopeRecord, type Header, parseHeader, signedBytes } from '../../src/wire/envelope.ts'
import { packClient, unpackClient } from '../../src/wire/lane.ts'
import { isReject } from '../../src/wire/reject.ts'
import { HOLDERS, type Scene, type Signed, take } from '../../scripts/vectors/envelope-scene.ts'
import { SPACE, ada, bo, by, cy, forked, Story } from '../../scripts/vectors/envelope-story.ts'
import { entry, key } from '../../scripts/vectors/space-builders.ts'
import { NOTHING_SCANNED } from '../../src/wire/update.ts'

/** Deletes nothing, writes nothing: enough to be composed, never sent. */
const draft = { body: new Uint8Array([0]), scanned: NOTHING_SCANNED }

/** Composes and reads back. */
function headersOf(facet: Facet, client: number, base = facet.frontier(), drafts = [draft]): Header[] {
  return must<Composed[]>(new Author(facet, client, 0).write(drafts, base)).map(({ headerBytes }) => {
    const header = parseHeader(headerBytes)
    if (isReject(header)) throw new Error(`${header}`)
    return header
  })
}

/** Signs and takes in what was composed without a body. */
function takeAbsorbed(scene: Scene, client: number): string[] {
  const { company, key: index } = unpackClient(client)
  const signer = key((HOLDERS[company] as string[])[index] as string)
  const composed = must<Composed[]>(new Author(scene.facet, client, 0).write([], scene.facet.frontier()))
  return composed.map(({ headerBytes: header, body }) => {
    const record: EnvelopeRecord = {
      header,
      signature: sign(signer, signedBytes(scene.id, client, header)),
      body
    }
    const outcome = take(scene.facet, client, [record])
    if (typeof outcome === 'string') return outcome
    return isReject(outcome) || outcome.reject
      ? `${isReject(outcome) ? outcome : outcome.reject}`
      : 'admitted'
  })
}

const mine = packClient(by(2, 9))

describe('an author', () => {
  test('[ENV-27] names the heads that no other head implies', () => {
    const { scene } = new Story()
    const a0 = scene.open(by(0), [ada])
    const b0 = scene.open(by(1), [bo], { deps: [a0] })
    for (const envelope of [a0, b0]) scene.take([envelope])
    const [header] = headersOf(scene.facet, mine)
    expect(header?.deps.map(({ client }) => client)).toEqual([b0.client])
    expect(header?.opening).toEqual({ facet: scene.id, ...by(2, 9) })
    expect(header?.auth.map(({ company, seq }) => [company, seq])).toEqual(
      [0, 1, 2].map(company => [company, 0])
    )
  })

  test('[ENV-27] names later only what is new', () => {
    const { scene } = new Story()
    const c0 = scene.open(by(2), [ada, bo, cy])
    scene.take([c0])
    expect(headersOf(scene.facet, c0.client)).toMatchObject([{ seq: 1, prev: c0.id, deps: [], auth: [] }])
    const later = entry(SPACE, 0, { kind: 'keys', certificates: [] }, { prev: ada })
    scene.add(later)
    const a0 = scene.open(by(0), [later])
    expect(headersOf(scene.facet, c0.client)[0]?.auth).toMatchObject([{ company: 0, seq: 1 }])
    scene.take([a0])
    // Its dep relies on it already.
    expect(headersOf(scene.facet, c0.client)[0]).toMatchObject({ deps: [{ client: a0.client }], auth: [] })
  })

  test('[ENV-27] takes more heads than one header holds in envelopes without a body', () => {
    const { scene } = new Story()
    const openings = Array.from({ length: 70 }, (_, session) => scene.open(by(0, session), [ada]))
    for (const opening of openings) scene.take([opening])
    const headers = headersOf(scene.facet, mine)
    expect(headers.map(({ deps, bodyLength }) => [deps.length, bodyLength])).toEqual([
      [32, 0],
      [32, 0],
      [6, 1]
    ])
    expect(takeAbsorbed(scene, mine)).toEqual(['admitted', 'admitted'])
  })

  test('[ENV-27] opens a lane although its deps rely on a branch of a chain that has forked since', () => {
    const cuts = [7, 8].map(index => entry(SPACE, 0, { kind: 'cut', key: index, lanes: [] }, { prev: ada }))
    const { scene } = new Story(SPACE, [ada, bo, cy, cuts[0] as never])
    const openings = Array.from({ length: 33 }, (_, i) => scene.open(by(1, i), [bo, cuts[0] as never]))
    for (const opening of openings) scene.take([opening])
    scene.add(cuts[1] as never)
    expect(scene.log.head(0)?.seq).toBe(0)
    expect(headersOf(scene.facet, mine)[0]?.auth).toMatchObject([{ company: 0, seq: 1 }, {}, {}])
    expect(takeAbsorbed(scene, mine)).toEqual(['admitted'])
  })

  test('[ENV-28] would fork a lane whose end does not count, so it asks first', () => {
    const { scene } = new Story()
    const { trunk, left, right } = forked({ scene } as Story)
    const own = scene.open(by(2), [cy])
    const built = scene.next(own, { deps: [right] })
    const b0 = scene.open(by(1), [bo], { deps: [left] })
    const b1 = scene.open(by(1, 2), [bo], { deps: [b0] })
    for (const envelope of [...trunk, right, own, built]) scene.take([envelope])
    expect(scene.facet.isOpen(own.client)).toBe(true)
    const others = [left, b0, b1, scene.open(by(2, 7), [cy], { deps: [left] })] as Signed[]
    for (const envelope of others) expect(scene.take([envelope])).toBe('admitted')
    expect(scene.facet.isOpen(own.client)).toBe(false)
    // What compose would write next to the last envelope that counts stands where `built` stands.
    expect(headersOf(scene.facet, own.client, [])[0]).toMatchObject({ seq: built.seq, prev: own.id })
  })

  test('[ENV-27] who writes on before the first is admitted names each head once', () => {
    const { scene } = new Story()
    const a0 = scene.open(by(0), [ada])
    const openings = Array.from({ length: 33 }, (_, i) => scene.open(by(1, i), [bo]))
    for (const envelope of [a0, ...openings]) scene.take([envelope])
    const [first, ...others] = scene.facet.frontier()
    const author = new Author(scene.facet, mine, 0)
    const written = [[first], [first], [first, ...others], scene.facet.frontier()].map(base => {
      return must(author.write([draft], base as Tip[])).map(({ header }) => header)
    })
    expect(written.map(headers => headers.map(({ deps }) => deps.length))).toEqual([[1], [0], [32, 1], [0]])
    const headers = written.flat()
    expect(headers.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4])
    expect(headers.map(({ auth }) => auth.length)).toEqual([3, 0, 0, 0, 0])
    expect(headers.map(({ opening }) => opening !== undefined)).toEqual([true, false, false, false, false])
  })

  test('[ENV-30] who writes on before the first is admitted counts it', () => {
    const { scene } = new Story(SPACE, [ada, bo, cy], { most: { bytes: 2, items: 100 } })
    const author = new Author(scene.facet, mine, 0)
    expect([1, 2, 3].map(() => author.write([draft], [])).map(isReject)).toEqual([false, false, true])
    expect(new Author(scene.facet, mine, 0).write([draft, draft, draft], [])).toMatchObject({
      code: 'document-full'
    })
  })

  test('[ENV-26] a session is part of the client, so another run of the program has another lane', () => {
    expect(packClient(by(0, 1))).not.toBe(packClient(by(0, 2)))
    const { scene } = new Story()
    const [a0, a1] = [scene.open(by(0, 1), [ada]), scene.open(by(0, 2), [ada])]
    expect([scene.take([a0]), scene.take([a1])]).toEqual(['admitted', 'admitted'])
    expect(scene.facet.forks()).toEqual([])
  })

  test('[ENV-13] an absorbing envelope has no body and leaves the clock', () => {
    const { scene } = new Story()
    for (let i = 0; i < 33; i++) scene.take([scene.open(by(0, i), [ada])])
    const [first] = headersOf(scene.facet, mine)
    expect(first).toMatchObject({ clockEnd: 0, deletes: [], bodyLength: 0, bodyHash: new Uint8Array() })
  })
})
