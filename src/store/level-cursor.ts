// Walks over the varints and length-prefixed strings of LevelDB's files. Every overrun is a RangeError.

export class Cursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get at(): number {
    return this.#at
  }

  done(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++)
      value += (byte & 127) * scale
      if (byte < 128) return value
      if (scale > 2 ** 42) throw new RangeError('varint')
    }
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('overrun')
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return part
  }

  /** A string behind its length. */
  string(): Buffer {
    return this.take(this.varint())
  }
}
