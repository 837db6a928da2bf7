// `parley passwd` and `reseal`: what opens this home, and what its private things are sealed with.
import { changeLock, type HomeLock } from '../../node/home/lock.ts'
import { keyFiles, needsPassphrase } from '../../node/home/keys.ts'
import { resealHome } from '../../node/home/reseal.ts'
import { type Home, openAnyHome, openHome } from '../../node/home/home.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, usage } from '../cli.ts'
import { readPassphrase } from '../passphrase.ts'
import { byteCount, facts, plural } from '../text.ts'

export interface PasswdOptions {
  newPassphraseFile?: string
  newKeyFile?: string
  passphrase: boolean
}

export async function passwd(cli: Cli, files: string[], options: PasswdOptions): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  const now = await present(cli, home)
  const report = await changeLock(home, now, await wanted(options), files)
  const { changed, other, kept } = report
  cli.output.answer(report, () =>
    facts([
      ['changed', changed],
      ['as before', other.length > 0 ? other : 'none']
    ])
  )
  if (options.newKeyFile !== undefined)
    cli.output.note(
      `From now on: --key-file ${options.newKeyFile}, or PARLEY_KEY_FILE. A backup does not hold it.`
    )
  if (kept !== undefined)
    cli.output.note(
      `${kept} stays: a root key that is kept elsewhere may need it. Name that file as well, or remove this one.`
    )
  cli.output.note('Backups and copies made before still open as before.')
}

/** The passphrase of the home as it is, where it needs one. */
async function present(cli: Cli, home: Home): Promise<string | undefined> {
  const files = await keyFiles(home)
  const needed = await Promise.all(files.map(({ path }) => needsPassphrase(path)))
  return needed.includes(true) ? cli.passphrase('Passphrase') : undefined
}

async function wanted({ newPassphraseFile, newKeyFile, passphrase }: PasswdOptions): Promise<HomeLock> {
  const ways = [newPassphraseFile !== undefined, newKeyFile !== undefined, !passphrase]
  if (ways.filter(Boolean).length > 1)
    throw usage('there can be one new lock only', 'Give one of the options, or none to be asked.')
  if (newKeyFile !== undefined) return { passphrase: undefined, keyFile: newKeyFile }
  if (!passphrase) return { passphrase: undefined }
  const typed = await readPassphrase({ file: newPassphraseFile }, 'New passphrase', { twice: true })
  if (typed !== undefined) return { passphrase: typed }
  const next = 'Give --new-passphrase-file FILE, --new-key-file FILE, or --no-passphrase.'
  throw new NodeError('passphrase-needed', 'there is no terminal to ask for the new passphrase on', next)
}

/** One passphrase for the home, where it has one, and for the backup. */
export async function reseal(cli: Cli, path: string): Promise<void> {
  await openAnyHome(cli.home, cli.keyFile)
  const passphrase = await cli.passphrase('Passphrase of the home, and for the backup', { twice: true })
  if (passphrase === undefined) {
    const next = 'Run it on a terminal, or give --passphrase-file FILE.'
    throw new NodeError('passphrase-needed', 'the backup that is made first needs a passphrase', next)
  }
  const progress = cli.output.progress('Sealing')
  const report = await resealHome({
    dir: cli.home,
    keyFile: cli.keyFile,
    passphrase,
    backup: { path, passphrase },
    progress: done =>
      progress.at('bytes' in done ? `backup, ${byteCount(done.bytes)}` : plural(done.records, 'record'))
  }).finally(() => progress.end())
  const { envelopes, tableRecords } = report
  cli.output.answer({ backup: path, ...report }, () =>
    facts([
      ['backup', path],
      [
        'sealed',
        `${plural(envelopes, 'envelope')} and ${plural(tableRecords, 'other record')} stand under a new key`
      ]
    ])
  )
  cli.output.note('The backup is as the home was before. What a disk keeps of removed files is not erased.')
}
