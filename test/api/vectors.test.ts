// Every request of protocols/api/vectors, byte for byte, over a socket.
import { describe, expect, test } from 'vitest'
import invalid from '../../protocols/api/vectors/invalid.json' with { type: 'json' }
import valid from '../../protocols/api/vectors/valid.json' with { type: 'json' }
import { readFileSync } from 'node:fs'
import { apiVectors } from '../../scripts/vectors/api.ts'
import type { RequestVector } from '../../scripts/vectors/api-requests.ts'
import { exchange, served } from './served.ts'

const vectors: RequestVector[] = [...valid, ...invalid]

test('[API-13] the published description and vectors are those of the routes', () => {
  for (const [path, contents] of Object.entries(apiVectors())) {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), path).toBe(contents)
  }
})

test('[API-4] invalid requests outnumber valid ones', () => {
  expect(invalid.length).toBeGreaterThan(valid.length)
})

describe('requests of the vectors', () => {
  for (const { name, rule, request, status, code } of vectors) {
    test(`[${rule}] ${code ?? status}: ${name}`, async () => {
      const { api, token, faults } = await served()
      const bytes = request.replaceAll('{port}', String(api.port)).replaceAll('{token}', token)
      const answer = await exchange(api.port, bytes)
      const [head = '', body = ''] = answer.split('\r\n\r\n')
      expect(head.split(' ')[1]).toBe(String(status))
      if (code !== undefined) expect(JSON.parse(body).error).toMatchObject({ code })
      expect(head).not.toMatch(/access-control/i)
      expect(faults).toEqual([])
    })
  }
})
