// Parley in a process in which policy is asked nothing and no log is written: beside the real one it shows what gate
// and audit cost. There is no such switch in the product, so the classes are changed here, from outside.
import type { Auditing } from '../../src/sync/auditing.ts'
import type { Cosigning } from '../../src/sync/cosigning.ts'
import type { Directory } from '../../src/sync/directory.ts'
import type { Clearance, Question } from '../../src/policy/decide.ts'
import { meta as real } from './parley.ts'

interface Modules {
  'policy/decide': { decide: (question: Question) => Clearance }
  'sync/directory': { Directory: typeof Directory }
  'sync/auditing': { Auditing: typeof Auditing }
  'sync/cosigning': { Cosigning: typeof Cosigning }
}

/** As `parley.ts` has them: of the built package. */
async function built<N extends keyof Modules>(name: N): Promise<Modules[N]> {
  return (await import(new URL(`../../dist/${name}.js`, import.meta.url).href)) as Modules[N]
}

const ALLOWED: Omit<Question, 'direction'> = {
  peer: { own: true, certificate: 'current', confirmed: true },
  space: { party: true, accepted: true, frozen: false, agreement: 'active' },
  facet: { class: 'shared-confidential', ownedHere: true, scope: 'covered', balance: 'open' }
}

const { decide } = await built('policy/decide')
const { prototype: directory } = (await built('sync/directory')).Directory
const cleared = new Map<Question['direction'], Clearance>()
directory.decide = direction => {
  const known = cleared.get(direction)
  if (known) return known
  const clearance = decide({ ...ALLOWED, direction })
  cleared.set(direction, clearance)
  return clearance
}
directory.question = direction => ({ ...ALLOWED, direction })

const { prototype: auditing } = (await built('sync/auditing')).Auditing
for (const name of ['moved', 'disclosed', 'denied', 'accessed', 'signed', 'receipt', 'add', 'note'] as const)
  auditing[name] = () => undefined
auditing.tick = auditing.flush = () => undefined
;(await built('sync/cosigning')).Cosigning.prototype.tick = () => undefined

export const meta = { ...real, title: `${real.title}, without gate and audit` }
export { open } from './parley.ts'
