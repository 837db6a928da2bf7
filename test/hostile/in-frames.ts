// A member with a valid certificate whose frames are wrong, too many, or never answered.
import { sign } from '../../src/identity/ed25519.ts'
import { framePrefix } from '../../src/net/framing.ts'
import type { Frame, Head } from '../../src/sync/frame.ts'
import { receiptBytes } from '../../src/sync/receipts.ts'
import { concatBytes, EMPTY } from '../../src/wire/bytes.ts'
import { encodeFacetGenesis } from '../../src/wire/genesis.ts'
import { packClient } from '../../src/wire/lane.ts'
import type { Kind } from './kinds.ts'
import { framed, sendSlowly, type Talk } from './mouth.ts'
import type { Scene } from './scene.ts'

/** These bytes on one session after another, until the time is up. */
function bytes(make: (scene: Scene) => Uint8Array) {
  return (scene: Scene) =>
    scene.again(async talk => {
      while (scene.going() && (await talk.sayBytes(make(scene)))) continue
    })
}

/** These frames, as fast as they are taken. */
export function frames(make: (scene: Scene, n: number, talk: Talk) => Frame[]) {
  return async (scene: Scene) => {
    let said = 0
    await scene.again(async talk => {
      said += await scene.flood(talk, n => make(scene, n, talk))
    })
    return `${said} times`
  }
}

/** The rival without an ear: what it asks for stays in the node or on the way. */
export async function deaf(
  scene: Scene,
  ask: (scene: Scene, n: number) => Frame[],
  everyMs: number
): Promise<string> {
  let asked = 0
  await scene.again(async talk => {
    talk.stream.pause()
    for (; scene.going() && talk.isOpen(); asked++) {
      await Promise.race([talk.say(...ask(scene, asked)), scene.rest(500)])
      if (everyMs > 0) await scene.rest(everyMs)
    }
  })
  return `asked ${asked} times`
}

function headsOf(scene: Scene, which = 0): Head[] {
  return scene
    .facet(which)
    .tips()
    .map(({ client, seq, id }) => ({ of: client, seq, id }))
}

function everything(scene: Scene, n: number, which = 1): Frame {
  const lacks = headsOf(scene, which).map(tip => ({ tip, have: [] }))
  return { type: 'need', facet: scene.facet(which).id, request: n + 1, lacks }
}

function unknownHeads(scene: Scene, count: number): Head[] {
  const company = scene.facet().space.companyOf(scene.rival.identity.did) as number
  return Array.from({ length: count }, () => ({
    of: packClient({ company, key: 0, session: scene.random.below(2 ** 27) }),
    seq: scene.random.below(1_000),
    id: quick(scene)
  }))
}

/** Random enough, and much faster than random. */
export function quick(scene: Scene): Uint8Array {
  const id = new Uint8Array(32)
  new DataView(id.buffer).setFloat64(8, scene.random.unit())
  new DataView(id.buffer).setFloat64(16, scene.random.unit())
  return id
}

function unknownFacets(scene: Scene, count: number): { genesis: Uint8Array; tips: Head[] }[] {
  return Array.from({ length: count }, () => ({
    genesis: encodeFacetGenesis({
      ...scene.facet().genesis,
      artifact: quick(scene).slice(0, 16),
      nonce: quick(scene).slice(8, 24)
    }),
    tips: unknownHeads(scene, 1)
  }))
}

function receipt(scene: Scene, tips: Head[], good: boolean): Frame {
  const { id } = scene.facet()
  const signature = good ? sign(scene.company().nodeKey, receiptBytes(id, tips)) : new Uint8Array(64).fill(1)
  return { type: 'receipt', facet: id, tips, signature }
}

