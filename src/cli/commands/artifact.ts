// Commands about artifacts.
import type { Command } from 'commander'
import type { NewOptions, ShowOptions } from '../actions/artifact.ts'
import type { EditOptions } from '../actions/edit.ts'
import { run } from '../run.ts'

const ARTIFACT = 'the beginning of its id, or its title'
const CLASS = 'private, shared-confidential or public'

export function declareArtifacts(program: Command): void {
  program.commandsGroup('Artifacts:')
  program
    .command('new')
    .argument('<kind>', 'such as StandardsDoc or PeerAgreement')
    .description('create an artifact and print its id')
    .requiredOption('--title <title>')
    .option('--class <class>', `${CLASS}; private unless given`)
    .option('--space <space>', 'where; by default your own for what is private, else the only shared one')
    .option('--text <file>', 'its first text; - for standard input')
    .action((kind: string, options: NewOptions, command: Command) =>
      run(command, async cli => (await import('../actions/artifact.ts')).create(cli, kind, options))
    )
  program
    .command('list')
    .description('list artifacts')
    .option('--space <space>', 'only those in it')
    .action((options: { space?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/artifact.ts')).list(cli, options))
    )
  program
    .command('show')
    .argument('<artifact>', ARTIFACT)
    .description('print the text')
    .option('--class <class>', 'which part of it')
    .option('--fields', 'the other fields, as JSON')
    .option('--passages', 'who signed each passage')
    .option('--drafts', 'list branches that lost: work that is signed and does not count')
    .option('--draft <envelope>', 'the text as it stood with this envelope, from --drafts or `parley log`')
    .action((id: string, options: ShowOptions, command: Command) =>
      run(command, async cli => (await import('../actions/artifact.ts')).show(cli, id, options))
    )
  declareChanges(program)
  declareBundles(program)
}

function declareChanges(program: Command): void {
  program
    .command('edit')
    .argument('<artifact>', ARTIFACT)
    .description('edit the text in $EDITOR, or take it from a file or a pipe')
    .option('--class <class>', 'which part of it')
    .option('--stdin', 'take the new text from standard input')
    .option('--file <file>', 'take the new text from a file')
    .option('--base <file>', 'what the text was made from: the output of `parley show --json`')
    .action((id: string, options: EditOptions, command: Command) =>
      run(command, async cli => (await import('../actions/edit.ts')).edit(cli, id, options))
    )
  program
    .command('set')
    .argument('<artifact>', ARTIFACT)
    .argument('<path=value...>', 'meta.title="A title"; path:=json for numbers and lists')
    .description('set fields')
    .action((id: string, assignments: string[], _options, command: Command) =>
      run(command, async cli => (await import('../actions/artifact.ts')).setFields(cli, id, assignments))
    )
  program
    .command('log')
    .argument('<artifact>', ARTIFACT)
    .description('list who changed what, when, signed by whom')
    .action((id: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/artifact.ts')).log(cli, id))
    )
}

function declareBundles(program: Command): void {
  program
    .command('export')
    .argument('<artifact>', ARTIFACT)
    .description('write an artifact with all its signatures into one file')
    .option('-o, --output <file>', 'a new file; - for standard output')
    .action((id: string, options: { output?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/bundle.ts')).exportArtifact(cli, id, options))
    )
  program
    .command('import')
    .argument('<file>', 'what `parley export` wrote; - for standard input')
    .description('take a bundle in, checked like anything that a peer sends')
    .action((file: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/bundle.ts')).importBundle(cli, file))
    )
}
