// `parley renew`: one command for everything that is due, where the root key is (IDN-34).
import { basename, join } from 'node:path'
import { dueAt, renewable, type Ending } from '../../node/expiry.ts'
import { openHome, readIdentity } from '../../node/home/home.ts'
import { certify, validityFrom, type Request } from '../../node/home/company.ts'
import { quotePath } from '../../node/home/directory.ts'
import { ensureFolder } from '../../node/home/file.ts'
import type { Cli } from '../cli.ts'
import { writeNew } from '../files.ts'
import { refreshNode } from '../refresh.ts'
import { date, table } from '../text.ts'
import { checkDays, describe, openRoot } from './role.ts'

export interface RenewOptions {
  all?: boolean
  days?: number
  rootKey?: string
  /** A folder for those whose key is elsewhere. */
  output?: string
}

export async function renewDue(cli: Cli, options: RenewOptions): Promise<void> {
  const days = checkDays(options.days)
  const home = await openHome(cli.home, cli.keyFile)
  const every = await renewable(home, await readIdentity(home))
  const chosen = options.all === true ? every : dueAt(every, Date.now())
  const [next] = every
  if (chosen.length === 0) {
    const last = next
      ? `the next certificate to end does so on ${date(next.expiresAt)}`
      : 'there is no certificate'
    return cli.output.answers([], () => `Nothing is due: ${last}.`)
  }
  const root = await openRoot(cli, home, options.rootKey)
  if (options.output !== undefined) await ensureFolder(options.output)
  const renewed: (ReturnType<typeof describe> & { here: boolean; file: string })[] = []
  for (const ending of chosen) {
    const { request, powers } = askedBy(ending)
    const held = await certify(home, root, request, { powers, ...validityFrom(Date.now(), days) })
    const path = ending.here ? held.path : await copyTo(options.output, held.path, held.bytes)
    renewed.push({ ...describe(held), here: ending.here, file: path })
  }
  cli.output.answers(renewed, () =>
    table(
      ['for', 'holder', 'state', 'key here'],
      renewed.map(({ use, name, state, here }) => [use, name, state, here ? 'yes' : 'no'])
    )
  )
  const elsewhere = renewed.filter(({ here }) => !here)
  for (const { use, name, file } of elsewhere) {
    const kind = use === 'node' ? 'node' : 'role'
    cli.output.note(
      `To where the key of ${name} is, take ${quotePath(file)}: \`parley ${kind} install ${quotePath(basename(file))}\``
    )
  }
  if (elsewhere.length < renewed.length) await refreshNode(cli)
}

/** The same key, name and powers as before. */
function askedBy({ held }: Ending) {
  const request: Request =
    held.kind === 'role'
      ? { kind: 'role', request: held.certificate }
      : { kind: 'node', request: held.certificate }
  return { request, powers: held.kind === 'role' ? held.certificate.powers : [] }
}

async function copyTo(folder: string | undefined, path: string, bytes: Uint8Array): Promise<string> {
  if (folder === undefined) return path
  const copy = join(folder, basename(path))
  await writeNew(copy, [bytes])
  return copy
}
