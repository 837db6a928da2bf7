// Commands about the home and the node that runs on it.
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DoctorOptions } from '../actions/doctor.ts'
import type { InitOptions } from '../actions/init.ts'
import type { StartOptions } from '../actions/start.ts'
import { run } from '../run.ts'

export function declareHome(program: Command): void {
  program.commandsGroup('The node:')
  declareInit(program)
  declareStart(program)
  program
    .command('status')
    .description('say who this node is, where it listens, and who is connected')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/node.ts')).status(cli))
    )
  program
    .command('why')
    .argument('[subject]', 'an artifact or a company; none: everything that is not in sync')
    .description('say whose turn it is, since when, and what waits for what')
    .action((subject: string | undefined, _options, command: Command) =>
      run(command, async cli => (await import('../actions/node.ts')).why(cli, subject))
    )
  program
    .command('lock')
    .description('let the running node forget its role keys')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/node.ts')).lock(cli))
    )
  program
    .command('unlock')
    .description('give the running node its role keys again')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/node.ts')).unlock(cli))
    )
}

/** Options that both set up and override the settings. */
function withAddresses(command: Command): Command {
  return command
    .option(
      '--listen <multiaddr...>',
      'where to listen, such as /ip4/0.0.0.0/tcp/4747; port 0 takes a free one'
    )
    .option('--announce <multiaddr...>', 'where others reach it, for invites')
    .option('--relay', 'relay for nodes of known companies that cannot be reached')
    .option('--api-port <port>', 'port of the local API on 127.0.0.1; 0 takes a free one', wholeNumber)
}

function declareInit(program: Command): void {
  withAddresses(
    program
      .command('init')
      .description('create a company with its keys, or one more node of a company (--identity)')
      .option('--name <name>', 'legal name of the company')
      .option('--registration <number>', 'its registration number')
      .option('--web <location>', 'web location for the id, such as example.com:parley')
      .option('--identity <file>', 'identity log of a company whose root key is elsewhere')
      .option('--node-name <name>', 'what the company calls this node', 'office')
      .option('--no-passphrase', 'protect the keys by an unlock key in the home instead of a passphrase')
      .option('--root-key <file>', 'put the root key there instead of in the home')
      .option('--next-key <file>', 'put the next root key there')
  ).action((options: InitOptions, command: Command) =>
    run(command, async cli => (await import('../actions/init.ts')).init(cli, options))
  )
}

function declareStart(program: Command): void {
  withAddresses(program.command('start').description('run the node until Ctrl-C'))
    .option('--offline', 'neither listen nor dial; what you write is sent by the next start')
    .option('--coalesce-ms <ms>', 'how long edits gather before they are signed', wholeNumber)
    .addOption(new Option('--log <level>', 'error, warn, info or debug').env('PARLEY_LOG'))
    .action((options: StartOptions, command: Command) =>
      run(command, async cli => (await import('../actions/start.ts')).start(cli, options))
    )
}

export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number.')
}

export function declareCare(program: Command): void {
  program.commandsGroup('Care:')
  program
    .command('doctor')
    .description('check the home, keys, certificates, store and ports, and say what to do')
    .option('--deep', 'and verify every stored envelope again: some thousands a second')
    .action((options: DoctorOptions, command: Command) =>
      run(command, async cli => (await import('../actions/doctor.ts')).doctor(cli, options))
    )
  const backup = program.command('backup').description('the whole home in one encrypted file')
  backup
    .command('create')
    .argument('<file>')
    .description('write a new backup, also while the node runs')
    .action((file: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/backup.ts')).create(cli, file))
    )
  backup
    .command('restore')
    .argument('<file>')
    .description('restore into an empty home')
    .action((file: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/backup.ts')).restore(cli, file))
    )
  program
    .command('repair')
    .description('save what is whole in a damaged store; the damaged one is kept')
    .option('--accept', 'change nothing but take what is still missing as gone')
    .action((options: { accept?: boolean }, command: Command) =>
      run(command, async cli => (await import('../actions/backup.ts')).repair(cli, options))
    )
  program
    .command('paths')
    .description('print where everything is')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/place.ts')).paths(cli))
    )
  program
    .command('version')
    .description('print the versions of Parley and Node')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/place.ts')).version(cli))
    )
}
