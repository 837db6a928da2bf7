// Every way to misbehave that this suite knows. Protocols/transport and protocols/sync say what each may cost.
import type { Scene } from './scene.ts'
import { atTheDoor } from './at-the-door.ts'
import { belowFrames } from './below-frames.ts'
import { inFrames } from './in-frames.ts'
import { inAgreements } from './in-agreements.ts'
import { inAudit } from './in-audit.ts'
import { inContent } from './in-content.ts'
import { inDecisions } from './in-decisions.ts'
import { inSpaces } from './in-spaces.ts'
import { onRelays } from './on-relays.ts'

export interface Kind {
  name: string
  /**
   * `invited`: a stranger while some invite is open, so that anybody may come as far as a hello.
   * `relay`: a member through whose relay the node listens.
   */
  as: 'stranger' | 'invited' | 'member' | 'relay'
  /** Where a rule says that the rival is cut: with one of these codes, and named. */
  cut?: string[]
  /** How many nodes the rival has for it. */
  nodes?: number
  /** Whether honest members come through the node to another that listens through it, and not to the node itself. */
  through?: true
  /** What takes long to make is made before the attack begins. */
  prepare?(scene: Scene): unknown
  run(scene: Scene): Promise<unknown>
}

export const kinds: Kind[] = [
  { name: 'nothing', as: 'stranger', run: scene => scene.rest() },
  ...atTheDoor,
  ...belowFrames,
  ...inFrames,
  ...inContent,
  ...inAgreements,
  ...inAudit,
  ...inDecisions,
  ...inSpaces,
  ...onRelays
]
