// A member that signs: envelopes and entries that are valid, nearly valid, or valid and dear.
import { sign } from '../../src/identity/ed25519.ts'
import type { Facet } from '../../src/replica/facet.ts'
import { Facet as FacetState } from '../../src/replica/facet.ts'
import { layoutOf } from '../../src/artifacts/layouts.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { type EnvelopeRecord, envelopeId } from '../../src/wire/envelope.ts'
import { encodeFacetGenesis, facetId } from '../../src/wire/genesis.ts'
import { encodeSpaceEntry, entryId, entrySignedBytes } from '../../src/wire/space-entry.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import type { Layout } from '../../src/wire/layout.ts'
import type { Kind } from './kinds.ts'
import type { Talk } from './mouth.ts'
import { Pen, type Scene } from './scene.ts'

const PREPARE_MS = 4_000

/** Frames made beforehand, said as fast as they are taken; `answers`: those that are asked for are said again. */
export function runs(
  make: (scene: Scene, n: number) => Frame[],
  { answers = false, most = 400 } = {}
): Pick<Kind, 'prepare' | 'run'> {
  return {
    prepare: scene => {
      const until = performance.now() + PREPARE_MS
      written.clear()
      for (let n = 0; n < most && performance.now() < until; n++) scene.made.push(make(scene, n))
      for (const frame of scene.made.flat()) remember(frame)
    },
    run: async scene => {
      let said = 0
      await scene.again(async talk => {
        if (answers) serve(talk)
        while (
          scene.going() &&
          said < scene.made.length &&
          (await talk.say(...(scene.made[said] as Frame[])))
        )
          said++
        while (scene.going() && talk.isOpen() && said >= scene.made.length) await scene.rest(50)
      })
      return `${said} of ${scene.made.length}`
    }
  }
}

const written = new Map<string, Extract<Frame, { type: 'run' }>[]>()

function remember(frame: Frame): void {
  if (frame.type !== 'run') return
  const lane = written.get(`${frame.client}`)
  if (lane) lane.push(frame)
  else written.set(`${frame.client}`, [frame])
}

/** Answers what it is asked for out of what it said, so that pushes beyond the rate come in as answers. */
function serve(talk: Talk): void {
  talk.onFrame = frame => {
    if (frame.type !== 'need') return
    const frames = frame.lacks.flatMap(({ tip }) => written.get(`${tip.of}`) ?? [])
    const answers = frames.map(run => ({ ...run, request: frame.request }))
    void talk.say(...answers, { type: 'done', facet: frame.facet, request: frame.request })
  }
}

function word(scene: Scene, length: number): string {
  return String.fromCharCode(97 + scene.random.below(26)).repeat(length)
}

/** One run of `count` envelopes of `length` characters each. */
function typed(scene: Scene, count: number, length: number, facet?: Facet): Frame {
  const pen = facet ? scene.pen(1, facet) : scene.pen()
  for (let i = 0; i < count; i++) {
    pen.edit(text => {
      // No string is longer than 16 KiB.
      for (let left = length; left > 0; left -= 15_000) text.insert(0, word(scene, Math.min(left, 15_000)))
    })
  }
  return pen.run(pen.records())
}

/** A run that is dear for its size: text scattered over itself, then partly deleted. */
function dear(scene: Scene): Frame {
  const pen = scene.pen()
  pen.edit(text => text.insert(0, word(scene, 4_000)))
  for (let round = 0; round < 4; round++) {
    pen.edit(text => {
      for (let i = 0; i < 240; i++) text.insert(scene.random.below(text.length), '.')
      for (let i = 0; i < 200; i++) text.delete(scene.random.below(text.length - 2), 1)
    })
  }
  return pen.run(pen.records())
}

function forged(scene: Scene, signature: () => Uint8Array): Frame {
  const pen = scene.pen().edit(text => text.insert(0, 'forged'))
  return pen.run(pen.records(Date.now(), signature))
}

const smallOrderR = () => Uint8Array.from({ length: 64 }, (_, i) => (i === 0 ? 1 : 0))

function facetsNew(scene: Scene, n: number): Frame[] {
  const { genesis: facts, space } = scene.facet()
  const nonce = scene.random.bytes(16)
  const owner = space.companyOf(scene.rival.identity.did) as number
  const genesis = { ...facts, owner, artifact: scene.random.bytes(16), nonce }
  const bytes = encodeFacetGenesis(genesis)
  const facet = new FacetState(facetId(bytes), genesis, space, layoutOf(facts.kind) as Layout)
  const run = typed(scene, 1, 10 + (n % 5), facet) as Extract<Frame, { type: 'run' }>
  const header = (run.records[0] as EnvelopeRecord).header
  const tips = [{ of: run.client, seq: 0, id: envelopeId(facet.id, run.client, header) }]
  return [{ type: 'heads', space: space.id, facets: [{ genesis: bytes, tips }] }, run]
}

