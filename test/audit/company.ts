// Logs, keys and openings for the tests of the audit layer: made of fixed bytes.
import { AuditLog, type Batch } from '../../src/audit/log.ts'
import { WITNESS_KEY, noteKey } from '../../src/audit/note.ts'
import {
  type LogOpening,
  openLog,
  openWitness,
  verifyLogOpening,
  witnessName
} from '../../src/audit/opening.ts'
import type { AuditRecord } from '../../src/audit/record.ts'
import { Witness, type WitnessKey } from '../../src/audit/witness.ts'
import { type SecretKey, generateKey, sign } from '../../src/identity/ed25519.ts'
import { peerIdOf } from '../../src/identity/peer-id.ts'

export const SPACE = '5a'.repeat(32)
export const key = (fill: number): SecretKey => generateKey(new Uint8Array(32).fill(fill))
export const signer = (secret: SecretKey) => (message: Uint8Array) => sign(secret, message)

let salts = 0
/** Never the same bytes twice, and the same in every run. */
export function salt(bytes: number): Uint8Array {
  const out = new Uint8Array(bytes)
  new DataView(out.buffer).setUint32(0, ++salts)
  return out
}

export interface TestLog {
  log: AuditLog
  opening: LogOpening
  openingBytes: Uint8Array
  batches: Batch[]
  /** Appends records and makes a batch of them. */
  write(...records: AuditRecord[]): Batch
}

/** A log of the node whose key is `node`; `secret` is the log's own. */
export function testLog(node: number, secret: number, epoch = 'e0'.repeat(16)): TestLog {
  const nodeKey = key(node)
  const peerId = peerIdOf(nodeKey.publicKey)
  const origin = { space: SPACE, peerId, epoch }
  const company = `did:webvh:Qm${node}:company-${node}.invalid`
  const log = new AuditLog(origin, key(secret))
  const openingBytes = openLog({ company, peerId, key: log.key }, signer(nodeKey))
  const opening = verifyLogOpening(openingBytes) as LogOpening
  const batches: Batch[] = []
  const write = (...records: AuditRecord[]) => {
    for (const record of records) log.add(record)
    const batch = log.batch(salt)
    batches.push(batch)
    return batch
  }
  return { log, opening, openingBytes, batches, write }
}

export function opened(at = 1): AuditRecord {
  return { at, type: 'opened' }
}

export function access(at: number): AuditRecord {
  return { at, type: 'access', facet: 'fa'.repeat(32), what: 'read' }
}

/** A witness that is run by the node with this key. */
export function testWitness(node: number, secret: number) {
  const nodeKey = key(node)
  const peerId = peerIdOf(nodeKey.publicKey)
  const cosigner = key(secret)
  const name = witnessName(peerId, 'f0'.repeat(16))
  const witnessKey: WitnessKey = {
    key: noteKey(name, WITNESS_KEY, cosigner.publicKey),
    sign: signer(cosigner)
  }
  const company = `did:webvh:Qm${node}:company-${node}.invalid`
  const opening = openWitness({ company, peerId, key: witnessKey.key }, signer(nodeKey))
  return { witness: new Witness(witnessKey), key: witnessKey.key, opening, company }
}
