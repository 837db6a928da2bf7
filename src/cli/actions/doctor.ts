// `parley doctor`: what a person would check by hand, each line with its fix.
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import type { PublicKey } from '../../identity/ed25519.ts'
import { KEY_FILE_BYTES_MAX } from '../../identity/key-file.ts'
import { dueAt, dueSentence, renewable } from '../../node/expiry.ts'
import { openHome, readIdentity, type Home } from '../../node/home/home.ts'
import { readCertificates } from '../../node/home/certificates.ts'
import { homePaths } from '../../node/home/directory.ts'
import { assertStore } from '../../node/home/store.ts'
import { checkFolder, listFolder, readOwn } from '../../node/home/file.ts'
import {
  hasRoot,
  keyFiles,
  keyPath,
  needsPassphrase,
  nextRootPath,
  UNLOCK_KEY_BYTES_MAX
} from '../../node/home/keys.ts'
import { FORMAT } from '../../store/census-scan.ts'
import { LevelStore } from '../../store/level-store.ts'
import { SealedStore } from '../../store/sealed-store.ts'
import { isNodeError, NodeError } from '../../wire/node-error.ts'
import type { Cli } from '../cli.ts'
import { dataKeys } from '../stopped-store.ts'
import { byteCount, date, inline, plural } from '../text.ts'
import { reachFindings } from './doctor-reach.ts'
import { checkRunningFacets, checkStoredFacets } from './doctor-signatures.ts'

export interface Finding {
  state: 'ok' | 'warn' | 'fail'
  what: string
  /** What to do; for what is not ok. */
  fix?: string
}

/** LevelDB needs some 8 MiB to open; below this, a busy day fills the disk. */
const FREE_BYTES_MIN = 256 * 1024 * 1024

export interface DoctorOptions {
  /** Verify every stored envelope again. */
  deep?: boolean
}

const UNOPENED: Finding = {
  state: 'ok',
  what: 'what is private was not opened: its checksums were looked at, its seals were not (--passphrase-file)'
}
const TWO_KEYS: Finding = {
  state: 'warn',
  what: 'data.age holds two data keys: sealing the home anew was interrupted',
  fix: 'Do it again: parley reseal BACKUP'
}
const REBUILT =
  'what the store keeps for a faster start was damaged: it is rebuilt at the next stop of the node'
const BESIDE: Finding = {
  state: 'warn',
  what: 'the unlock key lies in the home: who copies all of it can open the keys and what is private',
  fix: 'Keep it elsewhere, parley passwd --new-key-file FILE, or take a passphrase, parley passwd.'
}
const NO_SHEET: Finding = {
  state: 'warn',
  what: 'there is no recovery sheet: without this home and its backups the company could not come back',
  fix: 'Put one into a safe: parley backup sheet FILE'
}
const SET_CLOCK = 'Set the clock, for instance by turning on network time.'

export async function doctor(cli: Cli, { deep = false }: DoctorOptions): Promise<void> {
  const findings: Finding[] = []
  const add = (...more: Finding[]) => findings.push(...more)
  add({ state: 'ok', what: `Node ${process.versions.node} on ${process.platform} ${process.arch}` })
  const home = await attempt(add, () => openHome(cli.home, cli.keyFile))
  if (home) {
    add({ state: 'ok', what: `home ${home.dir}` })
    const identity = await attempt(add, () => readIdentity(home))
    if (identity) add(...(await checkIdentity(home, identity)))
    await attempt(add, async () => add(...(await checkFiles(home))))
    if (identity) await attempt(add, async () => add(...(await checkCertificates(home, identity))))
    const whole = deep ? identity : undefined
    await attempt(add, async () => add(...(await checkRunning(cli, home, whole))))
  }
  show(cli, findings)
  const failed = findings.filter(({ state }) => state === 'fail').length
  if (failed > 0) {
    throw new NodeError(
      'doctor',
      `${plural(failed, 'thing')} must be put right`,
      'Do what stands beside them above.'
    )
  }
}

/** What a check throws is its finding. */
async function attempt<T>(add: (finding: Finding) => void, check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check()
  } catch (error) {
    if (!isNodeError(error)) throw error
    add({ state: 'fail', what: error.message, fix: error.next })
    return undefined
  }
}

