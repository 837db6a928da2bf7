// The libp2p peer id of an Ed25519 key: `12D3KooW...`, the key itself in an identity multihash.
// protocols/identity, section 5.
import { concatBytes, equalBytes } from '../wire/bytes.ts'
import { decodeBase58, encodeBase58 } from '../wire/multibase.ts'
import { Reject } from '../wire/reject.ts'
import { type PublicKey, admitKey } from './ed25519.ts'

// Identity multihash of 36 bytes; in it a protobuf of type Ed25519 (1) and 32 bytes of data.
const PREFIX = new Uint8Array([0x00, 0x24, 0x08, 0x01, 0x12, 0x20])
const PEER_ID_CHARS = 52

export function peerIdOf(key: PublicKey): string {
  return encodeBase58(concatBytes(PREFIX, key.bytes))
}

/** @returns the admitted key that the peer id spells, `node-peer`, or as {@link admitKey} refuses it. IDN-26. */
export function keyOfPeerId(text: string): PublicKey | Reject {
  const bytes = decodeBase58(text, PEER_ID_CHARS)
  if (!bytes || !equalBytes(bytes.subarray(0, PREFIX.length), PREFIX)) {
    return new Reject('node-peer', 'not the peer id of an Ed25519 key (12D3KooW...)')
  }
  return admitKey(bytes.subarray(PREFIX.length))
}
