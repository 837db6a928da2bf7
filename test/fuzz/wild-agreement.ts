// Words about agreements that are right, or nearly: terms with one thing changed in their value or their bytes,
// approvals of them, and the acts around them.
import { type TermsBody, encodeTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import { agreementOf } from '../../src/artifacts/agreement.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import type { JcsValue } from '../../src/wire/jcs.ts'
import {
  APPROVAL_BYTES_MAX,
  type EntryAct,
  REASON_CHARS_MAX,
  TERMS_BYTES_MAX
} from '../../src/wire/space-entry.ts'
import type { Random } from '../replica/writers.ts'
import { approve, termsOf } from '../sim/agreement.ts'
import type { Rival } from './rival.ts'
import { mutateBytes, mutateValue } from './wild-value.ts'

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T
}

export function agreementAct(rival: Rival): EntryAct {
  const { random } = rival
  const dice = random(16)
  if (dice < 6) return { kind: 'propose', terms: wildTerms(rival) }
  if (dice < 12) return wildApproval(rival)
  if (dice < 14) return { kind: 'reject', revision: someRevision(rival), reason: wildReason(random) }
  // Seldom what ends the rival's part: little flows after it.
  if (random(12) === 0) return { kind: 'terminate', reason: wildReason(random) }
  return random(3) === 0 ? { kind: 'suspend', reason: wildReason(random) } : { kind: 'resume' }
}

function wildReason(random: Random): string {
  const length = pick(random, [1, 5, REASON_CHARS_MAX, REASON_CHARS_MAX + 1, 0])
  return pick(random, ['x', '\u0000', '漢', '<']).repeat(length)
}

/** A revision that follows what is in force, or a rival of the first. */
function goodTerms({ random, arena }: Rival): TermsBody {
  const { space } = arena
  const { inForce } = agreementOf(space)
  const changes: Partial<TermsBody> = {
    title: `Draft ${random(1_000)}`,
    clauses: [{ title: pick(random, TEXTS), text: pick(random, TEXTS).repeat(1 + random(40)) }],
    objectives: [pick(random, TEXTS)],
    purpose: pick(random, TEXTS)
  }
  if (inForce && random(5) > 0) {
    changes.number = inForce.terms.number + 1
    changes.before = Buffer.from(inForce.id).toString('hex')
  }
  return termsOf(space, changes)
}

const TEXTS = [
  'plain',
  '# heading\n> quote\n|a|b|',
  '<script>',
  '\u202e\u200b\u0007',
  '__proto__',
  '🙂'.repeat(50),
  '\\'.repeat(100)
]

function wildTerms(rival: Rival): Uint8Array {
  const { random } = rival
  const good = encodeTerms(goodTerms(rival))
  const dice = random(8)
  if (dice < 3) return good
  if (dice === 3) return mutateBytes(good, random).subarray(0, TERMS_BYTES_MAX)
  if (dice === 4) return utf8(`${'['.repeat(random(5_000))}1`)
  // Through CBOR's values, which JSON has but for byte strings.
  let value: JcsValue = JSON.parse(Buffer.from(good).toString()) as JcsValue
  for (let n = random(3); n >= 0; n--) value = asJson(mutateValue(value, random))
  return sortedJson(value).subarray(0, TERMS_BYTES_MAX)
}

/** As near to JCS as a value allows: writers of JCS refuse what a rival may well send, halves of characters too. */
function sortedJson(value: JcsValue): Uint8Array {
  return utf8(
    JSON.stringify(value, (_, item: unknown) => {
      if (item === null || typeof item !== 'object' || Array.isArray(item)) return item
      return Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    })
  )
}

function asJson(value: unknown): JcsValue {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => (item instanceof Uint8Array ? 'bytes' : item)) ?? 'null'
  ) as JcsValue
}

function someRevision(rival: Rival): Uint8Array {
  const { random, arena } = rival
  const known = agreementOf(arena.space).revisions
  if (known.length > 0 && random(6) > 0) return pick(random, known).id
  return Uint8Array.from({ length: 32 }, () => random(256))
}

function wildApproval(rival: Rival): EntryAct {
  const { random, arena } = rival
  const { space, cast } = arena
  const known = agreementOf(space).revisions
  const terms = known.length > 0 ? pick(random, known).terms : goodTerms(rival)
  const { rendering: _, ...body } = { rendering: '', ...terms }
  const by = random(8) === 0 ? cast.bo : cast.mal
  const key = random(6) === 0 ? cast.mal.rootKey : by.role
  const act = approve(space, by, { terms: body, key }) as Extract<EntryAct, { kind: 'approve' }>
  const dice = random(6)
  if (dice === 0)
    return { ...act, document: mutateBytes(act.document, random).subarray(0, APPROVAL_BYTES_MAX) }
  if (dice === 1) return { ...act, revision: someRevision(rival) }
  return act
}

/**
 * What a log must always come to, however wild the words in it are: what is sealed has the approvals that it needs,
 * in force is the highest, and each revision says again what it was read from. @returns what does not hold
 */
export function unsound({ arena }: Rival): string | undefined {
  const { space } = arena
  const { revisions, inForce } = agreementOf(space)
  for (const { id, bytes, terms, sealed, approvals } of revisions) {
    const { rendering: _, ...body } = terms
    if (!Buffer.from(encodeTerms(body)).equals(bytes))
      return 'terms that are not spelt in the one way were read'
    if (!Buffer.from(revisionId(bytes)).equals(id)) return 'a revision has another id than its terms'
    if (!sealed) continue
    const all = [...space.parties.keys()]
    const before = revisions.find(other => Buffer.from(other.id).toString('hex') === terms.before)
    const weight = (companies: Iterable<number>) =>
      [...companies].reduce((sum, at) => sum + (before?.terms.amendment.weights[at] ?? 0), 0)
    if (terms.number === 1 && all.some(company => !approvals.has(company))) return 'sealed without a party'
    if (before && weight(approvals.keys()) < before.terms.amendment.threshold)
      return 'sealed below the threshold'
    if (terms.number > 1 && !before?.sealed) return 'sealed after what is not'
    if (inForce && inForce.terms.number < terms.number) return 'what is in force is not the highest'
  }
  return undefined
}
