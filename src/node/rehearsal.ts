// Once in each process, soon after a node has started and a few milliseconds at a time, two made-up companies write
// and sync a document in memory, over the same core. What that brings is compiled code: the first envelopes of a
// sync otherwise take ten times as long as those after some thousand, just when somebody waits for them.
import { setImmediate } from 'node:timers/promises'
import * as Y from 'yjs'
import type { TermsBody } from '../artifacts/agreement-terms.ts'
import { must, signerOf } from '../sandbox/company.ts'
import type { StandIn } from '../sandbox/stand-in.ts'
import { World } from '../sandbox/world.ts'
import type { Lease } from '../sync/desk.ts'

/** With a thousand there is little more to gain, and the process keeps 46 MB for it instead of 18. */
const ENVELOPES = 500
/** So many are written before others have their turn: about five milliseconds at first. */
const SLICE = 50
/** Virtual time of one slice: a frame or two. */
const SLICE_MS = 10
const SYNC_MS = 4_000
/** For what people asked for with the start itself. */
const AFTER_MS = 200

const KIND = 'StandardsDoc.v1'

const party = (name: string): TermsBody['parties'][number] => ({
  company: '',
  name,
  registration: name,
  jurisdiction: 'none',
  address: '',
  signatory: name,
  capacity: name
})

const TERMS: TermsBody = {
  amendment: { threshold: 2, weights: [1, 1] },
  antitrust: { counsel: [], profile: 'none' },
  attachments: [],
  clauses: [],
  confidentiality: [],
  governingLaw: 'none',
  ip: 'none',
  noticeDays: 30,
  number: 1,
  objectives: [],
  parties: [party('One'), party('Other')],
  purpose: 'To rehearse.',
  reciprocity: [],
  roles: ['CTO'],
  scope: { classes: ['shared-confidential'], kinds: [KIND], topics: [] },
  space: '',
  starts: '2026-01-01',
  survives: [],
  template: 'custom',
  title: 'Rehearsal',
  witnesses: { minimum: 0, parties: [] }
}

let isDone = false

export class Rehearsal {
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  start(): void {
    // A node that has not rehearsed is slower at first, and does all that it should.
    this.#timer = setTimeout(() => void this.#run().catch(() => undefined), AFTER_MS)
    this.#timer.unref()
  }

  stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    return Promise.resolve()
  }

  async #run(): Promise<void> {
    if (isDone) return
    isDone = true
    for await (const _ of rehearse()) if (this.#stopped) return
  }
}

/** Yields after each slice. */
export async function* rehearse(): AsyncGenerator<void> {
  const world = new World({ terms: TERMS, pairing: 'CTO', seed: 1 }).seal()
  const [writer, reader] = world.parties as [StandIn, StandIn]
  yield
  reader.asleep = true
  world.pass(SLICE_MS)
  const held = writer.writes(world.space, KIND, 'shared-confidential')
  const lease = must<Lease>(writer.desk.lease(held, signerOf(writer.company.role), held.facet.frontier()))
  for (const [i, update] of updatesBy(lease.client).entries()) {
    writer.perform(() => must(writer.desk.edit(lease, { update, base: [] })))
    if (i % SLICE < SLICE - 1) continue
    world.pass(SLICE_MS)
    await setImmediate()
    yield
  }
  reader.asleep = false
  for (let passed = 0; passed < SYNC_MS; passed += SLICE_MS) {
    world.pass(SLICE_MS)
    await setImmediate()
    yield
  }
  if (reader.core.context.facetOf(held.facet.id)?.facet.size !== ENVELOPES + 1)
    throw new Error('the rehearsal did not come to its end')
}

/** Somebody types, and corrects what they typed. */
function updatesBy(client: number): Uint8Array[] {
  const doc = new Y.Doc()
  doc.clientID = client
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  for (let i = 0; i < ENVELOPES; i++) {
    if (i % 8 === 7) text.delete(text.length - 2, 1)
    else text.insert(i % 32 === 0 ? text.length >> 1 : text.length, 'x')
  }
  return updates
}
