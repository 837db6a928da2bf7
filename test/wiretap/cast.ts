// The rival joins when it is first needed, once in each world.
import { Rival } from './rival.ts'
import type { World } from './world.ts'

const rivals = new WeakMap<World, Rival>()

export async function addRival(world: World): Promise<Rival> {
  let rival = rivals.get(world)
  if (rival) return rival
  rivals.set(world, (rival = new Rival(world)))
  await rival.open()
  return rival
}

export async function dismissRival(world: World): Promise<void> {
  await rivals.get(world)?.close()
}
