// Design section 15, invariant 1, on real nodes: the short form of `npm run wiretap`, without mutants.
import { beforeAll, expect, it } from 'vitest'
import { type Outcome, listen } from './listen.ts'

let heard: Outcome

beforeAll(async () => {
  heard = await listen(
    ['typing', 'sharing', 'presence', 'deciding', 'strangers', 'questions', 'refusals', 'paper'],
    () => undefined
  )
}, 180_000)

it('[POL-12] [SYN-5] [DEC-28] no byte of what a peer may not have is handed to a stream', () => {
  expect(heard.leaks).toEqual([])
})

it('[POL-12] what a peer may have comes to it, and the tap has seen it on its way', () => {
  expect(heard.wrong).toEqual([])
  expect(heard.delivered).toBeGreaterThan(50)
})

it('[POL-12] the tap sees every byte: streams, yamux and noise together are what was written on sockets', () => {
  const { handed, carried, yamux, noise, clear, given, socket } = heard.account
  expect(carried).toBeGreaterThan(100_000)
  expect(carried).toBeLessThanOrEqual(handed)
  expect(given).toBeLessThanOrEqual(carried + yamux + noise + clear)
  expect(socket).toBeLessThanOrEqual(given)
  expect(socket).toBeGreaterThan(0.99 * given)
})
