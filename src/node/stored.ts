// What the store holds, back into memory at start. protocols/sync, section 10.
import type { CompanyIdentity } from '../identity/company-identity.ts'
import type { Store } from '../store/store.ts'
import type { Core } from '../sync/core.ts'
import type { Contact } from '../sync/directory.ts'
import { restoreDirectory, restoreFacet } from '../sync/restore.ts'
import { decodeRecord } from '../sync/space-sync.ts'
import { fromHex, toHex } from '../wire/bytes.ts'
import type { InviteJson } from './parley-node.ts'

/**
 * Everything that the store holds, back into memory, before anybody can connect.
 * @returns what of it could not be used, as sentences
 */
export async function restore(core: Core, store: Store, own: CompanyIdentity): Promise<string[]> {
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
  for (const { key, bytes } of await rows('invite')) {
    const { secret, expiresAt } = JSON.parse(text(bytes)) as { secret: string; expiresAt: number }
    const raw = fromHex(secret)
    if (raw && expiresAt > Date.now()) context.directory.invites.set(key, { secret: raw, expiresAt })
  }
  const unusable = trouble.map(({ where, why }) => `something in the store cannot be used: ${where}: ${why}`)
  for (const [id, held] of context.facets) {
    const records: Parameters<typeof restoreFacet>[2] = []
    for await (const chunk of store.scan(id)) {
      for (const { client, header, signature, body } of chunk) {
        if (body) records.push({ client, record: { header, signature, body } })
      }
    }
    const lost = restoreFacet(core, held, records)
    const name = `${held.facet.genesis.kind} ${toHex(held.facet.genesis.artifact)}`
    if (lost > 0)
      unusable.push(`${lost} envelopes of ${name} wait for others that are missing; peers are asked for them`)
  }
  context.takeEffects()
  return unusable
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
