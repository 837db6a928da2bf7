// The first corpus: the vectors of every protocol, valid and invalid.
import { readFileSync } from 'node:fs'
import { fromHex, utf8 } from '../../src/wire/bytes.ts'
import { SMALL_ORDER } from './wild-frame.ts'

export interface Corpus {
  updates: Uint8Array[]
  headers: Uint8Array[]
  frames: Uint8Array[]
  entries: Uint8Array[]
  geneses: Uint8Array[]
  logs: Uint8Array[]
  certificates: Uint8Array[]
  dsse: Uint8Array[]
  jcs: Uint8Array[]
  invites: string[]
  smallOrder: Uint8Array
}

type Row = { [field: string]: unknown }

function rows(file: string, ...lists: string[]): Row[] {
  const text = readFileSync(new URL(`../../protocols/${file}.json`, import.meta.url), 'utf8')
  const parsed = JSON.parse(text) as { [list: string]: Row[] }
  return lists.flatMap(list => parsed[list] ?? [])
}

function texts(found: Row[], field: string): string[] {
  return found.map(row => row[field]).filter(value => typeof value === 'string')
}

const hex = (found: Row[], field: string) =>
  texts(found, field).map(text => fromHex(text) ?? new Uint8Array(0))
const text = (found: Row[], field: string) => texts(found, field).map(utf8)

export function readCorpus(): Corpus {
  const updates = ['update/vectors/valid', 'update/vectors/invalid'].flatMap(file =>
    rows(file, 'scan', 'gate')
  )
  return {
    updates: hex(updates, 'body'),
    headers: hex(rows('envelope/vectors/headers', 'valid', 'invalid'), 'header'),
    frames: ['sync/vectors/valid', 'sync/vectors/invalid'].flatMap(file =>
      hex(rows(file, 'frames'), 'frame')
    ),
    entries: hex(rows('space/vectors/entries', 'valid', 'invalid'), 'bytes'),
    geneses: hex(rows('space/vectors/genesis', 'valid', 'invalid'), 'bytes'),
    logs: text(rows('identity/vectors/identity-log', 'valid', 'invalid'), 'log'),
    certificates: text(rows('identity/vectors/certificates', 'valid', 'invalid'), 'document'),
    dsse: text(rows('identity/vectors/dsse', 'valid', 'invalid'), 'envelope'),
    jcs: hex(rows('identity/vectors/jcs', 'valid', 'invalid'), 'hex'),
    invites: texts(rows('identity/vectors/invites', 'valid', 'invalid'), 'token'),
    smallOrder: SMALL_ORDER
  }
}
