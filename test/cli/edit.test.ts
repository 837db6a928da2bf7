// `parley edit` in an editor: what the transcripts cannot show, since they have no terminal.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { edit } from '../../src/cli/actions/edit.ts'
import type { Cli } from '../../src/cli/cli.ts'
import { Output } from '../../src/cli/output.ts'
import type {
  ArtifactJson,
  DocumentJson,
  FrontierJson,
  ParleyNode,
  PartJson
} from '../../src/node/surface/parley-node.ts'
import { isNodeError, NodeError } from '../../src/wire/node-error.ts'

const ID = 'e4a02d21ed1536cdcfdb8d14083c7b89'
const OPENED: FrontierJson = { heads: [{ client: 5, seq: 2, id: 'aa' }] }

/** `part`: where it goes to. */
interface Edit {
  part: string
  base: FrontierJson
  text: string
}

/** A node with one document, which takes edits or fails. */
function nodeWith(text: string, failure?: Error): { cli: Cli; edits: Edit[] } {
  const edits: Edit[] = []
  const document: DocumentJson = {
    artifact: ID,
    facet: 'f',
    kind: 'StandardsDoc.v1',
    class: 'private',
    text,
    fields: {},
    frontier: OPENED,
    structRoot: ''
  }
  const node: Partial<ParleyNode> = {
    artifacts: () => Promise.resolve([{ id: ID, title: 'Naming', facets: [] as PartJson[] } as ArtifactJson]),
    read: () => Promise.resolve(document),
    editText: (part, change) => {
      edits.push({ part, ...change })
      return failure ? Promise.reject(failure) : Promise.resolve(document)
    },
    close: () => Promise.resolve()
  }
  const cli = {
    output: new Output({ json: false, quiet: true }),
    node: () => Promise.resolve(node as ParleyNode)
  }
  return { cli: cli as Cli, edits }
}

const terminal = process.stdin.isTTY
beforeEach(() => {
  process.stdin.isTTY = true
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
})
afterEach(() => {
  process.stdin.isTTY = terminal
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

test('the new text goes back with the point in history that was opened', async () => {
  const seen = join(mkdtempSync(join(tmpdir(), 'parley-test-')), 'seen')
  vi.stubEnv('VISUAL', `sh -c 'echo more >> "$1"; echo "$1" > ${seen}' editor`)
  const { cli, edits } = nodeWith('some\n')
  await edit(cli, ID.slice(0, 6), {})
  expect(existsSync(readFileSync(seen, 'utf8').trim())).toBe(false)
  rmSync(dirname(seen), { recursive: true })
  expect(edits).toEqual([{ part: 'f', base: OPENED, text: 'some\nmore\n' }])
})

test('an editor that adds only the newline at the end changes nothing', async () => {
  vi.stubEnv('VISUAL', `sh -c 'echo >> "$1"' editor`)
  const { cli, edits } = nodeWith('no newline')
  await edit(cli, 'Naming', {})
  expect(edits).toEqual([])
})

test('a save that fails keeps the text and what it was made from, and says how to try again', async () => {
  vi.stubEnv('VISUAL', `sh -c 'echo mine > "$1"' editor`)
  const { cli } = nodeWith('theirs', new NodeError('not-running', 'the node is gone', 'Start it.'))
  const error: unknown = await edit(cli, ID, {}).catch((thrown: unknown) => thrown)
  if (!isNodeError(error, 'not-running')) throw new Error('the failure was not told')
  const [, path] = /kept in (\S+\.md)\./.exec(error.next) ?? []
  const [, base] = /--base (\S+)$/.exec(error.next) ?? []
  expect(readFileSync(path as string, 'utf8')).toBe('mine\n')
  expect(JSON.parse(readFileSync(base as string, 'utf8'))).toEqual(OPENED)

  const later = nodeWith('theirs')
  await edit(later.cli, ID, { file: path as string, base: base as string })
  expect(later.edits).toEqual([{ part: 'f', base: OPENED, text: 'mine\n' }])
})

test('an editor that fails, or leaves what is no text, loses nothing either', async () => {
  for (const script of ['echo mine > "$1"; exit 3', String.raw`printf "\377" > "$1"`]) {
    vi.stubEnv('VISUAL', `sh -c '${script}' editor`)
    const { cli, edits } = nodeWith('theirs')
    const error: unknown = await edit(cli, ID, {}).catch((thrown: unknown) => thrown)
    if (!isNodeError(error)) throw new Error('the failure was not told')
    const [, path] = /kept in (\S+\.md)\./.exec(error.next) ?? []
    expect(existsSync(path as string)).toBe(true)
    expect(edits).toEqual([])
  }
})
