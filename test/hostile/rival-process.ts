// The rival, in a process of its own: takes one attack after another from its parent, prepares it, begins when told,
// and says what it did.
import { once } from 'node:events'
import { createCompany } from '../sim/company.ts'
import { Random } from '../../src/sandbox/random.ts'
import { kinds } from './kinds.ts'
import { Scene, type Task } from './scene.ts'

// Connections that the node cuts fail in a hundred places here, and none of them matters.
process.on('unhandledRejection', () => undefined)
process.on('uncaughtException', () => undefined)

for (;;) {
  const [task] = (await once(process, 'message')) as [Task]
  const scene = new Scene(task, createCompany('Rival', new Random(1), task.startedMs))
  const note = await attack(scene, task.kind)
  await Promise.race([scene.stop(), new Promise(resolve => setTimeout(resolve, 1_000))])
  process.send?.({ note })
}

async function attack(scene: Scene, name: string): Promise<string> {
  const kind = kinds.find(other => other.name === name)
  let ready = false
  // Time limits alone keep no process awake.
  const awake = setInterval(() => undefined, 1_000)
  try {
    if (!kind) throw new Error(`no attack ${name}`)
    await kind.prepare?.(scene)
    const go = once(process, 'message')
    ready = true
    process.send?.('ready')
    await go
    scene.begin()
    const note = await kind.run(scene)
    return note === undefined ? '' : String(note)
  } catch (error) {
    if (!ready) process.send?.('ready')
    return `failed: ${(error as Error).stack ?? String(error)}`
  } finally {
    await scene.rest()
    clearInterval(awake)
  }
}
