// `parley backup` and `repair`: work on the files of a home.
import { openHome, readIdentity } from '../../node/home/home.ts'
import { createBackup } from '../../node/home/backup.ts'
import { restoreBackup } from '../../node/home/restore.ts'
import { homePaths } from '../../node/home/directory.ts'
import { KEYS_TABLE } from '../../node/home/store.ts'
import { repair as repairStore } from '../../store/repair.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, runningNode } from '../cli.ts'
import { byteCount, facts, plural } from '../text.ts'

export async function create(cli: Cli, path: string): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  const passphrase = await needed(cli, 'Passphrase for the backup', true)
  const progress = cli.output.progress('Writing')
  const node = await runningNode(cli)
  const written = (bytes: number) => progress.at(byteCount(bytes))
  const report = await createBackup(home, path, passphrase, written, node?.snapshot()).finally(() =>
    progress.end()
  )
  cli.output.answer({ file: path, ...report }, () =>
    facts([
      ['backup', path],
      ['holds', `${plural(report.files, 'file')} and ${byteCount(report.storeBytes)} of the store`]
    ])
  )
  cli.output.note('It holds the keys as well: keep it, and its passphrase, where you would keep them.')
}

export async function restore(cli: Cli, path: string): Promise<void> {
  const passphrase = await needed(cli, 'Passphrase of the backup', false)
  const progress = cli.output.progress('Restoring')
  const home = await restoreBackup(path, cli.home, passphrase, bytes =>
    progress.at(byteCount(bytes))
  ).finally(() => progress.end())
  const { did, legalName } = await readIdentity(home)
  cli.output.answer({ home: home.dir, did, legalName }, () =>
    facts([
      ['company', legalName],
      ['id', did],
      ['home', home.dir]
    ])
  )
  cli.output.note(
    'What was written after the backup comes back from peers. Do not run the old copy again as well.'
  )
}

async function needed(cli: Cli, question: string, twice: boolean): Promise<string> {
  const passphrase = await cli.passphrase(question, { twice })
  if (passphrase !== undefined) return passphrase
  const next = 'Run it on a terminal, or give --passphrase-file FILE.'
  throw new NodeError('passphrase-needed', 'a backup has a passphrase of its own', next)
}

export async function repair(cli: Cli, { accept = false }: { accept?: boolean }): Promise<void> {
  const home = await openHome(cli.home, cli.keyFile)
  if (accept) return acceptLosses(cli, homePaths(home.dir).store)
  const report = await repairStore(homePaths(home.dir).store)
  cli.output.answer(report, () =>
    facts([
      ['kept', `${plural(report.envelopes, 'envelope')}, ${plural(report.tableRecords, 'other record')}`],
      [
        'damaged',
        report.damaged.count === 0 ? 'none' : [String(report.damaged.count), ...report.damaged.places]
      ],
      [
        'missing',
        report.missing.length === 0 ? 'nothing known' : report.missing.map(entry => JSON.stringify(entry))
      ],
      ['before', report.suspect],
      ['notes', report.notes]
    ])
  )
  cli.output.note(
    'What is missing is fetched from peers after the next start; parley why says what it waits for.'
  )
}

/** Nobody has it any more, says the person who looked. */
async function acceptLosses(cli: Cli, dir: string): Promise<void> {
  const { LevelStore } = await import('../../store/level-store.ts')
  const store = await LevelStore.open(dir)
  try {
    const gone = store.missing()
    for (const entry of gone) await store.settle(entry)
    // The next start writes down the keys that are there.
    for await (const { key } of store.list(KEYS_TABLE))
      await store.write([{ kind: 'del', table: KEYS_TABLE, key }], { sync: true })
    cli.output.answer({ gone }, () =>
      facts([['gone', gone.length === 0 ? 'nothing was missing' : gone.map(entry => JSON.stringify(entry))]])
    )
  } finally {
    await store.close()
  }
}
