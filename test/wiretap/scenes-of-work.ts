// What honest companies do with each other, and what of it nobody else may learn. test/wiretap/README.md.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../scripts/company-process.ts'
import { ARTIFACT_KINDS } from '../../src/artifacts/layouts.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { createBackup } from '../../src/node/home/backup.ts'
import { restoreBackup } from '../../src/node/home/restore.ts'
import { openHome } from '../../src/node/home/home.ts'
import { createWord } from './canary.ts'
import { secondNode } from './opening.ts'
import { ask, tellOf } from './scenes-of-deciding.ts'
import type { Name, NodeName } from './company.ts'
import { type World, always } from './world.ts'

const JOINT: Name[] = ['Acme', 'Borealis', 'Elara']
const CLASSES: DataClass[] = ['private', 'shared-confidential', 'public']
/** No kind has more places. */
const WORDS_MAX = 80

function readersOf(dataClass: DataClass, parties: Name[]): Name[] {
  return dataClass === 'private' ? ['Acme'] : parties
}

/** Which nodes must come to show what these companies may have. */
function nodesOf(readers: readonly Name[]): NodeName[] {
  return [...(readers as NodeName[]), 'Acme again']
}

export async function appear(
  world: World,
  artifact: string,
  words: string[],
  readers: readonly Name[]
): Promise<void> {
  for (const node of nodesOf(readers)) await world.shown(node, artifact, words)
}

export function spaceOf(world: World, key: string): string {
  const id = world.spaces.get(key)
  if (id === undefined) throw new Error(`no space ${key}`)
  return id
}

/** Every kind in every class, with a word in each text, field, record id and key. */
export async function documents(world: World): Promise<void> {
  const { side } = world.at('Acme')
  for (const kind of ARTIFACT_KINDS) {
    for (const dataClass of CLASSES) {
      const readers = readersOf(dataClass, JOINT)
      const { id, title } = await world.write('Acme', dataClass, readers, {
        space: spaceOf(world, 'joint'),
        kind
      })
      await appear(world, id, [title], readers)
      await side.call('edit', id)
      const words = Array.from({ length: WORDS_MAX }, createWord)
      const used = words.slice(0, await side.call('fill', { artifact: id, kind, words }))
      const rule = dataClass === 'shared-confidential' ? 'shared' : dataClass
      for (const word of used) world.plant(rule, `content of a ${dataClass} ${kind}`, word, always(readers))
      await appear(world, id, used, readers)
    }
  }
  const home = (await world.api('Acme').spaces()).find(space => space.home)
  const { id, title } = await world.write('Acme', 'private', ['Acme'], { space: home?.id as string })
  await appear(world, id, [title], ['Acme'])
  const far = await world.write('Acme', 'shared-confidential', ['Acme', 'Cygnus'], {
    space: spaceOf(world, 'far')
  })
  await appear(world, far.id, [far.title], ['Acme', 'Cygnus'])
}

/** A part of a private document becomes shared: what was taken arrives, and the rest of it stays unheard of. */
export async function sharing(world: World): Promise<void> {
  const home = (await world.api('Acme').spaces()).find(space => space.home)?.id as string
  const kind = 'JointInitiativePlan.v1'
  const { id, title } = await world.write('Acme', 'private', ['Acme'], { space: home, kind, text: '\n' })
  const beside = ['a field', 'the name of a record', 'a field of a record', 'the text']
  const [kept, record, other, text] = beside.map(what =>
    world.word('private', `${what} that was not shared`, ['Acme'])
  ) as [string, string, string, string]
  const given = world.word('shared', 'what was shared', ['Acme'])
  await world.api('Acme').setFields(id, {
    'meta.goal': given,
    'meta.summary': kept,
    [`milestones.${record}.title`]: other
  })
  const { frontier } = await world.api('Acme').read(id)
  await world.api('Acme').editText(id, { base: frontier, text: `${text}\n` })
  await world.shown('Acme', id, [title, kept, record, other, text, given])
  for (const company of ['Borealis', 'Elara'] as const) world.allow(company, [given])
  await world.share('Acme', id, ['meta.goal'], JOINT)
  for (const node of ['Borealis', 'Elara'] as const) await world.shown(node, id, [given])
}

