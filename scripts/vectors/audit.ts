// Writes protocols/audit/vectors. Deterministic: fixed keys, no clock, no randomness.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Checkpoint, printCheckpoint } from '../../src/audit/checkpoint.ts'
import {
  LOG_KEY,
  type NoteSignature,
  WITNESS_KEY,
  cosignNote,
  noteKey,
  printNote,
  printNoteKey,
  signNote
} from '../../src/audit/note.ts'
import { originOf, witnessName } from '../../src/audit/opening.ts'
import { printProof } from '../../src/audit/proof-file.ts'
import { encodeRecord, saltedEntry } from '../../src/audit/record.ts'
import { EMPTY_ROOT, Tree, consistencyProof, inclusionProof } from '../../src/audit/tree.ts'
import { Witness } from '../../src/audit/witness.ts'
import { printRequest } from '../../src/audit/witness-request.ts'
import { generateKey, sign } from '../../src/identity/ed25519.ts'
import { peerIdOf } from '../../src/identity/peer-id.ts'
import { fromUtf8, toHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'

const secret = (fill: number) => generateKey(new Uint8Array(32).fill(fill))
const [node, logSecret, witnessSecret] = [secret(1), secret(2), secret(3)]
const peerId = peerIdOf(node.publicKey)
const origin = originOf({ space: '5a'.repeat(32), peerId, epoch: 'e0'.repeat(16) })
const log = noteKey(origin, LOG_KEY, logSecret.publicKey)
const cosigner = noteKey(witnessName(peerId, 'f0'.repeat(16)), WITNESS_KEY, witnessSecret.publicKey)
const TIME = 1_764_000_000

const entry = (i: number) => sha256(utf8(`entry ${i}`))
const entries = (n: number, of = entry) => Array.from({ length: n }, (_, i) => of(i))
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 21]

function trees() {
  const nodes = Tree.of(entries(21))
  const roots = SIZES.map(size => ({ size, root: toHex(Tree.of(entries(size)).root) }))
  const sizes = SIZES.filter(size => size > 0)
  const inclusion = sizes.flatMap(size =>
    [...new Set([0, size >> 1, size - 1])].map(index => {
      return { index, size, proof: inclusionProof(nodes, index, size).map(toHex) }
    })
  )
  const consistency = sizes.flatMap(size =>
    sizes
      .filter(old => old < size)
      .map(old => ({ old, size, proof: consistencyProof(nodes, old, size).map(toHex) }))
  )
  return { rule: 'AUD-1', entries: entries(21).map(toHex), roots, inclusion, consistency }
}

const signed = (text: string) => signNote(text, log, message => sign(logSecret, message))
const cosigned = (text: string) => cosignNote(text, cosigner, message => sign(witnessSecret, message), TIME)
const checkpointOf = (size: number, tree = Tree.of(entries(size))): Checkpoint => {
  return { origin, size, root: tree.root }
}
const noteOf = (text: string, ...signatures: NoteSignature[]) => printNote({ text, signatures })

