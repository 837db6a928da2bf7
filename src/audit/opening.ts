// What ties the key of a log or of a witness to the node whose it is: names, and the document that the node signs.
// protocols/audit, section 4.
import { z } from 'zod'
import type { PublicKey } from '../identity/ed25519.ts'
import { keyOfPeerId } from '../identity/peer-id.ts'
import { parseDocument, signDocumentWith } from '../identity/signed-document.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type Checkpoint, CheckpointJson, checkpointFromJson, checkpointToJson } from './checkpoint.ts'
import { LOG_KEY, type NoteKey, type Sign, WITNESS_KEY, parseNoteKey, printNoteKey } from './note.ts'

export const OPENING_BYTES_MAX = 2_048
export const EPOCH_BYTES = 16

const LOG_KIND = 'audit-log.v1'
const WITNESS_KIND = 'audit-witness.v1'

const Company = z.string().min(1).max(512)
const OpeningJson = z.strictObject({
  before: CheckpointJson.optional(),
  company: Company,
  key: z.string().max(512),
  peer: z.string()
})

/** Whose log it is. `epoch`: 16 random bytes, hexadecimal, of the run that wrote it. */
export interface Origin {
  /** Hexadecimal. */
  space: string
  peerId: string
  epoch: string
}

export interface LogOpening extends Origin {
  company: string
  /** Named as the origin. */
  key: NoteKey
  /** The last checkpoint of the log before this one, as far as the node knew it. */
  before?: Checkpoint
}

export interface WitnessOpening {
  company: string
  peerId: string
  key: NoteKey
}

export function originOf({ space, peerId, epoch }: Origin): string {
  return `parley/audit/1/${space}/${peerId}/${epoch}`
}

/** AUD-9. @returns `origin` for any other spelling */
export function parseOrigin(text: string): Origin | Reject {
  const found = /^parley\/audit\/1\/([0-9a-f]{64})\/(\w{52})\/([0-9a-f]{32})$/.exec(text)
  if (!found) return new Reject('origin', 'not the origin of a log of a node')
  const [, space, peerId, epoch] = found as unknown as [string, string, string, string]
  return { space, peerId, epoch }
}

export function witnessName(peerId: string, epoch: string): string {
  return `parley/witness/1/${peerId}/${epoch}`
}

/** @param signAsNode with the key of the node that the origin names */
export function openLog(
  { company, key, peerId, before }: Pick<LogOpening, 'company' | 'key' | 'peerId' | 'before'>,
  signAsNode: Sign
): Uint8Array {
  const json = { company, key: printNoteKey(key), peer: peerId }
  const then = before && { before: checkpointToJson(before) }
  return signDocumentWith(LOG_KIND, { ...json, ...then }, signAsNode)
}

export function openWitness({ company, key, peerId }: WitnessOpening, signAsNode: Sign): Uint8Array {
  return signDocumentWith(WITNESS_KIND, { company, key: printNoteKey(key), peer: peerId }, signAsNode)
}

/** AUD-11. Whether the node may speak for the company is for its certificate to say. */
export function verifyLogOpening(bytes: Uint8Array): LogOpening | Reject {
  const opened = verifyOpening(bytes, LOG_KIND)
  if (isReject(opened)) return opened
  const { json, key } = opened
  const origin = parseOrigin(key.name)
  if (isReject(origin)) return origin
  if (key.type !== LOG_KEY || origin.peerId !== json.peer) {
    return new Reject('opening-form', 'the key is not one of a log of this node')
  }
  const { before } = json
  return {
    ...origin,
    company: json.company,
    key,
    ...(before && { before: checkpointFromJson(before) })
  }
}

/** AUD-11. */
export function verifyWitnessOpening(bytes: Uint8Array): WitnessOpening | Reject {
  const opened = verifyOpening(bytes, WITNESS_KIND)
  if (isReject(opened)) return opened
  const { json, key } = opened
  const [epoch = ''] = /[0-9a-f]{32}$/.exec(key.name) ?? []
  if (key.type !== WITNESS_KEY || key.name !== witnessName(json.peer, epoch) || json.before) {
    return new Reject('opening-form', 'the key is not one of a witness of this node')
  }
  return { company: json.company, peerId: json.peer, key }
}

function verifyOpening(
  bytes: Uint8Array,
  kind: string
): { json: z.output<typeof OpeningJson>; key: NoteKey } | Reject {
  if (bytes.length > OPENING_BYTES_MAX) return new Reject('opening-form', 'too long for an opening')
  const document = parseDocument(bytes, kind, OpeningJson)
  if (isReject(document)) return document
  const { json } = document
  const node = keyOfPeerId(json.peer)
  if (isReject(node)) return node
  if (!document.isSignedBy(node)) return new Reject('opening-signature', 'not signed by the node')
  const key = parseNoteKey(json.key)
  if (isReject(key)) return key
  return isSame(key.key, node) ? new Reject('opening-form', "the node's own key") : { json, key }
}

/** AUD-7. */
function isSame(a: PublicKey, b: PublicKey): boolean {
  return a.multikey === b.multikey
}
