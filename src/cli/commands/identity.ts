// Commands about the company's own identity, roles and nodes.
import { type Command, Option } from 'commander'
import type { RotateOptions } from '../actions/identity.ts'
import type { RenewOptions } from '../actions/renew.ts'
import type { CertifyOptions, EnrolOptions } from '../actions/role.ts'
import { run } from '../run.ts'
import { wholeNumber } from './home.ts'

export function declareIdentity(program: Command): void {
  program.commandsGroup('Your company:')
  const id = program.command('id').description('print who you are, with the words to compare by phone')
  id.action((_options, command: Command) =>
    run(command, async cli => (await import('../actions/identity.ts')).showIdentity(cli))
  )
  id.command('rotate')
    .description('bring the next root key into use and make another one to follow it')
    .option('--legal-name <name>', 'change the legal name')
    .option('--registration <number>', 'change the registration number')
    .option('--revoke-root', 'the old root key was stolen: all certificates it gave end')
    .addOption(nextKey())
    .addOption(newKey())
    .action((options: RotateOptions, command: Command) =>
      run(command, async cli => (await import('../actions/identity.ts')).rotate(cli, options))
    )
  id.command('export')
    .description('write the identity log, for another node of the company')
    .option('-o, --output <file>', 'a new file instead of standard output')
    .option('--of <company>', 'that of a company that this node knows, which may have lost it')
    .action((options: { output?: string; of?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/identity.ts')).exportIdentity(cli, options))
    )
  id.command('import')
    .argument('<file>')
    .description('take the newer identity log of the own company')
    .action((file: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/identity.ts')).importIdentity(cli, file))
    )
  declareRole(program)
  declareNode(program)
  program
    .command('renew')
    .description('certify again all keys of which the certificate ends within 30 days, or has ended')
    .option('--all', 'all keys that are not revoked')
    .option('--days <days>', 'how long the certificates are valid, at most 90', wholeNumber)
    .option('--root-key <file>', 'where the root key is kept, when not in the home')
    .option('-o, --output <folder>', 'copies of those whose key is elsewhere, to hand over')
    .action((options: RenewOptions, command: Command) =>
      run(command, async cli => (await import('../actions/renew.ts')).renewDue(cli, options))
    )
}

function nextKey(): Option {
  return new Option('--next-key <file>', 'where the next root key is kept, when not in the home')
}

function newKey(): Option {
  return new Option('--new-key <file>', 'put the key after it there')
}

/** What certifying has in common for roles and nodes. */
function withGrant(command: Command): Command {
  return command
    .option('--days <days>', 'how long it is valid, at most 90', wholeNumber)
    .option('--root-key <file>', 'where the root key is kept, when not in the home')
    .option('-o, --output <file>', 'write the certificate there as well, to hand it over')
}

function declareRole(program: Command): void {
  const role = program.command('role').description('keys of role holders, and their certificates')
  role
    .command('enrol')
    .argument('<role>', 'COO, CTO, CMO, CFO, CHRO, CEO, Founder or Investor')
    .description('make a key here, for a person or an agent, and ask for its certificate')
    .requiredOption('--holder <name>', 'who holds it')
    .option('--agent', 'it is a program: it may only advise')
    .option('--no-passphrase', 'protect the key by the unlock key of the home')
    .option('-o, --output <file>', 'write the request there')
    .action((name: string, options: EnrolOptions, command: Command) =>
      run(command, async cli => (await import('../actions/role.ts')).enrol(cli, name, options))
    )
  withGrant(
    role
      .command('certify')
      .argument('<request>', 'file, or - for standard input')
      .description('sign a certificate with the root key')
      .option('--powers <list>', 'advise,vote,seal,mediate; by default the first three, for a CEO all')
  ).action((file: string, options: CertifyOptions, command: Command) =>
    run(command, async cli => (await import('../actions/role.ts')).certifyRequest(cli, file, options))
  )
  declareInstall(role)
  declareRenew(role, 'role, or the beginning of the key').option(
    '--powers <list>',
    'other powers than before'
  )
  declareRevoke(role)
  declareList(role)
}

function declareNode(program: Command): void {
  const node = program.command('node').description('keys of nodes, and their certificates')
  withGrant(
    node
      .command('certify')
      .argument('<request>', 'file, or - for standard input')
      .description('sign a certificate for one more node with the root key')
  ).action((file: string, options: CertifyOptions, command: Command) =>
    run(command, async cli => (await import('../actions/role.ts')).certifyRequest(cli, file, options))
  )
  declareInstall(node)
  declareRenew(node, 'the beginning of its key; needless when there is one node', 'node')
  declareRevoke(node)
  declareList(node)
}

function declareInstall(parent: Command): void {
  parent
    .command('install')
    .argument('<certificate...>', 'files, or - for standard input')
    .description('bring certificates to their keys')
    .action((files: string[], _options, command: Command) =>
      run(command, async cli => (await import('../actions/role.ts')).install(cli, files))
    )
}

function declareRenew(parent: Command, what: string, byDefault?: string): Command {
  const renew = parent.command('renew').description('certify the same key again')
  if (byDefault === undefined) renew.argument('<key>', what)
  else renew.argument('[key]', what, byDefault)
  return withGrant(renew).action((key: string, options: CertifyOptions, command: Command) =>
    run(command, async cli => (await import('../actions/role.ts')).renew(cli, key, options))
  )
}

function declareRevoke(parent: Command): void {
  parent
    .command('revoke')
    .argument('<key>', 'what it is for, or the beginning of the key')
    .description('end a key for good; this spends the root key in use')
    .addOption(nextKey())
    .addOption(newKey())
    .action((key: string, options: { nextKey?: string; newKey?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/role.ts')).revoke(cli, key, options))
    )
}

function declareList(parent: Command): void {
  parent
    .command('list')
    .description('list certificates, and keys that wait for one')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/role.ts')).listCertificates(cli))
    )
}
