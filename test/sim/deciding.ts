// What companies say when they decide, for tests: messages of decisions, signed with a role key. protocols/decision.
import { commitmentOf } from '../../src/decision/ballot.ts'
import { type Secret, type Seen, type Voice, turnOf } from '../../src/decision/elector.ts'
import { type MessageRecord, certificateIdOf, plain, signMessage } from '../../src/decision/message.ts'
import type { Policy } from '../../src/decision/policy.ts'
import type { Ballot, Initiation, MessageKind, Payload } from '../../src/decision/schema.ts'
import { printTime } from '../../src/identity/document-text.ts'
import { type SecretKey, sign } from '../../src/identity/ed25519.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { dsseSignedBytes, parseDsse } from '../../src/wire/dsse.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { type Company, EPOCH_MS, must } from './company.ts'
import type { SimNode } from './node.ts'

const HOUR_MS = 3_600_000

/** A role key with its certificate. */
export interface Holder {
  did: string
  key: SecretKey
  certificate: Uint8Array
}

export interface Said extends MessageRecord {
  /** Hexadecimal. */
  id: string
}

export function holderOf({ identity, role, roleCertificate }: Company): Holder {
  return { did: identity.did, key: role, certificate: roleCertificate }
}

type Body<K extends MessageKind> = Omit<Payload<K>, 'company' | 'role' | 'key' | 'certificate' | 'time'>

export function said<K extends MessageKind>(
  { did, key, certificate }: Holder,
  kind: K,
  body: Body<K>,
  time = EPOCH_MS + 1_000
): Said {
  const payload = {
    ...body,
    company: did,
    role: 'CTO',
    key: key.publicKey.multikey,
    certificate: must(certificateIdOf(certificate)),
    time: printTime(time)
  } as unknown as Payload<K>
  const document = signMessage(kind, payload, message => sign(key, message))
  const dsse = must(parseDsse(document, kind, { bytesMax: 65_536, depthMax: 8, itemsMax: 4_000 })) as {
    payload: Uint8Array
  }
  return { document, certificate, id: toHex(sha256(dsseSignedBytes(kind, dsse.payload))) }
}

/** One vote each, decided by more than half of them. */
export function policyOf(dids: readonly string[]): Policy {
  const all = { denominator: 1, numerator: 1 }
  return {
    criteria: [
      {
        anchors: ['0', '1', '2', '3', '4', '5'],
        key: 'peerFit',
        question: 'How well does it fit?',
        weight: 1
      }
    ],
    electors: dids.map(company => ({ company, role: 'CTO', weight: 1 })),
    recommendAt: 30,
    rules: {
      default: {
        method: dids.length > 2 ? 'weighted-majority' : 'unanimity',
        ...(dids.length > 2 && { moreThan: { denominator: 2, numerator: 1 } }),
        turnout: { denominator: 2, numerator: 1 }
      } as Policy['rules'][string],
      'StandardsDoc.v1': { method: 'unanimity', turnout: all }
    },
    title: 'How we decide',
    windows: { commit: 1, late: 1, mediation: 1, reveal: 1 }
  }
}

/** @param voices the holders that speak in rounds, by elector; the first of them begins */
export function initiation(
  space: SpaceLog,
  voices: readonly Holder[],
  changes: Partial<Initiation> = {},
  time = EPOCH_MS + 1_000
): Said {
  const [first] = voices as [Holder]
  return said(
    first,
    'decision-initiation.v1',
    {
      benefits: [],
      commitBy: printTime(time + HOUR_MS),
      nonce: '00'.repeat(16),
      options: [
        { text: 'Five kinds.', title: 'The short one' },
        { text: 'Fifty kinds.', title: 'The long one' }
      ],
      policy: policyOf(voices.map(({ did }) => did)),
      question: 'Which taxonomy of incidents do we all use?',
      revealBy: printTime(time + 2 * HOUR_MS),
      space: toHex(space.id),
      title: 'One taxonomy',
      voices: voices.map(({ key }) => key.publicKey.multikey),
      ...changes
    },
    time
  )
}

/** A ballot for an option, hidden. */
export function commitment(
  holder: Holder,
  decision: string,
  { option = 0, salt = '11'.repeat(32), time = EPOCH_MS + 1_000 } = {}
): { said: Said; secret: Secret } {
  const ballot = plain({
    choice: 'option',
    company: holder.did,
    decision,
    key: holder.key.publicKey.multikey,
    option,
    rationale: `because of ${salt}`,
    role: 'CTO',
    scores: []
  }) as unknown as Ballot
  const secret = { salt, ballot }
  const body = { commitment: commitmentOf(salt, ballot), decision }
  return { said: said(holder, 'decision-commitment.v1', body, time), secret }
}

/** What a holder of this node says next by itself, if anything, each with the slot that it takes. */
export function nextWords(
  node: SimNode,
  holder: Holder,
  decision: string,
  { secretOf, seen }: Pick<Voice, 'secretOf'> & { seen: Seen },
  time = node.core.context.now
): { slot: string; message: Said }[] {
  const held = node.core.decisions.book.get(decision)
  const elector = held?.decision.electorOf({ company: holder.did, role: 'CTO' })
  if (!held || elector === undefined) return []
  const voice = { elector, key: holder.key.publicKey.multikey, secretOf, isTimely: () => true }
  return turnOf(held.decision, voice, seen, time).words.map(word => {
    const { kind, ...body } = word
    const place = 'round' in word ? word.round : word.salt
    return { slot: `${kind}/${place}`, message: said(holder, kind, { decision, ...body }, time) }
  })
}
