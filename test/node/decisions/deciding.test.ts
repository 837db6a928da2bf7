// What a node does by itself in decisions: its electors, and the plan that follows. protocols/decision.
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Decision } from '../../../src/decision/decision.ts'
import { turnOf } from '../../../src/decision/elector.ts'
import { planArtifact } from '../../../src/decision/execution.ts'
import { Electors } from '../../../src/node/decisions/electors.ts'
import { Executions } from '../../../src/node/decisions/executions.ts'
import type { Library } from '../../../src/node/editing/library.ts'
import type { Parts } from '../../../src/node/parts/parts.ts'
import { Voters } from '../../../src/node/decisions/voters.ts'
import type { HeldDecision } from '../../../src/sync/decision-book.ts'
import type { Store } from '../../../src/store/store.ts'
import { MemoryStore } from '../../../src/store/memory-store.ts'
import { type MessageRecord, parseMessage } from '../../../src/decision/message.ts'
import { sign } from '../../../src/identity/ed25519.ts'
import { verifyRoleCertificate } from '../../../src/identity/certificate.ts'
import type { CompanyIdentity } from '../../../src/identity/company-identity.ts'
import {
  HOUR,
  type Holder,
  START,
  commit,
  holderOf,
  identityOf,
  initiate,
  must,
  play,
  policyOf,
  say as sayAs
} from '../../../scripts/vectors/decision-builders.ts'

const [ADA, BO] = [holderOf('acme', 'CTO'), holderOf('borealis', 'CTO')]
const POLICY = policyOf([{ name: 'acme' }, { name: 'borealis' }])
const YES = { choice: 'option' as const, option: 0 }
const SPACE = { id: new Uint8Array(32).fill(1), parties: [ADA.company, BO.company] }

function signerOf({ company, key, certificate: certificateBytes }: Holder) {
  const certificate = must(verifyRoleCertificate(certificateBytes, identityOf(company) as CompanyIdentity))
  const { publicKey } = key
  return { publicKey, certificate, certificateBytes, sign: (bytes: Uint8Array) => sign(key, bytes) }
}

/** A node of Ada's company that has this decision; what it says is added to it. */
function nodeOf(decision: Decision, facets: object[] = []) {
  const roles = [ADA].map(signerOf)
  const known = new Map<string, CompanyIdentity>()
  const rows = new Map<string, Uint8Array>()
  const told = { isDoubtful: false, knowsEnd: true }
  const say = (record: MessageRecord) => {
    const message = must(parseMessage(record, identityOf))
    if ('waitsFor' in message) throw new Error(message.waitsFor)
    decision.add(message)
    return message
  }
  const held = { decision, space: SPACE }
  const core = {
    decisions: { book: { get: (id: string) => (id === decision.id ? held : undefined), all: () => [held] } },
    context: {
      facets: new Map(facets.map((facet, i) => [String(i), { facet }])),
      write: (writes: { key: string; bytes: Uint8Array }[]) => {
        for (const { key, bytes } of writes) rows.set(key, bytes)
      }
    },
    say
  }
  const parts = {
    roles,
    directory: {
      self: { did: ADA.company },
      identities: { get: (did: string) => known.get(did) ?? identityOf(did) }
    },
    driver: { core, perform: async (work: (given: typeof core) => unknown) => work(core) },
    losses: { isDoubtful: () => told.isDoubtful, knowsEnd: () => told.knowsEnd }
  } as unknown as Parts
  const disk = {
    async *list() {
      for (const [key, bytes] of rows) yield { key, bytes }
    }
  } as unknown as Store
  return { parts, roles, told, disk, known }
}

const log = () => undefined
const store = () => new MemoryStore('00'.repeat(16))

