// Commands about decisions: policies, topics, ballots, certificates.
import { type Command } from 'commander'
import { ROLES } from '../../identity/certificate-schema.ts'
import { run } from '../run.ts'

export function declareDecisions(program: Command): void {
  program.commandsGroup('Decisions:')
  declarePolicy(program)
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
    .argument('<company...>', 'dids of the companies whose role decides')
    .description('print a policy to begin with')
    .option('--role <role>', `the role of each: ${ROLES.join(', ')}`, 'CTO')
    .action((companies: string[], options: { role: string }, command: Command) =>
      run(command, async cli => (await import('../actions/policy.ts')).printPolicy(cli, companies, options))
    )
}
