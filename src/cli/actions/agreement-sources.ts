// What `parley agreement` is given to look at: a draft, terms in a file, or a revision; each becomes terms with what
// its space says about them.
import type { DraftNames, Finding } from '../../artifacts/agreement-check.ts'
import { checkAgreement } from '../../artifacts/agreement-check.ts'
import { partyIds, termsOfDraft } from '../../artifacts/agreement-draft.ts'
import { type CheckFacts, type SharedDocument, shownTo } from '../../artifacts/agreement-rule.ts'
import { type TermsBody, TermsBodySchema } from '../../artifacts/agreement-terms.ts'
import type { ArtifactJson, ParleyNode, SpaceJson } from '../../node/surface/parley-node.ts'
import { quotePath } from '../../node/home/directory.ts'
import { NodeError } from '../../wire/node-error.ts'
import { usage } from '../cli.ts'
import { readBytes } from '../files.ts'
import { findArtifact, findSpace, shortId } from '../find.ts'
import { TERMS_FILE_BYTES_MAX } from '../limits.ts'
import { inline } from '../text.ts'

const DRAFT_KIND = 'PeerAgreement.v1'

export interface Source {
  /** For people. */
  name: string
  /** How `parley agreement check` and `propose` are told which one. */
  arguments: { check: string; propose: string }
  space: SpaceJson
  /** Absent where fields of a draft stand in the way. */
  terms?: TermsBody
  findings: Finding[]
  /** The id of a revision that was proposed. */
  revision?: string
  /** How many documents those would come to see whom terms admit that are not sealed. */
  wouldSee?: number
}

/** A draft by id or title, or a file whose name ends in `.json`. */
export async function findDraftOrFile(node: ParleyNode, typed: string, space?: string): Promise<Source> {
  return isFile(typed) ? readTermsFile(node, typed, space) : readDraft(node, typed)
}

/** One of these, or a revision by the beginning of its id, or the one in force in a space. */
export async function findTerms(node: ParleyNode, typed: string, space?: string): Promise<Source> {
  if (isFile(typed)) return readTermsFile(node, typed, space)
  const drafts = (await node.artifacts()).filter(({ kind }) => kind === DRAFT_KIND)
  if (drafts.some(({ id, title }) => title === typed || id.startsWith(typed.toLowerCase()))) {
    if ((await node.spaces()).some(({ title }) => title === typed))
      throw new NodeError(
        'terms-ambiguous',
        `a draft and a space are called ${inline(typed)}`,
        'Give the beginning of the id of the one that is meant: parley list, parley space list'
      )
    return readDraft(node, typed)
  }
  const found = await findRevisions(node, typed)
  const [one] = found
  if (one && found.length === 1) return readRevision(node, one.space, one.revision)
  if (found.length > 1)
    throw new NodeError(
      'revision-ambiguous',
      `${inline(typed)} fits ${found.length} revisions`,
      'Give more digits.'
    )
  const place = await findSpace(node, typed)
  const { inForce } = await node.agreement(place.id)
  if (inForce !== undefined) return readRevision(node, place, inForce)
  throw new NodeError(
    'revision-unknown',
    'no revision is in force there',
    `Name one: parley agreement show ${shortId(place.id)}`
  )
}

export function isFile(typed: string): boolean {
  return typed === '-' || typed.endsWith('.json')
}

async function findRevisions(
  node: ParleyNode,
  typed: string
): Promise<{ space: SpaceJson; revision: string }[]> {
  const found: { space: SpaceJson; revision: string }[] = []
  for (const space of (await node.spaces()).filter(({ home }) => !home)) {
    const { revisions } = await node.agreement(space.id)
    for (const { id } of revisions)
      if (id.startsWith(typed.toLowerCase())) found.push({ space, revision: id })
  }
  return found
}

async function readRevision(node: ParleyNode, space: SpaceJson, revision: string): Promise<Source> {
  const { id, terms, wouldSee } = await node.revision(space.id, revision)
  const { rendering: _computed, ...rest } = terms
  const body = TermsBodySchema.parse(rest)
  const digits = shortId(id)
  const names = { name: `revision ${digits}`, arguments: { check: digits, propose: digits } }
  const told = wouldSee === undefined ? {} : { wouldSee }
  return { ...names, space, terms: body, findings: [], revision: id, ...told }
}

async function findDraft(node: ParleyNode, typed: string): Promise<ArtifactJson> {
  const artifact = await findArtifact(node, typed)
  if (artifact.kind === DRAFT_KIND) return artifact
  throw usage(
    `${inline(artifact.title)} is a ${artifact.kind}`,
    'A draft is made by parley agreement draft SPACE --template TEMPLATE'
  )
}

/** The records of parties in a draft. */
export async function findParties(
  node: ParleyNode,
  typed: string
): Promise<{ id: string; spaceId: string; records: { id: string; root: unknown }[] }> {
  const { id, space } = await findDraft(node, typed)
  const { fields } = await node.read(id)
  const parties = Object.entries((fields['parties'] ?? {}) as { [id: string]: { root?: unknown } })
  const records = parties.map(([record, party]) => ({ id: record, root: party.root }))
  return { id, spaceId: space, records }
}

