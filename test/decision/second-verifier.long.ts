// The verifier in Python beside ours, as a stranger runs it. All vectors go through it in scripts/check_vectors.py.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { verifyCertificate } from '../../src/decision/certificate-check.ts'
import { verifyEquivocation } from '../../src/decision/equivocation.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import { must } from '../../scripts/vectors/decision-builders.ts'

const VECTORS = new URL('../../protocols/decision/vectors/', import.meta.url)
const load = (path: string) => JSON.parse(readFileSync(new URL(path, VECTORS), 'utf8'))
const PROGRAM = fileURLToPath(new URL('../../scripts/verify_decision.py', import.meta.url))
const VERSION = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))'])

const folder = mkdtempSync(join(tmpdir(), 'parley-verifier-'))
afterAll(() => rmSync(folder, { recursive: true }))

function run(text: string, trusted?: readonly string[]) {
  const [file, trust] = [join(folder, 'file.json'), join(folder, 'trusted')]
  writeFileSync(file, text)
  if (trusted) writeFileSync(trust, `# known by phone\n${trusted.map(did => `${did} # yes\n`).join('')}`)
  const args = [PROGRAM, file, ...(trusted ? ['--trust', trust] : [])]
  return spawnSync('python3', args, { encoding: 'utf8' })
}

// A start of Python takes a second where the machine is busy.
describe.skipIf(VERSION.status !== 0)('a verifier in another language', { timeout: 60_000 }, () => {
  const { valid, invalid } = load('certificates.json')

  it('[DEC-26] knows a certificate by the roots in the trust file alone', () => {
    const text = valid[0].certificate as string
    const { companies } = must(verifyCertificate(utf8(text)))
    const dids = companies.map(({ did }) => did)
    const [stranger, ...others] = [run(text), run(text, dids), run(text, dids.slice(1))]
    expect([stranger, ...others].map(({ status }) => status)).toEqual([8, 0, 8])
    const unpinned = (output = '') => output.split('\n').filter(line => line.endsWith('  UNPINNED')).length
    expect([stranger, ...others].map(({ stdout }) => unpinned(stdout))).toEqual([dids.length, 0, 1])
    for (const { legalName, words } of companies) {
      expect(stranger.stdout).toContain(legalName)
      expect(stranger.stdout).toContain(words.join(' '))
    }
  })

  it.each(['a ballot swapped', 'another tally', 'a statement dropped'])(
    '[DEC-23] [DEC-24] refuses what this one refuses: %s',
    wanted => {
      const { certificate, code } = invalid.find(({ name }: { name: string }) => name === wanted)
      const refused = verifyCertificate(utf8(certificate))
      expect(isReject(refused) && refused.code).toBe(code)
      expect(run(certificate)).toMatchObject({
        status: 6,
        stdout: expect.stringContaining(`REFUSED (${code})`)
      })
    }
  )

  it('[DEC-31] says who has said two things, and accuses nobody without proof', () => {
    const { valid: proofs, invalid: others } = load('proofs.json')
    const { legalName, decision, company } = must(verifyEquivocation(utf8(proofs[0].proof)))
    const { status, stdout } = run(proofs[0].proof, [company])
    expect(status).toBe(0)
    expect(stdout).toContain(`of ${legalName} has signed two different messages as its commitment`)
    expect(stdout).toContain(decision)
    expect(run(others[0].proof)).toMatchObject({ status: 6, stdout: expect.stringContaining('(proof-none)') })
  })
})
