import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { key, must } from '../../scripts/vectors/identity-builders.ts'
import {
  KEY_FILE_BYTES_MAX,
  type Lock,
  createUnlockKey,
  openKey,
  sealKey
} from '../../src/identity/key-file.ts'
import { isReject } from '../../src/wire/reject.ts'
import { Encrypter } from 'age-encryption'

interface Row {
  file: string
  passphrase?: string
  unlockKey?: string
}
const file = new URL('../../protocols/identity/vectors/key-files.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  valid: (Row & { key: string })[]
  invalid: (Row & { id: string; code: string })[]
}
const bytes = (row: Row) => new Uint8Array(Buffer.from(row.file, 'base64'))
const lockOf = ({ passphrase, unlockKey }: Row): Lock =>
  unlockKey === undefined ? { passphrase: passphrase ?? '' } : { unlockKey }

describe('key files', () => {
  test('[IDN-29] the files of the vectors open to their keys', async () => {
    for (const row of vectors.valid) {
      expect(must(await openKey(bytes(row), lockOf(row))).publicKey.multikey).toBe(row.key)
    }
  })

  test.each(vectors.invalid)('[IDN-30] $code: $id', async row => {
    const opened = await openKey(bytes(row), lockOf(row))
    expect(isReject(opened) ? opened.code : 'opened').toBe(row.code)
  })

  test('[IDN-29] what is sealed opens again, under either lock', async () => {
    const secret = key('holder')
    const locks: Lock[] = [{ passphrase: 'zebra üñí' }, { unlockKey: await createUnlockKey() }]
    for (const lock of locks) {
      const opened = must(await openKey(await sealKey(secret, lock, 2), lock))
      expect(opened).toEqual(secret)
    }
    await expect(sealKey(secret, { passphrase: '' }, 2)).rejects.toThrow(RangeError)
  })

  test('[IDN-29] the work factor is that of age unless a test lowers it', async () => {
    const sealed = await sealKey(key('holder'), { passphrase: 'x' })
    expect(new TextDecoder().decode(sealed)).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S+ 18\n/)
  })

  test('[IDN-30] a file that opens to something else holds no key', async () => {
    const { multikey } = key('other').publicKey
    const contents = ['hello', '{}', `{"key":"${multikey}","parley":"key.v1","seed":"${'00'.repeat(32)}"}`]
    for (const content of contents) {
      const encrypter = new Encrypter()
      encrypter.setPassphrase('x')
      encrypter.setScryptWorkFactor(2)
      const opened = await openKey(await encrypter.encrypt(content), { passphrase: 'x' })
      expect(isReject(opened) ? opened.code : 'opened').toBe('key-file')
    }
    const opened = await openKey(new Uint8Array(KEY_FILE_BYTES_MAX + 1), { passphrase: 'x' })
    expect(isReject(opened) ? opened.code : 'opened').toBe('key-file')
  })
})
