// Commands about scoring: what a model or a person makes of a decision before the vote.
import type { Command } from 'commander'
import type { ContextOptions, ScoreOptions } from '../actions/scoring.ts'
import { run } from '../run.ts'

const ROLE = 'which of your roles, where there are several'

export function declareScoring(program: Command): void {
  program
    .command('score')
    .argument('[decision]', 'the beginning of its id; none: all that is scored here')
    .description('score the options of a decision by the criteria of its policy, with a model or by hand')
    .option('--model <name>', 'let this model of Ollama score, as "ollama list" names it')
    .option('--demo', 'count shared words: to see how it goes, without a model')
    .option('--hand', 'by hand alone: what a model or the demo gave is dropped')
    .option('--enter <score...>', 'by hand, such as 1.localVision=4; 1.localVision= takes it back')
    .option('--note <text>', 'why, for yourself; with --enter')
    .option('--quick', 'one question a score instead of three, and no alarm')
    .option('--artifact <artifact...>', 'private documents that the model reads along with your context')
    .option('--retry', 'try again now what failed')
    .option('--watch', 'show progress until all is scored')
    .option('--record <file>', 'write the record that a ballot names into a new file')
    .option('--role <role>', ROLE)
    .action((decision: string | undefined, options: ScoreOptions, command: Command) =>
      run(command, async cli => (await import('../actions/scoring.ts')).score(cli, decision, options))
    )
  program
    .command('context')
    .description('show or set what your company wants, for your own scorer alone; it never leaves this node')
    .option('--vision <file>', 'a text; - for standard input')
    .option('--purpose <file>', 'likewise')
    .option('--notes <file>', 'likewise')
    .option('--role <role>', ROLE)
    .action((options: ContextOptions, command: Command) =>
      run(command, async cli => (await import('../actions/scoring.ts')).context(cli, options))
    )
  program
    .command('model')
    .description('models of Ollama')
    .command('check')
    .argument('<model>', 'as "ollama list" names it')
    .description('ask it 24 questions of which the answers are known, and say whether it is fit to score')
    .option('--host <address>', 'where Ollama listens (default: OLLAMA_HOST, or 127.0.0.1:11434)')
    .action((model: string, options: { host?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/scoring.ts')).checkModel(cli, model, options))
    )
}
