// Other companies: invites, first contact, the words that two people compare, and who is connected.
import { parseInvite } from '../../identity/invite.ts'
import type { CompanyJson } from '../../node/surface/company-json.ts'
import type { InviteJson, PeerJson } from '../../node/surface/parley-node.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { findCompany, findSpace } from '../find.ts'
import { dateTime, facts, inline, plural, table } from '../text.ts'

const HOUR_MS = 60 * 60 * 1000
const UNITS: { [unit: string]: number } = { m: HOUR_MS / 60, h: HOUR_MS, d: 24 * HOUR_MS }
/** A token in a mailbox should not stay good for long. */
const INVITE_MS_MAX = 30 * 24 * HOUR_MS

export async function createInvite(cli: Cli, options: { expires: string; space?: string }): Promise<void> {
  const expiresInMs = parseDuration(options.expires)
  await withNode(cli, async node => {
    const space = options.space === undefined ? undefined : (await findSpace(node, options.space)).id
    const invite = await node.createInvite({ expiresInMs, ...(space !== undefined && { space }) })
    cli.output.answer(invite, () => invite.token)
    cli.output.note(
      `Good once, until ${dateTime(invite.expiresAt)} UTC. The other company runs: \`parley join TOKEN\``
    )
  })
}

function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN)
  if (ms > 0 && ms <= INVITE_MS_MAX) return ms
  throw usage(`${inline(text)} is no time from 1m to 30d`, 'Write it as 30m, 24h or 7d.')
}

export async function listInvites(cli: Cli): Promise<void> {
  await withNode(cli, async node => {
    const invites = await node.invites()
    cli.output.answers(invites, () =>
      table(
        ['invite', 'good until'],
        invites.map(({ id, expiresAt }: InviteJson) => [id, dateTime(expiresAt)])
      )
    )
    if (invites.length === 0) cli.output.note('No invite is open.')
  })
}

export async function revokeInvite(cli: Cli, id: string): Promise<void> {
  await withNode(cli, async node => {
    await node.revokeInvite(id)
    cli.output.answer({ revoked: id }, () => `Revoked ${id}.`)
  })
}

export async function join(cli: Cli, token: string): Promise<void> {
  const invite = parseInvite(token)
  if (isReject(invite)) {
    throw new NodeError(
      invite.code,
      `that is no whole invite: ${invite.detail}`,
      'Copy it again as one line, or ask for a new one.'
    )
  }
  if (invite.expiresAt * 1000 < Date.now()) {
    const when = dateTime(invite.expiresAt * 1000)
    throw new NodeError(
      'invite-expired',
      `that invite was good until ${when} UTC`,
      'Ask for a new one, and check the clock of this machine.'
    )
  }
  await withNode(cli, async node => showPeer(cli, await node.join(token.trim())))
}

export async function connect(cli: Cli, address: string): Promise<void> {
  await withNode(cli, async node => showPeer(cli, await node.connect(address)))
}

export async function confirm(cli: Cli, typed: string, how: { by: string; how: string }): Promise<void> {
  await withNode(cli, async node => {
    const { did } = await findCompany(node, typed)
    showPeer(cli, await node.confirm(did, { by: how.by, how: how.how }))
  })
}

export async function forget(cli: Cli, typed: string): Promise<void> {
  await withNode(cli, async node => {
    const { did, legalName } = await findCompany(node, typed)
    await node.forget(did)
    cli.output.answer(
      { forgotten: did },
      () => `${inline(legalName)} is not dialed any more and cannot connect.`
    )
  })
}

function showPeer(cli: Cli, peer: PeerJson): void {
  const { company, confirmed, own } = peer
  cli.output.answer(peer, () =>
    facts([
      ['company', nameOf(company)],
      ['id', company.did],
      ['words', company.words.join(' ')],
      ['connected', peer.connected ? 'yes' : (peer.lastError ?? 'not yet')],
      ['confirmed', trust(peer)]
    ])
  )
  if (confirmed || own) return
  cli.output.note(
    'Call them and compare the words: they read them from their `parley id`, and you read yours.'
  )
  cli.output.note(
    `Then: parley confirm ${company.did} --by "Your name" --how "by phone, on the number of our contract"`
  )
}

const OWN = 'needless: your own company'

/** What the company says of itself; the words tell whether it is the one you mean. */
function nameOf({ legalName, registrationNumber }: CompanyJson): string {
  return legalName === '' ? '(its identity has not arrived yet)' : `${legalName} (${registrationNumber})`
}

function trust({ connected, confirmed, confirmedByPeer, own }: PeerJson): string {
  if (own) return OWN
  const ours = confirmed ? `by ${confirmed.by}, ${confirmed.how}, ${dateTime(confirmed.at)}` : 'not by us'
  if (!connected) return `${ours}; of their side we hear when they connect`
  return `${ours}; ${confirmedByPeer ? 'by them, too' : 'not by them'}`
}

export async function peers(cli: Cli): Promise<void> {
  await withNode(cli, async node => {
    const all = await node.peers()
    cli.output.answers(all, () =>
      table(
        ['company', 'connected', 'confirmed', 'to deliver', 'id', 'trouble'],
        all.map(peer => [
          nameOf(peer.company),
          peer.connected ? plural(peer.nodes.length, 'node') : 'no',
          confirmedBy(peer),
          toDeliver(peer),
          peer.company.did,
          peer.connected ? '' : (peer.lastError ?? '')
        ])
      )
    )
    if (all.length === 0)
      cli.output.note('No other company is known yet: parley invite create, or parley join TOKEN')
  })
}

/** What they hold already, they say when they connect. */
function toDeliver({ connected, behindEnvelopes }: PeerJson): string {
  return connected || behindEnvelopes === 0 ? String(behindEnvelopes) : `up to ${behindEnvelopes}`
}

/** Of their side only a connection tells. */
function confirmedBy({ connected, confirmed, confirmedByPeer, own }: PeerJson): string {
  if (own) return OWN
  if (!connected) return confirmed ? 'by us, they ?' : 'not by us, they ?'
  if (confirmed && confirmedByPeer) return 'both'
  if (confirmed) return 'by us'
  return confirmedByPeer ? 'by them' : 'no'
}
