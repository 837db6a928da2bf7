// Who asks for what is not theirs, and who loses a right while much is on its way to it. test/wiretap/README.md.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../scripts/company-process.ts'
import { addIdentityEntry, certify, validityFrom } from '../../src/node/home/company.ts'
import { readCertificates } from '../../src/node/home/certificates.ts'
import { unlockRoot } from '../../src/node/home/keys.ts'
import { openHome, readIdentity } from '../../src/node/home/home.ts'
import { addRival } from './cast.ts'
import { createWord } from './canary.ts'
import { appear, spaceOf } from './scenes-of-work.ts'
import type { Name } from './company.ts'
import type { World } from './world.ts'

/** A busy machine may take its time to say goodbye. */
const HEARD_MS = 20_000
const CONTEST: Name[] = ['Acme', 'Borealis', 'Rival']

/** The rival asks for everything, in one breath, and then for what is its own: by then all else was answered. */
export async function questions(world: World): Promise<void> {
  const rival = await addRival(world)
  const space = spaceOf(world, 'contest')
  const shared = await world.write('Acme', 'shared-confidential', CONTEST, { space, text: '\n' })
  const hidden = await world.write('Acme', 'private', ['Acme'], { space, text: '\n' })
  await appear(world, shared.id, [shared.title], ['Acme', 'Borealis'])
  await appear(world, hidden.id, [hidden.title], ['Acme'])
  await rival.shown((await world.api('Acme').read(shared.id)).facet, [shared.title])
  const asked = await rival.questions()
  const talk = await rival.talk()
  for (const frame of asked) await talk.say(frame)
  const last = Buffer.from(space, 'hex')
  await talk.say({ type: 'want-space', space: last, have: [] })
  const answers = () => talk.frames.filter(frame => frame.type === 'entries' && last.equals(frame.space))
  await until('an answer to what it may ask', async () => answers().length > 1 || !talk.isOpen())
}

/** What is refused, and how: each ends a session with a word, and the word must not tell anything. */
export async function refusals(world: World): Promise<void> {
  const rival = await addRival(world)
  // Of what it may see at least one thing: of the rest it gets no answer at all, not even a refusal.
  const shared = await world.write('Acme', 'shared-confidential', CONTEST, {
    space: spaceOf(world, 'contest')
  })
  await appear(world, shared.id, [shared.title], ['Acme', 'Borealis'])
  await rival.shown((await world.api('Acme').read(shared.id)).facet, [shared.title])
  const rude: ((talk: Awaited<ReturnType<typeof rival.talk>>) => Promise<unknown>)[] = [
    talk => talk.sayBytes(Buffer.from([3, 1, 2, 3])),
    talk => talk.hello(rival.company, { did: world.dids.get('Borealis') as string }),
    async talk => {
      const asked = await rival.questions()
      const records = [{ header: Buffer.from([1]), signature: Buffer.alloc(64), body: Buffer.alloc(9) }]
      for (const frame of asked)
        if (frame.type === 'need')
          await talk.say({ type: 'run', facet: frame.facet, request: 0, client: 1, records })
    }
  ]
  for (const act of rude) {
    const talk = await rival.talk()
    await act(talk)
    await talk.heard(frame => frame.type === 'bye', HEARD_MS)
    talk.line.connection.abort(new Error('heard'))
  }
  const { talk, mouth, address } = await rival.stranger()
  await talk.heard(frame => frame.type === 'bye', HEARD_MS)
  talk.line.connection.abort(new Error('heard'))
  // The other protocols that a node answers.
  const line = await mouth.connect(address)
  for (const [protocol, sends] of [
    ['/ipfs/id/1.0.0', 0],
    ['/ipfs/ping/1.0.0', 32]
  ] as const) {
    const stream = await line.connection.newStream(protocol)
    let heard = 0
    stream.addEventListener('message', event => void (heard += event.data.byteLength))
    if (sends > 0) stream.send(Buffer.alloc(sends, 7))
    await until(`an answer on ${protocol}`, async () => heard > 0)
  }
}

const PIECES = 90
const PIECE_CHARS = 8_000

