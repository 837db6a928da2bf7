// node scripts/run.cjs test/hostile/main.ts [--seconds N] [--only KIND,KIND] [--json]: every kind of attack against a
// real node, one after another, and what honest members noticed of it.
import { parseArgs } from 'node:util'
import { Ring, type Row } from './ring.ts'
import { kinds } from './kinds.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    same: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false }
  }
})
const only = values.only.split(',').filter(name => name !== '')
const chosen = kinds.filter(({ name }) => only.length === 0 || only.some(part => name.startsWith(part)))
const ring = new Ring({ seconds: Number(values.seconds), sameProcess: values.same })
const rows: Row[] = []
process.once('SIGINT', () => void ring.close().finally(() => process.exit(130)))
try {
  await ring.open()
  console.log(
    '| kind | as | honest connect ms | honest edit ms | RSS growth MB | loop p99 / max ms | core share | longest block, CPU ms (core) | what the node did |'
  )
  console.log('|---|---|---:|---:|---:|---:|---:|---:|---|')
  for (const kind of chosen) {
    const row = await ring.play(kind)
    rows.push(row)
    console.log(row.line)
    for (const why of row.broken) console.log(`  BROKEN ${kind.name}: ${why}`)
  }
} finally {
  await ring.close()
}
const broken = rows.filter(row => row.broken.length > 0)
if (values.json || broken.length > 0)
  for (const { name, broken: why } of broken) console.error(`${name}: ${why.join('; ')}`)
console.log(JSON.stringify({ kinds: rows.length, held: rows.length - broken.length, broken: broken.length }))
process.exitCode = broken.length > 0 ? 1 : 0
