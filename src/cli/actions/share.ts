// `parley share`: content of an artifact on its way to a wider class. The exact bytes first, and who would get them;
// written only under their digest and a person's name. protocols/artifacts, ART-15 to ART-18.
import { quotePath } from '../../node/home/directory.ts'
import type { ShareJson, ShareReaderJson } from '../../node/surface/share-json.ts'
import { utf8 } from '../../wire/bytes.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { findArtifact, findSpace, shortId } from '../find.ts'
import { byteCount, facts, inline } from '../text.ts'
import { classOf } from './artifact.ts'

export interface ShareCommandOptions {
  class: string
  from?: string
  space?: string
  fields?: string
  approve?: string
  by?: string
}

export async function share(cli: Cli, typed: string, options: ShareCommandOptions): Promise<void> {
  const { approve, by = '' } = options
  if (approve !== undefined && by.trim() === '')
    throw usage('sharing needs the name of a person', 'Add --by "Your name".')
  if (approve === undefined && by !== '')
    throw usage(
      '--by goes with --approve',
      'Look first, without both; then approve the digest that is printed.'
    )
  const wanted = classOf(options.class)
  const from = options.from === undefined ? undefined : classOf(options.from)
  const fields = options.fields?.split(',').map(field => field.trim())
  await withNode(cli, async node => {
    const { id } = await findArtifact(node, typed)
    const space = options.space === undefined ? undefined : (await findSpace(node, options.space)).id
    const asked = {
      class: wanted,
      ...(from && { from }),
      ...(space !== undefined && { space }),
      ...(fields && { fields })
    }
    if (approve === undefined) {
      const preview = await node.previewShare(id, asked)
      return show(cli, preview, `parley share ${shortId(id)} ${repeat(options)}`)
    }
    const artifact = await node.approveShare(id, { ...asked, digest: approve, by })
    const made = artifact.facets.find(part => part.class === wanted)
    cli.output.answer(artifact, () =>
      facts([
        ['shared', artifact.id],
        ['class', wanted],
        ['space', made?.spaceTitle],
        ['digest', approve],
        ['by', by]
      ])
    )
    cli.output.note(
      `From here on each part is edited by itself: parley edit ${shortId(id)} --class ${wanted}`
    )
  })
}

/** The same options again, for a shell. */
function repeat(options: ShareCommandOptions): string {
  const names = ['class', 'from', 'space', 'fields'] as const
  return names
    .flatMap(name => {
      const value = options[name]
      return value === undefined ? [] : [`--${name} ${quotePath(value)}`]
    })
    .join(' ')
}

/** The bytes alone on standard output; beside them all that a person decides by. */
function show({ output }: Cli, preview: ShareJson, command: string): void {
  const { content, digest, unseen, faults, from, spaceTitle, kind, parties, agreement } = preview
  output.answer(preview, () => '')
  if (!output.json) output.content(content)
  const size = byteCount(utf8(content).length)
  output.note(`\nThese ${size} of a ${from} ${kind} would become ${preview.class} in ${inline(spaceTitle)}.`)
  const public_ = preview.class === 'public' ? ['any party of the space, also one that joins later'] : []
  output.note(
    facts([
      ['who gets it', [...public_, ...parties.map(readerLine)]],
      ['under', agreement ? clauseOf(agreement, preview) : 'no agreement is in force'],
      ['begins', 'with this content, under the name of who shares; its history so far stays where it is'],
      ['cannot be', 'taken back: what others have received stays with them'],
      ['digest', digest]
    ])
  )
  if (!parties.some(({ gets }) => gets !== 'not-now'))
    output.note('It would be made, and go to nobody as things stand.')
  const narrower = kind === 'PeerAgreement.v1' ? [] : (agreement?.narrower ?? [])
  if (narrower.length > 0)
    output.warn(`the agreement does not give these the class ${preview.class}: ${narrower.join(', ')}`)
  for (const line of unseen) output.warn(`characters that are not seen, in ${inline(line)}`)
  for (const line of faults) output.warn(`could not be sealed: ${inline(line)}`)
  output.note(`Nothing was written. To share it: ${command} --approve ${digest} --by "Your name"`)
}

function readerLine({ company, gets, rule, reason }: ShareReaderJson): string {
  const name = company.legalName || company.did
  if (gets === 'now') return `${name}: at once`
  if (gets === 'on-connecting') return `${name}: as soon as a node of theirs connects`
  return `${name}: not now (${rule}: ${reason})`
}

function clauseOf(agreement: NonNullable<ShareJson['agreement']>, preview: ShareJson): string[] {
  const { revision, title, kinds, classes, topics } = agreement
  return [
    `${title}, revision ${shortId(revision)}: ${kinds.join(', ')}; ${classes.join(', ')}`,
    ...(topics.length > 0 ? [`topics: ${topics.join(', ')}`] : []),
    coverOf(agreement.covers, preview)
  ]
}

function coverOf(covers: boolean, { kind, class: wanted }: ShareJson): string {
  if (kind === 'PeerAgreement.v1') return 'the draft of an agreement needs none (POL-17)'
  if (covers) return 'its scope covers this (AGR-17)'
  const what = `its scope does not name what is ${wanted} of a ${kind}`
  return wanted === 'public' ? `${what}; what is public flows under any (POL-17)` : `${what} (AGR-17)`
}
