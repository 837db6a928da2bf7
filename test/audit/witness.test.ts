// A witness, and what it can prove of a log that was rewritten: the state machines alone, with vectors.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openCheckpoint, printCheckpoint } from '../../src/audit/checkpoint.ts'
import {
  type Conflict,
  encodeConflict,
  judgeRequest,
  parseConflict,
  splitRequest,
  tellingSizes,
  verifyConflict
} from '../../src/audit/conflict.ts'
import {
  type NoteKey,
  WITNESS_KEY,
  noteKey,
  parseNoteKey,
  printNote,
  signNote
} from '../../src/audit/note.ts'
import { consistencyProof, inclusionProof } from '../../src/audit/tree.ts'
import { Witness } from '../../src/audit/witness.ts'
import { printRequest } from '../../src/audit/witness-request.ts'
import { EMPTY, toHex, utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type TestLog, access, key, opened, signer, testLog, testWitness } from './company.ts'

const TIME = 1_764_000_000

interface Vectors {
  log: string
  witness: string
  time: number
  cases: { name: string; request: string; status: number; body: string; conflict: boolean }[]
  refused: { request: string; status: number }[]
}

function conflictOf(log: TestLog, held: Uint8Array, shown: Uint8Array): Conflict {
  return { opening: log.openingBytes, held, shown, certificate: EMPTY, identity: EMPTY }
}

describe('add-checkpoint', () => {
  const {
    log,
    witness: name,
    time,
    cases,
    refused
  } = JSON.parse(readFileSync('protocols/audit/vectors/witness.json', 'utf8')) as Vectors

  it('[AUD-18] is answered as the vectors say, in their order', () => {
    const { key: publicKey, name: witnessName } = parseNoteKey(name) as NoteKey
    const witness = new Witness({
      key: noteKey(witnessName, WITNESS_KEY, publicKey),
      sign: signer(key(3))
    })
    const opening = { ...testLog(1, 2).opening, key: parseNoteKey(log) as NoteKey }
    for (const { request } of refused) expect(witness.answer(utf8(request), time).status).toBe(400)
    witness.know(opening)
    for (const { name, request, status, body, conflict } of cases) {
      const answer = witness.answer(utf8(request), time)
      expect([answer.status, answer.body, answer.conflict !== undefined], name).toEqual([
        status,
        body,
        conflict
      ])
      expect(answer.held !== undefined, name).toBe(status === 200)
    }
  })

  it('[AUD-18] what is held goes on from what was made durable', () => {
    const log = testLog(1, 2)
    const first = log.write(opened(), access(2), access(3))
    const { witness } = testWitness(4, 5)
    witness.know(log.opening)
    const ask = (to: Witness, old: number, proof: Uint8Array[], checkpoint: Uint8Array) =>
      to.answer(printRequest({ old, proof, checkpoint }), TIME)
    const { held } = ask(witness, 0, [], first.note)
    const restarted = testWitness(4, 6).witness
    restarted.know(log.opening, held)
    expect(ask(restarted, 0, [], first.note)).toMatchObject({ status: 409, body: '3\n' })
    const second = log.write(access(4), access(5))
    const proof = consistencyProof(log.log.tree, 3, 5)
    expect(ask(restarted, 3, proof, second.note)).toMatchObject({ status: 200 })
  })
})

