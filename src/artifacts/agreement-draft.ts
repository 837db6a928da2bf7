// From the draft that people edit together to the terms that they can approve, or to what still stands in the way.
// Nothing is guessed: what is missing or ill-typed is a problem with a next step. protocols/agreement, section 9.
import { z } from 'zod'
import { ROLES } from '../identity/certificate-schema.ts'
import { type TermsBody, TermsBodySchema, TermsSchema } from './agreement-terms.ts'
import { ARTIFACT_KINDS } from './layouts.ts'

/** What a document shows: its main text and its other roots. */
export interface DraftContent {
  text: string
  fields: { [root: string]: unknown }
}

/** What the space decides about the next revision. */
export interface TermsPlace {
  /** Hexadecimal. */
  space: string
  /** Root ids of the parties there are, by index. */
  parties: readonly string[]
  number: number
  /** Id of the revision in force, if one is. */
  before?: string
}

export interface DraftProblem {
  /** A field of the draft, such as `meta.starts`. */
  where: string
  /** A sentence for people. */
  says: string
  next: string
}

/** @param draft how a command names the draft: the beginning of its id */
export function termsOfDraft(
  { text, fields }: DraftContent,
  place: TermsPlace,
  draft: string
): TermsBody | DraftProblem[] {
  const reading = new Reading(fields, draft)
  const { space, number, before } = place
  const body = {
    space,
    number,
    before,
    purpose: reading.purpose(text),
    ...metaOf(reading),
    ...rulesOf(reading, place),
    ...scopeOf(reading),
    ...textsOf(reading)
  }
  if (reading.problems.length > 0) return reading.problems
  const shape = TermsBodySchema.safeParse(JSON.parse(JSON.stringify(body, asText)))
  if (shape.success) return shape.data
  return shape.error.issues.map(({ path, message }) => {
    return { where: path.join('.'), says: `${message}.`, next: `See it: parley show ${draft} --fields` }
  })
}

/** Half of a surrogate pair, which two people typing at once can leave behind, is shown for what it is. */
function asText(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}

const { shape: SHAPE } = TermsSchema
const PARTY = SHAPE.parties.element.shape
const RECIPROCITY = SHAPE.reciprocity.element.shape
const ATTACHMENT = SHAPE.attachments.element.shape
const STANDARD = SHAPE.standardTerms.unwrap().shape
const COUNSEL = SHAPE.antitrust.shape.counsel.element.shape
const AMOUNT = z.string().regex(/^(0|[1-9]\d{0,14})$/)

interface Want {
  schema: z.ZodType
  /** In words. */
  what: string
  /** How a value is typed after the path. */
  example: string
}

/** What belongs in each field that the terms are made from. */
const WANTS: { [field: string]: Want } = {
  'meta.title': want(SHAPE.title, 'the title'),
  'meta.template': choice(SHAPE.template),
  'meta.starts': want(SHAPE.starts, 'the first day, as 2027-01-31', '=2027-01-31'),
  'meta.ends': want(SHAPE.starts, 'the last day, as 2027-12-31', '=2027-12-31'),
  'meta.noticeDays': want(SHAPE.noticeDays, 'the notice, in whole days', ':=90'),
  'meta.governingLaw': want(SHAPE.governingLaw, 'the governing law'),
  'meta.ipStance': choice(SHAPE.ip),
  'meta.antitrust': choice(SHAPE.antitrust.shape.profile),
  'meta.threshold': want(SHAPE.amendment.shape.threshold, 'the weight that amends, a whole number', ':=2'),
  'meta.witnesses': want(SHAPE.witnesses.shape.minimum, 'how many must witness, a whole number', ':=1'),
  'parties.name': want(PARTY.name, 'the legal name'),
  'parties.registration': want(PARTY.registration, 'the registration number'),
  'parties.jurisdiction': want(PARTY.jurisdiction, 'the jurisdiction', '=DE'),
  'parties.address': want(PARTY.address, 'the address, which may be empty'),
  'parties.signatory': want(PARTY.signatory, 'who signs'),
  'parties.capacity': want(PARTY.capacity, 'in which capacity the signatory signs', '="managing director"'),
  'parties.weight': want(SHAPE.amendment.shape.weights.element, 'the weight in amendments, 0 to 1000', ':=1'),
  'parties.witness': want(z.boolean(), 'whether it witnesses the logs of the others', ':=true'),
  'parties.counsel': want(COUNSEL.name, 'the name of counsel'),
  'parties.counselDay': want(COUNSEL.day, 'the day of the sign-off, as 2027-01-31', '=2027-01-31'),
  'objectives.title': want(SHAPE.objectives.element, 'an objective'),
  'scope.roles': want(SHAPE.roles, `a list of roles, of ${ROLES.join(', ')}`, `:='["CTO"]'`),
  'scope.kinds': want(SHAPE.scope.shape.kinds, 'a list of artifact kinds', `:='["StandardsDoc.v1"]'`),
  'scope.classes': want(
    SHAPE.scope.shape.classes,
    'a list of public, shared-confidential, or both',
    `:='["public"]'`
  ),
  'scope.topics': want(SHAPE.scope.shape.topics, 'a list of topics; an empty one means any', `:='[]'`),
  'confidentiality.kind': choice(SHAPE.confidentiality.element.shape.kind),
  'confidentiality.field': want(SHAPE.confidentiality.element.shape.field, 'a field, such as meta.title'),
  'confidentiality.class': choice(SHAPE.confidentiality.element.shape.class),
  'reciprocity.kind': choice(RECIPROCITY.kind),
  'reciprocity.unit': want(RECIPROCITY.unit, 'what is counted', '=artifact'),
  'reciprocity.maxExposure': want(AMOUNT, 'how far giving may run ahead, in whole units', '=1'),
  'reciprocity.soleSender': want(z.boolean(), 'whether only the contributor passes it on', ':=false'),
  'clauses.title': want(SHAPE.clauses.element.shape.title, 'a title'),
  'clauses.text': want(SHAPE.clauses.element.shape.text, 'a text'),
  'clauses.survives': want(z.boolean(), 'whether the clause outlives the agreement', ':=false'),
  'standardTerms.title': want(STANDARD.title, 'the title of the standard terms'),
  'standardTerms.sha256': want(STANDARD.sha256, 'their SHA-256, in hexadecimal'),
  'attachments.title': want(ATTACHMENT.title, 'a title'),
  'attachments.mediaType': want(ATTACHMENT.mediaType, 'a media type', '=application/pdf'),
  'attachments.bytes': want(ATTACHMENT.bytes, 'the length in bytes', ':=12345'),
  'attachments.sha256': want(ATTACHMENT.sha256, 'the SHA-256, in hexadecimal')
}

