// Small grants of window, gathered: protocols/transport, section 4.
// js-libp2p's yamux grants after every data frame, and each grant is a noise message and a system call: a chunk of
// 5,000 frames of one byte was answered with as many.
import type { MessageStream } from '@libp2p/interface'
import { SMALL_BYTES } from './limits.ts'

const HEADER_BYTES = 12
const WINDOW_UPDATE = 1

/** To be called before a muxer speaks on a connection: gathers the small window updates of what came at once. */
export function gatherWindowUpdates(connection: MessageStream): void {
  const send = connection.send.bind(connection)
  const grants = new Map<number, number>()
  const flush = () => {
    if (grants.size === 0) return
    const frames = encodeGrants(grants)
    grants.clear()
    send(frames)
  }
  const flushLate = () => {
    try {
      flush()
    } catch {
      // The connection, or the one below it, has closed meanwhile: nobody is there who could use the window.
    }
  }
  /** A copy: a view of the bytes themselves would cost a buffer outside the heap for each. */
  const copy = new Uint8Array(HEADER_BYTES)
  const header = new DataView(copy.buffer)
  connection.send = data => {
    const isHeader = data instanceof Uint8Array && data.length === HEADER_BYTES
    if (isHeader) copy.set(data)
    if (!isHeader || !isSmallUpdate(header)) {
      flush() // A grant that came after the end of its stream would be for no stream at all.
      return send(data)
    }
    if (grants.size === 0) queueMicrotask(flushLate) // NET-38
    const id = header.getUint32(4)
    grants.set(id, (grants.get(id) ?? 0) + header.getUint32(8))
    return !connection.writableNeedsDrain
  }
}

/** Whether it is a small window update that does nothing else. */
function isSmallUpdate(header: DataView): boolean {
  return (
    header.getUint8(1) === WINDOW_UPDATE && header.getUint16(2) === 0 && header.getUint32(8) < SMALL_BYTES
  )
}

function encodeGrants(grants: ReadonlyMap<number, number>): Uint8Array {
  const frames = new DataView(new ArrayBuffer(grants.size * HEADER_BYTES))
  let at = 0
  for (const [id, bytes] of grants) {
    frames.setUint8(at + 1, WINDOW_UPDATE)
    frames.setUint32(at + 4, id)
    frames.setUint32(at + 8, bytes)
    at += HEADER_BYTES
  }
  return new Uint8Array(frames.buffer)
}
