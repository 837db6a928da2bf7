// Sealed artifacts and their views, protocols/documents: the vectors, and what a liar could try.
import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { PLAN } from '../../scripts/vectors/artifact-forms.ts'
import { SOURCE, ada, bruno, counted, fileOf, plan, spelt } from '../../scripts/vectors/documents-builders.ts'
import type { InvalidDocument } from '../../scripts/vectors/documents-refused.ts'
import {
  OPEN_GRID,
  type ValidDocument,
  documentsFiles,
  expectationOf,
  knownOf
} from '../../scripts/vectors/documents.ts'
import { must } from '../../scripts/vectors/identity-builders.ts'
import { formOf } from '../../src/artifacts/form.ts'
import { ARTIFACT_KINDS, fieldsOf } from '../../src/artifacts/layouts.ts'
import { SEALED_BYTES_MAX, encodeSealed, mediaKind, parseSealed } from '../../src/artifacts/sealed-file.ts'
import { type SealedArtifact, addSignature, prepareSeal, verifySealed } from '../../src/artifacts/sealed.ts'
import { type Grid, classAt, makeView, parseGrid } from '../../src/artifacts/view.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { fromUtf8, toHex, utf8 } from '../../src/wire/bytes.ts'
import { parseDisclosure } from '../../src/wire/disclosure.ts'
import { parseDsse } from '../../src/wire/dsse.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'

const file = (name: string): string => {
  return readFileSync(new URL(`../../protocols/documents/${name}`, import.meta.url), 'utf8')
}
const valid = (JSON.parse(file('vectors/valid.json')) as { cases: ValidDocument[] }).cases
const invalid = (JSON.parse(file('vectors/invalid.json')) as { cases: InvalidDocument[] }).cases

function codeOf(bytes: Uint8Array, known: ReturnType<typeof knownOf>): string | undefined {
  const sealed = verifySealed(bytes, known)
  return isReject(sealed) ? sealed.code : undefined
}

describe('vectors', () => {
  test.each(valid)('[$rule] takes $name', ({ file: text, known, expect: expected }) => {
    expect(expectationOf(must(verifySealed(utf8(text), knownOf(known))))).toEqual(expected)
  })

  test.each(invalid)('[$rule] $code: $name', ({ file: text, known, code }) => {
    expect(codeOf(utf8(text), knownOf(known))).toBe(code)
  })

  test('the files are what the generator writes, and more is refused than taken', () => {
    for (const [path, contents] of Object.entries(documentsFiles())) {
      expect(file(path.replace('protocols/documents/', '')) === contents, path).toBe(true)
    }
    expect(invalid.length).toBeGreaterThan(valid.length)
  })

  test('every code of the specification that a file can earn is earned by one', () => {
    const codes = [...file('SPEC.md').matchAll(/`((?:sealed|disclosure|digest)-[a-z]+)`/g)].map(
      ([, code]) => code
    )
    const local = new Set(['disclosure-source', 'disclosure-class', 'disclosure-field'])
    const earned = new Set(invalid.map(({ code }) => code))
    expect(
      [...new Set(codes)].filter(code => !local.has(code as string) && !earned.has(code as string))
    ).toEqual([])
  })
})

describe('schemas', () => {
  test('[DOC-1] [DOC-4] [DOC-5] fit what we make', () => {
    const compile = (name: string) => new Ajv2020().compile(JSON.parse(file(name)) as object)
    const [sealed, payload, source] = ['sealed', 'payload', 'source'].map(name =>
      compile(`${name}.schema.json`)
    )
    for (const { file: text } of valid) {
      const json = JSON.parse(text) as { envelope: { payload: string } }
      expect(sealed?.(json), JSON.stringify(sealed?.errors)).toBe(true)
      const signed = JSON.parse(Buffer.from(json.envelope.payload, 'base64').toString()) as unknown
      expect(payload?.(signed), JSON.stringify(payload?.errors)).toBe(true)
    }
    expect(source?.(SOURCE), JSON.stringify(source?.errors)).toBe(true)
    expect(payload?.({})).toBe(false)
  })

  test('[DOC-3] every kind has a media type of its own', () => {
    expect(ARTIFACT_KINDS.map(mediaKind)).toContain('joint-initiative-plan.v1')
    expect(new Set(ARTIFACT_KINDS.map(mediaKind)).size).toBe(ARTIFACT_KINDS.length)
  })
})

const KNOWN = knownOf(['acme', 'borealis'])
const form = formOf('JointInitiativePlan.v1', PLAN).json
const whole = must(verifySealed(utf8(spelt(fileOf(plan([ada], { form })))), KNOWN))
const view = (wanted: string[], grid: Grid = OPEN_GRID, sealed: SealedArtifact = whole) => {
  return makeView(sealed, wanted, grid, 'shared-confidential')
}
const codes = (result: unknown) => (isReject(result) ? result.code : 'accepted')

