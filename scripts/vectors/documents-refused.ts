// Sealed files that a reader refuses, each for one reason; several are signed by a signer who lies.
import { utf8 } from '../../src/wire/bytes.ts'
import { digestOf, makeDisclosure, toBase64url } from '../../src/wire/disclosure.ts'
import { encodeDsse, parseDsse } from '../../src/wire/dsse.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { mediaKind } from '../../src/artifacts/sealed-file.ts'
import { appendIdentity } from '../../src/identity/identity-log.ts'
import type { LogName } from './documents.ts'
import { acme, key, must, next, text, TIME, webHosted } from './identity-builders.ts'
import {
  SOURCE,
  ada,
  agent,
  bruno,
  conceals,
  counted,
  crafted,
  fileOf,
  lost,
  past,
  plan,
  salt,
  spelt
} from './documents-builders.ts'

export interface InvalidDocument {
  name: string
  rule: string
  /** Of the file, or of its first signer who does not count. */
  code: string
  known: LogName[]
  file: string
}

type Row = [rule: string, code: string, name: string, file: string, known?: LogName[]]

export function invalidDocuments(): InvalidDocument[] {
  const rows = [...files(), ...payloads(), ...signatures(), ...disclosures(), ...places(), ...contents()]
  return rows.map(([rule, code, name, file, known = ['acme']]) => ({ name, rule, code, known, file }))
}

const whole = () => spelt(fileOf(plan()))
const member = (over: { [name: string]: JcsValue }) => {
  return text(encodeJcs({ ...(JSON.parse(whole()) as { [name: string]: JcsValue }), ...over }))
}

function files(): Row[] {
  const json = JSON.parse(whole()) as { envelope: { [name: string]: JcsValue }; disclosures: string[] }
  const typed = (payloadType: string) => member({ envelope: { ...json.envelope, payloadType } })
  return [
    ['DOC-1', 'jcs-canonical', 'a space', whole().replace(',', ', ')],
    ['DOC-1', 'jcs-canonical', 'a member twice', whole().replace('{', '{"certificates":[],')],
    ['DOC-1', 'sealed-shape', 'an unknown member', member({ note: 'x' })],
    ['DOC-1', 'sealed-shape', 'another version', member({ parley: 'sealed.v2' })],
    ['DOC-1', 'sealed-shape', 'a disclosure that is no text', member({ disclosures: [1] })],
    ['DOC-2', 'jcs-depth', 'nested nine deep', member({ disclosures: [[[[[[[['x']]]]]]]] })],
    [
      'DOC-2',
      'sealed-shape',
      '33 identity logs',
      member({ identities: Array.from({ length: 33 }, () => '') })
    ],
    ['DOC-3', 'sealed-kind', 'a certificate', typed('application/vnd.parley.role-certificate.v1+json')],
    [
      'DOC-3',
      'sealed-kind',
      'the kind as in a document',
      typed('application/vnd.parley.StandardsDoc.v1+json')
    ],
    [
      'DOC-3',
      'signature',
      'a plan that says it is a standard',
      typed('application/vnd.parley.standards-doc.v1+json')
    ],
    [
      'DOC-1',
      'dsse-shape',
      'an unknown member of the envelope',
      member({ envelope: { ...json.envelope, x: 1 } })
    ]
  ]
}

function payloads(): Row[] {
  const signer = ada.signer
  return [
    ['DOC-4', 'sealed-payload', 'no class', crafted({ class: undefined }, [])],
    ['DOC-4', 'sealed-payload', 'a class that is none', crafted({ class: 'secret' }, [])],
    ['DOC-4', 'sealed-payload', 'an unknown member', crafted({ iss: 'x' }, [])],
    ['DOC-4', 'sealed-payload', 'content in the clear', crafted({ content: { text: 'x' } }, [])],
    ['DOC-4', 'sealed-payload', 'the 31st of February', crafted({ signedAt: '2026-02-31T00:00:00Z' }, [])],
    ['DOC-4', 'sealed-payload', 'no signer', crafted({ signers: [] }, [])],
    ['DOC-8', 'sealed-signers', 'a signer twice', crafted({ signers: [{ ...signer }, { ...signer }] }, [])],
    ['DOC-8', 'sealed-signers', 'signers in another order', crafted({ signers: inOrder().toReversed() }, [])],
    ['DOC-4', 'sealed-payload', 'a second concealed member', concealsMore()]
  ]
}

