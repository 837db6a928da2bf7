// The very bytes of the page's script, without Node: they come to what the node's verifier comes to.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { makePage } from '../../scripts/page-file.ts'
import { verifyCertificate } from '../../src/decision/certificate-check.ts'
import { CERTIFICATE_BYTES_MAX } from '../../src/decision/certificate-file.ts'
import { verifyEquivocation } from '../../src/decision/equivocation.ts'
import { reportOf } from '../../src/decision/report.ts'
import { toBase64 } from '../../src/wire/base64.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { Reject } from '../../src/wire/reject.ts'
import { must } from '../../scripts/vectors/decision-builders.ts'
import { workerOf } from './worker.ts'

const FOLDER = new URL('../../protocols/', import.meta.url)
const load = (path: string) => JSON.parse(readFileSync(new URL(path, FOLDER), 'utf8'))
const plain = (value: object) => JSON.parse(JSON.stringify(value)) as object

const { page, script } = await makePage()
const ask = workerOf(script)

interface One {
  name: string
  code: string
  certificate: string
  proof: string
}
const certificates = load('decision/vectors/certificates.json') as { valid: One[]; invalid: One[] }
const proofs = load('decision/vectors/proofs.json') as { valid: One[]; invalid: One[] }

describe('certificates', () => {
  it.each(certificates.valid)('[DEC-23] [DEC-26] $name', ({ certificate }) => {
    const verified = must(verifyCertificate(utf8(certificate)))
    const report = reportOf(verified)
    expect(ask(utf8(certificate), '')).toMatchObject({ is: 'decision', report: plain(report) })
    const companies = report.companies.map(({ did }, i) => ({ did, isPinned: i === 0 }))
    const trust = `# mine\n${companies[0]?.did}\n`
    expect(ask(utf8(certificate), trust)).toMatchObject({ report: { companies } })
  })
  it.each(certificates.invalid)('[DEC-23] refuses $name', ({ certificate, code }) => {
    expect(verifyCertificate(utf8(certificate))).toMatchObject({ code })
    expect(ask(utf8(certificate), '')).toMatchObject({ is: 'refused', code })
  })
  it('[DEC-23] refuses what the node refuses, byte for byte and code for code', () => {
    const bytes = utf8(certificates.valid[0]?.certificate ?? '')
    const wrong: number[] = []
    for (let at = 0; at < bytes.length; at += 397) {
      const changed = Uint8Array.from(bytes)
      changed[at] = (bytes[at] as number) ^ (1 << (at % 7))
      const refused = verifyCertificate(changed)
      if (!(refused instanceof Reject)) throw new Error(`byte ${at} does not count`)
      const { code, detail } = refused
      const found = ask(changed, '')
      if (found.is !== 'refused' || found.code !== code || found.detail !== detail) wrong.push(at)
    }
    expect(wrong).toEqual([])
  })
  it('[DEC-23] refuses what is no certificate, and what is too large for one', () => {
    expect(ask(utf8('{"parley":"decision.v1"}'), '')).toMatchObject({ code: 'certificate-shape' })
    expect(ask(utf8('not JSON'), '')).toMatchObject({ code: 'jcs-syntax' })
    expect(ask(new Uint8Array(CERTIFICATE_BYTES_MAX + 1), '')).toMatchObject({ code: 'jcs-size' })
  })
})

describe('proofs of equivocations', () => {
  it.each(proofs.valid)('[DEC-31] $name', ({ proof }) => {
    const proven = must(verifyEquivocation(utf8(proof)))
    expect(ask(utf8(proof), '')).toMatchObject({ is: 'proof', proven, isPinned: false })
    expect(ask(utf8(proof), proven.company)).toMatchObject({ isPinned: true })
  })
  it.each(proofs.invalid)('[DEC-31] refuses $name', ({ proof, code }) => {
    // One of them says that it is a decision, and is judged as what it says it is.
    const saysDecision = proof.endsWith('"parley":"decision.v1"}')
    expect(verifyEquivocation(utf8(proof))).toMatchObject({ code })
    expect(ask(utf8(proof), '')).toMatchObject({
      is: 'refused',
      code: saysDecision ? 'certificate-shape' : code
    })
  })
})

describe('a trust file', () => {
  it('[DEC-26] that names what is no did is refused with the line', () => {
    expect(ask(utf8('{}'), '# mine\nAcme GmbH')).toEqual({
      is: 'trust-refused',
      says: 'line 2: Acme GmbH is no did'
    })
  })
})

describe('the file', () => {
  it('has the same bytes each time it is made', async () => {
    expect((await makePage()).page).toBe(page)
  })
  it('keeps the licences of what others wrote in it', () => {
    const notices = /<pre>(.*)<\/pre>/s.exec(page)?.[1] ?? ''
    for (const name of ['@noble/ed25519', '@noble/hashes', 'canonicalize', 'multiformats', 'zod'])
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\([^)]*(?:MIT|Apache)[^)]*\\)$`, 'm'))
  })
  it('names nothing outside of itself, and lets nothing run but its script', () => {
    const addresses = [...page.matchAll(/(?:src|href|action)\s*=\s*["'][^"']*/g)].map(([found]) => found)
    expect(addresses).toEqual([])
    const policy = /Content-Security-Policy"\s+content="([^"]+)"/.exec(page)?.[1]?.split('; ') ?? []
    expect(policy).toEqual([
      `default-src 'none'`,
      `script-src 'sha256-${toBase64(sha256(utf8(script)))}'`,
      expect.stringMatching(/^style-src 'sha256-[A-Za-z0-9+/]{43}='$/),
      'worker-src blob:',
      `base-uri 'none'`,
      `form-action 'none'`,
      `require-trusted-types-for 'script'`,
      'trusted-types parley-worker'
    ])
    expect(page.match(/<script/g)).toHaveLength(1)
    // Not `toContain`, which would print all of it.
    expect(page.includes(`<script>${script}</script>`)).toBe(true)
  })
})
