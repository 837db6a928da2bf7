// The commands about agreements. Declaring them loads no code that does anything.
import type { Command } from 'commander'
import { run } from '../run.ts'

const load = () => import('../actions/agreement.ts')
const loadDrafts = () => import('../actions/agreement-draft.ts')

const DRAFT = 'a draft by its id or title, or a file that ends in .json'
const SPACE = 'for a file: the space that its terms are for'

export function declareAgreement(program: Command): void {
  declareSandbox(program)
  const agreement = program.command('agreement').description('what the parties of a space have agreed on')
  declareDrafts(agreement)
  agreement
    .command('show')
    .argument('<space>', 'the beginning of its id, or its title')
    .description('show who proposed, approved and rejected what, and what flows')
    .action((space: string, _options, command: Command) =>
      run(command, async cli => (await load()).showAgreement(cli, space))
    )
  agreement
    .command('approve')
    .argument('<space>')
    .argument('<revision>')
    .description('sign that your company agrees to exactly these terms')
    .action((space: string, revision: string, _options, command: Command) =>
      run(command, async cli => (await load()).approveRevision(cli, space, revision))
    )
  agreement
    .command('reject')
    .argument('<space>')
    .argument('<revision>')
    .description('say for good that your company does not agree to these terms')
    .requiredOption('--reason <text>', 'for the other parties')
    .action((space: string, revision: string, options: { reason: string }, command: Command) =>
      run(command, async cli => (await load()).rejectRevision(cli, space, revision, options))
    )
  declareEnds(agreement)
}

/** Beside the others, since it is about no space that is there. */
function declareSandbox(program: Command): void {
  program
    .command('sandbox')
    .argument('<agreement>', 'a file of terms that ends in .json; or a draft, a revision or a space')
    .description('play what terms would do among made-up companies, one of them a liar')
    .option('--pairing <role>', 'for a file: the role on each side (default: the first that the terms name)')
    .option('--seed <number>', 'the same seed plays the same again (default: 1)')
    .action((agreement: string, options: { pairing?: string; seed?: string }, command: Command) =>
      run(command, async cli =>
        (await import('../actions/sandbox.ts')).playAgreement(cli, agreement, options)
      )
    )
}

/** What lies before a proposal, and what helps to read it. */
function declareDrafts(agreement: Command): void {
  agreement
    .command('draft')
    .argument('<space>', 'the beginning of its id, or its title')
    .description('begin a draft that all parties edit, and print its id')
    .requiredOption(
      '--template <template>',
      'standards-only, joint-rd, shared-infrastructure or benchmarking'
    )
    .option('--title <title>', 'by default "Agreement: " and that of the space')
    .action((space: string, options: { template: string; title?: string }, command: Command) =>
      run(command, async cli => (await loadDrafts()).startDraft(cli, space, options))
    )
  agreement
    .command('check')
    .argument('<draft>', DRAFT)
    .description('list what stands in the way of proposing it, and whose task that is')
    .option('--space <space>', SPACE)
    .action((draft: string, options: { space?: string }, command: Command) =>
      run(command, async cli => (await loadDrafts()).checkDraft(cli, draft, options))
    )
  agreement
    .command('admit')
    .argument('<draft>', 'a draft by its id or title')
    .argument('<company>', 'its name, or the beginning of its id')
    .description('name one company more in a draft, which the next amendment admits')
    .action((draft: string, company: string, _options, command: Command) =>
      run(command, async cli => (await loadDrafts()).admitCompany(cli, draft, company))
    )
  agreement
    .command('propose')
    .argument('<draft>', 'the draft; or the space, with a file')
    .argument('[file]', 'the terms as JSON')
    .description('ask all parties to approve these terms')
    .action((draft: string, file: string | undefined, _options, command: Command) =>
      run(command, async cli => (await load()).proposeTerms(cli, draft, file))
    )
  agreement
    .command('print')
    .argument('<terms>', 'a space, a revision, a draft, or a file that ends in .json')
    .argument('[revision]', 'the beginning of its id (default: the one in force in the space)')
    .description('print the page of terms: what is approved with them')
    .option('--paper', 'as HTML for paper, with digests and room for signatures')
    .option('-o, --out <file>', 'a new file')
    .option('--space <space>', SPACE)
    .action(
      (
        terms: string,
        revision: string | undefined,
        options: { out?: string; paper?: boolean; space?: string },
        command: Command
      ) => run(command, async cli => (await loadDrafts()).printTerms(cli, terms, revision, options))
    )
  agreement
    .command('diff')
    .argument('<a>', 'a revision, a draft, a file, or a space for the revision in force')
    .argument('<b>')
    .description('list what differs between two sets of terms, field by field')
    .option('--space <space>', SPACE)
    .action((a: string, b: string, options: { space?: string }, command: Command) =>
      run(command, async cli => (await loadDrafts()).diffTerms(cli, [a, b], options))
    )
}

/** What stops the flow. */
function declareEnds(agreement: Command): void {
  agreement
    .command('suspend')
    .argument('<space>')
    .description('let nothing more go from or to your company until you resume')
    .requiredOption('--reason <text>', 'for the other parties')
    .action((space: string, options: { reason: string }, command: Command) =>
      run(command, async cli => (await load()).suspendAgreement(cli, space, options))
    )
  agreement
    .command('resume')
    .argument('<space>')
    .description('end your suspension')
    .action((space: string, _options, command: Command) =>
      run(command, async cli => (await load()).resumeAgreement(cli, space))
    )
  agreement
    .command('terminate')
    .argument('<space>')
    .description("end your company's part for good")
    .requiredOption('--reason <text>', 'for the other parties')
    .option('--yes', 'this is meant')
    .action((space: string, options: { reason: string; yes?: boolean }, command: Command) =>
      run(command, async cli => (await load()).terminateAgreement(cli, space, options))
    )
}
