// `parley space`: what an agreement will be made in, who takes part in it with which keys, and what of a key counts.
import type { KeyJson, ParleyNode, SpaceJson } from '../../node/surface/parley-node.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { findArtifact, findCompany, findSpace, shortId } from '../find.ts'
import { CERTIFICATE_BYTES_MAX } from '../limits.ts'
import { readBytes } from '../files.ts'
import { inline, table } from '../text.ts'
import { fromBase64, toBase64 } from '../../wire/base64.ts'
import { EMPTY, toHex } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'

export async function createSpace(
  cli: Cli,
  title: string,
  options: { pairing: string; with: string[] }
): Promise<void> {
  await withNode(cli, async node => {
    const parties: string[] = []
    for (const typed of options.with) parties.push((await findCompany(node, typed)).did)
    show(cli, await node.createSpace({ title, pairing: options.pairing, parties }))
    cli.output.note(`Each of the others accepts it: \`parley space accept "${inline(title)}"\``)
  })
}

export async function listSpaces(cli: Cli): Promise<void> {
  await withNode(cli, async node => {
    const spaces = await node.spaces()
    cli.output.answers(spaces, () =>
      table(
        ['id', 'title', 'pairing', 'parties', 'accepted'],
        spaces.map(({ id, title, pairing, parties }) => [
          shortId(id),
          title,
          pairing,
          parties.map(({ company }) => company.legalName || company.did).join(', '),
          `${parties.filter(({ accepted }) => accepted).length} of ${parties.length}`
        ])
      )
    )
    if (spaces.length === 0) cli.output.note('There is no space yet: parley space create')
  })
}

export async function showSpace(cli: Cli, typed: string): Promise<void> {
  await withNode(cli, async node => show(cli, await findSpace(node, typed)))
}

export async function acceptSpace(cli: Cli, typed: string): Promise<void> {
  await withNode(cli, async node => {
    const { id } = await findSpace(node, typed)
    show(cli, await node.acceptSpace(id))
    const { inForce, parties } = await node.agreement(id)
    const { did } = (await node.status()).company
    if (inForce === undefined || parties.some(({ company, bound }) => bound && company.did === did)) return
    const place = `${shortId(id)} ${shortId(inForce)}`
    cli.output.note(
      `Your company was admitted to it; nothing flows before it approves the terms that are in force.\n` +
        `Read them: parley agreement print ${place}\nThen: parley agreement approve ${place}`
    )
  })
}

export interface PinOptions {
  pin?: string[]
  byRoot?: boolean
  rootKey?: string
}

/** Lists the keys of a space, or pins those whose certificates are given. */
export async function spaceKeys(cli: Cli, typed: string, options: PinOptions): Promise<void> {
  const certificates: string[] = []
  for (const path of options.pin ?? []) {
    certificates.push(toBase64(await readBytes(path, CERTIFICATE_BYTES_MAX)))
  }
  await withNode(cli, async node => {
    const { id } = await findSpace(node, typed)
    if (certificates.length === 0) return show(cli, await findSpace(node, id))
    if (options.byRoot !== true) return show(cli, await node.pinKeys(id, certificates))
    show(cli, await pinByRoot(cli, node, id, certificates, options.rootKey))
  })
}

/** The root key stays with this command; the node gets a signature over what was looked at here. */
async function pinByRoot(
  cli: Cli,
  node: ParleyNode,
  space: string,
  certificates: string[],
  rootKey: string | undefined
): Promise<SpaceJson> {
  const { openRoot } = await import('./role.ts')
  const { openHome } = await import('../../node/home/home.ts')
  const { sign } = await import('../../identity/ed25519.ts')
  const { entrySignedBytes, parseSpaceEntry } = await import('../../wire/space-entry.ts')
  const root = await openRoot(cli, await openHome(cli.home, cli.keyFile), rootKey)
  const { entry } = await node.keysToSign(space, certificates)
  const bytes = fromBase64(entry) ?? EMPTY
  const parsed = parseSpaceEntry(bytes)
  const asked = !isReject(parsed) && toHex(parsed.space) === space && parsed.act.kind === 'keys'
  const named = asked && parsed.act.kind === 'keys' ? parsed.act.certificates : []
  if (!asked || named.map(toBase64).join() !== certificates.join())
    throw new NodeError(
      'entry-other',
      'the node asks for a signature under something else',
      'Nothing was signed.'
    )
  const signature = toBase64(sign(root, entrySignedBytes(bytes)))
  const signer = toBase64(root.publicKey.bytes)
  return node.enterSigned(space, { entry, signer, signature })
}

export async function cutKey(
  cli: Cli,
  typed: string,
  key: string,
  options: { nothing?: boolean }
): Promise<void> {
  const index = wholeNumber(key, 'the number of a key')
  await withNode(cli, async node => {
    const { id } = await findSpace(node, typed)
    show(cli, await node.cutKey(id, index, { nothing: options.nothing === true }))
  })
}

export async function settleLane(
  cli: Cli,
  typed: string,
  point: { lane: string; seq: string; id: string; class?: string }
): Promise<void> {
  const [lane, seq] = [wholeNumber(point.lane, 'a lane'), wholeNumber(point.seq, 'a seq')]
  await withNode(cli, async node => {
    const { facets } = await findArtifact(node, typed)
    const found = facets.filter(facet => point.class === undefined || facet.class === point.class)
    const [facet] = found
    if (!facet || found.length > 1) throw usage('say which part of it', 'Give --class; parley list shows it.')
    await node.settle(facet.id, lane, seq, point.id)
    cli.output.answer(
      { facet: facet.id, lane, seq, id: point.id },
      () => `Lane ${lane} ends at ${seq} for good.`
    )
  })
}

function wholeNumber(text: string, what: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw usage(`${inline(text)} is not ${what}`, 'Give a whole number.')
}

function show({ output }: Cli, space: SpaceJson): void {
  output.answer(space, () => {
    const { id, title, pairing, parties } = space
    const rows = parties.flatMap(({ company, accepted, frozen, keys }) => {
      const name = company.legalName || company.did
      const state = frozen ? 'frozen' : accepted ? 'accepted' : 'invited'
      if (keys.length === 0) return [[name, state, '', '', '', '']]
      return keys.map((key, i) => [i === 0 ? name : '', i === 0 ? state : '', ...keyRow(key)])
    })
    const header = `${inline(title)} (${inline(pairing)})\nid ${id}`
    return `${header}\n\n${table(['party', 'state', 'key', 'role', 'holder', 'powers'], rows)}`
  })
}

function keyRow({ index, role, holder, agent, powers, cut }: KeyJson): string[] {
  return [`${index}${cut ? ' (cut)' : ''}`, role, agent ? `${holder} (agent)` : holder, powers.join(',')]
}
