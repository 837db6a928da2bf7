// Commands about the audit logs of this node, and what it holds of those of others.
import type { Command } from 'commander'
import type { ExportOptions, VerifyOptions } from '../actions/audit.ts'
import { run } from '../run.ts'
import { wholeNumber } from './home.ts'

const LOG = 'the beginning of its id, as `audit list` shows it'

export function declareAudit(program: Command): void {
  program.commandsGroup('Proof:')
  const audit = program
    .command('audit')
    .description('the log of what this node did, which the other parties of a space witness')
  audit
    .command('list')
    .description('list the logs, who cosigned them, and what is held of those of others')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/audit.ts')).list(cli))
    )
  audit
    .command('show')
    .argument('<log>', LOG)
    .description('print the records')
    .option('--type <type>', 'only those, such as disclosure')
    .action((log: string, options: { type?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/audit.ts')).show(cli, log, options))
    )
  audit
    .command('verify')
    .argument('[path]', 'a folder or file that was exported; none: the logs of this home')
    .description('check everything again, without asking anybody')
    .option('--witnesses <count>', 'how many other companies must have cosigned', wholeNumber)
    .action((path: string | undefined, options: VerifyOptions, command: Command) =>
      run(command, async cli => (await import('../actions/audit-verify.ts')).verify(cli, path, options))
    )
  declareFiles(audit)
}

function declareFiles(audit: Command): void {
  audit
    .command('export')
    .argument('<log>', LOG)
    .argument('<directory>', 'a new one')
    .description('write a log as files that other tools read, too (C2SP tlog-tiles)')
    .option('--newest', 'also what nobody has cosigned yet')
    .option('--no-records', 'without what the records say')
    .action((log: string, directory: string, options: ExportOptions, command: Command) =>
      run(command, async cli => (await import('../actions/audit.ts')).exportLog(cli, log, directory, options))
    )
  audit
    .command('prove')
    .argument('<log>', LOG)
    .argument('<index>', 'of the record, as `audit show` shows it', wholeNumber)
    .argument('<file>', 'a new one, such as seal.tlog-proof')
    .description('write one record with the proof that it is in the log')
    .action((log: string, index: number, file: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/audit.ts')).prove(cli, log, index, file))
    )
  audit
    .command('conflicts')
    .argument('[directory]', 'where to write the proofs')
    .description('list proofs that another company rewrote its log, and write them as files')
    .action((directory: string | undefined, _options, command: Command) =>
      run(command, async cli => (await import('../actions/audit.ts')).conflicts(cli, directory))
    )
  audit
    .command('erase')
    .argument('<log>', LOG)
    .argument('<index>', 'of the record', wholeNumber)
    .description('take away what a record says; the log stays whole, and nobody can guess what it said')
    .action((log: string, index: number, _options, command: Command) =>
      run(command, async cli => (await import('../actions/audit.ts')).erase(cli, log, index))
    )
}