/** Words that come whole, letter by letter, from behind, that are erased, undone, and in two halves. */
export async function typing(world: World): Promise<void> {
  const { side } = world.at('Acme')
  for (const dataClass of ['private', 'shared-confidential'] as const) {
    const readers = readersOf(dataClass, JOINT)
    const rule = dataClass === 'private' ? 'private' : 'shared'
    const { id } = await world.write('Acme', dataClass, readers, { space: spaceOf(world, 'joint') })
    await side.call('edit', id)
    const word = (how: string) => world.word(rule, `${how}, ${dataClass}`, readers)
    const whole = word('typed at once')
    await side.call('type', { artifact: id, texts: [whole] })
    const letters = word('typed letter by letter')
    await side.call('type', { artifact: id, texts: letters.split('') })
    const backwards = word('typed from behind')
    await side.call('type', { artifact: id, texts: backwards.split('').reverse(), backwards: true })
    const erased = word('typed and erased')
    await side.call('type', { artifact: id, texts: [erased] })
    await side.call('erase', { artifact: id, word: erased })
    const undone = word('typed and undone')
    await side.call('type', { artifact: id, texts: [undone] })
    await side.call('undo', id)
    const halves = word('typed in two halves')
    await side.call('type', { artifact: id, texts: [halves.slice(0, 9), halves.slice(9)] })
    await appear(world, id, [whole, letters, backwards, erased, undone, halves], readers)
  }
}

/** Who looks at a document, and where: told to whoever may see it, in that moment. */
export async function presence(world: World): Promise<void> {
  for (const dataClass of ['private', 'shared-confidential'] as const) {
    const readers = readersOf(dataClass, JOINT)
    const { id, title } = await world.write('Acme', dataClass, readers, { space: spaceOf(world, 'joint') })
    await appear(world, id, [title], readers)
    const watching: NodeName[] = dataClass === 'private' ? ['Acme again'] : ['Borealis', 'Elara']
    for (const node of ['Acme', ...watching] as NodeName[]) await world.at(node).side.call('edit', id)
    const word = world.word('presence', `who looks at a ${dataClass} document`, readers)
    const canary = world.canaries.at(-1)
    for (const node of watching) {
      await until(`${node} to see who looks`, async () => {
        await world
          .at('Acme')
          .side.call('present', { artifact: id, state: { name: word, [word]: Date.now() } })
        const seen = (await world.at(node).side.call('presence', id)).includes(word)
        if (seen) canary?.shownBy.add(node === 'Acme again' ? 'Acme' : node)
        return seen
      })
    }
    canary?.shownBy.add('Acme')
  }
}

/** Borealis is away, Acme writes and goes; Elara passes on what Borealis may have, and Borealis what it wrote alone. */
export async function apart(world: World): Promise<void> {
  const space = spaceOf(world, 'joint')
  const { id, title } = await world.write('Acme', 'shared-confidential', JOINT, { space, text: '\n' })
  await appear(world, id, [title], JOINT)
  await world.stop('Borealis')
  const line = async (node: NodeName, word: string, artifact = id) => {
    const { text, frontier } = await world.api(node).read(artifact)
    await world.api(node).editText(artifact, { base: frontier, text: `${text}${word}\n` })
  }
  const later = world.word('shared', 'written while Borealis was away', JOINT)
  await line('Acme', later)
  const hidden = await world.write('Acme', 'private', ['Acme'], { space, text: '\n' })
  await appear(world, hidden.id, [hidden.title], ['Acme'])
  await world.shown('Elara', id, [later])
  await world.stop('Acme')
  await world.start('Borealis', true)
  const alone = world.word('shared', 'written by Borealis offline', ['Borealis', 'Acme', 'Elara'])
  await line('Borealis', alone)
  const own = await world.write('Borealis', 'private', ['Borealis'], { space, text: '\n' })
  await world.shown('Borealis', own.id, [own.title])
  await world.stop('Borealis')
  await world.start('Borealis')
  await world.shown('Borealis', id, [later])
  await world.shown('Elara', id, [alone])
  // A power cut at the next start, and all is told again.
  await world.start('Acme')
  await world.shown('Acme', id, [alone])
  await world.kill('Acme')
  await world.start('Acme')
  const after = world.word('shared', 'written after a power cut', JOINT)
  await line('Acme', after)
  await secondNode(world)
  await appear(world, id, [alone, later, after], JOINT)
}

