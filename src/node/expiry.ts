// Certificates that end: from when on people hear of it, and in which words. protocols/identity, IDN-34.
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { isRevoked } from '../identity/certificate.ts'
import type { Home } from './home/home.ts'
import { type HeldCertificate, readCertificates } from './home/certificates.ts'
import { keyFiles } from './home/keys.ts'
import type { DueJson } from './surface/parley-node.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const HOUR_MS = DAY_MS / 24
/** A third of the longest life of a certificate: time to reach whoever holds the root key. */
export const WARNING_MS = 30 * DAY_MS
/** A key that is kept elsewhere and that nobody renewed for so long is not used any more. */
const FORGOTTEN_MS = 30 * DAY_MS

/** A certificate of the home that is not revoked for good, and what must be known to tell that it ends. */
export interface Ending extends Omit<DueJson, 'state'> {
  held: HeldCertificate
}

/** Which certificates of a home could be renewed, in the order in which they end. Their keys are not revoked. */
export async function renewable(home: Home, identity: CompanyIdentity): Promise<Ending[]> {
  const { held } = await readCertificates(home, identity)
  const here = new Set((await keyFiles(home)).map(({ multikey }) => multikey))
  const living = held.filter(({ certificate }) => !identity.hasRevoked(certificate.key))
  const endings = living.map(found => ({
    held: found,
    use: found.kind === 'node' ? 'node' : found.certificate.role,
    name: found.kind === 'node' ? found.certificate.name : found.certificate.holder.name,
    key: found.certificate.key.multikey,
    // With the root key that gave it, it has ended.
    expiresAt: isRevoked(found.certificate, identity) ? 0 : found.certificate.expiresAt,
    here: here.has(found.certificate.key.multikey)
  }))
  return endings.toSorted((a, b) => a.expiresAt - b.expiresAt)
}

/** Those of which people are to hear now. @param now milliseconds since 1970 */
export function dueAt<T extends Omit<DueJson, 'state'>>(endings: readonly T[], now: number): (T & DueJson)[] {
  return endings.flatMap(ending => {
    const { expiresAt, here } = ending
    if (expiresAt - now > WARNING_MS || (!here && now - expiresAt > FORGOTTEN_MS)) return []
    return [{ ...ending, state: expiresAt <= now ? ('ended' as const) : ('ending' as const) }]
  })
}

/** For people: whose certificate ends when, and what to do. */
export function dueSentence({ use, name, expiresAt, state, here }: DueJson, now: number): string {
  const whose = use === 'node' ? `node ${name}` : `${use} ${name}`
  const what = `the certificate of ${whose}${here ? '' : ', whose key is elsewhere,'}`
  if (state === 'ending') return `${what} ends in ${span(expiresAt - now)}, on ${day(expiresAt)}`
  if (expiresAt === 0) return `${what} has ended with the root key that gave it`
  const then = use === 'node' ? 'peers give it nothing' : 'the key signs nothing'
  return `${what} ended ${span(now - expiresAt)} ago, on ${day(expiresAt)}: ${then} until it is renewed`
}

/** Rounded down, so that nobody is told of a day that is not left. */
function span(ms: number): string {
  const [count, unit] = ms >= DAY_MS ? [Math.floor(ms / DAY_MS), 'day'] : [Math.floor(ms / HOUR_MS), 'hour']
  if (count === 0) return 'less than an hour'
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}
