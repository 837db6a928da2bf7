// What this node's people give to other companies, and sign for: releases, receipts, accounts. protocols/reciprocity.
import { agreementOf } from '../../artifacts/agreement.ts'
import { signReceipt } from '../../artifacts/contribution-receipt.ts'
import {
  type Account,
  type Rule,
  type Unsure,
  type Way,
  ledgerOf,
  ruleFor,
  unitName
} from '../../artifacts/reciprocity.ts'
import { kindsOf, statementOf } from '../../artifacts/reciprocity-statement.ts'
import { printTime } from '../../identity/document-text.ts'
import type { SpaceLog } from '../../identity/space-log.ts'
import type { Facet } from '../../replica/facet.ts'
import { fromHex, toHex } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { UNITS_MAX } from '../../wire/space-entry.ts'
import type {
  AccountJson,
  ReciprocityJson,
  StatementJson,
  UnitJson,
  WayJson
} from '../surface/exchange-json.ts'
import type { Library } from '../editing/library.ts'
import { type Parts, companyJson, idOf, nameOf } from '../parts/parts.ts'
import type { Rooms } from '../spaces/rooms.ts'

/** Beyond it a chain takes keys and cuts, and no more of what we give (protocols/reciprocity, section 5). */
const CONTRIBUTION_SEQ_MAX = 3_583

/** With one company, of one kind. */
interface Between {
  space: SpaceLog
  own: number
  peer: number
  kind: string
  rule: Rule | undefined
  given: Account
  received: Account
  /** How many units of each are open. */
  open: { given: number; received: number }
}

type Titled = (facet: Facet) => Promise<{ artifact: string; title: string }>

export class Exchanges {
  readonly #parts: Parts
  readonly #rooms: Rooms
  readonly #library: Library

  constructor(parts: Parts, rooms: Rooms, library: Library) {
    this.#parts = parts
    this.#rooms = rooms
    this.#library = library
  }

