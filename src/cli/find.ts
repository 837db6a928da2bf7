// What a person typed for an id: the beginning of one is enough, if it is long enough and fits only one.
import type { CompanyJson } from '../node/surface/company-json.ts'
import type { ArtifactJson, ParleyNode, PeerJson, SpaceJson } from '../node/surface/parley-node.ts'
import type { DataClass } from '../wire/data-class.ts'
import { NodeError } from '../wire/node-error.ts'
import { inline, nearest } from './text.ts'

const PREFIX_CHARS_MIN = 6
/** Shown in lists and long enough to be typed back. */
export const SHORT_ID = 12

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID)
}

interface Named {
  id: string
  title: string
}

/** By the beginning of its id, its exact title, or the beginning of the id of one of its parts. */
export async function findArtifact(node: ParleyNode, typed: string): Promise<ArtifactJson> {
  const all = await node.artifacts()
  const isWhole = byIdOf(all, typed).length > 0 || all.some(({ title }) => title === typed)
  const parts = isWhole ? [] : byIdOf(all.flatMap(partsOf), typed)
  return find('artifact', typed, parts.length > 0 ? parts : all, 'parley list')
}

function partsOf(artifact: ArtifactJson): ArtifactJson[] {
  return artifact.facets.map(part => {
    const { id, space, spaceTitle } = part
    return { ...artifact, id, space, spaceTitle, facets: [part] }
  })
}

/** What is typed to the node for one part of an artifact: the id of the part where a class is named. */
export async function findPart(node: ParleyNode, typed: string, dataClass?: DataClass): Promise<string> {
  const { id, facets } = await findArtifact(node, typed)
  if (dataClass === undefined) return id
  const found = facets.filter(part => part.class === dataClass)
  if (found[0] && found.length === 1) return found[0].id
  const next = 'parley list shows the classes; parley list --json the ids of parts.'
  if (found.length === 0) throw new NodeError('facet-unknown', `the artifact has no ${dataClass} part`, next)
  throw new NodeError('facet-ambiguous', `it has ${found.length} ${dataClass} parts`, next)
}

export async function findSpace(node: ParleyNode, typed: string): Promise<SpaceJson> {
  return find('space', typed, await node.spaces(), 'parley space list')
}

function byIdOf<T extends Named>(all: T[], typed: string): T[] {
  return all.filter(({ id }) => id.startsWith(typed.toLowerCase()))
}

/** By the beginning of the id, or the exact title. */
function find<T extends Named>(what: string, typed: string, all: T[], listCommand: string): T {
  const byTitle = all.filter(({ title }) => title === typed)
  const byId = byIdOf(all, typed)
  const found = byTitle.length > 0 ? byTitle : byId
  const [one] = found
  const short = typed.length < PREFIX_CHARS_MIN && byTitle.length === 0
  if (one && found.length === 1 && !short) return one
  if (found.length > 1 || (one && short)) {
    const next = `Give at least ${PREFIX_CHARS_MIN} digits of the id: ${found
      .slice(0, 5)
      .map(({ id }) => shortId(id))
      .join(', ')}`
    throw new NodeError(
      `${what}-ambiguous`,
      found.length === 1 ? `${inline(typed)} is too short` : `${inline(typed)} fits ${found.length} of them`,
      next
    )
  }
  throw unknown(what, typed, all, listCommand)
}

function unknown(what: string, typed: string, all: Named[], listCommand: string): NodeError {
  const near = nearest(
    typed,
    all.flatMap(({ id, title }) => [title, id.slice(0, typed.length)])
  )
  const meant = all.find(({ id, title }) => near !== undefined && (title === near || id.startsWith(near)))
  const next = meant
    ? `Did you mean ${shortId(meant.id)} (${inline(meant.title)})? All of them: ${listCommand}`
    : `See what is here: ${listCommand}`
  return new NodeError(`${what}-unknown`, `no ${what} ${inline(typed)} is here`, next)
}

/** By DID, the beginning of what follows `did:webvh:`, or the legal name. */
export async function findCompany(node: ParleyNode, typed: string): Promise<CompanyJson> {
  const peers: PeerJson[] = await node.peers()
  const companies = peers.map(({ company }) => company)
  const named = companies.filter(({ legalName }) => legalName.toLowerCase() === typed.toLowerCase())
  const scid = typed.replace(/^did:webvh:/, '')
  const byId =
    scid.length < PREFIX_CHARS_MIN ? [] : companies.filter(({ did }) => did.slice(10).startsWith(scid))
  const found = named.length > 0 ? named : byId
  if (found.length > 1) {
    const next = `Give the id: ${found.map(({ did }) => did).join(', ')}`
    throw new NodeError('company-ambiguous', `${typed} may be ${found.length} companies`, next)
  }
  if (found[0]) return found[0]
  const near = nearest(
    typed,
    companies.map(({ legalName }) => legalName)
  )
  const next = near === undefined ? 'See who is known: parley peers' : `Did you mean ${inline(near)}?`
  throw new NodeError('company-unknown', `no company ${inline(typed)} is known here`, next)
}
