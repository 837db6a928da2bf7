// Spaces: founding, accepting, keys, cuts, settles.
import { setTimeout } from 'node:timers/promises'
import type { SpaceLog } from '../../identity/space-log.ts'
import { fromBase64, toBase64 } from '../../wire/base64.ts'
import { fromHex, toHex } from '../../wire/bytes.ts'
import { isNodeError, NodeError } from '../../wire/node-error.ts'
import { type Reject, isReject } from '../../wire/reject.ts'
import type { EntryAct, EntryRecord, LanePoint } from '../../wire/space-entry.ts'
import { type Parts, type RoleSigner, UNLOCK, companyJson, idOf, refused, signerFor } from '../parts/parts.ts'
import type { SignedEntryJson, SpaceJson } from '../surface/parley-node.ts'

export const HOME_PAIRING = 'home'
/** How long an entry may take to the node that keeps the chains and back. */
const KEEPER_MS = 10_000
const LOOK_MS = 50
/** So often may others of the company have signed something first. */
const ATTEMPTS_MAX = 8
const KEEPER =
  'See whether it is connected: parley peers. If it is gone for good, put "keepsChains": true into the parley.json ' +
  'of one node, and start that again.'

export class Rooms {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  list(): SpaceJson[] {
    return [...this.#parts.directory.spaces.values()].map(space => this.json(space))
  }

  /** By id or any prefix of it that is unique. */
  find(prefix: string): SpaceLog {
    const { spaces } = this.#parts.directory
    const found = [...spaces].filter(([id]) => id.startsWith(prefix.toLowerCase()))
    if (found.length === 1) return (found[0] as [string, SpaceLog])[1]
    const next = 'Run parley space list.'
    if (found.length === 0) throw new NodeError('space-unknown', `no space ${prefix}`, next)
    throw new NodeError(
      'space-ambiguous',
      `${prefix} is the start of ${found.length} spaces`,
      'Give more digits.'
    )
  }

  /** The company's own space: what it shares with nobody lives here. */
  home(): SpaceLog | undefined {
    return this.#parts.directory.home
  }

