// What a company may sign in its own chain, and with which keys, as far as one of its nodes has heard.
import type { SecretKey } from '../../src/identity/ed25519.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { equalBytes } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import type { EntryAct } from '../../src/wire/space-entry.ts'
import type { Member, SimSpace } from './members.ts'
import type { Simulation } from './world.ts'

/** The keys of its company that are pinned and not cut, as far as this node has heard. */
export function keysOf(sim: Simulation, member: Member, space: SimSpace): SecretKey[] {
  const log = member.node.space(space.id)
  const head = log?.head(log.companyOf(member.node.company.identity.did) ?? -1)
  if (!head || head.did !== member.node.company.identity.did) return []
  const own = [sim.signer(member).publicKey, ...member.staff.roles.map(({ key }) => key.publicKey)]
  const secrets = [member.node.company.role, ...member.staff.roles.map(({ key }) => key)]
  return secrets.filter((_, i) => {
    const pin = head.keys.find(key =>
      equalBytes(key.publicKey.bytes, (own[i] as { bytes: Uint8Array }).bytes)
    )
    return pin !== undefined && !head.cut.includes(pin.index)
  })
}

/** Signs the next entry of the company's chain. @returns whether it stands */
export function sign(sim: Simulation, member: Member, space: SpaceLog, act: EntryAct): boolean {
  const { node } = member
  if (node.failing || (node.keeps && !member.speaks)) return false
  if (!node.keeps) return handOver(sim, member, space, act)
  const refused = node.perform(() => node.desk.append(space, act, sim.signer(member)))
  if (refused) throw new Error(`an honest entry was refused: ${refused}`)
  sim.operations++
  return true
}

/** The node of its company that keeps the chain enters it, or declines: nobody waits for that here. */
function handOver(sim: Simulation, member: Member, space: SpaceLog, act: EntryAct): boolean {
  const { node } = member
  node.perform(core => {
    const record = node.desk.sign(space, act, sim.signer(member))
    return isReject(record) ? record : core.chains.handOver(space, record)
  })
  return false
}

export interface OpenLog {
  space: SimSpace
  log: SpaceLog
  /** Index of the member's own in the space. */
  company: number
}

/** The space logs in which this member may sign the next entry: it stands on the last one that it signed. */
export function logsOf(sim: Simulation, member: Member): OpenLog[] {
  if ((member.node.keeps && !member.speaks) || !member.node.alive) return []
  return sim.spaces.flatMap(space => {
    const log = member.node.space(space.id)
    const company = log?.companyOf(member.node.company.identity.did) ?? -1
    const fit = log?.head(company) && !log.forkOf(company)
    const own = fit && keysOf(sim, member, space).includes(member.node.company.role)
    return log && own ? [{ space, log, company }] : []
  })
}
