// A company that has lost all of its machines comes back from paper: the key on a recovery sheet is committed to in
// the identity log, signs one entry, and with that entry everything that the company had certified ends.
// protocols/identity, IDN-36.
import { randomBytes } from 'node:crypto'
import { generateKey } from '../../identity/ed25519.ts'
import { appendIdentity, verifyIdentityLog } from '../../identity/identity-log.ts'
import { nextKeyHash } from '../../identity/webvh.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { createHome, type NewHome } from './setup.ts'
import type { Home } from './home.ts'

/**
 * Makes a home for the company again.
 * @param log the newest identity log that can be found; an older one makes two histories, of which peers take the first
 * @throws NodeError `identity-refused`, `sheet-other`, and those of `createHome`
 */
export async function recoverHome(
  options: Omit<NewHome, 'company'>,
  { seed, log }: { seed: Uint8Array; log: Uint8Array }
): Promise<Home> {
  const before = verifyIdentityLog(log)
  if (isReject(before)) {
    const next = 'Ask another company for it: `parley id export --of COMPANY`'
    throw new NodeError('identity-refused', `that is no identity log: ${before.toString()}`, next)
  }
  const root = generateKey(seed)
  if (!before.nextKeyHashes.includes(nextKeyHash(root.publicKey))) {
    const why = before.wasRoot(root.publicKey)
      ? 'this sheet was used before'
      : `the newest entry of this log of ${before.legalName} does not know this sheet`
    const next =
      'Look for a later sheet, or a newer log: each new sheet voids the ones before, and each sheet is good once.'
    throw new NodeError('sheet-other', why, next)
  }
  const next = generateKey(randomBytes(32))
  const revoke = [...before.versions.values()].map(({ rootKey }) => rootKey)
  const keys = { rootKey: root, nextKeyHashes: [nextKeyHash(next.publicKey)] }
  const identity = appendIdentity(before, { revoke }, keys, options.timeMs)
  if (isReject(identity)) {
    throw new NodeError('identity-refused', identity.detail, 'Nothing was changed. Look for a newer log.')
  }
  return createHome({ ...options, company: { founded: { identity, root, next } } })
}
