// What an elector who lies, or two holders who are apart, can do to the order of things: everybody who has the same
// messages comes to the same, and what is settled can be certified.
import { describe, expect, it } from 'vitest'
import { certify } from '../../src/decision/certificate.ts'
import { verifyCertificate } from '../../src/decision/certificate-check.ts'
import { Decision } from '../../src/decision/decision.ts'
import { turnOf } from '../../src/decision/elector.ts'
import type { Message } from '../../src/decision/message.ts'
import type { Ballot } from '../../src/decision/schema.ts'
import { issueRoleCertificate } from '../../src/identity/certificate.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import {
  type Holder,
  HOUR,
  START,
  ballotOf,
  commit,
  companyOf,
  holderOf,
  identityOf,
  initiate,
  must,
  policyOf,
  say
} from '../../scripts/vectors/decision-builders.ts'

const YES = { choice: 'option' as const, option: 0 }
const NO = { choice: 'reject' as const, objection: { argument: 'Why?', change: 'Say why.' } }
const SALT = toHex(sha256(utf8('salt')))

type Statement = 'decision-close.v1' | 'decision-settle.v1'

function state(one: Decision, kind: Statement, holder: Holder, round: number, set: string[], on: string[]) {
  const body = { decision: one.id, round, set: set.toSorted(), because: on.toSorted() }
  const message = say(holder, kind, body)
  expect(one.add(message)).toBe('added')
  return message.id
}

/** Two rounds of the same word by all of them. */
function agree(one: Decision, kind: Statement, holders: Holder[], set: string[]): void {
  const first = holders.map(holder => state(one, kind, holder, 0, set, []))
  for (const holder of holders) state(one, kind, holder, 1, set, first)
}

function reveal(holder: Holder, decision: string, ballot: Ballot, salt: string, time = START) {
  return say(holder, 'decision-reveal.v1', { decision, ballot, salt }, time)
}

/** The same key, certified for another role as well. */
function alsoCfo(holder: Holder): Holder {
  const { identity, rootKey } = companyOf('acme')
  const request = {
    company: identity.did,
    role: 'CFO' as const,
    holder: { kind: 'human' as const, name: 'Ada' },
    key: holder.key.publicKey
  }
  const grant = { powers: ['vote' as const], validFrom: START - HOUR, validUntil: START + 60 * HOUR }
  const certificate = must(issueRoleCertificate(identity, rootKey, request, grant))
  const { payload } = JSON.parse(Buffer.from(certificate).toString()) as { payload: string }
  const certificateId = toHex(sha256(Buffer.from(payload, 'base64')))
  return { ...holder, role: 'CFO', certificate, certificateId }
}

function ids(messages: readonly Message[]): string[] {
  return messages.map(({ id }) => id)
}

describe('a reveal', () => {
  const NAMES = ['acme', 'borealis', 'cobalt', 'dorado']
  const HOLDERS = NAMES.map(name => holderOf(name, 'CTO')) as [Holder, Holder, Holder, Holder]
  const [ADA, BO, CLEO, DAN] = HOLDERS

  it('[DEC-12] opens what was closed, though its signer has said the same commitment twice', () => {
    const initiation = initiate(ADA, policyOf(NAMES.map(name => ({ name }))))
    const twins = [0, 1, 2, 3].map(minute => commit(DAN, initiation.id, YES, START + minute * 60_000, SALT))
    const [low, high] = twins.map(({ message }) => message).sort((a, b) => (a.id < b.id ? -1 : 1))
    const opening = reveal(DAN, initiation.id, ballotOf(DAN, initiation.id, YES), SALT)
    const heard = (order: 'low first' | 'reveal first') => {
      const one = new Decision(initiation)
      const others = [ADA, BO, CLEO].map(holder => commit(holder, initiation.id, YES).message)
      for (const message of [...others, high as Message]) one.add(message)
      agree(one, 'decision-close.v1', [ADA, BO, CLEO], [...ids(others), (high as Message).id])
      const late = order === 'low first' ? [low as Message, opening] : [opening, low as Message]
      for (const message of late) expect(one.add(message)).toBe('added')
      return { revealed: one.revealed, unrevealed: one.unrevealed.length }
    }
    expect(heard('low first')).toEqual({ revealed: [opening.id], unrevealed: 3 })
    expect(heard('reveal first')).toEqual({ revealed: [opening.id], unrevealed: 3 })
  })

  it('[DEC-12] opens no commitment of another elector, though one key holds both roles', () => {
    const both = alsoCfo(ADA)
    const policy = policyOf([
      { name: 'acme', weight: 3 },
      { name: 'acme', role: 'CFO' },
      { name: 'cobalt', weight: 2 }
    ])
    const initiation = initiate(ADA, policy, {
      voices: [ADA, ADA, CLEO].map(holder => holder.key.publicKey.multikey)
    })
    const one = new Decision(initiation)
    const { message, secret } = commit(both, initiation.id, YES)
    const { commitment } = message.payload
    // One that stands before the own in the order of ids.
    const copies = Array.from({ length: 20 }, (_, i) => {
      return say(ADA, 'decision-commitment.v1', { decision: one.id, commitment }, START + i * 60_000)
    })
    const copied = copies.find(({ id }) => id < message.id) as Message
    one.add(copied)
    expect(one.add(reveal(both, one.id, secret.ballot, secret.salt))).toBe('waits')
    one.add(message)
    expect(one.waiting).toEqual([])
    agree(one, 'decision-close.v1', [ADA, both, CLEO], ids([copied, message]))
    expect(one.tally(one.revealed).approve).toEqual([1, 0])
    agree(one, 'decision-settle.v1', [ADA, both, CLEO], one.revealed)
    const verified = verifyCertificate(must(certify(one, identityOf)))
    expect(must(verified).file.outcome.tally.approve).toEqual([1, 0])
  })
})

