// Between the declaration of a command and the code that does its work, which is loaded only now: `--help` and a
// mistyped command wait for none of it.
import type { Command } from 'commander'
import type { Cli, GlobalOptions } from './cli.ts'

/** What a failed command left open does not keep the process; what it still writes out has this long. */
const LINGER_MS = 1_000

export async function run(command: Command, action: (cli: Cli) => Promise<void>): Promise<void> {
  const { perform } = await import('./cli.ts')
  const exitCode = await perform(command.optsWithGlobals<GlobalOptions>(), action)
  if (exitCode === undefined) return
  process.exitCode = exitCode
  setTimeout(() => process.exit(), LINGER_MS).unref()
}
