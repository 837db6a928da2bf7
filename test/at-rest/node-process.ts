// A node that writes words into private and shared documents, says what must not be found of them, and then stops
// when it is told, or is killed. It imports from its own copy of the sources, so that it can be a mutant.
import * as Y from 'yjs'
import { createNode } from '../../src/node/create-node.ts'
import { loadKeys } from '../../src/node/home/keys.ts'
import { openHome } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { LibP2PProvider } from '../../src/node/y-libp2p.ts'
import { SHARED_WORD, WORDS, type Secrets } from './traces.ts'

/** More than what a checkpoint begins with (node/documents/checkpoints.ts). */
const LONG_EDITS = 520
const KIND = 'StandardsDoc.v1'

const [dir = ''] = process.argv.slice(2)
const home = await openHome(dir)
const keys = await loadKeys(home, undefined)
const node = await createNode({ home, keys, log: () => undefined })
process.once('message', () => void node.close().then(() => process.disconnect()))
const seeds = [keys.node, ...keys.roles].map(({ key }) => key.seed)
process.send?.({ ...(await writeAll(node)), keys: [...keys.data, ...seeds].map(hex) } satisfies Secrets)

async function writeAll(to: LocalNode): Promise<Omit<Secrets, 'keys'>> {
  const [space] = await to.spaces()
  const shared = {
    kind: KIND,
    title: 'Shared',
    class: 'shared-confidential',
    text: `${SHARED_WORD}\n`
  } as const
  await to.createArtifact({ ...shared, space: space?.id ?? '' })
  const facts = { kind: KIND, title: WORDS.title, class: 'private', text: `${WORDS.text}\n` } as const
  const { id } = await to.createArtifact(facts)
  const { text, frontier } = await to.read(id)
  await to.editText(id, { base: frontier, text: `${text}${WORDS.edit}\n` })
  await to.setFields(id, { 'meta.summary': WORDS.field })
  const long = await to.createArtifact({ kind: KIND, title: 'Long', class: 'private' })
  await writeLong(to, long.id)
  const { id: invite, token } = await to.createInvite({ expiresInMs: 86_400_000 })
  const artifacts = (await to.artifacts()).filter(one => one.facets.some(facet => facet.class === 'private'))
  const ids = artifacts.flatMap(one => [one.id, ...one.facets.map(facet => facet.id)])
  const envelopes = (await to.log(id)).map(line => line.id)
  return { ids, envelopes, invite: [invite, token] }
}

async function writeLong(to: LocalNode, id: string): Promise<void> {
  const doc = new Y.Doc()
  const provider = new LibP2PProvider(doc, to, id)
  await provider.whenSynced
  const text = doc.getText('text')
  for (let i = 0; i < LONG_EDITS; i++) text.insert(text.length, `${WORDS.long} ${i}\n`)
  await provider.flush()
  await provider.destroy()
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
