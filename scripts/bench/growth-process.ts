// A node with many documents in its own process, driven over IPC by growth.ts.
import { mkdirSync } from 'node:fs'
import type { LocalNode } from 'parley-node'
import { answerCalls } from './calls.ts'
import { type Shared, openNode } from './parley.ts'

/** Documents that are made at a time. */
const AT_ONCE = 16

let node: LocalNode
let space = ''
const arrived = new Set<string>()
let look = (): void => undefined

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export const commands = {
  async open({ role, dir, shared }: { role: 'a' | 'b'; dir: string; shared: Shared | undefined }) {
    mkdirSync(dir, { recursive: true })
    const began = now()
    const opened = await openNode({ role, dir, shared })
    const ms = now() - began
    node = opened.node
    space = opened.shared.space
    node.subscribe(event => {
      if (event.event !== 'document') return
      arrived.add(event.facet)
      look()
    })
    return { ms, shared: opened.shared }
  },

  async fill({ documents, characters }: { documents: number; characters: number }) {
    const text = 'Agreed between equals. '.repeat(Math.ceil(characters / 23)).slice(0, characters)
    const facts = { kind: 'StandardsDoc.v1', class: 'shared-confidential', space, text } as const
    const titles = Array.from({ length: documents }, (_, i) => `Document ${i}`)
    const began = now()
    while (titles.length > 0) {
      await Promise.all(titles.splice(0, AT_ONCE).map(title => node.createArtifact({ ...facts, title })))
    }
    return now() - began
  },

  listen: async () => (await node.status()).listening[0],
  async connect(address: string | undefined) {
    const at = now()
    await node.connect(address ?? '')
    return at
  },

  /** When so many documents have come. */
  until: (documents: number) =>
    new Promise<number>(resolve => {
      look = () => {
        if (arrived.size >= documents) resolve(now())
      }
      look()
    }),

  /** Lists all of them, with their titles. `length`: of those that have theirs. */
  async list() {
    const began = now()
    const listed = await node.artifacts()
    const { length } = listed.filter(({ title }) => title.startsWith('Document '))
    return { ms: now() - began, length }
  },

  rssMb: () => process.memoryUsage().rss / 1048576,
  close: () => node.close()
}

answerCalls(commands)
