// Writes the vectors and schemas of protocols/identity, the same bytes every time. `vectors/ed25519.json` is
// not ours to generate; see the README beside it.
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import {
  NodeCertificateSchema,
  NodeRequestSchema,
  RoleCertificateSchema,
  RoleRequestSchema
} from '../../src/identity/certificate-schema.ts'
import { IdentityEntrySchema } from '../../src/identity/identity-log.ts'
import { encodeInvite, inviteProof, inviteTranscript } from '../../src/identity/invite.ts'
import { wordsOf } from '../../src/identity/words.ts'
import { concatBytes, toHex, utf8 } from '../../src/wire/bytes.ts'
import { encodeCbor, type CborValue } from '../../src/wire/cbor.ts'
import { dsseSignedBytes, encodeDsse } from '../../src/wire/dsse.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { encodeBase58 } from '../../src/wire/multibase.ts'
import { acme, key, text, webHosted } from './identity-builders.ts'
import { invalidDocuments, validDocuments } from './identity-certificates.ts'
import { invalidLogs } from './identity-logs.ts'

const hex = (json: string) => toHex(utf8(json))

function jcs() {
  const valid: JcsValue[] = [
    null,
    true,
    0,
    -1,
    9007199254740991,
    '',
    '\u20ac\n\u0000"\\/',
    'e\u0301 is not \u00e9'
  ]
  valid.push([], {}, { b: 2, a: 1 }, { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5 }, [
    [{ a: [] }]
  ])
  const invalid: [id: string, code: string, hex: string][] = [
    ['nothing', 'jcs-syntax', ''],
    ['half an object', 'jcs-syntax', hex('{"a":1')],
    ['two values', 'jcs-syntax', hex('1 2')],
    ['a byte order mark', 'jcs-syntax', `efbbbf${hex('{}')}`],
    ['bytes that are no UTF-8', 'jcs-syntax', '22ff22'],
    ['an overlong encoding', 'jcs-syntax', '22c0af22'],
    ['a surrogate in UTF-8', 'jcs-syntax', '22eda08022'],
    ['a lone surrogate', 'jcs-value', hex('"\\ud800"')],
    ['a lone surrogate in a key', 'jcs-value', hex('{"\\udc00":1}')],
    ['a fraction', 'jcs-value', hex('1.5')],
    ['minus zero', 'jcs-value', hex('-0')],
    ['an integer that a double rounds', 'jcs-value', hex('9007199254740993')],
    ['an integer over 2^53 - 1', 'jcs-value', hex('9007199254740992')],
    ['a number without end', 'jcs-value', hex('1e400')],
    ['the key __proto__', 'jcs-value', hex('{"__proto__":1}')],
    ['an integer with a fraction of zero', 'jcs-canonical', hex('1.0')],
    ['an integer with an exponent', 'jcs-canonical', hex('1e3')],
    ['a space', 'jcs-canonical', hex('{"a": 1}')],
    ['a newline at the end', 'jcs-canonical', hex('{}\n')],
    ['keys out of order', 'jcs-canonical', hex('{"b":1,"a":2}')],
    ['keys in the order of UTF-8', 'jcs-canonical', hex('{"\ufb33":1,"\u{1f600}":2}')],
    ['a key twice', 'jcs-canonical', hex('{"a":1,"a":2}')],
    ['a key twice, once escaped', 'jcs-canonical', hex('{"a":1,"\\u0061":2}')],
    ['an escape that is not needed', 'jcs-canonical', hex('"\\u0061"')],
    ['an escaped solidus', 'jcs-canonical', hex('"\\/"')],
    ['an escape in capital letters', 'jcs-canonical', hex('"\\u001F"')],
    ['17 levels', 'jcs-depth', hex('['.repeat(17) + ']'.repeat(17))],
    ['17 levels, not closed', 'jcs-depth', hex('['.repeat(17))],
    ['2,001 elements', 'jcs-items', hex(`[${'0,'.repeat(2000)}0]`)]
  ]
  return {
    about: 'JSON of one spelling, IDN-4 to IDN-6, under the limits 65,536 bytes, 16 levels, 2,000 items',
    valid: valid.map(value => ({ hex: toHex(encodeJcs(value)) })),
    invalid: invalid.map(([id, code, hex]) => ({ id, code, hex }))
  }
}

