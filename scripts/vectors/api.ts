// Writes protocols/api/openapi.json and protocols/api/vectors. Deterministic: no clock, no randomness.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { type AnyRoute, API_PREFIX, type Argument, ROUTE_NAMES, ROUTES } from '../../src/api/routes.ts'
import { SCHEMAS, type Schemas } from '../../src/api/schemas.ts'
import { INVALID_REQUESTS, VALID_REQUESTS } from './api-requests.ts'

type Json = Record<string, unknown>

const REFERENCES = '#/components/schemas/'

function reference(schema: keyof Schemas): Json {
  return { $ref: REFERENCES + schema }
}

/** Path and query parameters. The members of an object in the query stand for themselves. */
function parameters({ verb, arguments: args }: AnyRoute): Json[] {
  return args.flatMap(argument => {
    if (argument.place === 'bundle') return []
    const { place, name, schema } = argument
    if (place === 'path') return [{ name, in: 'path', required: true, schema: reference(schema) }]
    if (verb !== 'GET') return []
    if (place === 'member') return [{ name, in: 'query', schema: reference(schema) }]
    return [{ name, in: 'query', style: 'form', explode: true, schema: reference(schema) }]
  })
}

function bodySchema(args: readonly Argument[]): Json | undefined {
  for (const argument of args) if (argument.place === 'whole') return reference(argument.schema)
  const members = args.filter(argument => argument.place === 'member')
  if (members.length === 0) return undefined
  return {
    type: 'object',
    properties: Object.fromEntries(members.map(({ name, schema }) => [name, reference(schema)])),
    required: members.map(({ name }) => name),
    additionalProperties: false
  }
}

function body({ verb, arguments: args }: AnyRoute): Json | undefined {
  if (args.some(({ place }) => place === 'bundle')) return content('application/octet-stream', {})
  const schema = verb === 'GET' ? undefined : bodySchema(args)
  return schema && content('application/json', schema)
}

function content(type: string, schema: Json): Json {
  return { required: true, content: { [type]: { schema } } }
}

function success({ result }: AnyRoute): Json {
  if (result === 'nothing') return { 204: { description: 'done' } }
  if (result === 'bundle') {
    return { 200: { description: 'a bundle', content: { 'application/octet-stream': {} } } }
  }
  if (result === 'events') {
    const schema = reference('event')
    return { 200: { description: 'events', content: { 'text/event-stream': { schema } } } }
  }
  const schema = reference(result)
  return { 200: { description: result, content: { 'application/json': { schema } } } }
}

function operation(name: string, route: AnyRoute): Json {
  const requestBody = body(route)
  return {
    operationId: name,
    ...(route.arguments.length > 0 && { parameters: parameters(route) }),
    ...(requestBody && { requestBody }),
    responses: { ...success(route), default: { $ref: '#/components/responses/error' } }
  }
}

function openApi(): Json {
  const paths: Record<string, Json> = {}
  for (const name of ROUTE_NAMES) {
    const path = API_PREFIX + ROUTES[name].path.replace(/:(\w+)(?:\{[^}]*\})?/g, '{$1}')
    paths[path] = { ...paths[path], [ROUTES[name].verb.toLowerCase()]: operation(name, ROUTES[name]) }
  }
  const schemas = Object.entries(SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema)])
  return {
    openapi: '3.1.0',
    info: { title: 'Parley local API', version: '1' },
    servers: [{ url: 'http://127.0.0.1:{port}', variables: { port: { default: '0' } } }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: { error: { description: 'a failure', content: { 'application/json': { schema: ERROR } } } },
      schemas: Object.fromEntries(schemas)
    }
  }
}

function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}

const ERROR: Json = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { code: { type: 'string' }, message: { type: 'string' }, next: { type: 'string' } },
      required: ['code', 'message', 'next']
    }
  },
  required: ['error']
}

/** Path below the repository to contents. */
export function apiVectors(): { [path: string]: string } {
  const files = {
    'protocols/api/openapi.json': openApi(),
    'protocols/api/vectors/valid.json': VALID_REQUESTS,
    'protocols/api/vectors/invalid.json': INVALID_REQUESTS
  }
  return Object.fromEntries(
    Object.entries(files).map(([path, value]) => [path, `${JSON.stringify(value, null, 1)}\n`])
  )
}

if (import.meta.main) {
  for (const [path, contents] of Object.entries(apiVectors())) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
}
