// Envelopes that are wrong in one thing, or right and hostile: headers, chains, bodies, claims, authority,
// signatures, forks. Each trick says what it makes.
import { sign } from '../../src/identity/ed25519.ts'
import { encodeFrame } from '../../src/sync/frame.ts'
import { EMPTY, fromHex, utf8 } from '../../src/wire/bytes.ts'
import { type EnvelopeRecord, type Header, encodeHeader, signedBytes } from '../../src/wire/envelope.ts'
import { packClient, unpackClient } from '../../src/wire/lane.ts'
import { type EntryAct, encodeSpaceEntry, entrySignedBytes } from '../../src/wire/space-entry.ts'
import { encodeUpdate } from '../../src/wire/update-encode.ts'
import { tipOf } from '../../src/replica/facet.ts'
import type { Speaker } from './arena.ts'
import { RIVAL, type Rival, type Unsigned } from './rival.ts'

export interface Said {
  speaker?: Speaker
  frames: Uint8Array[]
}

type Trick = (rival: Rival) => Said

/** A good envelope with one word in it, in a lane of the rival's. */
function plain(rival: Rival, client = rival.lane()): Unsigned {
  const clock = rival.clockOf(client)
  const struct = { kind: 'string', length: 1, parent: 'text', content: utf8('m') } as const
  return rival.around(client, encodeUpdate(client, clock, [struct], []))
}

function one(rival: Rival, unsigned: Unsigned, by = rival.keyOf(unsigned.client)): Said {
  return { frames: [rival.run(unsigned.client, [rival.sign(unsigned, by)])] }
}

/** A good envelope with other fields in its header. */
function altered(change: (header: Header, rival: Rival) => Partial<Header>): Trick {
  return rival => {
    const unsigned = plain(rival)
    Object.assign(unsigned.header, change(unsigned.header, rival))
    return one(rival, unsigned)
  }
}

/** A good envelope whose header has other bytes. */
function rewritten(change: (bytes: Uint8Array, rival: Rival) => Uint8Array): Trick {
  return rival => {
    const { client, header, body } = plain(rival)
    const bytes = change(encodeHeader(header), rival)
    return { frames: [rival.run(client, [rival.signBytes(client, bytes, body)])] }
  }
}

/** A good envelope whose record is changed after it was signed. */
function tampered(change: (record: EnvelopeRecord, rival: Rival) => Partial<EnvelopeRecord>): Trick {
  return rival => {
    const unsigned = plain(rival)
    const record = rival.sign(unsigned)
    return { frames: [rival.run(unsigned.client, [{ ...record, ...change(record, rival) }])] }
  }
}

function pick<T>(rival: Rival, items: readonly T[]): T {
  return items[rival.random(items.length)] as T
}

function random32(rival: Rival): Uint8Array {
  return Uint8Array.from({ length: 32 }, () => rival.random(256))
}

const BIG = [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1]

/** Any envelope that the victim holds. */
function anyTip(rival: Rival) {
  const { segment, seq } = pick(rival, rival.facet.order())
  return tipOf({ segment, seq })
}

function flip(bytes: Uint8Array, rival: Rival): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = rival.random(copy.length)
  copy[at] = (copy[at] as number) ^ (1 << rival.random(8))
  return copy
}

/** Two successors of one envelope, or two openings of one lane. */
function fork(rival: Rival): Said {
  const client = rival.random(3) === 0 ? rival.newLane() : rival.lane()
  const [left, right] = [plain(rival, client), plain(rival, client)]
  right.header.time = 2 + rival.random(1_000)
  return { frames: [left, right].map(each => rival.run(client, [rival.sign(each)])) }
}

/** Ties both branches of a fork into one past, through a lane between. */
function tied(rival: Rival): Said {
  const client = rival.newLane()
  const session = { company: RIVAL, key: 0 }
  const branches = [1, 2].map(time => rival.craft(unpackClient(client), { time }))
  const [left, right] = branches.map(each => ({ client, seq: 0, id: rival.idOf(each) }))
  if (!left || !right) throw new Error('two branches')
  const between = rival.craft(unpackClient(rival.newLane()), { deps: [left] })
  const via = { client: between.client, seq: 0, id: rival.idOf(between) }
  const deps = [right, via].sort((a, b) => a.client - b.client)
  const last = rival.craft({ ...session, session: unpackClient(rival.newLane()).session }, { deps })
  const all = [...branches, between, last]
  return { frames: all.map(each => rival.run(each.client, [rival.sign(each)])) }
}

