// Proof that a log was rewritten: two checkpoints that its key signed and that cannot both be true, in one file that
// a stranger can check. protocols/audit, section 7.
import { z } from 'zod'
import { fromBase64, toBase64 } from '../wire/base64.ts'
import { equalBytes, fromUtf8, utf8 } from '../wire/bytes.ts'
import { encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type SignedCheckpoint, openCheckpoint } from './checkpoint.ts'
import type { NoteKey } from './note.ts'
import { type LogOpening, verifyLogOpening } from './opening.ts'
import { isConsistent, isPowerOfTwo, rootsOfConsistency } from './tree-proof.ts'
import { type WitnessRequest, parseRequest, printRequest } from './witness-request.ts'

const VERSION = 'audit-conflict.v1'
/** Certificates and an identity log of 1 MiB in base64, beside two notes. */
const CONFLICT_LIMITS = { bytesMax: 2 * 1024 * 1024, depthMax: 2, itemsMax: 16 }

const ConflictJson = z.strictObject({
  certificate: z.string(),
  held: z.string(),
  identity: z.string(),
  opening: z.string(),
  parley: z.literal(VERSION),
  shown: z.string()
})

export interface Conflict {
  /** DSSE of the log's opening. */
  opening: Uint8Array
  /** A checkpoint. */
  held: Uint8Array
  /** A request of add-checkpoint that does not follow from it. */
  shown: Uint8Array
  /** Of the node, and the identity log of its company; empty where the writer had none. */
  certificate: Uint8Array
  identity: Uint8Array
}

/** What a conflict proves. */
export interface Rewrite {
  opening: LogOpening
  held: SignedCheckpoint
  shown: SignedCheckpoint
  /** The root that `shown` has for the size of `held`. */
  root: Uint8Array
}

/**
 * AUD-22. A proof that leads to the root that was signed is made of true nodes of that tree, so what it says of the
 * older size is what the log says of it now.
 */
export function provesRewrite(log: NoteKey, heldNote: Uint8Array, request: WitnessRequest): boolean {
  return !isReject(rewriteOf(log, heldNote, request))
}

/** What a request says of a checkpoint that was cosigned before: it follows, it cannot, or nothing. */
export function judgeRequest(
  log: NoteKey,
  heldNote: Uint8Array,
  request: WitnessRequest
): 'follows' | 'rewritten' | 'unproven' {
  const held = openCheckpoint(heldNote, log)
  const shown = openCheckpoint(request.checkpoint, log)
  if (isReject(held) || isReject(shown)) return 'unproven'
  const root = oldRootOf(held, shown, request)
  if (root) return equalBytes(root, held.root) ? 'follows' : 'rewritten'
  const isFrom = request.old === held.size && request.old <= shown.size
  return isFrom && isConsistent(held, shown, request.proof) ? 'follows' : 'unproven'
}

function rewriteOf(
  log: NoteKey,
  heldNote: Uint8Array,
  request: WitnessRequest
): Omit<Rewrite, 'opening'> | Reject {
  const held = openCheckpoint(heldNote, log)
  if (isReject(held)) return held
  const shown = openCheckpoint(request.checkpoint, log)
  if (isReject(shown)) return shown
  const root = oldRootOf(held, shown, request)
  if (!root) return new Reject('conflict-none', 'the proof does not lead to what was signed')
  return equalBytes(root, held.root) ? new Reject('conflict-none', 'the two agree') : { held, shown, root }
}

/** The root that the tree of `shown` has at the size of `held`, where the proof says so. */
function oldRootOf(
  held: SignedCheckpoint,
  shown: SignedCheckpoint,
  { old, proof }: WitnessRequest
): Uint8Array | undefined {
  if (held.size === 0 || old > shown.size) return undefined
  if (old === held.size && old === shown.size) return shown.root
  const isNext = isPowerOfTwo(held.size) && old === held.size + 1
  if (isPowerOfTwo(old) || (old !== held.size && !isNext)) return undefined
  const roots = old < shown.size ? rootsOfConsistency(old, shown.size, proof, held.root) : undefined
  if (!roots || !equalBytes(roots.root, shown.root)) return undefined
  return isNext ? roots.first : roots.old
}

/** The sizes from which a log is asked to prove, so that it tells its root at `size`. */
export function tellingSizes(size: number): number[] {
  return isPowerOfTwo(size) ? [size, size + 1] : [size]
}

export function encodeConflict({ opening, held, shown, certificate, identity }: Conflict): Uint8Array {
  return encodeJcs({
    certificate: toBase64(certificate),
    held: fromUtf8(held),
    identity: toBase64(identity),
    opening: toBase64(opening),
    parley: VERSION,
    shown: fromUtf8(shown)
  })
}

export function parseConflict(bytes: Uint8Array): Conflict | Reject {
  const value = parseJcs(bytes, CONFLICT_LIMITS)
  if (isReject(value)) return value
  const { data } = ConflictJson.safeParse(value)
  const [opening, certificate, identity] = data
    ? [data.opening, data.certificate, data.identity].map(fromBase64)
    : []
  if (!data || !opening || !certificate || !identity) {
    return new Reject('conflict-form', 'not a proof that a log was rewritten')
  }
  return { opening, certificate, identity, held: utf8(data.held), shown: utf8(data.shown) }
}

/** @returns what is proven, `conflict-none` where nothing is, or what is wrong with a part. */
export function verifyConflict(conflict: Conflict): Rewrite | Reject {
  const opening = verifyLogOpening(conflict.opening)
  if (isReject(opening)) return opening
  const request = parseRequest(conflict.shown)
  if (isReject(request)) return request
  const rewrite = rewriteOf(opening.key, conflict.held, request)
  return isReject(rewrite) ? rewrite : { opening, ...rewrite }
}

/** Two checkpoints of one size with different roots, as a request that the first holder never got. */
export function splitRequest(other: SignedCheckpoint, note: Uint8Array): Uint8Array {
  return printRequest({ old: other.size, proof: [], checkpoint: note })
}
