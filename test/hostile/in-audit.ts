// A member as the log and as the witness of an audit log: too many logs, checkpoints that lie or never end, proofs that
// nobody asked for, and questions without end. protocols/audit, sections 6 to 8.
import { AuditLog } from '../../src/audit/log.ts'
import { openLog } from '../../src/audit/opening.ts'
import { consistencyProof } from '../../src/audit/tree.ts'
import { printRequest } from '../../src/audit/witness-request.ts'
import { generateKey, sign } from '../../src/identity/ed25519.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { runs } from './in-content.ts'
import type { Kind } from './kinds.ts'
import type { Scene } from './scene.ts'

/** A log that the rival's first node has just begun. */
class RivalLog {
  readonly #scene: Scene
  readonly #log: AuditLog
  readonly opening: Uint8Array
  #size = 0

  constructor(scene: Scene) {
    this.#scene = scene
    const { node, nodeKey, identity } = scene.company(0)
    const origin = {
      space: toHex(scene.facet().space.id),
      peerId: node.peer,
      epoch: toHex(scene.random.bytes(16))
    }
    this.#log = new AuditLog(origin, generateKey(scene.random.bytes(32)))
    this.opening = openLog({ company: identity.did, peerId: node.peer, key: this.#log.key }, message =>
      sign(nodeKey, message)
    )
  }

  /** Asks for a cosignature over `more` records more. */
  grow(more: number, old = this.#size): Frame {
    for (let i = 0; i < more; i++) this.#log.add({ at: Date.now(), type: 'access', what: `${i}`, facet: '' })
    const { checkpoint, note } = this.#log.batch(bytes => this.#scene.random.bytes(bytes))
    const { size } = checkpoint
    const proof = old > 0 && old < size ? consistencyProof(this.#log.tree, old, size) : []
    this.#size = size
    return this.frame(printRequest({ old, proof, checkpoint: note }))
  }

  frame(body: Uint8Array): Frame {
    const space = this.#scene.facet().space.id
    return { type: 'add-checkpoint', space, request: 1, opening: this.opening, body }
  }
}

export const inAudit: Kind[] = [
  { name: 'logs-new', as: 'member', ...runs(scene => [new RivalLog(scene).grow(1)]) },
  {
    name: 'checkpoints-growing',
    as: 'member',
    ...oneLog(log => [log.grow(3)])
  },
  {
    name: 'checkpoints-without-proof',
    as: 'member',
    ...oneLog(log => [log.grow(3, 1)])
  },
  {
    name: 'checkpoints-garbage',
    as: 'member',
    ...oneLog((log, scene) => [
      log.frame(utf8(`old 1\n${'A'.repeat(43)}=\n\n${toHex(scene.random.bytes(8_000))}`))
    ])
  },
  {
    name: 'checkpoints-shown',
    as: 'member',
    ...oneLog((log, scene) => {
      const shown = Array.from({ length: 32 }, () => ({
        opening: log.opening,
        checkpoint: scene.random.bytes(900)
      }))
      return [{ type: 'checkpoints', space: scene.facet().space.id, logs: shown }]
    })
  },
  {
    name: 'proofs-unasked',
    as: 'member',
    ...oneLog((_, scene) => {
      const bodies = Array.from({ length: 6 }, () => scene.random.bytes(16_000))
      return [{ type: 'proofs', space: scene.facet().space.id, request: scene.random.below(100), bodies }]
    })
  },
  { name: 'want-proofs-flood', as: 'member', run: wantProofs }
]

function oneLog(make: (log: RivalLog, scene: Scene) => Frame[]): Pick<Kind, 'prepare' | 'run'> {
  let log: RivalLog | undefined
  return runs(scene => make((log ??= new RivalLog(scene)), scene))
}

/** The node's own log, once it has asked the rival for a cosignature, is asked for proofs as fast as it can be. */
async function wantProofs(scene: Scene): Promise<string> {
  let asked = 0
  await scene.again(async talk => {
    const heard = await talk.heard(frame => frame.type === 'add-checkpoint', 15_000).catch(() => undefined)
    if (heard?.type !== 'add-checkpoint') return
    const origin = Buffer.from(heard.body).toString().split('\n\n')[1]?.split('\n')[0] ?? ''
    const { space } = heard
    scene.begin()
    asked += await scene.flood(talk, n =>
      Array.from({ length: 20 }, (_, i) => {
        return { type: 'want-proofs', space, request: 20 * n + i, origin, sizes: [0, 1, 2, 3, 4, 5, 6, 7] }
      })
    )
  })
  return `asked ${asked * 20} times`
}
