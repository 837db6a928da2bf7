// `parley export` and `import`: an artifact as one file, for where no connection reaches.
import type { Cli } from '../cli.ts'
import { usage, withNode } from '../cli.ts'
import { findPart, shortId } from '../find.ts'
import { chunks, writeNew } from '../files.ts'
import { byteCount, inline, plural } from '../text.ts'
import { NodeError } from '../../wire/node-error.ts'
import { classOf } from './artifact.ts'

/** Nobody can be asked for what a bundle lacks, so it is not stored; peers send it once they are connected. */
const KEPT = 'parley why shows it, and it goes on when that comes. After a restart, import again.'

export interface ExportOptions {
  class?: string
  output?: string
}

export async function exportArtifact(cli: Cli, typed: string, options: ExportOptions): Promise<void> {
  const dataClass = options.class === undefined ? undefined : classOf(options.class)
  await withNode(cli, async node => {
    const id = await findPart(node, typed, dataClass)
    const path = options.output ?? `${shortId(id)}.parley`
    const bundle = node.exportArtifact(id)
    if (path === '-') {
      if (process.stdout.isTTY) throw usage('a bundle is not for a terminal', 'Give -o FILE.')
      for await (const part of bundle) process.stdout.write(part)
      return
    }
    const progress = cli.output.progress('Exporting')
    const bytes = await writeNew(path, bundle, done => progress.at(byteCount(done))).finally(() =>
      progress.end()
    )
    cli.output.answer({ file: path, bytes }, () => `${path} (${byteCount(bytes)})`)
  })
}

export async function importBundle(cli: Cli, path: string): Promise<void> {
  await withNode(cli, async node => {
    const progress = cli.output.progress('Importing')
    const taken = await node
      .importBundle(watched(chunks(path), bytes => progress.at(byteCount(bytes))))
      .finally(() => progress.end())
    cli.output.answer(taken, () => {
      const { artifacts, envelopes } = taken
      return `Took in ${plural(envelopes, 'new envelope')} of ${artifacts.map(shortId).join(', ') || 'nothing here'}.`
    })
    if (taken.waiting > 0) {
      const what = plural(taken.waiting, 'envelope waits', 'envelopes wait')
      cli.output.warn(`${what} for ${inline(taken.waitsFor.join(', '))}; ${KEPT}`)
    }
    if (taken.refused > 0) {
      const next =
        'What was refused is in the log of the node, each with its code. Ask the sender for a new export.'
      throw new NodeError(
        'import-refused',
        `${plural(taken.refused, 'envelope was', 'envelopes were')} refused`,
        next
      )
    }
  })
}

async function* watched(
  from: AsyncIterable<Uint8Array>,
  progress: (bytes: number) => void
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const part of from) {
    progress((bytes += part.length))
    yield part
  }
}
