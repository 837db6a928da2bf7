// A member that talks too much about decisions: begins them without end, votes without end, rules on what nobody has
// voted, names what nobody has begun, and asks for everything again and again. protocols/sync, section 14.
import { generateKey } from '../../src/identity/ed25519.ts'
import type { StatementKind } from '../../src/decision/schema.ts'
import { HELD_IDS_MAX, type Frame } from '../../src/sync/frame.ts'
import { EMPTY, fromHex, toHex } from '../../src/wire/bytes.ts'
import { type Holder, type Said, commitment, holderOf, initiation, said as sign } from '../sim/deciding.ts'
import { runs } from './in-content.ts'
import { deaf, frames, quick } from './in-frames.ts'
import type { Kind } from './kinds.ts'
import type { Scene } from './scene.ts'

/** As many messages as fit into a frame. */
const MESSAGES = 30
/** Decisions that one request asks for. */
const ASKED = 64

function push(scene: Scene, messages: readonly Said[]): Extract<Frame, { type: 'messages' }> {
  const records = messages.map(({ document, certificate }) => ({ document, certificate }))
  return { type: 'messages', space: scene.facet().space.id, request: 0, records }
}

/** The rival, and somebody of each other party whose key nobody has. */
function electors(scene: Scene): Holder[] {
  const { rival, random } = scene
  const rivalHolder = holderOf(rival)
  const others = scene.facet().space.parties.filter(did => did !== rivalHolder.did)
  return [rivalHolder, ...others.map(did => ({ ...rivalHolder, did, key: generateKey(random.bytes(32)) }))]
}

/** Another decision each time. @param optionChars of text in each of its options */
function begin(scene: Scene, options = 2, optionChars = 10): Said {
  const text = 'x'.repeat(optionChars)
  const texts = Array.from({ length: options }, (_, i) => ({ title: `Option ${i}`, text }))
  const changes = { nonce: toHex(scene.random.bytes(16)), options: texts }
  return initiation(scene.facet().space, electors(scene), changes, Date.now())
}

function vote(scene: Scene, decision: string): Said {
  const ballot = { salt: toHex(scene.random.bytes(32)), time: Date.now() }
  return commitment(holderOf(scene.rival), decision, ballot).said
}

function rule(
  scene: Scene,
  decision: string,
  kind: StatementKind = 'decision-close.v1',
  round = scene.random.below(64)
): Said {
  const someIds = (count: number) => Array.from({ length: count }, () => toHex(quick(scene))).sort()
  const body = { because: round > 0 ? someIds(2) : [], decision, round, set: someIds(6) }
  return sign(holderOf(scene.rival), kind, body, Date.now())
}

/** What is said, frame by frame, in a decision that the rival has begun. */
function inOne(make: (scene: Scene, decision: string) => Said, cut?: string[]): Omit<Kind, 'name'> {
  let decision = ''
  const said = runs((scene, n) => {
    const begun = n === 0 ? [begin(scene)] : []
    decision = begun[0]?.id ?? decision
    return [push(scene, [...begun, ...Array.from({ length: MESSAGES }, () => make(scene, decision))])]
  })
  return { as: 'member', ...(cut && { cut }), ...said }
}

/** Other bytes each time, signed by nobody. */
function forged(scene: Scene, decision: string): Said {
  const message = vote(scene, decision)
  const { sig } = (JSON.parse(Buffer.from(message.document).toString()) as Dsse).signatures[0]
  const other = Buffer.from(scene.random.bytes(64)).toString('base64')
  return { ...message, document: Buffer.from(Buffer.from(message.document).toString().replace(sig, other)) }
}

interface Dsse {
  signatures: [{ sig: string }]
}

function ids(scene: Scene, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => quick(scene))
}

function naming(scene: Scene, count: number): Frame {
  const decisions = ids(scene, count).map(id => ({ id, digest: quick(scene) }))
  return { type: 'decisions', space: scene.facet().space.id, decisions }
}

