// Frames about decisions, of messages that are right, or nearly: by the rival, by others who decide with it, and by
// nobody.
import { Decision } from '../../src/decision/decision.ts'
import { type Message, parseMessage } from '../../src/decision/message.ts'
import { MESSAGE_KINDS, type MessageKind, type StatementKind } from '../../src/decision/schema.ts'
import { encodeFrame, type Frame } from '../../src/sync/frame.ts'
import { EMPTY, fromHex, toHex } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { isReject } from '../../src/wire/reject.ts'
import type { Random } from '../replica/writers.ts'
import { must } from '../sim/company.ts'
import { type Holder, type Said as Word, commitment, holderOf, initiation, said } from '../sim/deciding.ts'
import type { Rival } from './rival.ts'
import type { Said } from './wild-envelope.ts'
import { mutateBytes } from './wild-value.ts'

/** Few, so that what was committed to is opened now and then. */
const SALTS = ['11'.repeat(32), '22'.repeat(32)] as const

/** Beyond it the rival goes on with those that it has begun. */
const DECISIONS_MAX = 5

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T
}

function someId(random: Random): string {
  return toHex(sha256(Uint8Array.of(random(256), random(256))))
}

function bytesOf(id: string): Uint8Array {
  return fromHex(id) as Uint8Array
}

function heldBy({ arena }: Rival): Decision[] {
  const { victim, space } = arena
  return victim.core.decisions.book.of(space).map(({ decision }) => decision)
}

export function wildDecision(rival: Rival): Said {
  const { random, arena } = rival
  if (heldBy(rival).length < DECISIONS_MAX && random(3) === 0) {
    const words = courseOf(rival)
    const space = arena.space.id
    const frames: Uint8Array[] = []
    while (words.length > 0) {
      const records = words.splice(0, 1 + random(6))
      frames.push(encodeFrame({ type: 'messages', space, request: 0, records }))
    }
    return { frames }
  }
  const count = random(6) === 0 ? 1 + random(8) : 1
  const frames = Array.from({ length: count }, () => {
    const bytes = encodeFrame(frameOf(rival))
    return random(12) === 0 ? mutateBytes(bytes, random) : bytes
  })
  return { frames }
}

function frameOf(rival: Rival): Frame {
  const { random, arena } = rival
  const { id: space } = arena.space
  const held = heldBy(rival)
  const someIds = () => {
    const ids = held.flatMap(({ messages }) => [...messages.keys()])
    return Array.from({ length: random(20) }, () =>
      ids.length > 0 && random(4) > 0 ? pick(random, ids) : someId(random)
    )
  }
  const bound = () => (random(3) === 0 ? bytesOf(someId(random)) : EMPTY)
  const dice = random(20)
  if (dice === 0) return { type: 'decision-summary', space, hash: bytesOf(someId(random)) }
  if (dice === 1) {
    const decisions = someIds().map(id => ({ id: bytesOf(id), digest: bytesOf(someId(random)) }))
    return { type: 'decisions', space, decisions }
  }
  if (dice === 2) {
    const wanted = someIds().map(id => ({ decision: bytesOf(id), have: someIds().map(bytesOf) }))
    const range = { after: bound(), upTo: bound() }
    return { type: 'want-messages', space, request: random(3), ...range, wanted }
  }
  const records = Array.from({ length: 1 + (random(4) === 0 ? random(6) : 0) }, () => recordOf(rival, held))
  return { type: 'messages', space, request: random(3), records }
}

/** Who decides here, the rival first. */
function holdersOf({ arena }: Rival): [Holder, ...Holder[]] {
  const { mal, malSecond, ada, bo } = arena.cast
  return [mal, ada, bo, malSecond].map(holderOf) as [Holder, ...Holder[]]
}

function recordOf(rival: Rival, held: Decision[]): { document: Uint8Array; certificate: Uint8Array } {
  const { random } = rival
  const { document, certificate } = wordOf(rival, held)
  const dice = random(30)
  if (dice === 0) return { document: mutateBytes(document, random), certificate }
  if (dice === 1) return { document, certificate: mutateBytes(certificate, random) }
  if (dice === 2) return { document, certificate: pick(random, holdersOf(rival)).certificate }
  return { document, certificate }
}

