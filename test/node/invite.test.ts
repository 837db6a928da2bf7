// Which addresses an invite carries.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseInvite } from '../../src/identity/invite.ts'
import { createNode } from '../../src/node/create-node.ts'
import { must } from '../sim/company.ts'
import { createCompanyHome, keysOf } from '../e2e/homes.ts'

it('those that are announced, a name among them, then those where the node listens', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'parley-invite-'))
  const announce = ['/dns4/parley.example/tcp/4747', '/ip4/203.0.113.7/tcp/4747/ws']
  const home = await createCompanyHome(join(dir, 'home'), 'Acme', { announce })
  const node = await createNode({ home, keys: await keysOf(home), log: () => undefined })
  try {
    const { peerId, listening } = await node.status()
    const { token } = await node.createInvite({ expiresInMs: 60_000 })
    const announced = announce.map(text => `${text}/p2p/${peerId}`)
    expect(must(parseInvite(token)).addresses).toEqual([...announced, ...listening])
    expect(listening).toHaveLength(1)
  } finally {
    await node.close()
    rmSync(dir, { recursive: true, force: true })
  }
})
