// The account of the wiretap: whatever goes out below the streams and was not recorded on one must show.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Account, HEAD_BYTES, KIND, type Kind, type Reel, readTapes } from './tape.ts'

const [LINE, BELOW, STREAM] = [1, 2, 3]
const PEER = { peer: 'somebody', below: BELOW, onSocket: true }

function entry(kind: Kind, line: number, stream: number, data: Buffer | object | number): Buffer {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(JSON.stringify(data))
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8(kind)
  head.writeUInt32BE(line, 1)
  head.writeUInt32BE(stream, 5)
  head.writeDoubleBE(1_000, 9)
  head.writeUInt32BE(bytes.length, 17)
  return Buffer.concat([head, bytes])
}

/** A data frame of yamux. */
function frame(stream: number, data: Buffer): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt32BE(stream, 4)
  header.writeUInt32BE(data.length, 8)
  return Buffer.concat([header, data])
}

function read(...entries: Buffer[]): { account: Account; reels: Reel[] } {
  const folder = mkdtempSync(join(tmpdir(), 'parley-tape-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, '7.tape'), Buffer.concat(entries))
  const { accounts, reels } = readTapes(folder)
  return { account: accounts[0] as Account, reels }
}

const words = Buffer.from('what was said')
const below = frame(1, words)
const honest = [
  entry(KIND.clear, BELOW, 0, Buffer.from('hands are shaken')),
  entry(KIND.peer, LINE, 0, PEER),
  entry(KIND.handed, LINE, STREAM, words),
  entry(KIND.below, LINE, 0, below),
  entry(KIND.cipher, BELOW, 0, below.length + 18)
]

test('what was handed over, and nothing else, went out: no gap', () => {
  const { account, reels } = read(...honest, entry(KIND.socket, 0, 0, 16 + below.length + 18))
  expect(account).toEqual({
    pid: 7,
    handed: words.length,
    carried: words.length,
    yamux: 12,
    noise: 18,
    clear: 16,
    given: 16 + below.length + 18,
    socket: 16 + below.length + 18,
    gaps: []
  })
  expect(reels.map(({ peer, bytes }) => [peer, bytes.toString()])).toEqual([
    ['somebody', 'what was said'],
    ['somebody', 'hands are shaken']
  ])
})

test('a tape that ends in the middle of an entry is read as far as it goes', () => {
  expect(read(...honest, entry(KIND.handed, LINE, STREAM, words).subarray(0, -1)).account.handed).toBe(
    words.length
  )
})

const gaps: { [what: string]: [Buffer[], RegExp] } = {
  'a stream that nobody recorded': [
    [
      ...honest,
      entry(KIND.below, LINE, 0, frame(3, Buffer.from('aside'))),
      entry(KIND.cipher, BELOW, 0, 12 + 5 + 18)
    ],
    /carries 5 bytes that were not recorded/
  ],
  'other bytes on a stream that was recorded': [
    [
      entry(KIND.peer, LINE, 0, PEER),
      entry(KIND.handed, LINE, STREAM, words),
      entry(KIND.below, LINE, 0, frame(1, Buffer.from('what was sold'))),
      entry(KIND.cipher, BELOW, 0, below.length + 18)
    ],
    /were not recorded/
  ],
  'something else than yamux': [
    [...honest, entry(KIND.below, LINE, 0, Buffer.from('free talk')), entry(KIND.cipher, BELOW, 0, 9 + 18)],
    /something else than yamux/
  ],
  'bytes that noise added': [[...honest, entry(KIND.cipher, BELOW, 0, 1)], /noise gave/],
  'bytes on a socket': [[...honest, entry(KIND.socket, 0, 0, 16 + below.length + 18 + 1)], /bytes on sockets/]
}
for (const [what, [entries, gap]] of Object.entries(gaps))
  test(`${what}: a gap`, () => expect(read(...entries).account.gaps.join()).toMatch(gap))