describe('an elector', () => {
  beforeEach(() => void vi.useFakeTimers({ now: START }))
  afterEach(() => void vi.useRealTimers())

  function voted() {
    const decision = new Decision(initiate(ADA, POLICY))
    for (const holder of [ADA, BO]) decision.add(commit(holder, decision.id, YES).message)
    return decision
  }
  const closes = (decision: Decision) => decision.of('decision-close.v1').length

  it('[DEC-14] whose key comes after the last message speaks then', async () => {
    const decision = voted()
    const { parts, roles } = nodeOf(decision)
    const [role] = roles.splice(0)
    const electors = new Electors(parts, log)
    await electors.start(store())
    await vi.advanceTimersByTimeAsync(0)
    expect(closes(decision)).toBe(0)
    roles.push(role as (typeof roles)[number])
    electors.lookAtAll()
    await vi.advanceTimersByTimeAsync(0)
    expect(closes(decision)).toBe(1)
    await electors.stop()
  })

  it('[DEC-14] that waits does not wait for another of its company, whose time comes later', async () => {
    const second = holderOf('acme', 'CFO')
    const electorate = [{ name: 'acme' }, { name: 'acme', role: 'CFO' as const }, { name: 'borealis' }]
    const decision = new Decision(initiate(ADA, policyOf(electorate)))
    for (const holder of [ADA, BO]) decision.add(commit(holder, decision.id, YES).message)
    const { parts, roles } = nodeOf(decision)
    const electors = new Electors(parts, log)
    await electors.start(store())
    await vi.advanceTimersByTimeAsync(HOUR / 2)
    // It has seen the turnout only now, so late that the others get another hour.
    roles.push(signerOf(second))
    electors.lookAtAll()
    await vi.advanceTimersByTimeAsync(HOUR / 2 + 1_000)
    expect(closes(decision)).toBe(1)
    await electors.stop()
  })

  /** Ada's node has closed, and Bo does not reveal. */
  async function unrevealed() {
    const decision = voted()
    const node = nodeOf(decision)
    const electors = new Electors(node.parts, log)
    await electors.start(node.disk)
    await vi.advanceTimersByTimeAsync(0)
    return { decision, node, electors }
  }

  it('[DEC-14] that is switched off every evening settles when as long has passed as all had to reveal', async () => {
    const { decision, node, electors } = await unrevealed()
    const bo = { elector: 1, key: BO.key.publicKey.multikey, secretOf: () => undefined, isTimely: () => true }
    const hear = async () => {
      for (const { kind, ...body } of turnOf(decision, bo, new Map(), Date.now()).words)
        decision.add(sayAs(BO, kind, { ...body, decision: decision.id }, Date.now()))
      electors.look(decision.id)
      await vi.advanceTimersByTimeAsync(0)
    }
    // Both rounds of closing.
    for (let i = 0; i < 3; i++) await hear()
    expect(decision.closed).toBeDefined()
    await electors.stop()
    for (let hours = 0; hours < 4; hours++) {
      const again = new Electors(node.parts, log)
      await again.start(node.disk)
      await vi.advanceTimersByTimeAsync(HOUR * 0.9)
      await again.stop()
    }
    expect(decision.of('decision-settle.v1')).toHaveLength(1)
  })

  it('[DEC-14] counts a vote that came in time, though its key is revoked before a restart', async () => {
    const electorate = ['acme', 'borealis', 'cobalt'].map(name => ({ name }))
    const decision = new Decision(initiate(ADA, policyOf(electorate)))
    for (const holder of [ADA, BO]) decision.add(commit(holder, decision.id, YES).message)
    const { parts, disk, known } = nodeOf(decision)
    const before = new Electors(parts, log)
    await before.start(disk)
    await before.stop()
    const now = Object.create(identityOf(BO.company) as CompanyIdentity) as CompanyIdentity
    Object.defineProperty(now, 'hasRevoked', { value: () => true })
    known.set(BO.company, now)
    const electors = new Electors(parts, log)
    await electors.start(disk)
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(decision.of('decision-close.v1').map(({ payload }) => payload.set.length)).toEqual([2])
    await electors.stop()
  })

  it('[DEC-29] whose store was restored lets another party tell what it has said before', async () => {
    const decision = voted()
    const { parts, told } = nodeOf(decision)
    Object.assign(told, { isDoubtful: true, knowsEnd: false })
    const electors = new Electors(parts, log)
    await electors.start(store())
    await vi.advanceTimersByTimeAsync(600_000)
    expect(closes(decision)).toBe(0)
    told.knowsEnd = true
    await vi.advanceTimersByTimeAsync(31_000)
    expect(closes(decision)).toBe(0)
    await vi.advanceTimersByTimeAsync(31_000)
    expect(closes(decision)).toBe(1)
    await electors.stop()
  })
})

describe('a plan', () => {
  const plan = { goal: 'Less to read', milestones: [] }
  const decided = () => {
    const options = [{ title: 'The short one', text: 'Five kinds.', plan }]
    return play(initiate(ADA, POLICY, { options }), [
      [ADA, YES],
      [BO, YES]
    ])
  }

  async function executed(owner: number | undefined) {
    const decision = decided()
    const artifact = planArtifact(decision.id)
    const facet = { space: SPACE, genesis: { artifact, owner, kind: 'JointInitiativePlan.v1' } }
    const { parts } = nodeOf(decision, owner === undefined ? [] : [facet])
    const begin = vi.fn(async () => undefined)
    const executions = new Executions(parts, { begin } as unknown as Library, log)
    executions.start()
    await setImmediate()
    await executions.stop()
    return begin.mock.calls.length
  }

  it('[DEC-32] is made once, by whom it is to be made, whatever others give the same id', async () => {
    expect(await executed(undefined)).toBe(1)
    expect(await executed(0)).toBe(0)
    expect(await executed(1)).toBe(1)
  })
})

describe('a vote', () => {
  const pinned = ({ key, certificate }: ReturnType<typeof seatOf>) => {
    return { index: 0, publicKey: key.publicKey, certificate }
  }
  function seatOf(holder: Holder) {
    return { ...holder, certificate: signerOf(holder).certificate }
  }
  /** Both have entered their keys into the space. */
  const space = {
    ...SPACE,
    companyOf: (did: string) => SPACE.parties.indexOf(did),
    head: (company: number) => ({ keys: [pinned(seatOf([ADA, BO][company] as Holder))], cut: [] })
  }

  function voteIn(changes: Parameters<typeof initiate>[2]) {
    const decision = new Decision(initiate(BO, POLICY, changes))
    const { parts, roles } = nodeOf(decision)
    const held = { decision, space } as unknown as HeldDecision
    return () => new Voters(parts).assertEndable(held, roles[0] as (typeof roles)[number])
  }
  const [ada, bo] = [ADA, BO].map(({ key }) => key.publicKey.multikey) as [string, string]

  it('[DEC-10] is not cast where the voices could not close it', () => {
    expect(voteIn({ voices: [ada, bo] })).not.toThrow()
    expect(voteIn({ voices: [bo, bo] })).toThrow('none of your role')
    expect(voteIn({ voices: [ada, ada] })).toThrow('too few have a key')
  })

  it('[DEC-27] is not cast where what is revised is not at hand, and no certificate could be made', () => {
    const revises = { decision: '11'.repeat(32), mediation: ['22'.repeat(32)] }
    expect(voteIn({ revises })).toThrow('the mediation that the initiation names')
  })
})
