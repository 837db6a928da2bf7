// Companies, role keys and decisions for the vectors and tests of protocols/decision. Fixed seeds, fixed times.
import { type Power, issueRoleCertificate } from '../../src/identity/certificate.ts'
import type { Role } from '../../src/identity/certificate-schema.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { printTime } from '../../src/identity/document-text.ts'
import { type SecretKey, generateKey, sign } from '../../src/identity/ed25519.ts'
import { createIdentity } from '../../src/identity/identity-log.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import { Decision } from '../../src/decision/decision.ts'
import { type Secret, turnOf } from '../../src/decision/elector.ts'
import { commitmentOf } from '../../src/decision/ballot.ts'
import { type Message, parseMessage, plain, signMessage } from '../../src/decision/message.ts'
import type { Policy } from '../../src/decision/policy.ts'
import type { Ballot, Initiation, MessageKind, Payload } from '../../src/decision/schema.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { Reject } from '../../src/wire/reject.ts'

export const START = Date.parse('2026-03-02T09:00:00Z')
export const HOUR = 3_600_000
export const SPACE = toHex(sha256(utf8('the space of these tests')))
const DAY = 24 * HOUR

/** A role key with its certificate. */
export interface Holder {
  company: string
  role: Role
  key: SecretKey
  certificate: Uint8Array
  certificateId: string
}

export interface Company {
  identity: CompanyIdentity
  rootKey: SecretKey
}

const companies = new Map<string, Company>()
const holders = new Map<string, Holder>()

export function keyOf(name: string): SecretKey {
  return generateKey(sha256(utf8(`parley decision tests: ${name}`)))
}

export function companyOf(name: string): Company {
  const known = companies.get(name)
  if (known) return known
  const rootKey = keyOf(`${name} root`)
  const identity = must(
    createIdentity({
      legalName: `${name} GmbH`,
      registrationNumber: `HRB ${name}`,
      rootKey,
      nextKeyHashes: [nextKeyHash(keyOf(`${name} next`).publicKey)],
      timeMs: START - DAY
    })
  )
  const company = { identity, rootKey }
  companies.set(name, company)
  byDid.set(identity.did, identity)
  return company
}

const byDid = new Map<string, CompanyIdentity>()
export const identityOf = (did: string) => byDid.get(did)

/** @param which the first, second ... holder of this role */
export function holderOf(name: string, role: Role, which = 1, powers: Power[] = ['vote']): Holder {
  const label = `${name} ${role} ${which} ${powers.join()}`
  const known = holders.get(label)
  if (known) return known
  const { identity, rootKey } = companyOf(name)
  const key = keyOf(label)
  const request = {
    company: identity.did,
    role,
    holder: { kind: 'human' as const, name: label },
    key: key.publicKey
  }
  const grant = { powers, validFrom: START - DAY, validUntil: START + 60 * DAY }
  const certificate = must(issueRoleCertificate(identity, rootKey, request, grant))
  const envelope = JSON.parse(Buffer.from(certificate).toString()) as { payload: string }
  const certificateId = toHex(sha256(Buffer.from(envelope.payload, 'base64')))
  const holder = { company: identity.did, role, key, certificate, certificateId }
  holders.set(label, holder)
  return holder
}

export function must<T>(value: T | Reject): T {
  if (value instanceof Reject) throw new Error(value.toString())
  return value
}

/** What every payload says of its signer. */
export function signerOf(holder: Holder, time: number) {
  const { company, role, key, certificateId } = holder
  return { company, role, key: key.publicKey.multikey, certificate: certificateId, time: printTime(time) }
}

type Body<K extends MessageKind> = Omit<Payload<K>, 'company' | 'role' | 'key' | 'certificate' | 'time'>

export function say<K extends MessageKind>(holder: Holder, kind: K, body: Body<K>, time = START): Message<K> {
  const payload = { ...body, ...signerOf(holder, time) } as unknown as Payload<K>
  const document = signMessage(kind, payload, message => sign(holder.key, message))
  const parsed = parseMessage({ document, certificate: holder.certificate }, identityOf)
  if (parsed instanceof Reject || 'waitsFor' in parsed) throw new Error(`cannot say: ${String(parsed)}`)
  return parsed as unknown as Message<K>
}

export function ballotOf(
  holder: Holder,
  decision: string,
  choice: Partial<Ballot> & Pick<Ballot, 'choice'>
): Ballot {
  const { company, role, key } = holder
  return plain({
    rationale: '',
    scores: [],
    ...choice,
    company,
    role,
    decision,
    key: key.publicKey.multikey
  }) as unknown as Ballot
}

