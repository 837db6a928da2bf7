// JSON Schemas of the JSON forms of artifacts, made from the layouts. protocols/artifacts, ART-12.
import { type ArtifactKind, layoutOf } from '../../src/artifacts/layouts.ts'
import { QUANTITY_CHARS_MAX, QUANTITY_PATTERN, quantitiesOf } from '../../src/artifacts/quantities.ts'
import type { Layout, LayoutNode, LayoutValue } from '../../src/wire/layout.ts'

type Schema = { [keyword: string]: unknown }

const QUANTITY: Schema = { type: 'string', maxLength: QUANTITY_CHARS_MAX, pattern: QUANTITY_PATTERN }
const INTEGER: Schema = {
  type: 'integer',
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER
}
const NAMES: Schema = { not: { enum: ['_sd', '...', '__proto__'] } }
const ANY: Schema = { $ref: '#/$defs/any' }
const DEFINITIONS: Schema = {
  any: {
    anyOf: [
      { type: 'null' },
      { type: 'boolean' },
      { type: 'string' },
      INTEGER,
      { type: 'array', items: ANY },
      { type: 'object', propertyNames: NAMES, additionalProperties: ANY }
    ]
  }
}

export function formSchema(kind: ArtifactKind): Schema {
  const { roots } = layoutOf(kind) as Layout
  const { properties } = mapSchema({ is: 'map', keys: roots }, '', quantitiesOf(kind))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: kind,
    type: 'object',
    required: Object.keys(roots),
    additionalProperties: false,
    properties,
    $defs: DEFINITIONS
  }
}

function valueSchema(value: LayoutValue, path: string, quantities: readonly string[]): Schema {
  if (quantities.includes(path)) return QUANTITY
  switch (value) {
    case 'string':
      return { type: 'string' }
    case 'number':
      return INTEGER
    case 'boolean':
      return { type: 'boolean' }
    case 'list':
      return { type: 'array', items: ANY }
    case 'plain':
      return plainSchema(path, quantities)
    default:
      if (value.is === 'text') return { type: 'string' }
      if (value.is === 'map') return mapSchema(value, path, quantities)
      return { type: 'array', items: valueSchema(value.items, `${path}.*`, quantities) }
  }
}

function mapSchema(map: LayoutNode & { is: 'map' }, path: string, quantities: readonly string[]): Schema {
  const below = (key: string) => (path === '' ? key : `${path}.${key}`)
  const named = Object.entries(map.keys).map(([key, value]) => [
    key,
    valueSchema(value, below(key), quantities)
  ])
  return {
    type: 'object',
    properties: Object.fromEntries(named) as Schema,
    ...(map.others !== undefined && { propertyNames: NAMES }),
    additionalProperties: map.others === undefined ? false : valueSchema(map.others, below('*'), quantities)
  }
}

/** Any value, with quantities where it is an object that has them. */
function plainSchema(path: string, quantities: readonly string[]): Schema {
  const members = quantities.filter(quantity => quantity.startsWith(`${path}.`))
  if (members.length === 0) return ANY
  const properties = Object.fromEntries(members.map(member => [member.slice(path.length + 1), QUANTITY]))
  return { allOf: [ANY, { anyOf: [{ not: { type: 'object' } }, { type: 'object', properties }] }] }
}