/** Cuts its second key, and then writes with it and names the cut. */
function cutKey(rival: Rival): Said {
  const { space, cast } = rival.arena
  const head = space.head(RIVAL)
  const act: EntryAct = { kind: 'cut', key: 1, lanes: [] }
  const place = head && { seq: head.seq + 1, prev: head.id }
  const entry = encodeSpaceEntry({ space: space.id, company: RIVAL, seq: 0, ...place, act, time: 1 })
  const signature = sign(cast.mal.role, entrySignedBytes(entry))
  const signer = cast.mal.role.publicKey.bytes
  const frame = encodeFrame({
    type: 'entries',
    space: space.id,
    genesis: EMPTY,
    entries: [{ entry, signer, signature }]
  })
  rival.arena.say('rival', [frame])
  return one(rival, rival.craft(unpackClient(rival.newLane(1))))
}

/** A run of several: whole, with signatures that do not hold in the middle or at the end, or out of order. */
function several(rival: Rival): Said {
  const client = rival.newLane()
  const records: EnvelopeRecord[] = []
  let last = rival.craft(unpackClient(client))
  for (let n = 1 + rival.random(6); n > 0; n--) {
    records.push(rival.sign(last))
    last = rival.after(client, { client, seq: last.header.seq, id: rival.idOf(last) }, 0)
  }
  const dice = rival.random(7)
  const at = rival.random(records.length)
  if (dice > 4) {
    // Only its end is signed, and that end is refused: nothing of it may stay.
    for (const record of records) record.signature = new Uint8Array(64)
    last.header.clockEnd = 1 + rival.random(9)
    records.push(rival.sign(last))
  }
  if (dice === 0) records.reverse()
  else if (dice === 1) records.splice(at, 1)
  else if (dice === 2) records.push(...records.slice(at))
  else if (dice === 3) records[at] = { ...(records[at] as EnvelopeRecord), signature: new Uint8Array(64) }
  return { frames: [rival.run(client, records)] }
}

/** The victim's own envelopes, or the second's, said again: changed, under another key, in another lane. */
function stolen(rival: Rival): Said {
  const { victim, facet } = rival.arena
  const all = [...victim.disk.envelopes.values()].filter(envelope => envelope.facet === facet)
  const { client, record } = pick(rival, all)
  const dice = rival.random(5)
  if (dice === 0) return { frames: [rival.run(client, [record])] }
  if (dice === 1) return { frames: [rival.run(rival.lane(), [record])] }
  const body = dice === 2 ? flip(record.body.length > 0 ? record.body : utf8('x'), rival) : record.body
  const header = dice === 3 ? flip(record.header, rival) : record.header
  const signature =
    dice === 4
      ? sign(rival.keyOf(rival.lane()), signedBytes(rival.facet.id, client, header))
      : record.signature
  return { frames: [rival.run(client, [{ header, signature, body }])] }
}

/** A card with two or three values where there is room for one, of which a part is deleted: silent once it goes. */
function halfDeleted(rival: Rival): Said {
  const client = rival.lane()
  const clock = rival.clockOf(client)
  const length = 2 + rival.random(2)
  const card = { kind: 'type', type: 'map', length: 1, parent: 'cards', key: 'a', content: EMPTY } as const
  const content = new Uint8Array(length).fill(126)
  const values = { kind: 'any', length, parent: { client, clock }, key: 'title', content } as const
  const part = { client, clock: clock + 1 + rival.random(length), length: 1 }
  return one(rival, rival.around(client, encodeUpdate(client, clock, [card, values], [part])))
}

/** In the name of the victim, from the right place in its lane. */
function impersonated(rival: Rival): Said {
  const { client } = rival.arena.view().lease
  return one(rival, plain(rival, client))
}

/** Into a facet in which only the victim's company writes, by way of a node of that company. */
function intoPrivate(rival: Rival): Said {
  const { facet } = rival.arena.victim.held(rival.arena.private)
  const author = unpackClient(rival.newLane())
  const { header, client } = rival.craft(author, { opening: { facet: facet.id, ...author } })
  const bytes = encodeHeader(header)
  const signature = sign(rival.keyOf(client), signedBytes(facet.id, client, bytes))
  return {
    speaker: 'own',
    frames: [rival.run(client, [{ header: bytes, signature, body: EMPTY }], facet.id)]
  }
}

/** The group order, little-endian: added to S it spells the same signature again. */
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010') as Uint8Array

function malleated(signature: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(signature)
  let carry = 0
  for (let i = 0; i < 32; i++) {
    carry += (copy[32 + i] as number) + (ORDER[i] as number)
    copy[32 + i] = carry & 255
    carry >>= 8
  }
  return copy
}