function dsse() {
  const kind = 'role-request.v1'
  const payload = encodeJcs({ hello: 'world' })
  const signature = new Uint8Array(64).fill(7)
  const good = text(encodeDsse({ kind, payload, signatures: [signature] }))
  const json = JSON.parse(good) as { payload: string; payloadType: string; signatures: { sig: string }[] }
  const { sig } = json.signatures[0] as { sig: string }
  const spelt = (over: { [member: string]: JcsValue }) => text(encodeJcs({ ...json, ...over }))
  const invalid: [id: string, code: string, envelope: string][] = [
    ['a space', 'jcs-canonical', good.replace(',', ', ')],
    ['no signature', 'dsse-shape', spelt({ signatures: [] })],
    ['33 signatures', 'dsse-shape', spelt({ signatures: Array.from({ length: 33 }, () => ({ sig })) })],
    ['an unknown member', 'dsse-shape', spelt({ note: 'x' })],
    ['a payload that is no text', 'dsse-shape', spelt({ payload: { hello: 'world' } })],
    ['a signature of 66 bytes', 'dsse-base64', spelt({ signatures: [{ sig: 'A'.repeat(88) }] })],
    ['a signature without padding', 'dsse-shape', spelt({ signatures: [{ sig: sig.slice(0, 86) }] })],
    ['another type', 'dsse-type', spelt({ payloadType: 'application/vnd.parley.role-certificate.v1+json' })],
    ['a type in capital letters', 'dsse-type', spelt({ payloadType: json.payloadType.toUpperCase() })],
    ['a payload without padding', 'dsse-base64', spelt({ payload: json.payload.replaceAll('=', '') })],
    ['a payload in the URL alphabet', 'dsse-base64', spelt({ payload: 'Pz8_Pz8_' })],
    ['a payload with bits left over', 'dsse-base64', spelt({ payload: 'eyJ=' })]
  ]
  const hinted = spelt({ signatures: [{ keyid: 'anything', sig }] })
  return {
    about: 'DSSE envelopes, IDN-7 and IDN-8; `signed` is the pre-authentication encoding in hexadecimal',
    valid: [
      {
        id: 'one signature',
        kind,
        envelope: good,
        payload: toHex(payload),
        signed: toHex(dsseSignedBytes(kind, payload))
      },
      {
        id: 'a keyid, ignored',
        kind,
        envelope: hinted,
        payload: toHex(payload),
        signed: toHex(dsseSignedBytes(kind, payload))
      }
    ],
    invalid: invalid.map(([id, code, envelope]) => ({ id, kind, code, envelope }))
  }
}

function identityLogs() {
  const { first, second, third } = acme()
  return {
    about: 'Identity logs, IDN-9 to IDN-18; a refused log names what a reader must answer',
    valid: [first, second, third, webHosted()].map(identity => ({
      log: text(identity.log),
      did: identity.did,
      head: identity.head,
      legalName: identity.legalName,
      registrationNumber: identity.registrationNumber,
      rootKey: identity.rootKeyAt(identity.head)?.multikey,
      revoked: [...identity.revoked]
    })),
    invalid: invalidLogs().map(([id, code, log]) => ({ id, code, log }))
  }
}

function certificates() {
  return {
    about: 'Certificates and requests, IDN-20 to IDN-26, against the identity log given here',
    log: text(acme().third.log),
    valid: validDocuments().map(([id, kind, document]) => ({ id, kind, document })),
    invalid: invalidDocuments().map(([id, kind, code, document]) => ({ id, kind, code, document }))
  }
}

function words() {
  const dids = [acme().first.did, webHosted().did]
  const [mine, theirs] = dids.map(wordsOf) as [string[], string[]]
  const invalid = [
    theirs,
    [...mine].reverse(),
    mine.slice(0, 7),
    mine.map((word, i) => (i === 7 ? 'zone' : word))
  ]
  return {
    about: 'The eight words of a company, IDN-27; an invalid row shows words that are not those of its did',
    valid: dids.map(did => ({ did, words: wordsOf(did).join(' ') })),
    invalid: invalid.map(list => ({ did: dids[0], words: list.join(' ') }))
  }
}

