// `parley role` and `parley node`: a key is made where its holder is, certified where the root key is, and the
// certificate goes back.
import { randomBytes } from 'node:crypto'
import { basename, join } from 'node:path'
import { requestRole } from '../../identity/certificate.ts'
import { POWERS, ROLES, type Power, type Role } from '../../identity/certificate-schema.ts'
import { generateKey, type SecretKey } from '../../identity/ed25519.ts'
import { openHome, readIdentity, type Home } from '../../node/home/home.ts'
import {
  CERTIFICATE_BYTES_MAX,
  type HeldCertificate,
  installCertificate,
  readCertificates
} from '../../node/home/certificates.ts'
import { certify, readRequest, validityFrom, type Request } from '../../node/home/company.ts'
import { homePaths, quotePath } from '../../node/home/directory.ts'
import { createFile, ensureFolder, listFolder } from '../../node/home/file.ts'
import { addKey, hasRoot, keyFiles, keyPath, needsPassphrase, unlockRoot } from '../../node/home/keys.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, usage } from '../cli.ts'
import { readBytes, writeNew } from '../files.ts'
import { refreshNode } from '../refresh.ts'
import { date, facts, inline, nearest, table } from '../text.ts'
import { changeIdentity } from './identity.ts'
import { newPassphrase } from './init.ts'

const DAYS_MAX = 90

export interface EnrolOptions {
  holder: string
  agent?: boolean
  passphrase: boolean
  output?: string
}

export async function enrol(cli: Cli, roleText: string, options: EnrolOptions): Promise<void> {
  const role = roleOf(roleText)
  const home = await openHome(cli.home, cli.keyFile)
  const { did } = await readIdentity(home)
  const key = generateKey(randomBytes(32))
  const holder = {
    kind: options.agent === true ? ('agent' as const) : ('human' as const),
    name: options.holder
  }
  const request = requestRole(did, role, holder, key)
  readRequest(request) // a name that peers would refuse is refused here, before any file is written
  const passphrase = options.passphrase && !(await isUnattended(home)) ? await newPassphrase(cli) : undefined
  await addKey(home, role, key, passphrase)
  const path = options.output ?? join(homePaths(home.dir).requests, `${role}-${key.publicKey.multikey}.json`)
  await ensureFolder(homePaths(home.dir).requests)
  await createFile(path, request)
  cli.output.answer({ role, holder, key: key.publicKey.multikey, request: path }, () =>
    facts([
      ['role', `${role}, ${inline(options.holder)}${options.agent === true ? ' (agent)' : ''}`],
      ['key', key.publicKey.multikey],
      ['request', path]
    ])
  )
  const certify = `parley role certify ${quotePath(path)}`
  cli.output.note((await hasRoot(home)) ? `Next: ${certify}` : `Next, where the root key is: \`${certify}\``)
}

/** A home that was made with --no-passphrase goes on without. */
async function isUnattended(home: Home): Promise<boolean> {
  if (home.keyFile !== undefined) return true
  return (await listFolder(home.dir)).includes(basename(homePaths(home.dir).unlockKey))
}

export function roleOf(text: string): Role {
  const role = ROLES.find(name => name.toLowerCase() === text.toLowerCase())
  if (role) return role
  const near = nearest(text, ROLES)
  throw usage(
    `there is no role ${inline(text)}`,
    near === undefined ? `The roles are ${ROLES.join(', ')}.` : `Did you mean ${near}?`
  )
}

export interface CertifyOptions {
  powers?: string
  days?: number
  rootKey?: string
  output?: string
}

export async function certifyRequest(cli: Cli, path: string, options: CertifyOptions): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  const asked = readRequest(await readBytes(path, CERTIFICATE_BYTES_MAX))
  if (asked.kind === 'node' && options.powers !== undefined)
    throw usage('a node has no powers', 'Leave out --powers.')
  await give(cli, home, asked, powersFor(asked, options.powers), options)
}

/** An agent may advise; a person holds the role, and a CEO mediates as well. */
function powersFor(asked: Request, text: string | undefined): Power[] {
  if (text !== undefined) return text.split(',').map(powerOf)
  if (asked.kind === 'node' || asked.request.holder.kind === 'agent') return ['advise']
  return asked.request.role === 'CEO' ? [...POWERS] : ['advise', 'vote', 'seal']
}

function powerOf(text: string): Power {
  const power = POWERS.find(name => name === text.trim())
  if (power) return power
  throw usage(`there is no power ${inline(text)}`, `The powers are ${POWERS.join(', ')}.`)
}

async function give(
  cli: Cli,
  home: Home,
  asked: Request,
  powers: Power[],
  options: CertifyOptions
): Promise<void> {
  const days = checkDays(options.days)
  const root = await openRoot(cli, home, options.rootKey)
  const held = await certify(home, root, asked, { powers, ...validityFrom(Date.now(), days) })
  if (options.output !== undefined) await writeNew(options.output, [held.bytes])
  const path = options.output ?? held.path
  cli.output.answer({ ...describe(held), file: path }, () => facts([...pairs(held), ['file', path]]))
  if (await hasKey(home, held)) {
    if (!(await refreshNode(cli))) cli.output.note('Next: parley start')
    return
  }
  cli.output.note(`Next, where the key is: \`parley ${held.kind} install ${quotePath(basename(path))}\``)
}

export function checkDays(days = DAYS_MAX): number {
  if (Number.isInteger(days) && days >= 1 && days <= DAYS_MAX) return days
  throw usage(`a certificate is for 1 to ${DAYS_MAX} days`, 'Choose another --days.')
}