function notes() {
  const text = printCheckpoint(checkpointOf(5))
  const note = noteOf(text, signed(text), cosigned(text))
  const stranger = { ...signed(text), name: 'somebody.example/else' }
  const valid = [
    { name: 'signed by the log and a witness', note },
    { name: 'without a witness', note: noteOf(text, signed(text)) },
    { name: 'with a signature of an unknown key', note: noteOf(text, stranger, signed(text)) },
    { name: 'of an empty tree', note: signedCheckpoint({ origin, size: 0, root: EMPTY_ROOT }) },
    { name: 'with an extension line', note: signedText(`${text}more\n`) },
    { name: 'of 1,024 bytes', note: signedText(padded(text, 1_024)) }
  ]
  const other = cosignNote(text, cosigner, message => sign(witnessSecret, message), TIME + 1).bytes
  const mixed = {
    ...cosigned(text),
    bytes: Uint8Array.of(...other.slice(0, 8), ...cosigned(text).bytes.slice(8))
  }
  const timeless = {
    ...cosigned(text),
    bytes: Uint8Array.of(...new Uint8Array(8), ...cosigned(text).bytes.slice(8))
  }
  const bad = (name: string, code: string, bytes: string) => ({ name, code, note: bytes })
  const resized = text.replace('\n5\n', '\n6\n')
  const line = note.split('\n').at(-3) as string
  const invalid = [
    bad('no signatures', 'note-form', `${text}\n`),
    bad('no empty line', 'note-form', note.replace('\n\n', '\n')),
    bad('no newline at the end', 'note-form', note.slice(0, -1)),
    bad('a tab', 'note-form', note.replace('\n5\n', '\n5\t\n')),
    bad('a hyphen for the dash', 'note-form', note.replace('—', '-')),
    bad('two spaces', 'note-form', note.replace('— ', '—  ')),
    bad('base64 without padding', 'note-form', `${text}\n${line.replace(/=+$/, '')}\n`),
    bad('a plus in a name', 'note-form', `${text}\n${line.replace(origin, `${origin}+`)}\n`),
    bad('33 signatures', 'note-form', noteOf(text, ...Array.from({ length: 33 }, () => signed(text)))),
    bad('another text', 'note-signature', note.replace(text, resized)),
    bad('another time', 'note-signature', noteOf(text, signed(text), mixed)),
    bad('time 0', 'note-signature', noteOf(text, signed(text), timeless)),
    bad('a witness alone', 'note-unsigned', noteOf(text, cosigned(text))),
    bad('a stranger alone', 'note-unsigned', noteOf(text, stranger)),
    bad('a leading zero', 'checkpoint-form', signedText(text.replace('\n5\n', '\n05\n'))),
    bad('a size of 2^53', 'checkpoint-form', signedText(text.replace('\n5\n', '\n9007199254740992\n'))),
    bad('a root of 31 bytes', 'checkpoint-form', signedText(`${origin}\n5\n${'A'.repeat(40)}AA==\n`)),
    bad('two lines', 'checkpoint-form', signedText(`${origin}\n5\n`)),
    bad('an empty extension line', 'checkpoint-form', signedText(`${text}\nmore\n`)),
    bad('1,025 bytes', 'checkpoint-form', signedText(padded(text, 1_025))),
    bad(
      '1,025 bytes or more, in fewer characters',
      'checkpoint-form',
      signedText(`${text}${'ä'.repeat(512)}\n`)
    ),
    bad('an empty tree with a root', 'checkpoint-empty', signedText(text.replace('\n5\n', '\n0\n')))
  ]
  return {
    rule: 'AUD-5',
    log: printNoteKey(log),
    witness: printNoteKey(cosigner),
    time: TIME,
    valid,
    invalid
  }
}

/** With an extension line that makes it that long. */
function padded(text: string, bytes: number): string {
  return `${text}${'x'.repeat(bytes - text.length - 1)}\n`
}

function signedText(text: string): string {
  return noteOf(text, signed(text))
}

function signedCheckpoint(checkpoint: Checkpoint): string {
  return signedText(printCheckpoint(checkpoint))
}

interface Step {
  name: string
  old: number
  proof: Uint8Array[]
  note: string
}

