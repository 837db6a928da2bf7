// Commands about decisions: policies, topics, ballots, mediation, certificates.
import type { Command } from 'commander'
import { ROLES } from '../../identity/certificate-schema.ts'
import type { MediateOptions, StartOptions, VoteOptions } from '../actions/decision.ts'
import { run } from '../run.ts'

const DECISION = 'the beginning of its id'
const TIME = 'such as 90s, 15m, 24h or 7d'

export function declareDecisions(program: Command): void {
  program.commandsGroup('Decisions:')
  const decision = program
    .command('decision')
    .description('decide together, with hidden ballots and a certificate')
  declareVoting(decision)
  declareEnding(decision)
  declarePolicy(program)
  declareMetrics(program)
}

function declareVoting(decision: Command): void {
  decision
    .command('start')
    .argument('<space>', 'the beginning of its id, or its title')
    .argument('<title>', 'what is to be decided, in a few words')
    .description('ask the electors of a policy to decide')
    .requiredOption('--policy <file>', 'a PeerDecisionPolicy.v1 as JSON; parley policy new prints one')
    .requiredOption('--question <text>', 'the question that the options answer')
    .requiredOption('--option <option...>', 'each as "TITLE: what it means"')
    .option('--benefit <text...>', 'what is expected of it')
    .option(
      '--plan <option=file...>',
      'what an option leads to if it is approved: its number and a JSON of goal and milestones'
    )
    .option('--subject <artifact>', 'the document that is decided on, as it stands now')
    .option('--release <version>', 'of a standard: the version that is to be released')
    .option('--commit <time>', `how long ballots are taken (${TIME}; default: as the policy says)`)
    .option('--reveal <time>', 'how long ballots may take to be revealed, likewise')
    .option('--revises <decision>', 'a decision that mediation has sent back')
    .option('--supersedes <decision>', 'a decision that this one is to take the place of')
    .action((space: string, title: string, options: StartOptions, command: Command) =>
      run(command, async cli => (await import('../actions/decision.ts')).start(cli, space, title, options))
    )
  decision
    .command('list')
    .description('list decisions, the newest first')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/decision.ts')).list(cli))
    )
  decision
    .command('show')
    .argument('<decision>', DECISION)
    .description('show how far it is, and for whom it waits')
    .action((id: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/decision.ts')).showOne(cli, id))
    )
  decision
    .command('vote')
    .argument('<decision>', DECISION)
    .argument('<choice>', 'the number of an option, reject or abstain')
    .description('commit to a ballot, for good; it stays hidden until all commitments are closed')
    .option('--score <score...>', 'such as 1.localVision=4: option, criterion, 0 to 5')
    .option('--scored <record>', 'take over the scores of this record; parley score shows it')
    .option('--rationale <text>', 'why; all will read it')
    .option('--objection <text>', 'why not')
    .option('--change <text>', 'what would remove the objection')
    .option('--role <role>', 'which of your roles, where several decide')
    .action((id: string, choice: string, options: VoteOptions, command: Command) =>
      run(command, async cli => (await import('../actions/decision.ts')).vote(cli, id, choice, options))
    )
}

function declareEnding(decision: Command): void {
  decision
    .command('wait')
    .argument('<decision>', DECISION)
    .description('wait until the ballots are settled')
    .option('--for <time>', `at most (${TIME})`, '60s')
    .action((id: string, options: { for?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/decision.ts')).wait(cli, id, options))
    )
  decision
    .command('explain')
    .argument('<decision>', DECISION)
    .argument('<text>', 'why')
    .description('say why it was decided otherwise than the scores recommend')
    .action((id: string, text: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/decision.ts')).explainIt(cli, id, text))
    )
  decision
    .command('mediate')
    .argument('<decision>', DECISION)
    .description('sign, as CEO, what is to become of a decision in which nothing was approved')
    .option('--outcome <outcome>', 'revise, subset or lapse')
    .option('--rationale <text>', 'why')
    .option('--change <text...>', 'what is to change')
    .option('--agree <record>', 'the beginning of the id of what another company has signed')
    .action((id: string, options: MediateOptions, command: Command) =>
      run(command, async cli => (await import('../actions/decision.ts')).mediate(cli, id, options))
    )
  decision
    .command('certificate')
    .argument('<decision>', DECISION)
    .description('write its certificate into a file that anyone can verify')
    .option('-o, --output <file>', 'a new file')
    .action((id: string, options: { output?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/decision-files.ts')).certificate(cli, id, options))
    )
  decision
    .command('release')
    .argument('<decision>', DECISION)
    .description('seal the version of a standard that it has approved, for all electors to sign')
    .option('-o, --output <file>', 'a new file')
    .action((id: string, options: { output?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/decision-files.ts')).release(cli, id, options))
    )
  decision
    .command('proofs')
    .argument('<decision>', DECISION)
    .description('show who has said two things in it, and write the proofs into files')
    .option('-o, --output <folder>', 'where to put them; each verifies alone')
    .action((id: string, options: { output?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/decision-files.ts')).proofs(cli, id, options))
    )
}

function declareMetrics(program: Command): void {
  program
    .command('metrics')
    .argument('[file...]', 'certificates; none: those of the decisions of this node')
    .description('how long decisions took, and where the time went, by what was signed')
    .action((files: string[], _options, command: Command) =>
      run(command, async cli => (await import('../actions/metrics.ts')).metrics(cli, files))
    )
}

function declarePolicy(program: Command): void {
  const policy = program.command('policy').description('who decides, by which criteria and by how much')
  policy
    .command('check')
    .argument('<file>', 'a PeerDecisionPolicy.v1 as JSON; - for standard input')
    .description('say what closes, whose silence stalls it, and which single party could block')
    .action((file: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/policy.ts')).checkPolicyFile(cli, file))
    )
  policy
    .command('new')
    .argument('<company...>', 'the companies whose role decides: dids, or names that a running node knows')
    .description('print a policy to begin with')
    .option('--role <role>', `the role of each: ${ROLES.join(', ')}`, 'CTO')
    .action((companies: string[], options: { role: string }, command: Command) =>
      run(command, async cli => (await import('../actions/policy.ts')).printPolicy(cli, companies, options))
    )
}
