// Waiting for what goes on by itself on the running node, with progress.
import type { ParleyNode } from '../node/surface/parley-node.ts'
import type { Cli } from './cli.ts'

/** Some things change with time alone, and no event tells. */
const LOOK_MS = 1_000

export interface Follow<T> {
  label: string
  look: () => Promise<T>
  /** How far it is; nothing once there is nothing more to wait for. */
  line: (seen: T) => string | undefined
  /** Milliseconds since 1970 at which the waiting ends in any case. */
  until?: number
}

/** Looks at once, then whenever something happens on the node. @returns what was seen last */
export async function follow<T>(
  cli: Cli,
  node: ParleyNode,
  { label, look, line, until = Infinity }: Follow<T>
): Promise<T> {
  const progress = cli.output.progress(label)
  let hasHappened = false
  let wake = () => {}
  const unsubscribe = node.subscribe(() => {
    hasHappened = true
    wake()
  })
  try {
    for (;;) {
      hasHappened = false
      const seen = await look()
      const text = line(seen)
      const left = until - Date.now()
      if (text === undefined || left <= 0) return seen
      progress.at(text)
      if (hasHappened) continue
      await new Promise<void>(resolve => {
        wake = resolve
        setTimeout(resolve, Math.min(left, LOOK_MS))
      })
    }
  } finally {
    unsubscribe()
    progress.end()
  }
}
