// `parley.json`: how this node runs. Read as a whole and refused as a whole, naming the key.
import { z } from 'zod'
import { QUOTA } from '../../sync/quota.ts'
import { NodeError } from '../../wire/node-error.ts'

/**
 * The layout of a home directory; a newer one is refused, and one of format 1, in which nothing is sealed, has to be
 * brought over (STO-35).
 */
export const HOME_FORMAT = 2
const FIRST_FORMAT = 1
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** As many as an invite carries. */
const ADDRESSES_MAX = 8
const ADDRESS_CHARS_MAX = 300

const port = z.int('not a whole number').min(0, 'below 0').max(65_535, 'above 65535')
const addresses = z
  .array(z.string().max(ADDRESS_CHARS_MAX).startsWith('/', 'not a multiaddr such as /ip4/0.0.0.0/tcp/4747'))
  .max(ADDRESSES_MAX, `more than ${ADDRESSES_MAX} addresses`)

const ConfigJson = z.strictObject({
  format: z.literal(HOME_FORMAT),
  listen: addresses.default(['/ip4/0.0.0.0/tcp/4747']),
  announce: addresses.default([]),
  relay: z.boolean('not true or false').default(false),
  apiPort: port.default(4748),
  coalesceMs: z.int('not a whole number').min(0, 'below 0').max(60_000, 'above 60000').default(250),
  companyBytesPerDay: z.int('not a whole number').min(1, 'below 1').default(QUOTA.bytesPerDay),
  companyDocuments: z.int('not a whole number').min(1, 'below 1').default(QUOTA.documents),
  keepsChains: z.boolean('not true or false').optional(),
  ollama: z.string('not a text').max(300).default('127.0.0.1:11434'),
  ollamaRemote: z.boolean('not true or false').default(false),
  ollamaUnversioned: z.boolean('not true or false').default(false),
  logLevel: z.enum(LOG_LEVELS, `not one of ${LOG_LEVELS.join(', ')}`).default('info')
})

export interface Config {
  /** Multiaddrs to listen on, and of relays to listen through. None: this node only dials. */
  listen: string[]
  /** Multiaddrs under which others reach it, for invites. */
  announce: string[]
  /** Whether it relays for nodes of known companies that cannot be reached. */
  relay: boolean
  /** Port of the local API on 127.0.0.1; 0 takes a free one. */
  apiPort: number
  /** How long local edits gather before they are signed as one envelope, in milliseconds. */
  coalesceMs: number
  /** Bytes that another company may have stored here in one day (UTC). */
  companyBytesPerDay: number
  /** Documents that another company may have here in one space. */
  companyDocuments: number
  /** Whether this node of the company enters what its nodes sign in spaces: one does, and by itself the first. */
  keepsChains?: boolean | undefined
  /** Where Ollama listens, written as `OLLAMA_HOST` is. */
  ollama: string
  /** Whether an Ollama on another machine may read what role holders confide to their node (SCO-4). */
  ollamaRemote: boolean
  /** Whether an Ollama that tells no version is a new one, built from source. */
  ollamaUnversioned: boolean
  logLevel: LogLevel
}

export interface ParsedConfig {
  config: Config
  /** In the layout before this one. */
  older: boolean
}

/** @param path named in the errors. @throws NodeError `config-syntax`, `config-format`, `config-key` */
export function parseConfig(text: string, path: string): ParsedConfig {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const next = 'Mend it by hand, or move it away and run parley doctor.'
    throw new NodeError('config-syntax', `${path} is not JSON: ${(error as Error).message}`, next, error)
  }
  const format = (value as { format?: unknown } | null)?.format
  const older = format === FIRST_FORMAT
  if (typeof format === 'number' && format > HOME_FORMAT) {
    throw new NodeError(
      'config-format',
      `${path} says home format ${format}; this version of Parley knows ${HOME_FORMAT}`,
      'Install the newer version that wrote it.'
    )
  }
  const current = older ? { ...(value as object), format: HOME_FORMAT } : value
  return { config: checkConfig(current, path), older }
}

/** @throws NodeError `config-key`, naming the first key that is wrong. */
export function checkConfig(value: unknown, path: string): Config {
  const parsed = ConfigJson.safeParse(value)
  if (parsed.success) {
    const { format: _, ...config } = parsed.data
    return config
  }
  const issue = parsed.error.issues[0]
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const key = unknown ?? (issue?.path.join('.') || 'the file')
  const why = unknown === undefined ? (issue?.message ?? 'wrong') : 'no such key'
  const keys = Object.keys(ConfigJson.shape).join(', ')
  throw new NodeError('config-key', `${path}: ${key}: ${why}`, `Correct it there. The keys are: ${keys}.`)
}

export function printConfig(config: Config): string {
  return `${JSON.stringify({ format: HOME_FORMAT, ...config }, null, 2)}\n`
}
