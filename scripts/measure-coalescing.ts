// What the coalescing window costs and brings: an hour of typing by one person, from a seeded model, in virtual
// time, through the real author and gate. Prints a Markdown table. The window is `coalesceMs` in parley.json.
import * as Y from 'yjs'
import type { SpaceLog } from '../src/identity/space-log.ts'
import { toHex } from '../src/wire/bytes.ts'
import { EPOCH_MS, createCompany, must, signerOf } from '../test/sim/company.ts'
import { SimNode, type World } from '../test/sim/node.ts'
import { Random } from '../src/sandbox/random.ts'
import { Clock } from '../src/sandbox/clock.ts'

const HOUR_MS = 3_600_000
const WINDOWS_MS = [0, 50, 100, 250, 500, 1_000]

/** Times of key strokes: words of five letters at about 200 characters a minute, with pauses to think. */
function strokes(random: Random): number[] {
  const times: number[] = []
  for (let at = 0; at < HOUR_MS;) {
    for (let i = 4 + random.below(80); i > 0 && at < HOUR_MS; i--) {
      at += 90 + random.below(220)
      times.push(at)
    }
    at += 500 + random.below(9_000)
  }
  return times
}

function measure(windowMs: number): { envelopes: number; bytes: number; waitMs: number } {
  const random = new Random(5)
  const clock = new Clock(EPOCH_MS + 1_000)
  const world: World = {
    now: () => clock.nowMs,
    random,
    send: () => undefined,
    hangUp: () => undefined,
    later: (delayMs, work) => clock.later(delayMs, work),
    news: () => undefined
  }
  const node = new SimNode(createCompany('Acme', random), world)
  const { company, desk } = node
  const parties = [company.identity.did]
  const space = must<SpaceLog>(
    node.perform(() => desk.foundSpace({ title: 'Home', pairing: 'home', parties }))
  )
  const certificates = [company.roleCertificate]
  node.perform(() =>
    desk.append(
      space,
      { kind: 'accept', rootVersion: company.identity.head, certificates },
      signerOf(company.role)
    )
  )
  const held = must(
    node.perform(() =>
      desk.openFacet(space, { kind: 'StandardsDoc.v1', class: 'private', artifact: random.bytes(16) })
    )
  )
  const lease = must(desk.lease(held, signerOf(company.role), []))
  const view = new Y.Doc()
  view.clientID = lease.client
  let gathered: Uint8Array[] = []
  view.on('update', (update: Uint8Array) => gathered.push(update))
  const text = view.getText('text')
  let [due, waited] = [Infinity, 0]
  const times = strokes(random)
  const flush = (): void => {
    const update = gathered.length === 1 ? (gathered[0] as Uint8Array) : Y.mergeUpdates(gathered)
    gathered = []
    due = Infinity
    node.perform(() => must(desk.edit(lease, { update, base: held.facet.frontier() })))
  }
  for (const at of times) {
    if (at >= due) flush()
    text.insert(text.length, 'x')
    if (windowMs === 0) flush()
    else if (due === Infinity) due = at + windowMs
    waited += windowMs === 0 ? 0 : due - at
  }
  if (gathered.length > 0) flush()
  clock.runUntil(clock.nowMs + 1_000)
  let bytes = 0
  const records = node.disk.facet(toHex(held.facet.id))
  for (const { record } of records)
    bytes += record.header.length + record.signature.length + record.body.length
  return { envelopes: records.length, bytes, waitMs: waited / times.length }
}

const typed = strokes(new Random(5)).length
console.log(`An hour of typing, about ${typed} characters:\n`)
console.log('| window ms | envelopes | bytes signed and sent | bytes a character | added wait, mean ms |')
console.log('|---:|---:|---:|---:|---:|')
for (const windowMs of WINDOWS_MS) {
  const { envelopes, bytes, waitMs } = measure(windowMs)
  console.log(
    `| ${windowMs} | ${envelopes} | ${bytes} | ${(bytes / typed).toFixed(1)} | ${waitMs.toFixed(0)} |`
  )
}