async function readDraft(node: ParleyNode, typed: string): Promise<Source> {
  const artifact = await findDraft(node, typed)
  const [part, other] = artifact.facets
  if (!part || other) {
    const next = `Name the one to take by its id: ${artifact.facets.map(facet => `${shortId(facet.id)} (${facet.class})`).join(', ')}`
    throw new NodeError('class-needed', 'the draft has parts of several classes', next)
  }
  const space = await findSpace(node, part.space)
  const facts = await factsOf(node, space)
  const content = await node.read(artifact.id)
  const draft = shortId(artifact.id)
  const terms = termsOfDraft(content, facts, draft)
  const source = { name: `draft ${draft}`, arguments: { check: draft, propose: draft }, space }
  if (Array.isArray(terms)) {
    const findings = terms.map(problem => ({ rule: 'draft', severity: 'blocks' as const, ...problem }))
    return { ...source, findings }
  }
  const names: DraftNames = { draft, parties: partyIds(content.fields, facts) }
  return { ...source, terms, findings: checkAgreement(terms, facts, names), ...shown(terms, facts) }
}

/** @param typedSpace by default the one that the terms name */
export async function readTermsFile(node: ParleyNode, path: string, typedSpace?: string): Promise<Source> {
  const given = await readTerms(path)
  const wanted = typedSpace ?? given['space']
  if (typeof wanted !== 'string')
    throw usage(
      `${inline(path)} does not say which space it is for`,
      'Give --space; to propose it: parley agreement propose SPACE FILE'
    )
  const space = await findSpace(node, wanted)
  const facts = await factsOf(node, space)
  const place = {
    space: space.id,
    number: facts.number,
    ...(facts.before !== undefined && { before: facts.before })
  }
  const [quoted, digits] = [quotePath(path), shortId(space.id)]
  const source = {
    name: path,
    arguments: { check: `${quoted} --space ${digits}`, propose: `${digits} ${quoted}` },
    space
  }
  const terms = termsGiven(given, place)
  if (Array.isArray(terms)) return { ...source, findings: terms }
  return { ...source, terms, findings: checkAgreement(terms, facts), ...shown(terms, facts) }
}

/** @returns the terms, or what of their shape is wrong */
export function termsGiven(given: { [member: string]: unknown }, place: object): TermsBody | Finding[] {
  const { rendering: _computed, ...rest } = given
  const shape = TermsBodySchema.safeParse({ ...place, ...rest })
  if (shape.success) return shape.data
  return shape.error.issues.map(({ path: where, message }) => ({
    rule: 'no-revision',
    severity: 'blocks' as const,
    where: where.join('.') || 'the terms',
    says: `${message}.`,
    next: 'Correct it; protocols/agreement/terms.schema.json says what belongs where.'
  }))
}

/** JSON in the form of protocols/agreement. @throws NodeError `usage` */
export async function readTerms(path: string): Promise<{ [member: string]: unknown }> {
  const bytes = await readBytes(path, TERMS_FILE_BYTES_MAX)
  const next = 'protocols/agreement/terms.schema.json says what belongs where.'
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), (_key, item: unknown) =>
      typeof item === 'string' ? item.toWellFormed() : item
    )
  } catch (error) {
    throw usage(`${path} is not JSON: ${(error as Error).message}`, next)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw usage(`${path} holds no terms`, next)
}

/** What the space says about the terms that come next. */
async function factsOf(node: ParleyNode, space: SpaceJson): Promise<CheckFacts> {
  const { revisions, inForce } = await node.agreement(space.id)
  const current = revisions.find(({ id }) => id === inForce)
  return {
    space: space.id,
    parties: space.parties.map(({ company }) => company.did),
    number: (current?.number ?? 0) + 1,
    ...(current && { before: current.id }),
    pairing: space.pairing,
    seals: space.parties.map(({ keys }) => keys.some(({ powers, cut }) => powers.includes('seal') && !cut)),
    documents: await sharedDocuments(node, space.id),
    day: new Date().toISOString().slice(0, 10)
  }
}

function shown(terms: TermsBody, { documents }: CheckFacts): { wouldSee?: number } {
  return terms.admits === undefined ? {} : { wouldSee: shownTo(terms, documents) }
}

/** Each artifact once, in the widest class that it has there. */
async function sharedDocuments(node: ParleyNode, space: string): Promise<SharedDocument[]> {
  return (await node.artifacts()).flatMap(({ kind, facets }): SharedDocument[] => {
    const classes = facets.filter(part => part.space === space).map(part => part.class)
    if (classes.includes('public')) return [{ kind, class: 'public' }]
    return classes.includes('shared-confidential') ? [{ kind, class: 'shared-confidential' }] : []
  })
}