  /** The one space with other companies. @throws NodeError `space-needed` where there is none, or several */
  onlyShared(): SpaceLog {
    const shared = [...this.#parts.directory.spaces.values()].filter(({ parties }) => parties.length > 1)
    const [only] = shared
    if (only && shared.length === 1) return only
    const next =
      shared.length === 0
        ? 'Make one with another company: parley space create TITLE --pairing ROLE --with COMPANY'
        : 'Name one with --space, as parley space list shows it.'
    throw new NodeError('space-needed', `${shared.length || 'no'} shared spaces are here`, next)
  }

  json(space: SpaceLog): SpaceJson {
    const { directory } = this.#parts
    return {
      id: toHex(space.id),
      title: space.genesis.title,
      pairing: space.genesis.pairing,
      home: space === directory.home,
      parties: space.parties.map((did, company) => {
        const head = space.head(company)
        return {
          company: companyJson(did, directory.identities.get(did)),
          accepted: space.accepted(company),
          frozen: space.forkOf(company) !== undefined,
          keys: (head?.keys ?? []).map(({ index, publicKey, certificate }) => ({
            index,
            key: publicKey.multikey,
            role: certificate.role,
            holder: certificate.holder.name,
            agent: certificate.holder.kind === 'agent',
            powers: certificate.powers,
            cut: head?.cut.includes(index) ?? false
          }))
        }
      })
    }
  }

  async create(facts: { title: string; pairing: string; parties: string[] }): Promise<SpaceJson> {
    const { directory, driver, desk } = this.#parts
    const parties = [directory.self.did, ...facts.parties.filter(did => did !== directory.self.did)]
    this.#sealer(facts.pairing)
    const space = await driver.perform(() => desk.foundSpace({ ...facts, parties }))
    if (isReject(space)) throw refused(space, 'Give each company once, by its DID.')
    return this.accept(toHex(space.id))
  }

  async accept(prefix: string): Promise<SpaceJson> {
    const { directory } = this.#parts
    const space = this.find(prefix)
    const company = directory.ownIndex(space)
    if (company !== undefined && space.accepted(company)) return this.json(space)
    const sealer = this.#sealer(space.genesis.pairing)
    const roles = this.#fitting(space)
    const pinned = roles.includes(sealer) ? roles : [sealer, ...roles]
    const rootVersion = directory.identities.get(directory.self.did)?.head ?? ''
    const certificates = pinned.map(role => role.certificateBytes)
    const revision = company === undefined ? undefined : space.admission(company)
    const act: EntryAct = { kind: 'accept', rootVersion, certificates, ...(revision && { revision }) }
    await this.#append(space, act, sealer)
    return this.json(space)
  }

  async pin(prefix: string, certificates: string[]): Promise<SpaceJson> {
    const space = this.find(prefix)
    const bytes = certificates.map(bytesOf)
    await this.#append(space, { kind: 'keys', certificates: bytes }, this.#speaker(space))
    return this.json(space)
  }

  /**
   * The entry that pins these keys, for the root key to sign, where no living key of the company speaks in the space.
   * Only once another party holds the same: an entry that contradicts one of ours would freeze the company.
   */
  async keysToSign(prefix: string, certificates: string[]): Promise<{ entry: string }> {
    const space = this.find(prefix)
    const { driver, desk, losses } = this.#parts
    losses.check(space, true)
    const bytes = certificates.map(bytesOf)
    const entry = await driver.perform(() => desk.nextEntry(space, { kind: 'keys', certificates: bytes }))
    if (isReject(entry))
      throw refused(entry, `See where your company stands: parley space show ${idOf(space)}`)
    return { entry: toBase64(entry) }
  }

  async enterSigned(prefix: string, signed: SignedEntryJson): Promise<SpaceJson> {
    const space = this.find(prefix)
    const { driver, desk } = this.#parts
    const record: EntryRecord = {
      entry: bytesOf(signed.entry),
      signer: bytesOf(signed.signer),
      signature: bytesOf(signed.signature)
    }
    const { chains } = driver.core
    const outcome = chains.keeps
      ? await driver.perform(() => desk.enter(space, record))
      : await this.#handOver(space, () => record)
    if (outcome) throw refusedIn(space, outcome)
    return this.json(space)
  }

  /** Ends the lanes of a key at the heads that are held here now. */
  async cut(prefix: string, key: number, { nothing = false }: { nothing?: boolean }): Promise<SpaceJson> {
    const space = this.find(prefix)
    const company = this.#parts.directory.ownIndex(space)
    const lanes: LanePoint[] = []
    for (const { facet } of this.#parts.driver.core.context.facets.values()) {
      // A point of a private facet would tell every party that the facet is there (SPC-11).
      if (facet.space !== space || facet.genesis.class === 'private' || nothing) continue
      for (const lane of facet.lanes.values()) {
        if (lane.company !== company || lane.key !== key) continue
        const head = facet.head(lane.client)
        if (head)
          lanes.push({ facet: facet.id, client: lane.client, seq: head.seq, id: head.segment.idAt(head.seq) })
      }
    }
    await this.#append(space, { kind: 'cut', key, lanes }, this.#speaker(space, key))
    return this.json(space)
  }

  /** The company's own space comes with the first key that can speak for it, from the node that keeps its chains. */
  async found(): Promise<void> {
    const able = this.#parts.roles.some(role => role.certificate.powers.includes('seal'))
    if (this.#parts.driver.core.chains.keeps && able && !this.home())
      await this.create({ title: 'Home', pairing: HOME_PAIRING, parties: [] })
  }

  /** Pins the keys of this node in every space that they are for and that the company has accepted. */
  async enter(): Promise<{ entered: string[]; notEntered: { space: string; why: string }[] }> {
    const entered: string[] = []
    const notEntered: { space: string; why: string }[] = []
    for (const space of this.#parts.directory.spaces.values()) {
      const missing = this.#missing(space)
      if (missing.length === 0) continue
      const { title } = space.genesis
      try {
        const certificates = missing.map(role => role.certificateBytes)
        await this.#append(space, { kind: 'keys', certificates }, this.#speaker(space))
        entered.push(title)
      } catch (error) {
        if (!isNodeError(error)) throw error
        notEntered.push({ space: title, why: error.message })
      }
    }
    return { entered, notEntered }
  }

  /** Keys of this node that the space is for and does not have yet. */
  #missing(space: SpaceLog): RoleSigner[] {
    const company = this.#parts.directory.ownIndex(space)
    const head = company === undefined ? undefined : space.head(company)
    if (company === undefined || !head || space.forkOf(company)) return []
    const pinned = new Set(head.keys.map(({ publicKey }) => publicKey.multikey))
    const now = Date.now()
    return this.#fitting(space).filter(
      ({ publicKey, certificate }) => !pinned.has(publicKey.multikey) && certificate.expiresAt > now
    )
  }