const inOrder = () => [{ ...ada.signer }, { ...bruno.signer }].sort((a, b) => (a.key < b.key ? -1 : 1))

function concealsMore(): string {
  const { digests, texts } = conceals(['iss', 'x'])
  return crafted({ _sd: digests }, texts)
}

function signatures(): Row[] {
  const good = must(parseDsse(fileOf(plan()).envelope, mediaKind('JointInitiativePlan.v1')))
  const both = plan([ada, bruno])
  const twice = must(parseDsse(fileOf(both, [ada, bruno]).envelope, good.kind))
  const reversed = encodeDsse({ ...twice, signatures: twice.signatures.toReversed() })
  const repeated = encodeDsse({ ...good, signatures: [...good.signatures, ...good.signatures] })
  const changed = encodeDsse({
    ...good,
    payload: utf8(text(good.payload).replace('shared-confidential', 'public'))
  })
  const others = [ada.certificate, bruno.certificate]
  const renamed = { ...ada.signer, person: 'Someone Else' }
  const fork = must(
    appendIdentity(
      acme().second,
      { legalName: 'Acme Forked' },
      { rootKey: key('spare 3'), nextKeyHashes: next('root 9') },
      TIME + 3 * 86_400_000
    )
  )
  return [
    ['DOC-9', 'signature', 'a changed payload', spelt(fileOf(plan(), [ada], { envelope: changed }))],
    ['DOC-9', 'signature', 'one signature twice', spelt(fileOf(plan(), [ada], { envelope: repeated }))],
    [
      'DOC-9',
      'signature',
      'signatures in another order',
      spelt(fileOf(both, [ada, bruno], { envelope: reversed })),
      ['acme', 'borealis']
    ],
    ['DOC-9', 'sealed-unsigned', 'one of two has signed', spelt(fileOf(both, [ada])), ['acme', 'borealis']],
    ['DOC-10', 'sealed-certificate', 'no certificate', spelt(fileOf(plan(), [ada], { certificates: [] }))],
    [
      'DOC-10',
      'sealed-certificate',
      'a certificate that nobody names',
      spelt(fileOf(plan(), [ada], { certificates: others }))
    ],
    ['DOC-10', 'sealed-certificate', 'a person of another name', crafted({ signers: [renamed] }, [])],
    [
      'DOC-10',
      'sealed-certificate',
      'the key of one and the certificate of another',
      crafted({ signers: [{ ...ada.signer, role: 'CEO' }] }, [])
    ],
    ['DOC-10', 'sealed-identity', 'no identity log', whole(), []],
    [
      'DOC-10',
      'sealed-identity',
      'the log of a company that does not sign',
      spelt(fileOf(plan(), [ada], { identities: [webHosted().log] }))
    ],
    [
      'DOC-10',
      'identity-fork',
      'a log that contradicts what the reader has',
      spelt(fileOf(plan(), [ada], { identities: [fork.log] }))
    ],
    [
      'DOC-10',
      'identity-version',
      'a certificate of a later version than is at hand',
      whole(),
      ['acme, first entry']
    ],
    ['DOC-11', 'sealed-power', 'an agent', spelt(fileOf(plan([agent]), [agent]))],
    ['DOC-11', 'sealed-validity', 'a certificate that had expired', spelt(fileOf(plan([past]), [past]))],
    ['DOC-11', 'sealed-revoked', 'a revoked key', spelt(fileOf(plan([lost]), [lost]))]
  ]
}

/** The plan with one disclosure more, or with its disclosures changed. */
function shown(change: (texts: string[]) => string[]): string {
  const unsigned = plan()
  return spelt(fileOf({ ...unsigned, disclosures: change(unsigned.disclosures).toSorted() }))
}

const parse = (encoded: string) => JSON.parse(Buffer.from(encoded, 'base64url').toString()) as JcsValue[]
const print = (json: JcsValue) => toBase64url(encodeJcs(json))
const raw = (json: string) => toBase64url(utf8(json))

