// Commands about artifacts.
import type { Command } from 'commander'
import type { NewOptions, PartOptions, ShowOptions } from '../actions/artifact.ts'
import type { ExportOptions } from '../actions/bundle.ts'
import type { EditOptions } from '../actions/edit.ts'
import type { ShareCommandOptions } from '../actions/share.ts'
import { run } from '../run.ts'

const ARTIFACT = 'the beginning of its id, or its title'
const PART = 'which part of it; the least wide unless given'
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
    .option('--class <class>', PART)
    .option('--fields', 'the other fields, as JSON')
    .option('--form', 'all of it as it would be sealed, as JSON, and what stands in the way')
    .option('--passages', 'who signed each passage')
    .option('--drafts', 'list branches that lost: work that is signed and does not count')
    .option('--draft <envelope>', 'the text as it stood with this envelope, from --drafts or `parley log`')
    .action((id: string, options: ShowOptions, command: Command) =>
      run(command, async cli => (await import('../actions/artifact.ts')).show(cli, id, options))
    )
  declareChanges(program)
  declareBundles(program)
  declareLate(program)
}

function declareChanges(program: Command): void {
  program
    .command('edit')
    .argument('<artifact>', ARTIFACT)
    .description('edit the text in $EDITOR, or take it from a file or a pipe')
    .option('--class <class>', PART)
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
    .option('--class <class>', PART)
    .action((id: string, assignments: string[], options: PartOptions, command: Command) =>
      run(command, async cli =>
        (await import('../actions/artifact.ts')).setFields(cli, id, assignments, options)
      )
    )
  program
    .command('log')
    .argument('<artifact>', ARTIFACT)
    .description('list who changed what, when, signed by whom')
    .option('--class <class>', PART)
    .action((id: string, options: PartOptions, command: Command) =>
      run(command, async cli => (await import('../actions/artifact.ts')).log(cli, id, options))
    )
  program
    .command('share')
    .argument('<artifact>', ARTIFACT)
    .description('print the exact bytes that a wider class would get, and who; then share them, for good')
    .requiredOption('--class <class>', 'shared-confidential or public: of the new part')
    .option('--from <class>', 'of the part to take it from; the least wide unless given')
    .option('--space <space>', 'where the new part is to be')
    .option('--fields <paths>', 'only these, such as meta.title,text,milestones.*.due')
    .option('--approve <digest>', 'share what was printed with this digest')
    .option('--by <person>', 'who decides that')
    .action((id: string, options: ShareCommandOptions, command: Command) =>
      run(command, async cli => (await import('../actions/share.ts')).share(cli, id, options))
    )
}

function declareBundles(program: Command): void {
  program
    .command('export')
    .argument('<artifact>', ARTIFACT)
    .description('write an artifact with all its signatures into one file')
    .option('--class <class>', 'which part of it, where there are several')
    .option('-o, --output <file>', 'a new file; - for standard output')
    .action((id: string, options: ExportOptions, command: Command) =>
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

function declareLate(program: Command): void {
  const late = program
    .command('late')
    .description('what keys of yours wrote that does not count: adopt or drop it')
  const envelope = 'the beginning of its id, as `parley late list` shows it'
  late
    .command('list')
    .description('list what was written beyond a cut, or on a branch that lost')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/late.ts')).listLate(cli))
    )
  late
    .command('show')
    .argument('<late>', envelope)
    .description('show what it would change')
    .action((id: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/late.ts')).showLate(cli, id))
    )
  late
    .command('adopt')
    .argument('<late>', envelope)
    .description('write it again under a key of this node; the space log says whose words they were')
    .action((id: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/late.ts')).adoptLate(cli, id))
    )
  late
    .command('drop')
    .argument('<late>', envelope)
    .description('leave it out for good')
    .action((id: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/late.ts')).dropLate(cli, id))
    )
}