/** Dione has accepted one space, is named in another, and nobody has compared words yet; then they do. */
export async function strangers(world: World): Promise<void> {
  const [fresh, draft] = [spaceOf(world, 'new'), spaceOf(world, 'draft')]
  const open = await world.write('Acme', 'public', ['Acme', 'Dione'], { space: fresh })
  const closed = await world.write('Acme', 'shared-confidential', ['Acme'], { space: fresh, text: '\n' })
  const kept = await world.write('Acme', 'private', ['Acme'], { space: fresh, text: '\n' })
  const unaccepted = await Promise.all(
    (['public', 'shared-confidential'] as const).map(dataClass =>
      world.write('Acme', dataClass, ['Acme'], { space: draft, text: '\n' })
    )
  )
  const terms = await world.write('Acme', 'shared-confidential', ['Acme', 'Cygnus'], {
    space: draft,
    kind: 'PeerAgreement.v1',
    text: '\n'
  })
  const topic = await ask(world, 'new', ['Acme', 'Dione'], ['Acme'])
  await world.showDecision('Acme', topic.id, topic.words)
  await world.shown('Dione', open.id, [open.title])
  await world.shown('Cygnus', terms.id, [terms.title])
  for (const { id, title } of [open, closed, kept, terms, ...unaccepted])
    await world.shown('Acme', id, [title])
  for (const node of ['Acme', 'Dione', 'Cygnus'] as const) await world.api(node).why()
  world.allow('Dione', [closed.title])
  world.admit('Dione', closed.id)
  tellOf(topic, 'Dione')
  await world.confirm('Acme', 'Dione')
  await world.confirm('Dione', 'Acme')
  await world.shown('Dione', closed.id, [closed.title])
  await world.showDecision('Dione', topic.id, topic.words)
}

/** A bundle goes to another party by hand; a backup is restored; a holder's key is cut, and a lane settled. */
export async function paper(world: World): Promise<void> {
  const space = spaceOf(world, 'joint')
  const shared = await world.write('Acme', 'shared-confidential', JOINT, { space, text: '\n' })
  const hidden = await world.write('Acme', 'private', ['Acme'], { space, text: '\n' })
  await appear(world, shared.id, [shared.title], JOINT)
  await appear(world, hidden.id, [hidden.title], ['Acme'])
  await world.carry('Acme', 'Elara', shared.id)
  const bundle = await world.carry('Acme', 'Acme', hidden.id)
  await world.api('Acme again').importBundle(one(bundle))

  // The second holder writes in both, then its key is cut: the log names where the shared lanes end.
  for (const { id } of [shared, hidden]) {
    const { text, frontier } = await world.api('Acme again').read(id)
    await world.api('Acme again').editText(id, { base: frontier, text: `${text}by the second holder\n` })
    await until('the second holder’s words', async () =>
      (await world.api('Acme').read(id)).text.includes('second holder')
    )
  }
  const { company } = await world.api('Acme').status()
  const parties = (await world.api('Acme').spaces()).find(({ id }) => id === space)?.parties
  const keys = parties?.find(party => party.company.did === company.did)?.keys
  const second = keys?.find(({ holder }) => holder.includes('second'))
  await world.api('Acme').cutKey(space, second?.index as number, {})
  // Nobody but the own company knows of the document: a ruling about it has no place in a log that others read.
  const [last] = (await world.api('Acme').log(hidden.id)).slice(-1)
  const { facet } = await world.api('Acme').read(hidden.id)
  if (last)
    await world
      .api('Acme')
      .settle(facet, last.lane, last.seq, last.id)
      .catch(() => undefined)
  await until('the cut at Borealis', async () => {
    const seen = (await world.api('Borealis').spaces()).find(({ id }) => id === space)
    return seen?.parties.flatMap(party => party.keys).some(({ cut }) => cut)
  })
}

/** A backup goes into a safe, more is written, and the second node comes back from what was in the safe. */
export async function restored(world: World): Promise<void> {
  const space = spaceOf(world, 'joint')
  const shared = await world.write('Acme', 'shared-confidential', JOINT, { space, text: '\n' })
  const hidden = await world.write('Acme', 'private', ['Acme'], { space, text: '\n' })
  await appear(world, shared.id, [shared.title], JOINT)
  await appear(world, hidden.id, [hidden.title], ['Acme'])
  const dir = world.home('Acme again')
  const path = join(world.base, 'again.age')
  await createBackup(
    await openHome(dir),
    path,
    PASSPHRASE,
    () => undefined,
    world.api('Acme again').snapshot()
  )
  // Whoever finds the file is nobody.
  world.files.push({
    from: 'Acme',
    to: 'stranger',
    bytes: readFileSync(path),
    chunks: [{ from: 0, at: Date.now() }]
  })
  const later: [string, string, Name[]][] = [
    [shared.id, world.word('shared', 'written after the backup', JOINT), JOINT],
    [hidden.id, world.word('private', 'written after the backup', ['Acme']), ['Acme']]
  ]
  await world.stop('Acme again')
  rmSync(dir, { recursive: true })
  await restoreBackup(path, dir, PASSPHRASE, () => undefined)
  for (const [id, word] of later) {
    const { text, frontier } = await world.api('Acme').read(id)
    await world.api('Acme').editText(id, { base: frontier, text: `${text}${word}\n` })
  }
  await world.start('Acme again')
  await secondNode(world)
  for (const [id, word, readers] of later) await appear(world, id, [word], readers)
}

const PASSPHRASE = 'for the safe'

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