function disclosures(): Row[] {
  const spaces = '1234567890123456789012'
  const titleAt = (texts: string[]) => texts.findIndex(one => parse(one)[1] === 'title')
  const edited = (edit: (json: JcsValue[], all: string[]) => JcsValue) =>
    shown(texts => texts.map((one, i) => (i === titleAt(texts) ? print(edit(parse(one), texts)) : one)))
  const other = conceals(['title', 'Another title']).texts
  const nested = shown(texts => texts.filter(one => parse(one)[1] !== 'meta'))
  const deep = `["${spaces}",${'['.repeat(40)}${']'.repeat(40)}]`
  return [
    ['DOC-13', 'disclosure-encoding', 'padding', shown(texts => [...texts, `${raw('[1]')}=`])],
    ['DOC-13', 'disclosure-encoding', 'the other alphabet', shown(texts => [...texts, 'Pz8/'])],
    ['DOC-13', 'disclosure-encoding', 'bits left over', shown(texts => [...texts, 'Wx'])],
    ['DOC-13', 'jcs-syntax', 'no JSON', shown(texts => [...texts, raw('[')])],
    [
      'DOC-13',
      'jcs-canonical',
      'the spelling of RFC 9901',
      shown(texts => [...texts, raw(`["${spaces}", "a", 1]`)])
    ],
    [
      'DOC-13',
      'jcs-canonical',
      'a member twice',
      shown(texts => [...texts, raw(`["${spaces}",{"a":1,"a":2}]`)])
    ],
    ['DOC-2', 'jcs-depth', 'a value 40 deep', shown(texts => [...texts, raw(deep)])],
    ['DOC-13', 'disclosure-shape', 'four elements', shown(texts => [...texts, print([spaces, 'a', 1, 2])])],
    ['DOC-13', 'disclosure-shape', 'an object', shown(texts => [...texts, print({ a: 1 })])],
    ['DOC-13', 'disclosure-shape', 'a number as a name', shown(texts => [...texts, print([spaces, 1, 2])])],
    [
      'DOC-14',
      'disclosure-salt',
      'a salt of 15 bytes',
      shown(texts => [...texts, print([toBase64url(salt(1).subarray(1)), 'a', 1])])
    ],
    [
      'DOC-14',
      'disclosure-salt',
      'one salt for two parts',
      edited(([, ...rest], all) => [
        parse(all[(titleAt(all) + 1) % all.length] as string)[0] as string,
        ...rest
      ])
    ],
    [
      'DOC-15',
      'disclosure-name',
      'a part named _sd',
      shown(texts => [...texts, print([toBase64url(salt(1)), '_sd', []])])
    ],
    [
      'DOC-15',
      'disclosure-name',
      'a part named ...',
      shown(texts => [...texts, print([toBase64url(salt(1)), '...', ''])])
    ],
    [
      'DOC-15',
      'disclosure-name',
      'a part named __proto__',
      shown(texts => [...texts, print([toBase64url(salt(1)), '__proto__', {}])])
    ],
    ['DOC-19', 'disclosure-order', 'another order', member({ disclosures: plan().disclosures.toReversed() })],
    ['DOC-19', 'disclosure-order', 'a disclosure twice', shown(texts => [...texts, texts[0] as string])],
    [
      'DOC-19',
      'disclosure-unknown',
      'another title',
      edited(([one, name]) => [one as string, name as string, 'Changed'])
    ],
    [
      'DOC-19',
      'disclosure-unknown',
      'a field under another name',
      edited(([one, , value]) => [one as string, 'goal', value as string])
    ],
    [
      'DOC-19',
      'disclosure-unknown',
      'another salt',
      edited(([, ...rest]) => [toBase64url(salt(9)), ...rest])
    ],
    ['DOC-19', 'disclosure-unknown', 'salts of two fields exchanged', exchangedSalts()],
    ['DOC-19', 'disclosure-unknown', 'a field of another artifact', shown(texts => [...texts, ...other])],
    ['DOC-19', 'disclosure-unknown', 'a field without what it stands in', nested]
  ]
}

function exchangedSalts(): string {
  return shown(texts => {
    const [a, b] = texts.filter(one => parse(one).length === 3).slice(0, 2) as [string, string]
    const [first, second] = [parse(a), parse(b)]
    const rest = texts.filter(one => one !== a && one !== b)
    return [
      ...rest,
      print([second[0] as string, ...first.slice(1)]),
      print([first[0] as string, ...second.slice(1)])
    ]
  })
}

