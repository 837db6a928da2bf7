// Where a passphrase comes from: a file that is named, or a prompt that shows nothing. Never the command line,
// which other users of the machine can read.
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { readStart } from '../node/home/file.ts'
import { NodeError } from '../wire/node-error.ts'

const PASSPHRASE_BYTES_MAX = 4096

export interface PassphraseSource {
  /** `--passphrase-file`, else PARLEY_PASSPHRASE_FILE. */
  file: string | undefined
}

/** @returns `undefined` when there is neither a file nor a terminal to ask on. */
export async function readPassphrase(
  source: PassphraseSource,
  question: string,
  ask: { twice: boolean }
): Promise<string | undefined> {
  if (source.file !== undefined) return readPassphraseFile(source.file)
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const passphrase = await prompt(`${question}: `)
  if (passphrase === '') throw new NodeError('passphrase-empty', 'the passphrase is empty', 'Type one.')
  if (ask.twice && (await prompt('The same again: ')) !== passphrase) {
    throw new NodeError('passphrase-differs', 'the two do not match', 'Try again.')
  }
  return passphrase
}

/** Its first line. A file, a pipe, or what a service manager hands over. */
async function readPassphraseFile(path: string): Promise<string> {
  let bytes: Uint8Array
  try {
    bytes = await readStart(path, PASSPHRASE_BYTES_MAX)
  } catch (error) {
    const { message } = error as Error
    throw new NodeError(
      'passphrase-file',
      `cannot read the passphrase file: ${message}`,
      'Check its name.',
      error
    )
  }
  const line = new TextDecoder().decode(bytes).split(/\r?\n/)[0] as string
  if (line !== '' && bytes.length < PASSPHRASE_BYTES_MAX) return line
  const next = 'Put the passphrase on its first line.'
  throw new NodeError(
    'passphrase-file',
    `${path} holds no passphrase of at most ${PASSPHRASE_BYTES_MAX} bytes`,
    next
  )
}

/** What is typed is not shown, not even its length. */
function prompt(question: string): Promise<string> {
  process.stderr.write(question)
  const muted = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: muted, terminal: true, historySize: 0 })
  return new Promise((resolve, reject) => {
    const end = (then: () => void) => {
      lines.removeAllListeners('close')
      lines.close()
      process.stderr.write('\n')
      then()
    }
    const stop = () => end(() => reject(new NodeError('interrupted', 'interrupted', 'Nothing was changed.')))
    lines.once('line', line => end(() => resolve(line)))
    lines.once('SIGINT', stop)
    lines.once('close', stop)
  })
}
