// `parley edit`: the text in an editor, or from a file or a pipe. The save is applied as a change made at the point
// in history that was opened, so what peers wrote meanwhile stays; and nothing that was typed is ever lost.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DocumentJson, FrontierJson, ParleyNode } from '../../node/surface/parley-node.ts'
import { quotePath } from '../../node/home/directory.ts'
import { createFile } from '../../node/home/file.ts'
import { utf8 } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { findArtifact, shortId } from '../find.ts'
import { readText } from '../files.ts'
import { classOf } from './artifact.ts'

export interface EditOptions {
  class?: string
  stdin?: boolean
  file?: string
  base?: string
}

export async function edit(cli: Cli, typed: string, options: EditOptions): Promise<void> {
  const dataClass = options.class === undefined ? undefined : classOf(options.class)
  const source = options.file ?? (options.stdin === true || !process.stdin.isTTY ? '-' : undefined)
  if (source === undefined && options.base !== undefined) {
    throw usage('--base goes with --file or --stdin', 'Leave it out: the editor opens what is there now.')
  }
  // What is piped in is read before anything else can fail, so that a file can be kept of it.
  const text = source === undefined ? undefined : await readText(source)
  if (text === '' && options.stdin !== true) {
    throw usage(
      'the new text is empty',
      'If it is meant to be, give it with --stdin; otherwise run this on a terminal.'
    )
  }
  const base = options.base === undefined ? undefined : parseBase(await readText(options.base), options.base)
  await withNode(cli, async node => {
    const { id } = await findArtifact(node, typed)
    const opened = await node.read(id, dataClass && { class: dataClass })
    if (text === undefined) await editInEditor(cli, node, opened)
    else await save(cli, node, opened, { base: base ?? opened.frontier, text })
  })
}

/** What `show --json` printed, or the frontier in it. */
function parseBase(text: string, path: string): FrontierJson {
  const value = parseJson(text)
  const frontier = value?.frontier ?? value
  if (Array.isArray(frontier?.heads)) return { heads: frontier.heads }
  throw usage(`${path} is no document that was opened`, 'Give what `parley show ID --json` printed.')
}

function parseJson(text: string): Partial<FrontierJson & DocumentJson> | undefined {
  try {
    return JSON.parse(text) as Partial<FrontierJson & DocumentJson>
  } catch {
    return undefined // no base either way
  }
}

async function save(
  cli: Cli,
  node: ParleyNode,
  opened: DocumentJson,
  { base, text }: { base: FrontierJson; text: string }
): Promise<void> {
  const after = await node.editText(opened.facet, { base, text })
  cli.output.answer(after, () => `Saved ${shortId(opened.artifact)}.`)
}

async function editInEditor(cli: Cli, node: ParleyNode, opened: DocumentJson): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-edit-')) // mode 0700
  const path = join(folder, `${shortId(opened.artifact)}.md`)
  await createFile(path, utf8(opened.text))
  try {
    await runEditor(path)
    const text = withoutAddedNewline(opened.text, await readText(path))
    if (text === opened.text) cli.output.note('Nothing was changed.')
    else await save(cli, node, opened, { base: opened.frontier, text })
  } catch (error) {
    throw await keep(error, opened, path)
  }
  await rm(folder, { recursive: true, force: true })
}

/** Editors end a file with a newline; where there was none, that is nobody's edit. */
function withoutAddedNewline(before: string, after: string): string {
  return !before.endsWith('\n') && after.endsWith('\n') ? after.slice(0, -1) : after
}

/** The text and what it was made from stay in the temporary folder, and the error says how to go on. */
async function keep(error: unknown, opened: DocumentJson, path: string): Promise<NodeError> {
  const base = `${path}.base.json`
  await createFile(base, utf8(JSON.stringify(opened.frontier)))
  const again = `parley edit ${shortId(opened.artifact)} --class ${opened.class} --file ${quotePath(path)} --base ${quotePath(base)}`
  const code = error instanceof NodeError ? error.code : 'edit-failed'
  const message = `not saved: ${(error as Error).message}`
  return new NodeError(code, message, `Your text is kept in ${path}. To save it: ${again}`, error)
}

async function runEditor(path: string): Promise<void> {
  const editor =
    process.env['VISUAL'] || process.env['EDITOR'] || (process.platform === 'win32' ? 'notepad' : 'vi')
  // As git does: the variable may hold arguments, so a shell splits it, and the path comes in beside it.
  const [command, args] =
    process.platform === 'win32' ? [`${editor} "${path}"`, []] : ['sh', ['-c', `${editor} "$1"`, 'sh', path]]
  const child = spawn(command, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (status !== 0) {
    throw new NodeError(
      'editor-failed',
      `the editor (${editor}) ended with ${status ?? 'a signal'}`,
      'Set EDITOR.'
    )
  }
}