describe('one key in two roles', () => {
  it('[DEC-8] speaks for each of them in turn', () => {
    const [ada, cleo] = [holderOf('acme', 'CTO'), holderOf('cobalt', 'CTO')]
    const cfo = alsoCfo(ada)
    const seats = [ada, cfo, cleo]
    const policy = policyOf([{ name: 'acme' }, { name: 'acme', role: 'CFO' }, { name: 'cobalt' }])
    const voices = seats.map(({ key }) => key.publicKey.multikey)
    const one = new Decision(initiate(ada, policy, { voices }))
    const votes = seats.map(holder => commit(holder, one.id, YES))
    for (const { message } of votes) expect(one.add(message)).toBe('added')
    const secretOf = (id: string) => votes.find(({ message }) => message.id === id)?.secret
    const seen = seats.map(() => new Map<string, number>())
    const speak = () => {
      for (const [elector, holder] of seats.entries()) {
        const key = holder.key.publicKey.multikey
        const voice = { elector, key, secretOf, isTimely: () => true }
        for (const { kind, ...body } of turnOf(one, voice, seen[elector] as Map<string, number>, START)
          .words) {
          const message = say(holder, kind, { ...body, decision: one.id })
          expect(one.add(message), kind).toBe('added')
        }
      }
    }
    for (let i = 0; i < 8 && !one.settled; i++) speak()
    expect(one.settled?.tally.approve).toEqual([3, 0])
    expect(one.equivocations).toEqual([])
  })
})

describe('rounds', () => {
  it('[DEC-17] go on though one of two holders opens a ballot twice, to push out that of the other', () => {
    const names = ['acme', 'borealis', 'cobalt', 'dorado']
    const [ada, bo, cleo, dan] = names.map(name => holderOf(name, 'CTO')) as [Holder, Holder, Holder, Holder]
    const second = holderOf('dorado', 'CTO', 2)
    const one = new Decision(initiate(ada, policyOf(names.map(name => ({ name })))))
    const votes = [ada, bo, cleo, dan, second].map(holder => {
      return { holder, ...commit(holder, one.id, holder === cleo ? NO : YES) }
    })
    for (const { message } of votes) one.add(message)
    agree(one, 'decision-close.v1', [ada, bo, cleo], ids(votes.map(({ message }) => message)))
    const [a, b, c, d, other] = votes.map(({ holder, secret }) => {
      return reveal(holder, one.id, secret.ballot, secret.salt)
    }) as [Message, Message, Message, Message, Message]
    // The same again at other times, until both stand before that of the second holder.
    const { secret } = votes[3] as (typeof votes)[number]
    const again = Array.from({ length: 40 }, (_, i) => {
      return reveal(dan, one.id, secret.ballot, secret.salt, START + (i + 1) * 60_000)
    }).filter(({ id }) => id < other.id)
    const twice = [...again, d].sort((x, y) => (x.id < y.id ? -1 : 1)).slice(0, 2)
    for (const message of [a, b, c, other, ...twice]) expect(one.add(message)).toBe('added')
    const [first, last] = ids(twice) as [string, string]
    const full = [a.id, b.id, last, other.id]
    const before = [ada, bo, dan].map(holder => state(one, 'decision-settle.v1', holder, 0, full, []))
    expect(one.tally(full).approved).toBe(0)
    state(one, 'decision-settle.v1', cleo, 0, [a.id, b.id, c.id, first], [])
    for (const holder of [ada, bo, dan]) {
      const next = one.settling.next(1, one.revealed)
      expect(next?.because).toEqual(expect.arrayContaining(before))
      state(one, 'decision-settle.v1', holder, 1, next?.set ?? [], next?.because ?? [])
    }
    expect(one.settled?.tally.approved).toBe(0)
    expect(must(verifyCertificate(must(certify(one, identityOf)))).file.outcome.approved?.option).toBe(0)
  })
})

