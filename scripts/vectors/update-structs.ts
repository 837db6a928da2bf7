// Struct by struct, the bodies that the vectors of protocols/update are made of.
import { concatBytes, fromHex, utf8 } from '../../src/wire/bytes.ts'
import type { DeleteRange } from '../../src/wire/envelope.ts'
import { type StructToWrite, encodeUpdate } from '../../src/wire/update-encode.ts'
import type { StructId } from '../../src/wire/update-reader.ts'

export const A = 1_000
export const B = 2 ** 53 - 2
export const NULL = Uint8Array.of(126)
export const NONE = new Uint8Array()

export const text = (content: string, at: Partial<StructToWrite> = { parent: 'text' }): StructToWrite => ({
  kind: 'string',
  length: content.length,
  content: utf8(content),
  ...at
})
export const values = (count: number, at: Partial<StructToWrite>, one: Uint8Array = NULL): StructToWrite => ({
  kind: 'any',
  length: count,
  content: concatBytes(...Array.from({ length: count }, () => one)),
  ...at
})
export const bare = (
  kind: 'gc' | 'deleted',
  length: number,
  at: Partial<StructToWrite> = {}
): StructToWrite => ({
  kind,
  length,
  content: NONE,
  ...at
})
export const type = (name: 'array' | 'map' | 'text', at: Partial<StructToWrite>): StructToWrite => ({
  kind: 'type',
  length: 1,
  type: name,
  content: NONE,
  ...at
})
export const value = (...bytes: number[]): Uint8Array =>
  encodeUpdate(A, 0, [values(1, { parent: 'list' }, Uint8Array.from(bytes))], [])
export const id = (client: number, clock: number): StructId => ({ client, clock })
export const range = (client: number, clock: number, length: number): DeleteRange => ({
  client,
  clock,
  length
})
export const hex = (digits: string): Uint8Array => fromHex(digits.replaceAll(' ', '')) as Uint8Array
