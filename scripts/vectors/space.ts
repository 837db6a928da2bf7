// Writes protocols/space/vectors, the same bytes every time.
import { writeFileSync } from 'node:fs'
import { EMPTY, toHex, utf8 } from '../../src/wire/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/wire/cbor.ts'
import {
  type FacetGenesis,
  encodeFacetGenesis,
  encodeSpaceGenesis,
  facetId,
  spaceId
} from '../../src/wire/genesis.ts'
import { packClient } from '../../src/wire/lane.ts'
import {
  type EntryAct,
  type SpaceEntry,
  UNITS_MAX,
  encodeSpaceEntry,
  entryId
} from '../../src/wire/space-entry.ts'
import { admissionLogs, refusedAdmissions } from './admission-logs.ts'
import { ACME, BOREALIS, COMPANIES, CYGNUS, TIME, bytes, certify, print } from './space-builders.ts'
import { invalidLogs, validLogs } from './space-logs.ts'

const nonce = bytes('nonce', 16)
const DIDS = [ACME.did, BOREALIS.did]

function geneses() {
  const space = encodeSpaceGenesis({ nonce, title: 'Joint', pairing: 'CTO', parties: DIDS })
  const home = encodeSpaceGenesis({ nonce, title: 'Zuhause 🙂', pairing: 'home', parties: [ACME.did] })
  const many = Array.from({ length: 33 }, (_, i) => `did:webvh:${i}:parley.invalid`)
  const facts: FacetGenesis = {
    space: spaceId(space),
    artifact: bytes('artifact', 16),
    kind: 'StandardsDoc.v1',
    class: 'shared-confidential',
    owner: 1,
    nonce
  }
  const facet = encodeFacetGenesis(facts)
  const spelt = (at: number, value: CborValue) => {
    const items: CborValue[] = [1, nonce, 'Joint', 'CTO', DIDS]
    items[at] = value
    return encodeCbor(items)
  }
  const faceted = (at: number, value: CborValue) => {
    const items: CborValue[] = [1, facts.space, facts.artifact, facts.kind, facts.class, facts.owner, nonce]
    items[at] = value
    return encodeCbor(items)
  }
  const invalid: [rule: string, name: string, code: string, type: string, bytes: Uint8Array][] = [
    ['SPC-1', 'nothing', 'cbor-syntax', 'space', EMPTY],
    ['SPC-1', 'version 2', 'genesis-form', 'space', spelt(0, 2)],
    ['SPC-1', 'a nonce of 15 bytes', 'genesis-form', 'space', spelt(1, nonce.subarray(1))],
    ['SPC-1', 'an empty title', 'genesis-form', 'space', spelt(2, '')],
    ['SPC-1', 'a title of 201 code units', 'genesis-form', 'space', spelt(2, 'x'.repeat(201))],
    ['SPC-1', 'a pairing that is a number', 'genesis-form', 'space', spelt(3, 7)],
    ['SPC-1', 'no party', 'genesis-form', 'space', spelt(4, [])],
    ['SPC-1', '33 parties', 'genesis-form', 'space', spelt(4, many)],
    ['SPC-1', 'a party twice', 'genesis-form', 'space', spelt(4, [ACME.did, ACME.did])],
    ['SPC-1', 'a sixth item', 'genesis-form', 'space', spelt(5, null)],
    ['SPC-1', 'a version in two bytes', 'cbor-syntax', 'space', respelt(space, 1, [0x18, 1])],
    ['SPC-1', 'a byte left over', 'cbor-syntax', 'space', new Uint8Array([...space, 0])],
    ['SPC-1', 'a title in broken UTF-8', 'cbor-canonical', 'space', brokenTitle()],
    ['SPC-2', 'a space of 31 bytes', 'genesis-form', 'facet', faceted(1, bytes('x', 31))],
    ['SPC-2', 'an artifact of 17 bytes', 'genesis-form', 'facet', faceted(2, bytes('x', 17))],
    ['SPC-2', 'no kind', 'genesis-form', 'facet', faceted(3, '')],
    ['SPC-2', 'a class that is none', 'genesis-form', 'facet', faceted(4, 'secret')],
    ['SPC-2', 'a class in capital letters', 'genesis-form', 'facet', faceted(4, 'Public')],
    ['SPC-2', 'an owner below 0', 'genesis-form', 'facet', faceted(5, -1)],
    ['SPC-2', 'an owner over 13 bits', 'genesis-form', 'facet', faceted(5, 8192)],
    ['SPC-2', 'a space genesis', 'genesis-form', 'facet', space],
    ['SPC-1', 'a facet genesis', 'genesis-form', 'space', facet]
  ]
  return {
    about: 'What a space and a facet are, SPC-1 and SPC-2; ids and bytes in hexadecimal',
    valid: [
      {
        rule: 'SPC-1',
        name: 'two parties',
        type: 'space',
        bytes: toHex(space),
        id: toHex(spaceId(space)),
        parties: DIDS
      },
      {
        rule: 'SPC-1',
        name: 'a home space',
        type: 'space',
        bytes: toHex(home),
        id: toHex(spaceId(home)),
        parties: [ACME.did]
      },
      {
        rule: 'SPC-2',
        name: 'a facet',
        type: 'facet',
        bytes: toHex(facet),
        id: toHex(facetId(facet)),
        class: facts.class
      }
    ],
    invalid: invalid.map(([rule, name, code, type, bytes]) => ({
      rule,
      name,
      code,
      type,
      bytes: toHex(bytes)
    }))
  }
}

