// A party that talks too much about the agreement of a space: long proposals without end, what is no proposal at all,
// and words on everything. What each costs others is read anew with every entry, unless a node remembers.
import { signApproval } from '../../src/artifacts/agreement-approval.ts'
import { type TermsBody, encodeTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import { agreementOf } from '../../src/artifacts/agreement.ts'
import { printTime } from '../../src/identity/document-text.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { type EntryAct, encodeSpaceEntry, entryId, entrySignedBytes } from '../../src/wire/space-entry.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { termsOf } from '../sim/agreement.ts'
import { runs } from './in-content.ts'
import type { Kind } from './kinds.ts'
import type { Scene } from './scene.ts'

/** What the rival's own chain says next, entry by entry. */
class Chain {
  readonly #scene: Scene
  #seq: number
  #prev: Uint8Array

  constructor(scene: Scene) {
    this.#scene = scene
    const { space } = scene.facet()
    const head = space.head(space.companyOf(scene.rival.identity.did) as number)
    if (!head) throw new Error('the rival has signed nothing')
    this.#seq = head.seq + 1
    this.#prev = head.id
  }

  /** @param forks whether the next one stands in the same place */
  says(acts: EntryAct[], forks = false): Frame {
    const { rival } = this.#scene
    const { space } = this.#scene.facet()
    const company = space.companyOf(rival.identity.did) as number
    const entries = acts.map(act => {
      const place = { space: space.id, company, seq: this.#seq, prev: this.#prev }
      const entry = encodeSpaceEntry({ ...place, act, time: Date.now() })
      if (!forks) {
        this.#seq++
        this.#prev = entryId(entry)
      }
      return {
        entry,
        signer: rival.role.publicKey.bytes,
        signature: sign(rival.role, entrySignedBytes(entry))
      }
    })
    return { type: 'entries', space: space.id, genesis: new Uint8Array(0), entries }
  }
}

function chain(make: (scene: Scene, said: Chain, n: number) => Frame): Pick<Kind, 'prepare' | 'run'> {
  let said: Chain | undefined
  return runs((scene, n) => [make(scene, (said ??= new Chain(scene)), n)])
}

/** The next revision of what is in force, with clauses of so many bytes. */
function terms(scene: Scene, clauseBytes: number, n: number): TermsBody {
  const { space } = scene.facet()
  const { inForce } = agreementOf(space)
  const clauses = Array.from({ length: Math.floor(clauseBytes / 2_000) }, (_, i) => {
    return { title: `Clause ${i}`, text: '*#_'.repeat(650) }
  })
  return termsOf(space, {
    ...(inForce && { number: inForce.terms.number + 1, before: toHex(inForce.id) }),
    title: `Draft ${n} ${scene.random.below(1_000_000)}`,
    clauses
  })
}

function approval(scene: Scene, revision: Uint8Array): EntryAct {
  const { rival } = scene
  const { space } = scene.facet()
  const statement = {
    capacity: 'managing director',
    certificate: toHex(new Uint8Array(32)),
    company: rival.identity.did,
    number: 2,
    person: 'Nobody',
    revision: toHex(revision),
    role: 'CTO' as const,
    signatory: 'Nobody',
    space: toHex(space.id),
    time: printTime(Date.now())
  }
  return {
    kind: 'approve',
    revision,
    document: signApproval(statement, message => sign(rival.role, message))
  }
}

export const inAgreements: Kind[] = [
  {
    name: 'terms-many',
    as: 'member',
    ...chain((scene, said, n) => {
      return said.says([{ kind: 'propose', terms: encodeTerms(terms(scene, 20_000, n)) }])
    })
  },
  {
    name: 'terms-short',
    as: 'member',
    ...chain((scene, said, n) => {
      const proposals = Array.from({ length: 10 }, (_, i): EntryAct => {
        return { kind: 'propose', terms: encodeTerms(terms(scene, 0, 10 * n + i)) }
      })
      return said.says(proposals)
    })
  },
  {
    name: 'terms-nested',
    as: 'member',
    ...chain((_, said) => said.says([{ kind: 'propose', terms: utf8('['.repeat(49_000)) }]))
  },
  {
    name: 'terms-on-branches',
    as: 'member',
    ...chain((scene, said, n) => {
      return said.says([{ kind: 'propose', terms: encodeTerms(terms(scene, 20_000, n)) }], true)
    })
  },
  {
    name: 'words-on-all',
    as: 'member',
    ...chain((scene, said, n) => {
      const body = encodeTerms(terms(scene, 2_000, n))
      return said.says([{ kind: 'propose', terms: body }, approval(scene, revisionId(body))])
    })
  },
  {
    name: 'words-about-nothing',
    as: 'member',
    ...chain((scene, said) => {
      return said.says(Array.from({ length: 10 }, () => approval(scene, scene.random.bytes(32))))
    })
  },
  {
    name: 'suspends-and-resumes',
    as: 'member',
    ...chain((_, said) => {
      return said.says(
        Array.from({ length: 20 }, (__, i) => {
          return i % 2 === 0 ? { kind: 'suspend', reason: 'x'.repeat(2_000) } : { kind: 'resume' }
        })
      )
    })
  }
]
