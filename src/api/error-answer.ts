// A failure as the API says it: `{error: {code, message, next}}` and an HTTP status. Programs branch on the code;
// the status is for tools that know only HTTP. protocols/api, section 5.
import { isNodeError, NodeError } from '../wire/node-error.ts'

export interface ErrorJson {
  readonly code: string
  readonly message: string
  readonly next: string
}

/** First match wins. Codes of the API itself stand in full, those of the node by family. */
const STATUSES: readonly (readonly [family: RegExp, status: number])[] = [
  [/^wrong-token$/, 401],
  [/^bad-(host|origin)$/, 403],
  [/^no-such-route$/, 404],
  [/^bad-method$/, 405],
  [/^(body-timeout|body-cut)$/, 408],
  [/^too-large$/, 413],
  [/^bad-content-type$/, 415],
  [/^too-many-/, 429],
  [/^internal$/, 500],
  [/^(bad|malformed|ambiguous|unknown)-|-(malformed|truncated|damaged-bundle|ambiguous|shape)$/, 400],
  [/^(wrong|locked|denied|forbidden)(-|$)|-(denied|forbidden|not-admitted)$|^role-missing$/, 403],
  [/^(no-such|not-found)(-|$)|-(not-found|absent|unknown|none)$/, 404],
  [
    /^(already|not|no)-|-(read-only|exists|order|busy|closed|open|cast|said|changed|incomplete|unsure|not-binding)$/,
    409
  ],
  [/^disk-full$/, 507],
  [/^dial-/, 502],
  [/^(store|session|listen)-|-full$/, 503]
]

export function statusOf(code: string): number {
  return STATUSES.find(([family]) => family.test(code))?.[1] ?? 500
}

/** What is no NodeError is a fault in the node: its words may hold anything, so they stay in the log. */
export function errorJson(error: unknown): ErrorJson {
  if (!isNodeError(error)) {
    return {
      code: 'internal',
      message: 'the node failed in a way that it does not know',
      next: 'Look at the log of the node; parley doctor checks what can be checked.'
    }
  }
  return { code: error.code, message: error.message, next: error.next }
}

/** The NodeError that an answer carries, or one that says that the answer makes no sense. */
export function errorFrom(body: string, status: number): NodeError {
  try {
    const { code, message, next } = (JSON.parse(body) as { error: ErrorJson }).error
    return new NodeError(code, message, next)
  } catch (cause) {
    const message = `the node answered with status ${status} and no reason`
    return new NodeError('bad-answer', message, 'Look at the log of the node.', cause)
  }
}
