// `parley`: reads the command line, runs one command, ends with its exit code.
import { CommanderError } from 'commander'
import { createProgram } from './program.ts'

// `parley log | head` closes the pipe early: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await createProgram().parseAsync(process.argv)
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = await explain(error)
}

/** Help that was asked for has been printed; anything else is a wrong command line. */
async function explain(error: CommanderError): Promise<number> {
  if (error.exitCode === 0) return 0
  const { usage } = await import('./cli.ts')
  const { Output } = await import('./output.ts')
  const output = new Output({ json: process.argv.includes('--json'), quiet: false })
  const known =
    error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '')
  const [message, ...hint] = known.split('\n')
  const advice = 'Run `parley help`, or add --help to the command.'
  return output.failure(usage(message as string, [...hint, advice].join(' ').trim()))
}
