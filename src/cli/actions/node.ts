// `parley status`, `why`, `lock`, `unlock`: the running node as a whole.
import type { DueJson, PeerJson, StatusJson } from '../../node/surface/parley-node.ts'
import { type Cli, withNode } from '../cli.ts'
import { date, dateTime, facts, inline, plural } from '../text.ts'
import { NodeError } from '../../wire/node-error.ts'

export async function status(cli: Cli): Promise<void> {
  await withNode(cli, async node => {
    const now = await node.status()
    cli.output.answer(now, () => describe(cli, now))
    for (const trouble of now.troubles) cli.output.warn(inline(trouble))
    await warnOfEnds(cli, now.due)
    const late = (await node.late()).length
    if (late > 0)
      cli.output.note(`Late work of your company waits (${late}) to be adopted or dropped: parley late list`)
  })
}

/** What ends soon or has ended, and the one command that renews it (IDN-34). */
export async function warnOfEnds(cli: Cli, due: DueJson[]): Promise<void> {
  if (due.length === 0) return
  const { dueSentence } = await import('../../node/expiry.ts')
  const { openHome } = await import('../../node/home/home.ts')
  const { hasRoot } = await import('../../node/home/keys.ts')
  for (const one of due) cli.output.warn(inline(dueSentence(one, Date.now())))
  const rootIsHere = await hasRoot(await openHome(cli.home, cli.keyFile))
  cli.output.note(rootIsHere ? 'To renew all of it: parley renew' : RENEW_ELSEWHERE)
}

const RENEW_ELSEWHERE =
  'To renew it, where the root key is: `parley renew`; then here: parley role install FILE (or node install)'

function describe({ output }: Cli, now: StatusJson): string {
  const { company, roles, peers } = now
  const connected = peers.filter(peer => peer.connected).length
  return facts([
    ['company', `${company.legalName} (${company.registrationNumber})`],
    ['id', company.did],
    ['words', company.words.join(' ')],
    ['peer id', now.peerId],
    ['listening', now.listening.length > 0 ? now.listening : 'nowhere: no other node can dial this one'],
    ['running', `since ${dateTime(now.startedAt)}, version ${now.version}`],
    [
      'roles',
      roles.length > 0
        ? roles.map(roleLine)
        : output.here('none unlocked: parley unlock; parley role list shows what there is')
    ],
    ['peers', `${connected} of ${peers.length} connected${behind(peers)}`],
    ['holds', `${plural(now.spaces, 'space')}, ${plural(now.artifacts, 'artifact')}`],
    ['troubles', now.troubles.length > 0 ? `${now.troubles.length}, see below` : 'none']
  ])
}

function roleLine({ role, holder, powers, expiresAt }: StatusJson['roles'][0]): string {
  return `${role}, ${holder} (${powers.join(', ')}), until ${date(expiresAt)}`
}

function behind(peers: PeerJson[]): string {
  // What a company holds that is not connected is not known.
  const owed = peers.reduce((sum, peer) => sum + (peer.connected ? peer.behindEnvelopes : 0), 0)
  return owed === 0 ? '' : `, ${plural(owed, 'envelope')} to deliver`
}

/** `subject`: an artifact or a company; none: everything that is not in sync. */
export async function why(cli: Cli, subject: string | undefined): Promise<void> {
  await withNode(cli, async node => {
    const titled = (await node.artifacts()).find(({ title }) => title === subject)
    const all = await node.why(titled?.id ?? subject)
    if (subject !== undefined && all.length === 0) {
      const next = 'See what is here: parley list, parley peers'
      throw new NodeError('subject-unknown', `no artifact or company ${inline(subject)} is here`, next)
    }
    const answers = all.filter(({ inSync }) => subject !== undefined || !inSync)
    cli.output.answers(answers, () => {
      if (answers.length === 0) return 'Everything is in sync.'
      return answers
        .map(({ subject: of, inSync, reasons, heldBack }) =>
          [
            `${inline(of)}: ${inSync ? 'in sync' : 'not in sync'}`,
            ...[...reasons, ...heldBack].map(reason => `  ${cli.output.here(inline(reason))}`)
          ].join('\n')
        )
        .join('\n')
    })
  })
}

export async function online(cli: Cli): Promise<void> {
  await withNode(cli, async node => {
    await node.goOnline()
    const { listening } = await node.status()
    const places = listening.length > 0 ? listening : 'nowhere: this node only dials'
    cli.output.answer({ listening }, () => facts([['listening', places]]))
  })
}

export async function lock(cli: Cli): Promise<void> {
  await withNode(cli, async node => {
    await node.lock()
    cli.output.answer({ locked: true }, () =>
      cli.output.here('Locked: this node signs nothing for any role until parley unlock is run.')
    )
  })
}

export async function unlock(cli: Cli): Promise<void> {
  const { openHome } = await import('../../node/home/home.ts')
  const { keyFiles, needsPassphrase } = await import('../../node/home/keys.ts')
  const files = await keyFiles(await openHome(cli.home, cli.keyFile))
  const sealed = await Promise.all(
    files.filter(({ use }) => use !== 'root').map(({ path }) => needsPassphrase(path))
  )
  await withNode(cli, async node => {
    const passphrase = sealed.includes(true) ? await cli.passphrase('Passphrase') : ''
    if (passphrase === undefined) {
      const next = 'Run it on a terminal, or give --passphrase-file FILE.'
      throw new NodeError('passphrase-needed', 'the keys need a passphrase', next)
    }
    await node.unlock(passphrase)
    const { roles } = await node.status()
    cli.output.answer({ roles }, () =>
      facts([['unlocked', roles.length > 0 ? roles.map(roleLine) : 'no role: none is certified here']])
    )
  })
}
