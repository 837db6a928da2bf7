// A rival's modified node on a real network: the honest core with a mouth of its own. What it says beyond the
// protocol comes from test/sim/liars.ts.
import { until } from '../../scripts/company-process.ts'
import { agreementOf } from '../../src/artifacts/agreement.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { createPeering } from '../../src/net/peering.ts'
import { parseAddress } from '../../src/net/address.ts'
import type { FrameSession } from '../../src/net/session.ts'
import { isReject } from '../../src/wire/reject.ts'
import { approvalOf } from '../sim/agreement.ts'
import { type Company, signerOf } from '../sim/company.ts'
import type { Disk } from '../sim/disk.ts'
import { SimNode, type World } from '../sim/node.ts'
import { Random } from '../../src/sandbox/random.ts'

export interface ModifiedNode {
  node: SimNode
  /** Puts a frame on every open connection. */
  say(frame: Uint8Array): void
  connect(address: string): Promise<void>
  /** Whether some connection is open. */
  connected(): boolean
  stop(): Promise<void>
}

/** @param disk what an earlier node of the company knew */
export async function createModifiedNode(company: Company, seed: number, disk?: Disk): Promise<ModifiedNode> {
  const sessions = new Map<number, FrameSession>()
  let count = 0
  const world: World = {
    now: () => Date.now(),
    random: new Random(seed),
    send: (_, session, frame) =>
      void sessions
        .get(session)
        ?.send(frame)
        .catch(() => undefined),
    hangUp: (_, session) => sessions.get(session)?.abort('hung up'),
    later: (delayMs, work) => void setTimeout(work, delayMs).unref(),
    news: () => undefined
  }
  const node = new SimNode(company, world)
  if (disk) node.start(disk.copy())
  const peering = await createPeering({
    privateKey: company.nodeKey.seed,
    listen: [],
    admit: () => true,
    log: () => undefined,
    onSession: session => {
      const id = ++count
      sessions.set(id, session)
      node.step({ on: 'session', session: id, peerId: session.peerId, inbound: session.inbound })
      return {
        onFrame: frame => node.step({ on: 'frame', session: id, bytes: frame }),
        onClose: () => {
          sessions.delete(id)
          node.step({ on: 'closed', session: id })
        }
      }
    }
  })
  await peering.start()
  const ticker = setInterval(() => node.step({ on: 'tick' }), 100)
  return {
    node,
    say: frame => {
      for (const session of sessions.values()) void session.send(frame).catch(() => undefined)
    },
    connect: async text => {
      const address = parseAddress(text)
      if (isReject(address)) throw new Error(`${address}`)
      await peering.transport.dial(address)
    },
    connected: () => sessions.size > 0,
    stop: async () => {
      clearInterval(ticker)
      await peering.stop()
    }
  }
}

/** The rival approves what the others propose, as an honest party would. */
export async function approveAs(
  { node }: ModifiedNode,
  company: Company,
  space: SpaceLog,
  revision: string
): Promise<void> {
  await until('the proposal', async () =>
    agreementOf(space).revisions.some(({ id }) => toHex(id) === revision)
  )
  const refused = node.perform(() =>
    node.desk.append(space, approvalOf(space, company, revision), signerOf(company.role))
  )
  if (refused) throw new Error(`${refused}`)
}
