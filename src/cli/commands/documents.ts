// Commands about sealed artifacts: files that people sign, verify anywhere, and show in part.
import type { Command } from 'commander'
import type { DiscloseOptions } from '../actions/disclose.ts'
import type { SealCommandOptions } from '../actions/sealed.ts'
import type { SealedOptions } from '../actions/sealed.ts'
import { run } from '../run.ts'

const FILE = 'a sealed file; - for standard input'

const WITHOUT_PARLEY = `
Who has no Parley opens dist/verify.html of this package in a browser, offline: it checks decisions likewise.`

export function declareDocuments(program: Command): void {
  program.commandsGroup('Sealed artifacts:')
  program
    .command('seal')
    .argument('<artifact>', 'the beginning of its id, or its title')
    .description('sign an artifact as it stands into one file that anyone can verify')
    .option('--class <class>', 'which part of it, where there are several')
    .option('--with <company...>', 'other parties of the space that are to sign it as well')
    .option('-o, --output <file>', 'a new file; - for standard output')
    .action((id: string, options: SealCommandOptions, command: Command) =>
      run(command, async cli => (await import('../actions/sealed.ts')).seal(cli, id, options))
    )
  program
    .command('countersign')
    .argument('<file>', FILE)
    .description('add your signature to a sealed file that names you, if it is the document that is here')
    .option('-o, --output <file>', 'a new file; - for standard output')
    .action((file: string, options: { output?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/sealed.ts')).countersign(cli, file, options))
    )
  program
    .command('verify')
    .argument(
      '<file>',
      'a sealed file, a certificate, or a proof of who said two things; - for standard input'
    )
    .description(
      'check a sealed file or the certificate of a decision: who signed, with what right; needs no node'
    )
    .option('--identity <file...>', 'identity logs of signers that you got from elsewhere')
    .option('--trust <file>', 'companies that you know, one did a line; for decisions')
    .option('--decision <file>', 'a certificate: whether it released this sealed standard')
    .option('--content', 'print what it shows, as JSON, instead')
    .addHelpText('after', WITHOUT_PARLEY)
    .action((file: string, options: SealedOptions, command: Command) =>
      run(command, async cli => (await import('../actions/verify.ts')).verify(cli, file, options))
    )
  program
    .command('disclose')
    .argument('<file>', FILE)
    .description('print the exact bytes of a view with some fields alone, before anything is written')
    .requiredOption('--to <company>', 'for whom')
    .requiredOption('--fields <paths>', 'such as meta.title,milestones.*.due; commas between')
    .requiredOption('--grid <file>', 'which field has which class; parley grid KIND prints one to begin with')
    .option('--write <file>', 'write the view into a new file, and record that')
    .option('--by <person>', 'who decides that it is written')
    .action((file: string, options: DiscloseOptions, command: Command) =>
      run(command, async cli => (await import('../actions/disclose.ts')).disclose(cli, file, options))
    )
  program
    .command('grid')
    .argument('<kind>', 'such as StandardsDoc or PeerAgreement')
    .description('print a grid in which every field is private, to change and give to disclose')
    .action((kind: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/disclose.ts')).printGrid(cli, kind))
    )
}
