// Answers the libp2p ping protocol. js-libp2p's own answer reads without back-pressure: a peer that sends and never
// reads makes it buffer until its time limit. This one takes no more than it gives back.
import type { Stream } from '@libp2p/interface'
import { PING_STREAM_BYTES_MAX, SOCKET_IDLE_MS } from './limits.ts'

export const PING_PROTOCOL = '/ipfs/ping/1.0.0'

export function answerPings(stream: Stream): void {
  let echoed = 0
  const idle = setTimeout(() => stream.abort(new Error('ping stream idle')), SOCKET_IDLE_MS)
  stream.addEventListener('close', () => clearTimeout(idle))
  stream.addEventListener(
    'remoteCloseWrite',
    () => void stream.close().catch((error: Error) => stream.abort(error))
  )
  stream.addEventListener('drain', () => {
    if (stream.readStatus === 'paused') stream.resume()
  })
  stream.addEventListener('message', event => {
    echoed += event.data.byteLength
    idle.refresh()
    try {
      if (echoed > PING_STREAM_BYTES_MAX) stream.abort(new Error('ping stream used up'))
      else if (!stream.send(event.data)) stream.pause()
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  })
}
