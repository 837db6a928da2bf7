// One listening: the companies come up, the scenes are played, all that was recorded is searched. What came of it is a
// list of what is wrong; an empty one means that nothing leaked, everything arrived, and the tap saw every byte.
import { dismissRival } from './cast.ts'
import { open } from './opening.ts'
import { type Leak, scan } from './scan.ts'
import { SCENES } from './scenes.ts'
import { Index, PREFIX_BYTES, spellingsOf } from './search.ts'
import { type Account, readTapes } from './tape.ts'
import { type Planted, World } from './world.ts'

export interface Outcome {
  /** Handed to streams by all nodes. */
  bytes: number
  /** Pairs of a canary and a company that may have it and has shown it. */
  delivered: number
  leaks: Leak[]
  /** Everything else that is wrong, in words. */
  wrong: string[]
  /** What lies below the streams, of all nodes together. */
  account: Omit<Account, 'pid' | 'gaps'>
  canaries: number
  inflated: number
  joined: number
}

export async function listen(scenes: readonly string[], say: (line: string) => void): Promise<Outcome> {
  const world = new World()
  const wrong: string[] = []
  const step = async (name: string, work: () => Promise<void>) => {
    const began = performance.now()
    const failed = await work().then(
      () => undefined,
      (error: Error) => error
    )
    if (failed) say(failed.stack ?? '')
    if (failed) wrong.push(`${name}: ${failed.message}${failed.cause ? ` (${String(failed.cause)})` : ''}`)
    say(`${failed ? 'FAIL' : 'ok  '} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
    return failed === undefined
  }
  try {
    if (await step('opening', () => open(world))) {
      for (const name of scenes) await step(name, () => (SCENES[name] as (on: World) => Promise<void>)(world))
      await step('ids', () => world.plantIds())
    }
    await step('end', async () => {
      await dismissRival(world)
      await world.close()
    })
    return judge(world, wrong)
  } finally {
    await world.close()
    world.remove()
  }
}

function judge(world: World, wrong: string[]): Outcome {
  const index = new Index<Planted>()
  for (const canary of world.canaries) {
    const isText = canary.word !== undefined
    index.add(canary, spellingsOf(isText ? canary.bytes : canary.bytes.subarray(0, PREFIX_BYTES), isText))
  }
  const { reels, accounts } = readTapes(world.tapes)
  const sent = reels.map(({ pid, peer, bytes, chunks }) => {
    return { from: world.senderOf(pid), to: world.receiverOf(peer), bytes, chunks }
  })
  const { leaks, heard, inflated, joined } = scan([...sent, ...world.files], index)
  let delivered = 0
  for (const canary of world.canaries) {
    delivered += canary.shownBy.size
    for (const [company, { until }] of canary.readers) {
      if (canary.silent || until !== undefined) continue
      if (!canary.shownBy.has(company)) wrong.push(`${company} has not shown ${canary.what}`)
    }
    // What somebody else shows has come to it over a stream: else the tap was deaf.
    for (const company of canary.shownBy)
      if (company !== canary.by && !heard.get(canary)?.has(company))
        wrong.push(`${company} shows ${canary.what}, and no tape has it`)
  }
  wrong.push(...accounts.flatMap(({ pid, gaps }) => gaps.map(gap => `${world.senderOf(pid)}: ${gap}`)))
  return {
    bytes: sent.reduce((sum, { bytes }) => sum + bytes.length, 0),
    delivered,
    leaks,
    wrong,
    account: total(accounts),
    canaries: world.canaries.length,
    inflated,
    joined
  }
}

function total(accounts: Account[]): Outcome['account'] {
  const sum = { handed: 0, carried: 0, yamux: 0, noise: 0, clear: 0, given: 0, socket: 0 }
  for (const account of accounts)
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += account[key]
  return sum
}
