// What a muxer grants, as it goes out: protocols/transport, section 4.
import type { MessageStream } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { gatherWindowUpdates } from '../../src/net/window-updates.ts'
import { concatBytes } from '../../src/wire/bytes.ts'
import { DATA, PING, RST, SYN, WINDOW_UPDATE, yamuxHeader } from './hostile-peer.ts'

function createConnection() {
  const sent: Uint8Array[] = []
  const connection = {
    status: 'open',
    writableNeedsDrain: false,
    send: (data: Uint8Array) => sent.push(data) > 0
  } as unknown as MessageStream
  gatherWindowUpdates(connection)
  return { connection, sent }
}

const grant = (id: number, bytes: number) => yamuxHeader(WINDOW_UPDATE, 0, id, bytes)

it('[NET-38] small grants of one moment are one for each stream', async () => {
  const { connection, sent } = createConnection()
  for (let i = 0; i < 5_000; i++) expect(connection.send(grant(i % 2 === 0 ? 1 : 3, 1))).toBe(true)
  expect(sent).toEqual([])
  await expect.poll(() => sent).toEqual([concatBytes(grant(1, 2_500), grant(3, 2_500))])
  connection.send(grant(1, 7))
  await expect.poll(() => sent.slice(1)).toEqual([grant(1, 7)])
})

it('[NET-38] everything else goes at once, behind what was granted before it', () => {
  const { connection, sent } = createConnection()
  const others = [
    yamuxHeader(WINDOW_UPDATE, RST, 1, 0),
    yamuxHeader(WINDOW_UPDATE, SYN, 5, 0),
    yamuxHeader(PING, SYN, 0, 1),
    grant(1, 1_024),
    concatBytes(yamuxHeader(DATA, 0, 1, 3), new Uint8Array(3))
  ]
  connection.send(grant(1, 9))
  for (const other of others) connection.send(other)
  expect(sent).toEqual([grant(1, 9), ...others])
})

it('[NET-38] a connection that closes meanwhile is granted nothing, and does no harm', async () => {
  let asked = 0
  const connection = {
    status: 'open',
    writableNeedsDrain: false,
    send: () => {
      asked++
      throw new Error('closing')
    }
  } as unknown as MessageStream
  gatherWindowUpdates(connection)
  connection.send(grant(1, 9))
  await expect.poll(() => asked).toBe(1)
  expect(() => connection.send(yamuxHeader(PING, SYN, 0, 1))).toThrow('closing')
})
