// The rules by which terms are looked at before anybody is asked to approve them. protocols/agreement, section 10.
import { type Role, ROLES } from '../identity/certificate-schema.ts'
import { fromHex } from '../wire/bytes.ts'
import { isReject } from '../wire/reject.ts'
import {
  type Fault,
  type Rule,
  admissionText,
  blocks,
  repeated,
  set,
  shownTo,
  warns,
  when
} from './agreement-rule.ts'
import { AGREEMENT_TEMPLATES } from './agreement-templates.ts'
import { type TermsBody, encodeTerms, followsParties, parseTerms, sumOf } from './agreement-terms.ts'
import { fieldsOf } from './layouts.ts'

const BENCHMARK = 'BenchmarkReport.v1'
/** What the withdrawn safety zones asked for, and counsel still does. */
const CONTRIBUTORS_MIN = 5
const DAY_MS = 86_400_000

/** Those that block first. */
export const RULES: readonly Rule[] = [
  blocks('no-revision', 'The terms break section 1.', (terms, { space, parties }) => {
    const id = fromHex(space) ?? new Uint8Array(0)
    const why = parseTerms(encodeTerms(terms), { id, founders: parties })
    if (!isReject(why)) {
      const says = `terms-parties: admits says ${terms.admits ?? 0}, and there are ${parties.length} parties so far.`
      return when(!followsParties(terms, parties), 'parties', says, 'parley show DRAFT --fields')
    }
    const [where, fix] = PLACES[why.code] ?? ['the terms', 'Shorten the texts, or name them as attachments.']
    return when(true, where, `${why.code}: ${why.detail}.`, fix)
  }),
  blocks('revision-stale', 'The terms do not follow the revision in force.', (terms, { number, before }) =>
    when(
      terms.number !== number || terms.before !== before,
      'number',
      `These are terms of revision ${terms.number}, and the next one is ${number}.`,
      'Leave number and before out: they are put in when the terms are proposed.'
    )
  ),
  blocks('over', 'The last day has passed.', ({ ends }, { day }) =>
    when(
      ends !== undefined && ends < day,
      'ends',
      `The last day, ${ends}, has passed.`,
      set('meta.ends', ':=null')
    )
  ),
  blocks('purpose-missing', 'There is no purpose.', ({ purpose }) =>
    when(purpose === '', 'purpose', 'There is no purpose: the text of the draft is it.', 'parley edit DRAFT')
  ),
  blocks(
    'role-missing',
    "The roles do not include the space's pairing: nothing would flow.",
    (terms, facts) =>
      when(
        !terms.roles.some(role => role === facts.pairing),
        'roles',
        `The space pairs ${facts.pairing} with ${facts.pairing}, and the roles are ${terms.roles.join(', ')}.`,
        ROLES.includes(facts.pairing as Role)
          ? set('scope.roles', `:='["${facts.pairing}"]'`)
          : 'Make a space whose pairing is a role: parley space create TITLE --pairing CTO --with COMPANY'
      )
  ),
  blocks('clause-missing', 'A clause of the template is missing, by its title.', ({ template, clauses }) => {
    const titles = new Set(clauses.map(({ title }) => title.toLowerCase()))
    const wanted = template === 'custom' ? [] : AGREEMENT_TEMPLATES[template].clauses
    return wanted.flatMap(({ id, title }) =>
      when(
        !titles.has(title.toLowerCase()),
        'clauses',
        `The template ${template} has a clause "${title}". Bring it back, or make the template custom.`,
        set(`clauses.${id}.title`, `="${title}"`)
      )
    )
  }),
  blocks('clause-empty', 'A clause has no text.', ({ clauses }) =>
    clauses.flatMap(({ title, text }, i) =>
      when(text.trim() === '', `clauses.${i}`, `The clause "${title}" says nothing.`, set('clauses.ID.text'))
    )
  ),
  blocks('clause-twice', 'Two clauses have one title.', ({ clauses }) =>
    repeated(clauses.map(({ title }) => title)).flatMap(title =>
      when(true, 'clauses', `Two clauses are called "${title}".`, set('clauses.ID.title'))
    )
  ),
  blocks('survivor-unknown', 'What is to outlive the agreement is no clause of it.', terms =>
    terms.survives.flatMap(name =>
      when(
        !terms.clauses.some(({ title }) => title === name),
        'survives',
        `What outlives the agreement is to be "${name}", and no clause is called so.`,
        set('clauses.ID.title')
      )
    )
  ),
  blocks('party-unknown', 'Counsel or a witness is of no party, or a party is named twice.', terms => {
    const { parties } = terms.witnesses
    const named = [...terms.antitrust.counsel.map(({ party }) => party), ...parties]
    const strange = named.filter(index => index >= terms.parties.length)
    const says = (index: number) =>
      strange.includes(index) ? `There is no party ${index}.` : `Party ${index} witnesses twice.`
    return [...new Set([...strange, ...repeated(parties)])].flatMap(index =>
      when(true, 'witnesses.parties', says(index), 'parley show DRAFT --fields')
    )
  }),
  blocks('sole-amender', 'One party of several reaches the threshold alone.', ({ amendment, parties }) =>
    parties.flatMap(({ name }, i) => {
      const weight = amendment.weights[i] ?? 0
      return when(
        parties.length > 1 && weight >= amendment.threshold,
        `amendment.weights.${i}`,
        `${name} weighs ${weight} of a threshold of ${amendment.threshold}: it could amend alone.`,
        set(`parties.#${i}.weight`, ':=1')
      )
    })
  ),
  blocks('witnesses-few', "For a party's log the others have fewer witnesses than the minimum.", terms => {
    const others = othersWitnessing(terms)
    const { minimum } = terms.witnesses
    return others.flatMap(({ name, count }) =>
      when(
        count < minimum,
        'witnesses.minimum',
        `The log of ${name} is to have ${minimum} witnesses, and of the others ${count} would witness it.`,
        set('meta.witnesses', `:=${Math.min(...others.map(other => other.count))}`)
      )
    )
  }),
  blocks('benchmark-profile', 'Benchmark reports are in scope without the benchmark profile.', terms =>
    when(
      terms.scope.kinds.includes(BENCHMARK) && terms.antitrust.profile !== 'benchmark',
      'antitrust.profile',
      `${BENCHMARK} is in scope, and the antitrust profile is ${terms.antitrust.profile}.`,
      set('meta.antitrust', '=benchmark')
    )
  ),
  blocks(
    'contributors-few',
    'The benchmark profile with fewer than five parties.',
    ({ antitrust, parties }) =>
      when(
        antitrust.profile === 'benchmark' && parties.length < CONTRIBUTORS_MIN,
        'parties',
        `The benchmark profile asks for ${CONTRIBUTORS_MIN} contributors, and there are ${parties.length}: ` +
          'each could work out the figures of others.',
        'Make a space with more parties: parley space create TITLE --pairing CFO --with COMPANY...'
      )
  ),
  blocks('counsel-missing', "A profile is not signed off by a party's counsel.", terms =>
    terms.antitrust.profile === 'none' ? [] : withoutCounsel(terms)
  ),
  blocks('field-unknown', 'The confidentiality grid names a field that no layout has.', terms =>
    terms.confidentiality.flatMap(({ kind, field }) =>
      when(
        !fieldsOf(kind).includes(field),
        'confidentiality',
        `${kind} has no field ${field}.`,
        set('confidentiality.ID.field', '=meta.title')
      )
    )
  ),
  blocks('field-twice', 'The grid names a field twice.', ({ confidentiality }) =>
    repeated(confidentiality.map(({ kind, field }) => `${kind} ${field}`)).flatMap(cell =>
      when(true, 'confidentiality', `The grid names ${cell} twice.`, set('confidentiality.ID', ':=null'))
    )
  ),
  blocks('class-outside', 'The grid gives a field a class that the scope does not have.', terms =>
    terms.confidentiality.flatMap(({ kind, field, class: name }) =>
      when(
        name !== 'private' && !terms.scope.classes.includes(name),
        'confidentiality',
        `${kind} ${field} is ${name}, and the classes in scope are ${terms.scope.classes.join(', ')}.`,
        set('confidentiality.ID.class', '=private')
      )
    )
  ),
  blocks('reciprocity-outside', 'A reciprocity rule is for a kind outside the scope.', terms =>
    terms.reciprocity.flatMap(({ kind }) =>
      when(
        !terms.scope.kinds.includes(kind),
        'reciprocity',
        `${kind} has a reciprocity rule and is not in scope.`,
        set('reciprocity.ID', ':=null')
      )
    )
  ),
  blocks('reciprocity-twice', 'Two reciprocity rules are for one kind.', ({ reciprocity }) =>
    repeated(reciprocity.map(({ kind }) => kind)).flatMap(kind =>
      when(true, 'reciprocity', `${kind} has two reciprocity rules.`, set('reciprocity.ID', ':=null'))
    )
  ),
  blocks('reciprocity-stuck', 'Giving may not run ahead at all, so nobody can begin.', ({ reciprocity }) =>
    reciprocity.flatMap(({ kind, maxExposure }) =>
      when(
        maxExposure === 0,
        'reciprocity',
        `Of ${kind} nobody may give first.`,
        set('reciprocity.ID.maxExposure', '=1')
      )
    )
  ),
  warns('seal-missing', 'A party has no key in the space that may seal.', ({ parties, admits }, { seals }) =>
    parties
      .slice(0, parties.length - (admits ?? 0))
      .flatMap(({ name }, i) =>
        when(
          seals[i] !== true,
          `parties.${i}.signatory`,
          `${name} has no key in the space that may seal, so nobody can approve for it.`,
          'Its people accept the space with such a key, or pin one: `parley space keys SPACE --pin CERTIFICATE`'
        )
      )
  ),
  warns('sole-blocker', 'One party of three or more could block every amendment alone.', blockers),
  warns('weightless', 'A party has no weight in amendments.', ({ amendment, parties }) =>
    parties.flatMap(({ name }, i) =>
      when(
        amendment.weights[i] === 0,
        `amendment.weights.${i}`,
        `${name} weighs nothing: the others amend without it.`,
        set(`parties.#${i}.weight`, ':=1')
      )
    )
  ),
  warns('witnesses-none', "Nobody else witnesses a party's log.", terms =>
    othersWitnessing(terms).flatMap(({ name, count }) =>
      when(
        count === 0,
        'witnesses.parties',
        `Nobody else witnesses the log of ${name}: it could be rewritten unseen.`,
        set('parties.ID.witness', ':=true')
      )
    )
  ),
  warns('counsel-unasked', "There is no antitrust profile, and a party's counsel has not said so.", terms =>
    terms.antitrust.profile === 'none' ? withoutCounsel(terms) : []
  ),
  warns('ip-none', 'Standards are in scope, and nothing is licensed.', ({ ip, scope }) =>
    when(
      ip === 'none' && scope.kinds.includes('StandardsDoc.v1'),
      'ip',
      'Standards are in scope, and nobody is given the right to implement them.',
      set('meta.ipStance', '=community-spec-1.0')
    )
  ),
  warns('notice-long', 'The agreement ends before the notice of its first day would.', terms => {
    const { starts, ends, noticeDays } = terms
    const days = ends === undefined ? Infinity : (Date.parse(ends) - Date.parse(starts)) / DAY_MS
    return when(
      days < noticeDays,
      'noticeDays',
      `The agreement runs for ${days} days, and notice takes ${noticeDays}.`,
      set('meta.noticeDays', ':=30')
    )
  }),
  warns('notice-none', 'A party may leave without notice.', ({ noticeDays }) =>
    when(
      noticeDays === 0,
      'noticeDays',
      'A party may leave from one day to the next.',
      set('meta.noticeDays', ':=90')
    )
  ),
  warns('nothing-survives', 'Confidential things are shared, and no clause outlives the agreement.', terms =>
    when(
      terms.survives.length === 0 && terms.scope.classes.includes('shared-confidential'),
      'survives',
      'Nothing protects what is shared in confidence once the agreement has ended.',
      set('clauses.ID.survives', ':=true')
    )
  ),
  warns('past-shown', 'Whom the terms admit would see what was written before.', (terms, { documents }) => {
    return when(
      terms.admits !== undefined,
      'admits',
      admissionText(terms, shownTo(terms, documents)),
      'What is not for them belongs in a space without them: parley space create TITLE --pairing ROLE --with COMPANY'
    )
  }),
  warns('objectives-none', 'There are no objectives.', ({ objectives }) =>
    when(
      objectives.length === 0,
      'objectives',
      'There are no objectives.',
      set('objectives.objective1.title')
    )
  ),
  warns('field-outside', 'The grid names a kind outside the scope.', ({ confidentiality, scope }) =>
    [...new Set(confidentiality.map(({ kind }) => kind))].flatMap(kind =>
      when(
        !scope.kinds.includes(kind),
        'confidentiality',
        `The grid names ${kind}, which is not in scope.`,
        set('confidentiality.ID', ':=null')
      )
    )
  )
]

