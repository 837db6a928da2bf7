import { describe, expect, it } from 'vitest'
import { Decision, settledDigest } from '../../src/decision/decision.ts'
import { progressOf } from '../../src/decision/progress.ts'
import { ROUND_WAIT_MS, turnOf } from '../../src/decision/elector.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  HOUR,
  type Holder,
  START,
  UNANIMITY,
  commit,
  holderOf,
  initiate,
  play,
  policyOf,
  say
} from '../../scripts/vectors/decision-builders.ts'

const NAMES = ['acme', 'borealis', 'cobalt', 'dorado']
const HOLDERS = NAMES.map(name => holderOf(name, 'CTO')) as [Holder, Holder, Holder, Holder]
const [ADA, BO, CLEO, DAN] = HOLDERS
const INITIATION = initiate(ADA, policyOf(NAMES.map(name => ({ name }))))
const YES = { choice: 'option' as const, option: 0 }
const NO = { choice: 'reject' as const, objection: { argument: 'Why?', change: 'Say why.' } }
const ABSTAIN = { choice: 'abstain' as const }
const decision = INITIATION.id

/** All four have committed; each statement is made by hand. */
function committed() {
  const one = new Decision(INITIATION)
  const commitments = HOLDERS.map(holder => commit(holder, decision, YES))
  for (const { message } of commitments) one.add(message)
  const ids = commitments.map(({ message }) => message.id).sort()
  return { one, ids, commitments }
}

const close = (holder: Holder, round: number, set: string[], because: string[] = []) =>
  say(holder, 'decision-close.v1', {
    decision,
    round,
    set: set.toSorted(),
    because: because.toSorted()
  })

const codeOf = (value: unknown) => (isReject(value) ? value.code : value)

describe('messages', () => {
  it('[DEC-4] a close and a settle with one payload are two messages', () => {
    const nothing = { decision, round: 0, set: [], because: [] }
    const kinds = ['decision-close.v1', 'decision-settle.v1'] as const
    const [closed, settled] = kinds.map(kind => say(ADA, kind, nothing))
    expect(closed?.payload).toEqual(settled?.payload)
    expect(closed?.id).not.toBe(settled?.id)
  })

  it('[DEC-6] one that names another decision is refused', () => {
    const one = new Decision(INITIATION)
    const other = commit(ADA, '0'.repeat(64), YES).message
    expect(codeOf(one.add(other))).toBe('message-signer')
  })

  it('[DEC-7] nobody speaks who is no elector', () => {
    const one = new Decision(INITIATION)
    expect(codeOf(one.add(commit(holderOf('elm', 'CTO'), decision, YES).message))).toBe('message-power')
    expect(codeOf(one.add(commit(holderOf('acme', 'CFO'), decision, YES).message))).toBe('message-power')
  })

  it('[DEC-7] another holder of the role may commit, and only the voice closes', () => {
    const { one, ids } = committed()
    const second = holderOf('acme', 'CTO', 2)
    expect(one.add(commit(second, decision, YES).message)).toBe('added')
    expect(codeOf(one.add(close(second, 0, ids)))).toBe('message-power')
    expect(one.add(close(ADA, 0, ids))).toBe('added')
  })

  it('[DEC-8] two commitments of one key are proof; two of two holders accuse nobody', () => {
    const { one } = committed()
    one.add(commit(holderOf('borealis', 'CTO', 2), decision, NO).message)
    expect(one.equivocations).toEqual([])
    one.add(commit(ADA, decision, NO).message)
    expect(one.equivocations).toHaveLength(1)
    expect(one.equivocations[0]?.key).toBe(ADA.key.publicKey.multikey)
  })

  it('[DEC-8] a third commitment of one key is not kept', () => {
    const { one } = committed()
    expect(one.add(commit(ADA, decision, NO).message)).toBe('added')
    expect(one.add(commit(ADA, decision, ABSTAIN).message)).toBe('full')
  })

  it('[DEC-30] unless a statement names it', () => {
    const { one, ids } = committed()
    one.add(commit(ADA, decision, NO).message)
    const third = commit(ADA, decision, ABSTAIN).message
    expect(one.add(close(BO, 0, [...ids.slice(1), third.id]))).toBe('waits')
    expect(one.add(third)).toBe('added')
    expect(one.waiting).toEqual([])
  })
})

