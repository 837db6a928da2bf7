// Redialing on a virtual clock: protocols/transport, section 7.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { REDIAL_CAP_MS, STABLE_AFTER_MS } from '../../src/net/limits.ts'
import { Redialer } from '../../src/net/redialer.ts'

const REFUSED = { code: 'dial-unreachable', message: 'nobody there' }
const LOST = { code: 'connection-lost', message: 'reset' }

/** Fails every dial for a virtual day and gives the waits in between. */
function waits(random: () => number, untilMs: number): number[] {
  const redialer = new Redialer(random)
  redialer.keep('p', ['/a'], 0)
  const out: number[] = []
  let now = 0
  while (now < untilMs) {
    const next = redialer.nextMs() as number
    out.push(next - now)
    now = next
    expect(redialer.due(now)).toEqual([{ peerId: 'p', addresses: ['/a'] }])
    expect(redialer.due(now)).toEqual([])
    redialer.dialFailed('p', REFUSED, now)
  }
  return out.slice(1)
}

describe('redialer', () => {
  it('[NET-17] it dials at once, then with growing waits of at most 8 s, for ever', () => {
    const day = waits(() => 0.999, 86_400_000)
    expect(Math.round(day[0] as number)).toBe(500)
    expect(Math.max(...day)).toBeLessThanOrEqual(REDIAL_CAP_MS)
    expect(day.length).toBeGreaterThan(86_400_000 / REDIAL_CAP_MS - 1)
  })

  it('[NET-17] half of every wait is chance', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 0.999999, noNaN: true })), randoms => {
        const all = waits(() => randoms.next().value as number, 120_000)
        all.forEach((wait, i) => {
          const full = Math.min(REDIAL_CAP_MS, 500 * 2 ** i)
          expect(wait).toBeGreaterThan(full / 2 - 0.001)
          expect(wait).toBeLessThan(full + 0.001)
        })
      }),
      { numRuns: 50 }
    )
  })

  it('[NET-17] a stable session forgets failures, one that dies at once does not', () => {
    for (const [livedMs, firstWait] of [
      [STABLE_AFTER_MS, 250],
      [STABLE_AFTER_MS - 1, 4_000]
    ] as const) {
      const redialer = new Redialer(() => 0)
      redialer.keep('p', ['/a'], 0)
      for (let i = 0; i < 4; i++) {
        redialer.due(1e6)
        redialer.dialFailed('p', REFUSED, 0)
      }
      redialer.due(1e6)
      redialer.opened('p', 0)
      redialer.closed('p', LOST, livedMs)
      expect(redialer.nextMs()).toBe(livedMs + firstWait)
    }
  })

  it('[NET-17] a change of the network, or a person, makes it dial at once', () => {
    const redialer = new Redialer(() => 0.5)
    redialer.keep('p', ['/a'], 0)
    redialer.keep('q', ['/b'], 0)
    for (let i = 0; i < 9; i++) {
      redialer.due(1e9)
      redialer.dialFailed('p', REFUSED, 0)
      redialer.dialFailed('q', REFUSED, 0)
    }
    redialer.hurry(77, 'p')
    expect(redialer.due(77)).toEqual([{ peerId: 'p', addresses: ['/a'] }])
    redialer.hurry(78)
    expect(redialer.due(78)).toEqual([{ peerId: 'q', addresses: ['/b'] }])
    redialer.dialFailed('p', REFUSED, 80)
    expect(redialer.due(80)).toEqual([{ peerId: 'p', addresses: ['/a'] }])
  })

  it('[NET-17] a peer that connected by itself is not dialed, and a late failure of our dial changes nothing', () => {
    const redialer = new Redialer(() => 0)
    redialer.keep('p', ['/a'], 0)
    redialer.due(0)
    redialer.opened('p', 5)
    redialer.dialFailed('p', REFUSED, 6)
    expect(redialer.status()[0]).toMatchObject({ phase: 'connected', sinceMs: 5, lastError: undefined })
    expect(redialer.nextMs()).toBeUndefined()
  })

  it('it knows for each peer the last error and the next attempt', () => {
    const redialer = new Redialer(() => 0)
    redialer.keep('p', ['/a'], 0)
    redialer.due(0)
    redialer.dialFailed('p', REFUSED, 40)
    const [status] = redialer.status()
    expect(status).toMatchObject({
      phase: 'waiting',
      sinceMs: 0,
      failures: 1,
      lastError: { ...REFUSED, atMs: 40 },
      nextDialMs: 290
    })
    redialer.forget('p')
    expect([redialer.status(), redialer.nextMs()]).toEqual([[], undefined])
  })

  it('a peer without an address is waited for, not dialed', () => {
    const redialer = new Redialer(() => 0)
    redialer.keep('p', [], 0)
    expect([redialer.due(1e9), redialer.nextMs(), redialer.status()[0]?.nextDialMs]).toEqual([
      [],
      undefined,
      undefined
    ])
  })
})
