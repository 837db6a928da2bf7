import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  type Invite,
  type InviteContact,
  checkInviteProof,
  encodeInvite,
  inviteProof,
  inviteTranscript,
  parseInvite
} from '../../src/identity/invite.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'

interface Valid {
  token: string
  root: string
  addresses: string[]
  secret: string
  expiresAt: number
  space?: string
}
const file = new URL('../../protocols/identity/vectors/invites.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  valid: Valid[]
  proofs: {
    secret: string
    valid: (InviteContact & { speaker: 'inviter' | 'joiner'; transcript: string; proof: string })[]
  }
  invalid: { id: string; code: string; token: string }[]
}
const bytes = (hex: string) => fromHex(hex) as Uint8Array

describe('invites', () => {
  test('[IDN-31] the tokens of the vectors say what they say, and print the same', () => {
    for (const { token, secret, space, ...rest } of vectors.valid) {
      const invite = parseInvite(token) as Invite
      expect(invite).toEqual({ ...rest, secret: bytes(secret), ...(space && { space: bytes(space) }) })
      expect(encodeInvite(invite)).toBe(token)
    }
  })

  test.each(vectors.invalid)('[IDN-31] $code: $id', ({ code, token }) => {
    const invite = parseInvite(token)
    expect(isReject(invite) ? invite.code : 'accepted').toBe(code)
  })

  test('[IDN-31] no single mistyped character passes', () => {
    const { token } = vectors.valid[0] as Valid
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === '2' ? '3' : '2'
      expect(isReject(parseInvite(token.slice(0, at) + other + token.slice(at + 1)))).toBe(true)
    }
  })

  test('[IDN-31] white space around a token is forgiven, and an invite out of bounds is not made', () => {
    const { token } = vectors.valid[0] as Valid
    expect(parseInvite(`  ${token}\n`)).toEqual(parseInvite(token))
    const invite = parseInvite(token) as Invite
    expect(() => encodeInvite({ ...invite, addresses: ['nowhere'] })).toThrow(RangeError)
  })

  test('[IDN-32] a proof serves one speaker on one connection with one secret', () => {
    const secret = bytes(vectors.proofs.secret)
    for (const row of vectors.proofs.valid) {
      const transcript = inviteTranscript(row.speaker, row)
      expect(toHex(transcript)).toBe(row.transcript)
      expect(toHex(inviteProof(secret, transcript))).toBe(row.proof)
      const proof = bytes(row.proof)
      expect(checkInviteProof(secret, transcript, proof)).toBe(true)
      const mirrored = inviteTranscript(row.speaker === 'joiner' ? 'inviter' : 'joiner', row)
      const elsewhere = inviteTranscript(row.speaker, {
        ...row,
        joiner: { ...row.joiner, peer: '12D3KooWother' }
      })
      for (const other of [mirrored, elsewhere]) expect(checkInviteProof(secret, other, proof)).toBe(false)
      expect(
        checkInviteProof(
          secret.map(byte => byte ^ 1),
          transcript,
          proof
        )
      ).toBe(false)
      expect(checkInviteProof(secret, transcript, proof.subarray(1))).toBe(false)
    }
  })
})