  async show(prefix: string): Promise<ReciprocityJson> {
    const space = this.#rooms.find(prefix)
    const own = this.#parts.directory.ownIndex(space)
    const accounts: AccountJson[] = []
    const titled = this.#titles()
    for (const peer of space.parties.keys()) {
      if (own === undefined || peer === own) continue
      for (const kind of kindsOf(space, this.#ledger(space), [own, peer]))
        accounts.push(await this.#account(this.#between(space, own, peer, kind), titled))
    }
    return { space: toHex(space.id), spaceTitle: space.genesis.title, accounts }
  }

  statement(prefix: string, did: string): StatementJson {
    const space = this.#rooms.find(prefix)
    const [own, peer] = [this.#own(space), this.#other(space, did)]
    const { directory } = this.#parts
    return {
      space: toHex(space.id),
      company: companyJson(did, directory.identities.get(did)),
      text: statementOf(space, [own, peer], this.#unsure(own))
    }
  }

  /** Gives what is shared-confidential of an artifact of ours to other parties: to all, or to those that are named. */
  async release(prefix: string, { to }: { to?: string[] }): Promise<ReciprocityJson> {
    const { facet } = this.#library.held(prefix, 'shared-confidential')
    const { space, genesis } = facet
    const own = this.#own(space)
    const show = `See parley reciprocity ${idOf(space)}`
    if (genesis.owner !== own)
      throw new NodeError('not-contributor', 'only the company that made a document can release it', show)
    if (!ruleFor(agreementOf(space), genesis.kind)) {
      const why = `no rule of the agreement in force holds back a ${genesis.kind}`
      throw new NodeError('rule-none', why, `What is agreed: parley agreement show ${idOf(space)}`)
    }
    const peers = to
      ? to.map(did => this.#other(space, did))
      : [...space.parties.keys()].filter(peer => peer !== own)
    const due = peers.filter(peer => {
      const { released } = this.#ledger(space).account({ from: own, to: peer, kind: genesis.kind })
      return !released.some(({ unit }) => unit === unitName(genesis, peer))
    })
    if (due.length === 0) throw new NodeError('already-released', 'it was released already', show)
    for (const peer of due) {
      this.#checkRoom(space, own)
      const units = [fromHex(unitName(genesis, peer)) as Uint8Array]
      await this.#rooms.say(space, () => ({ kind: 'release', to: peer, artifactKind: genesis.kind, units }))
    }
    return this.show(toHex(space.id))
  }

  /** Signs for what has come: of all parties or one, all of it or the artifacts that are named. */
  async sign(
    prefix: string,
    { from, artifacts }: { from?: string; artifacts?: string[] }
  ): Promise<ReciprocityJson> {
    const space = this.#rooms.find(prefix)
    const own = this.#own(space)
    const only = from === undefined ? undefined : this.#other(space, from)
    // By facet: others may make documents of the same artifact id (ART-13).
    const named = artifacts?.flatMap(id => this.#library.facetsOf(id))
    const wanted = named && new Set(named.map(({ facet }) => facet))
    const due = this.#unsigned(space, own).filter(
      facet => (only === undefined || facet.genesis.owner === only) && (!wanted || wanted.has(facet))
    )
    if (due.length === 0) {
      const next = `See what was released to you: parley reciprocity ${idOf(space)}`
      throw new NodeError('nothing-received', 'nothing of that is here to sign for', next)
    }
    for (const facets of Map.groupBy(due, ({ genesis }) => `${genesis.owner}/${genesis.kind}`).values())
      for (let i = 0; i < facets.length; i += UNITS_MAX)
        await this.#receipt(space, own, facets.slice(i, i + UNITS_MAX))
    return this.show(toHex(space.id))
  }

  /** @param facets of one contributor and one kind */
  async #receipt(space: SpaceLog, own: number, facets: Facet[]): Promise<void> {
    this.#checkRoom(space, own)
    const { owner, kind } = (facets[0] as Facet).genesis
    await this.#rooms.say(space, signer => ({
      kind: 'receipt',
      document: signReceipt(
        {
          certificate: toHex(signer.certificate.id),
          company: space.parties[own] as string,
          contributor: space.parties[owner] as string,
          kind,
          person: signer.certificate.holder.name,
          role: signer.certificate.role,
          space: toHex(space.id),
          time: printTime(Date.now()),
          units: facets.map(({ genesis }) => unitName(genesis, own)).sort()
        },
        message => signer.sign(message)
      )
    }))
  }

  /** Documents of others that were released to us, are here, and have no receipt of ours. */
  #unsigned(space: SpaceLog, own: number): Facet[] {
    const ledger = this.#ledger(space)
    const due = new Set<string>()
    for (const from of space.parties.keys()) {
      for (const kind of from === own ? [] : ledger.kinds(from, own)) {
        const { released, receipted } = ledger.account({ from, to: own, kind })
        for (const { unit } of released) if (!receipted.has(unit)) due.add(`${from}/${kind}/${unit}`)
      }
    }
    return this.#facets(space).filter(({ genesis, size }) => {
      const { owner, kind } = genesis
      return size > 0 && isUnit(genesis) && due.has(`${owner}/${kind}/${unitName(genesis, own)}`)
    })
  }

  #between(space: SpaceLog, own: number, peer: number, kind: string): Between {
    const rule = ruleFor(agreementOf(space), kind)
    const ledger = this.#ledger(space)
    const out: Way = { from: own, to: peer, kind }
    const back: Way = { from: peer, to: own, kind }
    const open = { given: ledger.opened(out, rule), received: ledger.opened(back, rule) }
    return { space, own, peer, kind, rule, given: ledger.account(out), received: ledger.account(back), open }
  }

  #titles(): Titled {
    const find = this.#library.lookup()
    return async facet => {
      const { id: artifact, title } = await find(facet)
      return { artifact, title }
    }
  }

  async #account(between: Between, titled: Titled): Promise<AccountJson> {
    const { space, own, peer, kind, rule, given, received, open } = between
    const did = space.parties[peer] as string
    const facets = this.#facets(space).filter(({ genesis }) => genesis.kind === kind)
    const byUnit = new Map<string, Facet>()
    for (const facet of facets) for (const to of [own, peer]) byUnit.set(unitName(facet.genesis, to), facet)
    const isOurs = ({ genesis, size }: Facet) => genesis.owner === own && isUnit(genesis) && size > 0
    const released = new Set(given.released.map(({ unit }) => unit))
    const unreleased = rule
      ? facets.filter(facet => isOurs(facet) && !released.has(unitName(facet.genesis, peer)))
      : []
    const units = async (account: Account, opened: number): Promise<UnitJson[]> =>
      Promise.all(
        account.released.map(async ({ unit }, place) => {
          const facet = byUnit.get(unit)
          const here = facet && facet.size > 0 ? await titled(facet) : {}
          return { unit, open: place < opened, receipted: account.receipted.has(unit), ...here }
        })
      )
    const way = async (account: Account, opened: number): Promise<WayJson> => ({
      released: account.released.length,
      open: opened,
      settled: account.settled,
      units: await units(account, opened)
    })
    const bound = rule && rule.maxExposure + Math.min(given.settled, received.settled)
    return {
      company: companyJson(did, this.#parts.directory.identities.get(did)),
      kind,
      ...(rule && {
        rule: { unit: rule.unit, maxExposure: rule.maxExposure, soleSender: rule.soleSender }
      }),
      given: await way(given, open.given),
      received: await way(received, open.received),
      ...(bound !== undefined && { exposureLeft: bound - given.released.length }),
      unreleased: await Promise.all(unreleased.map(titled)),
      next: this.#next(between, unreleased.length)
    }
  }

  /** Whose turn it is. */
  #next({ space, own, peer, kind, rule, given, received, open }: Between, unreleased: number): string[] {
    const name = nameOf(this.#parts, space.parties[peer] as string)
    const id = idOf(space)
    const next: string[] = []
    const unsigned = this.#unsigned(space, own).filter(
      ({ genesis }) => genesis.owner === peer && genesis.kind === kind
    ).length
    if (unsigned > 0)
      next.push(
        `${count(unsigned)} of ${name} came without a receipt of yours so far: parley reciprocity sign ${id}`
      )
    if (!rule) return next
    if (unreleased > 0)
      next.push(
        `${count(unreleased)} of yours ${unreleased === 1 ? 'is' : 'are'} not released to ${name}: parley reciprocity release ARTIFACT`
      )
    const waiting = given.released.length - open.given
    if (waiting === 0) return next
    const held = `${count(waiting)} of yours ${waiting === 1 ? 'waits' : 'wait'} to go to ${name}`
    if (given.settled <= received.settled)
      next.push(
        `${held}: it has signed for ${given.settled} of the ${open.given} that it could get, and is to sign`
      )
    if (received.settled <= given.settled)
      next.push(
        unsigned > 0
          ? `${held}: what ${name} gave counts once you have signed for it`
          : `${held}: it is to give in return; you have signed for ${received.settled}`
      )
    return next
  }

  #facets(space: SpaceLog): Facet[] {
    const { facets } = this.#parts.driver.core.context
    return [...facets.values()].map(({ facet }) => facet).filter(facet => facet.space === space)
  }

  #ledger(space: SpaceLog) {
    return ledgerOf(space, this.#unsure(this.#parts.directory.ownIndex(space) ?? -1))
  }

  #unsure(own: number): Unsure {
    return { own, unwritten: this.#parts.directory.unwritten }
  }

  #own(space: SpaceLog): number {
    const own = this.#parts.directory.ownIndex(space)
    if (own !== undefined) return own
    throw new NodeError('not-a-party', 'this company is no party of the space', 'See parley space list.')
  }

  #other(space: SpaceLog, did: string): number {
    const peer = space.companyOf(did)
    if (peer !== undefined && peer !== this.#own(space)) return peer
    const next = `See who is: parley space show ${idOf(space)}`
    throw new NodeError('not-a-party', `${nameOf(this.#parts, did)} is no other party of the space`, next)
  }

  #checkRoom(space: SpaceLog, own: number): void {
    if ((space.head(own)?.seq ?? 0) < CONTRIBUTION_SEQ_MAX) return
    const why = 'the chain of your company in this space has room left for keys and cuts alone'
    throw new NodeError('no-chain-room', why, 'Agree on a new space with the other parties.')
  }
}

/** Only what is shared-confidential is counted. */
function isUnit(genesis: Facet['genesis']): boolean {
  return genesis.class === 'shared-confidential'
}

function count(documents: number): string {
  return documents === 1 ? '1 document' : `${documents} documents`
}
