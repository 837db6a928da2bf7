// How a client on this machine finds the API and knows it is the right one: `api.json` with port and pid, a token
// for this run, and a proof that whoever listens knows that token too. protocols/api, section 1.
import { createHmac, randomBytes } from 'node:crypto'
import { closeSync, constants, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { NodeError } from '../wire/node-error.ts'

export const CHALLENGE_HEADER = 'parley-challenge'
export const PROOF_HEADER = 'parley-proof'
const PROOF_LABEL = 'parley/api-proof/1\n'
const API_FILE = 'api.json'
const TOKEN_FILE = 'api.token'
const TOKEN_BYTES = 32

export interface Rendezvous {
  readonly api: 1
  readonly pid: number
  readonly port: number
  readonly tokenFile: string
}

/** A new token in a new file: what an earlier run left behind, or someone else planted, is not written to. */
export function createToken(
  home: string,
  tokenFile = join(home, TOKEN_FILE)
): { token: string; tokenFile: string } {
  const token = randomBytes(TOKEN_BYTES).toString('hex')
  replacePrivate(tokenFile, `${token}\n`)
  return { token, tokenFile }
}

/** @returns what takes both files away again, unless another node has taken their place. */
export function publish(home: string, where: Rendezvous): () => void {
  replacePrivate(join(home, API_FILE), `${JSON.stringify(where)}\n`)
  return () => {
    const now = readRendezvous(home)
    if (now?.pid !== where.pid || now.port !== where.port) return
    rmSync(join(home, API_FILE), { force: true })
    rmSync(where.tokenFile, { force: true })
  }
}

/** @returns undefined if no node has published anything that makes sense. */
export function readRendezvous(home: string): Rendezvous | undefined {
  try {
    const value = JSON.parse(readFileSync(join(home, API_FILE), 'utf8')) as Partial<Rendezvous>
    const { api, pid, port, tokenFile } = value
    if (api !== 1 || !Number.isInteger(pid) || !Number.isInteger(port)) return undefined
    return typeof tokenFile === 'string' ? (value as Rendezvous) : undefined
  } catch {
    return undefined // absent, or not ours to read: either way there is no node to talk to
  }
}

/** @throws NodeError `token-unreadable` if it is another user's. */
export function readToken(tokenFile: string): string | undefined {
  try {
    return readFileSync(tokenFile, 'utf8').trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    const next = 'Run the command as the user that started the node.'
    throw new NodeError('token-unreadable', `cannot read ${tokenFile}`, next, cause)
  }
}

/** Bound to the challenge, so that it proves the token without giving it away. */
export function proofOf(token: string, challenge: string): string {
  return createHmac('sha256', token)
    .update(PROOF_LABEL + challenge)
    .digest('hex')
}

/** Made beside with O_EXCL and O_NOFOLLOW, 0600 from the first moment, then renamed: readers see it whole. */
function replacePrivate(path: string, text: string): void {
  const beside = `${path}.new`
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
  try {
    rmSync(beside, { force: true })
    const file = openSync(beside, flags, 0o600)
    try {
      writeSync(file, text)
    } finally {
      closeSync(file)
    }
    renameSync(beside, path)
  } catch (cause) {
    const next = 'Check that the directory is yours and that there is room in it.'
    throw new NodeError('api-file-unwritable', `cannot write ${path}`, next, cause)
  }
}
