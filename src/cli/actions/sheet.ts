// `parley backup sheet` and `parley recover`: the company on paper, and back from it (IDN-35, IDN-36).
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import { generateKey } from '../../identity/ed25519.ts'
import { LOG_BYTES_MAX } from '../../identity/identity-log.ts'
import { parseSheet, sheetLines, type SheetFault } from '../../identity/recovery-sheet.ts'
import { WORD_LIST } from '../../identity/word-list.ts'
import { wordsOf } from '../../identity/words.ts'
import { openHome, readIdentity } from '../../node/home/home.ts'
import { recoverHome } from '../../node/home/recovery.ts'
import { utf8 } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import type { Cli } from '../cli.ts'
import { readBytes, readText, writeNew } from '../files.ts'
import { refreshNode } from '../refresh.ts'
import { date, facts, nearest } from '../text.ts'
import { changeIdentity } from './identity.ts'
import { homeFacts, warnOfUnlockKey, type HomeOptions } from './init.ts'

export interface SheetOptions {
  nextKey?: string
  newKey?: string
}

/** The sheet is written before the log commits to it: a crash between costs a sheet, not the company. */
export async function createSheet(cli: Cli, path: string, options: SheetOptions): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  const before = await readIdentity(home)
  const key = generateKey(randomBytes(32))
  const text = sheetText(before, sheetLines(key.seed), Date.now())
  await writeNew(path, [utf8(path.endsWith('.html') ? printable(text) : text)])
  const after = await changeIdentity(cli, home, options, {}, key.publicKey).catch(async (error: unknown) => {
    // Nothing knows of the sheet, unless what failed came after the entry.
    if ((await readIdentity(home)).head === before.head) await rm(path, { force: true })
    throw error
  })
  cli.output.answer({ file: path, entry: after.versions.size }, () =>
    facts([
      ['sheet', path],
      ['good from', `entry ${after.versions.size} of the identity log`]
    ])
  )
  cli.output.warn(
    'who reads the sheet can take the company over: print it, put it into a safe, and destroy the file. ' +
      'Earlier sheets are void.'
  )
  await refreshNode(cli)
}

function sheetText(
  { did, legalName, registrationNumber, versions }: CompanyIdentity,
  lines: string[],
  at: number
): string {
  return `PARLEY RECOVERY SHEET

company  ${legalName} (${registrationNumber})
id       ${did}
words    ${wordsOf(did).join(' ')}
made     ${date(at)}, with entry ${versions.size + 1} of the identity log

Who reads these lines can take the company over. Keep the sheet in a safe.

${lines.map((line, i) => `    ${i + 1}  ${line}`).join('\n')}

It is for the day on which all machines of the company are lost. While one is
left, or a backup, use that instead.

1. On a machine that you trust, install Parley.
2. Get the newest identity log of the company, a file and no secret. Every
   company that knows it has it:
   parley id export --of "${legalName}" -o identity.jsonl
3. Type the eight lines above, with their numbers, into a file; the first four
   letters of each word are enough. Then:
   parley recover FILE --identity identity.jsonl
   A line that is typed wrong is named.
4. Do what it prints. The company keeps its id and its words; all keys that it
   had certified before end.

Documents that are shared come back from the companies that have them. What is
private comes back from a backup or another node of the company, or not at all.

This sheet is good once, and void as soon as a later one is made.
`
}

/** A page that a browser prints: the text as it is. */
function printable(text: string): string {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<!doctype html>
<meta charset="utf-8">
<title>Parley recovery sheet</title>
<style>pre { font: 11pt/1.45 monospace; margin: 15mm; white-space: pre-wrap } @page { margin: 10mm }</style>
<pre>${safe}</pre>
`
}

export interface RecoverOptions extends HomeOptions {
  identity: string
}

export async function recover(cli: Cli, path: string, options: RecoverOptions): Promise<void> {
  const log = await readBytes(options.identity, LOG_BYTES_MAX)
  const seed = parseSheet(await readText(path))
  if (!(seed instanceof Uint8Array)) throw misread(seed)
  const given = await homeFacts(cli, options)
  const home = await recoverHome(given, { seed, log })
  const { did, legalName, registrationNumber, versions } = await readIdentity(home)
  const words = wordsOf(did)
  cli.output.answer(
    { home: home.dir, did, legalName, registrationNumber, words, entries: versions.size },
    () =>
      facts([
        ['company', `${legalName} (${registrationNumber})`],
        ['id', did],
        ['words', words.join(' ')],
        ['home', home.dir],
        ['entry', `${versions.size}: every key that the company had certified has ended`]
      ])
  )
  for (const note of NEXT) cli.output.note(note)
  warnOfUnlockKey(cli, given)
}

const NEXT = [
  'Next:',
  '1. parley backup sheet FILE - the one that was used is spent',
  '2. parley role enrol ROLE --holder NAME, for each holder anew; parley start',
  '3. With an invite of each company that you know: parley join TOKEN, compare the words, parley confirm',
  '4. In each space: parley space keys SPACE --pin CERTIFICATE --by-root; then cut the old keys: parley space cut',
  'Shared documents come back from the other companies. Private ones are in a backup or on another node, or lost.'
]

/** Every line that is wrong, and what may have been meant. */
function misread(faults: SheetFault[]): NodeError {
  const lines = faults.map(({ line, detail, word }) => {
    const near = word === undefined ? undefined : nearest(word, WORD_LIST)
    return `line ${line} ${detail}${near === undefined ? '' : `; perhaps ${near}`}`
  })
  return new NodeError(
    'sheet-misread',
    lines.join('\n       '),
    'Compare these lines with the sheet. Nothing was changed.'
  )
}
