// A space of three parties, as a story for vectors: what they say, one entry after another.
import { type TermsBody, encodeTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { EntryAct } from '../../src/wire/space-entry.ts'
import { GENESIS, approvalDocument, approvalFacts, plainTerms } from './agreement-builders.ts'
import { COMPANIES, type Company, type Written, accept, acceptLater, entry } from './space-builders.ts'

/** Three parties that have accepted, and what they say. */
export class Story {
  readonly entries: Written[] = []
  readonly #last: Written[] = []

  constructor() {
    for (const [i, name] of ['Ada', 'Bo', 'Cy'].entries()) {
      const first = accept(GENESIS, i, [name])
      this.entries.push(first)
      this.#last.push(first)
    }
  }

  /** Where the chain of a party ends that it writes on. */
  end(company: number): Written {
    return this.#last[company] as Written
  }

  /** The chain of a party is gone on with after this entry. */
  continue(company: number, end: Written): void {
    this.#last[company] = end
  }

  say(
    company: number,
    act: EntryAct,
    after = this.end(company),
    by = COMPANIES[company] as Company
  ): Written {
    const said = entry(GENESIS, company, act, { prev: after, signer: by.roots[0] })
    this.entries.push(said)
    this.#last[company] = said
    return said
  }

  propose(changes: Partial<TermsBody> = {}, by = 0): TermsBody {
    const terms = plainTerms(GENESIS, changes)
    this.say(by, { kind: 'propose', terms: encodeTerms(terms) })
    return terms
  }

  approve(company: number, terms: TermsBody, after?: Written): Written {
    return this.say(company, approval(company, terms), after)
  }

  reject(company: number, terms: TermsBody, after?: Written): Written {
    return this.say(company, { kind: 'reject', revision: idOf(terms), reason: 'not so' }, after)
  }

  sealed(changes: Partial<TermsBody> = {}, by = [0, 1, 2]): TermsBody {
    const terms = this.propose(changes)
    for (const company of by) this.approve(company, terms)
    return terms
  }

  /** The company that the terms admit at this index accepts. */
  come(company: number, terms: TermsBody): Written {
    const did = terms.parties[company]?.company
    const by = COMPANIES.find(one => one.did === did) as Company
    const first = acceptLater(GENESIS, company, { by, revision: idOf(terms) })
    this.entries.push(first)
    this.#last[company] = first
    return first
  }
}

export function approval(company: number, terms: TermsBody, facts: object = {}): EntryAct {
  const did = terms.parties[company]?.company
  const [root] = (COMPANIES.find(one => one.did === did) as Company).roots
  const document = approvalDocument({ ...approvalFacts(GENESIS, company, terms), ...facts }, root)
  return { kind: 'approve', revision: idOf(terms), document }
}

export function idOf(terms: TermsBody): Uint8Array {
  return revisionId(encodeTerms(terms))
}

export function next(before: TermsBody, changes: Partial<TermsBody> = {}): Partial<TermsBody> {
  return { number: before.number + 1, before: toHex(idOf(before)), ...changes }
}

export type Tell = (story: Story) => void

/** The third party approves one text on each branch of its chain. */
export function rivals(
  story: Story,
  first: Partial<TermsBody>,
  second: Partial<TermsBody>
): [TermsBody, TermsBody] {
  const [one, other] = [story.propose(first), story.propose(second)]
  const before = story.end(2)
  story.reject(2, one)
  // Dead by now, so that both are free to approve the other as well.
  for (const company of [0, 1]) story.approve(company, one)
  for (const company of [0, 1, 2]) story.approve(company, other)
  story.approve(2, one, before)
  return [one, other]
}
