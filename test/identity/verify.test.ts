import { expect, test } from 'vitest'
import { trustStored, verifyRun } from '../../src/identity/verify.ts'
import { type ParsedRun, parseRun } from '../../src/wire/envelope.ts'
import { isReject } from '../../src/wire/reject.ts'
import { Scene, type Signed } from '../../scripts/vectors/envelope-scene.ts'
import { SPACE, ada, by } from '../../scripts/vectors/envelope-story.ts'
import { key } from '../../scripts/vectors/space-builders.ts'

const scene = new Scene(SPACE)
const opening = scene.open(by(0), [ada])
const second = scene.next(opening)
const third = scene.next(second)
const holder = key('Ada').publicKey

function runOf(...envelopes: Signed[]): ParsedRun {
  const run = parseRun(
    scene.id,
    opening.client,
    envelopes.map(({ record }) => record)
  )
  if (isReject(run)) throw new Error(`${run}`)
  return run
}

const unsigned = (envelope: Signed): Signed => ({
  ...envelope,
  record: { ...envelope.record, signature: new Uint8Array(64) }
})

test('[ENV-12] the last signature vouches for all envelopes before it', () => {
  expect(isReject(verifyRun(runOf(opening, second, third), holder))).toBe(false)
  expect(isReject(verifyRun(runOf(unsigned(opening), unsigned(second), third), holder))).toBe(false)
})

test('[ENV-12] a run without a good last signature is refused, whatever came before', () => {
  const refused = { code: 'signature', fault: true }
  expect(verifyRun(runOf(opening, second, unsigned(third)), holder)).toMatchObject(refused)
  expect(verifyRun(runOf(opening), key('Abe').publicKey)).toMatchObject(refused)
  expect(verifyRun({ facet: scene.id, client: 0, envelopes: [] }, holder)).toMatchObject(refused)
})

test('[ENV-12] a signature serves one lane only', () => {
  const run = runOf(second)
  expect(verifyRun({ ...run, client: run.client + 1 }, holder)).toMatchObject({ code: 'signature' })
  expect(verifyRun({ ...run, facet: run.facet.map(byte => byte ^ 1) }, holder)).toMatchObject({
    code: 'signature'
  })
})

test('[ENV-19] a run from the own store says so', () => {
  const run = runOf(opening)
  expect(trustStored(run).run.stored).toBe(true)
  const verified = verifyRun(run, holder)
  expect(isReject(verified) || verified.run.stored).toBe(undefined)
})
