// npm run wiretap: listens to every byte that honest nodes hand to their streams while companies work, are attacked and
// lose rights; then does the same to copies of the node that have a hole each, and must hear every one.
// node scripts/run.cjs test/wiretap/main.ts [--json] [--scenes a,b] [--no-mutants] [--only TEXT]
import { parseArgs } from 'node:util'
import { listen } from './listen.ts'
import { MUTANTS } from './mutant-list.ts'
import { hunt } from './mutants.ts'
import { SCENES } from './scenes.ts'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    json: { type: 'boolean', default: false },
    scenes: { type: 'string', default: Object.keys(SCENES).join(',') },
    mutants: { type: 'boolean', default: true },
    /** Mutants whose name has this. */
    only: { type: 'string', default: '' }
  }
})

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

const scenes = values.scenes.split(',').filter(name => name !== '')
for (const name of scenes) if (!SCENES[name]) throw new Error(`no scene ${name}`)
const { bytes, delivered, leaks, wrong, account, canaries, inflated, joined } = await listen(scenes, say)
for (const { rule, what, from, to, how, times } of leaks)
  say(`LEAK ${rule}: ${what}, from ${from} to ${to}, ${how}, ${times} times`)
for (const what of wrong) say(`WRONG ${what}`)
const { handed, carried, yamux, noise, clear, given, socket } = account
say(`${bytes} bytes recorded, ${canaries} canaries, ${delivered} deliveries, ${leaks.length} leaks`)
say(`tried ${inflated} pieces that could be inflated, and ${joined} bytes of text put together`)
say(`streams ${handed}, of which carried ${carried}; yamux ${yamux}, noise ${noise}, in clear ${clear}`)
say(`given to sockets ${given}, written on them ${socket}`)

const total = { bytes, delivered, leaks: leaks.length, mutants: 0, killed: 0 }
for (const mutant of values.mutants ? MUTANTS.filter(({ name }) => name.includes(values.only)) : []) {
  const { killed, how } = await hunt(mutant)
  total.mutants++
  if (killed) total.killed++
  say(`${killed ? 'killed' : 'LIVES '} ${mutant.name}: ${how}`)
}
if (values.json) console.log(JSON.stringify(total))
else
  console.log(
    `${total.leaks} leaks, ${delivered} deliveries; ${total.killed} of ${total.mutants} mutants killed`
  )
process.exitCode = leaks.length > 0 || wrong.length > 0 || total.killed < total.mutants ? 1 : 0
