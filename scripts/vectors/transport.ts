// Writes protocols/transport/vectors/frames.json. Streams are hexadecimal; `(61*5)` is a byte repeated five times.
import { writeFileSync } from 'node:fs'

const valid = [
  { name: 'one frame', stream: '0161', lengths: [1] },
  { name: 'two frames in one chunk', stream: '02616203(63*3)', lengths: [2, 3] },
  { name: 'the longest one-byte length', stream: '7f(61*127)', lengths: [127] },
  { name: 'the shortest two-byte length', stream: '8001(61*128)', lengths: [128] },
  { name: 'the longest two-byte length', stream: 'ff7f(61*16383)', lengths: [16_383] },
  { name: 'the shortest three-byte length', stream: '808001(61*16384)', lengths: [16_384] },
  { name: 'the largest frame', stream: '808008(61*131072)', lengths: [131_072] },
  { name: 'a frame that is not complete yet', stream: '016105(62*4)', lengths: [1] }
]

const invalid = [
  { name: 'an empty frame after the opening', stream: '00', code: 'frame-empty' },
  { name: 'an empty frame between frames', stream: '016100', code: 'frame-empty' },
  { name: 'zero in two bytes', stream: '8000', code: 'frame-varint' },
  { name: 'zero in three bytes', stream: '808000', code: 'frame-varint' },
  { name: 'one in two bytes', stream: '810061', code: 'frame-varint' },
  { name: 'one in three bytes', stream: '81800061', code: 'frame-varint' },
  { name: '127 in two bytes', stream: 'ff00(61*127)', code: 'frame-varint' },
  { name: '16,383 in three bytes', stream: 'ffff00(61*16383)', code: 'frame-varint' },
  { name: 'one byte too large', stream: '818008', code: 'frame-oversize' },
  { name: 'the largest three-byte length', stream: 'ffff7f', code: 'frame-oversize' },
  { name: 'a length of four bytes', stream: '80808001', code: 'frame-oversize' },
  { name: 'a length of 4 GiB', stream: '8080808010', code: 'frame-oversize' },
  { name: 'a length that never ends', stream: '(ff*16)', code: 'frame-oversize' },
  { name: 'an oversize frame after a good one', stream: '0161ffff7f', code: 'frame-oversize' }
]

const file = new URL('../../protocols/transport/vectors/frames.json', import.meta.url)
writeFileSync(file, `${JSON.stringify({ protocol: '/parley/sync/1.0.0', valid, invalid }, null, 2)}\n`)
