// Who may talk to the local API, decided on the head of a request alone, before a byte of its body is read.
// Web pages in the owner's browser and other users of the machine can reach every loopback port, so each rule
// here answers one way in. protocols/api, sections 2 and 3.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { ErrorJson } from './error-answer.ts'
import type { ApiLimits } from './limits.ts'
import { API_PREFIX, ROUTES } from './routes.ts'

export const HEALTH_PATH = '/healthz'

export interface RequestHead {
  readonly method: string
  /** The request target as it was sent. */
  readonly url: string
  /** Names and values in turn, repetitions kept: a parsed record would hide the second Host. */
  readonly rawHeaders: readonly string[]
}

export interface Door {
  readonly port: number
  readonly token: string
  readonly limits: Pick<ApiLimits, 'bodyBytesMax' | 'bundleBytesMax'>
}

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
const BUNDLE_PATHS = [ROUTES.importBundle, ROUTES.countersign].map(route => API_PREFIX + route.path)
const JSON_TYPE = /^application\/json(; *charset=utf-8)?$/i
const BYTES_TYPE = /^application\/octet-stream$/i

/** @returns why the request is refused, or undefined. */
export function guardRequest(head: RequestHead, door: Door): ErrorJson | undefined {
  return (
    checkTarget(head) ??
    checkHost(head, door) ??
    checkOrigin(head) ??
    checkMethod(head) ??
    checkToken(head, door) ??
    checkContentType(head) ??
    checkLength(head, door)
  )
}

/** [API-4] A plain path of ours: no other host's, and no two ways to spell one. */
function checkTarget({ url }: RequestHead): ErrorJson | undefined {
  const [path = ''] = url.split('?')
  if (/^\/[\w\-.~!$&'()*+,;=:@%/?]*$/.test(url) && path.slice(1).split('/').every(isPlainSegment))
    return undefined
  return refusal('bad-target', 'the request target is not a plain path', `Paths begin with ${API_PREFIX}/.`)
}

function isPlainSegment(segment: string): boolean {
  try {
    const text = decodeURIComponent(segment)
    // oxlint-disable-next-line no-control-regex -- they are what is refused
    return text !== '' && text !== '.' && text !== '..' && !/[/\\\u0000-\u001f\u007f]/.test(text)
  } catch {
    return false // escapes that spell no text
  }
}

/** [API-2] A page whose own name was rebound to 127.0.0.1 sends that name. */
function checkHost(head: RequestHead, { port }: Door): ErrorJson | undefined {
  const hosts = headerValues(head, 'host')
  if (hosts.length === 1 && (hosts[0] === `127.0.0.1:${port}` || hosts[0] === `localhost:${port}`))
    return undefined
  return refusal('bad-host', 'the Host is not this API', `Use http://127.0.0.1:${port}.`)
}

/** [API-3] A page of another origin can send requests, but not without saying so. */
function checkOrigin(head: RequestHead): ErrorJson | undefined {
  const own = `http://${headerValues(head, 'host')[0]}`
  const originOk = headerValues(head, 'origin').every(origin => origin === own)
  const siteOk = headerValues(head, 'sec-fetch-site').every(site => site === 'same-origin' || site === 'none')
  if (originOk && siteOk) return undefined
  return refusal('bad-origin', 'the request comes from another web page', `Open ${own} itself.`)
}

function checkMethod({ method, url }: RequestHead): ErrorJson | undefined {
  if (METHODS.has(method) && (url !== HEALTH_PATH || method === 'GET')) return undefined
  return refusal('bad-method', `${method} is not used here`, 'See protocols/api/openapi.json.')
}

/** [API-6] Compared as digests: neither the length nor the time tells how much of it was right. */
function checkToken(head: RequestHead, { token }: Door): ErrorJson | undefined {
  if (head.url === HEALTH_PATH) return undefined
  const given = headerValues(head, 'authorization')
  if (given.length === 1 && timingSafeEqual(sha256(given[0] ?? ''), sha256(`Bearer ${token}`)))
    return undefined
  const next = 'Send "Authorization: Bearer ..." with the token of the file that api.json names.'
  return refusal('wrong-token', 'the token is missing or is not the one of this node', next)
}

/** [API-5] What a form or a script can send across origins without asking first is never one of these. */
function checkContentType(head: RequestHead): ErrorJson | undefined {
  if (head.method === 'GET') return undefined
  const wanted = isBundle(head) ? BYTES_TYPE : JSON_TYPE
  const types = headerValues(head, 'content-type')
  if (types.length === 1 && wanted.test(types[0] ?? '')) return undefined
  const type = isBundle(head) ? 'application/octet-stream' : 'application/json'
  return refusal('bad-content-type', `this needs a body of type ${type}`, `Send "Content-Type: ${type}".`)
}

/** [API-10] Refused by what it says of its length; what says nothing is counted while it is read. */
function checkLength(head: RequestHead, { limits }: Door): ErrorJson | undefined {
  const bytesMax = isBundle(head) ? limits.bundleBytesMax : limits.bodyBytesMax
  const bytes = Number(headerValues(head, 'content-length')[0] ?? 0)
  return bytes > bytesMax ? tooLarge(bytesMax) : undefined
}

export function tooLarge(bytesMax: number): ErrorJson {
  const most = bytesMax >= 2 ** 20 ? `${bytesMax / 2 ** 20} MiB` : `${bytesMax} bytes`
  return refusal(
    'too-large',
    `this is more than ${most}, the most that is taken at once`,
    'Send it in parts.'
  )
}

function isBundle({ method, url }: RequestHead): boolean {
  return method === 'POST' && BUNDLE_PATHS.includes(url)
}

function headerValues({ rawHeaders }: RequestHead, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function refusal(code: string, message: string, next: string): ErrorJson {
  return { code, message, next }
}