/** Signed, so that only the form of what is concealed is wrong. */
function places(): Row[] {
  const digest = digestOf('x')
  const at = (content: JcsValue, texts: string[] = []) => {
    const meta = makeDisclosure(salt(1), content, 'meta')
    return crafted({ content: { _sd: [meta.digest] } }, [meta.text, ...texts])
  }
  const title = makeDisclosure(salt(2), 'T', 'title')
  const again = makeDisclosure(salt(3), 'U', 'title')
  const element = makeDisclosure(salt(4), 'T')
  const sorted = [digest, title.digest].sort()
  return [
    ['DOC-17', 'digest-shape', '_sd that is a text', at({ _sd: digest })],
    ['DOC-17', 'digest-shape', '_sd that holds a number', at({ _sd: [1] })],
    ['DOC-17', 'digest-shape', '_sd with something too short', at({ _sd: ['x'] })],
    ['DOC-17', 'digest-shape', 'digests in another order', at({ _sd: sorted.toReversed() })],
    ['DOC-17', 'digest-shape', 'a digest twice in one place', at({ _sd: [digest, digest] })],
    ['DOC-17', 'digest-shape', '... where no element is', at({ '...': digest })],
    [
      'DOC-17',
      'digest-shape',
      'an element with more than a digest',
      at({ title: [{ '...': digest, a: 1 }] })
    ],
    ['DOC-17', 'digest-shape', 'an element whose digest is none', at({ title: [{ '...': 'x' }] })],
    [
      'DOC-20',
      'digest-repeated',
      'a digest in two places',
      at({ _sd: [digest], title: [{ '...': digest }] })
    ],
    [
      'DOC-20',
      'digest-repeated',
      'a field in two places',
      at({ _sd: [title.digest], a: { _sd: [title.digest] } }, [title.text])
    ],
    ['DOC-21', 'disclosure-place', 'an element among members', at({ _sd: [element.digest] }, [element.text])],
    [
      'DOC-21',
      'disclosure-place',
      'a member among elements',
      at({ a: [{ '...': title.digest }] }, [title.text])
    ],
    [
      'DOC-21',
      'disclosure-clash',
      'a name that is in the clear',
      at({ _sd: [title.digest], title: 'S' }, [title.text])
    ],
    [
      'DOC-21',
      'disclosure-clash',
      'a name twice',
      at({ _sd: [title.digest, again.digest].sort() }, [title.text, again.text])
    ],
    ['DOC-21', 'disclosure-depth', '50 parts within one another', nestedParts(50)]
  ]
}

function nestedParts(count: number): string {
  const random = counted('nested')
  let value: JcsValue = 'x'
  const texts: string[] = []
  let digest = ''
  for (let i = 0; i < count; i++) {
    const part = makeDisclosure(random(16), value, i === count - 1 ? 'text' : 'a')
    texts.push(part.text)
    digest = part.digest
    value = { _sd: [digest] }
  }
  return crafted({ content: { _sd: [digest] } }, texts)
}

function contents(): Row[] {
  const holding = (name: string, value: JcsValue) => {
    const { digests, texts } = conceals([name, value])
    return crafted({ content: { _sd: digests } }, texts)
  }
  const sourced = (value: JcsValue) => {
    const { digests, texts } = conceals(['source', value])
    return crafted({ _sd: digests }, texts)
  }
  const source = { ...SOURCE }
  return [
    ['DOC-7', 'sealed-content', 'a root of another kind', holding('parties', {})],
    ['DOC-7', 'sealed-content', 'a number as a title', holding('meta', { title: 5 })],
    ['DOC-7', 'sealed-content', 'a list as a text', holding('text', [])],
    [
      'DOC-7',
      'sealed-content',
      'an amount that is no number',
      holding('resources', { r: { amount: 'much' } })
    ],
    ['DOC-5', 'sealed-source', 'no struct root', sourced({ ...source, structRoot: '' })],
    [
      'DOC-5',
      'sealed-source',
      'lanes in another order',
      sourced({ ...source, lanes: source.lanes.toReversed() })
    ],
    ['DOC-5', 'sealed-source', 'a text', sourced('x')]
  ]
}