  #fitting({ genesis: { pairing } }: SpaceLog): RoleSigner[] {
    return this.#parts.roles.filter(
      ({ certificate }) => pairing === HOME_PAIRING || certificate.role === pairing
    )
  }

  async settle(facet: string, client: number, seq: number, id: string): Promise<void> {
    const held = this.#parts.driver.core.context.facets.get(facet)
    const bytes = fromHex(id)
    if (!held || !bytes) throw new NodeError('facet-unknown', `no document ${facet}`, 'Run parley list.')
    if (held.facet.genesis.class === 'private') {
      // Every party reads the log, and would learn that the document is there (SPC-12).
      const next = 'Nothing has to be done: nobody else has a say in where its lanes end.'
      throw new NodeError('policy-private', 'a private document is not settled in the space log', next)
    }
    const point = { facet: held.facet.id, client, seq, id: bytes }
    if (!held.facet.find(point)) {
      throw new NodeError(
        'envelope-unknown',
        'no such envelope in that lane',
        `See its heads: parley log ${toHex(held.facet.id).slice(0, 12)}`
      )
    }
    const { space } = held.facet
    await this.#append(space, { kind: 'settle', point }, this.#speaker(space))
  }

  /** @throws NodeError where no key here may speak for the company in this space */
  mustSpeak(space: SpaceLog): void {
    this.#speaker(space)
    this.#parts.losses.check(space)
  }

  /** Enters an act of the company in its chain, signed by a key here that may speak for it. */
  async say(space: SpaceLog, act: (signer: RoleSigner) => EntryAct): Promise<void> {
    const signer = this.#speaker(space)
    await this.#append(space, act(signer), signer)
  }

  async #append(space: SpaceLog, act: EntryAct, signer: RoleSigner): Promise<void> {
    const { driver, desk, losses } = this.#parts
    losses.check(space)
    if (driver.core.chains.keeps || this.#isFoundedHere(space)) {
      const reject = await driver.perform(() => desk.append(space, act, signer))
      if (reject) throw refusedIn(space, reject)
      return
    }
    // Whatever the company signed in between, this comes after it.
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#handOver(space, () => desk.sign(space, act, signer))
      if (!outcome) return
      if (outcome.code !== 'chain-moved' || attempt === ATTEMPTS_MAX) throw refusedIn(space, outcome)
    }
  }

  /** A space in which the company has said nothing yet, and of which no other node knows: its chain begins here. */
  #isFoundedHere(space: SpaceLog): boolean {
    const { directory } = this.#parts
    const company = directory.ownIndex(space)
    const isNew = company !== undefined && !space.head(company) && !space.forkOf(company)
    return isNew && !directory.invitedBy.has(toHex(space.id))
  }

  /**
   * Has the node that keeps the company's chains enter a signed entry. @returns why it declined
   * @throws NodeError `keeper-silent`
   */
  async #handOver(space: SpaceLog, record: () => EntryRecord | Reject): Promise<Reject | undefined> {
    const { driver, directory } = this.#parts
    const headOf = () => space.head(directory.ownIndex(space) ?? -1)
    const before = headOf()
    const id = await driver.perform(({ chains }) => {
      const signed = record()
      return isReject(signed) ? signed : chains.handOver(space, signed)
    })
    if (isReject(id)) return id
    const { chains } = driver.core
    try {
      for (let waited = 0; waited < KEEPER_MS; waited += LOOK_MS) {
        const outcome = chains.outcome(space, id)
        if (outcome === 'stands') return undefined
        // What came first is on its way here as well: only after that can the next be signed.
        if (outcome && (outcome.code !== 'chain-moved' || headOf() !== before)) return outcome
        await setTimeout(LOOK_MS)
      }
    } finally {
      chains.forget(id)
    }
    throw new NodeError(
      'keeper-silent',
      'the node that keeps the chains of your company does not answer',
      KEEPER
    )
  }

  /** A key that may speak for the company where nothing is pinned yet. */
  #sealer(pairing: string): RoleSigner {
    const able = this.#parts.roles.filter(role => role.certificate.powers.includes('seal'))
    const signer =
      able.find(role => role.certificate.role === pairing) ?? (pairing === HOME_PAIRING ? able[0] : undefined)
    if (signer) return signer
    if (this.#parts.roles.length === 0) {
      throw new NodeError('locked', 'no role key is unlocked on this node', UNLOCK)
    }
    const next = `Enrol a holder: parley role enrol ${pairing} --holder NAME; then parley role certify REQUEST`
    throw new NodeError('role-missing', `no ${pairing} with the power to seal is on this node`, next)
  }

  #speaker(space: SpaceLog, except?: number): RoleSigner {
    const signer = signerFor({ ...this.#parts, roles: this.#sealing(space, except) }, space)
    return signer
  }

  #sealing(space: SpaceLog, except: number | undefined): RoleSigner[] {
    const company = this.#parts.directory.ownIndex(space) ?? -1
    const cut = space.head(company)?.keys.find(key => key.index === except)
    return this.#parts.roles.filter(
      role => role.certificate.powers.includes('seal') && role.publicKey.multikey !== cut?.publicKey.multikey
    )
  }
}

/** @throws NodeError `bad-base64` */
function bytesOf(base64: string): Uint8Array {
  const bytes = fromBase64(base64)
  if (bytes) return bytes
  const next = 'Give it in base64 with padding, in one line.'
  throw new NodeError('bad-base64', 'a certificate, an entry or a signature is not base64', next)
}

function refusedIn(space: SpaceLog, reject: Reject): NodeError {
  const next =
    reject.code === 'keeper-away' ? KEEPER : `See where your company stands: parley space show ${idOf(space)}`
  return refused(reject, next)
}