function want(schema: z.ZodType, what: string, example = '="..."'): Want {
  return { schema, what, example }
}

function choice(schema: z.ZodType & { options: readonly string[] }): Want {
  return want(schema, `one of ${schema.options.join(', ')}`, `=${schema.options[0] ?? ''}`)
}

function metaOf(reading: Reading): object {
  const take = (key: string) => reading.take('meta', key)
  return {
    title: take('title'),
    template: take('template'),
    starts: take('starts'),
    ends: reading.has('meta', 'ends') ? take('ends') : undefined,
    noticeDays: take('noticeDays'),
    governingLaw: take('governingLaw'),
    ip: take('ipStance')
  }
}

/** What hangs on the parties. */
function rulesOf(reading: Reading, place: TermsPlace): object {
  const found = findParties(reading, place)
  const ids = found.map(({ id }) => id)
  const admits = found.length - place.parties.length
  const each = (key: string) =>
    ids.map(id => (id === undefined ? undefined : reading.take('parties', key, id)))
  const counsel = ids.flatMap((id, party) => {
    if (id === undefined || !['counsel', 'counselDay'].some(key => reading.has('parties', key, id))) return []
    return [
      { party, name: reading.take('parties', 'counsel', id), day: reading.take('parties', 'counselDay', id) }
    ]
  })
  const facts = Object.keys(PARTY)
    .filter(key => key !== 'company')
    .map(key => [key, each(key)] as const)
  return {
    ...(admits > 0 && { admits }),
    parties: found.map(({ company }, i) => ({
      company,
      ...Object.fromEntries(facts.map(([key, values]) => [key, values[i]]))
    })),
    amendment: { threshold: reading.take('meta', 'threshold'), weights: each('weight') },
    antitrust: { profile: reading.take('meta', 'antitrust'), counsel },
    witnesses: {
      minimum: reading.take('meta', 'witnesses'),
      parties: each('witness').flatMap((witness, party) => (witness === true ? [party] : []))
    }
  }
}

/** The record of each party, in the order of the terms, where its id is a plain name. */
export function partyIds(
  fields: DraftContent['fields'],
  place: Pick<TermsPlace, 'parties' | 'number'>
): (string | undefined)[] {
  return findParties(new Reading(fields, ''), place).map(({ id }) => (id && PLAIN.test(id) ? id : undefined))
}

const COMPANY = /^did:webvh:[\w.:-]+$/
/** What may stand in a command. */
const PLAIN = /^[\w-]+$/

interface FoundParty {
  company: string
  /** Of its record. */
  id: string | undefined
}

/** The parties there are, and behind them whom an amendment admits. */
function findParties(
  reading: Reading,
  { parties, number }: Pick<TermsPlace, 'parties' | 'number'>
): FoundParty[] {
  const records = reading.ids('parties').map(id => ({ id, root: reading.at('parties', 'root', id) }))
  const later = new Set<string>()
  for (const { id, root } of records) {
    if (parties.some(company => company === root)) continue
    if (number > 1 && typeof root === 'string' && COMPANY.test(root)) later.add(root)
    else reading.complain(['parties', id], 'This is no party of the space, by its root id.', ':=null')
  }
  return [...parties, ...later].map((company, i) => {
    const [found, second] = records.filter(({ root }) => root === company)
    if (second) reading.complain(['parties', second.id], 'This party is here twice.', ':=null')
    if (!found) {
      // What is no plain id is not for pasting into a shell.
      const example = COMPANY.test(company) ? `=${company}` : '="..."'
      const says = `No record has the root id of ${company}, a party of the space.`
      reading.complain(['parties', `party${i + 1}`, 'root'], says, example)
    }
    return { company, id: found?.id }
  })
}

