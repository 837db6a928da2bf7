// What a run of the sandbox comes to: one line a scene, and whether the draft is ready. protocols/sandbox.
import { z } from 'zod'
import type { Finding } from '../artifacts/agreement-check.ts'
import type { Play } from './world.ts'

export const SCENES = [
  'draft',
  'antitrust',
  'in-force',
  'flow',
  'outside',
  'private',
  'public',
  'role',
  'stranger',
  'reciprocity',
  'sleep',
  'witnesses',
  'amendment',
  'leave',
  'other-bytes',
  'forgery',
  'outside-write',
  'equivocation',
  'silence'
] as const

const LineSchema = z.strictObject({
  scene: z.enum(SCENES),
  state: z
    .enum(['green', 'amber', 'red'])
    .describe('as it should be; worth a thought; not to be signed like this'),
  clause: z.string().min(1).describe('member of the terms that it hangs on, such as scope.kinds'),
  says: z.string().min(1).describe('a sentence for people'),
  next: z.string().min(1).exactOptional().describe('what to do, with its command; in every red line')
})

export const VerdictSchema = z.strictObject({
  parley: z.literal('sandbox.v1'),
  seed: z.int().min(0).describe('the same seed and terms give the same verdict'),
  parties: z.array(z.string()).describe('names of those that were stood in for'),
  ready: z.boolean().describe('no line is red'),
  lines: z.array(LineSchema)
})

export type Line = z.infer<typeof LineSchema>
export type Verdict = z.infer<typeof VerdictSchema>

/** How a person names what was played, and changes it. */
export interface Naming {
  /** Argument of `parley sandbox`. */
  again: string
  /** Argument of `parley set`; absent where the terms came from a file. */
  draft?: string
}

export function green(scene: Line['scene'], clause: string, says: string): Line {
  return { scene, state: 'green', clause, says }
}

export function amber(scene: Line['scene'], clause: string, says: string, next?: string): Line {
  return { scene, state: 'amber', clause, says, ...(next !== undefined && { next }) }
}

/** @param next what to do */
export function red(scene: Line['scene'], clause: string, says: string, next: string): Line {
  return { scene, state: 'red', clause, says, next }
}

/** Not the draft's fault: this program let through what it must not, or kept back what it must not. */
export function fault(
  scene: Line['scene'],
  clause: string,
  says: string,
  { seed }: Pick<Play, 'seed'>
): Line {
  const next = `Do not use this version; report it with this line and seed ${seed}: parley version`
  return red(scene, clause, `This program failed: ${says}`, next)
}

/** Changes a member of the terms. */
export function change(naming: Naming, clause: string, field: string): string {
  const edit =
    naming.draft === undefined ? `Change ${clause} in the terms` : `parley set ${naming.draft} ${field}`
  return `${edit}, then parley sandbox ${naming.again}`
}

const PROFILE_FITS = 'The profile fits the scope, and counsel of each party has signed it off.'
const ANTITRUST = new Set(['benchmark-profile', 'contributors-few', 'counsel-missing', 'counsel-unasked'])

/** What the rules of protocols/agreement, section 10, find: each a line, and none where there is nothing. */
export function linesOf(findings: readonly Finding[], naming: Naming): Line[] {
  const lines = findings.map(({ rule, severity, where, says, next }): Line => {
    const step = /parley /.test(next) ? next : `${next} Then parley sandbox ${naming.again}`
    const scene = ANTITRUST.has(rule) ? 'antitrust' : 'draft'
    return severity === 'blocks' ? red(scene, where, says, step) : amber(scene, where, says, step)
  })
  const of = (scene: Line['scene'], sound: Line) => {
    const own = lines.filter(line => line.scene === scene)
    return own.length > 0 ? own : [sound]
  }
  return [
    ...of('draft', green('draft', 'clauses', 'No rule finds anything missing or contradictory.')),
    ...of('antitrust', green('antitrust', 'antitrust.profile', PROFILE_FITS))
  ]
}
