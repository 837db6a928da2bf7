// The page's script in a context that has what every browser's worker has, and nothing of Node.
import { createContext, runInContext } from 'node:vm'
import type { Finding } from '../../src/page/finding.ts'

/** @returns what the worker answers to a file and a trust file */
export function workerOf(script: string): (bytes: Uint8Array, trust: string) => Finding {
  const answers: string[] = []
  const listeners: ((event: { data: unknown }) => void)[] = []
  const context = createContext({
    TextEncoder,
    TextDecoder,
    atob,
    btoa,
    addEventListener: (_: string, listener: (event: { data: unknown }) => void) => listeners.push(listener),
    // As a message is: a copy, without what makes it an instance of anything.
    postMessage: (answer: unknown) => answers.push(JSON.stringify(answer))
  })
  runInContext(script, context)
  const copy = runInContext('bytes => Uint8Array.from(bytes)', context) as (bytes: Uint8Array) => Uint8Array
  return (bytes, trust) => {
    for (const listener of listeners) listener({ data: { bytes: copy(bytes), trust } })
    return JSON.parse(answers.pop() ?? 'null') as Finding
  }
}
