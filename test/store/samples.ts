// Records to store, from a seed: no clock, no randomness.
import { sha256 } from '../../src/wire/hash.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import type { EnvelopeRecord, Operation, Store } from '../../src/store/store.ts'

export function facetNamed(name: string): string {
  return toHex(sha256(utf8(name)))
}

export const FACET = facetNamed('facet a')
export const OTHER_FACET = facetNamed('facet b')

export function envelope(
  facet: string,
  client: number,
  seq: number,
  branch = '',
  bodyBytes = 40
): EnvelopeRecord {
  const seed = sha256(utf8(`${facet}/${client}/${seq}/${branch}`))
  const body = new Uint8Array(bodyBytes).map((_, at) => (seed[at % 32] as number) ^ (at >> 5))
  return {
    facet,
    client,
    seq,
    idPrefix: seed.slice(0, 8),
    header: sha256(seed, utf8('header')),
    signature: new Uint8Array([...sha256(seed, utf8('1')), ...sha256(seed, utf8('2'))]),
    body
  }
}

export function write(record: EnvelopeRecord, own = false): Operation {
  return { kind: 'envelope', record, own }
}

export function run(
  facet: string,
  client: number,
  from: number,
  to: number,
  own = false,
  bodyBytes = 40
): Operation[] {
  return Array.from({ length: to - from }, (_, at) =>
    write(envelope(facet, client, from + at, '', bodyBytes), own)
  )
}

export function put(table: string, key: string, text: string): Operation {
  return { kind: 'put', table, key, bytes: utf8(text) }
}

/** Everything that a store gives back, as text: place to content. */
export async function contents(store: Store): Promise<Map<string, string>> {
  const out = new Map<string, string>()
  for (const facet of store.facets()) {
    for await (const chunk of store.scan(facet)) for (const one of chunk) out.set(...envelopeText(one))
  }
  for (const table of ['contacts', 'sessions', 'facets']) {
    for await (const { key, bytes } of store.list(table)) out.set(`${table}/${key}`, toHex(bytes))
  }
  return out
}

export function envelopeText({
  facet,
  client,
  seq,
  idPrefix,
  header,
  signature,
  body
}: EnvelopeRecord): [string, string] {
  const parts = [header, signature, body ?? new Uint8Array(0)].map(toHex)
  return [`${facet}/${client}/${seq}/${toHex(idPrefix)}`, parts.join('/') + (body ? '' : ' erased')]
}

/** mulberry32: small, fast, the same everywhere. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}
