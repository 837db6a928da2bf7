// Audit in the core: the logs that this node writes, their cosigning, and the witnessing of others.
// protocols/audit, sections 4 to 8.
import { WITNESS_KEY, noteKey } from '../audit/note.ts'
import { EPOCH_BYTES, openWitness, witnessName } from '../audit/opening.ts'
import { generateKey, sign } from '../identity/ed25519.ts'
import { toHex } from '../wire/bytes.ts'
import { Auditing } from './auditing.ts'
import type { Context } from './context.ts'
import { Cosigning } from './cosigning.ts'
import type { Frame } from './frame.ts'
import type { Session } from './session.ts'
import { Witnessing } from './witnessing.ts'

const SEED_BYTES = 32

export interface AuditOptions {
  /** That many bytes from a CSPRNG. */
  random: (bytes: number) => Uint8Array
  /** The last run ended in order: all that it stored is in its logs. */
  wasClean: boolean
}

export type AuditFrame = Extract<
  Frame,
  { type: 'add-checkpoint' | 'cosigned' | 'checkpoints' | 'want-proofs' | 'proofs' }
>

export class Audit {
  readonly own: Auditing
  readonly cosigning: Cosigning
  readonly witnessing: Witnessing

  /** @param signAsNode with the node's key, which stands behind every opening */
  constructor(context: Context, options: AuditOptions, signAsNode: (message: Uint8Array) => Uint8Array) {
    const { random } = options
    const { did: company, peerId } = context.directory.self
    const secret = generateKey(random(SEED_BYTES))
    const name = witnessName(peerId, toHex(random(EPOCH_BYTES)))
    const key = noteKey(name, WITNESS_KEY, secret.publicKey)
    const opening = openWitness({ company, peerId, key }, signAsNode)
    this.own = new Auditing(context, { ...options, signAsNode })
    this.cosigning = new Cosigning(context, this.own)
    this.witnessing = new Witnessing(context, { key, sign: message => sign(secret, message) }, opening)
  }

  tick(): void {
    this.own.tick()
    this.cosigning.tick()
    this.witnessing.tick()
  }

  onFrame(session: Session, frame: AuditFrame): void {
    switch (frame.type) {
      case 'add-checkpoint':
        return this.witnessing.onAddCheckpoint(session, frame)
      case 'cosigned':
        return this.cosigning.onCosigned(session, frame)
      case 'checkpoints':
        return this.witnessing.onCheckpoints(session, frame)
      case 'want-proofs':
        return this.cosigning.onWantProofs(session, frame)
      case 'proofs':
        return this.witnessing.onProofs(session, frame)
    }
  }
}
