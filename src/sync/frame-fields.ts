// The fields of a frame, one after the other, each of the type that its place calls for.
import type { CborValue } from '../wire/cbor.ts'
import { HASH_BYTES } from '../wire/hash.ts'

export class FieldError extends Error {}

/** Takes typed fields off a decoded array; a wrong one throws a FieldError that ends the parse. */
export class FieldReader {
  readonly #values: CborValue[]
  #at = 0

  constructor(value: CborValue | undefined) {
    if (!Array.isArray(value)) throw new FieldError('expected an array')
    this.#values = value
  }

  text(charsMax = 512): string {
    const value = this.#values[this.#at++]
    if (typeof value !== 'string' || value.length > charsMax) throw new FieldError('expected a short text')
    return value
  }

  uint(): number {
    const value = this.#values[this.#at++]
    if (typeof value !== 'number' || value < 0) throw new FieldError('expected an unsigned integer')
    return value
  }

  flag(): boolean {
    const value = this.#values[this.#at++]
    if (typeof value !== 'boolean') throw new FieldError('expected true or false')
    return value
  }

  bytes(length?: number): Uint8Array {
    const value = this.#values[this.#at++]
    if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) {
      throw new FieldError(`expected ${length ?? 'some'} bytes`)
    }
    return value
  }

  hash(): Uint8Array {
    return this.bytes(HASH_BYTES)
  }

  /** A hash that bounds a range, or nothing. */
  bound(): Uint8Array {
    const value = this.bytes()
    if (value.length !== 0 && value.length !== HASH_BYTES) throw new FieldError('expected a hash or nothing')
    return value
  }

  list<T>(itemsMax: number, read: (item: FieldReader) => T): T[] {
    const value = this.#values[this.#at++]
    if (!Array.isArray(value) || value.length > itemsMax)
      throw new FieldError(`expected at most ${itemsMax} items`)
    return value.map(item => {
      const reader = new FieldReader(item)
      const result = read(reader)
      reader.end()
      return result
    })
  }

  /** A list of plain values, each as a reader of one field. */
  each<T>(itemsMax: number, read: (item: FieldReader) => T): T[] {
    const value = this.#values[this.#at++]
    if (!Array.isArray(value) || value.length > itemsMax)
      throw new FieldError(`expected at most ${itemsMax} items`)
    // One reader for all: there may be thousands, and a peer can send them without end.
    const reader = new FieldReader(value)
    const results = value.map(() => read(reader))
    reader.end()
    return results
  }

  nested<T>(read: (item: FieldReader) => T): T {
    const reader = new FieldReader(this.#values[this.#at++])
    const result = read(reader)
    reader.end()
    return result
  }

  end(): void {
    if (this.#at !== this.#values.length) throw new FieldError('has the wrong number of fields')
  }
}
