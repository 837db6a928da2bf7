// Artifacts: made, listed, shown, changed field by field, and who wrote what.
import { formOf } from '../../artifacts/form.ts'
import { ARTIFACT_KINDS, type ArtifactKind } from '../../artifacts/layouts.ts'
import type { DraftJson, DraftTextJson, LogLineJson } from '../../node/surface/history-json.ts'
import type { ArtifactJson, DocumentJson, PassageJson } from '../../node/surface/parley-node.ts'
import type { DataClass } from '../../wire/data-class.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { findPart, findSpace, shortId } from '../find.ts'
import { readText } from '../files.ts'
import { dateTime, inline, nearest, table, visible } from '../text.ts'

const CLASSES: readonly DataClass[] = ['private', 'shared-confidential', 'public']

/** @throws NodeError `usage` */
export function classOf(text: string): DataClass {
  const found = CLASSES.find(name => name === text)
  if (found) return found
  throw usage(`there is no data class ${inline(text)}`, `The classes are ${CLASSES.join(', ')}.`)
}

export interface NewOptions {
  title: string
  class?: string
  space?: string
  text?: string
}

export async function create(cli: Cli, typed: string, options: NewOptions): Promise<void> {
  const kind = kindOf(typed)
  const dataClass = classOf(options.class ?? 'private')
  const text = options.text === undefined ? undefined : await readText(options.text)
  await withNode(cli, async node => {
    const space = options.space === undefined ? undefined : (await findSpace(node, options.space)).id
    const artifact = await node.createArtifact({
      kind,
      title: options.title,
      class: dataClass,
      ...(space !== undefined && { space }),
      ...(text !== undefined && { text })
    })
    cli.output.answer(artifact, () => artifact.id)
    if (options.class === undefined)
      cli.output.note('Private: it never leaves your company. --class shared-confidential shares.')
    if (dataClass === 'shared-confidential')
      for (const { heldBack } of await node.why(artifact.id))
        for (const reason of heldBack) cli.output.note(`Held back: ${inline(reason)}`)
    cli.output.note(`Next: parley edit ${shortId(artifact.id)}`)
  })
}

/** `StandardsDoc` and `standardsdoc.v1` both mean `StandardsDoc.v1`. @throws NodeError `artifact-kind` */
export function kindOf(typed: string): ArtifactKind {
  const wanted = typed.toLowerCase()
  const kind = ARTIFACT_KINDS.find(name =>
    [name, name.replace(/\.v\d+$/, '')].some(text => text.toLowerCase() === wanted)
  )
  if (kind) return kind
  const near = nearest(
    typed,
    ARTIFACT_KINDS.flatMap(name => [name, name.replace(/\.v\d+$/, '')])
  )
  const all = `The kinds are ${ARTIFACT_KINDS.join(', ')}.`
  const next = near === undefined ? all : `Did you mean ${near}? ${all}`
  throw new NodeError('artifact-kind', `there is no artifact kind ${inline(typed)}`, next)
}

export async function list(cli: Cli, options: { space?: string }): Promise<void> {
  await withNode(cli, async node => {
    const space = options.space === undefined ? undefined : (await findSpace(node, options.space)).id
    const artifacts = (await node.artifacts()).filter(
      ({ facets }) => space === undefined || facets.some(part => part.space === space)
    )
    cli.output.answers(artifacts, () =>
      table(
        ['id', 'kind', 'title', 'space', 'class', 'envelopes'],
        artifacts.map(artifact => [shortId(artifact.id), artifact.kind, artifact.title, ...parts(artifact)])
      )
    )
    for (const { id, facets } of artifacts) {
      for (const { readOnly } of facets) {
        if (readOnly !== undefined) cli.output.warn(`${shortId(id)} cannot be written: ${inline(readOnly)}`)
      }
    }
    if (artifacts.length === 0) cli.output.note('There is nothing here yet: parley new KIND --title "..."')
  })
}

/** Where the parts are, their classes and sizes. */
function parts({ facets }: ArtifactJson): string[] {
  const spaces = [...new Set(facets.map(({ space }) => space))]
  return [
    spaces.map(id => facets.find(({ space }) => space === id)?.spaceTitle).join(', '),
    facets.map(facet => facet.class).join(', '),
    facets.map(facet => facet.envelopes).join(', ')
  ]
}

export interface ShowOptions {
  form?: boolean
  class?: string
  drafts?: boolean
  draft?: string
  fields?: boolean
  passages?: boolean
}

export async function show(cli: Cli, typed: string, options: ShowOptions): Promise<void> {
  const dataClass = options.class === undefined ? undefined : classOf(options.class)
  await withNode(cli, async node => {
    const id = await findPart(node, typed, dataClass)
    if (options.drafts === true) return showDrafts(cli, id, await node.drafts(id))
    if (options.draft !== undefined) {
      return showDocument(cli, await node.draft(id, options.draft), options.fields === true)
    }
    if (options.passages === true) return showPassages(cli, await node.passages(id))
    const document = await node.read(id)
    if (options.form === true) showForm(cli, document)
    else showDocument(cli, document, options.fields === true)
  })
}