async function checkIdentity(home: Home, identity: CompanyIdentity): Promise<Finding[]> {
  const { legalName, versions, head } = identity
  const findings: Finding[] = [
    { state: 'ok', what: `identity of ${legalName}, ${plural(versions.size, 'entry', 'entries')}, verified` }
  ]
  const last = versions.get(head)?.timeMs ?? 0
  if (last > Date.now()) {
    findings.push({
      state: 'fail',
      what: `the clock of this machine is behind: the identity log is of ${date(last)}`,
      fix: SET_CLOCK
    })
  }
  const keys = await keyFiles(home)
  const root = identity.rootKeyAt(head) as PublicKey
  if (keys.some(({ path }) => path === keyPath(home, 'root', root))) {
    const unattended = !(await needsPassphrase(keyPath(home, 'root', root)))
    findings.push({
      state: unattended ? 'warn' : 'ok',
      what: unattended ? 'the root key is in the home, without a passphrase' : 'the root key is in the home',
      ...(unattended && {
        fix: 'Move it to a medium that you keep locked away, and give it with --root-key.'
      })
    })
  } else findings.push({ state: 'ok', what: 'the root key is elsewhere' })
  if (!(await nextRootPath(home, identity)))
    findings.push({ state: 'ok', what: 'the next root key is elsewhere' })
  // IDN-36: a commitment beside that to the next root key.
  else if (identity.nextKeyHashes.length < 2) findings.push(NO_SHEET)
  return findings
}

async function checkFiles(home: Home): Promise<Finding[]> {
  const { keys, certificates, store, unlockKey, dataKey } = homePaths(home.dir)
  for (const folder of [keys, certificates, store]) {
    if ((await listFolder(folder)).length > 0) await checkFolder(folder)
  }
  for (const { path } of await keyFiles(home)) await needsPassphrase(path)
  const unlock = await readOwn(unlockKey, UNLOCK_KEY_BYTES_MAX)
  await readOwn(dataKey, KEY_FILE_BYTES_MAX)
  const { bavail, bsize } = await statfs(home.dir)
  const free = bavail * bsize
  return [
    { state: 'ok', what: 'keys and files are closed to other users' },
    ...(unlock ? [BESIDE] : []),
    free < FREE_BYTES_MIN
      ? { state: 'warn', what: `only ${byteCount(free)} free on this disk`, fix: 'Free some space.' }
      : { state: 'ok', what: `${byteCount(free)} free on this disk` }
  ]
}

async function checkCertificates(home: Home, identity: CompanyIdentity): Promise<Finding[]> {
  const { held, bad } = await readCertificates(home, identity)
  const mine = new Set((await keyFiles(home)).map(({ multikey }) => multikey))
  const own = held.filter(({ certificate }) => mine.has(certificate.key.multikey))
  const now = Date.now()
  const due = dueAt(await renewable(home, identity), now)
  const named = new Set(due.map(({ key }) => key))
  const fix = (await hasRoot(home))
    ? 'parley renew'
    : 'Where the root key is: `parley renew`; then here: parley role install FILE (or node install)'
  const findings = own.flatMap(({ kind, certificate, revoked }): Finding[] => {
    const what = `certificate for ${kind === 'node' ? 'node' : certificate.role}`
    if (identity.hasRevoked(certificate.key))
      return [{ state: 'fail', what: `${what} is revoked`, fix: 'Enrol a new key.' }]
    if (certificate.validFrom > now) {
      const begins = `${what} begins only ${date(certificate.validFrom)}: the clock of this machine is behind`
      return [{ state: 'fail', what: begins, fix: SET_CLOCK }]
    }
    if (revoked || named.has(certificate.key.multikey)) return []
    return [{ state: 'ok', what: `${what}, until ${date(certificate.expiresAt)}` }]
  })
  findings.push(
    ...due.map((one): Finding => {
      const state = one.state === 'ended' && one.here ? 'fail' : 'warn'
      return { state, what: dueSentence(one, now), fix }
    })
  )
  if (!own.some(({ kind }) => kind === 'node')) {
    const fix =
      'Take requests/node.json to the root key (`parley node certify`); then: parley node install FILE'
    findings.push({ state: 'fail', what: 'this node has no certificate', fix })
  }
  for (const { path, reason } of bad) {
    findings.push({
      state: 'warn',
      what: `${path} does not verify: ${reason.toString()}`,
      fix: 'Certify again, or remove it.'
    })
  }
  return findings
}

