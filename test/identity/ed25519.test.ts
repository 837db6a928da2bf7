import { readFileSync } from 'node:fs'
import { Point } from '@noble/ed25519'
import { describe, expect, test } from 'vitest'
import { BACKENDS } from '../../src/identity/ed25519-backend.ts'
import { admitKey, generateKey, sign, verifySignature } from '../../src/identity/ed25519.ts'
import { equalBytes, fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'

interface Vector {
  id: string
  key: string
  msg: string
  sig: string
  expect: 'accept' | 'reject'
}

const file = new URL('../../protocols/identity/vectors/ed25519.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }
const hex = (text: string) => fromHex(text) as Uint8Array
const code = (key: ReturnType<typeof admitKey>) => (isReject(key) ? key.code : 'admitted')

describe('Ed25519', () => {
  test.each(BACKENDS.map(backend => [backend.name, backend] as const))(
    '[IDN-3] %s gives the expected verdict on all 1,150 cases',
    (_name, backend) => {
      expect(vectors.length).toBe(1150)
      const wrong = vectors.filter(vector => {
        const key = admitKey(hex(vector.key))
        const holds = !isReject(key) && verifySignature(key, hex(vector.msg), hex(vector.sig), backend)
        return holds !== (vector.expect === 'accept')
      })
      expect(wrong.map(vector => vector.id)).toEqual([])
    },
    60_000
  )

  test('[IDN-3] every backend of this platform is tried, the native one first', () => {
    const names = BACKENDS.map(backend => backend.name)
    expect(['sodium,node,noble', 'node,noble']).toContain(names.join())
  })

  test('[IDN-1] a key that is short, off the curve, not canonical or of small or mixed order is refused', () => {
    const honest = generateKey(new Uint8Array(32).fill(7)).publicKey
    const torsion = Point.fromBytes(hex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'))
    const mixed = Point.fromBytes(honest.bytes).add(torsion).toBytes()
    expect(code(admitKey(new Uint8Array(31)))).toBe('key-length')
    expect(code(admitKey(hex('02'.padEnd(64, '0'))))).toBe('key-encoding')
    expect(code(admitKey(hex('ee'.padEnd(62, 'f') + '7f')))).toBe('key-encoding')
    expect(code(admitKey(hex('01'.padEnd(64, '0'))))).toBe('key-order')
    expect(code(admitKey(torsion.toBytes()))).toBe('key-order')
    expect(code(admitKey(mixed))).toBe('key-order')
    expect(code(admitKey(honest.bytes))).toBe('admitted')
  })

  test('[IDN-1] a native check of a key and the slow one agree', () => {
    const slow = (bytes: Uint8Array) => {
      try {
        const point = Point.fromBytes(bytes)
        return !point.is0() && point.isTorsionFree()
      } catch {
        return false
      }
    }
    const torsion = Point.fromBytes(hex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'))
    const honest = [...Array(40).keys()].map(i => generateKey(new Uint8Array(32).fill(i)).publicKey.bytes)
    const mixed = honest.map(key => Point.fromBytes(key).add(torsion).toBytes())
    const flipped = honest.map(key => Uint8Array.from(key, (byte, i) => (i === 31 ? byte ^ 0x80 : byte)))
    const high = [...Array(40).keys()].map(i =>
      hex((0xed + (i % 19)).toString(16).padEnd(62, 'f') + (i < 20 ? '7f' : 'ff'))
    )
    const keys = [...new Set(vectors.map(({ key }) => key))].map(hex).filter(({ length }) => length === 32)
    for (const bytes of [...honest, ...mixed, ...flipped, ...high, ...keys]) {
      for (const { isOfPrimeOrder } of BACKENDS)
        if (isOfPrimeOrder) expect(isOfPrimeOrder(bytes), toHex(bytes)).toBe(slow(bytes))
    }
  })

  test('[IDN-1] an admitted key does not change when the caller changes its bytes', () => {
    const bytes = Uint8Array.from(generateKey(new Uint8Array(32).fill(8)).publicKey.bytes)
    const key = admitKey(bytes)
    bytes[0] = (bytes[0] as number) ^ 1
    expect(isReject(key) ? '' : toHex(key.bytes)).not.toBe(toHex(bytes))
  })

  test('[IDN-2] length, S and R are judged before any backend is asked', () => {
    const yes = { name: 'noble' as const, verify: () => true, sign: () => new Uint8Array(64) }
    const key = generateKey(new Uint8Array(32).fill(9))
    const message = utf8('text')
    const good = sign(key, message)
    const order = hex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
    const patched = (at: number, part: Uint8Array) => {
      const bytes = Uint8Array.from(good)
      bytes.set(part, at)
      return bytes
    }
    const judged = (signature: Uint8Array) => verifySignature(key.publicKey, message, signature, yes)
    expect(judged(good)).toBe(true)
    expect(judged(good.subarray(0, 63))).toBe(false)
    expect(judged(new Uint8Array(65))).toBe(false)
    expect(judged(patched(32, order))).toBe(false)
    order[0] = (order[0] as number) - 1
    expect(judged(patched(32, order))).toBe(true)
    expect(judged(patched(0, hex('ed'.padEnd(62, 'f') + '7f')))).toBe(false)
    expect(judged(patched(0, hex('ed'.padEnd(62, 'f') + 'ff')))).toBe(false)
  })

  test('[IDN-2] R is refused at all eight points of small order and their twin spellings', () => {
    const yes = { name: 'noble' as const, verify: () => true, sign: () => new Uint8Array(64) }
    const key = generateKey(new Uint8Array(32).fill(9)).publicKey
    const eighth = Point.fromBytes(hex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'))
    const spellings = new Set<string>()
    for (let i = 0, point = Point.ZERO; i < 8; i++, point = point.add(eighth)) {
      const bytes = point.toBytes()
      for (const top of [0, 0x80]) {
        bytes[31] = ((bytes[31] as number) & 0x7f) | top
        spellings.add(toHex(bytes))
      }
    }
    expect(spellings.size).toBe(10)
    for (const spelling of spellings) {
      expect(verifySignature(key, utf8('m'), hex(spelling + '0'.repeat(64)), yes)).toBe(false)
    }
  })

  test('[IDN-3] every backend makes the same signature and all verify it', () => {
    const key = generateKey(new Uint8Array(32).fill(3))
    const message = utf8('one text')
    const signature = sign(key, message)
    for (const backend of BACKENDS) {
      expect(equalBytes(backend.sign(key.seed, key.publicKey.bytes, message), signature)).toBe(true)
      expect(verifySignature(key.publicKey, message, signature, backend)).toBe(true)
      expect(verifySignature(key.publicKey, utf8('another'), signature, backend)).toBe(false)
    }
  })
})
