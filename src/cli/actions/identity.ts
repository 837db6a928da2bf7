// `parley id`: who this company is, and the entries that only its root key can add.
import { wordsOf } from '../../identity/words.ts'
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import type { PublicKey } from '../../identity/ed25519.ts'
import { type IdentityChange, LOG_BYTES_MAX } from '../../identity/identity-log.ts'
import { openHome, readIdentity, type Home } from '../../node/home/home.ts'
import { addIdentityEntry, replaceIdentity } from '../../node/home/company.ts'
import { readCertificates } from '../../node/home/certificates.ts'
import { keyFiles, needsPassphrase, nextRootPath } from '../../node/home/keys.ts'
import { concatBytes } from '../../wire/bytes.ts'
import { type Cli, withNode } from '../cli.ts'
import { findCompany } from '../find.ts'
import { readBytes, writeNew } from '../files.ts'
import { refreshNode } from '../refresh.ts'
import { facts } from '../text.ts'

export async function showIdentity(cli: Cli): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  const identity = await readIdentity(home)
  const nodeKeys = new Set(
    (await keyFiles(home)).filter(({ use }) => use === 'node').map(file => file.multikey)
  )
  const { held } = await readCertificates(home, identity)
  const peerId = held.flatMap(({ kind, certificate }) =>
    kind === 'node' && nodeKeys.has(certificate.key.multikey) ? [certificate.peer] : []
  )[0]
  answer(cli, identity, { peerId, listening: await listening(cli) })
}

/** Where the node can be reached now; nothing while it does not run. */
async function listening(cli: Cli): Promise<string[]> {
  try {
    const node = await cli.node()
    const addresses = (await node.status()).listening
    await node.close()
    return addresses
  } catch {
    return []
  }
}

function answer(
  { output }: Cli,
  identity: CompanyIdentity,
  more: { peerId?: string | undefined; listening?: string[] } = {}
): void {
  const { did, legalName, registrationNumber, versions, head } = identity
  const rootKey = identity.rootKeyAt(head)?.multikey
  const words = wordsOf(did)
  output.answer({ did, legalName, registrationNumber, words, rootKey, entries: versions.size, ...more }, () =>
    facts([
      ['company', `${legalName} (${registrationNumber})`],
      ['id', did],
      ['words', words.join(' ')],
      ['root key', `${rootKey} (entry ${versions.size})`],
      ['peer id', more.peerId],
      ['listening', more.listening]
    ])
  )
}

export interface RotateOptions {
  legalName?: string
  registration?: string
  revokeRoot?: boolean
  nextKey?: string
  newKey?: string
}

export async function rotate(cli: Cli, options: RotateOptions): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  const before = await readIdentity(home)
  const spent = before.rootKeyAt(before.head) as PublicKey
  const after = await changeIdentity(cli, home, options, {
    ...(options.legalName !== undefined && { legalName: options.legalName }),
    ...(options.registration !== undefined && { registrationNumber: options.registration }),
    ...(options.revokeRoot === true && { revoke: [spent] })
  })
  answer(cli, after)
  if (options.revokeRoot === true) {
    cli.output.warn('every certificate that the old root key gave has ended: certify nodes and roles anew')
  }
  await refreshNode(cli)
}

/** One entry more: the next root key signs it and is in use from now on. */
export async function changeIdentity(
  cli: Cli,
  home: Home,
  { nextKey, newKey }: { nextKey?: string; newKey?: string },
  change: IdentityChange,
  spare?: PublicKey
): Promise<CompanyIdentity> {
  const path = nextKey ?? (await nextRootPath(home, await readIdentity(home)))
  const sealed = path !== undefined && (await needsPassphrase(path))
  const after = await addIdentityEntry(home, {
    change,
    passphrase: sealed ? await cli.passphrase('Passphrase of the next root key') : undefined,
    ...(path !== undefined && { nextKeyPath: path }),
    ...(newKey !== undefined && { newKeyPath: newKey }),
    ...(spare && { spare }),
    timeMs: Date.now()
  })
  cli.output.note('The next root key is in use now, and another one was made to follow it. Make a backup.')
  return after
}

/** `of`: another company, of which the running node has the log. */
export async function exportIdentity(
  cli: Cli,
  { output, of }: { output?: string; of?: string }
): Promise<void> {
  const log =
    of === undefined ? (await readIdentity(await openHome(cli.home, cli.keyFile))).log : await logOf(cli, of)
  if (output === undefined || output === '-') process.stdout.write(log)
  else {
    await writeNew(output, [log])
    cli.output.answer({ file: output, bytes: log.length }, () => output)
  }
}

async function logOf(cli: Cli, typed: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  await withNode(cli, async node => {
    const { did } = await findCompany(node, typed)
    for await (const part of node.identityLog(did)) parts.push(part)
  })
  return concatBytes(...parts)
}

export async function importIdentity(cli: Cli, path: string): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  answer(cli, await replaceIdentity(home, await readBytes(path, LOG_BYTES_MAX)))
  await refreshNode(cli)
}
