// The commands about what companies give one another. Declaring them loads no code that does anything.
import type { Command } from 'commander'
import { run } from '../run.ts'

const load = () => import('../actions/reciprocity.ts')

export function declareReciprocity(program: Command): void {
  const reciprocity = program
    .command('reciprocity')
    .argument('[space]', 'the beginning of its id, or its title (default: all)')
    .description('show what you gave and got under reciprocity rules, and what is due')
    .action((space: string | undefined, _options, command: Command) =>
      run(command, async cli => (await load()).showReciprocity(cli, space))
    )
  reciprocity
    .command('release')
    .argument('<artifact...>', 'documents of yours')
    .description('give them to the other parties, for good; they go as far as the exposure allows')
    .option('--to <company...>', 'to these alone')
    .action((artifacts: string[], options: { to?: string[] }, command: Command) =>
      run(command, async cli => (await load()).release(cli, artifacts, options))
    )
  reciprocity
    .command('sign')
    .argument('<space>')
    .argument('[artifact...]', 'only these (default: all that came and was not signed for)')
    .description('sign that your company got what others gave; it lets more go to them')
    .option('--from <company>', 'only what this one gave')
    .action((space: string, artifacts: string[], options: { from?: string }, command: Command) =>
      run(command, async cli => (await load()).sign(cli, space, artifacts, options))
    )
  reciprocity
    .command('statement')
    .argument('<space>')
    .argument('<company>')
    .description('print the statement of account with a company, the same bytes on both sides')
    .option('--compare <file>', 'print what differs from theirs instead')
    .action((space: string, company: string, options: { compare?: string }, command: Command) =>
      run(command, async cli => (await load()).statement(cli, space, company, options))
    )
}