describe('sealing', () => {
  test('[DOC-7] what was sealed is what is read, of every kind', () => {
    for (const kind of ARTIFACT_KINDS) {
      const empty = formOf(kind, {}).json
      const sealed = must(verifySealed(utf8(spelt(fileOf(plan([ada], { kind, form: empty })))), KNOWN))
      expect([sealed.kind, sealed.content]).toEqual([kind, empty])
    }
    expect(whole.content).toEqual(form)
    expect(whole.source).toEqual(SOURCE)
  })

  test('[DOC-9] signatures come in any order and stand in one', () => {
    const unsigned = plan([ada, bruno])
    expect(spelt(fileOf(unsigned, [ada, bruno]))).toHaveLength(spelt(fileOf(unsigned, [bruno, ada])).length)
    const [one, other] = [
      [ada, bruno],
      [bruno, ada]
    ].map(order => fileOf(unsigned, order).envelope)
    expect(one).toEqual(other)
  })

  test('[DOC-8] nobody signs who is not named', () => {
    const added = addSignature({ ...plan(), signatures: [] }, bruno.signer.key, message =>
      sign(bruno.key, message)
    )
    expect(codes(added)).toBe('sealed-signers')
  })

  test('[DOC-14] [DOC-16] every part has a salt of its own, and no name or value stands in the payload', () => {
    const { file: sealed } = whole
    const salts = sealed.disclosures.map(text => must(parseDisclosure(text)).salt)
    expect(new Set(salts).size).toBe(salts.length)
    const { payload } = must(parseDsse(sealed.envelope, mediaKind(whole.kind)))
    for (const word of ['meta', 'title', 'Shared', 'Laser', SOURCE.artifact, SOURCE.structRoot]) {
      expect(fromUtf8(payload)).not.toContain(word)
    }
  })

  test('[DOC-18] a payload says nothing about how much there is', () => {
    const sizeOf = (roots: { [root: string]: unknown }) => {
      return plan([ada], { form: formOf('JointInitiativePlan.v1', roots).json }).payload.length
    }
    expect(sizeOf({})).toBe(sizeOf(PLAN))
    const numbers = (count: number) => {
      const progress = Array.from({ length: count }, (_, i) => ({ percent: String(i) }))
      const sealed = plan([ada], { form: formOf('JointInitiativePlan.v1', { progress }).json })
      const all = sealed.disclosures.map(text => must(parseDisclosure(text)))
      return (all.find(({ name }) => name === 'progress')?.value as unknown[] | undefined)?.length
    }
    expect([0, 3, 4, 5, 9].map(numbers)).toEqual([4, 4, 4, 8, 16])
  })

  test('[DOC-18] elements keep their order among the decoys', () => {
    const progress = Array.from({ length: 20 }, (_, i) => ({ percent: String(i) }))
    const json = formOf('JointInitiativePlan.v1', { progress }).json
    const options = {
      kind: 'JointInitiativePlan.v1' as const,
      class: 'private' as const,
      source: SOURCE,
      form: json,
      signers: [ada.signer],
      signedAt: 0
    }
    const positions = ['a', 'b'].map(seed => {
      const { disclosures } = prepareSeal(options, counted(seed))
      const all = disclosures.map(text => must(parseDisclosure(text)))
      const digests = new Set(all.map(({ digest }) => digest))
      const elements = all.find(({ name }) => name === 'progress')?.value as { '...': string }[]
      return elements.map(element => (digests.has(element['...']) ? 'x' : '.')).join('')
    })
    expect(positions[0]).not.toBe(positions[1])
    expect(must(verifySealed(utf8(spelt(fileOf(plan([ada], { form: json })))), KNOWN)).content).toEqual(json)
  })
})