function scopeOf(reading: Reading): object {
  const list = (key: string, order: readonly string[] = []) => {
    const values = (reading.take('scope', key) ?? []) as string[]
    const twice = values.find((value, i) => values.indexOf(value) !== i)
    if (twice !== undefined) {
      const { example } = WANTS[`scope.${key}`] as Want
      reading.complain(['scope', key], `${twice} is named twice.`, example)
    }
    return values.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
  }
  const { kinds, classes } = SHAPE.scope.shape
  return {
    roles: list('roles', ROLES),
    scope: {
      kinds: list('kinds', kinds.element.options),
      classes: list('classes', classes.element.options),
      topics: list('topics')
    },
    objectives: reading.ids('objectives').map(id => reading.take('objectives', 'title', id)),
    confidentiality: reading.records('confidentiality', ['kind', 'field', 'class']).toSorted(byKind),
    reciprocity: reading
      .records('reciprocity', ['kind', 'unit', 'maxExposure', 'soleSender'])
      .map(one => ({ ...one, maxExposure: Number(one['maxExposure']) }))
      .toSorted(byKind)
  }
}

function byKind(a: { [key: string]: unknown }, b: { [key: string]: unknown }): number {
  const place = (one: typeof a) => ARTIFACT_KINDS.findIndex(kind => kind === one['kind'])
  return place(a) - place(b) || (String(a['field']) < String(b['field']) ? -1 : 1)
}

function textsOf(reading: Reading): object {
  const clauses = reading.records('clauses', ['title', 'text', 'survives'])
  const hasStandard = ['title', 'sha256'].some(key => reading.has('standardTerms', key))
  return {
    clauses: clauses.map(({ title, text }) => ({ title, text })),
    survives: clauses.flatMap(({ title, survives }) => (survives === true ? [title] : [])),
    standardTerms: hasStandard
      ? { title: reading.take('standardTerms', 'title'), sha256: reading.take('standardTerms', 'sha256') }
      : undefined,
    attachments: reading.records('attachments', ['title', 'mediaType', 'bytes', 'sha256'])
  }
}

/** The draft's fields, and what was wrong with those that were read. */
class Reading {
  readonly problems: DraftProblem[] = []
  readonly #fields: { [root: string]: unknown }
  readonly #draft: string

  constructor(fields: { [root: string]: unknown }, draft: string) {
    this.#fields = fields
    this.#draft = draft
  }

  at(root: string, key: string, id?: string): unknown {
    const record = id === undefined ? this.#fields[root] : memberOf(this.#fields[root], id)
    return memberOf(record, key)
  }

  has(root: string, key: string, id?: string): boolean {
    return this.at(root, key, id) !== undefined
  }

  /** @returns the value if it is what belongs there; else there is one problem more */
  take(root: string, key: string, id?: string): unknown {
    const wanted = WANTS[`${root}.${key}`] as Want
    const path = id === undefined ? [root, key] : [root, id, key]
    const value = this.at(root, key, id)
    if (value === undefined) this.complain(path, `Missing: ${wanted.what}.`, wanted.example)
    else if (!wanted.schema.safeParse(value).success)
      this.complain(path, `It does not fit: ${wanted.what}.`, wanted.example)
    else return value
    return undefined
  }

  purpose(text: string): string {
    const says = 'Missing: the purpose, which is the text of the draft.'
    if (text.trim() === '') this.problems.push({ where: 'text', says, next: `parley edit ${this.#draft}` })
    return text.trimEnd()
  }

  /** Ids of records in the order in which they are shown. */
  ids(root: string): string[] {
    const records = this.#fields[root]
    const positionOf = (id: string) => String(this.at(root, 'position', id) ?? '')
    const ids = Object.keys(isMap(records) ? records : {})
    return ids.toSorted((a, b) => compare(positionOf(a), positionOf(b)) || compare(a, b))
  }

  records(root: string, keys: string[]): { [key: string]: unknown }[] {
    return this.ids(root).map(id => Object.fromEntries(keys.map(key => [key, this.take(root, key, id)])))
  }

  /** @param example what follows the path in `parley set` */
  complain(path: string[], says: string, example: string): void {
    const where = path.join('.')
    // A record's id is somebody's text: one that is no plain name is not for pasting into a shell.
    const next = path.every(name => PLAIN.test(name))
      ? `parley set ${this.#draft} ${where}${example}`
      : `The program that made this record takes it away; see it with parley show ${this.#draft} --fields`
    this.problems.push({ where, says, next })
  }
}

function isMap(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function memberOf(value: unknown, key: string): unknown {
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
