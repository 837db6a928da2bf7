// The audit logs of a node as its store has them: listed, read, given out, erased from. protocols/audit, section 5.
import { sizeOf } from '../../audit/checkpoint.ts'
import { type WrittenLog, type WrittenWitness, tileOf } from '../../audit/log-check.ts'
import { decodeLeaves, encodeLeaves } from '../../audit/leaves.ts'
import { parseNote } from '../../audit/note.ts'
import { type LogOpening, verifyLogOpening, verifyWitnessOpening } from '../../audit/opening.ts'
import type { Leaf } from '../../audit/record.ts'
import { hasTile, parseTilePath } from '../../audit/tiles.ts'
import { Tree } from '../../audit/tree.ts'
import type { Store } from '../../store/store.ts'
import { toBase64 } from '../../wire/base64.ts'
import { EMPTY, fromUtf8, utf8 } from '../../wire/bytes.ts'
import { decodeCbor } from '../../wire/cbor.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import type { AuditJson, AuditLogJson } from '../surface/audit-json.ts'
import { type Parts, nameOf } from '../parts/parts.ts'

const LIST = 'See the logs that are here: parley audit list'
/** What the key of a cosigned checkpoint ends in. */
const COSIGNED = '/cosigned'
/** Lines of an export that are written at a time. */
const LINES = 256

export interface StoredLog {
  /** Of the store: space and epoch. */
  key: string
  space: string
  epoch: string
  /** What stands there, empty where nothing does, and what it says: nothing where it does not verify. */
  openingBytes: Uint8Array
  opening?: LogOpening
  /** The newest checkpoint, signed, empty where there is none; and the newest that others cosigned. */
  checkpoint: Uint8Array
  cosigned?: Uint8Array
}

export class AuditLogs {
  readonly #parts: Parts
  readonly #certificate: () => Uint8Array
  /** The log whose tiles were asked for last, at one size. */
  #cached: { key: string; tree: Tree; entries: Uint8Array[] } | undefined
  /** Settled once nothing is being erased. */
  #erasing: Promise<void> = Promise.resolve()

  constructor(parts: Parts, certificate: () => Uint8Array) {
    this.#parts = parts
    this.#certificate = certificate
  }