/** Branches that do not count, each with the digits to give to --draft. */
function showDrafts({ output }: Cli, artifact: string, drafts: DraftJson[]): void {
  output.answers(drafts, () =>
    table(
      ['draft', 'until (claimed)', 'company', 'signed by', 'class', 'envelopes', 'why'],
      drafts.map(({ id, at, company, role, holder, class: dataClass, lost, state }) => {
        return [shortId(id), dateTime(at), company, `${role} ${holder}`, dataClass, String(lost), state]
      })
    )
  )
  const [first] = drafts
  output.note(
    first
      ? `Next: parley show ${shortId(artifact)} --draft ${shortId(first.id)} prints its text. Nothing of it is in the document.`
      : 'Nothing was lost: every envelope counts.'
  )
}

function showDocument({ output }: Cli, document: DocumentJson | DraftTextJson, fields: boolean): void {
  if (output.json) output.answer(document, () => '')
  else if (fields) output.content(`${JSON.stringify(document.fields, null, 2)}\n`)
  else output.content(document.text)
}

/** What sealing would sign, and what stands in its way. */
function showForm({ output }: Cli, { kind, text, fields }: DocumentJson): void {
  const { json, faults } = formOf(kind as ArtifactKind, { ...fields, text })
  if (output.json) return output.answer({ form: json, faults }, () => '')
  output.content(`${JSON.stringify(json, null, 2)}\n`)
  for (const { path, detail } of faults) output.warn(`cannot be sealed: ${inline(`${path}: ${detail}`)}`)
}

/** Each stretch of the text under the name of the key that signed it. */
function showPassages({ output }: Cli, passages: PassageJson[]): void {
  output.answers(passages, () =>
    passages
      .map(({ text, company, role, holder }) => {
        const lines = visible(text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
        return [`${inline(company)}, ${role} ${inline(holder)}:`, ...lines.map(line => `  | ${line}`)].join(
          '\n'
        )
      })
      .join('\n')
  )
}

export interface PartOptions {
  class?: string
}

export async function setFields(
  cli: Cli,
  typed: string,
  assignments: string[],
  options: PartOptions
): Promise<void> {
  const dataClass = options.class === undefined ? undefined : classOf(options.class)
  const fields = Object.fromEntries(assignments.map(parseAssignment))
  await withNode(cli, async node => {
    const id = await findPart(node, typed, dataClass)
    const document = await node.setFields(id, fields)
    cli.output.answer(document, () => `Set ${Object.keys(fields).join(', ')}.`)
  })
}

/** `path=text`, or `path:=json` for numbers, true, null and lists. */
function parseAssignment(text: string): [string, unknown] {
  const [, path, colon, value] = /^([^=:]+)(:?)=([^]*)$/.exec(text) ?? []
  if (path === undefined || value === undefined) {
    throw usage(
      `${inline(text)} is no path=value`,
      'For instance: meta.title="A title", or meta.noticeDays:=30'
    )
  }
  if (colon === '') return [path, value]
  try {
    return [path, JSON.parse(value)]
  } catch {
    throw usage(`what follows ${path}:= is not JSON`, `For text write ${path}=..., with one sign.`)
  }
}

export async function log(cli: Cli, typed: string, options: PartOptions): Promise<void> {
  const dataClass = options.class === undefined ? undefined : classOf(options.class)
  await withNode(cli, async node => {
    const id = await findPart(node, typed, dataClass)
    const lines = await node.log(id)
    cli.output.answers(lines, () =>
      table(['when (claimed)', 'company', 'signed by', 'what', 'envelope'], lines.map(logRow))
    )
    if (lines.some(({ state }) => state !== 'counts'))
      cli.output.note(
        `Some of this does not count; it can still be read: parley show ${shortId(id)} --drafts`
      )
  })
}

function logRow(line: LogLineJson): string[] {
  const { at, company, role, holder, inserted, deleted, fields, id } = line
  const did = [
    inserted === ''
      ? ''
      : `+ ${JSON.stringify(inserted.length > 48 ? `${inserted.slice(0, 48)}...` : inserted)}`,
    deleted === 0 ? '' : `- ${deleted}`,
    fields.length === 0 ? '' : `set ${fields.join(', ')}`,
    line.state === 'counts' ? '' : `(${line.state})`,
    line.adoptedFrom ? `(adopted from ${line.adoptedFrom.role} ${line.adoptedFrom.holder})` : ''
  ]
  return [dateTime(at), company, `${role} ${holder}`, did.filter(part => part !== '').join('  '), shortId(id)]
}
