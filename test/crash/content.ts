// What a node holds, as its API tells it, and in what it differs from the truth.
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'

export interface Content {
  company: string
  roles: string[]
  /** By artifact: its title, its words, how many envelopes it has. */
  artifacts: Map<string, { title: string; words: string[]; envelopes: number; structRoot: string }>
  /** Companies, with whether the words were compared. */
  peers: string[]
  /** Spaces, with the parties that accepted. */
  spaces: string[]
  invites: string[]
}

export async function contentOf(api: ParleyNode): Promise<Content> {
  const [status, artifacts, peers, spaces, invites] = await Promise.all([
    api.status(),
    api.artifacts(),
    api.peers(),
    api.spaces(),
    api.invites()
  ])
  const content: Content = {
    company: status.company.legalName,
    roles: status.roles.map(({ role, key }) => `${role} ${key}`),
    artifacts: new Map(),
    peers: peers.map(({ company, confirmed }) => `${company.did} confirmed by ${confirmed?.by}`),
    spaces: spaces.flatMap(({ id, parties }) =>
      parties.map(({ company, accepted, frozen }) => `${id} ${company.did} ${accepted} ${frozen}`)
    ),
    invites: invites.map(({ id }) => id)
  }
  for (const { id, title, facets } of artifacts) {
    const { text, structRoot } = await api.read(id)
    const words = text.split('\n').filter(line => line !== '')
    const envelopes = facets.reduce((sum, facet) => sum + facet.envelopes, 0)
    content.artifacts.set(id, { title, words, envelopes, structRoot })
  }
  return content
}

/** What of the truth is not there, and what is there that nobody wrote. More than the truth is fine. */
export function differences(truth: Content, found: Content, written: Set<string>): string[] {
  const out: string[] = []
  if (found.company !== truth.company) out.push(`the company is ${found.company}`)
  for (const part of ['roles', 'peers', 'spaces', 'invites'] as const) {
    for (const item of truth[part]) if (!found[part].includes(item)) out.push(`${part}: ${item} is gone`)
  }
  for (const [id, { title, words, envelopes }] of truth.artifacts) {
    const here = found.artifacts.get(id)
    if (!here) {
      out.push(`artifact ${title} is gone`)
      continue
    }
    if (here.title !== title) out.push(`the title of ${title} is ${here.title}`)
    const lost = words.filter(word => !here.words.includes(word))
    if (lost.length > 0) out.push(`${title} lacks ${lost.length} of ${words.length} words`)
    if (here.envelopes < envelopes) out.push(`${title} has ${here.envelopes} of ${envelopes} envelopes`)
  }
  return [...out, ...strange(found, written)]
}

/** Words that nobody wrote, or that stand there twice. */
export function strange(found: Content, written: Set<string>): string[] {
  return [...found.artifacts.values()].flatMap(({ title, words }) => {
    const wrong = words.filter((word, at) => !written.has(word) || words.indexOf(word) !== at)
    return wrong.length > 0 ? [`WRONG: ${title} says ${wrong.slice(0, 3).join(' ')}`] : []
  })
}