  get #store(): Store {
    return this.#parts.driver.store
  }

  async list(): Promise<AuditJson> {
    const logs: AuditLogJson[] = []
    for (const log of await storedLogs(this.#store)) logs.push(this.#json(log))
    const { witnessing } = this.#parts.driver.core.audit ?? {}
    const held = (witnessing?.held ?? []).map(({ opening, held: newest }) => {
      const { space, company, key } = opening
      return { origin: key.name, space, company: nameOf(this.#parts, company), size: newest?.size ?? 0 }
    })
    const proofs: AuditJson['proofs'] = []
    for await (const { key, bytes } of this.#store.list('audit-conflict')) {
      proofs.push({ origin: key.slice(0, key.lastIndexOf('/')), file: fromUtf8(bytes) })
    }
    return { logs, held, proofs }
  }

  #json({ key, space, epoch, opening, checkpoint, cosigned }: StoredLog): AuditLogJson {
    const own = this.#parts.driver.core.audit?.own.logs.find(one => one.key === key)
    const origin = opening?.key.name ?? ''
    const title = this.#parts.directory.spaces.get(space)?.genesis.title ?? ''
    const seen = cosigned && { size: sizeOf(cosigned), names: signersOf(cosigned, origin) }
    const companies = own && this.#parts.driver.core.audit?.cosigning.roundOf(own)?.companies
    return {
      id: epoch,
      origin,
      space,
      title,
      writing: own !== undefined,
      size: sizeOf(checkpoint),
      witnessedSize: seen?.size ?? 0,
      witnesses: companies?.map(did => nameOf(this.#parts, did)) ?? seen?.names ?? []
    }
  }

  /** @param newest also what nobody has cosigned yet */
  async *export(name: string, newest: boolean): AsyncGenerator<Uint8Array> {
    await this.#parts.driver.perform(core => core.audit?.own.flush())
    const log = await this.read(name, newest)
    const line = (value: object) => `${JSON.stringify(value)}\n`
    yield utf8(
      line({
        opening: toBase64(log.opening),
        checkpoint: fromUtf8(log.checkpoint),
        witnesses: log.witnesses.map(asBase64),
        certificate: toBase64(log.certificate),
        identity: toBase64(log.identity)
      })
    )
    for (let from = 0; from < log.leaves.length; from += LINES) {
      const lines = log.leaves.slice(from, from + LINES).map(({ entry, salt, record }) => {
        return line({ entry: toBase64(entry), salt: toBase64(salt), record: fromUtf8(record) })
      })
      yield utf8(lines.join(''))
    }
  }

  async read(name: string, newest: boolean): Promise<Required<Omit<WrittenLog, 'tile'>>> {
    const stored = await this.#find(name)
    const { directory } = this.#parts
    const checkpoint = newest ? stored.checkpoint : (stored.cosigned ?? stored.checkpoint)
    const leaves = (await leavesOf(this.#store, stored.key)).slice(0, sizeOf(checkpoint))
    return {
      opening: stored.openingBytes,
      checkpoint,
      witnesses: await witnessesOf(
        this.#store,
        stored.key,
        checkpoint,
        did => directory.identities.get(did)?.log
      ),
      leaves,
      certificate: this.#certificate(),
      identity: directory.identities.get(directory.self.did)?.log ?? EMPTY
    }
  }

  /** What C2SP tlog-tiles has at this path. */
  async *resource(name: string, path: string): AsyncGenerator<Uint8Array> {
    const stored = await this.#find(name)
    const checkpoint = stored.cosigned ?? stored.checkpoint
    if (path === 'checkpoint') return yield checkpoint
    const { tree, entries } = await this.#load(stored.key, sizeOf(checkpoint))
    const tile = parseTilePath(path)
    if (!tile || !hasTile(entries.length, tile)) {
      throw new NodeError('no-such-tile', `the log has no ${path}`, 'Read its checkpoint first.')
    }
    yield tileOf(tree, entries, tile)
  }

  async #load(key: string, size: number): Promise<{ tree: Tree; entries: Uint8Array[] }> {
    if (this.#cached?.key === key && this.#cached.entries.length === size) return this.#cached
    const entries = (await leavesOf(this.#store, key)).slice(0, size).map(({ entry }) => entry)
    this.#cached = { key, tree: Tree.of(entries), entries }
    return this.#cached
  }

  /**
   * Takes away what a record says; the log stands. AUD-2. One after the other, as each writes again what stands beside
   * its record.
   * @throws NodeError `no-such-record`
   */
  erase(name: string, index: number): Promise<void> {
    const erased = this.#erasing.then(() => this.#erase(name, index))
    this.#erasing = erased.catch(() => undefined)
    return erased
  }

  async #erase(name: string, index: number): Promise<void> {
    const { driver } = this.#parts
    const { key } = await this.#find(name)
    const own = driver.core.audit?.own.logs.find(one => one.key === key)
    const size = own?.log.tree.size ?? 0
    if (own && index >= size - own.unpacked.length && index < size)
      return driver.perform(core => core.audit?.own.erase(own, index))
    // A full pack changes no more, once it has come to the disk.
    await driver.perform(() => undefined)
    for await (const { key: at, bytes } of this.#store.list('audit-leaf', `${key}/`)) {
      const first = Number(at.slice(key.length + 1))
      const leaves = decodeLeaves(bytes) ?? []
      if (index < first || index >= first + leaves.length) continue
      const erased = leaves.map((leaf, i) =>
        first + i === index ? { ...leaf, salt: EMPTY, record: EMPTY } : leaf
      )
      const put = { kind: 'put', table: 'audit-leaf', key: at, bytes: encodeLeaves(erased) } as const
      return driver.perform(core => core.context.write([put]))
    }
    throw new NodeError('no-such-record', `the log has no record ${index}`, LIST)
  }

  /** By its origin, or the beginning of its epoch. */
  async #find(name: string): Promise<StoredLog> {
    const all = await storedLogs(this.#store)
    const found = all.filter(({ opening, epoch }) => opening?.key.name === name || epoch.startsWith(name))
    const [one] = found
    if (one && found.length === 1) return one
    if (one) throw new NodeError('ambiguous-audit-log', `${found.length} logs begin with ${name}`, LIST)
    throw new NodeError('no-such-audit-log', `no audit log ${name} is here`, LIST)
  }
}

/** All that a store has something of, those of one space together: whoever checks them finds what is damaged. */
export async function storedLogs(store: Store): Promise<StoredLog[]> {
  const openings = await rowsOf(store, 'audit-log')
  const checkpoints = await rowsOf(store, 'audit-checkpoint')
  const keys = [...openings.keys(), ...[...checkpoints.keys()].map(key => key.replace(COSIGNED, ''))]
  return [...new Set(keys)].toSorted().map(key => {
    const [space = '', epoch = ''] = key.split('/')
    const openingBytes = openings.get(key) ?? EMPTY
    const opening = verifyLogOpening(openingBytes)
    const cosigned = checkpoints.get(key + COSIGNED)
    return {
      key,
      space,
      epoch,
      openingBytes,
      ...(!isReject(opening) && { opening }),
      checkpoint: checkpoints.get(key) ?? EMPTY,
      ...(cosigned && { cosigned })
    }
  })
}

async function rowsOf(store: Store, table: string): Promise<Map<string, Uint8Array>> {
  const rows = new Map<string, Uint8Array>()
  for await (const { key, bytes } of store.list(table)) rows.set(key, bytes)
  return rows
}

/** In order. What the store lost is missing at its place, and found out by whoever checks. */
export async function leavesOf(store: Store, key: string): Promise<Leaf[]> {
  const leaves: Leaf[] = []
  for await (const { bytes } of store.list('audit-leaf', `${key}/`))
    leaves.push(...(decodeLeaves(bytes) ?? []))
  return leaves
}

/** The witnesses whose cosignatures stand on a checkpoint of a log. `identityOf`: the identity log of a company. */
export async function witnessesOf(
  store: Store,
  log: string,
  checkpoint: Uint8Array,
  identityOf: (did: string) => Uint8Array | undefined
): Promise<WrittenWitness[]> {
  const note = parseNote(checkpoint)
  const found: WrittenWitness[] = []
  const signers = new Set(isReject(note) ? [] : note.signatures.map(({ name }) => name))
  const bytes = await store.get('audit-cosigner', log)
  const cosigners = bytes && decodeCbor(bytes, bytes.length)
  for (const pair of Array.isArray(cosigners) ? cosigners : []) {
    const [opening, certificate] = Array.isArray(pair) ? pair : []
    if (!(opening instanceof Uint8Array) || !(certificate instanceof Uint8Array)) continue
    const verified = verifyWitnessOpening(opening)
    if (isReject(verified) || !signers.has(verified.key.name)) continue
    found.push({ opening, certificate, identity: identityOf(verified.company) ?? EMPTY })
  }
  return found
}

function asBase64({ opening, certificate, identity }: WrittenWitness) {
  return {
    opening: toBase64(opening),
    certificate: toBase64(certificate),
    identity: toBase64(identity)
  }
}

function signersOf(checkpoint: Uint8Array, log: string): string[] {
  const note = parseNote(checkpoint)
  const names = isReject(note) ? [] : note.signatures.map(({ name }) => name)
  return names.filter(name => name !== log)
}