describe('views', () => {
  const leaves = whole.parts.filter(part => part.path[0] === 'content' && !part.holdsParts)
  const paths = leaves.map(({ path }) => path.slice(1).join('.'))

  test('[DOC-4] [DOC-19] any choice of fields verifies, with the same id, and shows these fields alone', () => {
    const open = paths.filter(path => !path.startsWith('resources.'))
    fc.assert(
      fc.property(fc.subarray(open), wanted => {
        const made = view(wanted)
        if (isReject(made)) throw new Error(made.toString())
        const seen = must(verifySealed(made.bytes, KNOWN))
        expect(seen.id).toBe(whole.id)
        expect(seen.signers.map(({ refusal }) => refusal)).toEqual([undefined])
        const shown = seen.parts.filter(part => !part.holdsParts).length
        expect([shown, made.fields.length]).toEqual([wanted.length, wanted.length])
        const hidden = leaves.filter((_, i) => !wanted.includes(paths[i] as string))
        const text = fromUtf8(made.bytes)
        for (const { disclosure } of hidden) {
          expect(text).not.toContain(disclosure.text)
          expect(text).not.toContain(disclosure.salt)
        }
      }),
      { seed: 3, numRuns: 60 }
    )
  })

  test('[DOC-19] a view of a view shows no more than the view', () => {
    const first = must(verifySealed(must(view(['meta'])).bytes, KNOWN))
    expect(
      Object.keys(must(verifySealed(must(view(['meta.title'], OPEN_GRID, first)).bytes, KNOWN)).content)
    ).toEqual(['meta'])
    expect(codes(view(['text'], OPEN_GRID, first))).toBe('disclosure-field')
    expect(codes(view(['source'], OPEN_GRID, first))).toBe('disclosure-field')
  })

  test('[DOC-22] what is withheld is counted, decoys with it', () => {
    const seen = must(verifySealed(must(view(['meta.title'])).bytes, KNOWN))
    // Six other roots, seven other keys of meta, and the source.
    expect(seen.withheld).toBe(6 + 7 + 1)
  })

  test('[DOC-6] ids and digests of the document go with all of its fields or not at all', () => {
    const all = new Map([
      [whole.kind, new Map(fieldsOf(whole.kind).map(field => [field, 'public' as const]))]
    ])
    const roots = Object.keys(form).filter(name => paths.some(path => path.startsWith(name)))
    expect(codes(view(['source'], all))).toBe('disclosure-source')
    expect(codes(view(['source', ...roots.slice(1)], all))).toBe('disclosure-source')
    const every = must(view(['source', ...roots], all))
    expect(toHex(every.bytes)).toBe(toHex(encodeSealed(whole.file)))
    expect(codes(makeView(whole, ['source', ...roots], all, 'public'))).toBe('disclosure-source')
  })

  test('[DOC-23] what the grid does not name is private, and private goes to nobody', () => {
    const nothing = must(parseGrid({}))
    for (const field of fieldsOf(whole.kind)) {
      expect(classAt(nothing, whole.kind, field.split('.'))).toBe('private')
    }
    expect(codes(view(['meta.title'], nothing))).toBe('disclosure-class')
    expect(codes(view(['resources.r1.amount']))).toBe('disclosure-class')
    const refused = view(['meta', 'resources']) as Reject
    expect(refused.detail).toContain('resources.*.amount')
    expect(codes(makeView(whole, ['meta.title'], OPEN_GRID, 'public'))).toBe('accepted')
    expect(codes(makeView(whole, ['meta.goal'], OPEN_GRID, 'public'))).toBe('disclosure-class')
  })

  test('[DOC-23] fewer rights in the grid never show more', () => {
    const classes = ['public', 'shared-confidential', 'private'] as const
    const fields = fieldsOf(whole.kind)
    const gridOf = (given: number[]) => {
      return new Map([[whole.kind, new Map(fields.map((field, i) => [field, classes[given[i] as number]!]))]])
    }
    const grids = fc.array(fc.integer({ min: 0, max: 2 }), {
      minLength: fields.length,
      maxLength: fields.length
    })
    fc.assert(
      fc.property(grids, fc.nat(), fc.subarray(paths), (given, at, wanted) => {
        const less = given.map((one, i) => (i === at % fields.length ? 2 : one))
        const before = codes(view(wanted, gridOf(given)))
        if (codes(view(wanted, gridOf(less))) === 'accepted') expect(before).toBe('accepted')
      }),
      { seed: 5, numRuns: 100 }
    )
  })

  test.each([
    ['grid-shape', []],
    ['grid-shape', { 'NoKind.v1': {} }],
    ['grid-shape', { 'StandardsDoc.v1': { text: 'secret' } }],
    ['grid-shape', { 'StandardsDoc.v1': { text: null } }],
    ['grid-field', { 'StandardsDoc.v1': { txt: 'public' } }],
    ['grid-field', { 'StandardsDoc.v1': { requirements: 'public' } }],
    ['grid-field', { 'StandardsDoc.v1': { constructor: 'public' } }]
  ])('[DOC-23] %s: %j', (code, grid) => {
    expect(codes(parseGrid(grid))).toBe(code)
  })
})

describe('an attacker without a key', () => {
  const bytes = utf8(spelt(whole.file))

  test('[DOC-9] [DOC-19] no changed byte of a file is taken for what was signed', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = bytes.slice()
        changed[at] = (changed[at] as number) ^ flip
        expect(codeOf(changed, KNOWN)).toBeDefined()
      }),
      { seed: 11, numRuns: 400 }
    )
  })

  test('[DOC-2] size, depth and number are refused before anything is parsed', () => {
    expect(codes(parseSealed(new Uint8Array(SEALED_BYTES_MAX + 1)))).toBe('jcs-size')
    expect(codes(parseSealed(utf8('['.repeat(100_000))))).toBe('jcs-depth')
    expect(codes(parseSealed(utf8(`[${'0,'.repeat(60_000)}0]`)))).toBe('jcs-items')
    const many = spelt({
      ...whole.file,
      disclosures: Array.from({ length: 20_001 }, (_, i) => String(i)).sort()
    })
    expect(codes(parseSealed(utf8(many)))).toBe('sealed-shape')
  })
})