function wordOf(rival: Rival, held: Decision[]): Word {
  const { random, arena } = rival
  const holders = holdersOf(rival)
  const decision = held.length > 0 ? pick(random, held) : undefined
  if (!decision || (held.length < DECISIONS_MAX && random(15) === 0)) {
    const nonce = random(256).toString(16).padStart(32, '0')
    const electors = random(6) === 0 ? holders.slice(0, 2) : holders.slice(0, 3)
    return initiation(arena.space, electors, { nonce, ...(random(10) === 0 && { space: someId(random) }) })
  }
  const holder = pick(random, random(5) === 0 ? holders : holders.slice(0, 3))
  const option = random(8) === 0 ? random(20) : random(2)
  const salt = random(10) === 0 ? someId(random) : pick(random, SALTS)
  const id = random(20) === 0 ? someId(random) : decision.id
  const dice = random(10)
  if (dice < 3) return commitment(holder, id, { option, salt }).said
  if (dice < 4) return revealOf(holder, id, { option, salt })
  if (dice < 8) return statementOf(rival, decision, holder)
  return said(holder, pick(random, MESSAGE_KINDS) as 'decision-context.v1', {
    commitment: salt,
    decision: id
  })
}

/** A decision from its beginning to somewhere, as honest electors would take it, but for a word here and there. */
function courseOf(rival: Rival): Word[] {
  const { random, arena } = rival
  const holders = holdersOf(rival).slice(0, 3)
  const { identityOf } = arena.victim.core.context.directory
  const words: Word[] = []
  const begun = initiation(arena.space, holders, { nonce: random(65_536).toString(16).padStart(32, '0') })
  const decision = new Decision(must(parseMessage(begun, identityOf)) as Message<'decision-initiation.v1'>)
  const say = (word: Word) => {
    if (random(25) === 0) return
    const message = parseMessage(word, identityOf)
    if (!isReject(message) && !('waitsFor' in message)) decision.add(message)
    words.push(random(25) === 0 ? wordOf(rival, [decision]) : word)
  }
  const option = random(2)
  const ballots = holders.map(holder => {
    const choice = random(4) === 0 ? 1 - option : option
    return { holder, ballot: { option: choice, salt: pick(random, SALTS) } }
  })
  for (const { holder, ballot } of ballots) say(commitment(holder, begun.id, ballot).said)
  for (const kind of ['decision-close.v1', 'decision-settle.v1'] as const) {
    const isClose = kind === 'decision-close.v1'
    if (!isClose) for (const { holder, ballot } of ballots) say(revealOf(holder, begun.id, ballot))
    const rounds = isClose ? decision.closing : decision.settling
    for (let round = 0; round < 3; round++) {
      const known = isClose ? decision.of('decision-commitment.v1').map(({ id }) => id) : decision.revealed
      for (const holder of holders) {
        const next = rounds.next(round, known)
        if (next) say(said(holder, kind, { ...next, decision: begun.id, round }))
      }
    }
  }
  return [begun, ...words.slice(0, random(4) === 0 ? random(words.length + 1) : words.length)]
}

/** Opens a commitment that was made with these dice, or none. */
function revealOf(holder: Holder, decision: string, ballot: { option: number; salt: string }): Word {
  const { secret } = commitment(holder, decision, ballot)
  return said(holder, 'decision-reveal.v1', { decision, ...secret })
}

function statementOf({ random }: Rival, decision: Decision, holder: Holder): Word {
  const kind: StatementKind = random(2) === 0 ? 'decision-close.v1' : 'decision-settle.v1'
  const isClose = kind === 'decision-close.v1'
  const rounds = isClose ? decision.closing : decision.settling
  const named: MessageKind = isClose ? 'decision-commitment.v1' : 'decision-reveal.v1'
  const round = random(10) === 0 ? random(64) : random(rounds.count + 1)
  const all = decision.of(named).map(({ id }) => id)
  const known = random(3) === 0 ? all.filter(() => random(2) === 0) : all
  const next = rounds.next(round, known)
  const set = next && random(6) > 0 ? next.set : known.slice(0, 6)
  const because = next && random(6) > 0 ? next.because : rounds.of(round - 1).map(({ id }) => id)
  if (random(12) === 0) set.push(someId(random))
  const body = { because: because.slice(0, 32), decision: decision.id, round, set: set.slice(0, 64) }
  return said(holder, kind, random(8) === 0 ? body : { ...body, set: body.set.toSorted() })
}
