// protocols/audit/vectors: what they say, and that they are what the generator writes.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { auditVectors } from '../../scripts/vectors/audit.ts'
import { openCheckpoint } from '../../src/audit/checkpoint.ts'
import {
  type Note,
  type NoteKey,
  checkNote,
  parseNote,
  parseNoteKey,
  printNote,
  printNoteKey
} from '../../src/audit/note.ts'
import { parseProof, printProof, verifyProof } from '../../src/audit/proof-file.ts'
import { Tree, leafHash } from '../../src/audit/tree.ts'
import { isConsistent, rootOfInclusion } from '../../src/audit/tree-proof.ts'
import { parseRequest, printRequest } from '../../src/audit/witness-request.ts'
import { fromHex, fromUtf8, toHex, utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'

const read = (name: string): string =>
  readFileSync(new URL(`../../protocols/audit/vectors/${name}.json`, import.meta.url), 'utf8')
const bytes = (hex: string) => fromHex(hex) as Uint8Array
const keyOf = (text: string) => parseNoteKey(text) as NoteKey

const checkedBy = (note: Note, vkey: string) => checkNote(note, [keyOf(vkey)])

interface Trees {
  entries: string[]
  roots: { size: number; root: string }[]
  inclusion: { index: number; size: number; proof: string[] }[]
  consistency: { old: number; size: number; proof: string[] }[]
}
interface Keys {
  log: string
  witness: string
  time: number
}
interface Notes extends Keys {
  valid: { name: string; note: string }[]
  invalid: { name: string; note: string; code: string }[]
}
interface Proofs extends Keys {
  valid: { file: string; index: number; record: string }[]
  invalid: { name: string; file: string; code: string }[]
}
interface Requests extends Keys {
  cases: { name: string; request: string }[]
  refused: { request: string }[]
}

describe('vectors', () => {
  it('are what the generator writes', () => {
    for (const [path, contents] of Object.entries(auditVectors())) {
      expect(readFileSync(path, 'utf8') === contents, path).toBe(true)
    }
  })

  it('[AUD-1] of trees', () => {
    const { entries, roots, inclusion, consistency } = JSON.parse(read('trees')) as Trees
    const rootAt = (size: number) => bytes(roots.find(one => one.size === size)?.root ?? '')
    for (const { size, root } of roots) {
      expect(toHex(Tree.of(entries.slice(0, size).map(bytes)).root)).toBe(root)
    }
    for (const { index, size, proof } of inclusion) {
      const leaf = leafHash(bytes(entries[index] as string))
      expect(rootOfInclusion(leaf, index, size, proof.map(bytes))).toEqual(rootAt(size))
    }
    for (const { old, size, proof } of consistency) {
      const [before, now] = [old, size].map(n => ({ size: n, root: rootAt(n) })) as [never, never]
      expect(isConsistent(before, now, proof.map(bytes)), `${old} to ${size}`).toBe(true)
    }
  })

  it('[AUD-5] [AUD-6] [AUD-8] of notes and checkpoints', () => {
    const { log, witness, time, valid, invalid } = JSON.parse(read('notes')) as Notes
    const open = (note: string) => openCheckpoint(utf8(note), keyOf(log), [keyOf(witness)])
    for (const { name, note } of valid) {
      const opened = open(note)
      if (isReject(opened)) throw new Error(`${name}: ${opened}`)
      expect(printNote(opened.note)).toBe(note)
      const times = opened.signatures.flatMap(signature => signature.time ?? [])
      expect(times).toEqual(name === 'signed by the log and a witness' ? [time] : [])
    }
    for (const { name, note, code } of invalid) expect(open(note), name).toMatchObject({ code })
  })

  it('[AUD-14] of proofs', () => {
    const { log, witness, valid, invalid } = JSON.parse(read('proofs')) as Proofs
    const verify = (file: string) => {
      const proof = parseProof(utf8(file))
      return isReject(proof) ? proof : verifyProof(proof, keyOf(log), [keyOf(witness)])
    }
    for (const { file, record } of valid) {
      expect(verify(file)).toMatchObject({ record: JSON.parse(record) as object })
      expect(fromUtf8(printProof(parseProof(utf8(file)) as never))).toBe(file)
    }
    for (const { name, file, code } of invalid) expect(verify(file), name).toMatchObject({ code })
  })

  it('[AUD-18] of requests, which are printed as they were read', () => {
    const { cases, refused } = JSON.parse(read('witness')) as Requests
    for (const { name, request } of cases) {
      const parsed = parseRequest(utf8(request))
      if (isReject(parsed)) throw new Error(`${name}: ${parsed}`)
      expect(fromUtf8(printRequest(parsed))).toBe(request)
    }
    for (const { request } of refused) {
      expect(parseRequest(utf8(request))).toMatchObject({ code: 'request-form' })
    }
  })
})

describe('notes of others', () => {
  it('[AUD-5] the example of C2SP signed-note holds', () => {
    const vkey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
    expect(printNoteKey(keyOf(vkey))).toBe(vkey)
    const note = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`
    const parsed = parseNote(utf8(note))
    if (isReject(parsed)) throw new Error(`${parsed}`)
    expect(checkedBy(parsed, vkey)).toHaveLength(1)
    expect(checkedBy({ ...parsed, text: 'Another.\n' }, vkey)).toMatchObject({ code: 'note-signature' })
  })

  it('[AUD-5] a verifier key with another id, or of another kind, is none', () => {
    for (const vkey of [
      'example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
      'example.com/foo+530d903a+BekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
      'example.com/foo+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
    ]) {
      expect(parseNoteKey(vkey)).toMatchObject({ code: 'note-form' })
    }
  })
})