describe('rounds', () => {
  it('[DEC-13] the first round names nothing before it, and a later one weight enough', () => {
    const { one, ids } = committed()
    const [a, b, c] = [ADA, BO, CLEO].map(holder => close(holder, 0, ids))
    for (const message of [a, b, c]) one.add(message as never)
    expect(codeOf(one.add(close(DAN, 1, ids, [a?.id ?? '', b?.id ?? ''])))).toBe('round-because')
    expect(codeOf(one.add(close(DAN, 0, ids, [a?.id ?? ''])))).toBe('round-because')
  })

  it('[DEC-15] who names three that say the same says the same', () => {
    const { one, ids } = committed()
    const named = [ADA, BO, CLEO].map(holder => close(holder, 0, ids.slice(0, 3)))
    for (const message of named) one.add(message)
    const because = named.map(({ id }) => id)
    expect(codeOf(one.add(close(DAN, 1, ids, because)))).toBe('round-lock')
    expect(one.add(close(DAN, 1, ids.slice(0, 3), because))).toBe('added')
  })

  it('[DEC-16] a lock that is named is kept', () => {
    const { one, ids } = committed()
    const few = ids.slice(0, 3)
    const first = [close(ADA, 0, few), close(BO, 0, few), close(CLEO, 0, few), close(DAN, 0, ids)]
    for (const message of first) one.add(message)
    const [a, b, c, d] = first.map(({ id }) => id) as [string, string, string, string]
    const locked = close(ADA, 1, few, [a, b, c])
    const free = [close(BO, 1, ids, [a, b, d]), close(CLEO, 1, ids, [b, c, d])]
    for (const message of [locked, ...free]) expect(one.add(message as never)).toBe('added')
    const because = [locked, ...free].map(({ id }) => id)
    expect(codeOf(one.add(close(DAN, 2, ids, because)))).toBe('round-lock')
    expect(one.add(close(DAN, 2, few, because))).toBe('added')
  })

  it('[DEC-17] nothing that the round before named is left out', () => {
    const { one, ids } = committed()
    const first = [
      close(ADA, 0, ids.slice(0, 2)),
      close(BO, 0, ids.slice(1, 3)),
      close(CLEO, 0, ids.slice(2))
    ]
    for (const message of first) one.add(message)
    const because = first.map(({ id }) => id)
    expect(codeOf(one.add(close(DAN, 1, ids.slice(1), because)))).toBe('round-set')
    expect(one.add(close(DAN, 1, ids, because))).toBe('added')
  })

  it('[DEC-18] commitments are closed by three that are locked on one set', () => {
    const { one, ids } = committed()
    const first = [ADA, BO, CLEO].map(holder => close(holder, 0, ids))
    for (const message of first) one.add(message)
    const because = first.map(({ id }) => id)
    one.add(close(ADA, 1, ids, because))
    one.add(close(BO, 1, ids, because))
    expect(one.closed).toBeUndefined()
    one.add(close(CLEO, 1, ids, because))
    expect(one.closed?.set).toEqual(ids)
  })

  it('[DEC-13] statements that come before what they name count once it is here', () => {
    const { one, ids, commitments } = committed()
    const late = new Decision(INITIATION)
    const first = [ADA, BO, CLEO].map(holder => close(holder, 0, ids))
    const because = first.map(({ id }) => id)
    const second = [ADA, BO, CLEO].map(holder => close(holder, 1, ids, because))
    for (const message of [...second, ...first]) expect(late.add(message as never)).toBe('waits')
    for (const { message } of commitments) late.add(message)
    expect(late.closed?.set).toEqual(ids)
    expect(one.closed).toBeUndefined()
  })

  it('[DEC-14] an elector waits for the end of the window, and does not wait when all are there', () => {
    const { one } = committed()
    const voice = {
      elector: 0,
      key: ADA.key.publicKey.multikey,
      secretOf: () => undefined,
      isTimely: () => true
    }
    expect(turnOf(one, voice, new Map(), START).words).toHaveLength(1)
    const fewer = new Decision(INITIATION)
    fewer.add(commit(BO, decision, YES).message)
    expect(turnOf(fewer, voice, new Map(), START)).toEqual({ words: [], wakeAt: START + HOUR })
    const late = turnOf(fewer, { ...voice, isTimely: () => false }, new Map(), START + HOUR)
    expect(late.words).toMatchObject([{ round: 0, set: [] }])
  })

  it('[DEC-14] who makes up the turnout at the last moment leaves the others time', () => {
    const one = new Decision(INITIATION)
    const voice = {
      elector: 0,
      key: ADA.key.publicKey.multikey,
      secretOf: () => undefined,
      isTimely: () => true
    }
    const seen = new Map<string, number>()
    one.add(commit(BO, decision, YES).message)
    expect(turnOf(one, voice, seen, START).wakeAt).toBe(START + HOUR)
    one.add(commit(CLEO, decision, YES).message)
    expect(turnOf(one, voice, seen, START + HOUR / 2).wakeAt).toBe(START + 2 * HOUR)
  })

  it('[DEC-14] a clock that is set back makes no wait longer than it was', () => {
    const { one, ids } = committed()
    const voice = {
      elector: 0,
      key: ADA.key.publicKey.multikey,
      secretOf: () => undefined,
      isTimely: () => true
    }
    for (const [holder, set] of [
      [ADA, ids],
      [BO, ids],
      [CLEO, ids.slice(1)]
    ] as const)
      one.add(close(holder, 0, [...set]))
    const seen = new Map<string, number>()
    const ahead = turnOf(one, voice, seen, START + 1_000 * HOUR)
    expect(ahead).toEqual({ words: [], wakeAt: START + 1_000 * HOUR + ROUND_WAIT_MS })
    expect(turnOf(one, voice, seen, START + HOUR).wakeAt).toBe(START + HOUR + ROUND_WAIT_MS)
    expect(turnOf(one, voice, seen, START + HOUR + ROUND_WAIT_MS).words).toMatchObject([{ round: 1 }])
  })

  it('[DEC-19] nothing is revealed before the closing, and then only what was closed', () => {
    const { one, ids, commitments } = committed()
    const secret = commitments[0]?.secret
    const voice = {
      elector: 0,
      key: ADA.key.publicKey.multikey,
      secretOf: () => secret,
      isTimely: () => true
    }
    const kinds = () => turnOf(one, voice, new Map(), START + HOUR).words.map(({ kind }) => kind)
    expect(kinds()).toEqual(['decision-close.v1'])
    const own = commitments[0]?.message.id
    const others = ids.filter(id => id !== own)
    const first = [BO, CLEO, DAN].map(holder => close(holder, 0, others))
    const because = first.map(({ id }) => id)
    for (const message of [...first, ...[BO, CLEO, DAN].map(holder => close(holder, 1, others, because))])
      one.add(message)
    expect(one.closed?.set).toEqual(others)
    expect(kinds()).toEqual([])
  })
})

