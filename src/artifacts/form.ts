// The JSON form of an artifact: what is signed, compared and shown to programs. A total function of what a Yjs
// document holds; what cannot be signed as it stands is named. protocols/artifacts, ART-8 to ART-12.
import { DIGESTS, ELEMENT } from '../wire/disclosure.ts'
import type { JcsValue } from '../wire/jcs.ts'
import { type Layout, type LayoutNode, type LayoutValue, type PlainType, valueUnder } from '../wire/layout.ts'
import { type ArtifactKind, isOfType, layoutOf } from './layouts.ts'
import { isQuantity, quantitiesOf } from './quantities.ts'

/** The roots of a layout with all that they hold. */
export interface FormJson {
  [root: string]: JcsValue
}

/** What keeps a document from being sealed. */
export interface Fault {
  code: FaultCode
  /** Names and indices, joined by dots. */
  path: string
  detail: string
}

export type FaultCode =
  | 'artifact-number'
  | 'artifact-text'
  | 'artifact-type'
  | 'artifact-place'
  | 'artifact-value'
  | 'artifact-name'
  | 'artifact-quantity'

export interface Form {
  json: FormJson
  faults: Fault[]
}

/** Values are at most 16 deep (UPD-10), and maps of a layout 3. */
const DEPTH_MAX = 24
/** Told one by one; whoever has more mends these first. */
const FAULTS_MAX = 100

/**
 * @param roots plain content by root name, as `toJSON` of the shared types gives it
 * @returns for every input; `json` can be spelt by `encodeJcs`, with faults as without
 */
export function formOf(kind: ArtifactKind, roots: { [root: string]: unknown }): Form {
  const walk = new Walk(quantitiesOf(kind))
  const { roots: nodes } = layoutOf(kind) as Layout
  const json: FormJson = {}
  for (const [name, node] of Object.entries(nodes)) {
    const held = Object.hasOwn(roots, name) ? roots[name] : undefined
    json[name] = held === undefined ? emptyOf(node) : walk.node(node, held, [name])
  }
  for (const name of Object.keys(roots)) {
    if (!Object.hasOwn(nodes, name)) walk.fault('artifact-place', [name], `${kind} has no such root`)
  }
  return { json, faults: walk.faults }
}

class Walk {
  readonly faults: Fault[] = []
  readonly #quantities: readonly string[][]

  constructor(quantities: readonly string[]) {
    this.#quantities = quantities.map(path => path.split('.'))
  }

  fault(code: FaultCode, path: string[], detail: string): void {
    if (this.faults.length < FAULTS_MAX)
      this.faults.push({ code, path: path.join('.').toWellFormed(), detail })
  }

  node(node: LayoutNode, value: unknown, path: string[]): JcsValue {
    if (node.is === 'text' && typeof value === 'string') return this.#text(value, path)
    if (node.is === 'array' && Array.isArray(value)) {
      return value.map((item: unknown, i) => this.#under(node.items, item, [...path, String(i)]))
    }
    if (node.is === 'map' && isObject(value)) return this.#map(node, value, path)
    this.fault('artifact-type', path, `${nameOf(value)} stands where a ${node.is} belongs`)
    return emptyOf(node)
  }

  #map(node: LayoutNode & { is: 'map' }, value: object, path: string[]): JcsValue {
    const shown: { [key: string]: JcsValue } = {}
    for (const [key, item] of Object.entries(value)) {
      const at = [...path, key]
      const wanted = key === '__proto__' || !key.isWellFormed() ? undefined : valueUnder(node, key)
      if (wanted === undefined) this.fault('artifact-place', at, 'the layout has no such key')
      else if (item !== undefined) {
        this.#name(key, at)
        shown[key] = this.#under(wanted, item, at)
      }
    }
    return shown
  }

  #under(wanted: LayoutValue, value: unknown, path: string[]): JcsValue {
    if (typeof wanted !== 'string') return this.node(wanted, value, path)
    if (wanted !== 'plain' && !isOfType(value, wanted)) {
      this.fault('artifact-type', path, `${nameOf(value)} stands where ${TYPE_NAMES[wanted]} belongs`)
    }
    return this.#plain(value, path)
  }

  #plain(value: unknown, path: string[]): JcsValue {
    if (!isQuantity(value) && this.#isQuantity(path)) {
      this.fault('artifact-quantity', path, `${nameOf(value)} is no decimal number such as "12.50"`)
    }
    if (value === null || typeof value === 'boolean') return value
    if (typeof value === 'string') return this.#text(value, path)
    if (typeof value === 'number' || typeof value === 'bigint') return this.#number(value, path)
    const nested = path.length <= DEPTH_MAX
    if (nested && Array.isArray(value)) {
      return Array.from(value, (item: unknown, i) => this.#plain(item, [...path, String(i)]))
    }
    if (nested && isObject(value)) return this.#members(value, path)
    this.fault('artifact-value', path, `${nameOf(value)} has no form here`)
    return null
  }

  #members(value: object, path: string[]): JcsValue {
    const shown: { [key: string]: JcsValue } = {}
    for (const [key, item] of Object.entries(value)) {
      const at = [...path, key]
      if (key === '__proto__' || !key.isWellFormed()) this.fault('artifact-place', at, 'no name for a value')
      else {
        this.#name(key, at)
        shown[key] = this.#plain(item, at)
      }
    }
    return shown
  }

  /** ART-10. */
  #name(key: string, path: string[]): void {
    if (key === DIGESTS || key === ELEMENT) {
      this.fault('artifact-name', path, `the name ${key} is kept for what is withheld`)
    }
  }

  #number(value: number | bigint, path: string[]): JcsValue {
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : (value as number)
    this.fault('artifact-number', path, `${value} is no whole number of at most 2^53 - 1`)
    return String(value)
  }

  #text(value: string, path: string[]): string {
    if (value.isWellFormed()) return value
    this.fault('artifact-text', path, 'half of a surrogate pair')
    return value.toWellFormed()
  }

  #isQuantity(path: string[]): boolean {
    return this.#quantities.some(
      parts => parts.length === path.length && parts.every((part, i) => part === '*' || part === path[i])
    )
  }
}

const TYPE_NAMES: { [T in PlainType]: string } = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list'
}

function emptyOf({ is }: LayoutNode): JcsValue {
  return { text: '', map: {}, array: [] }[is]
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/** A value in few words, for a person. */
function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)
  if (Array.isArray(value)) return 'a list'
  return isObject(value) ? 'a map' : `a ${typeof value}`
}
