// What companies give one another under a reciprocity rule, and what of it stays until it is its turn.
// test/wiretap/README.md.
import { until } from '../../scripts/company-process.ts'
import type { Name, NodeName } from './company.ts'
import type { World } from './world.ts'

const PARTIES = ['Acme', 'Borealis', 'Elara'] as const satisfies (Name & NodeName)[]
const RULE = { kind: 'StandardsDoc.v1', maxExposure: 1, soleSender: false, unit: 'document' }

/**
 * Acme releases two documents to Borealis, of which one may go; Elara, to whom neither was released, is connected to
 * both. Then Borealis gives, both sign, and the second goes.
 */
export async function giving(world: World): Promise<void> {
  const space = await world.found('plans', 'Acme', ['Borealis', 'Elara'], ['Borealis', 'Elara'])
  await world.seal(space, [...PARTIES], undefined, { reciprocity: [RULE] })
  const [acme, borealis] = [world.api('Acme'), world.api('Borealis')]
  const kept = await world.write('Acme', 'shared-confidential', ['Acme'], { space })
  const one = await world.write('Acme', 'shared-confidential', ['Acme', 'Borealis'], { space })
  const two = await world.write('Acme', 'shared-confidential', ['Acme'], { space })
  const to = [world.dids.get('Borealis') as string]
  for (const { id } of [one, two]) await acme.release(id, { to })
  await world.shown('Borealis', one.id, [one.title])
  await passes(world, space)
  for (const { id, title } of [kept, one, two]) await world.shown('Acme', id, [title])

  const back = await world.write('Borealis', 'shared-confidential', ['Borealis', 'Acme'], { space })
  await borealis.release(back.id, { to: [world.dids.get('Acme') as string] })
  await world.shown('Borealis', back.id, [back.title])
  await world.shown('Acme', back.id, [back.title])
  await borealis.signReceipts(space, {})
  await passes(world, space)
  world.allow('Borealis', [two.title])
  world.admit('Borealis', two.id)
  await acme.signReceipts(space, {})
  await world.shown('Borealis', two.id, [two.title])
  await passes(world, space)
}

/** What was written later, and may go to all, has come to all. */
async function passes(world: World, space: string): Promise<void> {
  const { id, title } = await world.write('Acme', 'public', PARTIES, { space })
  for (const node of PARTIES) await world.shown(node, id, [title])
  await until('the second node of Acme', async () =>
    (await world.api('Acme again').artifacts()).some(artifact => artifact.id === id)
  )
}
