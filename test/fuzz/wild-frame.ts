// Frames of every type, and space-log entries, made of what the victim really holds; then with one thing or more
// changed in their value or in their bytes.
import { sign } from '../../src/identity/ed25519.ts'
import { tipOf } from '../../src/replica/facet.ts'
import { type Frame, encodeFrame } from '../../src/sync/frame.ts'
import { headOf } from '../../src/sync/serving.ts'
import { EMPTY, fromHex } from '../../src/wire/bytes.ts'
import { decodeCbor, encodeCbor } from '../../src/wire/cbor.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  type EntryAct,
  type EntryRecord,
  encodeSpaceEntry,
  entrySignedBytes
} from '../../src/wire/space-entry.ts'
import type { Random } from '../replica/writers.ts'
import { acceptRecord } from '../sync/bench.ts'
import type { Corpus } from './corpus.ts'
import { RIVAL, type Rival } from './rival.ts'
import { agreementAct } from './wild-agreement.ts'
import { contributionAct } from './wild-contribution.ts'
import type { Said } from './wild-envelope.ts'
import { mutateBytes, mutateValue } from './wild-value.ts'

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T
}

function someBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256))
}

/** A frame of a random type that says something true. */
function frameOf(rival: Rival): Frame {
  const { random, facet, arena } = rival
  const { space, cast, victim } = arena
  const { genesisBytes } = victim.held(arena.facet)
  const tips = facet.tips().map(headOf)
  const point = () => headOf(tipOf(pick(random, facet.order())))
  const { identity, nodeCertificate: certificate } = cast.mal
  const { did, head: version, log } = identity
  const request = random(4)
  const all: (() => Frame)[] = [
    () => ({ type: 'hello', did, certificate, version, confirmed: random(2) === 0, invite: EMPTY }),
    () => ({ type: 'want-identity', did: pick(random, space.parties), offset: random(3) * 500 }),
    () => ({ type: 'identity', did, offset: 0, total: log.length, bytes: log }),
    () => ({
      type: 'spaces',
      spaces: [
        {
          id: space.id,
          tips: space.tips().map(t => ({ of: t.company, seq: t.seq, id: t.id })),
          versions: [version, '', 'x']
        }
      ]
    }),
    () => ({
      type: 'want-space',
      space: space.id,
      have: random(2) === 0 ? [] : space.tips().map(({ id }) => id)
    }),
    () => ({
      type: 'entries',
      space: space.id,
      genesis: random(3) === 0 ? space.genesisBytes : EMPTY,
      entries: [acceptRecord(space, cast.mal)]
    }),
    () => ({ type: 'summary', space: space.id, hash: someBytes(random, 32) }),
    () => ({ type: 'heads', space: space.id, facets: [{ genesis: genesisBytes, tips }] }),
    () => ({
      type: 'heads',
      space: space.id,
      facets: [{ genesis: genesisBytes, tips: [{ ...point(), id: someBytes(random, 32) }] }]
    }),
    () => ({
      type: 'need',
      facet: facet.id,
      request,
      lacks: [{ tip: point(), have: random(2) === 0 ? [] : [point()] }]
    }),
    () => ({ type: 'run', facet: facet.id, request, client: 1, records: [] }),
    () => ({ type: 'done', facet: facet.id, request }),
    () => ({ type: 'receipt', facet: facet.id, tips, signature: someBytes(random, 64) }),
    () => ({ type: 'presence', facet: facet.id, bytes: someBytes(random, random(99)) }),
    () => ({ type: 'bye', code: 'x', detail: 'y' })
  ]
  return pick(random, all)()
}

/** The frame as it is, with a changed value in it, or with changed bytes. */
export function wildFrame(rival: Rival, corpus: Corpus): Said {
  const { random } = rival
  const speaker = random(12) === 0 ? 'stranger' : 'rival'
  const count = random(8) === 0 ? 1 + random(12) : 1
  const frames = Array.from({ length: count }, () => {
    const bytes = random(10) === 0 ? pick(random, corpus.frames) : encodeFrame(frameOf(rival))
    return changed(bytes, random)
  })
  return { speaker, frames }
}

function changed(bytes: Uint8Array, random: Random): Uint8Array {
  const dice = random(10)
  if (dice === 0) return bytes
  if (dice < 4) return mutateBytes(bytes, random)
  let value = decodeCbor(bytes, 2 ** 20)
  if (isReject(value)) return mutateBytes(bytes, random)
  for (let n = random(3); n >= 0; n--) value = mutateValue(value, random)
  const encoded = encodeCbor(value)
  return dice === 9 ? mutateBytes(encoded, random) : encoded
}

/** An entry of the rival's chain, or nearly. */
export function wildEntry(rival: Rival, corpus: Corpus): Said {
  const { random, arena } = rival
  const { space } = arena
  const entries = Array.from({ length: 1 + (random(6) === 0 ? random(5) : 0) }, () => entryOf(rival, corpus))
  return { frames: [encodeFrame({ type: 'entries', space: space.id, genesis: EMPTY, entries })] }
}

function entryOf(rival: Rival, corpus: Corpus): EntryRecord {
  const { random, arena } = rival
  const { space, cast } = arena
  const of = random(12) === 0 ? pick(random, [0, 1, 3, 65_535]) : RIVAL
  // Seldom beside the head: two successors of one entry end the rival's part in the space.
  const head = space.head(RIVAL)
  const follows = head && random(12) > 0
  const seq = follows ? head.seq + 1 : random(3)
  const prev = follows ? head.id : seq === 0 ? undefined : someBytes(random, 32)
  const act = actOf(rival, corpus)
  let entry: Uint8Array = encodeSpaceEntry({
    space: space.id,
    company: of,
    seq,
    ...(prev && { prev }),
    act,
    time: random(9)
  })
  if (random(3) === 0) entry = changed(entry, random)
  if (random(20) === 0) entry = pick(random, corpus.entries)
  const by = pick(random, [
    cast.mal.role,
    cast.mal.role,
    cast.mal.rootKey,
    cast.malSecond.role,
    cast.bo.role,
    cast.mal.nodeKey
  ])
  const signature = sign(by, entrySignedBytes(entry))
  const dice = random(20)
  if (dice === 0) return { entry, signer: someBytes(random, 32), signature }
  if (dice === 1) return { entry, signer: by.publicKey.bytes, signature: mutateBytes(signature, random) }
  if (dice === 2) return { entry, signer: corpus.smallOrder, signature }
  return { entry, signer: by.publicKey.bytes, signature }
}

function actOf(rival: Rival, corpus: Corpus): EntryAct {
  const { random, arena, facet } = rival
  const { mal, bo } = arena.cast
  if (random(2) === 0) return agreementAct(rival)
  if (random(3) === 0) return contributionAct(rival)
  const point = () => ({ facet: facet.id, ...tipOf(pick(random, facet.order())) })
  const dice = random(12)
  if (dice < 5) return { kind: 'settle', point: point() }
  if (dice < 7)
    return {
      kind: 'cut',
      key: random(8) === 0 ? random(4_096) : 1,
      lanes: Array.from({ length: random(3) }, point)
    }
  const certificates = Array.from({ length: random(3) }, () => {
    const certificate = pick(random, [
      mal.roleCertificate,
      mal.nodeCertificate,
      bo.roleCertificate,
      ...corpus.certificates
    ])
    return random(2) === 0 ? mutateBytes(certificate, random) : certificate
  })
  if (dice < 11) return { kind: 'keys', certificates }
  return { kind: 'accept', rootVersion: mal.identity.head, certificates }
}

export const SMALL_ORDER = fromHex(
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
) as Uint8Array
