// npm run crash -- --cycles N --json: a node is killed in the middle of writing, again and again, half the times
// with everything lost that was not synced. Whatever another process saw acknowledged must be there afterwards.
// npm run crash -- --partition SECONDS --json: two nodes are parted, and must be in sync soon after that is over.
import { parseArgs } from 'node:util'
import { crash } from './cycles.ts'
import { IN_SYNC_MS, part, type Parted, WAYS } from './partition.ts'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    'without-sync': { type: 'boolean', default: false },
    partition: { type: 'string' }
  }
})
const say = (line: string) => console.error(line)

async function kill(): Promise<boolean> {
  const modes = values['without-sync'] ? (['without-sync'] as const) : (['plain', 'cut'] as const)
  const result = await crash({ cycles: Number(values.cycles), seed: Number(values.seed), modes, say })
  console.log(
    values.json
      ? JSON.stringify(result)
      : `${result.cycles} cycles, ${result.acknowledged} edits acknowledged, ${result.lost} lost`
  )
  return result.lost === 0 && result.acknowledged > 0
}

async function partition(seconds: number): Promise<boolean> {
  const partitions: Parted[] = []
  for (const way of WAYS) partitions.push(await part(way, seconds, say))
  if (values.json) console.log(JSON.stringify({ partitions }))
  return partitions.every(({ inSyncMs }) => inSyncMs <= IN_SYNC_MS)
}

const { partition: seconds } = values
process.exitCode = (await (seconds === undefined ? kill() : partition(Number(seconds)))) ? 0 : 1
