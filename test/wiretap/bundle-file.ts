// Takes a bundle apart without the code that makes and reads it. protocols/sync, section 11.
import { parseFrame, type Frame } from '../../src/sync/frame.ts'
import { isReject } from '../../src/wire/reject.ts'

/** Its frames, as bytes. */
export function framesOf(bundle: Buffer): Buffer[] {
  const frames: Buffer[] = []
  let at = bundle.indexOf('\n') + 1
  while (at + 4 <= bundle.length) {
    const length = bundle.readUInt32BE(at)
    frames.push(bundle.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return frames
}

export function readFrames<T extends Frame['type']>(bundle: Buffer, type: T): Extract<Frame, { type: T }>[] {
  return framesOf(bundle).flatMap(bytes => {
    const frame = parseFrame(bytes)
    if (isReject(frame)) throw new Error(`${frame}`)
    return frame.type === type ? (frame as Extract<Frame, { type: T }>) : []
  })
}
