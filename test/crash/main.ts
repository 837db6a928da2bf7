// npm run crash -- --cycles N --json: a node is killed in the middle of writing, again and again, half the times
// with everything lost that was not synced. Whatever another process saw acknowledged must be there afterwards.
import { parseArgs } from 'node:util'
import { crash } from './cycles.ts'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    'without-sync': { type: 'boolean', default: false }
  }
})
const modes = values['without-sync'] ? (['without-sync'] as const) : (['plain', 'cut'] as const)
const result = await crash({
  cycles: Number(values.cycles),
  seed: Number(values.seed),
  modes,
  say: line => console.error(line)
})
console.log(
  values.json
    ? JSON.stringify(result)
    : `${result.cycles} cycles, ${result.acknowledged} edits acknowledged, ${result.lost} lost`
)
process.exitCode = result.lost > 0 || result.acknowledged === 0 ? 1 : 0
