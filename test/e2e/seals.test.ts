// Two companies seal one document: what the second signs is what it holds, whatever the first put into the file.
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import { must } from '../../scripts/vectors/identity-builders.ts'
import { encodeSealed } from '../../src/artifacts/sealed-file.ts'
import {
  type InspectedArtifact,
  type SealOptions,
  addSignature,
  inspectSealed,
  prepareSeal,
  verifySealed
} from '../../src/artifacts/sealed.ts'
import type { SourceJson } from '../../src/artifacts/sealed-schema.ts'
import { makeView } from '../../src/artifacts/view.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { verifyIdentityLog } from '../../src/identity/identity-log.ts'
import type { Home } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { keysOf } from './homes.ts'
import { type Joined, didOf, joinNodes } from './nodes.ts'

let world: Joined
let acme: LocalNode
let globex: LocalNode

beforeAll(async () => {
  world = await joinNodes(['Acme', 'Globex'])
  ;[acme, globex] = world.nodes as [LocalNode, LocalNode]
}, 120_000)
afterAll(() => world.close())

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const random = (bytes: number) => new Uint8Array(randomBytes(bytes))

async function known() {
  const logs = [acme.identityLog(await didOf(acme)), globex.identityLog(await didOf(globex))]
  const identities = await Promise.all(logs.map(async log => must(verifyIdentityLog(await buffer(log)))))
  return new Map(identities.map(identity => [identity.did, identity]))
}

async function sealed(): Promise<InspectedArtifact> {
  const file = acme.seal(world.artifact, { with: [await didOf(globex)] })
  return must(inspectSealed(await buffer(file), await known()))
}

/** What Acme would have made, had it put something else into the file; its signature is good. */
async function lie(honest: InspectedArtifact, over: Partial<SealOptions>): Promise<Uint8Array> {
  const { roles } = await keysOf(world.homes[0] as Home)
  const { key } = roles[0] as (typeof roles)[0]
  const unsigned = prepareSeal(
    {
      kind: honest.kind,
      class: honest.class,
      source: honest.source as SourceJson,
      form: honest.content,
      signers: honest.signers.map(({ certificate, company, key: theirs, person, role }) => {
        return { certificate, company, key: theirs, person, role }
      }),
      signedAt: honest.signedAt,
      ...over
    },
    random
  )
  const one = { ...unsigned, signatures: [] }
  const envelope = must(addSignature(one, key.publicKey.multikey, message => sign(key, message)))
  return encodeSealed({ ...honest.file, envelope, disclosures: unsigned.disclosures })
}

it('[DOC-9] [DOC-10] both sign the same bytes, and a stranger verifies them by the file alone', async () => {
  const honest = await sealed()
  expect(honest.signers.map(({ refusal }) => refusal?.code).toSorted()).toEqual([
    'sealed-unsigned',
    undefined
  ])
  const both = await buffer(globex.countersign(chunks(encodeSealed(honest.file))))
  const { id, content, source, signers } = must(verifySealed(both, new Map()))
  expect([id, content]).toEqual([honest.id, honest.content])
  expect(source?.structRoot).toBe((await globex.read(world.artifact)).structRoot)
  expect(signers.map(signer => signer.known)).toEqual([false, false])
})

it('[DOC-5] a document that went on is countersigned as it stood', async () => {
  const honest = await sealed()
  const { frontier, text } = await acme.read(world.artifact)
  await acme.editText(world.artifact, { base: frontier, text: `${text}More.\n` })
  await until('the edit', async () => (await globex.read(world.artifact)).text.includes('More.'))
  const both = await buffer(globex.countersign(chunks(encodeSealed(honest.file))))
  expect(must(verifySealed(both, await known())).content).toEqual(honest.content)
})

it('[DOC-5] [DOC-7] what is not the document that is here is not signed', async () => {
  const honest = await sealed()
  const source = honest.source as SourceJson
  const lies: Partial<SealOptions>[] = [
    { form: { ...honest.content, text: 'You owe us.\n' } },
    { class: 'public' },
    { source: { ...source, structRoot: '0'.repeat(64) } },
    { source: { ...source, artifact: '0'.repeat(32) } },
    { source: { ...source, space: '0'.repeat(64) } }
  ]
  for (const over of lies) {
    const file = chunks(await lie(honest, over))
    await expect(buffer(globex.countersign(file)), JSON.stringify(over)).rejects.toMatchObject({
      code: 'sign-other'
    })
  }
  const good = chunks(await lie(honest, {}))
  expect((await buffer(globex.countersign(good))).length).toBeGreaterThan(0)
})

it('[DOC-19] what was not shown is not signed', async () => {
  const own = must(verifySealed(await buffer(acme.seal(world.artifact, {})), await known()))
  const grid = new Map([[own.kind, new Map([['meta.title', 'public' as const]])]])
  const view = must(makeView(own, ['meta.title'], grid, 'public'))
  await expect(buffer(globex.countersign(chunks(view.bytes)))).rejects.toMatchObject({ code: 'sign-nothing' })
  const honest = await sealed()
  const hidden = encodeSealed({ ...honest.file, disclosures: [] })
  await expect(buffer(globex.countersign(chunks(hidden)))).rejects.toMatchObject({ code: 'sign-partial' })
})
