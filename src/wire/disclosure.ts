// Parts of a signed JSON value that are shown or withheld one by one: the disclosures of RFC 9901 (SD-JWT), in
// one spelling. What conceals what, and who may see it, others decide. protocols/documents, sections 4 and 5.
import { utf8 } from './bytes.ts'
import { sha256 } from './hash.ts'
import { type JcsLimits, type JcsValue, encodeJcs, parseJcs } from './jcs.ts'
import { Reject, isReject } from './reject.ts'

/** The longest text of a document, or the digests of its largest map (DOC-2). */
const DISCLOSURE_LIMITS: JcsLimits = { bytesMax: 12 * 1024 * 1024, depthMax: 32, itemsMax: 60_000 }
/** Layouts nest three types and values sixteen levels; each may stand in a disclosure of its own (DOC-21). */
const NESTING_MAX = 40

/** Members that conceal others, and the member of an element that does. */
export const DIGESTS = '_sd'
export const ELEMENT = '...'

/** A part of a signed value, with what is needed to show that it is one. */
export interface Disclosure {
  /** base64url, as it stands in a file. */
  readonly text: string
  readonly digest: string
  readonly salt: string
  /** Of the member of an object; undefined for an element of an array. */
  readonly name: string | undefined
  readonly value: JcsValue
}

/** A disclosed part at its place. `path`: names and indices in what is shown. */
export interface DisclosedPart {
  readonly disclosure: Disclosure
  readonly path: readonly string[]
  /** The disclosed part that it stands in, if it does not stand in the payload. */
  readonly within: DisclosedPart | undefined
  /** Whether it is made of further parts. */
  readonly holdsParts: boolean
}

export interface Revealed {
  readonly value: JcsValue
  readonly parts: readonly DisclosedPart[]
  /** Digests that stand for nothing that was shown: parts, or decoys (DOC-22). */
  readonly withheld: number
}

/** @param salt 16 to 32 random bytes, used for nothing else (DOC-14). */
export function makeDisclosure(salt: Uint8Array, value: JcsValue, name?: string): Disclosure {
  const spelt = toBase64url(salt)
  const text = toBase64url(encodeJcs(name === undefined ? [spelt, value] : [spelt, name, value]))
  return { text, digest: digestOf(text), salt: spelt, name, value }
}

/** Over the characters, so that nobody has to spell the JSON again. DOC-13. */
export function digestOf(text: string): string {
  return toBase64url(sha256(utf8(text)))
}

/** @returns `disclosure-*` or `jcs-*` otherwise. DOC-13 to DOC-15. */
export function parseDisclosure(text: string): Disclosure | Reject {
  const bytes = fromBase64url(text)
  if (!bytes) return new Reject('disclosure-encoding', 'not base64url without padding')
  const json = parseJcs(bytes, DISCLOSURE_LIMITS)
  if (isReject(json)) return json
  if (!Array.isArray(json) || json.length < 2 || json.length > 3) return shapeless()
  const [salt, second, third] = json
  const value = json.length === 2 ? second : third
  const name = json.length === 2 ? undefined : second
  if (typeof salt !== 'string' || value === undefined) return shapeless()
  if (name !== undefined && typeof name !== 'string') return shapeless()
  const saltBytes = fromBase64url(salt)?.length ?? 0
  if (saltBytes < 16 || saltBytes > 32) {
    return new Reject('disclosure-salt', 'a salt is base64url of 16 to 32 bytes')
  }
  // `__proto__` would be set as a prototype where the member is put in place.
  if (name === DIGESTS || name === ELEMENT || name === '__proto__') {
    return new Reject('disclosure-name', `${name} is no name of a field`)
  }
  return { text, digest: digestOf(text), salt, name, value }
}

function shapeless(): Reject {
  return new Reject('disclosure-shape', 'not a salt, a name where it is a member, and a value')
}

/**
 * Puts disclosed parts where their digests stand, by section 7.1 of RFC 9901, and leaves out the others.
 * @param payload what was signed, or a member of it
 * @returns `disclosure-*` or `digest-*` unless every disclosure has one place. DOC-17, DOC-19 to DOC-22.
 */
export function reveal(payload: JcsValue, disclosures: readonly Disclosure[]): Revealed | Reject {
  const salts = new Set(disclosures.map(({ salt }) => salt))
  if (salts.size < disclosures.length) return new Reject('disclosure-salt', 'two parts have one salt')
  const revealing = new Revealing(disclosures)
  const value = revealing.at(payload, [], undefined, 0)
  if (isReject(value)) return value
  const [strange] = revealing.left.values()
  if (strange) {
    const what = strange.name === undefined ? 'an element' : JSON.stringify(strange.name.slice(0, 80))
    return new Reject('disclosure-unknown', `nothing that is signed or shown has the digest of ${what}`)
  }
  return { value, parts: revealing.parts, withheld: revealing.withheld }
}