async function hasKey(home: Home, { certificate }: HeldCertificate): Promise<boolean> {
  return (await keyFiles(home)).some(({ multikey }) => multikey === certificate.key.multikey)
}

export async function openRoot(cli: Cli, home: Home, path: string | undefined): Promise<SecretKey> {
  const identity = await readIdentity(home)
  const root = identity.rootKeyAt(identity.head)
  const at = path ?? (root && keyPath(home, 'root', root))
  const sealed = at !== undefined && (await needsPassphrase(at))
  return unlockRoot(home, sealed ? await cli.passphrase('Passphrase of the root key') : undefined, path)
}

export async function install(cli: Cli, paths: string[]): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  let fits = false
  for (const path of paths) {
    const bytes = await readBytes(path, CERTIFICATE_BYTES_MAX)
    const held = await installCertificate(home, await readIdentity(home), bytes)
    cli.output.answer(describe(held), () => facts(pairs(held)))
    if (await hasKey(home, held)) fits = true
    else cli.output.warn('the key of this certificate is not in this home')
  }
  if (fits) await refreshNode(cli)
}

export async function renew(cli: Cli, typed: string, options: CertifyOptions): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  const held = await findCertificate(home, typed)
  if ((await readIdentity(home)).hasRevoked(held.certificate.key))
    throw usage(
      'that key is revoked, which is for good',
      'Enrol a new one: parley role enrol ROLE --holder NAME'
    )
  const asked: Request =
    held.kind === 'role'
      ? { kind: 'role', request: held.certificate }
      : { kind: 'node', request: held.certificate }
  const powers = options.powers === undefined && held.kind === 'role' ? held.certificate.powers : undefined
  await give(cli, home, asked, powers ?? powersFor(asked, options.powers), options)
}

export async function revoke(
  cli: Cli,
  typed: string,
  options: { nextKey?: string; newKey?: string }
): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  const held = await findCertificate(home, typed)
  if (held.revoked) throw usage('that key is revoked already', 'See parley role list.')
  const identity = await changeIdentity(cli, home, options, { revoke: [held.certificate.key] })
  cli.output.answer({ revoked: held.certificate.key.multikey, entry: identity.versions.size }, () =>
    facts([
      ['revoked', held.certificate.key.multikey],
      ['entry', String(identity.versions.size)]
    ])
  )
  cli.output.note('What it wrote before still counts until you cut it in each space: parley space cut')
  await refreshNode(cli)
}

/** By role or `node` where there is only one such certificate, or by the beginning of the key. */
async function findCertificate(home: Home, typed: string): Promise<HeldCertificate> {
  const { held } = await readCertificates(home, await readIdentity(home))
  const wanted = typed.toLowerCase()
  const found = held.filter(({ kind, certificate }) => {
    const use = kind === 'node' ? 'node' : certificate.role.toLowerCase()
    return use === wanted || (typed.length >= 10 && certificate.key.multikey.startsWith(typed))
  })
  const [one] = found
  if (one && found.length === 1) return one
  const next = 'Give the beginning of its key; parley role list shows it.'
  if (one) throw new NodeError('key-ambiguous', `${found.length} certificates are for ${inline(typed)}`, next)
  throw new NodeError('certificate-unknown', `there is no certificate for ${inline(typed)} here`, next)
}

export async function listCertificates(cli: Cli): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  const identity = await readIdentity(home)
  const { held, bad } = await readCertificates(home, identity)
  const keys = await keyFiles(home)
  const here = new Set(keys.map(({ multikey }) => multikey))
  const certified = new Set(held.map(({ certificate }) => certificate.key.multikey))
  const waiting = keys.filter(({ use, multikey }) => use !== 'root' && !certified.has(multikey))
  const rows = [
    ...held.map(entry => ({ ...describe(entry), here: here.has(entry.certificate.key.multikey) })),
    ...waiting.map(({ use, multikey }) => ({
      use,
      name: '',
      key: multikey,
      powers: [],
      state: 'waits',
      here: true
    }))
  ]
  cli.output.answers(rows, () =>
    table(
      ['for', 'holder', 'powers', 'state', 'key here', 'key'],
      rows.map(row => [row.use, row.name, row.powers.join(','), row.state, row.here ? 'yes' : 'no', row.key])
    )
  )
  for (const { path, reason } of bad)
    cli.output.warn(`${path} is no certificate of ours: ${reason.toString()}`)
  if (waiting.length > 0)
    cli.output.note('A key that waits needs its certificate: parley role certify REQUEST')
}

export function describe(held: HeldCertificate) {
  const { certificate, kind, revoked } = held
  const { validFrom, expiresAt } = certificate
  const until = expiresAt < Date.now() ? `expired ${date(expiresAt)}` : `until ${date(expiresAt)}`
  return {
    use: kind === 'node' ? 'node' : certificate.role,
    name: kind === 'node' ? certificate.name : certificate.holder.name,
    key: certificate.key.multikey,
    powers: kind === 'node' ? [] : certificate.powers,
    state: revoked ? 'revoked' : until,
    validFrom,
    expiresAt
  }
}

function pairs(held: HeldCertificate): [string, string][] {
  const { use, name, key, powers, state } = describe(held)
  return [
    ['for', `${use}, ${name}`],
    ['key', key],
    ['powers', powers.join(', ') || 'none'],
    ['state', state]
  ]
}
