// Joining bodies of one lane, protocols/update section 6. What random histories say of it: test/replica/struct-root.
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { isReject } from '../../src/wire/reject.ts'
import { type ScannedBody, joinUpdates } from '../../src/wire/update-join.ts'
import { scanUpdate } from '../../src/wire/update.ts'

function scanned(body: Uint8Array): ScannedBody {
  const read = scanUpdate(body)
  if (isReject(read)) throw new Error(`${read}`)
  return { body, scanned: read }
}

/** What each of these edits of one author emits. */
function written(client: number, ...edits: ((text: Y.Text) => void)[]): ScannedBody[] {
  const doc = new Y.Doc()
  doc.clientID = client
  const bodies: ScannedBody[] = []
  doc.on('update', (body: Uint8Array) => bodies.push(scanned(body)))
  for (const edit of edits) edit(doc.getText('text'))
  return bodies
}

function textOf(updates: Uint8Array[]): string {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  expect(doc.store.pendingStructs).toBe(null)
  return doc.getText('text').toJSON()
}

test('[UPD-30] bodies of one lane that follow one another become one update', () => {
  const bodies = written(
    7,
    text => text.insert(0, 'agree'),
    text => text.delete(0, 1),
    text => text.insert(0, 'A'),
    text => text.delete(1, 2)
  )
  const joined = joinUpdates(bodies)
  expect(joined).toHaveLength(1)
  expect(textOf(joined)).toBe('Aee')
})

test('[UPD-30] a body alone stays as it is, and nothing becomes nothing', () => {
  const [body] = written(7, text => text.insert(0, 'x')) as [ScannedBody]
  expect(joinUpdates([body])).toEqual([body.body])
  expect(joinUpdates([])).toEqual([])
})

test('[UPD-30] another author, or a clock that does not follow, begins another update', () => {
  const [one, two, three] = written(
    7,
    text => text.insert(0, 'a'),
    text => text.insert(1, 'b'),
    text => text.insert(2, 'c')
  ) as [ScannedBody, ScannedBody, ScannedBody]
  const other = written(8, text => text.insert(0, 'z'))
  expect(joinUpdates([one, ...other, two, three])).toHaveLength(3)
  expect(joinUpdates([one, three])).toHaveLength(2)
  expect(textOf(joinUpdates([one, ...other, two, three]))).toHaveLength(4)
})

test('[UPD-30] bodies that only delete join what stands before and after them', () => {
  const bodies = written(
    7,
    text => text.insert(0, 'abc'),
    text => text.delete(1, 1),
    text => text.insert(2, 'd')
  )
  const [, gone] = bodies as [ScannedBody, ScannedBody]
  expect(gone.scanned.client).toBe(undefined)
  expect(joinUpdates(bodies)).toHaveLength(1)
  expect(textOf(joinUpdates(bodies))).toBe('acd')
  expect(joinUpdates([gone, gone])).toHaveLength(1)
})
