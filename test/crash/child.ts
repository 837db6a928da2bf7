// A node that will be killed: a real home, a real store, the real local API. With `cut`, what was written and
// not synced lives in this process only, as it would in the cache of a machine that loses power; with
// `without-sync` the node's syncs are taken out as well, and the run must fail.
import { serveApi } from '../../src/api/server.ts'
import { createNode } from '../../src/node/create-node.ts'
import { openHome } from '../../src/node/home/home.ts'
import { LevelStore } from '../../src/store/level-store.ts'
import type { Operation, Store } from '../../src/store/store.ts'
import { keysOf } from '../e2e/homes.ts'
import { FaultyStore } from '../store/faulty-store.ts'

const [dir = '', mode = 'plain'] = process.argv.slice(2)

async function openStore(folder: string): Promise<Store> {
  if (mode === 'plain') return LevelStore.open(folder)
  const store = await FaultyStore.open(() => LevelStore.open(folder))
  if (mode === 'without-sync') {
    const write = store.write.bind(store)
    store.write = (operations: Operation[]) => write(operations, { sync: false })
  }
  return store
}

const home = await openHome(dir)
const keys = await keysOf(home)
const node = await createNode({ home, keys, log: () => undefined, offline: true, openStore })
await serveApi(node, { home: dir, port: 0 })
process.send?.('ready')
