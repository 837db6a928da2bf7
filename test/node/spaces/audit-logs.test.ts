// The audit logs in a store: found whole or damaged, and erased from.
import { describe, expect, it, test } from 'vitest'
import { setImmediate } from 'node:timers/promises'
import { checkLog } from '../../../src/audit/log-check.ts'
import { decodeLeaves, encodeLeaves, leafKey } from '../../../src/audit/leaves.ts'
import { readLines } from '../../../src/cli/audit-folder.ts'
import { AuditLogs, leavesOf, storedLogs } from '../../../src/node/spaces/audit-logs.ts'
import type { Parts } from '../../../src/node/parts/parts.ts'
import { MemoryStore } from '../../../src/store/memory-store.ts'
import { SealedStore } from '../../../src/store/sealed-store.ts'
import type { Operation, Store } from '../../../src/store/store.ts'
import { utf8 } from '../../../src/wire/bytes.ts'
import { SPACE, access, opened, testLog } from '../../audit/company.ts'

const EPOCHS = ['e0', 'e1', 'e2'].map(byte => byte.repeat(16))
const KEYS = EPOCHS.map(epoch => `${SPACE}/${epoch}`)

/** Three logs of four records each. */
async function stored(): Promise<Store> {
  const store = await SealedStore.open(new MemoryStore(''), [new Uint8Array(32).fill(7)])
  for (const epoch of EPOCHS) {
    const { openingBytes, write } = testLog(1, 2, epoch)
    const { leaves, note } = write(opened(), access(2), access(3), access(4))
    await put(store, 'audit-log', `${SPACE}/${epoch}`, openingBytes)
    await put(store, 'audit-checkpoint', `${SPACE}/${epoch}`, note)
    await put(store, 'audit-leaf', leafKey(`${SPACE}/${epoch}`, 0), encodeLeaves(leaves))
  }
  return store
}

function put(store: Store, table: string, key: string, bytes: Uint8Array): Promise<void> {
  return store.write([{ kind: 'put', table, key, bytes }], { sync: true })
}

async function findings(store: Store): Promise<string[][]> {
  const logs = await storedLogs(store)
  return Promise.all(
    logs.map(async ({ key, openingBytes, checkpoint }) => {
      const leaves = await leavesOf(store, key)
      return checkLog({ opening: openingBytes, checkpoint, witnesses: [], leaves }).findings.map(f => f.code)
    })
  )
}

describe('logs in a store', () => {
  it('[AUD-16] are listed though their opening or checkpoint is gone or damaged, and that is found', async () => {
    const store = await stored()
    expect(await findings(store)).toEqual([[], [], []])
    const [one, two, three] = KEYS as [string, string, string]
    await store.write([{ kind: 'del', table: 'audit-log', key: one }], { sync: true })
    await put(store, 'audit-log', two, utf8('no opening'))
    await store.write([{ kind: 'del', table: 'audit-checkpoint', key: three }], { sync: true })
    expect((await storedLogs(store)).map(({ key }) => key)).toEqual(KEYS)
    expect(await findings(store)).toEqual([['jcs-syntax'], ['jcs-syntax'], ['note-form']])
  })
})

test('[AUD-16] a running node lists a log whose opening is damaged, and exports what there is of it', async () => {
  const store = await stored()
  await put(store, 'audit-log', KEYS[1] as string, utf8('no opening'))
  const logs = auditLogs(store)
  const { logs: listed } = await logs.list()
  expect(listed.map(({ id, origin }) => [id, origin === ''])).toEqual(
    EPOCHS.map((epoch, i) => [epoch, i === 1])
  )
  const written = await readLines(logs.export(EPOCHS[1] as string, true))
  expect(written.leaves).toHaveLength(4)
  expect(checkLog(written).findings).toMatchObject([{ code: 'jcs-syntax', where: 'opening' }])
})

/** Over a store whose writes take their time, with one that waits already. */
function auditLogs(store: Store, waiting: Operation[] = []): AuditLogs {
  const queue = waiting.length > 0 ? [waiting] : []
  const core = { context: { write: (writes: Operation[]) => queue.push(writes) } }
  const driver = {
    core,
    store,
    perform: async (work: (given: typeof core) => unknown) => {
      const result = work(core)
      const queued = queue.splice(0)
      await setImmediate()
      for (const writes of queued) await store.write(writes, { sync: true })
      return result
    }
  }
  const directory = { spaces: new Map(), identities: new Map(), self: { did: 'did:x' } }
  return new AuditLogs({ driver, directory } as unknown as Parts, () => utf8(''))
}

const erasedIn = async (store: Store, key: string) =>
  (await leavesOf(store, key)).flatMap(({ record }, index) => (record.length === 0 ? [index] : []))

describe('erasing', () => {
  it('[AUD-2] of two records at once takes both away, and no other', async () => {
    const store = await stored()
    const logs = auditLogs(store)
    await Promise.all([1, 3].map(index => logs.erase(EPOCHS[1] as string, index)))
    expect(await erasedIn(store, KEYS[1] as string)).toEqual([1, 3])
    expect(await erasedIn(store, KEYS[0] as string)).toEqual([])
    expect(await findings(store)).toEqual([[], [], []])
  })

  it('[AUD-2] finds what still waits for the disk, and does not let it come back', async () => {
    const store = await stored()
    const key = leafKey(KEYS[0] as string, 0)
    const bytes = (await store.get('audit-leaf', key)) as Uint8Array
    const pack = encodeLeaves((decodeLeaves(bytes) ?? []).toReversed())
    const logs = auditLogs(store, [{ kind: 'put', table: 'audit-leaf', key, bytes: pack }])
    await logs.erase(EPOCHS[0] as string, 1)
    expect(await erasedIn(store, KEYS[0] as string)).toEqual([1])
    const [first] = await leavesOf(store, KEYS[0] as string)
    expect(first).toEqual((decodeLeaves(pack) ?? [])[0])
  })

  it('[AUD-2] says so where there is no such record, and goes on with the next', async () => {
    const store = await stored()
    const logs = auditLogs(store)
    const none = logs.erase(EPOCHS[0] as string, 4)
    const next = logs.erase(EPOCHS[0] as string, 0)
    await expect(none).rejects.toMatchObject({ code: 'no-such-record' })
    await next
    await store.write([{ kind: 'del', table: 'audit-leaf', key: leafKey(KEYS[1] as string, 0) }], {
      sync: true
    })
    await expect(logs.erase(EPOCHS[1] as string, 1)).rejects.toMatchObject({ code: 'no-such-record' })
    expect(await erasedIn(store, KEYS[0] as string)).toEqual([0])
  })
})
