// `parley start`: runs the node in the foreground until it is told to stop.
import { type Home, type Log, type NodeKeys, openHome } from '../../node/home/home.ts'
import { checkConfig, HOME_FORMAT, LOG_LEVELS, type LogLevel } from '../../node/home/config.ts'
import type { StatusJson } from '../../node/surface/parley-node.ts'
import { keyFiles, loadKeys, needsPassphrase } from '../../node/home/keys.ts'
import { isNodeError, NodeError } from '../../wire/node-error.ts'
import type { Cli } from '../cli.ts'
import { facts, inline } from '../text.ts'
import { warnOfEnds } from './node.ts'

export interface StartOptions {
  listen?: string[]
  announce?: string[]
  relay?: boolean
  apiPort?: number
  coalesceMs?: number
  log?: string
  offline?: boolean
}

/** Everything is synced when it is acknowledged, so a stop has little left to do. */
const STOP_MS_MAX = 9_000
const INTERRUPTED = 130

export async function start(cli: Cli, options: StartOptions): Promise<void> {
  const { offline = false } = options
  const stored = await openHome(cli.home, cli.keyFile)
  const home: Home = { ...stored, config: withFlags(stored, options) }
  const log = createLog(home.config.logLevel, cli.output.json || !process.stderr.isTTY)
  const keys = await unlocked(cli, home)
  const stop = Promise.withResolvers<NodeJS.Signals>()
  onSignals(stop.resolve, log) // before anybody is told that the node runs
  // Only now, since a wrong passphrase or setting should not wait for the network code to load.
  const { createNode } = await import('../../node/create-node.ts')
  const { serveApi } = await import('../../api/server.ts')
  const node = await createNode({ home, keys, log, offline })
  try {
    const api = await serveApi(node, {
      home: home.dir,
      port: home.config.apiPort,
      onFault: fault => log('error', 'a call failed', { why: String(fault) })
    }).catch(nameFlag)
    try {
      const status = await node.status()
      announce(cli, offline, status, api.url, keys)
      await warnOfEnds(cli, status.due)
      await stop.promise
    } finally {
      setTimeout(() => giveUp(log), STOP_MS_MAX).unref()
      await api.close()
    }
  } finally {
    await node.close()
  }
  log('info', 'stopped')
}

function withFlags({ config }: Home, options: StartOptions): Home['config'] {
  const { listen, announce, relay, apiPort, coalesceMs, log: logLevel } = options
  const flags = { listen, announce, relay, apiPort, coalesceMs, logLevel }
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  return checkConfig({ format: HOME_FORMAT, ...config, ...given }, 'the command line')
}

/** The API does not know by which flag of ours it got its port. */
function nameFlag(error: unknown): never {
  if (!isNodeError(error, 'port-in-use')) throw error
  const next = 'Stop the program that uses it, or choose another: --api-port 0 takes a free one.'
  throw new NodeError(error.code, error.message, next, error)
}

/** Asks only if the node itself cannot start without; roles can be unlocked later. */
async function unlocked(cli: Cli, home: Home): Promise<NodeKeys> {
  const node = (await keyFiles(home)).find(({ use }) => use === 'node')
  const ask = cli.passphraseNamed || (node !== undefined && (await needsPassphrase(node.path)))
  return loadKeys(home, ask ? await cli.passphrase('Passphrase') : undefined)
}

function announce(
  { output }: Cli,
  offline: boolean,
  { company, peerId, listening, relays }: StatusJson,
  api: string,
  { locked }: NodeKeys
): void {
  const through = relays.through.flatMap(({ address, reservedUntil }) =>
    reservedUntil === undefined ? `${address}, once there is a place` : []
  )
  const places = offline ? listening : [...listening, ...through]
  const nowhere = offline ? 'nowhere, and dials nobody: --offline' : 'nowhere: this node only dials'
  output.answer({ peerId, listening, api, pid: process.pid, locked }, () =>
    facts([
      ['company', inline(company.legalName)],
      ['listening', places.length > 0 ? places : nowhere],
      ['api', api]
    ])
  )
  if (locked.length > 0) output.note(`Locked: ${locked.join(', ')}. To sign with it: parley unlock`)
}

function onSignals(stop: (signal: NodeJS.Signals) => void, log: Log): void {
  let asked = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(INTERRUPTED)
      asked = true
      log('info', 'stopping; once more to stop at once')
      stop(signal)
    })
  }
}

/** What was acknowledged is on disk; the next start takes it for an unclean stop. */
function giveUp(log: Log): void {
  log('error', `did not stop within ${STOP_MS_MAX / 1000} s; leaving`)
  process.exit(1)
}

/** To stderr: a line for people on a terminal, JSON for everything else. */
export function createLog(level: LogLevel, json: boolean): Log {
  const most = LOG_LEVELS.indexOf(level)
  return (severity, message, values) => {
    if (LOG_LEVELS.indexOf(severity) > most) return
    const time = new Date().toISOString()
    if (json) process.stderr.write(`${JSON.stringify({ time, level: severity, message, ...values })}\n`)
    else
      process.stderr.write(`${time.slice(11, 19)} ${severity.padEnd(5)} ${inline(message)}${spelt(values)}\n`)
  }
}

function spelt(values: { [name: string]: unknown } | undefined): string {
  return Object.entries(values ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name}=${inline(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join('')
}
