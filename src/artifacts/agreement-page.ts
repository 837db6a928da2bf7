// The page that people read before they approve: Markdown made from the terms, the same bytes everywhere. What a
// party wrote stands in it as text and nothing else. protocols/agreement, section 5.
import type { TermsBody } from './agreement-terms.ts'
import { nameUnseen } from './unseen.ts'

/** In words that counsel knows; the code stands beside them. */
const IP: { [stance in TermsBody['ip']]: string } = {
  'community-spec-1.0': 'Community Specification License 1.0, with its notices and patent exclusions',
  'w3c-royalty-free': 'royalty-free, as the W3C patent policy grants it',
  rand: 'reasonable and non-discriminatory terms',
  none: 'no licence is granted by this agreement'
}

const ANTITRUST: { [profile in TermsBody['antitrust']['profile']]: string } = {
  none: 'none',
  benchmark:
    'benchmark: five contributors or more, none with over a quarter of a total, data three months old or older, ' +
    'no prices, wages, output or forecasts'
}

/** AGR-18. */
export function pageOf(terms: TermsBody): string {
  const { parties } = terms
  const nameOf = (index: number) => inline(parties[index]?.name ?? `party ${index}`)
  const parts = [
    heading(1, terms.title),
    facts([
      ['Revision', `${terms.number}`],
      ...(terms.before === undefined ? [] : [['Replaces revision', code(terms.before)] as Fact]),
      ['Space', code(terms.space)],
      ['Template', terms.template],
      ['Roles', terms.roles.join(', ')],
      ['First day', terms.starts],
      ['Last day', terms.ends ?? 'none'],
      ['Notice', `${terms.noticeDays} days`],
      ['Governing law', inline(terms.governingLaw)]
    ]),
    ...partiesOf(terms),
    ...admittedOf(terms),
    heading(2, 'Purpose'),
    quote(terms.purpose),
    list(terms.objectives.map(inline)),
    heading(2, 'Scope'),
    facts([
      ['Kinds', terms.scope.kinds.join(', ')],
      ['Classes', terms.scope.classes.join(', ')],
      ['Topics', terms.scope.topics.map(inline).join('; ') || 'any']
    ]),
    heading(2, 'Confidentiality'),
    list(terms.confidentiality.map(({ kind, field, class: name }) => `${kind}, ${inline(field)}: ${name}`)),
    'What is not named here is private.',
    heading(2, 'Intellectual property'),
    `${IP[terms.ip]} (${terms.ip})`,
    heading(2, 'Reciprocity'),
    list(
      terms.reciprocity.map(({ kind, unit, maxExposure, soleSender }) => {
        const sender = soleSender ? '; only the contributor passes it on' : ''
        return `${kind}: giving may run ahead of receiving by ${maxExposure} x ${inline(unit)}${sender}`
      })
    ),
    heading(2, 'Amendment, witnesses, competition law'),
    facts([
      ['To amend', `approvals that weigh ${terms.amendment.threshold}`],
      [
        'Witnesses',
        `${terms.witnesses.minimum} of ${terms.witnesses.parties.map(nameOf).join(', ') || 'nobody'}`
      ],
      ['Competition law', ANTITRUST[terms.antitrust.profile]]
    ]),
    list(
      terms.antitrust.counsel.map(({ party, name, day }) => `${inline(name)} for ${nameOf(party)}, ${day}`)
    ),
    heading(2, 'Clauses'),
    ...terms.clauses.flatMap(({ title, text }, i) => [heading(3, `${i + 1}. ${title}`), quote(text)]),
    ...bindingTextsOf(terms)
  ]
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

type Fact = [name: string, value: string]

function admittedOf({ parties, admits }: TermsBody): string[] {
  if (admits === undefined) return []
  return [
    heading(2, 'Admitted by this revision'),
    list(parties.slice(-admits).map(({ name }) => inline(name))),
    'They come to see all that the scope below covers, also what was written before.'
  ]
}

function partiesOf({ parties, amendment }: TermsBody): string[] {
  return [
    heading(2, 'Parties'),
    ...parties.flatMap((party, i) => [
      heading(3, `${i + 1}. ${party.name}`),
      facts([
        ['Registration', inline(party.registration)],
        ['Jurisdiction', inline(party.jurisdiction)],
        ['Address', inline(party.address)],
        ['Signs', `${inline(party.signatory)}, ${inline(party.capacity)}`],
        ['Identity', code(party.company)],
        ['Weight in amendments', `${amendment.weights[i]}`]
      ])
    ])
  ]
}

function bindingTextsOf({ survives, standardTerms, attachments }: TermsBody): string[] {
  return [
    heading(2, 'After the end'),
    list(survives.map(inline)),
    heading(2, 'Texts that bind with this one'),
    list([
      ...(standardTerms ? [`${inline(standardTerms.title)}, ${code(standardTerms.sha256)}`] : []),
      ...attachments.map(({ title, mediaType, bytes, sha256 }) => {
        return `${inline(title)} (${inline(mediaType)}, ${bytes} bytes), ${code(sha256)}`
      })
    ])
  ]
}

function heading(level: number, text: string): string {
  return `${'#'.repeat(level)} ${inline(text)}`
}

function facts(rows: Fact[]): string {
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n')
}

function list(items: string[]): string {
  return items.length > 0 ? items.map(item => `- ${item}`).join('\n') : 'None.'
}

/** What a party wrote at length: a quotation, line by line, so that it cannot begin anything of its own. */
function quote(text: string): string {
  return text === ''
    ? 'None.'
    : text
        .split('\n')
        .map(line => `> ${inline(line)}`.trimEnd())
        .join('\n')
}

function code(hex: string): string {
  return `\`${hex.replaceAll('`', '')}\``
}

/** Every character that Markdown or HTML could take for its own is escaped, and every hidden one is named. */
function inline(text: string): string {
  return nameUnseen(text.replace(/[\\`*_{}[\]()<>#+\-.!|~&$:@/^="']/g, '\\$&'))
}
