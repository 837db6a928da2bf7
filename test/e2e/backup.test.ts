// A backup of a node that runs and is written to, restored elsewhere.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { serveApi } from '../../src/api/server.ts'
import { createBackup } from '../../src/node/home/backup.ts'
import { restoreBackup } from '../../src/node/home/restore.ts'
import type { Home } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { type Joined, joinNodes, startNode } from './nodes.ts'

let world: Joined
beforeAll(async () => void (world = await joinNodes(['Acme'])), 60_000)
afterAll(() => world.close())

it('[API-22] holds what was acknowledged before it, and of what came meanwhile a beginning', async () => {
  const [home] = world.homes as [Home]
  const [node] = world.nodes as [LocalNode]
  const append = async (line: string) => {
    const { frontier, text } = await node.read(world.artifact)
    await node.editText(world.artifact, { base: frontier, text: `${text}${line}\n` })
  }
  const numbers = Array.from({ length: 40 }, (_, i) => `line ${i}`)
  for (const line of numbers.slice(0, 20)) await append(line)

  const api = await serveApi(node, { home: home.dir, port: 0 })
  const client = await connectApi(home.dir)
  const path = join(home.dir, 'acme.age')
  const [report] = await Promise.all([
    createBackup(home, path, 'for the safe', () => undefined, client.snapshot()),
    (async () => {
      for (const line of numbers.slice(20)) await append(line)
    })()
  ])
  await client.close()
  await api.close()
  expect(report.files).toBeGreaterThan(5)
  expect((await node.read(world.artifact)).text.trim().split('\n')).toEqual(numbers)

  const dir = join(home.dir, 'again')
  const again = await startNode(await restoreBackup(path, dir, 'for the safe', () => undefined), {
    offline: true
  })
  try {
    const lines = (await again.read(world.artifact)).text.trim().split('\n')
    expect(lines.length).toBeGreaterThanOrEqual(20)
    expect(lines).toEqual(numbers.slice(0, lines.length))
  } finally {
    await again.close()
    rmSync(dir, { recursive: true })
  }
}, 60_000)
