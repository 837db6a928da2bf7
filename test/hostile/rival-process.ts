// The rival: one attack in a process of its own. Takes its task from its parent, says when it is ready, begins when
// told, ends by itself.
import { once } from 'node:events'
import { createCompany } from '../sim/company.ts'
import { Random } from '../sim/random.ts'
import { kinds } from './kinds.ts'
import { Scene, type Task } from './scene.ts'

process.on('unhandledRejection', () => undefined)
process.on('uncaughtException', () => undefined)

// Between two attempts nothing else may be open.
setInterval(() => undefined, 1_000)

const [task] = (await once(process, 'message')) as [Task]
const kind = kinds.find(({ name }) => name === task.kind)
if (!kind) throw new Error(`no attack ${task.kind}`)
const scene = new Scene(task, createCompany('Rival', new Random(1), task.startedMs))
try {
  kind.prepare?.(scene)
  process.send?.('ready')
  await once(process, 'message')
  scene.begin()
  const note = await kind.run(scene)
  process.send?.({ note: note === undefined ? '' : String(note) })
} catch (error) {
  process.send?.({ note: `failed: ${(error as Error).stack ?? String(error)}` })
}
await scene.rest()
process.exit(0)
