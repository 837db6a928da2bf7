// What every command is given: the home's place, the output, a passphrase when one is needed, the running node.
// Commands load what they need themselves, so that a question to the node stays fast.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { homeDirectory } from '../node/home/directory.ts'
import type { ParleyNode } from '../node/surface/parley-node.ts'
import { isNodeError, NodeError } from '../wire/node-error.ts'
import { Output } from './output.ts'

export interface Cli {
  /** The home directory, absolute; whether there is one is for the command to find out. */
  home: string
  output: Output
  /** Where the unlock key is, when not in the home. */
  keyFile: string | undefined
  /** The passphrase, or `undefined` when it can be neither read nor asked for. `twice` for a new one. */
  passphrase(question: string, ask?: { twice: boolean }): Promise<string | undefined>
  /** Whether a file was named, so that nobody is asked. */
  passphraseNamed: boolean
  /** The node that runs on this home. @throws NodeError `not-running` */
  node(): Promise<ParleyNode>
}

/** Options that every command takes. */
export interface GlobalOptions {
  home?: string
  json?: boolean
  quiet?: boolean
  passphraseFile?: string
  keyFile?: string
}

/** Runs an action and turns a failure into words. @returns the exit code, or `undefined` when all went well */
export async function perform(
  options: GlobalOptions,
  action: (cli: Cli) => Promise<void>
): Promise<number | undefined> {
  const output = new Output({
    json: options.json === true,
    quiet: options.quiet === true,
    home: options.home
  })
  const home = homeDirectory(options.home, process.env)
  const file = options.passphraseFile ?? (process.env['PARLEY_PASSPHRASE_FILE'] || undefined)
  const keyFile = options.keyFile ?? keyFileOf(process.env)
  const cli: Cli = {
    home,
    output,
    keyFile,
    passphraseNamed: file !== undefined,
    passphrase: async (question, ask = { twice: false }) => {
      const passphrase = await (await import('./passphrase.ts')).readPassphrase({ file }, question, ask)
      // Meant to be slow, for whoever guesses; a person should not think that it hangs.
      if (passphrase !== undefined && process.stderr.isTTY)
        output.note('Working with the keys, some seconds ...')
      return passphrase
    },
    node: async () => {
      try {
        return await (await import('../api/client.ts')).connectApi(home)
      } catch (error) {
        // Without a home there is nothing to start.
        if (isNodeError(error, 'not-running'))
          await (await import('../node/home/home.ts')).openHome(home, keyFile)
        throw error
      }
    }
  }
  try {
    await action(cli)
    return undefined
  } catch (error) {
    return output.failure(error)
  }
}

/** As a service manager hands it over: a variable, or a credential of this name. */
function keyFileOf(environment: NodeJS.ProcessEnv): string | undefined {
  const named = environment['PARLEY_KEY_FILE']
  if (named) return named
  const folder = environment['CREDENTIALS_DIRECTORY']
  const credential = folder ? join(folder, 'parley.key') : undefined
  return credential !== undefined && existsSync(credential) ? credential : undefined
}

/** A wrong command line that only the command itself can see. */
export function usage(message: string, next: string): NodeError {
  return new NodeError('usage', message, next)
}

/** The node that runs on this home, if one does. */
export async function runningNode(cli: Cli): Promise<ParleyNode | undefined> {
  try {
    return await cli.node()
  } catch (error) {
    if (isNodeError(error, 'not-running')) return undefined
    throw error
  }
}

/** Asks the running node, and leaves it running. */
export async function withNode(cli: Cli, ask: (node: ParleyNode) => Promise<void>): Promise<void> {
  const node = await cli.node()
  try {
    await ask(node)
  } finally {
    await node.close()
  }
}