/** A peer that reads no more loses its rights while half of a document waits for it: the other half stays here. */
export async function frozen(world: World): Promise<void> {
  const rival = await addRival(world)
  const space = spaceOf(world, 'contest')
  const words = Array.from({ length: PIECES }, createWord)
  const planted = words.map(word =>
    world.plant('late', 'a piece of a long document', word, { Acme: {}, Borealis: {}, Rival: {} })
  )
  const text = words.map(word => `${word}\n${'-'.repeat(PIECE_CHARS)}\n`).join('')
  const { id, title } = await world.write('Acme', 'shared-confidential', CONTEST, { space, text: '\n' })
  await rival.shown((await world.api('Acme').read(id)).facet, [title])
  const empty = await world.api('Acme').read(id)
  const { facet, frontier } = await world.api('Acme').editText(id, { base: empty.frontier, text })
  await appear(world, id, words, ['Acme', 'Borealis'])
  const talk = await rival.talk()
  talk.stream.pause()
  const lacks = frontier.heads.map(({ client, seq, id: head }) => {
    return { tip: { of: client, seq, id: Buffer.from(head, 'hex') }, have: [] }
  })
  for (const request of [1, 2, 3])
    await talk.say({ type: 'need', facet: Buffer.from(facet, 'hex'), request, lacks })
  await quiet(world)
  const second = await rival.talk()
  const [left, right] = rival.contradiction(space)
  if (!left || !right) throw new Error('no contradiction')
  const bytes = Buffer.from(space, 'hex')
  await second.say({ type: 'entries', space: bytes, genesis: new Uint8Array(0), entries: [left, right] })
  await until('Acme to see the contradiction', async () => {
    const parties = (await world.api('Acme').spaces()).find(one => one.id === space)?.parties
    return parties?.some(party => party.frozen)
  })
  const frozenAt = Date.now()
  for (const canary of planted) canary.readers.set('Rival', { until: frozenAt })
  try {
    talk.stream.resume()
  } catch {
    // The connection has gone, as it should.
  }
  await quiet(world)
  const late = world.word('shared', 'written after the rival was frozen', ['Acme', 'Borealis'])
  const now = await world.api('Acme').read(id)
  await world.api('Acme').editText(id, { base: now.frontier, text: `${now.text}${late}\n` })
  await appear(world, id, [late], ['Acme', 'Borealis'])
}

/** Nothing more is written on any tape: who does not read gets nothing more. */
async function quiet(world: World): Promise<void> {
  const size = () =>
    readdirSync(world.tapes).reduce((sum, name) => sum + statSync(join(world.tapes, name)).size, 0)
  let [last, since] = [size(), Date.now()]
  await until('quiet', async () => {
    const now = size()
    if (now !== last) [last, since] = [now, Date.now()]
    return Date.now() - since > 400
  })
}

const EXPIRES_MS = 3_000

/** The certificate of a node runs out, is renewed, and is revoked, each in mid-session. */
export async function rights(world: World): Promise<void> {
  const space = spaceOf(world, 'far')
  const both: Name[] = ['Acme', 'Cygnus']
  const { id, title } = await world.write('Acme', 'shared-confidential', both, { space, text: '\n' })
  await appear(world, id, [title], both)
  const append = async (word: string) => {
    const { text, frontier } = await world.api('Acme').read(id)
    await world.api('Acme').editText(id, { base: frontier, text: `${text}${word}\n` })
    await world.shown('Acme again', id, [word])
  }
  await renew(world, EXPIRES_MS)
  await until('the end of the certificate', async () => {
    const why = JSON.stringify(await world.api('Acme').why())
    return why.includes('certificate of their node has expired')
  })
  const between = world.word('shared', 'written while the certificate of Cygnus was out', ['Acme'])
  await append(between)
  world.allow('Cygnus', [between])
  await renew(world, 80 * 86_400_000)
  await world.shown('Cygnus', id, [between])
  const home = await openHome(world.home('Cygnus'))
  const node = (await readCertificates(home, await readIdentity(home))).held.find(
    ({ kind }) => kind === 'node'
  )
  const legalName = `Cygnus ${createWord()}`
  const change = { legalName, revoke: node ? [node.certificate.key] : [] }
  await addIdentityEntry(home, { change, passphrase: undefined, timeMs: Date.now() })
  await world.api('Cygnus').refresh()
  await until('the revocation at Acme', async () =>
    (await world.api('Acme').peers()).some(peer => peer.company.legalName === legalName)
  )
  const after = world.word('late', 'written after the node of Cygnus was revoked', ['Acme'])
  await append(after)
}

async function renew(world: World, forMs: number): Promise<void> {
  const home = await openHome(world.home('Cygnus'))
  const { held } = await readCertificates(home, await readIdentity(home))
  const found = held.find(({ kind }) => kind === 'node')
  if (found?.kind !== 'node') throw new Error('Cygnus has no certificate')
  const root = await unlockRoot(home, undefined)
  const { validFrom } = validityFrom(Date.now())
  const validUntil = Math.ceil((Date.now() + forMs) / 1_000) * 1_000
  await certify(
    home,
    root,
    { kind: 'node', request: found.certificate },
    { powers: [], validFrom, validUntil }
  )
  await world.api('Cygnus').refresh()
}
