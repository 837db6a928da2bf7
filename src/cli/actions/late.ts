// `parley late`: what keys of this company wrote that does not count, and what becomes of it (SPC-15).
import type { LateJson } from '../../node/surface/history-json.ts'
import { type Cli, withNode } from '../cli.ts'
import { shortId } from '../find.ts'
import { dateTime, facts, plural, table, visible } from '../text.ts'

export async function listLate(cli: Cli): Promise<void> {
  await withNode(cli, async node => {
    const all = await node.late()
    cli.output.answers(all, () =>
      table(
        ['late', 'until (claimed)', 'signed by', 'envelopes', 'why', 'artifact', 'title'],
        all.map(({ id, at, role, holder, envelopes, state, artifact, title }) => [
          shortId(id),
          dateTime(at),
          `${role} ${holder}`,
          String(envelopes),
          state,
          shortId(artifact),
          title
        ])
      )
    )
    const [first] = all
    cli.output.note(
      first ? `Next: parley late show ${shortId(first.id)}` : 'Nothing waits: no late work of your company.'
    )
  })
}

export async function showLate(cli: Cli, typed: string): Promise<void> {
  await withNode(cli, async node => {
    const late = await node.lateText(typed)
    cli.output.answer(late, () =>
      [
        facts([
          ['late', late.id],
          ['artifact', `${shortId(late.artifact)} ${late.title}`],
          ['space', late.spaceTitle],
          ['signed by', `${late.role} ${late.holder}, ${late.key}`],
          ['why', WHY[late.state]],
          ['written', `${plural(late.envelopes, 'envelope')} until ${dateTime(late.at)} (claimed)`],
          ['takes away', late.deleted === 0 ? undefined : plural(late.deleted, 'character')],
          ['sets', late.fields.length === 0 ? undefined : late.fields.join(', ')]
        ]),
        ...late.inserted
          .flatMap(text => visible(text).replace(/\n$/, '').split('\n'))
          .map(line => `  + ${line}`)
      ].join('\n')
    )
    const id = shortId(late.id)
    cli.output.note(`Next: parley late adopt ${id}, or parley late drop ${id}. Both are for good.`)
  })
}

const WHY: { [state in LateJson['state']]: string } = {
  counts: 'it counts',
  cut: 'written beyond the cut of its key',
  losing: 'on a branch that lost: two copies of one home wrote',
  orphaned: 'it builds on what does not count'
}

export async function adoptLate(cli: Cli, typed: string): Promise<void> {
  await withNode(cli, async node => {
    const { id, role, holder, artifact } = await node.lateText(typed)
    await node.adopt(id)
    cli.output.answer(
      { adopted: id, artifact },
      () =>
        `Adopted: it is written again in ${shortId(artifact)} under your key, and the log names ${visible(`${role} ${holder}`)}.`
    )
  })
}

export async function dropLate(cli: Cli, typed: string): Promise<void> {
  await withNode(cli, async node => {
    const { id, artifact } = await node.lateText(typed)
    await node.drop(id)
    cli.output.answer(
      { dropped: id, artifact },
      () =>
        `Dropped: it stays out. It can still be read: parley show ${shortId(artifact)} --draft ${shortId(id)}`
    )
  })
}
