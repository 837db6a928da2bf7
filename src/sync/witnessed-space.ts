// Who witnesses whom, and in which space. protocols/audit, section 6.
import type { SpaceLog } from '../identity/space-log.ts'
import type { Context } from './context.ts'
import type { Session } from './session.ts'

/** The space, where this peer and this node witness one another in it; where not, both are silent (AUD-17, SYN-5). */
export function witnessedSpace(context: Context, session: Session, id: Uint8Array): SpaceLog | undefined {
  const space = context.spaceFor(session, id)
  const did = session.peer?.did
  if (!space || did === undefined || did === context.directory.self.did) return undefined
  const company = space.companyOf(did)
  return company !== undefined && space.accepted(company) ? space : undefined
}
