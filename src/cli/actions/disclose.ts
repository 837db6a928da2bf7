// `parley disclose`: a sealed artifact in part. Nothing is written that was not printed first, and nothing without
// a person's name; what is written is recorded in the home. protocols/documents, DOC-23 and DOC-24.
import { join } from 'node:path'
import type { FormJson } from '../../artifacts/form.ts'
import { type ArtifactKind, fieldsOf } from '../../artifacts/layouts.ts'
import { type SealedArtifact, settle, verifySealed } from '../../artifacts/sealed.ts'
import { type Audience, type Grid, makeView, parseGrid } from '../../artifacts/view.ts'
import { homePaths } from '../../node/home/directory.ts'
import { createFile, ensureFolder } from '../../node/home/file.ts'
import { openHome } from '../../node/home/home.ts'
import type { CompanyJson } from '../../node/surface/company-json.ts'
import type { ParleyNode } from '../../node/surface/parley-node.ts'
import { fromUtf8, toHex, utf8 } from '../../wire/bytes.ts'
import { sha256 } from '../../wire/hash.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Reject, isReject } from '../../wire/reject.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { readBytes, writeNew } from '../files.ts'
import { findCompany } from '../find.ts'
import { byteCount, facts, inline, visible } from '../text.ts'
import { kindOf } from './artifact.ts'
import { readSealed } from './sealed.ts'

/** Seven kinds with all of their fields have a tenth of this. */
const GRID_BYTES_MAX = 65_536

export interface DiscloseOptions {
  to: string
  fields: string
  grid: string
  write?: string
  by?: string
}

export async function disclose(cli: Cli, path: string, options: DiscloseOptions): Promise<void> {
  const { by, write } = options
  if (write !== undefined && (by ?? '').trim() === '')
    throw usage('writing a view needs the name of a person', 'Add --by "Your name".')
  const gridBytes = await readBytes(options.grid, GRID_BYTES_MAX)
  const grid = readGrid(gridBytes, options.grid)
  const { sealed: inspected, known } = await readSealed(cli, path, [])
  const sealed = settle(inspected)
  if (isReject(sealed)) throw refused(sealed, `Run parley verify ${path}`)
  await withNode(cli, async node => {
    const to = await findCompany(node, options.to)
    const audience = await audienceOf(node, to, sealed)
    const wanted = options.fields.split(',').map(field => field.trim())
    const view = makeView(sealed, wanted, grid, audience)
    if (isReject(view)) throw refusalOf(view, to, audience)
    const told = {
      to: to.did,
      fields: view.fields,
      bytes: view.bytes.length,
      sha256: toHex(sha256(view.bytes))
    }
    // As the recipient reads it: should it say anything else, nothing leaves.
    const shown = verifySealed(view.bytes, known)
    if (isReject(shown)) throw refused(shown, 'Nothing was written.')
    const { content } = shown
    if (write === undefined) return preview(cli, view.bytes, { ...told, content }, to)
    const record = {
      ...told,
      artifact: sealed.id,
      at: Date.now(),
      by,
      grid: toHex(sha256(gridBytes)),
      kind: sealed.kind
    }
    // First: a view that is out and not recorded is worse than a record of one that never was.
    const recorded = await keep(cli, record, told.sha256)
    await writeNew(write, [view.bytes])
    cli.output.answer({ ...record, file: write, recorded }, () =>
      facts([
        ['file', `${write} (${byteCount(view.bytes.length)})`],
        ['to', to.legalName],
        ['fields', view.fields.join(', ')],
        ['by', by],
        ['recorded', recorded]
      ])
    )
  })
}

interface Told {
  fields: string[]
  content: FormJson
}

/** The exact bytes on standard output, and beside them what can be read in them. */
function preview({ output }: Cli, bytes: Uint8Array, told: Told, to: CompanyJson): void {
  if (output.json) output.answer({ ...told, file: fromUtf8(bytes) }, () => '')
  else output.content(fromUtf8(bytes))
  const shown = visible(JSON.stringify(told.content, null, 2))
  output.note(`\nThese ${byteCount(bytes.length)} would go to ${inline(to.legalName)}, and say:\n${shown}`)
  output.note('Nothing was written. To write it, add --write FILE --by "Your name".')
}

/** What is shared-confidential is for parties of the artifact's space whose words were compared. */
async function audienceOf(node: ParleyNode, to: CompanyJson, { source }: SealedArtifact): Promise<Audience> {
  const spaces = await node.spaces()
  const space = spaces.find(({ id }) => id === source?.space)
  const isParty = space?.parties.some(
    ({ company, accepted, frozen }) => company.did === to.did && accepted && !frozen
  )
  const peers = await node.peers()
  const isConfirmed = peers.some(({ company, confirmed }) => company.did === to.did && confirmed)
  return isParty && isConfirmed ? 'shared-confidential' : 'public'
}

function refusalOf({ code, detail }: Reject, to: CompanyJson, audience: Audience): NodeError {
  if (code === 'disclosure-field') {
    return new NodeError('field-unknown', detail, '`parley verify FILE --content` shows what is in the file.')
  }
  const may = audience === 'public' ? 'only what is public' : 'what is public or shared-confidential'
  const next = 'Change the grid if that is decided, or leave these fields out. (DOC-23, DOC-6)'
  return new NodeError('policy-disclosure', `${inline(to.legalName)} may see ${may}: ${inline(detail)}`, next)
}

function refused({ code, detail }: Reject, next: string): NodeError {
  return new NodeError('sealed-refused', `${code}: ${inline(detail)}`, next)
}

function readGrid(bytes: Uint8Array, path: string): Grid {
  const next = 'parley grid KIND prints one to begin with.'
  let json: unknown
  try {
    json = JSON.parse(fromUtf8(bytes))
  } catch {
    throw usage(`${path} is not JSON`, next)
  }
  const grid = parseGrid(json)
  if (isReject(grid)) throw usage(`${path}: ${inline(grid.detail)}`, next)
  return grid
}

/** One file for each, new and synced. @returns its path */
async function keep(cli: Cli, record: { at: number }, digest: string): Promise<string> {
  const { disclosures } = homePaths((await openHome(cli.home)).dir)
  await ensureFolder(disclosures)
  const path = join(disclosures, `${record.at}-${digest.slice(0, 12)}.json`)
  await createFile(path, utf8(`${JSON.stringify(record)}\n`))
  return path
}

export async function printGrid(cli: Cli, typed: string): Promise<void> {
  const kind: ArtifactKind = kindOf(typed)
  const grid = { [kind]: Object.fromEntries(fieldsOf(kind).map(field => [field, 'private'])) }
  cli.output.answer(grid, () => JSON.stringify(grid, null, 2))
}
