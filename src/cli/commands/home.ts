// Commands about the home and the node that runs on it.
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DoctorOptions } from '../actions/doctor.ts'
import type { InitOptions } from '../actions/init.ts'
import type { PasswdOptions } from '../actions/sealing.ts'
import type { RecoverOptions, SheetOptions } from '../actions/sheet.ts'
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
    .command('online')
    .description('let a node that was started with --offline listen and dial')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/node.ts')).online(cli))
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
    .option('--offline', 'neither listen nor dial, until parley online is run')
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
  backup
    .command('sheet')
    .argument('<file>', 'a text, or a page to print where its name ends in .html')
    .description('a page for paper, with which the company comes back when all of its machines are lost')
    .option('--next-key <file>', 'where the next root key is kept, when not in the home')
    .option('--new-key <file>', 'put the key after it there')
    .action((file: string, options: SheetOptions, command: Command) =>
      run(command, async cli => (await import('../actions/sheet.ts')).createSheet(cli, file, options))
    )
  withAddresses(
    program
      .command('recover')
      .argument('<sheet>', 'the eight lines of a recovery sheet, typed into a file, or - for standard input')
      .description('make the home of a company again that has lost all of its machines')
      .requiredOption(
        '--identity <file>',
        'the newest identity log of the company: any company that knows it has it'
      )
      .option('--node-name <name>', 'what the company calls this node', 'office')
      .option('--no-passphrase', 'protect the keys by an unlock key in the home instead of a passphrase')
  ).action((file: string, options: RecoverOptions, command: Command) =>
    run(command, async cli => (await import('../actions/sheet.ts')).recover(cli, file, options))
  )
  declareSealing(program)
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

function declareSealing(program: Command): void {
  program
    .command('passwd')
    .argument('[key-file...]', 'key files kept elsewhere, such as that of the root key')
    .description('give the keys of this home another passphrase, or an unlock key in a file')
    .option('--new-passphrase-file <file>', 'read the new passphrase from its first line')
    .option('--new-key-file <file>', 'take the unlock key there, or make one')
    .option('--no-passphrase', 'keep an unlock key in the home')
    .action((files: string[], options: PasswdOptions, command: Command) =>
      run(command, async cli => (await import('../actions/sealing.ts')).passwd(cli, files, options))
    )
  program
    .command('reseal')
    .argument('<backup>', 'where to write the backup that is made first')
    .description('seal what is private anew, under a new data key; brings over homes of older versions')
    .action((backup: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/sealing.ts')).reseal(cli, backup))
    )
}
