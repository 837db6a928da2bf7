// Which facets are one artifact, and which of its parts is meant. protocols/artifacts, ART-13 and ART-14.
import type { HeldFacet } from '../../sync/context.ts'
import { toHex } from '../../wire/bytes.ts'
import { DATA_CLASSES, type DataClass } from '../../wire/data-class.ts'
import { NodeError } from '../../wire/node-error.ts'

const ID_CHARS = 12

export interface Artifact {
  /** What names it here: hexadecimal. */
  id: string
  /** That of its facets; others may have made documents of the same. */
  artifact: string
  own: boolean
  /** The least wide class first, so that nobody shows or changes more of the world than meant. */
  parts: HeldFacet[]
}

/** ART-13. @param self the DID of our own company */
export function artifactsOf(facets: Iterable<HeldFacet>, self: string): Artifact[] {
  const found = new Map<string, Artifact>()
  const times = new Map<string, number>()
  for (const held of facets) {
    const { space, genesis } = held.facet
    const artifact = toHex(genesis.artifact)
    const own = space.parties[genesis.owner] === self
    const key = own ? artifact : `${artifact}/${toHex(space.id)}/${genesis.owner}`
    const known = found.get(key)
    if (known) {
      known.parts.push(held)
      continue
    }
    found.set(key, { id: artifact, artifact, own, parts: [held] })
    times.set(artifact, (times.get(artifact) ?? 0) + 1)
  }
  for (const one of found.values()) {
    one.parts.sort(inOrder)
    if (!one.own && times.get(one.artifact) !== 1) one.id = idOf(one.parts[0] as HeldFacet)
  }
  return [...found.values()]
}

/**
 * The parts of the artifact of this id, or the one part of this id; any prefix that is unique.
 * @throws NodeError `artifact-unknown`, `artifact-ambiguous`
 */
export function partsNamed(artifacts: Artifact[], prefix: string): HeldFacet[] {
  const wanted = prefix.toLowerCase()
  const found = artifacts.flatMap(one => {
    const whole = one.artifact.startsWith(wanted)
    const parts = whole ? one.parts : one.parts.filter(held => idOf(held).startsWith(wanted))
    return parts.length > 0 ? [{ ...one, parts }] : []
  })
  const [only] = found
  if (wanted === '' || !only) {
    throw new NodeError('artifact-unknown', `no artifact ${prefix}`, 'Run parley list to see what is here.')
  }
  if (found.length === 1) return only.parts
  const twins = found.every(({ artifact }) => artifact === only.artifact)
  const own = twins ? found.find(one => one.own) : undefined
  if (own) return own.parts
  const next = twins ? 'Name one by the id that parley list shows.' : 'Give more digits.'
  throw new NodeError('artifact-ambiguous', `${prefix} is the start of ${found.length} ids`, next)
}

/** ART-14. @throws NodeError `facet-unknown`, `facet-ambiguous` */
export function partOf(parts: HeldFacet[], dataClass?: DataClass): HeldFacet {
  const wanted = dataClass ?? parts[0]?.facet.genesis.class
  const found = parts.filter(({ facet }) => facet.genesis.class === wanted)
  const [only] = found
  if (!only)
    throw new NodeError(
      'facet-unknown',
      `the artifact has no ${wanted} part`,
      'Run parley show without --class.'
    )
  if (found.length === 1) return only
  const ids = found.map(held => idOf(held).slice(0, ID_CHARS)).join(', ')
  throw new NodeError(
    'facet-ambiguous',
    `the artifact has ${found.length} ${wanted} parts`,
    `Name one by its id: ${ids}`
  )
}

/** The part that is to leave in a file: never one that nobody named. @throws NodeError `class-needed` as well */
export function namedPart(parts: HeldFacet[], dataClass?: DataClass): HeldFacet {
  const classes = [...new Set(parts.map(({ facet }) => facet.genesis.class))]
  if (dataClass !== undefined || classes.length === 1) return partOf(parts, dataClass)
  const what = `the artifact has parts of several classes: ${classes.join(', ')}`
  throw new NodeError('class-needed', what, 'Say with --class which of them the file is to hold. (ART-14)')
}

function inOrder(a: HeldFacet, b: HeldFacet): number {
  const rank = ({ facet }: HeldFacet) => DATA_CLASSES.indexOf(facet.genesis.class)
  return rank(a) - rank(b) || (idOf(a) < idOf(b) ? -1 : 1)
}

function idOf({ facet }: HeldFacet): string {
  return toHex(facet.id)
}
