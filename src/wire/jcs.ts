// JSON that has one spelling: the bytes of RFC 8785, of integers and strings only. Every signed JSON document
// and every line of an identity log passes through here. protocols/identity, section 2.
import canonicalize from 'canonicalize'
import { equalBytes, utf8 } from './bytes.ts'
import { Reject } from './reject.ts'

export type JcsValue = null | boolean | number | string | JcsValue[] | { [key: string]: JcsValue }

export interface JcsLimits {
  bytesMax: number
  /** Arrays and objects open at one time. */
  depthMax: number
  /** Opening brackets and commas outside strings: no text has more members and elements than that. */
  itemsMax: number
}

/** Room for every document of protocols/identity; an object of this size parses in under a millisecond. */
export const JCS_LIMITS: JcsLimits = { bytesMax: 65_536, depthMax: 16, itemsMax: 2000 }

/** @throws on a value that {@link parseJcs} would refuse: writing one is our own mistake. */
export function encodeJcs(value: JcsValue): Uint8Array {
  if (!isPlain(value)) throw new TypeError('a value that our JSON does not use')
  return utf8(canonicalize(value) as string)
}

/** @returns the value whose one spelling these bytes are, or a `jcs-*` Reject. IDN-4 to IDN-6. */
export function parseJcs(bytes: Uint8Array, limits: JcsLimits = JCS_LIMITS): JcsValue | Reject {
  const excess = checkLimits(bytes, limits)
  if (excess) return excess
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return new Reject('jcs-syntax', 'not JSON in UTF-8')
  }
  if (!isPlain(value)) return new Reject('jcs-value', 'a number, string or key that our JSON does not use')
  // Also what refuses duplicate keys, 1.0, 1e3, and integers that a double would round.
  if (!equalBytes(utf8(canonicalize(value) as string), bytes)) {
    return new Reject('jcs-canonical', 'not the spelling of RFC 8785')
  }
  return value
}

/** Before parsing, since JSON.parse itself takes any depth and any number of keys. */
function checkLimits(bytes: Uint8Array, { bytesMax, depthMax, itemsMax }: JcsLimits): Reject | undefined {
  if (bytes.length > bytesMax) return new Reject('jcs-size', `${bytes.length} bytes, at most ${bytesMax}`)
  let depth = 0
  let items = 0
  let quoted = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (quoted) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++
      items++
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
    else if (byte === COMMA) items++
    if (depth > depthMax) return new Reject('jcs-depth', `deeper than ${depthMax}`)
    if (items > itemsMax) return new Reject('jcs-items', `more than ${itemsMax} items`)
  }
  return undefined
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d]

/** Depth is bounded by the caller: what was parsed by the limits, what we write by its shape. */
function isPlain(value: unknown): value is JcsValue {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0)
  if (typeof value === 'string') return value.isWellFormed()
  if (Array.isArray(value)) return value.every(isPlain)
  if (typeof value !== 'object') return false
  return Object.entries(value).every(
    ([key, item]) => key !== '__proto__' && key.isWellFormed() && isPlain(item)
  )
}
