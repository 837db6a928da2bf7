// A member that puts spaces before a node which are none of its business, with logs without end, and that hands over
// entries as only nodes of one company do to each other. protocols/sync, SYN-52 and SYN-55.
import { sign } from '../../src/identity/ed25519.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { encodeSpaceGenesis, spaceId } from '../../src/wire/genesis.ts'
import {
  type EntryAct,
  type EntryRecord,
  REASON_CHARS_MAX,
  encodeSpaceEntry,
  entryId,
  entrySignedBytes
} from '../../src/wire/space-entry.ts'
import { runs } from './in-content.ts'
import type { Kind } from './kinds.ts'
import type { Scene } from './scene.ts'

/** As many as a company may put before a node. */
const SPACES = 16
/** 30 times 2 KB fit into a frame. */
const ENTRIES = 30

/** A space of the rival and of somebody whom nobody knows. */
class Elsewhere {
  readonly #scene: Scene
  readonly #genesis: Uint8Array
  #tip: { seq: number; id: Uint8Array } | undefined

  constructor(scene: Scene) {
    this.#scene = scene
    const parties = [scene.rival.identity.did, 'did:webvh:nobody:parley.invalid']
    this.#genesis = encodeSpaceGenesis({
      nonce: scene.random.bytes(16),
      title: 'Else',
      pairing: 'CTO',
      parties
    })
  }

  /** Names the space as it now is, and tells the next entries of it. */
  more(): Frame[] {
    const { rival } = this.#scene
    const isNew = this.#tip === undefined
    const { identity, roleCertificate } = rival
    const accept: EntryAct = { kind: 'accept', rootVersion: identity.head, certificates: [roleCertificate] }
    const no: EntryAct = {
      kind: 'reject',
      revision: new Uint8Array(32),
      reason: 'x'.repeat(REASON_CHARS_MAX)
    }
    const entries = Array.from({ length: ENTRIES }, (_, i) => this.#next(isNew && i === 0 ? accept : no))
    const space = spaceId(this.#genesis)
    const tips = this.#tip ? [{ of: 0, ...this.#tip }] : []
    return [
      { type: 'spaces', spaces: [{ id: space, tips, versions: [identity.head, ''] }] },
      { type: 'entries', space, genesis: isNew ? this.#genesis : new Uint8Array(0), entries }
    ]
  }

  #next(act: EntryAct): EntryRecord {
    const { role } = this.#scene.rival
    const place = this.#tip ? { seq: this.#tip.seq + 1, prev: this.#tip.id } : { seq: 0 }
    const entry = encodeSpaceEntry({
      space: spaceId(this.#genesis),
      company: 0,
      ...place,
      act,
      time: Date.now()
    })
    this.#tip = { seq: place.seq, id: entryId(entry) }
    return { entry, signer: role.publicKey.bytes, signature: sign(role, entrySignedBytes(entry)) }
  }
}

function appends(scene: Scene): Frame[] {
  const { rival, random } = scene
  const { space } = scene.facet()
  const company = space.companyOf(rival.identity.did) as number
  return Array.from({ length: 50 }, () => {
    const act = { kind: 'reject', revision: random.bytes(32), reason: '' } as const
    const place = { space: space.id, company, seq: 1 + random.below(100), prev: random.bytes(32) }
    const entry = encodeSpaceEntry({ ...place, act, time: Date.now() })
    const signature = sign(rival.role, entrySignedBytes(entry))
    return { type: 'append', space: space.id, entry, signer: rival.role.publicKey.bytes, signature }
  })
}

export const inSpaces: Kind[] = [
  { name: 'spaces-elsewhere', as: 'member', ...elsewhere() },
  { name: 'append-foreign', as: 'member', ...runs(appends) }
]

function elsewhere(): Pick<Kind, 'prepare' | 'run'> {
  let spaces: Elsewhere[] = []
  return runs((scene, n) => {
    if (n === 0) spaces = Array.from({ length: SPACES }, () => new Elsewhere(scene))
    return (spaces[n % SPACES] as Elsewhere).more()
  })
}
