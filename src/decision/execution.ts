// What an approved decision leads to, as facts: the plan and its first words, and whether a sealed standard is what a
// certificate approved. protocols/decision, section 10.
import { concatBytes, fromHex, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import { Reject } from '../wire/reject.ts'
import type { Verified } from './certificate-check.ts'
import type { Initiation } from './schema.ts'

const LABEL = utf8('parley/plan/1\n')
const ID_BYTES = 16

type Plan = NonNullable<Initiation['options'][number]['plan']>

/** DEC-32: the same for everybody, so that it is made once. @param decision its id, hexadecimal */
export function planArtifact(decision: string): Uint8Array {
  return sha256(concatBytes(LABEL, fromHex(decision) as Uint8Array)).slice(0, ID_BYTES)
}

/** The fields of the draft, by their path in the layout of a JointInitiativePlan.v1. */
export function planFields(
  decision: string,
  title: string,
  { goal, milestones }: Plan
): { path: string[]; value: string }[] {
  const meta = { title, goal, decision, status: 'draft' }
  return [
    ...Object.entries(meta).map(([name, value]) => ({ path: ['meta', name], value })),
    ...milestones.flatMap(({ title: name, company, role, due }, i) => {
      const fields = {
        title: name,
        owner: `${role} of ${company}`,
        due,
        status: 'open',
        position: position(i)
      }
      return Object.entries(fields).map(([key, value]) => ({ path: ['milestones', `m${i + 1}`, key], value }))
    })
  ]
}

/** Texts that sort as numbers do. */
function position(index: number): string {
  return String(index + 1).padStart(3, '0')
}

/** What a sealed artifact says that it was made from (`protocols/documents`). */
export interface ReleaseSource {
  artifact: string
  facet: string
  lanes: readonly { client: number; id: string; seq: number }[]
  structRoot: string
}

/** DEC-33. @returns the version that is released */
export function releaseOf({ file, messages }: Verified, source: ReleaseSource): string | Reject {
  const { subject } = messages.initiation[0]?.payload ?? {}
  const release = subject?.release
  if (!file.outcome.approved || !subject || release === undefined)
    return new Reject('release-none', 'the certificate approved no version of a standard')
  const lanes = source.lanes.toSorted((a, b) => a.client - b.client)
  const isSame =
    source.artifact === subject.artifact &&
    source.facet === subject.facet &&
    source.structRoot === subject.root &&
    lanes.length === subject.heads.length &&
    subject.heads.every(
      ({ client, id, seq }, i) => lanes[i]?.client === client && lanes[i].id === id && lanes[i].seq === seq
    )
  return isSame ? release : new Reject('release-other', 'the sealed document is not what was decided on')
}
