// Has tools that we did not write read an exported audit log: the Go tools of the transparency-log community, in
// scripts/audit-go. `node scripts/run.cjs scripts/check-audit-go.ts [FOLDER]`; without a folder it makes a log of
// 600 entries, cosigned by two of three witnesses, and afterwards breaks one byte and sees it found.
// Exit code 0: they agree; 1: they do not; 3: NOT RUN, since Go or its modules are not here.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AuditLog } from '../src/audit/log.ts'
import { WITNESS_KEY, noteKey, parseNote, printNote, type NoteSignature } from '../src/audit/note.ts'
import { openLog, openWitness, verifyLogOpening, witnessName } from '../src/audit/opening.ts'
import { printProof } from '../src/audit/proof-file.ts'
import { inclusionProof } from '../src/audit/tree.ts'
import { Witness } from '../src/audit/witness.ts'
import { printRequest } from '../src/audit/witness-request.ts'
import type { WrittenLog } from '../src/audit/log-check.ts'
import { writeFolder } from '../src/cli/audit-folder.ts'
import { type SecretKey, generateKey, sign } from '../src/identity/ed25519.ts'
import { peerIdOf } from '../src/identity/peer-id.ts'
import { EMPTY, toHex, utf8 } from '../src/wire/bytes.ts'
import { sha256 } from '../src/wire/hash.ts'
import { isReject } from '../src/wire/reject.ts'

const NOT_RUN = 3
const TOOL = fileURLToPath(new URL('audit-go', import.meta.url))
const RECORDS = 600
const TIME = 1_764_000_000

const secret = (name: string) => generateKey(sha256(utf8(name)))
const signer = (key: SecretKey) => (message: Uint8Array) => sign(key, message)

/** A log as a node would write it, of fixed bytes, and the same log with the cosignatures of two companies. */
function sampleLog(): { log: AuditLog; written: WrittenLog } {
  const node = secret('node')
  const peerId = peerIdOf(node.publicKey)
  const log = new AuditLog({ space: '5a'.repeat(32), peerId, epoch: 'e0'.repeat(16) }, secret('log'))
  log.add({ at: TIME * 1000, type: 'opened' })
  for (let i = 1; i < RECORDS; i++)
    log.add({ at: TIME * 1000 + i, type: 'access', facet: 'fa', what: 'read' })
  const { leaves, note } = log.batch(n =>
    Buffer.concat(Array.from({ length: n / 32 }, (_, i) => sha256(utf8(`${i}`))))
  )
  const opening = openLog({ company: 'did:webvh:QmLog:log.invalid', peerId, key: log.key }, signer(node))
  const known = verifyLogOpening(opening)
  const parsed = parseNote(note)
  if (isReject(known) || isReject(parsed)) throw new Error('the log that was made is none')
  const cosignatures: NoteSignature[] = []
  const witnesses = ['a', 'b', 'c'].map((name, i) => {
    const [host, cosigner] = [secret(`host ${name}`), secret(`witness ${name}`)]
    const hostId = peerIdOf(host.publicKey)
    const key = noteKey(
      witnessName(hostId, toHex(sha256(utf8(name))).slice(0, 32)),
      WITNESS_KEY,
      cosigner.publicKey
    )
    const witness = new Witness({ key, sign: signer(cosigner) })
    witness.know(known)
    const { held } = witness.answer(printRequest({ old: 0, proof: [], checkpoint: note }), TIME)
    const cosigned = parseNote(held?.note ?? EMPTY)
    if (i < 2 && !isReject(cosigned)) cosignatures.push(cosigned.signatures[1] as NoteSignature)
    const company = `did:webvh:Qm${name}:${name}.invalid`
    const bytes = openWitness({ company, peerId: hostId, key }, signer(host))
    return { opening: bytes, certificate: EMPTY, identity: EMPTY }
  })
  const checkpoint = utf8(printNote({ ...parsed, signatures: [...parsed.signatures, ...cosignatures] }))
  return { log, written: { opening, checkpoint, witnesses, leaves } }
}

async function makeFolder(dir: string): Promise<void> {
  const { log, written } = sampleLog()
  await writeFolder(dir, written, true)
  for (const index of [0, 255, 256, RECORDS - 1]) {
    const leaf = written.leaves[index] as WrittenLog['leaves'][number]
    const path = inclusionProof(log.tree, index, RECORDS)
    writeFileSync(
      join(dir, `${index}.tlog-proof`),
      printProof({ leaf, index, path, checkpoint: written.checkpoint })
    )
  }
}

function go(args: string[]) {
  return spawnSync('go', args, {
    cwd: TOOL,
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '-mod=readonly' }
  })
}

function notRun(why: string): never {
  console.log(`NOT RUN: ${why}`)
  process.exit(NOT_RUN)
}

function build(program: string): void {
  if (go(['version']).status !== 0) notRun('Go is not on this machine')
  const built = go(['build', '-o', program, '.'])
  if (built.status !== 0) notRun(`the Go modules cannot be had or built here:\n${built.stderr}`)
}

async function main(given: string | undefined): Promise<number> {
  const base = mkdtempSync(join(tmpdir(), 'parley-audit-go-'))
  try {
    const program = join(base, 'audit-go')
    build(program)
    const dir = given ?? join(base, 'log')
    if (given === undefined) await makeFolder(dir)
    const run = () => spawnSync(program, [dir], { encoding: 'utf8' })
    const first = run()
    process.stdout.write(first.stdout + first.stderr)
    if (first.status !== 0 || given !== undefined) return first.status === 0 ? 0 : 1
    const tile = join(dir, 'tile/entries/001')
    const bytes = readFileSync(tile)
    bytes[500] = (bytes[500] as number) ^ 1
    writeFileSync(tile, bytes)
    const second = run()
    console.log(second.status === 0 ? 'FAIL a changed entry was not found' : 'ok   a changed entry is found')
    return second.status === 0 ? 1 : 0
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}

process.exitCode = await main(process.argv[2])
