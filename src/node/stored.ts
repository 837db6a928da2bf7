// What the store holds, back into memory at start. protocols/sync, section 10.
import type { CompanyIdentity } from '../identity/company-identity.ts'
import type { Facet } from '../replica/facet.ts'
import type { EnvelopeRecord, Store } from '../store/store.ts'
import type { Core } from '../sync/core.ts'
import type { Contact } from '../sync/directory.ts'
import {
  type StoredEnvelope,
  restoreAudit,
  restoreDecisions,
  restoreDirectory,
  restoreFacet
} from '../sync/restore.ts'
import { decodeRecord } from '../sync/space-sync.ts'
import { fromHex, toHex } from '../wire/bytes.ts'
import type { Checkpoints } from './documents/checkpoints.ts'
import type { InviteJson } from './surface/parley-node.ts'

/** What one read from the store brings. */
const READ_BYTES_MAX = 4 * 1024 * 1024

/**
 * Everything that the store holds, back into memory, before anybody can connect. Without `checkpoints` every
 * envelope is judged again.
 * @returns what of it could not be used, as sentences
 */
export async function restore(
  core: Core,
  store: Store,
  own: CompanyIdentity,
  checkpoints?: Checkpoints
): Promise<string[]> {
  const rows = async (table: string) => {
    const found: { key: string; bytes: Uint8Array }[] = []
    for await (const row of store.list(table)) found.push(row)
    return found
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  const { context } = core
  context.now = Date.now()
  const trouble = restoreDirectory(core, {
    identities: [...(await rows('identity')).map(({ bytes }) => bytes), own.log],
    forkedIdentities: (await rows('identity-fork')).map(({ key }) => key),
    contacts: (await rows('contact')).map(({ bytes }) => JSON.parse(text(bytes)) as Contact),
    spaces: (await rows('space')).map(({ bytes }) => bytes),
    entries: (await rows('entry')).map(({ key, bytes }) => ({
      space: key.slice(0, 64),
      record: decodeRecord(bytes)
    })),
    facets: (await rows('facet')).map(({ bytes }) => bytes),
    invitedBy: await rows('invited'),
    quota: await rows('quota')
  })
  trouble.push(...restoreDecisions(core, await rows('decision')))
  restoreAudit(core, {
    heads: await rows('audit-head'),
    held: await rows('audit-held'),
    conflicts: await rows('audit-conflict')
  })
  for (const { key, bytes } of await rows('invite')) {
    const { secret, expiresAt } = JSON.parse(text(bytes)) as { secret: string; expiresAt: number }
    const raw = fromHex(secret)
    if (raw && expiresAt > Date.now()) context.directory.invites.set(key, { secret: raw, expiresAt })
  }
  const unusable = trouble.map(({ where, why }) => `something in the store cannot be used: ${where}: ${why}`)
  for (const [id, held] of context.facets) {
    const covered = (await checkpoints?.restore(id, held.facet)) ?? false
    const lost = restoreFacet(core, held, await recordsBeyond(store, held.facet, covered))
    const name = `${held.facet.genesis.kind} ${toHex(held.facet.genesis.artifact)}`
    if (lost > 0)
      unusable.push(`${lost} envelopes of ${name} wait for others that are missing; peers are asked for them`)
  }
  context.takeEffects()
  return unusable
}

/** All that is stored of a facet or, where it stands by a checkpoint, what is not in it yet. */
async function recordsBeyond(store: Store, facet: Facet, covered: boolean): Promise<StoredEnvelope[]> {
  const id = toHex(facet.id)
  const records: StoredEnvelope[] = []
  const take = (chunk: EnvelopeRecord[]) => {
    for (const { client, header, signature, body } of chunk)
      if (body) records.push({ client, record: { header, signature, body } })
  }
  if (!covered) {
    for await (const chunk of store.scan(id)) take(chunk)
    return records
  }
  for (const { client, next } of store.lanes(id)) {
    for (let seq = facet.lanes.get(client)?.next ?? 0; seq < next;) {
      const chunk = await store.readEnvelopes(id, client, seq, next, READ_BYTES_MAX)
      take(chunk)
      seq = (chunk.at(-1)?.seq ?? next) + 1
    }
  }
  return records
}

export async function openInvites(store: Store): Promise<InviteJson[]> {
  const found: InviteJson[] = []
  for await (const { key, bytes } of store.list('invite')) {
    const { token, expiresAt } = JSON.parse(new TextDecoder().decode(bytes)) as {
      token: string
      expiresAt: number
    }
    if (expiresAt > Date.now()) found.push({ id: key, token, expiresAt })
  }
  return found
}