class Revealing {
  /** By digest, those that were not met yet. */
  readonly left: Map<string, Disclosure>
  readonly parts: DisclosedPart[] = []
  withheld = 0
  readonly #met = new Set<string>()

  constructor(disclosures: readonly Disclosure[]) {
    this.left = new Map(disclosures.map(disclosure => [disclosure.digest, disclosure]))
  }

  at(value: JcsValue, path: string[], within: DisclosedPart | undefined, depth: number): JcsValue | Reject {
    if (value === null || typeof value !== 'object') return value
    if (depth > NESTING_MAX) return new Reject('disclosure-depth', `deeper than ${NESTING_MAX}`)
    return Array.isArray(value)
      ? this.#elements(value, path, within, depth)
      : this.#members(value, path, within, depth)
  }

  #members(
    value: { [key: string]: JcsValue },
    path: string[],
    within: DisclosedPart | undefined,
    depth: number
  ): JcsValue | Reject {
    const shown: { [key: string]: JcsValue } = {}
    for (const [key, item] of Object.entries(value)) {
      if (key === DIGESTS) continue
      if (key === ELEMENT) return new Reject('digest-shape', `${ELEMENT} stands where no element is`)
      const inner = this.at(item, [...path, key], within, depth + 1)
      if (isReject(inner)) return inner
      shown[key] = inner
    }
    const digests = Object.hasOwn(value, DIGESTS) ? parseDigests(value[DIGESTS]) : []
    if (isReject(digests)) return digests
    for (const digest of digests) {
      const disclosure = this.#take(digest)
      if (isReject(disclosure)) return disclosure
      if (!disclosure) continue
      const { name } = disclosure
      if (name === undefined) return new Reject('disclosure-place', 'an element stands among members')
      if (Object.hasOwn(shown, name)) {
        return new Reject('disclosure-clash', `${JSON.stringify(name.slice(0, 80))} is there already`)
      }
      const inner = this.#put(disclosure, [...path, name], within, depth)
      if (isReject(inner)) return inner
      shown[name] = inner
    }
    return shown
  }

  #elements(
    value: JcsValue[],
    path: string[],
    within: DisclosedPart | undefined,
    depth: number
  ): JcsValue[] | Reject {
    const shown: JcsValue[] = []
    for (const item of value) {
      const at = [...path, String(shown.length)]
      const digest = digestIn(item)
      if (isReject(digest)) return digest
      const disclosure = digest === undefined ? undefined : this.#take(digest)
      if (isReject(disclosure)) return disclosure
      if (digest !== undefined && !disclosure) continue
      if (disclosure?.name !== undefined) {
        return new Reject('disclosure-place', `${JSON.stringify(disclosure.name)} stands among elements`)
      }
      const inner = disclosure
        ? this.#put(disclosure, at, within, depth)
        : this.at(item, at, within, depth + 1)
      if (isReject(inner)) return inner
      shown.push(inner)
    }
    return shown
  }

  #put(
    disclosure: Disclosure,
    path: string[],
    within: DisclosedPart | undefined,
    depth: number
  ): JcsValue | Reject {
    const part = { disclosure, path, within, holdsParts: holdsDigests(disclosure.value) }
    this.parts.push(part)
    return this.at(disclosure.value, path, part, depth + 1)
  }

  /** DOC-20. @returns undefined for what is withheld */
  #take(digest: string): Disclosure | undefined | Reject {
    if (this.#met.has(digest)) return new Reject('digest-repeated', 'one digest stands in two places')
    this.#met.add(digest)
    const disclosure = this.left.get(digest)
    if (disclosure) this.left.delete(digest)
    else this.withheld++
    return disclosure
  }
}

/** DOC-17. */
function parseDigests(value: JcsValue | undefined): string[] | Reject {
  const sorted = Array.isArray(value) && value.every((item, i) => i === 0 || below(value[i - 1], item))
  if (sorted && value.every(isDigest)) return value
  return new Reject('digest-shape', `${DIGESTS} is not a list of digests in ascending order`)
}

function below(a: JcsValue | undefined, b: JcsValue): boolean {
  return typeof a === 'string' && typeof b === 'string' && a < b
}

function digestIn(item: JcsValue): string | undefined | Reject {
  if (item === null || typeof item !== 'object' || !Object.hasOwn(item, ELEMENT)) return undefined
  const [[, digest]] = Object.entries(item) as [[string, JcsValue]]
  if (Object.keys(item).length === 1 && isDigest(digest)) return digest
  return new Reject('digest-shape', `${ELEMENT} is not a digest alone`)
}

function isDigest(value: JcsValue): value is string {
  return typeof value === 'string' && fromBase64url(value)?.length === 32
}

function holdsDigests(value: JcsValue): boolean {
  if (value === null || typeof value !== 'object') return false
  return Array.isArray(value)
    ? value.some(item => typeof digestIn(item) === 'string')
    : Object.hasOwn(value, DIGESTS)
}

export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/** Only the one spelling that we would print. */
function fromBase64url(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
  return toBase64url(bytes) === text ? bytes : undefined
}