describe('the tally', () => {
  const votes = (...choices: (typeof YES | typeof NO | typeof ABSTAIN)[]) =>
    HOLDERS.slice(0, choices.length).map((holder, i) => [holder, choices[i]] as [Holder, typeof YES])

  it('[DEC-20] counts of the electorate: silence is neither yes nor abstention', () => {
    const { settled } = play(INITIATION, votes(YES, YES, ABSTAIN))
    expect(settled?.tally).toMatchObject({ approve: [2, 0], abstain: 1, turnout: 3 })
    expect(settled?.tally.approved).toBeUndefined()
    expect(play(INITIATION, votes(YES, YES, YES)).settled?.tally.approved).toBe(0)
  })

  it('[DEC-20] two holders who differ have no ballot, and two who agree have one', () => {
    const second = holderOf('acme', 'CTO', 2)
    const differ = play(INITIATION, [...votes(YES, YES, YES, YES), [second, ABSTAIN]])
    expect(differ.settled?.tally).toMatchObject({ approve: [3, 0], turnout: 3, approved: 0 })
    expect(differ.equivocations).toEqual([])
    const agree = play(INITIATION, [...votes(YES, YES, YES, YES), [second, YES]])
    expect(agree.settled?.tally).toMatchObject({ approve: [4, 0], turnout: 4 })
  })

  it('[DEC-20] who committed twice with one key has no ballot', () => {
    const twice = play(INITIATION, [...votes(YES, YES, YES, YES), [ADA, NO]])
    expect(twice.settled?.tally).toMatchObject({ approve: [3, 0], turnout: 3 })
    expect(new Set(twice.equivocations.map(({ elector }) => elector))).toEqual(new Set([0]))
  })

  it('[DEC-21] recommends the option with the highest weighted median', () => {
    const policy = policyOf([
      { name: 'acme', weight: 3 },
      { name: 'borealis', weight: 1 },
      { name: 'cobalt', weight: 2 }
    ])
    const scores = (a: number, b: number) =>
      [a, b].map((score, option) => {
        const criteria = { localVision: score, localPurpose: score, peerFit: score, legendaryLens: score }
        return { option, criteria }
      })
    const one = play(initiate(ADA, policy), [
      [ADA, { ...YES, scores: scores(2, 3) }],
      [BO, { ...YES, scores: scores(5, 5) }],
      [CLEO, { ...YES, scores: scores(5, 4) }]
    ])
    // Sums of four criteria: of the first option 8 (3), 20 (1), 20 (2); of the second 12 (3), 20 (1), 16 (2).
    expect(one.settled?.tally.recommendation).toEqual({ medians: [8, 12], outOf: 20, option: 1 })
  })
})

