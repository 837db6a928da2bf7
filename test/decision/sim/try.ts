import { run } from './world.ts'
const [from = 1, n = 50] = process.argv.slice(2).map(Number)
let broken = 0
let rounds = 0
const ended: Record<string, number> = {}
let messages = 0,
  lies = 0,
  restarts = 0
const t = performance.now()
for (let s = from; s < from + n; s++) {
  const o = run(s)
  messages += o.messages
  lies += o.lies
  restarts += o.restarts
  rounds = Math.max(rounds, o.rounds)
  ended[o.ended] = (ended[o.ended] ?? 0) + 1
  if (o.broken.length) {
    broken++
    console.log(s, o.broken.slice(0, 3))
  }
}
console.log({ broken, rounds, ended, messages, lies, restarts, s: (performance.now() - t) / 1000 })
