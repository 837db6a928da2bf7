// Certificates of decisions as files: verified, and how well those are known on whom they rest.
import { type Verified, type Witness, verifyCertificate } from '../../decision/certificate-check.ts'
import { CERTIFICATE_BYTES_MAX } from '../../decision/certificate-file.ts'
import { parseTrust } from '../../decision/trust-file.ts'
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import { openHome, readIdentity } from '../../node/home/home.ts'
import { explain } from '../../node/refusals/refusals.ts'
import { NodeError, isNodeError } from '../../wire/node-error.ts'
import { type Reject, isReject } from '../../wire/reject.ts'
import type { Cli } from '../cli.ts'
import { readBytes, readText } from '../files.ts'
import { inline } from '../text.ts'

/** Of a file that is beside what is asked for. @throws NodeError `decision-refused`, and those of reading */
export async function readCertificate(path: string, pinned?: ReadonlySet<string>): Promise<Verified> {
  return mustVerify(await readBytes(path, CERTIFICATE_BYTES_MAX), path, pinned)
}

/** @param from what people know it by. @throws NodeError `decision-refused` */
export function mustVerify(bytes: Uint8Array, from: string, pinned?: ReadonlySet<string>): Verified {
  const verified = verifyCertificate(bytes, pinned)
  if (isReject(verified)) throw notSigned(verified, from, `Look at it alone: parley verify ${from}`)
  return verified
}

export function notSigned(reject: Reject, what: string, next: string): NodeError {
  return new NodeError('decision-refused', `${what} is not what anybody signed. ${explain(reject)}`, next)
}

/** The roots of a trust file, and the own one where there is a home. @throws NodeError `name-refused` */
export async function pinnedRoots(cli: Cli, trust: string | undefined): Promise<Set<string>> {
  const own = await ownIdentity(cli)
  const pinned = new Set(own ? [own.did] : [])
  if (trust === undefined) return pinned
  const read = parseTrust(await readText(trust))
  if ('wrong' in read)
    throw new NodeError(
      'name-refused',
      `${trust}, line ${read.line}: ${inline(read.wrong)} is no did`,
      'Write one did a line; # begins a remark.'
    )
  for (const did of read.dids) pinned.add(did)
  return pinned
}

/** Of the home, where there is one. */
export async function ownIdentity(cli: Cli): Promise<CompanyIdentity | undefined> {
  try {
    return await readIdentity(await openHome(cli.home))
  } catch (error) {
    if (isNodeError(error, 'home-absent')) return undefined
    throw error
  }
}

/** DEC-26: said after all that can be said was said. */
export function unpinned(strangers: Pick<Witness, 'legalName'>[]): NodeError {
  const who = strangers.map(({ legalName }) => inline(legalName)).join(', ')
  return new NodeError(
    'unpinned',
    `it holds together, but nobody here has pinned ${who}`,
    'Compare the words with them by phone, write the did of each on a line of a file, and give that: --trust FILE'
  )
}