describe('a certificate', () => {
  it('[DEC-13] is made though somebody leaves the own ballot out, and another names it', () => {
    const names = Array.from({ length: 13 }, (_, i) => `company${i}`)
    const holders = names.map(name => holderOf(name, 'CTO'))
    const [approvers, liar, critic] = [holders.slice(0, 7), holders[7] as Holder, holders[8] as Holder]
    const one = new Decision(initiate(holders[0] as Holder, policyOf(names.map(name => ({ name })))))
    const voters = [...approvers, liar, critic]
    const votes = voters.map(holder => ({ holder, ...commit(holder, one.id, holder === critic ? NO : YES) }))
    for (const { message } of votes) one.add(message)
    agree(one, 'decision-close.v1', holders, ids(votes.map(({ message }) => message)))
    const reveals = votes.map(({ holder, secret }) => reveal(holder, one.id, secret.ballot, secret.salt))
    for (const message of reveals) expect(one.add(message)).toBe('added')
    const few = ids(reveals.slice(0, 7))
    const settle = (holder: Holder, round: number, set: string[], on: string[] = []) =>
      state(one, 'decision-settle.v1', holder, round, set, on)
    const first = approvers.map(holder => settle(holder, 0, few))
    // What nobody but the critic has heard of when they speak.
    settle(critic, 1, ids(reveals), first)
    settle(liar, 1, few, first)
    for (const holder of approvers) settle(holder, 1, few, first)
    expect(one.settled?.tally.approved).toBe(0)
    const verified = verifyCertificate(must(certify(one, identityOf)))
    expect(must(verified).file.outcome.approved?.option).toBe(0)
  })

  it(
    '[DEC-23] is made though each liar shows each of the others another statement',
    { timeout: 60_000 },
    () => {
      const names = Array.from({ length: 32 }, (_, i) => `party${i}`)
      const holders = names.map(name => holderOf(name, 'CTO'))
      const [honest, liars] = [holders.slice(0, 22), holders.slice(22)]
      const one = new Decision(initiate(holders[0] as Holder, policyOf(names.map(name => ({ name })))))
      const votes = holders.map(holder => ({ holder, ...commit(holder, one.id, YES) }))
      for (const { message } of votes) one.add(message)
      const set = ids(votes.map(({ message }) => message)).sort()
      const close = (holder: Holder, round: number, because: string[], minute = 0) => {
        const body = { decision: one.id, round, set, because: because.toSorted() }
        return say(holder, 'decision-close.v1', body, START + minute * 60_000)
      }
      const first = honest.map(holder => close(holder, 0, []))
      const shown = honest.map((_, minute) => liars.map(holder => close(holder, 0, [], minute)))
      const second = [...honest, ...liars.slice(0, 4)].map((holder, i) => {
        const lies = shown[i % shown.length] as Message[]
        return close(holder, 1, ids([...first.slice(0, 16), ...lies]))
      })
      for (const message of [...second, ...first, ...shown.flat()]) one.add(message)
      expect(one.closed?.statements).toHaveLength(26)
      const reveals = votes.map(({ holder, secret }) => reveal(holder, one.id, secret.ballot, secret.salt))
      for (const message of reveals) one.add(message)
      agree(one, 'decision-settle.v1', holders, ids(reveals))
      const verified = must(verifyCertificate(must(certify(one, identityOf))))
      expect(verified.messages.closes).toHaveLength(26 + 16 + 220)
      expect(verified.file.outcome.approved?.option).toBe(0)
    }
  )
})
