// A process that writes to a store until it is killed, and says what was acknowledged.
// Arguments: folder, `synced` or `unsynced`, `plain` or `power-cut` (un-synced writes die with the process).
// Each line on stdout is the next seq of the lane: everything below it was acknowledged.
import { LevelStore } from '../../src/store/level-store.ts'
import { FaultyStore } from './faulty-store.ts'
import { FACET, run } from './samples.ts'

const [dir, mode, disk] = process.argv.slice(2) as [string, string, string]
const open = () => LevelStore.open(dir)
const store = disk === 'power-cut' ? await FaultyStore.open(open) : await open()
// A run that follows a kill opens a new lane, as a node opens a new session.
const client = 1 + Math.max(0, ...store.lanes(FACET).map(lane => lane.client))
for (let seq = 0; ; seq += 5) {
  await store.write(run(FACET, client, seq, seq + 5, true), { sync: mode === 'synced' })
  process.stdout.write(`${client} ${seq + 5}\n`)
}
