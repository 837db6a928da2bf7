// Starts other processes on a store and ends them the hard way.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export interface Writer {
  process: ChildProcess
  /** Ends it with SIGKILL after `lines` acknowledgements. @returns the last one: client and next seq */
  killAfter: (lines: number) => Promise<{ client: number; next: number }>
}

export function startWriter(dir: string, mode: 'synced' | 'unsynced', disk: 'plain' | 'power-cut'): Writer {
  const script = fileURLToPath(new URL('./writer-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, dir, mode, disk], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  return {
    process: child,
    killAfter: async lines => {
      let seen = 0
      let last = ''
      for await (const line of createInterface({ input: child.stdout })) {
        last = line
        if (++seen === lines) child.kill('SIGKILL')
      }
      await exited
      const [client, next] = last.split(' ').map(Number) as [number, number]
      return { client, next }
    }
  }
}
