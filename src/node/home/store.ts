// The store of a home, opened with what only the home can know: that there was one, and whose it is.
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { compareIdentityLogs, type CompanyIdentity } from '../../identity/company-identity.ts'
import { verifyIdentityLog } from '../../identity/identity-log.ts'
import { SealedStore } from '../../store/sealed-store.ts'
import type { Store } from '../../store/store.ts'
import { utf8 } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import type { Home, NodeKeys } from './home.ts'
import { readCertificates } from './certificates.ts'
import { homePaths, quotePath } from './directory.ts'
import { createFile, isVacant, replaceFile } from './file.ts'
import { keyFiles } from './keys.ts'
import { settleExchange } from './store-exchange.ts'

/** Keys that this node has signed with: by multikey, the name of the file. */
export const KEYS_TABLE = 'own-key'

/** There from the first start on: without it a store that is gone would look like one that never was. */
const MARK = 'store.made'

export interface HomeStore {
  store: SealedStore
  /** Keys and certificates that were in this home and are not, as sentences. */
  missing: string[]
}

/** @throws NodeError `store-absent`, `data-key-other`, and those of the store */
export async function openHomeStore(
  home: Home,
  { identity, data }: Pick<NodeKeys, 'identity' | 'data'>,
  open: (dir: string) => Promise<Store>
): Promise<HomeStore> {
  await assertStore(home)
  const stored = await open(homePaths(home.dir).store)
  try {
    const store = await SealedStore.open(stored, data)
    if (!existsSync(join(home.dir, MARK)))
      await createFile(join(home.dir, MARK), utf8('A store was made beside this file.\n'))
    const older = await followStore(home, identity, store)
    return { store, missing: [...older, ...(await missingKeys(home, identity, store))] }
  } catch (error) {
    await stored.close()
    throw error
  }
}

/** @returns whether there is a store. @throws NodeError `store-absent` where there was one */
export async function assertStore(home: Home): Promise<boolean> {
  await settleExchange(home.dir)
  const { store } = homePaths(home.dir)
  if (!(await isVacant(store))) return true
  const mark = join(home.dir, MARK)
  if (!existsSync(mark)) return false
  const next =
    'Put it back, or restore a backup: parley backup restore FILE --home NEW_DIRECTORY. ' +
    `To begin anew without it: rm ${quotePath(mark)}`
  throw new NodeError('store-absent', `the store in ${store} is gone`, next)
}

/**
 * The store keeps the newest log of the own company, and the home follows: entries that were signed since would name
 * versions that an older log lacks. @returns what was done, as sentences
 */
async function followStore(home: Home, own: CompanyIdentity, store: Store): Promise<string[]> {
  const bytes = await store.get('identity', own.did)
  const known = bytes && verifyIdentityLog(bytes)
  const relation = known && !isReject(known) ? compareIdentityLogs(own, known) : 'extension'
  if (relation === 'extension')
    await store.write([{ kind: 'put', table: 'identity', key: own.did, bytes: own.log }], { sync: true })
  if (relation !== 'prefix' || !known || isReject(known)) return []
  const { identity: path } = homePaths(home.dir)
  await replaceFile(path, known.log)
  return [`${path} was older than what this node has had; it was brought up to date from the store`]
}

/** A root home holds the certificates of others as well: only what has been here together can be missed. */
async function missingKeys(home: Home, identity: CompanyIdentity, store: Store): Promise<string[]> {
  const { held } = await readCertificates(home, identity)
  const certificates = new Map(held.map(({ certificate, revoked }) => [certificate.key.multikey, revoked]))
  const files = new Map((await keyFiles(home)).map(({ multikey, path }) => [multikey, basename(path)]))
  const missing: string[] = []
  for await (const { key, bytes } of store.list(KEYS_TABLE)) {
    if (certificates.get(key)) continue
    const name = new TextDecoder().decode(bytes)
    const kept = 'restore it from a backup, or take it as gone: parley repair --accept'
    if (!files.has(key)) missing.push(`the key file ${name} is missing: ${kept}`)
    else if (!certificates.has(key)) missing.push(`the certificate of ${name} is missing or damaged: ${kept}`)
  }
  for (const [key, name] of files) {
    if (certificates.get(key) !== false || (await store.get(KEYS_TABLE, key))) continue
    await store.write([{ kind: 'put', table: KEYS_TABLE, key, bytes: utf8(name) }], { sync: true })
  }
  return missing
}
