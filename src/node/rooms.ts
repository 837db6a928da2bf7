// Spaces: founding, accepting, keys, cuts, settles.
import type { SpaceLog } from '../identity/space-log.ts'
import { fromHex, toHex } from '../wire/bytes.ts'
import { isNodeError, NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'
import type { EntryAct, LanePoint } from '../wire/space-entry.ts'
import { type Parts, type RoleSigner, UNLOCK, companyJson, idOf, refused, signerFor } from './parts.ts'
import type { SpaceJson } from './parley-node.ts'

export const HOME_PAIRING = 'home'

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
    return [...this.#parts.directory.spaces.values()].find(space => space.parties.length === 1)
  }

  json(space: SpaceLog): SpaceJson {
    const { directory } = this.#parts
    return {
      id: toHex(space.id),
      title: space.genesis.title,
      pairing: space.genesis.pairing,
      home: space.parties.length === 1,
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
    await this.#append(space, { kind: 'accept', rootVersion, certificates }, sealer)
    return this.json(space)
  }

  async pin(prefix: string, certificates: string[]): Promise<SpaceJson> {
    const space = this.find(prefix)
    const bytes = certificates.map(text => new Uint8Array(Buffer.from(text, 'base64')))
    await this.#append(space, { kind: 'keys', certificates: bytes }, this.#speaker(space))
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

  /** The company's own space comes with the first key here that can speak for the company. */
  async found(): Promise<void> {
    const able = this.#parts.roles.some(role => role.certificate.powers.includes('seal'))
    if (able && !this.home()) await this.create({ title: 'Home', pairing: HOME_PAIRING, parties: [] })
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
    const point = { facet: held.facet.id, client, seq, id: bytes }
    if (!held.facet.find(point)) {
      throw new NodeError(
        'envelope-unknown',
        'no such envelope in that lane',
        `See its heads: parley log ${toHex(held.facet.genesis.artifact).slice(0, 12)}`
      )
    }
    const { space } = held.facet
    await this.#append(space, { kind: 'settle', point }, this.#speaker(space))
  }

  async #append(space: SpaceLog, act: EntryAct, signer: RoleSigner): Promise<void> {
    const { driver, desk, losses } = this.#parts
    losses.check(space)
    const reject = await driver.perform(() => desk.append(space, act, signer))
    if (reject) throw refused(reject, `See where your company stands: parley space show ${idOf(space)}`)
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