function want(scene: Scene, decisions: Uint8Array[], have: number, request: number): Frame {
  const wanted = decisions.map(decision => ({ decision, have: ids(scene, have) }))
  return { type: 'want-messages', space: scene.facet().space.id, request, after: EMPTY, upTo: EMPTY, wanted }
}

/** A decision with something in it, so that there is something to look for. */
function prepare(scene: Scene): void {
  const begun = begin(scene, 16, 1_000)
  scene.made.push([push(scene, [begun, vote(scene, begun.id), vote(scene, begun.id)])])
  decisionOf.set(scene, fromHex(begun.id) as Uint8Array)
}

const decisionOf = new WeakMap<Scene, Uint8Array>()

function begun(scene: Scene): Uint8Array {
  return decisionOf.get(scene) as Uint8Array
}

/** Says what was prepared, then asks for it as fast as it is answered. */
function asks(make: (scene: Scene, n: number) => Frame[]): Pick<Kind, 'prepare' | 'run'> {
  return { prepare, run: frames((scene, n) => (n === 0 ? (scene.made[0] as Frame[]) : make(scene, n))) }
}

/** Rulings in decisions that nobody has begun. */
function prepareRulings(scene: Scene): void {
  const rulings = () => Array.from({ length: MESSAGES }, () => rule(scene, toHex(scene.random.bytes(32))))
  for (let n = 0; n < 100; n++) scene.made.push([push(scene, rulings())])
}

/** Names decisions, and answers every question about them with something that is not kept. */
async function leads(scene: Scene): Promise<string> {
  let answered = 0
  await scene.again(async talk => {
    talk.onFrame = frame => {
      const messages = scene.made[answered % scene.made.length]?.[0]
      if (frame.type !== 'want-messages' || messages?.type !== 'messages') return
      answered++
      void talk.say({ ...messages, request: frame.request }, naming(scene, ASKED))
    }
    while (scene.going() && (await talk.say(naming(scene, ASKED)))) await scene.rest(20)
  })
  return `answered ${answered} times`
}

export const inDecisions: Kind[] = [
  { name: 'votes-many', ...inOne(vote) },
  { name: 'rulings-that-wait', ...inOne((scene, decision) => rule(scene, decision)) },
  {
    name: 'settles-that-wait',
    ...inOne((scene, decision) => rule(scene, decision, 'decision-settle.v1', 0))
  },
  { name: 'rulings-on-nothing', ...inOne(scene => rule(scene, toHex(scene.random.bytes(32)))) },
  { name: 'votes-forged', ...inOne(forged, ['signature']) },
  { name: 'decisions-named', as: 'member', run: frames(scene => [naming(scene, 1_000)]) },
  {
    name: 'decisions-led-on',
    as: 'member',
    prepare: prepareRulings,
    run: leads
  },
  {
    name: 'decision-summaries',
    as: 'member',
    ...asks(scene =>
      Array.from({ length: 500 }, () => {
        return { type: 'decision-summary', space: scene.facet().space.id, hash: quick(scene) }
      })
    )
  },
  {
    name: 'want-messages-ids',
    as: 'member',
    ...asks((scene, n) => [want(scene, [begun(scene), quick(scene)], HELD_IDS_MAX, n)])
  },
  {
    name: 'want-messages-flood',
    as: 'member',
    ...asks((scene, n) =>
      Array.from({ length: 200 }, (_, i) =>
        want(scene, Array<Uint8Array>(ASKED).fill(begun(scene)), 0, 200 * n + i)
      )
    )
  },
  {
    name: 'want-messages-deaf',
    as: 'member',
    prepare,
    run: scene =>
      deaf(scene, (_, n) => (n === 0 ? (scene.made[0] as Frame[]) : [want(scene, [begun(scene)], 0, n)]), 0)
  },
  // These use up the share of the day, and how many a company may begin: what comes after would not be taken.
  {
    name: 'decisions-begun',
    as: 'member',
    ...runs(scene => [
      push(
        scene,
        Array.from({ length: MESSAGES }, () => begin(scene))
      )
    ])
  },
  { name: 'decisions-long', as: 'member', ...runs(scene => [push(scene, [begin(scene, 16, 2_000)])]) }
]