describe('what did not go', () => {
  it('[DEC-27] is over when companies of enough weight have signed one record', () => {
    const one = play(
      initiate(
        ADA,
        policyOf(
          NAMES.map(name => ({ name })),
          { rules: { default: UNANIMITY } }
        )
      ),
      [
        [ADA, YES],
        [BO, YES],
        [CLEO, NO],
        [DAN, YES]
      ]
    )
    expect(progressOf(one, START + 3 * HOUR).stage).toBe('mediation')
    const record = { outcome: 'revise' as const, rationale: 'It can say why.', changes: ['Say why.'] }
    const settled = one.settled
    if (!settled) throw new Error('not settled')
    const body = { decision: one.id, settled: settledDigest(settled.final), record }
    for (const name of NAMES.slice(0, 2))
      one.add(say(holderOf(name, 'CEO', 1, ['mediate']), 'decision-mediation.v1', body))
    expect(one.mediation?.agreed).toBeUndefined()
    one.add(say(holderOf('cobalt', 'CEO', 1, ['mediate']), 'decision-mediation.v1', body))
    expect(one.mediation?.agreed?.record).toEqual(record)
    expect(progressOf(one, START + 3 * HOUR).stage).toBe('revise')
  })

  it('[DEC-27] lapses when the window ends without', () => {
    const one = play(INITIATION, [
      [ADA, YES],
      [BO, NO],
      [CLEO, ABSTAIN]
    ])
    expect(progressOf(one, START + 49 * HOUR).stage).toBe('mediation')
    expect(progressOf(one, START + 51 * HOUR).stage).toBe('lapsed')
  })

  it('[DEC-13] a decision that waits says for whom', () => {
    const one = play(INITIATION, [
      [ADA, YES],
      [BO, YES]
    ])
    expect(progressOf(one, START + 3 * HOUR)).toEqual({
      stage: 'closing',
      waitsFor: [2, 3],
      spoken: 2,
      needed: 3
    })
  })
})

describe('what is restored', () => {
  it('[DEC-29] an elector that comes back with its messages in another order says nothing anew', () => {
    const { one, ids } = committed()
    const own = close(ADA, 0, ids)
    one.add(own)
    const back = new Decision(INITIATION)
    for (const message of [...one.messages.values()].toReversed())
      if (message.kind !== 'decision-initiation.v1') back.add(message, true)
    const voice = {
      elector: 0,
      key: ADA.key.publicKey.multikey,
      secretOf: () => undefined,
      isTimely: () => true
    }
    expect(turnOf(back, voice, new Map(), START + HOUR).words).toEqual([])
  })
})