/** A commitment, and what opens it. */
export function commit(
  holder: Holder,
  decision: string,
  choice: Partial<Ballot> & Pick<Ballot, 'choice'>,
  time = START,
  salt = toHex(sha256(utf8(`${decision} ${holder.certificateId} ${JSON.stringify(choice)}`))),
  context?: string
): { message: Message<'decision-commitment.v1'>; secret: Secret } {
  const secret = { salt, ballot: ballotOf(holder, decision, choice) }
  const commitment = commitmentOf(secret.salt, secret.ballot)
  const body = { decision, commitment, ...(context !== undefined && { context }) }
  return { message: say(holder, 'decision-commitment.v1', body, time), secret }
}

export const CRITERIA: Policy['criteria'] = ['localVision', 'localPurpose', 'peerFit', 'legendaryLens'].map(
  key => ({
    key,
    question: `How well does it serve ${key}?`,
    anchors: ['not at all', 'hardly', 'a little', 'well', 'very well', 'as nothing else'],
    weight: 1
  })
)

export const MAJORITY: Policy['rules'][string] = {
  method: 'weighted-majority',
  moreThan: { numerator: 1, denominator: 2 },
  turnout: { numerator: 1, denominator: 2 }
}
export const UNANIMITY: Policy['rules'][string] = {
  method: 'unanimity',
  turnout: { numerator: 1, denominator: 1 }
}

export function policyOf(
  electors: { name: string; role?: Role; weight?: number }[],
  changes: Partial<Policy> = {}
): Policy {
  return {
    title: 'How we decide',
    criteria: CRITERIA,
    electors: electors.map(({ name, role = 'CTO', weight = 1 }) => {
      return { company: companyOf(name).identity.did, role, weight }
    }),
    recommendAt: 30,
    rules: { default: MAJORITY, 'StandardsDoc.v1': UNANIMITY },
    windows: { commit: 24, late: 1, mediation: 48, reveal: 24 },
    ...changes
  }
}

/** The first holder of a role. */
function voiceOf(did: string, role: Role): string {
  const name = [...companies].find(([, { identity }]) => identity.did === did)?.[0] as string
  return holderOf(name, role).key.publicKey.multikey
}

export function initiate(
  holder: Holder,
  policy: Policy,
  changes: Partial<Initiation> = {},
  time = START
): Message<'decision-initiation.v1'> {
  return say(
    holder,
    'decision-initiation.v1',
    {
      title: 'One taxonomy of incidents',
      question: 'Which taxonomy of incidents do we all use?',
      benefits: ['Incidents can be compared'],
      options: [
        { title: 'The short one', text: 'Five kinds.' },
        { title: 'The long one', text: 'Fifty kinds.' }
      ],
      policy,
      commitBy: printTime(time + HOUR),
      revealBy: printTime(time + 2 * HOUR),
      nonce: '00112233445566778899aabbccddeeff',
      space: SPACE,
      voices: policy.electors.map(({ company, role }) => voiceOf(company, role)),
      ...changes
    },
    time
  )
}

/** All hear all: what honest electors make of these ballots, to the end. */
export function play(
  initiation: Message<'decision-initiation.v1'>,
  votes: readonly [Holder, Partial<Ballot> & Pick<Ballot, 'choice'>][],
  { silent = [] as Holder[], end = START + 3 * HOUR, context = undefined as string | undefined } = {}
): Decision {
  const decision = new Decision(initiation)
  const secrets = new Map<string, Secret>()
  for (const [holder, choice] of votes) {
    const { message, secret } = commit(holder, decision.id, choice, START, undefined, context)
    secrets.set(message.id, secret)
    decision.add(message)
  }
  const holdersOf = votes.map(([holder]) => holder)
  for (let goesOn = true; goesOn;) {
    goesOn = false
    for (const holder of holdersOf) {
      const elector = decision.electorOf(holder) as number
      const key = holder.key.publicKey.multikey
      const isSilent = silent.includes(holder)
      const secretOf = (id: string) => (isSilent ? undefined : secrets.get(id))
      const { words } = turnOf(
        decision,
        { elector, key, secretOf, isTimely: () => true },
        new Map([['closed', START]]),
        end
      )
      for (const { kind, ...body } of words) {
        const message = say(holder, kind, { ...body, decision: decision.id })
        if (decision.add(message) === 'added') goesOn = true
      }
    }
  }
  return decision
}

export const scored = (...scores: number[]): Ballot['scores'] =>
  scores.map((score, option) => {
    return { option, criteria: Object.fromEntries(CRITERIA.map(({ key }) => [key, score])) }
  })
