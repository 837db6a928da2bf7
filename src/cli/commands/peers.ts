// Commands about other companies, and the spaces shared with them.
import type { Command } from 'commander'
import type { PinOptions } from '../actions/space.ts'
import { run } from '../run.ts'

export function declarePeers(program: Command): void {
  program.commandsGroup('Other companies:')
  declareInvite(program)
  program
    .command('join')
    .argument('<token>', 'what `parley invite create` printed on the other side')
    .description('take an invite and show the words to compare')
    .action((token: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/peer.ts')).join(cli, token))
    )
  program
    .command('confirm')
    .argument('<company>', 'its id or legal name')
    .description('record that the words were compared; before that only public parts flow')
    .requiredOption('--by <name>', 'who compared them')
    .requiredOption('--how <text>', 'how, such as "by phone, on the number of our contract"')
    .action((company: string, options: { by: string; how: string }, command: Command) =>
      run(command, async cli => (await import('../actions/peer.ts')).confirm(cli, company, options))
    )
  program
    .command('connect')
    .argument('<multiaddr>', 'such as /ip4/192.0.2.7/tcp/4747/p2p/12D3KooW...')
    .description('dial a known company there, now and from now on')
    .action((address: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/peer.ts')).connect(cli, address))
    )
  program
    .command('peers')
    .description('list known companies')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/peer.ts')).peers(cli))
    )
  program
    .command('forget')
    .argument('<company>', 'its id or legal name')
    .description('neither dial a company nor let it in any more')
    .action((company: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/peer.ts')).forget(cli, company))
    )
  declareSpace(program)
}

function declareInvite(program: Command): void {
  const invite = program.command('invite').description('tokens for a first contact')
  invite
    .command('create')
    .description('print a token, good for one contact')
    .option('--expires <time>', '30m, 24h or 7d', '24h')
    .option('--space <space>', 'the space to join with it')
    .action((options: { expires: string; space?: string }, command: Command) =>
      run(command, async cli => (await import('../actions/peer.ts')).createInvite(cli, options))
    )
  invite
    .command('list')
    .description('list the tokens that are still good')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/peer.ts')).listInvites(cli))
    )
  invite
    .command('revoke')
    .argument('<invite>', 'its id, as the list shows it')
    .description('end a token')
    .action((id: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/peer.ts')).revokeInvite(cli, id))
    )
}

function declareSpace(program: Command): void {
  const space = program
    .command('space')
    .description('what companies share: parties, keys, and what of a key counts')
  space
    .command('create')
    .argument('<title>')
    .description('draft a space with other companies')
    .requiredOption('--pairing <role>', 'the role on each side, such as CTO')
    .requiredOption('--with <company...>', 'ids or legal names')
    .action((title: string, options: { pairing: string; with: string[] }, command: Command) =>
      run(command, async cli => (await import('../actions/space.ts')).createSpace(cli, title, options))
    )
  space
    .command('list')
    .description('list spaces')
    .action((_options, command: Command) =>
      run(command, async cli => (await import('../actions/space.ts')).listSpaces(cli))
    )
  space
    .command('show')
    .argument('<space>', 'the beginning of its id, or its title')
    .description('show parties and keys')
    .action((id: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/space.ts')).showSpace(cli, id))
    )
  space
    .command('accept')
    .argument('<space>')
    .description('take part, with the role keys of this node')
    .action((id: string, _options, command: Command) =>
      run(command, async cli => (await import('../actions/space.ts')).acceptSpace(cli, id))
    )
  space
    .command('keys')
    .argument('<space>')
    .description('show the keys that may write, or pin more of your own')
    .option('--pin <certificate...>', 'certificate files of role keys')
    .option('--by-root', 'sign with the root key, where no key of the company that is pinned is left')
    .option('--root-key <file>', 'where the root key is kept, when not in the home')
    .action((id: string, options: PinOptions, command: Command) =>
      run(command, async cli => (await import('../actions/space.ts')).spaceKeys(cli, id, options))
    )
  declareEnds(space)
}

/** What ends the writing of a key or a lane. */
function declareEnds(space: Command): void {
  space
    .command('cut')
    .argument('<space>')
    .argument('<key>', 'its number, as `space keys` shows it')
    .description('end what a key of yours wrote, at what is held of it now')
    .option('--nothing', 'or before its first word')
    .action((id: string, key: string, options: { nothing?: boolean }, command: Command) =>
      run(command, async cli => (await import('../actions/space.ts')).cutKey(cli, id, key, options))
    )
  space
    .command('settle')
    .argument('<artifact>')
    .description("settle for good where another company's lane ends")
    .requiredOption('--lane <number>', 'as `parley log --json` shows it')
    .requiredOption('--seq <number>')
    .requiredOption('--id <envelope>')
    .option('--class <class>', 'which part of the artifact')
    .action(
      (id: string, options: { lane: string; seq: string; id: string; class?: string }, command: Command) =>
        run(command, async cli => (await import('../actions/space.ts')).settleLane(cli, id, options))
    )
}
