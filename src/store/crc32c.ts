// CRC-32C (Castagnoli), with the mask that LevelDB puts over it. protocols/store, section 3.

/** Four tables, so that one step takes four bytes: every table file is read at start. */
const SLICES = 4
const table = new Uint32Array(256 * SLICES)
for (let n = 0; n < 256; n++) {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1
  table[n] = c
}
for (let n = 256; n < 256 * SLICES; n++) {
  const c = table[n - 256] as number
  table[n] = (c >>> 8) ^ (table[c & 0xff] as number)
}

export function crc32c(bytes: Uint8Array): number {
  const at = (index: number) => bytes[index] as number
  const t = (index: number) => table[index] as number
  const whole = bytes.length - (bytes.length % SLICES)
  let c = -1
  let i = 0
  for (; i < whole; i += 4) {
    c ^= at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24)
    c = t(768 + (c & 255)) ^ t(512 + ((c >>> 8) & 255)) ^ t(256 + ((c >>> 16) & 255)) ^ t(c >>> 24)
  }
  for (; i < bytes.length; i++) c = (c >>> 8) ^ t((c ^ at(i)) & 255)
  return ~c >>> 0
}

/** Rotated right by 15 bits plus a constant: a checksum of bytes that hold checksums stays a good one. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const c = crc32c(bytes)
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0
}
