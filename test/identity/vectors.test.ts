import Ajv2020 from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { identityFiles, print } from '../../scripts/vectors/identity.ts'

const read = (path: string) =>
  readFileSync(new URL(`../../protocols/identity/${path}`, import.meta.url), 'utf8')

function payloads(kind: string, which: 'valid' | 'invalid') {
  const { [which]: rows } = JSON.parse(read('vectors/certificates.json')) as {
    [key: string]: { kind: string; code?: string; document: string }[]
  }
  return (rows ?? [])
    .filter(row => row.kind === kind && row.code !== 'dsse-type')
    .map(row => {
      const { payload } = JSON.parse(row.document) as { payload: string }
      return { code: row.code, json: JSON.parse(Buffer.from(payload, 'base64').toString()) as unknown }
    })
}

describe('protocols/identity', () => {
  test.each(identityFiles())('%s is what the generator writes', (path, value) => {
    expect(read(path)).toBe(print(value))
  })

  test.each(['jcs', 'identity-log', 'certificates', 'invites', 'key-files', 'dsse', 'words'])(
    'in %s.json more is refused than accepted',
    name => {
      const { valid, invalid } = JSON.parse(read(`vectors/${name}.json`)) as Record<string, unknown[]>
      expect(invalid?.length).toBeGreaterThan(valid?.length ?? 0)
    }
  )

  test.each(['role-certificate', 'node-certificate', 'role-request', 'node-request'])(
    '[IDN-20] %s.schema.json draws the line that the code draws',
    name => {
      const fits = new Ajv2020.default().compile(JSON.parse(read(`${name}.schema.json`)) as object)
      for (const { json } of payloads(`${name}.v1`, 'valid')) expect(fits(json)).toBe(true)
      for (const { json, code } of payloads(`${name}.v1`, 'invalid'))
        expect(fits(json)).toBe(code !== 'document-shape')
    }
  )

  test('[IDN-10] identity-log-entry.schema.json draws the line that the code draws', () => {
    const fits = new Ajv2020.default().compile(JSON.parse(read('identity-log-entry.schema.json')) as object)
    const { valid } = JSON.parse(read('vectors/identity-log.json')) as { valid: { log: string }[] }
    for (const { log } of valid) {
      for (const line of log.trimEnd().split('\n')) expect(fits(JSON.parse(line))).toBe(true)
    }
    expect(fits({})).toBe(false)
  })
})