/** A log that grows, then one that was rewritten, before one witness. */
function witness() {
  const tree = Tree.of(entries(21))
  const rewritten = Tree.of(entries(21, i => entry(i === 2 ? 99 : i)))
  const note = (size: number) => signedCheckpoint(checkpointOf(size))
  const forged = (size: number) =>
    signedCheckpoint(checkpointOf(size, Tree.of(entries(size, i => entry(i === 2 ? 99 : i)))))
  const proof = (old: number, size: number, of = tree) => consistencyProof(of, old, size)
  const text = printCheckpoint({ ...checkpointOf(5), origin: origin.replace('e0', 'e1') })
  const steps: Step[] = [
    { name: 'another origin', old: 0, proof: [], note: noteOf(text, signed(text)) },
    {
      name: 'not signed by the log',
      old: 0,
      proof: [],
      note: noteOf(printCheckpoint(checkpointOf(5)), cosigned('x'))
    },
    {
      name: 'a text of 1,025 bytes',
      old: 0,
      proof: [],
      note: signedText(padded(printCheckpoint(checkpointOf(5)), 1_025))
    },
    { name: 'falsely signed', old: 0, proof: [], note: note(5).replace('\n5\n', '\n4\n') },
    { name: 'the first, with a proof', old: 0, proof: proof(2, 5), note: note(5) },
    {
      name: 'an empty tree with a root',
      old: 0,
      proof: [],
      note: signedText(printCheckpoint({ origin, size: 0, root: entry(0) }))
    },
    { name: 'the first, from a size that was never', old: 3, proof: proof(3, 5), note: note(5) },
    { name: 'the first', old: 0, proof: [], note: note(5) },
    { name: 'the same again', old: 5, proof: [], note: note(5) },
    { name: 'as if nothing had been', old: 0, proof: [], note: note(9) },
    { name: 'an old size above the size', old: 6, proof: [], note: note(5) },
    { name: 'the same size, another root', old: 5, proof: [], note: forged(5) },
    { name: 'a proof that is too short', old: 5, proof: proof(5, 9).slice(1), note: note(9) },
    { name: 'rewritten, with its own proof', old: 5, proof: proof(5, 9, rewritten), note: forged(9) },
    { name: 'grown', old: 5, proof: proof(5, 9), note: note(9) },
    { name: 'a smaller tree', old: 9, proof: [], note: note(5) },
    { name: 'grown again', old: 9, proof: proof(9, 21), note: note(21) }
  ]
  const own = new Witness({ key: cosigner, sign: message => sign(witnessSecret, message) })
  own.know({ space: '5a'.repeat(32), peerId, epoch: 'e0'.repeat(16), company: 'did:x', key: log })
  const cases = steps.map(({ name, old, proof: hashes, note: checkpoint }) => {
    const request = printRequest({ old, proof: hashes, checkpoint: utf8(checkpoint) })
    const { status, body, conflict } = own.answer(request, TIME)
    return { name, request: fromUtf8(request), status, body, conflict: conflict !== undefined }
  })
  const malformed = ['old 5', 'old 05\n\nx', 'old -1\n\nx', 'size 5\n\nx', 'old 0\nnot a hash\n\nx']
  const refused = malformed.map(request => ({ name: 'malformed', request, status: 400 }))
  return {
    rule: 'AUD-18',
    log: printNoteKey(log),
    witness: printNoteKey(cosigner),
    time: TIME,
    cases,
    refused
  }
}

function proofs() {
  const salt = new Uint8Array(32).fill(7)
  const record = encodeRecord({ at: TIME * 1000, type: 'access', facet: 'fa'.repeat(32), what: 'read' })
  const all = [...entries(6), saltedEntry(salt, record), ...entries(4, i => entry(i + 6))]
  const tree = Tree.of(all)
  const text = printCheckpoint({ origin, size: all.length, root: tree.root })
  const checkpoint = utf8(noteOf(text, signed(text), cosigned(text)))
  const leaf = { entry: saltedEntry(salt, record), salt, record }
  const file = fromUtf8(printProof({ leaf, index: 6, path: inclusionProof(tree, 6, all.length), checkpoint }))
  const invalid = [
    { name: 'another index', code: 'proof-inclusion', file: file.replace('\nindex 6\n', '\nindex 7\n') },
    { name: 'another version', code: 'proof-form', file: file.replace('@v1', '@v2') },
    { name: 'an index with a zero', code: 'proof-form', file: file.replace('index 6', 'index 06') },
    { name: 'without a record', code: 'proof-form', file: file.replace(/extra .*\n/, '') },
    { name: 'another record', code: 'proof-inclusion', file: file.replace('extra B', 'extra C') }
  ]
  const valid = [{ name: 'a record', index: 6, record: fromUtf8(record), file }]
  return { rule: 'AUD-14', log: printNoteKey(log), witness: printNoteKey(cosigner), valid, invalid }
}

/** Path below the repository to contents. */
export function auditVectors(): { [path: string]: string } {
  const files = { trees: trees(), notes: notes(), witness: witness(), proofs: proofs() }
  return Object.fromEntries(
    Object.entries(files).map(([name, value]) => [
      `protocols/audit/vectors/${name}.json`,
      `${JSON.stringify(value, null, 1)}\n`
    ])
  )
}

if (import.meta.main) {
  for (const [path, contents] of Object.entries(auditVectors())) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
}