describe('an initiation', () => {
  const policy = INITIATION.payload.policy
  const begin = (changes: Parameters<typeof initiate>[2]) => () => initiate(ADA, policy, changes)
  const [low, high] = ['1'.repeat(64), '2'.repeat(64)] as [string, string]
  const titled = (title: string) => begin({ options: [{ title, text: 'Five kinds.' }] })
  const about = (...clients: number[]) =>
    begin({
      subject: {
        artifact: 'ab'.repeat(16),
        facet: low,
        heads: clients.map(client => ({ client, id: low, seq: 1 })),
        kind: 'JointInitiativePlan.v1',
        root: high
      }
    })

  it('[DEC-10] has options whose titles show as what they are', () => {
    expect(titled('The short one')).not.toThrow()
    for (const title of [' padded', 'turned \u202e around']) expect(titled(title)).toThrow('initiation-shape')
  })

  it('[DEC-10] [DEC-11] names heads and mediations in order, none twice', () => {
    const revising = (...mediation: string[]) => begin({ revises: { decision: low, mediation } })
    for (const begun of [about(1, 2), revising(low, high)]) expect(begun).not.toThrow()
    for (const begun of [about(2, 1), about(1, 1), revising(high, low), revising(low, low)])
      expect(begun).toThrow('initiation-shape')
  })

  it('[DEC-29] what was taken since it was named is taken again, whatever stands in its slot by now', () => {
    const { one, ids } = committed()
    const third = commit(ADA, decision, ABSTAIN).message
    one.add(commit(ADA, decision, NO).message)
    expect(one.add(third)).toBe('full')
    expect(one.add(close(BO, 0, [...ids.slice(1), third.id]))).toBe('waits')
    expect(one.add(third)).toBe('added')
    const back = new Decision(INITIATION)
    for (const message of [commit(ADA, decision, YES).message, commit(ADA, decision, NO).message])
      expect(back.add(message, true)).toBe('added')
    expect(back.add(third, true)).toBe('added')
  })

  it('[DEC-29] its own word that waits for what is not back yet is not said in other words', () => {
    const { ids, commitments } = committed()
    const own = close(ADA, 0, ids)
    const back = new Decision(INITIATION)
    expect(back.add(own, true)).toBe('waits')
    for (const { message } of commitments.slice(0, 3)) back.add(message, true)
    const voice = {
      elector: 0,
      key: ADA.key.publicKey.multikey,
      secretOf: () => undefined,
      isTimely: () => true
    }
    expect(turnOf(back, voice, new Map(), START + 50 * HOUR).words).toEqual([])
  })
})

describe('a disputed end', () => {
  const voice = {
    elector: 0,
    key: ADA.key.publicKey.multikey,
    secretOf: () => undefined,
    isTimely: () => true
  }

  /** Closed by three; `lies` are what the fourth has said in the first round. */
  function closedBeside(lies: (ids: string[]) => string[][]) {
    const { one, ids } = committed()
    const first = [ADA, BO, CLEO].map(holder => close(holder, 0, ids))
    const because = first.map(({ id }) => id)
    const second = [ADA, BO, CLEO].map(holder => close(holder, 1, ids, because))
    for (const message of [...first, ...lies(ids).map(set => close(DAN, 0, set)), ...second]) one.add(message)
    expect(one.closed?.set).toEqual(ids)
    return turnOf(one, voice, new Map(), START + HOUR).words
  }

  it('[DEC-30] is named once more, so that who lacks it takes it', () => {
    expect(closedBeside(ids => [ids, ids.slice(1)])).toMatchObject([{ kind: 'decision-close.v1', round: 2 }])
  })

  it('[DEC-30] where nobody has lied, nothing more is said', () => {
    expect(closedBeside(ids => [ids])).toEqual([])
  })
})
