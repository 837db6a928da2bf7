// Takes up what was changed in the home while the node runs: the identity log, certificates, keys. Peers in
// session hear of it at once, and new keys are entered into the spaces that they are for.
import { compareIdentityLogs } from '../identity/company-identity.ts'
import { NodeError } from '../wire/node-error.ts'
import { replaceIdentity } from './home/company.ts'
import { dueAt, dueSentence, renewable } from './expiry.ts'
import { type Home, type Log, readIdentity } from './home/home.ts'
import type { Keyring } from './keyring.ts'
import type { DueJson, RefreshedJson } from './surface/parley-node.ts'
import type { Parts } from './parts/parts.ts'
import type { Rooms } from './spaces/rooms.ts'

const HOUR_MS = 60 * 60 * 1000

export class Upkeep {
  readonly #home: Home
  readonly #parts: Parts
  readonly #keyring: Keyring
  readonly #rooms: Rooms
  /** What peers were last told: version of the identity log, and the certificate. */
  #told: { version: string; certificate: Uint8Array }
  /** The newest entry of the log that the home has. */
  #stored: string
  #last: Promise<unknown> = Promise.resolve()
  readonly #log: Log
  #endings: Omit<DueJson, 'state'>[] = []
  /** Certificates of which people have heard, with what they heard. */
  readonly #warned = new Map<string, string>()
  readonly #changed: () => void
  readonly #hourly = setInterval(() => this.#warn(), HOUR_MS).unref()

  /** @param changed what keys there are, or their certificates, may have */
  constructor(home: Home, parts: Parts, keyring: Keyring, rooms: Rooms, log: Log, changed: () => void) {
    this.#log = log
    this.#changed = changed
    this.#home = home
    this.#parts = parts
    this.#keyring = keyring
    this.#rooms = rooms
    this.#told = this.#now()
    this.#stored = keyring.identity.head
  }

  /** To be called when the node starts, and when certificates have changed. */
  async lookAtCertificates(): Promise<void> {
    const endings = await renewable(this.#home, this.#keyring.identity)
    this.#endings = endings.map(({ use, name, key, expiresAt, here }) => ({
      use,
      name,
      key,
      expiresAt,
      here
    }))
    this.#warn()
  }

  /** Certificates that are to be renewed (IDN-34). */
  due(): DueJson[] {
    return dueAt(this.#endings, Date.now())
  }

  /** Once when a certificate comes near its end, and once when it has ended. */
  #warn(): void {
    for (const due of this.due()) {
      const heard = `${due.expiresAt} ${due.state}`
      if (this.#warned.get(due.key) === heard) continue
      this.#warned.set(due.key, heard)
      this.#log('warn', `${dueSentence(due, Date.now())}: parley renew`)
      this.#parts.emit({ event: 'certificate', ...due })
    }
  }

  /** Another node of the company may have brought a newer identity log than the home has. */
  async follow(): Promise<void> {
    if (this.#keyring.identity.head !== this.#stored) await this.refresh()
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    clearInterval(this.#hourly)
    await this.#last
  }

  /** One at a time. @param passphrase for role keys that are sealed */
  refresh(passphrase?: string): Promise<RefreshedJson> {
    const next = this.#last.then(() => this.#refresh(passphrase))
    this.#last = next.catch(() => undefined)
    return next
  }

  async #refresh(passphrase: string | undefined): Promise<RefreshedJson> {
    await this.#takeIdentity()
    await this.#keyring.refresh(passphrase)
    await this.lookAtCertificates()
    const told = await this.#tell()
    await this.#rooms.found()
    this.#changed()
    return { told, locked: this.#keyring.locked, ...(await this.#rooms.enter()) }
  }

  /** The home's log and ours: whichever is behind follows the other. */
  async #takeIdentity(): Promise<void> {
    const { directory, driver } = this.#parts
    const { did } = directory.self
    const stored = await readIdentity(this.#home)
    this.#stored = stored.head
    const refused = await driver.perform(core => core.greeting.learn(did, stored.log))
    if (refused) throw new NodeError(refused.code, refused.detail, 'Restore the home from a backup.')
    const { identity } = this.#keyring
    if (compareIdentityLogs(stored, identity) !== 'prefix') return
    await replaceIdentity(this.#home, identity.log)
    this.#stored = identity.head
  }

  /** @returns how many peers were told; none where nothing is new to them */
  async #tell(): Promise<number> {
    const now = this.#now()
    const { version, certificate } = this.#told
    if (now.version === version && now.certificate === certificate) return 0
    this.#told = now
    return this.#parts.driver.perform(core => {
      core.greeting.repeat()
      return core.context.open().length
    })
  }

  #now() {
    return { version: this.#keyring.identity.head, certificate: this.#keyring.certificate }
  }
}