function respelt(good: Uint8Array, at: number, instead: number[]): Uint8Array {
  return new Uint8Array([...good.subarray(0, at), ...instead, ...good.subarray(at + 1)])
}

function brokenTitle(): Uint8Array {
  const good = encodeSpaceGenesis({ nonce, title: '~', pairing: 'CTO', parties: DIDS })
  return respelt(good, good.indexOf(utf8('~')[0] as number), [0xff])
}

function entries() {
  const space = bytes('some space')
  const prev = bytes('some entry')
  const point = { facet: bytes('some facet'), client: 2 ** 53 - 1, seq: 2 ** 31 - 1, id: bytes('some id') }
  const own = (session: number) => ({ ...point, client: packClient({ company: 2, key: 0, session }) })
  const certificates = [certify(CYGNUS, 'Cleo')]
  const place = { space, company: 2, seq: 0, time: TIME }
  const later = { ...place, seq: 4095, prev }
  const rootVersion = CYGNUS.first.head
  const valid: [rule: string, name: string, entry: SpaceEntry][] = [
    ['SPC-6', 'accept', { ...place, act: { kind: 'accept', rootVersion, certificates } }],
    [
      'SPC-6',
      'accept of a company that came later',
      { ...place, act: { kind: 'accept', rootVersion, certificates, revision: bytes('r') } }
    ],
    ['SPC-7', 'keys', { ...later, act: { kind: 'keys', certificates } }],
    ['SPC-11', 'cut', { ...later, act: { kind: 'cut', key: 4095, lanes: [point] } }],
    ['SPC-11', 'cut of everything', { ...later, act: { kind: 'cut', key: 0, lanes: [] } }],
    ['SPC-12', 'settle', { ...later, act: { kind: 'settle', point } }],
    ['SPC-15', 'adopt', { ...later, act: { kind: 'adopt', late: own(1), as: own(2) } }],
    ['SPC-15', 'drop', { ...later, act: { kind: 'adopt', late: own(1) } }],
    ['AGR-7', 'propose', { ...later, act: { kind: 'propose', terms: utf8('any bytes') } }],
    [
      'AGR-8',
      'approve',
      { ...later, act: { kind: 'approve', revision: bytes('r'), document: utf8('any bytes') } }
    ],
    [
      'AGR-9',
      'reject',
      { ...later, act: { kind: 'reject', revision: bytes('r'), reason: '🙂'.repeat(1_000) } }
    ],
    ['AGR-10', 'suspend', { ...later, act: { kind: 'suspend', reason: 'an audit' } }],
    ['AGR-10', 'resume', { ...later, act: { kind: 'resume' } }],
    ['AGR-11', 'terminate', { ...later, act: { kind: 'terminate', reason: 'sold' } }],
    ['REC-3', 'release', { ...later, act: released(1) }],
    ['REC-3', 'release of 64', { ...later, act: released(UNITS_MAX) }],
    ['REC-4', 'receipt', { ...later, act: { kind: 'receipt', document: utf8('{}') } }]
  ]
  const spelt = (...over: [at: number, value: CborValue][]) => {
    const items: CborValue[] = [1, space, 2, 4, prev, 'keys', [[]], TIME]
    for (const [at, value] of over) items[at] = value
    return encodeCbor(items)
  }
  const act = (kind: string, ...body: CborValue[]) => spelt([5, kind], [6, body])
  const opening = (...body: CborValue[]) => spelt([3, 0], [4, EMPTY], [5, 'accept'], [6, body])
  const coordinates: CborValue[] = [point.facet, point.client, point.seq, point.id]
  const spelling = (session: number): CborValue[] => [point.facet, own(session).client, point.seq, point.id]
  const settle = (at: number, value: CborValue) => spelt([5, 'settle'], [6, coordinates.with(at, value)])
  const cut = (...body: CborValue[]) => act('cut', ...body)
  const invalid: [rule: string, name: string, code: string, bytes: Uint8Array][] = [
    ['SPC-4', 'nothing', 'cbor-syntax', EMPTY],
    ['SPC-4', 'version 2', 'entry-form', spelt([0, 2])],
    ['SPC-4', 'a ninth item', 'entry-form', spelt([8, 0])],
    ['SPC-4', 'a space of 31 bytes', 'entry-form', spelt([1, space.subarray(1)])],
    ['SPC-4', 'a company over 13 bits', 'entry-form', spelt([2, 8192])],
    ['SPC-4', 'a company below 0', 'entry-form', spelt([2, -1])],
    ['SPC-4', 'seq 4,096', 'entry-form', spelt([3, 4096])],
    ['SPC-4', 'no prev', 'entry-form', spelt([4, EMPTY])],
    ['SPC-4', 'a prev at seq 0', 'entry-form', spelt([3, 0], [5, 'accept'], [6, [rootVersion, []]])],
    ['SPC-4', 'an act that is none', 'entry-kind', spelt([5, 'leave'])],
    ['SPC-4', 'a body that is no list', 'entry-form', spelt([6, 0])],
    ['SPC-4', 'a time below 0', 'entry-form', spelt([7, -1])],
    ['SPC-4', 'a time with a fraction', 'cbor-value', fractional()],
    ['SPC-6', 'an accept later', 'entry-form', spelt([5, 'accept'], [6, [rootVersion, []]])],
    ['SPC-6', 'keys first', 'entry-form', spelt([3, 0], [4, EMPTY])],
    ['SPC-6', 'an accept without a version', 'entry-form', spelt([3, 0], [4, EMPTY], [5, 'accept'])],
    ['SPC-6', 'a revision of 31 bytes', 'entry-form', opening(rootVersion, [], bytes('r', 31))],
    ['SPC-6', 'a revision that is text', 'entry-form', opening(rootVersion, [], 'r')],
    ['SPC-6', 'a fourth item', 'entry-form', opening(rootVersion, [], bytes('r'), 0)],
    ['SPC-7', '33 certificates', 'entry-form', spelt([6, [Array.from({ length: 33 }, () => EMPTY)]])],
    ['SPC-7', 'a certificate that is text', 'entry-form', spelt([6, [['{}']]])],
    ['SPC-11', 'a cut of no key', 'entry-form', cut([])],
    ['SPC-11', 'a key over 12 bits', 'entry-form', cut(4096, [])],
    ['SPC-11', 'a lane without an id', 'entry-form', cut(0, [coordinates.slice(0, 3)])],
    ['SPC-12', 'a facet of 31 bytes', 'entry-form', settle(0, bytes('x', 31))],
    ['SPC-12', 'a client of 2^53', 'cbor-value', bigClient(settle(1, 2 ** 53 - 1))],
    ['SPC-12', 'a seq of 2^31', 'entry-form', settle(2, 2 ** 31)],
    ['SPC-12', 'an id of 31 bytes', 'entry-form', settle(3, bytes('x', 31))],
    ['SPC-15', 'an adoption of nothing', 'entry-form', act('adopt')],
    ['SPC-15', 'three points', 'entry-form', act('adopt', ...[1, 2, 3].map(spelling))],
    ['SPC-15', 'a point without an id', 'entry-form', act('adopt', spelling(1).slice(0, 3))],
    ['SPC-15', 'what another company wrote', 'entry-form', act('adopt', coordinates)],
    [
      'SPC-15',
      'into another document',
      'entry-form',
      act('adopt', spelling(1), [bytes('other facet'), ...spelling(2).slice(1)])
    ],
    ['AGR-7', 'no terms', 'entry-form', act('propose')],
    ['AGR-7', 'empty terms', 'entry-form', act('propose', EMPTY)],
    ['AGR-7', 'terms that are text', 'entry-form', act('propose', '{}')],
    ['AGR-7', 'terms of 49,153 bytes', 'entry-form', act('propose', new Uint8Array(49_153))],
    ['AGR-7', 'a second item', 'entry-form', act('propose', utf8('{}'), 0)],
    ['AGR-7', 'a proposal first', 'entry-form', spelt([3, 0], [4, EMPTY], [5, 'propose'], [6, [utf8('{}')]])],
    ['AGR-8', 'a revision of 31 bytes', 'entry-form', act('approve', bytes('r', 31), utf8('{}'))],
    ['AGR-8', 'no document', 'entry-form', act('approve', bytes('r'))],
    ['AGR-8', 'an empty document', 'entry-form', act('approve', bytes('r'), EMPTY)],
    ['AGR-8', 'a document of 4,097 bytes', 'entry-form', act('approve', bytes('r'), new Uint8Array(4_097))],
    ['AGR-9', 'no reason', 'entry-form', act('reject', bytes('r'))],
    ['AGR-9', 'an empty reason', 'entry-form', act('reject', bytes('r'), '')],
    [
      'AGR-9',
      'a reason of 2,001 code units',
      'entry-form',
      act('reject', bytes('r'), `${'🙂'.repeat(1_000)}!`)
    ],
    ['AGR-9', 'a reason that is bytes', 'entry-form', act('reject', bytes('r'), utf8('no'))],
    ['AGR-10', 'a suspension without a reason', 'entry-form', act('suspend')],
    ['AGR-10', 'a resumption with one', 'entry-form', act('resume', 'again')],
    ['AGR-11', 'an end without a reason', 'entry-form', act('terminate', '')],
    ['AGR-11', 'an end in capitals', 'entry-kind', act('Terminate', 'sold')],
    ['REC-3', 'a release of nothing', 'entry-form', act('release', 0, 'StandardsDoc.v1', [])],
    ['REC-3', 'a release of 65', 'entry-form', act('release', 0, 'StandardsDoc.v1', unitsOf(65))],
    ['REC-3', 'a name of 31 bytes', 'entry-form', act('release', 0, 'StandardsDoc.v1', [bytes('u', 31)])],
    ['REC-3', 'a release to a company over 13 bits', 'entry-form', act('release', 8192, 'A.v1', unitsOf(1))],
    ['REC-3', 'a kind without a version', 'entry-form', act('release', 0, 'StandardsDoc', unitsOf(1))],
    ['REC-3', 'a kind with a leading zero', 'entry-form', act('release', 0, 'StandardsDoc.v01', unitsOf(1))],
    ['REC-3', 'a kind with a line end', 'entry-form', act('release', 0, 'StandardsDoc.v1\n', unitsOf(1))],
    ['REC-3', 'a fourth item', 'entry-form', act('release', 0, 'StandardsDoc.v1', unitsOf(1), 0)],
    ['REC-4', 'no document', 'entry-form', act('receipt')],
    ['REC-4', 'an empty document', 'entry-form', act('receipt', EMPTY)],
    ['REC-4', 'a document of 12,289 bytes', 'entry-form', act('receipt', new Uint8Array(12_289))],
    ['REC-4', 'a document that is text', 'entry-form', act('receipt', '{}')]
  ]
  return {
    about:
      'Entries of the space log, SPC-4 to SPC-12, AGR-7 to AGR-11, REC-3 and REC-4, each alone; bytes and ids in hexadecimal',
    valid: valid.map(([rule, name, entry]) => {
      const bytes = encodeSpaceEntry(entry)
      return {
        rule,
        name,
        bytes: toHex(bytes),
        id: toHex(entryId(bytes)),
        company: entry.company,
        seq: entry.seq
      }
    }),
    invalid: invalid.map(([rule, name, code, bytes]) => ({ rule, name, code, bytes: toHex(bytes) }))
  }
}

function unitsOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => bytes(`unit ${i}`))
}

function released(count: number): EntryAct {
  return { kind: 'release', to: 1, artifactKind: 'StandardsDoc.v1', units: unitsOf(count) }
}

/** `[1.5]`: a value that this wire does not use. */
function fractional(): Uint8Array {
  return new Uint8Array([0x81, 0xf9, 0x3e, 0x00])
}

/** The client 2^53 - 1 becomes 2^53, in eight bytes as before. */
function bigClient(good: Uint8Array): Uint8Array {
  const at = toHex(good).indexOf('1b001fffffffffffff') / 2
  return new Uint8Array([...good.subarray(0, at), 0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0, ...good.subarray(at + 9)])
}

/** Path below protocols/space, and the value whose JSON stands there. */
export function spaceFiles(): [path: string, value: object][] {
  const logs = {
    about: 'Whole space logs, SPC-3 to SPC-17: what each entry comes to, and where the companies stand then',
    identities: COMPANIES.map(({ first, second }) => ({
      did: first.did,
      logs: [first, second].map(({ log }) => new TextDecoder().decode(log))
    })),
    valid: [...validLogs(), ...admissionLogs()],
    invalid: [...invalidLogs(), ...refusedAdmissions()]
  }
  return [
    ['vectors/genesis.json', geneses()],
    ['vectors/entries.json', entries()],
    ['vectors/logs.json', logs]
  ]
}

if (import.meta.main) {
  for (const [path, value] of spaceFiles()) {
    writeFileSync(new URL(`../../protocols/space/${path}`, import.meta.url), print(value))
  }
}
