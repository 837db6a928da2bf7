// One call at a time to one host: a server answers one by one anyhow, and says nothing while others wait.
// protocols/scoring, SCO-9.

/** By host, the end of the line. Of the process, since every scorer in it speaks with the same servers. */
const lines = new Map<string, Promise<unknown>>()

/** @throws the reason of the signal, while it waits too. */
export async function inLine<T>(host: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const before = lines.get(host) ?? Promise.resolve()
  const { promise: mine, resolve: leave } = Promise.withResolvers<void>()
  const end = before.then(() => mine)
  lines.set(host, end)
  try {
    await turnOf(before, signal)
    return await run()
  } finally {
    leave()
    if (lines.get(host) === end) lines.delete(host)
  }
}

function turnOf(before: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort)
  return Promise.race([before, aborted]).finally(() => signal.removeEventListener('abort', onAbort))
}
