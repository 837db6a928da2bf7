// Where a passphrase comes from: a file that is named, or a prompt that shows nothing. Never the command line,
// which other users of the machine can read.
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
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
  const bytes = Buffer.alloc(PASSPHRASE_BYTES_MAX)
  let length = 0
  try {
    const file = await open(path)
    try {
      for (;;) {
        const { bytesRead } = await file.read(bytes, length)
        length += bytesRead
        if (bytesRead === 0 || length === bytes.length) break
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    const { message } = error as Error
    throw new NodeError(
      'passphrase-file',
      `cannot read the passphrase file: ${message}`,
      'Check its name.',
      error
    )
  }
  const line = bytes.subarray(0, length).toString('utf8').split(/\r?\n/)[0] as string
  if (line !== '' && length < bytes.length) return line
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
