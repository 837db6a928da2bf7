// Why a dial failed, in words for a person. Decided by codes and names, never by message text.
import { NodeError } from '../wire/node-error.ts'

interface Failed {
  readonly code?: string
  readonly name?: string
  readonly message?: string
  readonly errors?: readonly unknown[]
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'EPIPE',
  'EADDRNOTAVAIL'
])
const LATE = new Set(['TimeoutError', 'AbortError'])

/** `peer`: the peer id or address that was dialed. */
export function dialError(error: unknown, peer: string): NodeError {
  const failed = leaf(error as Failed)
  if (failed instanceof NodeError) return failed
  if (failed.code !== undefined && UNREACHABLE.has(failed.code)) {
    return new NodeError(
      'dial-unreachable',
      `${peer} does not answer (${failed.code})`,
      'It is dialed again; check that the other node runs and its port is open.',
      error
    )
  }
  if (failed.code === 'ENOTFOUND' || failed.code === 'EAI_AGAIN') {
    return new NodeError(
      'dial-no-such-host',
      `the host name of ${peer} is not found`,
      'Check the spelling and the name server; it is dialed again.',
      error
    )
  }
  if (failed.name !== undefined && LATE.has(failed.name)) {
    return new NodeError(
      'dial-timeout',
      `${peer} did not answer in time`,
      'It is dialed again; check that the other node runs and its port is open.',
      error
    )
  }
  if (failed.name === 'EncryptionFailedError') {
    return new NodeError(
      'dial-not-this-peer',
      `what answers there is not ${peer}, or hung up`,
      'Ask the other side for its present address: `parley id` prints it.',
      error
    )
  }
  if (failed.name === 'DialDeniedError' || failed.name === 'ConnectionInterceptedError') {
    return new NodeError(
      'dial-not-admitted',
      `this node does not admit ${peer}`,
      'Take an invite of that company first: parley join TOKEN',
      error
    )
  }
  return new NodeError(
    'dial-failed',
    `${peer} cannot be reached: ${failed.message ?? String(error)}`,
    'It is dialed again.',
    error
  )
}

/** Several addresses fail with several errors: the last one is of the address most recently tried. */
function leaf(error: Failed): Failed {
  const last = error.errors?.at(-1)
  return last === undefined ? error : leaf(last as Failed)
}