/** A running node answers for itself; else its store and its ports are looked at. `deep`: and all signatures. */
async function checkRunning(cli: Cli, home: Home, deep: CompanyIdentity | undefined): Promise<Finding[]> {
  const node = await cli.node().catch((error: unknown) => {
    if (isNodeError(error, 'not-running')) return undefined
    throw error
  })
  if (!node) {
    const store = await checkStore(cli, home, deep)
    return [{ state: 'ok', what: 'no node runs' }, ...(await checkPorts(home)), ...store]
  }
  try {
    const status = await node.status()
    const connected = status.peers.filter(peer => peer.connected).length
    return [
      { state: 'ok', what: `the node runs${status.listening.length > 0 ? '' : ', and listens nowhere'}` },
      ...reachFindings(status),
      {
        state: 'ok',
        what: `${connected} of ${plural(status.peers.length, 'company', 'companies')} connected`
      },
      ...status.troubles.map((trouble): Finding => ({
        state: 'warn',
        what: trouble,
        fix: 'See parley why.'
      })),
      ...(deep ? await checkRunningFacets(cli, node) : [])
    ]
  } finally {
    await node.close()
  }
}

async function checkPorts({ config }: Home): Promise<Finding[]> {
  const wanted = config.listen.flatMap(address => {
    const [, host, port] = /^\/ip[46]\/([^/]+)\/tcp\/(\d+)(?:\/ws)?$/.exec(address) ?? []
    return host === undefined ? [] : [{ host, port: Number(port), flag: '--listen' }]
  })
  const all = [...wanted, { host: '127.0.0.1', port: config.apiPort, flag: '--api-port' }]
  return Promise.all(
    all.map(async ({ host, port, flag }): Promise<Finding> => {
      const refusal = await tryPort(host, port)
      if (refusal === undefined) return { state: 'ok', what: `port ${port} on ${host} is free` }
      const fix = `Stop what uses it, or choose another with ${flag}.`
      return { state: 'fail', what: `cannot listen on ${host} port ${port} (${refusal})`, fix }
    })
  )
}

/** @returns the code of the error, or `undefined` when the port can be had. */
function tryPort(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  return new Promise(resolve => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'refused'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

async function checkStore(cli: Cli, home: Home, deep: CompanyIdentity | undefined): Promise<Finding[]> {
  const dir = homePaths(home.dir).store
  if (!(await assertStore(home))) return [{ state: 'ok', what: 'the store is empty: no node ran here yet' }]
  const keys = await dataKeys(cli, home, deep !== undefined)
  const stored = await LevelStore.open(dir)
  try {
    const store = keys && (await SealedStore.open(stored, keys))
    const { envelopes, tableRecords, damaged } = await (store ?? stored).verify()
    const findings: Finding[] = stored.report.notes.map(note => ({
      state: 'warn',
      what: note,
      fix: 'Peers send what is missing; what nobody has can be accepted: parley repair --accept.'
    }))
    findings.push(...stored.report.crash.map((what): Finding => ({ state: 'ok', what })))
    if (stored.report.rebuilt) findings.push({ state: 'ok', what: REBUILT })
    if (!store) findings.push(UNOPENED)
    if (keys && keys.length > 1) findings.push(TWO_KEYS)
    if (damaged.length === 0) {
      findings.push({
        state: 'ok',
        what: `store: ${plural(envelopes, 'envelope')}, ${plural(tableRecords, 'other record')}, format ${FORMAT}, all whole`
      })
    } else {
      findings.push({
        state: 'fail',
        what: `store: ${plural(damaged.length, 'damaged record')}`,
        fix: 'parley repair; where that does not end it, restore a backup'
      })
    }
    return deep && store && damaged.length === 0
      ? [...findings, ...(await checkStoredFacets(cli, home, deep, store))]
      : findings
  } finally {
    await stored.close()
  }
}

function show({ output }: Cli, findings: Finding[]): void {
  output.answers(findings, () =>
    findings
      .map(
        ({ state, what, fix }) =>
          `${state.padEnd(4)}  ${inline(what)}${fix === undefined ? '' : `\n      ${inline(output.here(fix))}`}`
      )
      .join('\n')
  )
}