/** The rival's own chain, one entry after another: the same key pinned again, or a second branch each time. */
function entries(
  scene: Scene,
  state: { seq: number; prev: Uint8Array },
  count: number,
  forks: boolean
): Frame {
  const { space } = scene.facet()
  const company = space.companyOf(scene.rival.identity.did) as number
  const { role } = scene.rival
  const made = Array.from({ length: count }, (_, i) => {
    const act = {
      kind: 'settle',
      point: { facet: scene.facet().id, client: 1, seq: i, id: scene.random.bytes(32) }
    } as const
    const entry = encodeSpaceEntry({
      space: space.id,
      company,
      seq: state.seq,
      prev: state.prev,
      act,
      time: Date.now() + i
    })
    if (!forks) Object.assign(state, { seq: state.seq + 1, prev: entryId(entry) })
    return { entry, signer: role.publicKey.bytes, signature: sign(role, entrySignedBytes(entry)) }
  })
  return { type: 'entries', space: space.id, genesis: new Uint8Array(0), entries: made }
}

function chain(forks: boolean): Pick<Kind, 'prepare' | 'run'> {
  let state: { seq: number; prev: Uint8Array } | undefined
  return runs(scene => {
    const { space } = scene.facet()
    const head = space.head(space.companyOf(scene.rival.identity.did) as number) as {
      seq: number
      id: Uint8Array
    }
    state ??= { seq: head.seq + 1, prev: head.id }
    return [entries(scene, state, 20, forks)]
  })
}

export const inContent: Kind[] = [
  { name: 'run-replay', as: 'member', ...runs(replay) },
  {
    name: 'run-bad-signature',
    as: 'member',
    cut: ['signature'],
    nodes: 8,
    ...runs(scene => [forged(scene, () => scene.random.bytes(64))])
  },
  {
    name: 'run-small-order',
    as: 'member',
    cut: ['signature'],
    nodes: 8,
    ...runs(scene => [forged(scene, smallOrderR)])
  },
  {
    name: 'run-bad-signatures-many',
    as: 'member',
    cut: ['signature'],
    nodes: 8,
    ...runs(scene => Array.from({ length: 50 }, () => forged(scene, () => new Uint8Array(64).fill(3))))
  },
  {
    name: 'run-absurd-clock',
    as: 'member',
    ...runs(
      (scene, n) => {
        const pen = scene.pen().edit(text => text.insert(0, 'x'))
        return [pen.run(pen.records(n % 2 === 0 ? 2 ** 53 - 1 : 0))]
      },
      { answers: true }
    )
  },
  { name: 'run-64-kib', as: 'member', ...runs(scene => [typed(scene, 1, 60_000)]) },
  {
    name: 'run-64-kib-served',
    as: 'member',
    ...runs(scene => [typed(scene, 1, 60_000)], { answers: true })
  },
  { name: 'run-many-small', as: 'member', ...runs(scene => [typed(scene, 300, 1)], { answers: true }) },
  {
    name: 'run-many-lanes',
    as: 'member',
    ...runs(scene => Array.from({ length: 10 }, () => typed(scene, 1, 3)), { answers: true })
  },
  { name: 'run-many-facets', as: 'member', ...runs(facetsNew, { answers: true }) },
  { name: 'run-dear-updates', as: 'member', ...runs(scene => [dear(scene)], { answers: true }) },
  { name: 'run-waits', as: 'member', ...runs(waits) },
  { name: 'run-forks', as: 'member', ...runs(forks, { answers: true }) },
  { name: 'entries-chain', as: 'member', ...chain(false) },
  { name: 'entries-forks', as: 'member', ...chain(true) },
  { name: 'bundle-of-all', as: 'member', nodes: 6, run: allAtOnce }
]

/** What the node has long had, pushed without end. */
let kept: Frame | undefined
function replay(scene: Scene): Frame[] {
  return [(kept ??= typed(scene, 20, 2_000))]
}

/** Envelopes whose predecessor never comes. */
function waits(scene: Scene): Frame[] {
  const pen = scene.pen()
  for (let i = 0; i < 3; i++) pen.edit(text => text.insert(0, word(scene, 3_000)))
  return [pen.run(pen.records().slice(1))]
}

/** Two branches of each of ten lanes, both signed. */
function forks(scene: Scene): Frame[] {
  return Array.from({ length: 10 }, () => {
    const session = 1 + scene.random.below(2 ** 27)
    return ['left', 'right'].map(side => {
      const pen = new Pen(scene.rival, scene.facet(), scene.random, session)
      pen.edit(text => text.insert(0, side))
      return pen.run(pen.records())
    })
  }).flat()
}

/** Several nodes of the rival, each with a flood of its own. */
async function allAtOnce(scene: Scene): Promise<unknown> {
  const floods: ((talk: Talk) => Promise<unknown>)[] = [
    talk => scene.flood(talk, () => [typed(scene, 1, 60_000)]),
    talk => scene.flood(talk, () => [dear(scene)]),
    talk => scene.flood(talk, () => Array.from({ length: 10 }, () => typed(scene, 1, 3))),
    talk =>
      scene.flood(talk, () =>
        Array.from({ length: 4_000 }, () => ({ type: 'bye', code: '', detail: '' }) as const)
      ),
    talk => scene.flood(talk, n => facetsNew(scene, n)),
    talk =>
      scene.flood(talk, () => [
        { type: 'presence', facet: scene.facet().id, bytes: utf8('x'.repeat(16_000)) }
      ])
  ]
  await Promise.all(
    floods.map(async (flood, n) => {
      const talk = await scene.talk(n).catch(() => undefined)
      if (talk) await flood(talk)
    })
  )
  return ''
}
