// Calls between the harness and its processes, over Node's IPC channel.
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

const CALL_MS = 600_000

/** What a process does when asked: functions of one argument. */
// oxlint-disable-next-line typescript/no-explicit-any -- each has its own argument
export type Commands = { [name: string]: (argument: any) => unknown }

interface Call {
  id: number
  command: string
  argument: unknown
}

interface Answer {
  id: number
  result?: unknown
  error?: string
}

/** In a process: answers until the harness hangs up. */
export function answerCalls(commands: Commands): void {
  const answer = async ({ id, command, argument }: Call): Promise<void> => {
    try {
      process.send?.({ id, result: await commands[command]?.(argument) })
    } catch (error) {
      process.send?.({ id, error: (error as Error).stack })
    }
  }
  process.on('message', call => void answer(call as Call))
  process.on('disconnect', () => process.exit(0))
}

/** In the harness: a process. A call rejects when it throws, when the process dies, or when it takes too long. */
export class Side<C extends Commands> {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #calls = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  #ids = 0

  constructor(file: string, name: string, nodeArgs: string[] = []) {
    this.#name = name
    this.#child = fork(join(import.meta.dirname, file), {
      execArgv: nodeArgs,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced'
    })
    this.#child.on('message', message => this.#answered(message as Answer))
    this.#child.on('exit', (code, signal) => {
      for (const call of this.#calls.values()) call.reject(new Error(`${name} ended (${signal ?? code})`))
      this.#calls.clear()
    })
  }

  #answered({ id, result, error }: Answer): void {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(`${this.#name}: ${error}`))
  }

  call<N extends keyof C & string>(
    command: N,
    ...[argument]: Parameters<C[N]>
  ): Promise<Awaited<ReturnType<C[N]>>> {
    const id = ++this.#ids
    const answer = new Promise<Awaited<ReturnType<C[N]>>>((resolve, reject) => {
      const late = () => reject(new Error(`${this.#name}: ${command} took over ${CALL_MS / 1000} s`))
      const timer = setTimeout(late, CALL_MS)
      this.#calls.set(id, {
        resolve: result => {
          clearTimeout(timer)
          resolve(result as Awaited<ReturnType<C[N]>>)
        },
        reject: error => {
          clearTimeout(timer)
          reject(error)
        }
      })
      this.#child.send({ id, command, argument })
    })
    // Some calls are awaited late; their failure is still seen there.
    answer.catch(() => undefined)
    return answer
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise<void>(resolve => this.#child.once('exit', () => resolve()))
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(timer)
  }
}