export const inFrames: Kind[] = [
  {
    name: 'frame-length-huge',
    as: 'member',
    cut: ['frame-oversize'],
    run: bytes(() => concatBytes(Uint8Array.of(0xff, 0xff, 0xff, 0x7f), new Uint8Array(60_000)))
  },
  { name: 'frame-length-zero', as: 'member', cut: ['frame-empty'], run: bytes(() => new Uint8Array(60_000)) },
  {
    name: 'frame-length-long',
    as: 'member',
    cut: ['frame-varint'],
    run: bytes(() => Uint8Array.of(0x81, 0))
  },
  {
    name: 'frame-truncated',
    as: 'member',
    run: async scene => {
      while (scene.going()) {
        const talk = await scene.talk().catch(() => undefined)
        await talk?.sayBytes(concatBytes(framePrefix(100_000), new Uint8Array(70_000)))
        await talk?.stream.close().catch(() => undefined)
        await scene.mouths.pop()?.stop()
      }
    }
  },
  {
    name: 'frame-dribble',
    as: 'member',
    run: async scene => {
      const talk = await scene.talk()
      await talk.sayBytes(framePrefix(130_000))
      while (scene.going() && (await sendSlowly(talk.stream, Uint8Array.of(0)))) continue
    }
  },
  {
    name: 'frame-garbage',
    as: 'member',
    cut: ['cbor-syntax', 'cbor-value', 'cbor-canonical', 'frame-form'],
    run: bytes(scene => framed(scene.random.bytes(2_000)))
  },
  {
    name: 'frame-nested',
    as: 'member',
    cut: ['cbor-syntax', 'cbor-value', 'frame-form'],
    run: bytes(() => framed(new Uint8Array(130_000).fill(0x81)))
  },
  {
    name: 'frame-many-items',
    as: 'member',
    cut: ['frame-form'],
    // An array of 130,000 small numbers: a frame by its size, nothing by its form.
    run: bytes(() => framed(concatBytes(Uint8Array.of(0x9a, 0, 1, 0xf0, 0), new Uint8Array(0x1f000))))
  },
  {
    name: 'frames-tiny',
    as: 'member',
    run: frames(() => Array.from({ length: 4_000 }, () => ({ type: 'bye', code: '', detail: '' }) as const))
  },
  {
    name: 'hello-replay',
    as: 'member',
    run: frames((scene, n, talk) => {
      void talk
      const { identity, nodeCertificate } = scene.company()
      const hello = {
        type: 'hello',
        did: identity.did,
        certificate: nodeCertificate,
        version: identity.head
      } as const
      return Array.from({ length: 50 }, (_, i) => ({ ...hello, confirmed: (n + i) % 2 === 0, invite: EMPTY }))
    })
  },
  {
    name: 'hello-heavy',
    as: 'member',
    // Certificates of a hundred kilobytes: half a JSON document, half a lie.
    run: frames(scene => {
      const { identity } = scene.company()
      const certificate = new Uint8Array(120_000).fill(0x5b)
      return [
        {
          type: 'hello',
          did: identity.did,
          certificate,
          version: identity.head,
          confirmed: true,
          invite: EMPTY
        }
      ]
    })
  },
  {
    name: 'want-identity-flood',
    as: 'member',
    run: frames(scene =>
      Array.from(
        { length: 500 },
        () => ({ type: 'want-identity', did: scene.rival.identity.did, offset: 0 }) as const
      )
    )
  },
  {
    name: 'identity-unasked',
    as: 'member',
    run: frames(scene => [
      {
        type: 'identity',
        did: scene.rival.identity.did,
        offset: 0,
        total: 1_048_576,
        bytes: new Uint8Array(32_768)
      }
    ])
  },
  {
    name: 'identity-endless',
    as: 'member',
    // Names new versions of the parties' logs, then sends a megabyte of each that holds nothing.
    run: async scene =>
      scene.again(async talk => {
        const { space } = scene.facet()
        talk.onFrame = frame => {
          if (frame.type !== 'want-identity') return
          const entry = `{"versionId":"${'x'.repeat(32_000)}"}\n`
          const part = new Uint8Array(32_768).fill(32)
          part.set(Buffer.from(entry).subarray(0, 32_768))
          void talk.say({
            type: 'identity',
            did: frame.did,
            offset: frame.offset,
            total: 1_048_576,
            bytes: part
          })
        }
        await scene.flood(talk, n => [
          {
            type: 'spaces',
            spaces: [{ id: space.id, tips: [], versions: space.parties.map(() => `1-${n}`) }]
          }
        ])
      })
  },
  {
    name: 'spaces-unknown',
    as: 'member',
    run: frames(scene => [
      {
        type: 'spaces',
        spaces: Array.from({ length: 256 }, () => ({ id: quick(scene), tips: [], versions: [] }))
      }
    ])
  },
  {
    name: 'spaces-many-tips',
    as: 'member',
    run: frames(scene => {
      const tips = Array.from({ length: 2_000 }, (_, i) => ({ of: i % 3, seq: i, id: quick(scene) }))
      return [{ type: 'spaces', spaces: [{ id: scene.facet().space.id, tips, versions: [] }] }]
    })
  },
  {
    name: 'want-space-flood',
    as: 'member',
    run: frames(scene =>
      Array.from(
        { length: 200 },
        () => ({ type: 'want-space', space: scene.facet().space.id, have: [] }) as const
      )
    )
  },
  {
    name: 'want-space-deaf',
    as: 'member',
    run: scene =>
      deaf(
        scene,
        () =>
          Array.from(
            { length: 100 },
            () => ({ type: 'want-space', space: scene.facet().space.id, have: [] }) as const
          ),
        0
      )
  },
  {
    name: 'summary-flood',
    as: 'member',
    run: frames(scene =>
      Array.from(
        { length: 500 },
        () => ({ type: 'summary', space: scene.facet().space.id, hash: quick(scene) }) as const
      )
    )
  },
  {
    name: 'heads-unknown-facets',
    as: 'member',
    run: frames(scene => [
      { type: 'heads', space: scene.facet().space.id, facets: unknownFacets(scene, 250) }
    ])
  },
  {
    name: 'heads-many-lanes',
    as: 'member',
    run: frames(scene =>
      [0, 1].map(
        i =>
          ({
            type: 'heads',
            space: scene.facet().space.id,
            facets: [{ genesis: scene.genesis(i), tips: unknownHeads(scene, 1_000) }]
          }) as const
      )
    )
  },
  {
    name: 'need-everything-again',
    as: 'member',
    run: frames((scene, n) => [everything(scene, n, 0), everything(scene, n, 1)])
  },
  {
    name: 'need-in-parallel',
    as: 'member',
    run: frames((scene, n) => Array.from({ length: 100 }, (_, i) => everything(scene, 100 * n + i)))
  },
  {
    name: 'need-deaf',
    as: 'member',
    run: scene =>
      deaf(scene, (_, n) => Array.from({ length: 50 }, (_item, i) => everything(scene, 50 * n + i)), 20)
  },
  {
    name: 'need-heavy-lacks',
    as: 'member',
    run: frames((scene, n) => {
      const lacks = unknownHeads(scene, 70).map(tip => ({ tip, have: unknownHeads(scene, 30) }))
      return [{ type: 'need', facet: scene.facet().id, request: n + 1, lacks }]
    })
  },
  {
    name: 'reads-a-byte-a-second',
    as: 'member',
    run: async scene => {
      const talk = await scene.talk()
      await talk.say(...Array.from({ length: 20 }, (_, i) => everything(scene, i)))
      while (scene.going() && talk.isOpen()) {
        talk.stream.pause()
        await scene.rest(1_000)
        talk.stream.resume()
      }
    }
  },
  {
    name: 'socket-unread',
    as: 'member',
    // Grants a window without an end and reads nothing below the muxer: what the node sends piles up on its side.
    run: async scene =>
      scene.again(async talk => {
        talk.line.raw.send(
          concatBytes(Uint8Array.of(0, 1, 0, 0), id32(talk), Uint8Array.of(0x7f, 0xff, 0xff, 0xff))
        )
        talk.line.raw.pause()
        for (let n = 0; scene.going() && talk.isOpen(); n++) {
          await Promise.race([
            talk.say(...Array.from({ length: 50 }, (_, i) => everything(scene, 50 * n + i))),
            scene.rest(200)
          ])
        }
      })
  },
  { name: 'receipts-good', as: 'member', run: frames(scene => [receipt(scene, headsOf(scene, 1), true)]) },
  {
    name: 'receipts-long',
    as: 'member',
    run: frames(
      (() => {
        let kept: Frame | undefined
        return (scene: Scene) => [(kept ??= receipt(scene, unknownHeads(scene, 1_000), true))]
      })()
    )
  },
  {
    name: 'receipts-bad',
    as: 'member',
    cut: ['signature'],
    nodes: 4,
    run: frames(scene => [receipt(scene, headsOf(scene), false)])
  },
  {
    name: 'presence-flood',
    as: 'member',
    run: frames(scene => [{ type: 'presence', facet: scene.facet().id, bytes: new Uint8Array(16_384) }])
  },
  {
    name: 'done-flood',
    as: 'member',
    run: frames((scene, n) =>
      Array.from(
        { length: 1_000 },
        (_, i) => ({ type: 'done', facet: scene.facet().id, request: n + i }) as const
      )
    )
  },
  {
    name: 'withholds',
    as: 'member',
    // Names heads and answers every question with nothing.
    run: scene =>
      scene.again(async talk => {
        talk.onFrame = frame => {
          if (frame.type === 'need')
            void talk.say({ type: 'done', facet: frame.facet, request: frame.request })
        }
        while (scene.going() && talk.isOpen()) {
          await talk.say({
            type: 'heads',
            space: scene.facet().space.id,
            facets: [{ genesis: scene.genesis(), tips: unknownHeads(scene, 20) }]
          })
          await scene.rest(20)
        }
      })
  }
]

function id32({ stream }: Talk): Uint8Array {
  const id = new Uint8Array(4)
  new DataView(id.buffer).setUint32(0, Number(stream.id))
  return id
}
