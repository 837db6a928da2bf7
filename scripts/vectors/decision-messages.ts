// Single messages of a decision: right, or with one thing wrong.
import { type MessageRecord, parseMessage, signMessage } from '../../src/decision/message.ts'
import type { MessageKind, Payload } from '../../src/decision/schema.ts'
import { printTime } from '../../src/identity/document-text.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { fromUtf8, utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  HOUR,
  type Holder,
  START,
  commit,
  companyOf,
  holderOf,
  identityOf,
  initiate,
  keyOf,
  policyOf,
  say,
  signerOf
} from './decision-builders.ts'

const NAMES = ['acme', 'borealis', 'cobalt']
const POLICY = policyOf(NAMES.map(name => ({ name })))
const ADA = holderOf('acme', 'CTO')
const INITIATION = initiate(ADA, POLICY)
const DECISION = INITIATION.id
const DAY = 24 * HOUR
const ZERO = '0'.repeat(64)

const context = () => say(ADA, 'decision-context.v1', { decision: DECISION, commitment: ZERO })

/** Signed by the holder, whatever it says. */
function wrong(kind: MessageKind, changes: object, holder: Holder = ADA, by = holder.key): MessageRecord {
  const payload = { ...INITIATION.payload, ...signerOf(holder, START), ...changes }
  const of = kind === 'decision-initiation.v1' ? payload : { ...signerOf(holder, START), ...changes }
  const document = signMessage(kind, of as unknown as Payload<MessageKind>, message => sign(by, message))
  return { document, certificate: holder.certificate }
}

const rival = holderOf('borealis', 'CTO')
const advisor = holderOf('acme', 'CTO', 1, ['advise'])
const later = { decision: DECISION, commitment: ZERO }
const hinted = (record: MessageRecord): MessageRecord => {
  const json = JSON.parse(fromUtf8(record.document)) as { signatures: object[] }
  const signatures = json.signatures.map(one => ({ keyid: 'acme', ...one }))
  return { ...record, document: utf8(JSON.stringify({ ...json, signatures })) }
}

function validMessages(): [name: string, record: MessageRecord][] {
  const { message, secret } = commit(ADA, DECISION, { choice: 'option', option: 1 })
  const ceo = holderOf('acme', 'CEO', 1, ['mediate'])
  const statement = { decision: DECISION, round: 0, set: [message.id], because: [] }
  const record = { outcome: 'lapse' as const, rationale: 'We want different things.', changes: [] }
  return [
    ['an initiation', INITIATION.record],
    ['a context', context().record],
    ['a commitment', message.record],
    ['a close', say(ADA, 'decision-close.v1', statement).record],
    ['a reveal', say(ADA, 'decision-reveal.v1', { decision: DECISION, ...secret }).record],
    ['a settle', say(ADA, 'decision-settle.v1', { ...statement, round: 63 }).record],
    ['a rationale', say(ADA, 'decision-rationale.v1', { decision: DECISION, text: 'It is cheaper.' }).record],
    ['a mediation', say(ceo, 'decision-mediation.v1', { decision: DECISION, settled: ZERO, record }).record]
  ]
}

const INVALID: [name: string, code: string, record: MessageRecord][] = [
  ['signed by another key', 'signature', wrong('decision-context.v1', later, ADA, rival.key)],
  [
    'a certificate of another company',
    'certificate-company',
    { ...context().record, certificate: rival.certificate }
  ],
  ['another role than certified', 'message-signer', wrong('decision-context.v1', { ...later, role: 'CFO' })],
  [
    'another key than certified',
    'message-signer',
    wrong('decision-context.v1', { ...later, key: keyOf('x').publicKey.multikey })
  ],
  [
    'another certificate named',
    'message-signer',
    wrong('decision-context.v1', { ...later, certificate: ZERO })
  ],
  ['a key without a vote', 'message-power', wrong('decision-context.v1', later, advisor)],
  [
    'a mediation by a CTO',
    'message-power',
    wrong(
      'decision-mediation.v1',
      { decision: DECISION, settled: ZERO, record: { outcome: 'lapse', rationale: 'no', changes: [] } },
      holderOf('acme', 'CTO', 1, ['vote', 'mediate'])
    )
  ],
  [
    'before its certificate',
    'message-time',
    wrong('decision-context.v1', { ...later, time: printTime(START - 2 * DAY) })
  ],
  [
    'after its certificate',
    'message-time',
    wrong('decision-context.v1', { ...later, time: printTime(START + 61 * DAY) })
  ],
  ['a hint beside the signature', 'dsse-shape', hinted(context().record)],
  ['a member too many', 'document-shape', wrong('decision-context.v1', { ...later, note: 'but' })],
  [
    'round 64',
    'document-shape',
    wrong('decision-close.v1', { decision: DECISION, round: 64, set: [], because: [] })
  ],
  [
    'an id in capitals',
    'document-shape',
    wrong('decision-context.v1', { ...later, commitment: 'A'.repeat(64) })
  ],
  [
    'revealed before committed',
    'initiation-deadlines',
    wrong('decision-initiation.v1', { revealBy: printTime(START) })
  ],
  ['no options', 'document-shape', wrong('decision-initiation.v1', { options: [] })],
  ['a voice too few', 'initiation-shape', wrong('decision-initiation.v1', { voices: [] })],
  [
    'a title that turns around',
    'initiation-shape',
    wrong('decision-initiation.v1', { title: 'yes\u202eon' })
  ],
  [
    'a standard without a release',
    'initiation-shape',
    wrong('decision-initiation.v1', {
      subject: { kind: 'StandardsDoc.v1', artifact: 'ab'.repeat(16), facet: ZERO, heads: [], root: ZERO }
    })
  ],
  [
    'a policy under which one decides',
    'policy-threshold',
    wrong('decision-initiation.v1', {
      policy: policyOf([{ name: 'acme', weight: 5 }, { name: 'borealis' }, { name: 'cobalt' }])
    })
  ]
]

export function messageVectors() {
  const row = (name: string, { document, certificate }: MessageRecord) => {
    return { name, document: fromUtf8(document), certificate: fromUtf8(certificate) }
  }
  return {
    about:
      'Messages of a decision, DEC-4 to DEC-10; `certificate` is the one of the signer, `identities` all logs',
    identities: NAMES.map(name => fromUtf8(companyOf(name).identity.log)),
    valid: validMessages().map(([name, record]) => {
      const message = parseMessage(record, identityOf)
      if (isReject(message) || 'waitsFor' in message) throw new Error(`${name}: ${String(message)}`)
      return { ...row(name, record), kind: message.kind, id: message.id }
    }),
    invalid: INVALID.map(([name, code, record]) => {
      const message = parseMessage(record, identityOf)
      if (!isReject(message) || message.code !== code) throw new Error(`${name}: ${String(message)}`)
      return { ...row(name, record), code }
    })
  }
}
