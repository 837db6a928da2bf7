// The layouts of artifact kinds, protocols/artifacts, through the scanner. The gate's half of the same vectors
// runs here too: the layouts are what it enforces.
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { type ArtifactVector, artifactVectors } from '../../scripts/vectors/artifacts.ts'
import { ARTIFACT_KINDS, layoutOf } from '../../src/artifacts/layouts.ts'
import { StructIndex } from '../../src/replica/struct-index.ts'
import { checkUpdate } from '../../src/replica/update-gate.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import type { Layout } from '../../src/wire/layout.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'
import { scanUpdate } from '../../src/wire/update.ts'

const file = (name: string): string => {
  return readFileSync(new URL(`../../protocols/artifacts/${name}`, import.meta.url), 'utf8')
}
const valid: ArtifactVector[] = JSON.parse(file('vectors/valid.json'))
const invalid: ArtifactVector[] = JSON.parse(file('vectors/invalid.json'))

/** @returns why the body may not be the first of a facet of this kind, if so. */
function refusal({ kind, body }: ArtifactVector): Reject | undefined {
  const update = scanUpdate(fromHex(body) as Uint8Array)
  if (isReject(update)) return update
  const { clockEnd, deletes } = update
  const past = { segmentOf: () => undefined }
  const verdict = checkUpdate(
    update,
    { client: 1, clock: 0, clockEnd, deletes },
    past,
    new StructIndex(layoutOf(kind) as Layout)
  )
  return isReject(verdict) ? verdict : undefined
}

describe('vectors', () => {
  test.each(valid)('[$rule] takes $name', vector => {
    expect(refusal(vector)).toBeUndefined()
  })

  test.each(invalid)('[$rule] $kind refuses $name', vector => {
    expect(refusal(vector)).toMatchObject({ code: vector.code, fault: true })
  })

  test('every kind has some, and the invalid ones outnumber the valid', () => {
    expect(new Set(valid.map(vector => vector.kind))).toEqual(new Set(ARTIFACT_KINDS))
    expect(invalid.length).toBeGreaterThan(valid.length)
  })

  test('the files are what the generator writes', () => {
    for (const [path, contents] of Object.entries(artifactVectors())) {
      expect(file(path.replace('protocols/artifacts/', '')) === contents, path).toBe(true)
    }
  })
})

describe('layouts', () => {
  test('[ART-1] no layout has more than 64 roots', () => {
    for (const kind of ARTIFACT_KINDS) {
      expect(Object.keys(layoutOf(kind)?.roots ?? {}).length).toBeLessThanOrEqual(64)
    }
  })

  test('[ART-2] every kind has a title and one main text, and follows the schema', () => {
    const check = new Ajv2020().compile(JSON.parse(file('schema.json')))
    expect(check(JSON.parse(file('layouts.json'))), JSON.stringify(check.errors)).toBe(true)
    for (const kind of ARTIFACT_KINDS) {
      const { meta, text } = (layoutOf(kind) as Layout).roots
      expect(meta).toMatchObject({ is: 'map', keys: { title: 'string' } })
      expect(text).toEqual({ is: 'text' })
    }
  })

  test.each(['', 'StandardsDoc', 'StandardsDoc.v2', 'JointGovernanceDecision.v1', 'toString', '__proto__'])(
    '[ART-5] the kind "%s" has no layout',
    kind => {
      expect(layoutOf(kind)).toBeUndefined()
    }
  )

  test('[ART-6] the layouts are the ones that CHANGES.md records', () => {
    const digest = toHex(sha256(new TextEncoder().encode(file('layouts.json'))))
    expect(file('CHANGES.md')).toContain(digest)
  })
})
