// What must not be found on the disk, and the search for it: in every file of a folder, in every spelling.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Written in private documents, each at another place. */
export const WORDS = {
  title: 'canary-title-Wolkenkuckucksheim',
  text: 'canary-text-Zitronenfalter',
  edit: 'canary-edit-Donaudampfschiff',
  field: 'canary-field-Fingerspitzengefuehl',
  long: 'canary-long-Weltschmerz'
} as const
/** Written in a shared one: it is found, or the search finds nothing at all. */
export const SHARED_WORD = 'canary-shared-Kindergarten'

/** What a home must keep to itself. */
export interface Secrets {
  /** Of private artifacts and facets, hexadecimal. */
  ids: string[]
  /** Ids of envelopes in a private facet, hexadecimal. */
  envelopes: string[]
  /** An open invite's id and token. */
  invite: string[]
  /** The data key, and the seeds of the node's and the role's keys, hexadecimal. */
  keys: string[]
}

export interface Trace {
  what: string
  file: string
}

interface Needle {
  what: string
  bytes: Buffer
}

/** A word as it is, in both orders of UTF-16, in hexadecimal and in base64 at each of its three alignments. */
function spellings(what: string, bytes: Buffer): Needle[] {
  const utf16 = Buffer.from(bytes.toString('utf8'), 'utf16le')
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].map(shift => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64url')
    // What the neighbours share of a digit is left out at both ends.
    return text.slice(Math.ceil((shift * 4) / 3), -2)
  })
  const all: [string, Buffer][] = [
    ['raw', bytes],
    ['utf-16', utf16],
    ['utf-16be', Buffer.from(utf16).swap16()],
    ['hex', Buffer.from(hex)],
    ['HEX', Buffer.from(hex.toUpperCase())],
    ...base64.map((text): [string, Buffer] => ['base64url', Buffer.from(text)]),
    ...base64.map((text): [string, Buffer] => [
      'base64',
      Buffer.from(text.replaceAll('-', '+').replaceAll('_', '/'))
    ])
  ]
  return all.map(([spelling, needle]) => ({ what: `${what}, ${spelling}`, bytes: needle }))
}

/** LevelDB keeps of a key only what differs from the one before: the middle is always there. */
function middle(id: string): Buffer {
  return Buffer.from(id, 'hex').subarray(id.length / 8, (id.length * 3) / 8)
}

export function needlesOf({ ids, envelopes, invite, keys }: Secrets): Needle[] {
  return [
    ...Object.entries(WORDS).flatMap(([what, word]) => spellings(what, Buffer.from(word))),
    ...ids.flatMap(id => spellings(`id ${id}`, middle(id))),
    // The store keeps eight bytes of an id in keys; that many come by chance in no home.
    ...envelopes.flatMap(id => spellings(`envelope ${id}`, Buffer.from(id.slice(0, 16), 'hex'))),
    ...invite.map(text => ({ what: `invite ${text.slice(0, 20)}`, bytes: Buffer.from(text) })),
    ...keys.flatMap((key, at) => spellings(`key ${at}`, Buffer.from(key, 'hex')))
  ]
}

export function search(dir: string, needles: Needle[]): Trace[] {
  const traces: Trace[] = []
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dir, name)
    if (!statSync(path).isFile()) continue
    const bytes = readFileSync(path)
    for (const { what, bytes: needle } of needles)
      if (bytes.includes(needle)) traces.push({ what, file: relative(dir, path) })
  }
  return traces
}

/** In which files the shared word is, as it is. */
export function findShared(dir: string): Trace[] {
  return search(dir, [{ what: 'shared, raw', bytes: Buffer.from(SHARED_WORD) }])
}