describe('a log that is rewritten', () => {
  it('[AUD-22] [AUD-23] is proven by its own next checkpoint', () => {
    const log = testLog(1, 2)
    const other = testLog(1, 2)
    const { witness } = testWitness(4, 5)
    witness.know(log.opening)
    const first = log.write(opened(), access(2), access(3))
    witness.answer(printRequest({ old: 0, proof: [], checkpoint: first.note }), TIME)
    // The same key signs a tree in which the second record was never written.
    const forged = other.write(opened(), access(3), access(4), access(5), access(6))
    const proof = consistencyProof(other.log.tree, 3, 5)
    const answer = witness.answer(printRequest({ old: 3, proof, checkpoint: forged.note }), TIME)
    expect(answer.status).toBe(422)
    expect(witness.held(log.log.origin)?.size).toBe(3)
    const { held, shown } = answer.conflict as { held: Uint8Array; shown: Uint8Array }
    const file = parseConflict(encodeConflict(conflictOf(log, held, shown))) as Conflict
    const rewrite = verifyConflict(file)
    if (isReject(rewrite)) throw new Error(`${rewrite}`)
    expect(rewrite.opening.company).toBe(log.opening.company)
    expect([rewrite.held.size, rewrite.shown.size]).toEqual([3, 5])
    expect(toHex(rewrite.root)).not.toBe(toHex(rewrite.held.root))
  })

  it('[AUD-22] at a power of two it is proven from one size more', () => {
    const [log, other] = [testLog(1, 2), testLog(1, 2)]
    const held = log.write(opened(), ...[2, 3, 4].map(access)).note
    const forged = other.write(opened(), ...[7, 8, 9, 10, 11, 12].map(access))
    expect([tellingSizes(4), tellingSizes(6)]).toEqual([[4, 5], [6]])
    const plain = printRequest({
      old: 4,
      proof: consistencyProof(other.log.tree, 4, 7),
      checkpoint: forged.note
    })
    expect(verifyConflict(conflictOf(log, held, plain))).toMatchObject({ code: 'conflict-none' })
    const telling = printRequest({
      old: 5,
      proof: consistencyProof(other.log.tree, 5, 7),
      checkpoint: forged.note
    })
    expect(verifyConflict(conflictOf(log, held, telling))).toMatchObject({ held: { size: 4 } })
  })

  it('[AUD-24] a split view of one size is proven by the two checkpoints', () => {
    const [log, other] = [testLog(1, 2), testLog(1, 2)]
    const a = log.write(opened(), access(2)).note
    const b = other.write(opened(), access(3)).note
    const seen = openCheckpoint(b, log.opening.key)
    if (isReject(seen)) throw new Error(`${seen}`)
    expect(verifyConflict(conflictOf(log, a, splitRequest(seen, b)))).toMatchObject({ held: { size: 2 } })
  })

  it('[AUD-24] a smaller tree says nothing of a larger one', () => {
    const { log, opening, write } = testLog(1, 2)
    const { leaves, note } = write(opened(), ...[2, 3, 4, 5].map(access))
    // The path of the first leaf has the form of a proof from nine.
    const root = log.tree.leaf(0)
    const text = printCheckpoint({ origin: log.origin, size: 9, root })
    const held = utf8(printNote({ text, signatures: [signNote(text, opening.key, signer(key(2)))] }))
    const proof = [root, ...inclusionProof(log.tree, 0, leaves.length)]
    expect(judgeRequest(opening.key, held, { old: 9, proof, checkpoint: note })).toBe('unproven')
  })

  it('[AUD-22] nothing is proven by an honest log, by a proof that leads nowhere, or by another key', () => {
    const log = testLog(1, 2)
    const first = log.write(opened(), access(2), access(3))
    const second = log.write(access(4), access(5))
    const proof = consistencyProof(log.log.tree, 3, 5)
    const request = (hashes: Uint8Array[]) => printRequest({ old: 3, proof: hashes, checkpoint: second.note })
    const judge = (of: TestLog, shown: Uint8Array) => verifyConflict(conflictOf(of, first.note, shown))
    expect(judge(log, request(proof))).toMatchObject({ code: 'conflict-none' })
    expect(judge(log, request(proof.toReversed()))).toMatchObject({ code: 'conflict-none' })
    expect(judge(log, request([]))).toMatchObject({ code: 'conflict-none' })
    expect(judge(testLog(1, 3), request(proof))).toMatchObject({ code: 'note-unsigned' })
    const stranger = testLog(7, 2)
    expect(judge(stranger, request(proof))).toMatchObject({ code: 'note-unsigned' })
  })

  it('[AUD-22] a file that is cut or changed is none', () => {
    const log = testLog(1, 2)
    const { note } = log.write(opened(), access(2), access(3))
    const bytes = encodeConflict(conflictOf(log, note, utf8('x')))
    expect(parseConflict(bytes.slice(0, -1))).toMatchObject({ code: 'jcs-syntax' })
    expect(parseConflict(utf8('{}'))).toMatchObject({ code: 'conflict-form' })
    expect(verifyConflict(parseConflict(bytes) as Conflict)).toMatchObject({ code: 'request-form' })
  })
})
