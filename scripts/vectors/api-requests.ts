// Requests, byte for byte, and how a node answers each. `{port}` and `{token}` stand for those of the node.
// protocols/api, section 8.

export interface RequestVector {
  name: string
  rule: string
  request: string
  status: number
  /** Absent where the refusal comes from below HTTP routing and has no body. */
  code?: string
}

const OWN_HOST = 'Host: 127.0.0.1:{port}'
const TOKEN = 'Authorization: Bearer {token}'
const JSON_BODY = 'Content-Type: application/json'
const GET_STATUS = 'GET /api/v1/status HTTP/1.1'
const LOCK = 'POST /api/v1/lock HTTP/1.1'
const UNLOCK = 'POST /api/v1/unlock HTTP/1.1'

function request(first: string, headers: readonly string[], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${new TextEncoder().encode(body).length}`]
  return [first, ...headers, ...length, 'Connection: close', '', body].join('\r\n')
}

function get(path: string, ...headers: string[]): string {
  return request(`GET ${path} HTTP/1.1`, [OWN_HOST, TOKEN, ...headers])
}

function post(body: string, ...headers: string[]): string {
  return request(UNLOCK, [OWN_HOST, TOKEN, ...headers], body)
}

function valid(rule: string, name: string, request: string, status = 200): RequestVector {
  return { name, rule, request, status }
}

const refused =
  (rule: string, code: string, status: number) =>
  (name: string, request: string): RequestVector => ({ name, rule, request, status, code })

const host = refused('API-2', 'bad-host', 403)
const origin = refused('API-3', 'bad-origin', 403)
const target = refused('API-4', 'bad-target', 400)
const contentType = refused('API-5', 'bad-content-type', 415)
const token = refused('API-6', 'wrong-token', 401)
const length = refused('API-10', 'too-large', 413)
const route = refused('API-13', 'no-such-route', 404)
const method = refused('API-13', 'bad-method', 405)
const input = refused('API-15', 'bad-request', 400)

export const VALID_REQUESTS: RequestVector[] = [
  valid('API-2', 'by number', request(GET_STATUS, [OWN_HOST, TOKEN])),
  valid('API-2', 'by name', request(GET_STATUS, ['Host: localhost:{port}', TOKEN])),
  valid('API-2', 'HTTP/1.0 that names the host', request('GET /api/v1/status HTTP/1.0', [OWN_HOST, TOKEN])),
  valid('API-3', 'from the own page', get('/api/v1/status', 'Origin: http://127.0.0.1:{port}')),
  valid(
    'API-3',
    'from the own page by name',
    request(GET_STATUS, [
      'Host: localhost:{port}',
      TOKEN,
      'Origin: http://localhost:{port}',
      'Sec-Fetch-Site: same-origin'
    ])
  ),
  valid('API-3', 'typed into the browser', get('/api/v1/status', 'Sec-Fetch-Site: none')),
  valid('API-4', 'an escaped percent sign in a query', get('/api/v1/why?subject=a%253A')),
  valid('API-5', 'no body', request(LOCK, [OWN_HOST, TOKEN, JSON_BODY, 'Content-Length: 0']), 204),
  valid(
    'API-5',
    'a charset',
    post('{"passphrase":"open sesame"}', 'Content-Type: application/json; charset=utf-8'),
    204
  ),
  valid('API-7', 'health without a token', request('GET /healthz HTTP/1.1', [OWN_HOST]))
]

export const INVALID_REQUESTS: RequestVector[] = [
  host('a name that was rebound', request(GET_STATUS, ['Host: evil.example', TOKEN])),
  host('a rebound name with our port', request(GET_STATUS, ['Host: evil.example:{port}', TOKEN])),
  host('a name that begins like ours', request(GET_STATUS, ['Host: localhost.evil.example:{port}', TOKEN])),
  host('another port', request(GET_STATUS, ['Host: 127.0.0.1:1', TOKEN])),
  host('no port', request(GET_STATUS, ['Host: 127.0.0.1', TOKEN])),
  host('a trailing dot', request(GET_STATUS, ['Host: localhost.:{port}', TOKEN])),
  host('capitals', request(GET_STATUS, ['Host: LOCALHOST:{port}', TOKEN])),
  host('the unspecified address', request(GET_STATUS, ['Host: 0.0.0.0:{port}', TOKEN])),
  host('loopback as one number', request(GET_STATUS, ['Host: 2130706433:{port}', TOKEN])),
  host('loopback of version 6', request(GET_STATUS, ['Host: [::1]:{port}', TOKEN])),
  host('two, ours first', request(GET_STATUS, [OWN_HOST, 'Host: evil.example', TOKEN])),
  host('two, ours last', request(GET_STATUS, ['Host: evil.example', OWN_HOST, TOKEN])),
  host('ours twice', request(GET_STATUS, [OWN_HOST, OWN_HOST, TOKEN])),
  host('none, by HTTP/1.0', request('GET /api/v1/status HTTP/1.0', [TOKEN])),
  host('rebound, for health', request('GET /healthz HTTP/1.1', ['Host: evil.example'])),
  { name: 'none', rule: 'API-2', request: request(GET_STATUS, [TOKEN]), status: 400 },

  origin('of another site', get('/api/v1/status', 'Origin: https://evil.example')),
  origin('null, as of a sandboxed frame or a file', get('/api/v1/status', 'Origin: null')),
  origin('of another port', get('/api/v1/status', 'Origin: http://127.0.0.1:1')),
  origin('with another scheme', get('/api/v1/status', 'Origin: https://127.0.0.1:{port}')),
  origin('by the other name', get('/api/v1/status', 'Origin: http://localhost:{port}')),
  origin(
    'ours and another',
    get('/api/v1/status', 'Origin: http://127.0.0.1:{port}', 'Origin: https://evil.example')
  ),
  origin('empty', get('/api/v1/status', 'Origin: ')),
  origin('unsaid, from another site', get('/api/v1/status', 'Sec-Fetch-Site: cross-site')),
  origin('unsaid, from another port', get('/api/v1/status', 'Sec-Fetch-Site: same-site')),
  origin(
    'foreign, for a WebSocket',
    get(
      '/api/v1/events',
      'Origin: https://evil.example',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    )
  ),

  target('absolute form, another host', get('http://evil.example/api/v1/status')),
  target('absolute form, our host', get('http://127.0.0.1:{port}/api/v1/status')),
  target('two slashes', get('//evil.example/api/v1/status')),
  target('up', get('/api/v1/artifacts/../status')),
  target('up, escaped', get('/api/v1/artifacts/%2e%2e/status')),
  target('here', get('/api/v1/./status')),
  target('an escaped slash', get('/api/v1/artifacts/..%2f..%2fstatus')),
  target('an escaped backslash', get('/api/v1/artifacts/..%5c..%5cstatus')),
  target('a backslash', get('/api/v1/artifacts\\status')),
  target('an escaped NUL', get('/api/v1/artifacts/a%00')),
  target('an escape that is no text', get('/api/v1/artifacts/%ff')),
  target('an escape cut short', get('/api/v1/artifacts/%2')),
  target('an empty segment at the end', get('/api/v1/artifacts/')),
  target('a fragment', get('/api/v1/status#x')),

  contentType(
    'text, as a form sends without asking',
    post('{"passphrase":"open sesame"}', 'Content-Type: text/plain')
  ),
  contentType('a form', post('passphrase=open+sesame', 'Content-Type: application/x-www-form-urlencoded')),
  contentType('parts of a form', post('--x--', 'Content-Type: multipart/form-data; boundary=x')),
  contentType('none', post('{"passphrase":"open sesame"}')),
  contentType('JSON and text', post('{"passphrase":"open sesame"}', JSON_BODY, 'Content-Type: text/plain')),
  contentType(
    'text that mentions JSON',
    post('{"passphrase":"open sesame"}', 'Content-Type: text/plain; application/json')
  ),
  contentType('none, without a body', request(LOCK, [OWN_HOST, TOKEN, 'Content-Length: 0'])),
  contentType('none, to delete', request('DELETE /api/v1/peers/x HTTP/1.1', [OWN_HOST, TOKEN])),
  contentType('bytes where JSON belongs', post('{}', 'Content-Type: application/octet-stream')),
  contentType(
    'JSON where a bundle belongs',
    request('POST /api/v1/bundles HTTP/1.1', [OWN_HOST, TOKEN, JSON_BODY], '{}')
  ),

  token('none', request(GET_STATUS, [OWN_HOST])),
  token('empty', request(GET_STATUS, [OWN_HOST, 'Authorization: Bearer '])),
  token('wrong', request(GET_STATUS, [OWN_HOST, `Authorization: Bearer ${'0'.repeat(64)}`])),
  token('right but for its length', request(GET_STATUS, [OWN_HOST, 'Authorization: Bearer {token}0'])),
  token('by another scheme', request(GET_STATUS, [OWN_HOST, 'Authorization: Basic {token}'])),
  token('in the query', request('GET /api/v1/status?token={token} HTTP/1.1', [OWN_HOST])),
  token('in a cookie', request(GET_STATUS, [OWN_HOST, 'Cookie: token={token}'])),
  token('twice', get('/api/v1/status', TOKEN)),
  token('none, where there is nothing', request('GET /nothing HTTP/1.1', [OWN_HOST])),
  token('none, with a query behind the health path', request('GET /healthz?x HTTP/1.1', [OWN_HOST])),

  length('100 MiB announced', request(UNLOCK, [OWN_HOST, TOKEN, JSON_BODY, 'Content-Length: 104857600'])),
  length(
    'one byte more than 4 MiB',
    request(UNLOCK, [OWN_HOST, TOKEN, JSON_BODY, 'Content-Length: 4194305'])
  ),
  length(
    'a bundle of one byte more than 64 MiB',
    request('POST /api/v1/bundles HTTP/1.1', [
      OWN_HOST,
      TOKEN,
      'Content-Type: application/octet-stream',
      'Content-Length: 67108865'
    ])
  ),
  {
    name: 'headers of more than 16 KiB',
    rule: 'API-10',
    request: get('/api/v1/status', `X: ${'x'.repeat(17_000)}`),
    status: 431
  },

  route('nothing there', get('/api/v1/nothing')),
  route('another version', get('/api/v2/status')),
  route('the method of another route', request('PUT /api/v1/status HTTP/1.1', [OWN_HOST, TOKEN, JSON_BODY])),
  method(
    'a preflight',
    request('OPTIONS /api/v1/status HTTP/1.1', [OWN_HOST, 'Access-Control-Request-Method: GET'])
  ),
  {
    name: 'HEAD, of which the answer has no body',
    rule: 'API-13',
    request: request('HEAD /api/v1/events HTTP/1.1', [OWN_HOST, TOKEN]),
    status: 405
  },
  method('health by another method', request('POST /healthz HTTP/1.1', [OWN_HOST, JSON_BODY])),

  input('not JSON', post('{"passphrase":', JSON_BODY)),
  input('a lone surrogate', post('{"passphrase":"\\ud800"}', JSON_BODY)),
  input('not an object', post('["open sesame"]', JSON_BODY)),
  input('null', post('null', JSON_BODY)),
  input('of another type', post('{"passphrase":1}', JSON_BODY)),
  input('a member too few', post('{}', JSON_BODY)),
  input('a member too many', post('{"passphrase":"open sesame","force":true}', JSON_BODY)),
  input('a prototype', post('{"passphrase":"open sesame","__proto__":{}}', JSON_BODY)),
  input(
    'nested too deep',
    request(
      'PATCH /api/v1/artifacts/a/fields HTTP/1.1',
      [OWN_HOST, TOKEN, JSON_BODY],
      `{"a":${'['.repeat(32)}${']'.repeat(32)}}`
    )
  ),
  input('a query where there is none', get('/api/v1/status?verbose=1')),
  input('a query given twice', get('/api/v1/why?subject=a&subject=b')),
  input('a class that is none', get('/api/v1/artifacts/a?class=secret')),
  input(
    'a number with a leading zero',
    request('PUT /api/v1/spaces/s/keys/01/cut HTTP/1.1', [OWN_HOST, TOKEN, JSON_BODY])
  ),
  input(
    'a number beyond 2^53',
    request(
      'PUT /api/v1/facets/f/lanes/9007199254740993/end HTTP/1.1',
      [OWN_HOST, TOKEN, JSON_BODY],
      '{"seq":1,"id":"a"}'
    )
  ),
  input(
    'a field that is a prototype',
    request('PATCH /api/v1/artifacts/a/fields HTTP/1.1', [OWN_HOST, TOKEN, JSON_BODY], '{"__proto__":1}')
  )
]
