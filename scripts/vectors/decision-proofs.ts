// Proofs of equivocations: right ones, and pairs that prove nothing.
import type { z } from 'zod'
import {
  type EquivocationSchema,
  encodeEquivocation,
  verifyEquivocation
} from '../../src/decision/equivocation.ts'
import type { Equivocation } from '../../src/decision/decision.ts'
import { utf8, fromUtf8 } from '../../src/wire/bytes.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type Holder, commit, holderOf, identityOf, initiate, policyOf, say } from './decision-builders.ts'

const [ADA, BO] = [holderOf('acme', 'CTO'), holderOf('borealis', 'CTO')]
const POLICY = policyOf([{ name: 'acme' }, { name: 'borealis' }])
const DECISION = initiate(ADA, POLICY).id
const YES = { choice: 'option' as const, option: 0 }
const NO = { choice: 'abstain' as const }
const ZERO = '0'.repeat(64)

type Pair = Equivocation['messages']
type Proof = z.input<typeof EquivocationSchema>

const committed = (holder: Holder, choice: typeof YES | typeof NO, decision = DECISION) =>
  commit(holder, decision, choice).message
const closed = (holder: Holder, round: number, set: string[]) =>
  say(holder, 'decision-close.v1', { decision: DECISION, round, set, because: [] })
const ids = [committed(ADA, YES).id, committed(BO, YES).id].sort()
const twoBallots: Pair = [committed(ADA, YES), committed(ADA, NO)]

function proofOf(messages: Pair): Proof {
  const bytes = encodeEquivocation({ elector: 0, key: ADA.key.publicKey.multikey, messages }, identityOf)
  if (!bytes) throw new Error('no identity')
  return JSON.parse(fromUtf8(bytes)) as Proof
}

export function proofVectors() {
  const valid: [name: string, messages: Pair][] = [
    ['two commitments of one key', twoBallots],
    ['two statements of one round', [closed(BO, 0, ids), closed(BO, 0, ids.slice(1))]]
  ]
  const proof = proofOf(twoBallots)
  const { messages, certificates } = proof
  const swapped = { messages: messages.toReversed(), certificates: certificates.toReversed() }
  const explained = (text: string) => say(ADA, 'decision-rationale.v1', { decision: DECISION, text })
  const elsewhere = committed(ADA, NO, initiate(ADA, POLICY, { nonce: '1'.repeat(32) }).id)
  const second = holderOf('acme', 'CTO', 2)
  const invalid: [name: string, code: string, proof: object][] = [
    ['one message twice', 'proof-none', { ...proof, messages: [messages[0], messages[0]] }],
    ['messages not in order', 'proof-none', { ...proof, ...swapped }],
    ['two rounds', 'proof-none', proofOf([closed(ADA, 0, ids), closed(ADA, 1, ids)])],
    ['two decisions', 'proof-none', proofOf([committed(ADA, YES), elsewhere])],
    ['two holders of one role', 'proof-none', proofOf([committed(ADA, YES), committed(second, NO)])],
    [
      'two kinds',
      'proof-none',
      proofOf([
        committed(ADA, YES),
        say(ADA, 'decision-context.v1', { decision: DECISION, commitment: ZERO })
      ])
    ],
    ['what may be said twice', 'proof-none', proofOf([explained('One reason.'), explained('Another.')])],
    ['two companies', 'proof-none', proofOf([committed(ADA, YES), committed(BO, NO)])],
    ['a message missing', 'proof-shape', { ...proof, messages: messages.slice(1) }],
    ['a member too many', 'proof-shape', { ...proof, note: 'guilty' }],
    ['another kind of file', 'proof-shape', { ...proof, parley: 'decision.v1' }],
    ['the log of another company', 'proof-none', { ...proof, identity: logOf(BO) }]
  ]
  return {
    about: 'Proofs of equivocations, DEC-31',
    valid: valid.map(([name, pair]) => {
      const text = spelled(proofOf(pair))
      const shows = verifyEquivocation(utf8(text))
      if (isReject(shows)) throw new Error(`${name}: ${shows.code} ${shows.detail}`)
      return { name, shows, proof: text }
    }),
    invalid: invalid.map(([name, code, json]) => {
      const text = spelled(json)
      const found = verifyEquivocation(utf8(text))
      if (!isReject(found) || found.code !== code)
        throw new Error(`${name}: ${isReject(found) ? found.code : 'accepted'}`)
      return { name, code, proof: text }
    })
  }
}

function spelled(json: object): string {
  return fromUtf8(encodeJcs(json as JcsValue))
}

function logOf(holder: Holder): string {
  return (proofOf([committed(holder, YES), committed(holder, NO)]) as unknown as { identity: string })
    .identity
}