function invites() {
  const secret = sha256(utf8('parley identity vectors: invite secret'))
  const space = sha256(utf8('parley identity vectors: space'))
  const root = acme().first.did
  const addresses = ['/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWPr435rUYiNY7jqUyqkDtrQg4qCfuTGtgtNDD81JHM5NL']
  const facts = { root, addresses, secret, expiresAt: 1767690000 }
  const good = encodeInvite(facts)
  const spelt = (value: CborValue, body = encodeCbor(value)) =>
    `parley-invite1${encodeBase58(concatBytes(body, sha256(utf8('parley/invite/1/checksum\0'), body).subarray(0, 4)))}`
  const contact = {
    inviter: { did: root, peer: '12D3KooWinviter' },
    joiner: { did: webHosted().did, peer: '12D3KooWjoiner' }
  }
  const proofs = (['inviter', 'joiner'] as const).map(speaker => {
    const transcript = inviteTranscript(speaker, contact)
    return {
      speaker,
      ...contact,
      transcript: toHex(transcript),
      proof: toHex(inviteProof(secret, transcript))
    }
  })
  const invalid: [id: string, code: string, token: string][] = [
    ['nothing', 'invite-prefix', ''],
    ['something else', 'invite-prefix', 'https://parley.invalid/invite'],
    ['another version', 'invite-version', good.replace('invite1', 'invite2')],
    ['a character that base58 lacks', 'invite-characters', `${good.slice(0, -1)}0`],
    ['two characters exchanged', 'invite-checksum', good.replace(/(.)(.)$/, '$2$1')],
    ['cut short', 'invite-checksum', good.slice(0, -10)],
    ['only the prefix', 'invite-checksum', 'parley-invite1'],
    ['far too long', 'invite-size', `parley-invite1${'z'.repeat(4096)}`],
    [
      'a member in another order',
      'cbor-canonical',
      spelt(null, concatBytes(new Uint8Array([0xa2, 0x61, 0x62, 1, 0x61, 0x61, 1])))
    ],
    ['an unknown member', 'invite-value', spelt({ ...facts, note: 'x' })],
    ['no secret', 'invite-value', spelt({ root, addresses, expiresAt: 1 })],
    ['a secret of 16 bytes', 'invite-value', spelt({ ...facts, secret: secret.subarray(0, 16) })],
    ['a root that is no did:webvh', 'invite-value', spelt({ ...facts, root: 'did:web:acme.example' })],
    [
      'nine addresses',
      'invite-value',
      spelt({ ...facts, addresses: Array.from({ length: 9 }, () => '/ip4/192.0.2.7') })
    ],
    ['an address that is none', 'invite-value', spelt({ ...facts, addresses: ['acme.example:4001'] })],
    [
      'an address of 301 characters',
      'invite-value',
      spelt({ ...facts, addresses: [`/dns4/${'x'.repeat(295)}`] })
    ],
    ['an expiry before 1970', 'invite-value', spelt({ ...facts, expiresAt: -1 })],
    ['a space of 31 bytes', 'invite-value', spelt({ ...facts, space: space.subarray(1) })],
    ['a list', 'invite-value', spelt([root])]
  ]
  const shown = { root, addresses, secret: toHex(secret), expiresAt: facts.expiresAt }
  return {
    about: 'Invite tokens and the proofs of their secret, IDN-31 and IDN-32',
    valid: [
      { token: good, ...shown },
      { token: encodeInvite({ ...facts, space }), ...shown, space: toHex(space) },
      { token: encodeInvite({ ...facts, addresses: [] }), ...shown, addresses: [] }
    ],
    proofs: { secret: toHex(secret), valid: proofs },
    invalid: invalid.map(([id, code, token]) => ({ id, code, token }))
  }
}

