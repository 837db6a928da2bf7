// A rival who knows the format: honest bodies with one to three things changed so that most of them still
// parse, plus raw damage to bytes.
import type { DeleteRange } from '../../src/wire/envelope.ts'
import type { Client } from '../../src/wire/lane.ts'
import { type StructToWrite, encodeUpdate } from '../../src/wire/update-encode.ts'
import type { StructId } from '../../src/wire/update-reader.ts'
import type { ScannedStruct } from '../../src/wire/update.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import type { Random, Written } from './writers.ts'

export interface Draft {
  client: Client
  clock: number
  structs: StructToWrite[]
  deletes: DeleteRange[]
}

/** Where a rival stands, and what it may point at. */
export interface Targets {
  client: Client
  clock: number
  ids: StructId[]
  /** Nested types: most tricks need one. */
  types: StructId[]
}

/** A few units from what has been written. */
export function targetsIn(written: Written[], client: Client, clock: number, random: Random): Targets {
  const targets: Targets = { client, clock, ids: [], types: [] }
  for (let i = 0; i < 8; i++) {
    const from = written[random(written.length)] as Written
    for (const { kind, clock, length } of from.update.structs) {
      targets.ids.push({ client: from.client, clock: clock + random(length) })
      if (kind === 'type') targets.types.push({ client: from.client, clock })
    }
  }
  if (targets.ids.length === 0) targets.ids.push({ client, clock: 0 })
  return targets
}

/** Rewrites an honest body as the rival's own next body; it then refers to the honest author's structs. */
export function draftFrom({ body, update }: Written, { client, clock }: Targets): Draft {
  const deletes = update.deletes.map(range => ({ ...range }))
  return { client, clock, structs: update.structs.map(struct => toWrite(body, struct)), deletes }
}

function toWrite(body: Uint8Array, struct: ScannedStruct): StructToWrite {
  const holdsContent = struct.kind === 'string' || struct.kind === 'any'
  return { ...struct, content: holdsContent ? body.slice(struct.start, struct.end) : new Uint8Array() }
}

const NAMES = ['text', 'meta', 'list', 'cards', 'stack', 'nowhere', '__proto__']
const KEYS = ['title', 'notes', 'tags', 'parts', 'a', 'x', '', 'constructor']
const KINDS = ['gc', 'deleted', 'string', 'any', 'type'] as const
const TYPES = ['array', 'map', 'text'] as const

export function mutate(draft: Draft, targets: Targets, random: Random): Uint8Array {
  for (let i = random(3); i >= 0; i--) mutateOnce(draft, targets, random)
  const bytes = encodeUpdate(draft.client, draft.clock, draft.structs, draft.deletes)
  return random(8) === 0 ? damage(bytes, random) : bytes
}

function mutateOnce(draft: Draft, targets: Targets, random: Random): void {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T
  const anyId = (): StructId => {
    const dice = random(4)
    if (dice === 0) return { client: draft.client, clock: draft.clock + random(8) }
    if (dice === 1) return { client: draft.client, clock: random(draft.clock + 4) }
    const id = pick(targets.ids)
    return dice === 2 ? id : { client: id.client, clock: Math.max(0, id.clock + random(5) - 2) }
  }
  const struct = draft.structs[random(draft.structs.length)]
  const dice = random(22)
  if (dice < 4 || !struct) return mutateDeletes(draft, anyId, random)
  if (dice === 4) struct.origin = anyId()
  else if (dice === 5) struct.right = anyId()
  else if (dice === 6) struct.origin = undefined
  else if (dice === 7) struct.right = undefined
  else if (dice === 8) struct.parent = random(2) === 0 ? pick(NAMES) : anyId()
  else if (dice === 9) struct.key = random(3) === 0 ? undefined : pick(KEYS)
  else if (dice === 10) struct.keyed = random(2) === 0
  else if (dice === 11) become(struct, pick(KINDS), random)
  else if (dice === 12) struct.type = pick(TYPES)
  else if (dice === 13) struct.length = random(6)
  else if (dice === 14) draft.structs.splice(random(draft.structs.length), 1)
  else if (dice === 15) draft.structs.push({ ...struct })
  else if (dice === 16) draft.structs.reverse()
  else if (dice === 17) draft.clock += random(3) - 1
  else if (dice === 18 && random(4) === 0) draft.client = pick(targets.ids).client
  else
    draft.structs.unshift(
      childOf(targets.types.length > 0 ? pick(targets.types) : anyId(), pick(KEYS), random)
    )
  for (const each of draft.structs) mend(each, draft, random)
}

/** Keeps the draft writable: a struct without neighbours needs a parent, one with neighbours has none. */
function mend(struct: StructToWrite, draft: Draft, random: Random): void {
  if (struct.kind === 'gc')
    Object.assign(struct, {
      origin: undefined,
      right: undefined,
      parent: undefined,
      key: undefined,
      keyed: false
    })
  else if (struct.origin || struct.right) Object.assign(struct, { parent: undefined, key: undefined })
  else struct.parent ??= NAMES[random(5)]
  if (!struct.origin && !struct.right) struct.keyed = struct.key !== undefined
}

function become(struct: StructToWrite, kind: StructToWrite['kind'], random: Random): void {
  struct.kind = kind
  struct.content = new Uint8Array()
  struct.length = 1 + random(3)
  struct.type = kind === 'type' ? TYPES[random(3)] : undefined
  if (kind === 'string') struct.content = utf8('xyz🙂'.slice(0, struct.length === 3 ? 5 : struct.length))
  if (kind === 'any') struct.content = new Uint8Array(struct.length).fill(126)
}

function childOf(parent: StructId, key: string, random: Random): StructToWrite {
  const keyed = random(2) === 0
  const struct: StructToWrite = {
    kind: 'any',
    length: 1,
    parent,
    key: keyed ? key : undefined,
    content: new Uint8Array([126])
  }
  become(struct, KINDS[1 + random(4)] as StructToWrite['kind'], random)
  return struct
}

function mutateDeletes(draft: Draft, anyId: () => StructId, random: Random): void {
  const range = draft.deletes[random(draft.deletes.length)]
  const dice = random(5)
  if (dice === 0 && range) range.length += random(4)
  else if (dice === 1 && range) range.clock += random(4)
  else if (dice === 2) draft.deletes.push({ ...anyId(), length: 1 + random(5) })
  else if (dice === 3) draft.deletes.splice(random(draft.deletes.length + 1), 1)
  else if (range) Object.assign(range, anyId())
  if (random(6) > 0) draft.deletes = merged(draft.deletes)
}

/** As Yjs would write them, so that the mutant gets past the scanner. */
function merged(ranges: DeleteRange[]): DeleteRange[] {
  const out: DeleteRange[] = []
  for (const range of ranges.toSorted((a, b) => a.client - b.client || a.clock - b.clock)) {
    const last = out.at(-1)
    if (last && last.client === range.client && last.clock + last.length >= range.clock) {
      last.length = Math.max(last.length, range.clock + range.length - last.clock)
    } else out.push({ ...range })
  }
  return out
}

function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = [...bytes]
  const at = random(copy.length)
  const dice = random(4)
  if (dice === 0) copy[at] = random(256)
  else if (dice === 1) copy[at] = (copy[at] as number) ^ (1 << random(8))
  else if (dice === 2) copy.splice(at, 1)
  else copy.splice(at, 0, random(256))
  return new Uint8Array(copy)
}
