// All commands of `parley`. Declaring them loads no code that does anything: each loads its own when it runs.
import { Argument, Command } from 'commander'
import { declareAgreement } from './commands/agreement.ts'
import { declareArtifacts } from './commands/artifact.ts'
import { declareDocuments } from './commands/documents.ts'
import { declareAudit } from './commands/audit.ts'
import { declareDecisions } from './commands/decisions.ts'
import { declareCare, declareHome } from './commands/home.ts'
import { declareIdentity } from './commands/identity.ts'
import { declarePeers } from './commands/peers.ts'
import { declareScoring } from './commands/scoring.ts'
import { declareReciprocity } from './commands/reciprocity.ts'
import { completionScript, SHELLS, type Shell } from './completion.ts'
import { run } from './run.ts'
import { VERSION } from './version.ts'

const EXIT_CODES = 'exit-codes'

export function createProgram(): Command {
  const program = new Command('parley')
    .description('Companies edit signed artifacts together: offline, in sync, with no server in the middle.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--home <directory>', 'the home (default: $PARLEY_HOME, else what `parley paths` prints)')
    .option('--json', 'print JSON: one value, or one a line')
    .option('--quiet', 'print no remarks')
    .option(
      '--passphrase-file <file>',
      'read the passphrase from its first line (or $PARLEY_PASSPHRASE_FILE)'
    )
    .option('--key-file <file>', 'where the unlock key is, when not in the home (or $PARLEY_KEY_FILE)')
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false)
    .exitOverride()
    // A wrong command line is told like every other failure, by main.ts.
    .configureOutput({ outputError: () => undefined })
  declareHome(program)
  declareIdentity(program)
  declarePeers(program)
  declareAgreement(program)
  declareReciprocity(program)
  declareArtifacts(program)
  declareDocuments(program)
  declareDecisions(program)
  declareScoring(program)
  declareAudit(program)
  declareCare(program)
  declareHelp(program)
  declareCompletion(program)
  return program
}

function declareHelp(program: Command): void {
  program
    .command('help')
    .argument('[command...]', `a command, or ${EXIT_CODES}`)
    .description(`print help for a command, or what the exit codes mean (${EXIT_CODES})`)
    .action((names: string[], _options, command: Command) =>
      run(command, async cli => {
        const { exitCodes } = await import('./actions/place.ts')
        if (names[0] === EXIT_CODES) await exitCodes(cli)
        else (await find(program, names)).outputHelp()
      })
    )
}

function declareCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .description('print a script that lets the shell complete commands and options')
    .action((shell: Shell, _options, command: Command) =>
      run(command, async cli => cli.output.content(completionScript(program, shell)))
    )
}

async function find(program: Command, names: string[]): Promise<Command> {
  let found = program
  for (const name of names) {
    const next = found.commands.find(command => command.name() === name)
    if (!next) {
      const { usage } = await import('./cli.ts')
      throw usage(`there is no command ${names.join(' ')}`, 'See them all: parley help')
    }
    found = next
  }
  return found
}
