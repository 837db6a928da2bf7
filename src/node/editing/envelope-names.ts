// What a person typed for an envelope: the beginning of its id.
import type { Position } from '../../replica/lane-tree.ts'
import { toHex } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'

/** As many digits as are asked for elsewhere. */
const PREFIX_CHARS_MIN = 6

/** The one that ends with the envelope that was meant. @throws `none`, or a NodeError of the code `several` */
export function byEnvelope<T extends { tip: Position }>(
  all: readonly T[],
  typed: string,
  none: NodeError,
  several: string
): T {
  const wanted = typed.toLowerCase()
  const found = all.filter(({ tip }) => toHex(tip.segment.idAt(tip.seq)).startsWith(wanted))
  const [only] = found
  if (!only) throw none
  if (found.length === 1 && wanted.length >= PREFIX_CHARS_MIN) return only
  throw new NodeError(several, `${typed} may be ${found.length} envelopes`, 'Give more digits of the id.')
}
