// How the companies come to know each other, before anything is said: who is whose contact, and who shares which space.
import { until } from '../../scripts/company-process.ts'
import { NODES } from './company.ts'
import type { World } from './world.ts'

/**
 * Acme and Borealis, with Elara, in `joint`; Acme and Cygnus in `far`, through Elara's relay; Dione met Acme, and nobody
 * compared words: it accepts `new` and leaves `draft` unanswered. Acme has a second node.
 */
export async function open(world: World): Promise<void> {
  await world.createHomes()
  const started = await Promise.allSettled(NODES.map(node => world.start(node)))
  for (const each of started) if (each.status === 'rejected') throw each.reason
  for (const [guest, host] of [
    ['Borealis', 'Acme'],
    ['Dione', 'Acme'],
    ['Elara', 'Acme'],
    ['Borealis', 'Elara'],
    ['Cygnus', 'Elara']
  ] as const)
    await world.join(guest, host)
  await throughRelay(world)
  for (const [one, other] of [
    ['Acme', 'Borealis'],
    ['Acme', 'Elara'],
    ['Acme', 'Cygnus'],
    ['Borealis', 'Elara'],
    ['Cygnus', 'Elara']
  ] as const) {
    await world.confirm(one, other)
    await world.confirm(other, one)
  }
  await secondNode(world)
  await world.found('joint', 'Acme', ['Borealis', 'Elara'], ['Borealis', 'Elara'])
  await world.found('far', 'Acme', ['Cygnus'], ['Cygnus'])
  await world.found('draft', 'Acme', ['Cygnus', 'Dione'], ['Cygnus'])
  await world.found('new', 'Acme', ['Dione'], ['Dione'])
  await until('the draft at Dione', async () => {
    await world.showSpaces(['Dione'])
    return (await world.api('Dione').spaces()).some(({ id }) => id === world.spaces.get('draft'))
  })
  for (const key of ['joint', 'far'])
    await world.api('Acme').pinKeys(world.spaces.get(key) as string, [world.secondCertificate])
  const spaces = () => world.api('Acme again').spaces()
  await until('the second node to hold all spaces', async () => {
    const held = await spaces()
    return [...world.spaces.values()].every(id => held.some(space => space.id === id))
  })
}

/** Nobody can dial Cygnus but through Elara. */
async function throughRelay(world: World): Promise<void> {
  const [offered] = (await world.api('Cygnus').status()).relays.offered
  if (!offered) throw new Error('Elara offers no relay')
  await world.stop('Cygnus')
  world.listenAt('Cygnus', offered.address)
  await world.start('Cygnus')
  await until('a place at the relay', async () => (await world.api('Cygnus').status()).listening.length === 1)
  await world.join('Acme', 'Cygnus')
}

/**
 * Two nodes of a company meet by an invite as well, and each is known by its certificate from then on.
 */
export async function secondNode(world: World): Promise<void> {
  await world.join('Acme again', 'Acme')
  // One stays open, and with it the door, as far as a hello: the rival's further nodes and strangers need it.
  for (const node of ['Acme', 'Acme again'] as const) await world.invite(node)
  await until('the first node’s spaces at the second', async () => {
    const first = (await world.api('Acme').spaces()).map(({ id }) => id)
    const second = (await world.api('Acme again').spaces()).map(({ id }) => id)
    return first.every(id => second.includes(id))
  })
}