export const TRICKS: readonly Trick[] = [
  // ENV-4, ENV-5
  rewritten((bytes, rival) =>
    Uint8Array.of(bytes[0] as number, pick(rival, [0, 2, 23]), ...bytes.subarray(2))
  ),
  rewritten(bytes => Uint8Array.of(...bytes, ...new Uint8Array(32_768))),
  rewritten(bytes => Uint8Array.of(...bytes, 0)),
  rewritten(flip),
  rewritten((bytes, rival) => bytes.subarray(0, rival.random(bytes.length))),
  altered((_, rival) => ({ clockEnd: pick(rival, BIG) })),
  rival => one(rival, rival.craft({ company: RIVAL, key: 0, session: 2 ** 28 }, {})),
  altered((header, rival) => (header.prev ? { seq: pick(rival, BIG) } : {})),
  // ENV-6, ENV-7
  altered((_, rival) => {
    const [a, b] = [anyTip(rival), anyTip(rival)]
    return { deps: [a, b] }
  }),
  altered((_, rival) => ({ deps: Array.from({ length: 33 }, () => anyTip(rival)) })),
  altered((_, rival) => ({ auth: rival.heads().reverse() })),
  altered((_, rival) => {
    const clock = rival.random(9)
    return {
      deletes: [
        { client: 1, clock, length: rival.random(3) },
        { client: rival.random(2), clock, length: 1 }
      ]
    }
  }),
  // ENV-8, ENV-9
  altered(() => ({ bodyHash: EMPTY })),
  altered(() => ({ bodyLength: 65_537 })),
  altered(() => ({ bodyLength: 0, bodyHash: EMPTY, deletes: [{ client: 1, clock: 0, length: 1 }] })),
  altered((_, rival) => ({ bodyHash: random32(rival) })),
  tampered((record, rival) => ({ body: flip(record.body, rival) })),
  tampered(() => ({ body: EMPTY })),
  tampered((record, rival) => ({ signature: record.signature.subarray(0, rival.random(64)) })),
  // ENV-2
  rival => {
    const client = rival.newLane()
    const { header, body } = rival.craft({ ...unpackClient(client), session: rival.random(99) })
    return { frames: [rival.run(client, [rival.sign({ client, header, body })])] }
  },
  rival => {
    const author = unpackClient(rival.newLane())
    return one(rival, rival.craft(author, { opening: { facet: random32(rival), ...author } }))
  },
  // ENV-10
  rival => ({ frames: [rival.run(rival.lane(), [])] }),
  several,
  several,
  // ENV-11, ENV-16, ENV-17
  rival => one(rival, rival.craft(unpackClient(rival.newLane()), { auth: rival.heads().slice(0, 2) })),
  rival => one(rival, rival.craft(unpackClient(rival.newLane()), { auth: swapped(rival) })),
  rival => one(rival, rival.craft({ company: RIVAL, key: 2 + rival.random(9), session: 1 })),
  rival => one(rival, rival.craft({ company: 3 + rival.random(9), key: 0, session: 1 })),
  altered((_, rival) => ({ auth: rival.heads() })),
  altered((_, rival) => ({ auth: [{ company: 0, seq: 1 + rival.random(9), id: random32(rival) }] })),
  altered((_, rival) => ({
    auth: [{ company: 0, seq: 7, id: (rival.heads()[0] as { id: Uint8Array }).id }]
  })),
  cutKey,
  // ENV-12
  tampered((_, rival) => ({ signature: Uint8Array.from({ length: 64 }, () => rival.random(256)) })),
  tampered(() => ({ signature: new Uint8Array(64) })),
  tampered(({ signature }) => ({ signature: malleated(signature) })),
  rival => one(rival, plain(rival), rival.arena.cast.mal.rootKey),
  impersonated,
  stolen,
  stolen,
  // ENV-13, UPD-14 to UPD-16
  altered((header, rival) => ({ clockEnd: header.clockEnd + 1 + rival.random(3) })),
  altered((_, rival) => ({ deletes: [{ ...anyTip(rival), clock: 0, length: 1 }] })),
  rival => one(rival, rival.craft(unpackClient(rival.newLane()), { clockEnd: 1 + rival.random(9) })),
  // UPD-20
  halfDeleted,
  // ENV-14, ENV-15
  altered((_, rival) => ({ deps: [anyTip(rival)] })),
  altered((header, rival) => ({ deps: [...header.deps, { ...anyTip(rival), id: random32(rival) }] })),
  rival => {
    const client = rival.lane()
    const head = rival.facet.head(client)
    const unsigned = plain(rival, client)
    if (head) unsigned.header.deps = [tipOf(head)]
    return one(rival, unsigned)
  },
  tied,
  fork,
  fork,
  // ENV-18
  intoPrivate,
  // Right, and strange.
  altered((_, rival) => ({ time: pick(rival, [0, ...BIG]) })),
  rival => one(rival, rival.craft(unpackClient(rival.newLane()))),
  rival =>
    one(rival, plain(rival, packClient({ company: RIVAL, key: 0, session: 2 ** 28 - 1 - rival.random(2) })))
]

/** Authority that names entries in places where they do not stand. */
function swapped(rival: Rival) {
  const refs = rival.heads()
  const last = refs[refs.length - 1]
  if (last) last.id = pick(rival, [refs[0]?.id ?? EMPTY, refs[1]?.id ?? EMPTY, random32(rival)])
  return refs
}