/** Where terms are wrong that are no revision, by code, and what to do. */
const PLACES: { [code: string]: [where: string, fix: string] } = {
  'terms-day': ['starts', set('meta.starts', '=2027-01-31')],
  'terms-place': [
    'number',
    'Leave space, number and before out: they are put in when the terms are proposed.'
  ],
  'terms-parties': ['parties', 'parley show DRAFT --fields'],
  'terms-shape': ['parties', 'parley show DRAFT --fields'],
  'terms-amendment': ['amendment.threshold', set('meta.threshold', ':=2')]
}

function withoutCounsel({ antitrust, parties }: TermsBody): Fault[] {
  return parties.flatMap(({ name }, i) =>
    when(
      !antitrust.counsel.some(({ party }) => party === i),
      'antitrust.counsel',
      `Counsel of ${name} has not signed off the antitrust profile (${antitrust.profile}).`,
      `${set(`parties.#${i}.counsel`)} parties.#${i}.counselDay=2027-01-31`
    )
  )
}

/** Of each party's log, by the others: nobody witnesses its own. */
function othersWitnessing({ parties, witnesses }: TermsBody): { name: string; count: number }[] {
  const named = new Set(witnesses.parties.filter(index => index < parties.length))
  return parties.map(({ name }, i) => ({ name, count: named.size - (named.has(i) ? 1 : 0) }))
}

/** Two can only agree; among three or more it is worth a thought. */
function blockers({ amendment, parties }: TermsBody): Fault[] {
  const { weights, threshold } = amendment
  const sum = sumOf(weights)
  const most = Math.max(...weights)
  const able = parties.filter((_, i) => sum - (weights[i] ?? 0) < threshold)
  const who = able.length === parties.length ? 'Each party' : able.map(({ name }) => name).join(', ')
  const says = `${who} could block every amendment alone: weights ${weights.join(', ')}, threshold ${threshold}.`
  // The highest threshold that the rest still reaches, unless two halves could then amend apart (AGR-6).
  const isAvoidable = 2 * (sum - most) > sum
  const fix = isAvoidable
    ? set('meta.threshold', `:=${sum - most}`)
    : set(`parties.#${weights.indexOf(most)}.weight`, ':=1')
  return when(parties.length > 2 && able.length > 0, 'amendment.threshold', says, fix)
}