/** Two files that age made once, at work factor 4: encryption is not deterministic, so they stand here. */
function keyFiles() {
  const [passphrase, unlockKey] = [
    'eight clear words',
    'AGE-SECRET-KEY-1H8SWUQUM0GENDTNJE87SFT7QD3K2VWUDNUWECZ0EYK3ZCU6KXRNQ08NA43'
  ]
  const byPassphrase =
    'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBlemZWK3BYRS9VQU9ySVdhYy8vUUFRIDQKMU5pdHkvOGpsTzROWkJjNkVBSFhxTlVXdlpsVlpiT1NGTXAxd1hLNHVsWQotLS0gVWtueTFmaWE5SExpU0o1K1Evb0JmOEJWeEJOQ1RpNDJrRm0yTXUydEltWQpwHvziSJ/lReLRBQ4B5YCxPbhBtkBiHaZpHyOeMx5ojArT4PLv1JgSk+E/suXfT4JucwfTIXMAHaZXItzTTN0Pk5OMrECh/z5rodaarJfUHGM5pgQVnHdSP5Y0vM4K5gUsznjz94h4kaiUTWxMC5QDxtS5fSUqd9jkbc9IERj/IAK5xTgSInYrsOsrv7+/Z7lrzVZ1xJPzt2ch7r3yVY6NPThRn33l961LZd4FX7mO02HiJ3LIkQ=='
  const byUnlockKey =
    'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBtUjk0cjZSZmI1YzZjUUhQVHFXMmswdjRuTXlXTnpWT0NESmhwMmM5SURNCmJBOWdreldoU2NhelFEMzlFQ2NCaHZpWmEyOEw1SzBIZWs5bGFTTHNmdVkKLS0tIGZTMHJOQnozcVFuYTF5Mmh3YUdDNk5sdkZ2NmZ2TlZUTnNOVHNOcFBEM2cKhdOxEHZ1dpOoT54QvgupXkke0lZfxZNV15JPe7B5Gmrga9foac6afKyrr2iZNmhTFXnlkA7dQdExsucjRzy04pwhj9XZ2uphtQZxkSefPPKNBe75wowAlwOtL1EjwQhxGKhYTMlAtoxdONTqoE6qLC0rszeXujvenYHbqsyjFo8gUhLDB30G83x0IJH5qG3Dx4RJIy5gnLAl+Vq5DNYyTEJMpQ905wjRnaFLOs1pWzh+KfbeyYY='
  const flip = (at: number) => {
    const bytes = Buffer.from(byPassphrase, 'base64')
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    return bytes.toString('base64')
  }
  const multikey = key('ada').publicKey.multikey
  return {
    about: 'Key files in base64, IDN-29 and IDN-30',
    valid: [
      { file: byPassphrase, passphrase, key: multikey },
      { file: byUnlockKey, unlockKey, key: multikey }
    ],
    invalid: [
      {
        id: 'another passphrase',
        code: 'key-passphrase',
        file: byPassphrase,
        passphrase: 'Eight clear words'
      },
      { id: 'no passphrase', code: 'key-passphrase', file: byPassphrase, passphrase: '' },
      { id: 'an unlock key for a passphrase', code: 'key-passphrase', file: byPassphrase, unlockKey },
      { id: 'a passphrase for an unlock key', code: 'key-passphrase', file: byUnlockKey, passphrase },
      {
        id: 'an unlock key that is none',
        code: 'key-passphrase',
        file: byUnlockKey,
        unlockKey: 'AGE-SECRET-KEY-1X'
      },
      { id: 'an empty file', code: 'key-file', file: '', passphrase },
      {
        id: 'a file of something else',
        code: 'key-file',
        file: Buffer.from('hello\n').toString('base64'),
        passphrase
      },
      { id: 'cut short', code: 'key-file', file: byPassphrase.slice(0, 200), passphrase },
      { id: 'one bit of the version', code: 'key-file', file: flip(20), passphrase },
      { id: 'one bit of the header seal', code: 'key-file', file: flip(130), passphrase },
      { id: 'one bit of the content', code: 'key-file', file: flip(300), passphrase }
    ]
  }
}

function schema(type: z.ZodType, title: string) {
  return { ...z.toJSONSchema(type, { io: 'input' }), title }
}

/** Path below protocols/identity, and the value whose JSON stands there. */
export function identityFiles(): [path: string, value: object][] {
  return [
    ['identity-log-entry.schema.json', schema(IdentityEntrySchema, 'One line of a Parley identity log')],
    ['role-certificate.schema.json', schema(RoleCertificateSchema, 'RoleCertificate.v1')],
    ['node-certificate.schema.json', schema(NodeCertificateSchema, 'NodeCertificate.v1')],
    ['role-request.schema.json', schema(RoleRequestSchema, 'RoleRequest.v1')],
    ['node-request.schema.json', schema(NodeRequestSchema, 'NodeRequest.v1')],
    ['vectors/jcs.json', jcs()],
    ['vectors/dsse.json', dsse()],
    ['vectors/identity-log.json', identityLogs()],
    ['vectors/certificates.json', certificates()],
    ['vectors/words.json', words()],
    ['vectors/invites.json', invites()],
    ['vectors/key-files.json', keyFiles()]
  ]
}

export function print(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`
}

if (import.meta.main) {
  for (const [path, value] of identityFiles()) {
    writeFileSync(new URL(`../../protocols/identity/${path}`, import.meta.url), print(value))
  }
}
