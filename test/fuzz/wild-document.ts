// Bytes that are parsed outside a run: identity logs, certificates, requests, invites, geneses, headers, entries,
// and bundles; each from the vectors or from what the world really holds, and then changed.
import {
  verifyNodeCertificate,
  verifyNodeRequest,
  verifyRoleCertificate,
  verifyRoleRequest
} from '../../src/identity/certificate.ts'
import { verifyIdentityLog } from '../../src/identity/identity-log.ts'
import { parseInvite } from '../../src/identity/invite.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { Bundles } from '../../src/node/bundle.ts'
import type { Parts } from '../../src/node/parts/parts.ts'
import { concatBytes, utf8 } from '../../src/wire/bytes.ts'
import { parseDsse } from '../../src/wire/dsse.ts'
import { parseHeader } from '../../src/wire/envelope.ts'
import { parseFacetGenesis } from '../../src/wire/genesis.ts'
import { type JcsValue, encodeJcs, parseJcs } from '../../src/wire/jcs.ts'
import { NodeError } from '../../src/wire/node-error.ts'
import { isReject } from '../../src/wire/reject.ts'
import { parseSpaceEntry } from '../../src/wire/space-entry.ts'
import type { Random } from '../replica/writers.ts'
import type { Corpus } from './corpus.ts'
import type { Rival } from './rival.ts'
import { mutateBytes, mutateValue } from './wild-value.ts'

/** Something that is parsed: the bytes, and what parses them to a verdict. */
export interface Parsed {
  bytes: Uint8Array
  parse(bytes: Uint8Array): string
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T
}

const verdictOf = (value: unknown) => (isReject(value) ? value.code : 'accepted')

export function wildDocument(rival: Rival, corpus: Corpus): Parsed {
  const { random, arena } = rival
  const { mal, ada } = arena.cast
  const { identity } = mal
  const parsers: (() => Parsed)[] = [
    () => ({
      bytes: lines(pick(random, [identity.log, ada.identity.log, ...corpus.logs]), random),
      parse: bytes => verdictOf(verifyIdentityLog(bytes))
    }),
    () => ({
      bytes: json(pick(random, [mal.nodeCertificate, mal.roleCertificate, ...corpus.certificates]), random),
      parse: bytes =>
        pick(random, [
          () => verdictOf(verifyNodeCertificate(bytes, identity)),
          () => verdictOf(verifyRoleCertificate(bytes, identity)),
          () => verdictOf(verifyRoleRequest(bytes)),
          () => verdictOf(verifyNodeRequest(bytes))
        ])()
    }),
    () => ({
      bytes: json(pick(random, [...corpus.dsse, mal.roleCertificate]), random),
      parse: bytes => verdictOf(parseDsse(bytes, 'role-request.v1'))
    }),
    () => ({ bytes: json(pick(random, corpus.jcs), random), parse: bytes => verdictOf(parseJcs(bytes)) }),
    () => ({
      bytes: mutateBytes(utf8(pick(random, corpus.invites)), random),
      parse: bytes => verdictOf(parseInvite(Buffer.from(bytes).toString('latin1')))
    }),
    () => ({
      bytes: mutateBytes(pick(random, [arena.space.genesisBytes, ...corpus.geneses]), random),
      parse: bytes => verdictOf(random(2) === 0 ? openSpace(bytes) : parseFacetGenesis(bytes))
    }),
    () => ({
      bytes: mutateBytes(pick(random, corpus.headers), random),
      parse: bytes => verdictOf(parseHeader(bytes))
    }),
    () => ({
      bytes: mutateBytes(pick(random, corpus.entries), random),
      parse: bytes => verdictOf(parseSpaceEntry(bytes))
    })
  ]
  return pick(random, parsers)()
}

/** JSON with a changed value, spelled as it should be or not; or with changed bytes. */
function json(bytes: Uint8Array, random: Random): Uint8Array {
  const value = random(3) === 0 ? undefined : parseJcs(bytes)
  if (value === undefined || isReject(value)) return mutateBytes(bytes, random)
  const changed = mutateValue(value, random)
  try {
    return random(4) === 0 ? utf8(JSON.stringify(changed)) : encodeJcs(changed as JcsValue)
  } catch {
    return mutateBytes(bytes, random)
  }
}

/** A log of one JSON text a line. */
function lines(log: Uint8Array, random: Random): Uint8Array {
  const all = Buffer.from(log)
    .toString('utf8')
    .split('\n')
    .filter(line => line !== '')
  const at = random(all.length + 1)
  const line = all[at]
  if (line === undefined || random(4) === 0) return mutateBytes(log, random)
  const dice = random(6)
  if (dice === 0) all.splice(at, 1)
  else if (dice === 1) all.splice(at, 0, line)
  else all[at] = Buffer.from(json(utf8(line), random)).toString('utf8')
  return utf8(`${all.join('\n')}${random(10) === 0 ? '' : '\n'}`)
}

/** A file of the shared document, as `parley export` writes it. */
export async function bundleOf(rival: Rival): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of bundles(rival).export('')) parts.push(part)
  return concatBytes(...parts)
}

/** Imports a file, in pieces as a stream brings it. @returns `accepted`, or the code of the NodeError */
export async function importBundle(rival: Rival, file: Uint8Array): Promise<string> {
  const chunk = 1 + rival.random(4_000)
  async function* pieces() {
    for (let at = 0; at < file.length; at += chunk) yield file.subarray(at, at + chunk)
  }
  try {
    const { refused } = await bundles(rival).import(pieces())
    return refused > 0 ? 'bundle-refused' : 'accepted'
  } catch (error) {
    if (error instanceof NodeError) return error.code
    throw error
  }
}

/** The bundle code over this world's core. */
function bundles({ arena }: Rival): Bundles {
  const { victim, facet } = arena
  const { core } = victim
  const driver = {
    core,
    perform: async (work: (of: typeof core) => unknown) => victim.perform(work),
    read: async (id: Uint8Array, wanted: Parameters<typeof victim.disk.read>[1]) =>
      victim.disk.read(Buffer.from(id).toString('hex'), wanted)
  }
  const parts = { directory: core.context.directory, driver } as unknown as Parts
  return new Bundles(parts, { named: () => victim.held(facet) })
}
