import { World } from './world.ts'
import { progressOf } from '../../../src/decision/progress.ts'
const seed = Number(process.argv[2])
const w = new World(seed)
const o = w.run(seed)
console.log(
  o,
  w.quorums,
  w.policy.electors.map(e => e.weight),
  w.policy.rules
)
for (const e of w.electors) {
  const d = e.decision
  console.log(
    e.at,
    'elector',
    e.elector,
    e.isLiar ? [...(w.liars.get(e.elector) ?? [])] : '',
    e.isDead ? 'dead' : '',
    e.key.slice(-4)
  )
  if (!d || e.isLiar) continue
  console.log(
    '  ',
    progressOf(d, w.now),
    'waiting',
    d.waiting.map(
      m => m.kind.slice(9, 15) + ((m.payload as any).round ?? '') + ' of ' + d.electorOf(m.payload)
    ),
    'commits',
    d.of('decision-commitment.v1').length
  )
  for (const [n, r] of [
    ['close', d.closing],
    ['settle', d.settling]
  ] as const)
    for (let k = 0; k < r.count; k++)
      console.log(
        '   ',
        n,
        k,
        r
          .of(k)
          .map(
            s =>
              `${s.elector}:${s.value.startsWith('set') ? s.set.map(x => x.slice(0, 2)).join('') : s.value}${s.locked ? '!' : ''}`
          )
          .join('  ')
      )
}
