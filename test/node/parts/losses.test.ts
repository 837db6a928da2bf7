// What a node says and does about what its disk has lost. protocols/store, section 10.
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SpaceLog } from '../../../src/identity/space-log.ts'
import { addIdentityEntry } from '../../../src/node/home/company.ts'
import { loadDataKeys, loadKeys } from '../../../src/node/home/keys.ts'
import { openHomeStore } from '../../../src/node/home/store.ts'
import { readIdentity, type Home } from '../../../src/node/home/home.ts'
import { Losses } from '../../../src/node/parts/losses.ts'
import { LevelStore } from '../../../src/store/level-store.ts'
import type { Missing, OpenReport, Store } from '../../../src/store/store.ts'
import type { HeldFacet } from '../../../src/sync/context.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { packClient } from '../../../src/wire/lane.ts'
import { createCompanyHome } from '../../e2e/homes.ts'
import { folder } from '../home/homes.ts'

const FACET = 'ab'.repeat(32)
const GAP: Missing = { kind: 'lane', facet: FACET, client: 7, own: true, from: 3, to: 5 }

/** A node of the first of three companies that share a space; only what Losses looks at. */
function node({ missing = [], ...found }: Partial<OpenReport> & { missing?: Missing[] } = {}) {
  const parties = ['us', 'them', 'others']
  const pin = { index: 0, publicKey: { multikey: 'our key' } }
  const space = {
    id: new Uint8Array(32).fill(1),
    parties,
    accepted: () => true,
    head: () => ({ keys: [pin] })
  } as unknown as SpaceLog
  const held = { facet: { space, genesis: { kind: 'StandardsDoc.v1', artifact: new Uint8Array(2) } } }
  const log: string[] = []
  const left = [...missing]
  const store = {
    report: { created: false, clean: false, notes: [], crash: [], ...found },
    missing: () => [...left],
    settle: async (entry: Missing) => void left.splice(left.indexOf(entry), 1)
  } as unknown as Store
  const known = {
    directory: {
      self: { did: 'us', peerId: '' },
      spaces: new Map([[toHex(space.id), space]]),
      identities: new Map(),
      ownIndex: () => 0
    },
    facets: new Map([[FACET, held as unknown as HeldFacet]])
  }
  const say = (level: string, message: string) => void log.push(`${level} ${message}`)
  const losses = new Losses(store, known, () => [{ publicKey: { multikey: 'our key' } }], say)
  const same = (did: string, facets = [FACET]) =>
    losses.hear({ what: 'same', did, space: toHex(space.id), facets })
  return { losses, space, same, left, log }
}

describe('losses', () => {
  it('[STO-21] what is missing, noted or unusable is named, a crash alone is not', () => {
    const { losses, log } = node({ notes: ['an older copy'], crash: ['no clean stop'], missing: [GAP] })
    losses.unusable = ['a space that does not fit']
    const said = losses.reasons()
    expect(said.slice(0, 2)).toEqual(['an older copy', 'a space that does not fit'])
    expect(said[2]).toMatch(/^2 envelopes that this node wrote in StandardsDoc.v1 .* read-only/)
    expect(log).toEqual(['warn an older copy', 'info no clean stop'])
    expect(node({ crash: ['no clean stop'] }).losses.reasons()).toEqual([])
  })

  it('[STO-22] a loss is settled when every other party holds the same, not before', () => {
    const { same, left } = node({ missing: [GAP, { kind: 'envelopes', lost: 1 }] })
    same('them')
    same('others', [])
    expect(left).toHaveLength(2)
    same('others')
    expect(left).toEqual([{ kind: 'envelopes', lost: 1 }])
  })

  it('[STO-23] a doubtful store signs nothing in a chain before another party was heard', () => {
    const { losses, space, same } = node({ notes: ['a copy'] })
    expect(() => losses.check(space)).toThrow(expect.objectContaining({ code: 'space-unsure' }))
    same('them', [])
    losses.check(space)
    node({ crash: ['no clean stop'] }).losses.check(space)
  })

  it('[STO-24] what comes back unmissed is an alarm, what was missed is not, nor what another device wrote', () => {
    const returned = (key: number) => {
      const client = packClient({ company: 0, key, session: 5 })
      return { what: 'own-returned', did: 'them', facet: FACET, client, envelopes: 2 } as const
    }
    const whole = node()
    whole.losses.hear(returned(1))
    expect(whole.losses.reasons()).toEqual([])
    whole.losses.hear(returned(0))
    expect(whole.losses.reasons()[0]).toMatch(/^them sent back 2 envelopes .* another copy/)
    const cut = node({ crash: ['no clean stop'] })
    cut.losses.hear(returned(0))
    expect(cut.losses.reasons()[0]).toMatch(/lost when the node was cut off, or .* another copy/)
    const known = node({ missing: [GAP] })
    known.losses.hear(returned(0))
    expect(known.losses.reasons().join()).not.toContain('sent back')
  })
})

describe('the home and its store', () => {
  it('[STO-25] a key file that holds another key than it is named after is refused', async () => {
    const dir = join(folder(), 'acme')
    const home = await createCompanyHome(dir, 'Acme')
    const [node, role] = ['node-', 'CTO-'].map(start => {
      const name = readdirSync(join(dir, 'keys')).find(file => file.startsWith(start))
      return join(dir, 'keys', name as string)
    }) as [string, string]
    writeFileSync(node, readFileSync(role))
    await expect(loadKeys(home, undefined)).rejects.toMatchObject({
      code: 'key-other',
      next: expect.stringContaining('backup') as string
    })
  })

  const open = async (home: Home) => {
    const keys = { identity: await readIdentity(home), data: await loadDataKeys(home, undefined) }
    const opened = await openHomeStore(home, keys, dir => LevelStore.open(dir))
    await opened.store.close()
    return opened.missing
  }

  it('[STO-25] a store that is gone, an older identity log and missing keys do not pass in silence', async () => {
    const dir = join(folder(), 'acme')
    const home = await createCompanyHome(dir, 'Acme')
    const path = join(dir, 'identity.jsonl')
    const older = readFileSync(path)
    await addIdentityEntry(home, { change: {}, passphrase: undefined, timeMs: Date.now() })
    expect(await open(home)).toEqual([])
    expect(await open(home)).toEqual([])

    const newer = readFileSync(path)
    writeFileSync(path, older)
    expect((await open(home)).join()).toMatch(/was older than what this node has had/)
    expect(readFileSync(path).equals(newer)).toBe(true)

    const certificates = join(dir, 'certificates')
    cpSync(certificates, `${certificates}.kept`, { recursive: true })
    rmSync(certificates, { recursive: true })
    expect((await open(home)).join()).toMatch(/certificate of CTO-.* is missing or damaged/)
    rmSync(certificates, { recursive: true, force: true })
    renameSync(`${certificates}.kept`, certificates)
    renameSync(join(dir, 'keys'), join(dir, 'keys.away'))
    expect((await open(home)).join()).toMatch(/key file CTO-.* is missing/)
    renameSync(join(dir, 'keys.away'), join(dir, 'keys'))
    expect(await open(home)).toEqual([])

    rmSync(join(dir, 'store'), { recursive: true })
    await expect(open(home)).rejects.toMatchObject({ code: 'store-absent' })
    expect(existsSync(join(dir, 'store'))).toBe(false)
  })
})
