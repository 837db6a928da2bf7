// Histories for protocols/envelope in which nothing is refused: what waits, and what counts in the end after
// forks, cuts and settles.
import * as Y from 'yjs'
import { toHex } from '../../src/wire/bytes.ts'
import { packClient } from '../../src/wire/lane.ts'
import { Scene, type Signed } from './envelope-scene.ts'
import { fullFacets } from './envelope-full.ts'
import { type FacetCase, PAIR, SPACE, Story, ada, bo, by, cut, cy, forked, settle } from './envelope-story.ts'
import { ACME, type Written, accept, certify, entry, key } from './space-builders.ts'

export function validFacets(): FacetCase[] {
  return [...plain(), ...forks(), ...limits(), ...fullFacets()]
}

function plain(): FacetCase[] {
  const cases: FacetCase[] = []
  {
    const story = new Story()
    const { scene } = story
    const a0 = scene.open(by(0), [ada, bo, cy])
    const b0 = scene.open(by(1), [ada, bo], { deps: [a0] })
    const a1 = scene.next(a0, { deps: [b0] })
    const a2 = scene.next(a1)
    story.run([a0]).run([b0]).run([a1, a2]).run([a0, a1, a2])
    cases.push(
      story.end('ENV-20', 'two authors answer each other; a replay changes nothing', [a0, b0, a1, a2])
    )
  }
  {
    const story = new Story()
    const { scene } = story
    const a0 = scene.open(by(0), [ada])
    const bad = scene.next(a0)
    const good = scene.next(bad)
    const record = { ...bad.record, signature: new Uint8Array(64) }
    story.run([a0, { ...bad, record }, good])
    cases.push(story.end('ENV-12', 'only the last signature of a run is looked at', [a0, bad, good]))
  }
  {
    const story = new Story()
    const { scene } = story
    const a0 = scene.open(by(0), [ada])
    const a1 = scene.next(a0)
    const b0 = scene.open(by(1), [bo], { deps: [a1] })
    const a2 = scene.next(a1, { deps: [b0] })
    const unheard = entry(SPACE, 2, { kind: 'keys', certificates: [] }, { prev: cy })
    const late = scene.open(by(2), [unheard])
    story.run([a1, a2], 'waits-envelope').run([b0], 'waits-envelope').run([a0, a1, a2], 'waits-envelope')
    story.run([late], 'waits-entry').run([a0, a1]).run([b0]).run([a2])
    cases.push(story.end('ENV-11', 'what lacks its cause waits, the whole run with it', [a0, a1, b0, a2]))
  }
  {
    const more = entry(SPACE, 0, { kind: 'keys', certificates: [certify(ACME, 'Amy')] }, { prev: ada })
    const story = new Story(SPACE, [ada, bo, cy, more])
    const { scene } = story
    const a0 = scene.open(by(0, 1, 2), [more], { signer: key('Amy') })
    const b0 = scene.open(by(1), [bo], { deps: [a0] })
    const b1 = scene.next(b0, { auth: [cy] })
    const c0 = scene.open(by(2), [more, bo, cy], { deps: [b1] })
    story.each(a0, b0, b1, c0)
    cases.push(
      story.end('ENV-16', 'a key pinned later, entries relied on later, an opening that repeats them', [
        a0,
        b0,
        b1,
        c0
      ])
    )
  }
  {
    const story = new Story()
    const { scene } = story
    const [dead, alive] = [cut(ada, 0, scene), cut(ada, 7, scene)]
    const a0 = scene.open(by(0), [ada])
    const b0 = scene.open(by(1), [bo, alive])
    const c0 = scene.open(by(2), [cy, dead])
    const a1 = scene.next(a0, { deps: [b0, c0] })
    story.entry(dead).entry(alive).each(a0, b0, c0, a1)
    cases.push(
      story.end('ENV-16', 'two branches of a chain at one seq: that of the smaller client', [a0, b0, c0, a1])
    )
  }
  {
    const story = new Story(SPACE, [ada, bo, cy], { dataClass: 'private' })
    const a0 = story.scene.open(by(0), [ada])
    const a1 = story.scene.open(by(0, 2, 1), [ada], { deps: [a0] })
    story.each(a0, a1)
    cases.push(story.end('ENV-18', 'a private facet, two keys of one company', [a0, a1]))
  }
  {
    const story = new Story(SPACE, [ada, bo, cy], { dataClass: 'private' })
    const a0 = story.scene.open(by(0), [ada])
    const a1 = story.scene.next(a0)
    story
      .each(a0)
      .entry(cut(ada, 0, story.scene))
      .each(a1)
    cases.push(story.end('SPC-11', 'a cut of its key, which a private facet does not heed', [a0, a1]))
  }
  {
    const story = new Story()
    const { scene } = story
    const doc = new Y.Doc()
    const write = (client: number, text: string) => {
      doc.clientID = client
      let update: Uint8Array = new Uint8Array()
      doc.once('update', (bytes: Uint8Array) => (update = bytes))
      doc.getText('text').insert(0, text)
      return { bytes: update, clockEnd: text.length }
    }
    const a0 = scene.open(by(0), [ada], { body: write(packClient(by(0)), 'We agree.') })
    const b0 = scene.open(by(1), [bo], { deps: [a0], body: write(packClient(by(1)), 'Draft: ') })
    story.each(a0, b0)
    cases.push(story.end('ENV-9', 'two bodies', [a0, b0]))
  }
  return cases
}

function forks(): FacetCase[] {
  const cases: FacetCase[] = []
  {
    const story = new Story()
    const { trunk, left, right } = forked(story)
    story.run(trunk).each(right, left)
    cases.push(story.end('ENV-21', 'a fork that nobody built on: the smaller id', [...trunk, left]))
  }
  {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    const b0 = scene.open(by(1), [bo], { deps: [right] })
    story.run(trunk).each(left, right, b0)
    cases.push(story.end('ENV-21', 'a fork of which another company built on one', [...trunk, right, b0]))
  }
  {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    const own = scene.open(by(0, 2), [ada], { deps: [right] })
    const b0 = scene.open(by(1), [bo], { deps: [left] })
    const b1 = scene.open(by(1, 2, 1), [bo], { deps: [right] })
    const c0 = scene.open(by(2), [cy], { deps: [right] })
    story.run(trunk).each(left, right, own, b0, b1, c0)
    cases.push(
      story.end('ENV-21', "the author's own company and one that built on both do not count", [
        ...trunk,
        right,
        own,
        b1,
        c0
      ])
    )
  }
  {
    const story = new Story()
    const openings = [1, 2].map(time => story.scene.open(by(0), [ada], { header: { time } }))
    const next = openings.map(opening => story.scene.next(opening))
    const first = toHex(openings[0]!.id) < toHex(openings[1]!.id) ? 0 : 1
    story.each(...openings, ...next)
    cases.push(story.end('ENV-21', 'two openings of one lane', [openings[first]!, next[first]!]))
  }
  {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    const lost = scene.next(right)
    const [deep, deeper] = [1, 2].map(time => scene.next(lost, { header: { time } })) as [Signed, Signed]
    const b0 = scene.open(by(1), [bo])
    const b1 = scene.next(b0, { deps: [deeper] })
    const b2 = scene.next(b1)
    const c0 = scene.open(by(2), [cy], { deps: [b2] })
    const [c1, c2] = [
      scene.open(by(2, 2), [cy], { deps: [left] }),
      scene.open(by(2, 3), [cy], { deps: [left] })
    ]
    story.run(trunk).each(left, right, lost, deep, deeper, b0, b1, b2, c0)
    story.each(c1, c2)
    // Cygnus built on both, Borealis on the right one alone: the right one stays, and of its fork the deeper.
    cases.push(story.end('ENV-21', 'a fork in a fork', [...trunk, right, lost, deeper, b0, b1, b2, c0]))
  }
  {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    const lost = scene.next(right)
    const [deep, deeper] = [1, 2].map(time => scene.next(lost, { header: { time } })) as [Signed, Signed]
    const own = scene.open(by(0, 2), [ada], { deps: [deep] })
    const onOwn = scene.open(by(0, 3), [ada], { deps: [own] })
    const other = scene.open(by(0, 4), [ada], { deps: [deeper] })
    story.run(trunk).each(left, right, lost, deep, deeper, own, onOwn, other)
    cases.push(
      story.end('ENV-22', 'what builds on any branch of a losing branch is orphaned', [...trunk, left])
    )
  }
  {
    const story = new Story()
    const { scene } = story
    const opening = scene.open(by(0), [ada])
    const branches = Array.from({ length: 17 }, (_, time) => scene.next(opening, { header: { time } }))
    const b0 = scene.open(by(1), [bo], { deps: [branches[3]!] })
    story.each(opening, ...branches, b0)
    cases.push(story.end('ENV-23', 'seventeen branches: none counts', [opening]))
  }
  return cases
}

function limits(): FacetCase[] {
  const cases: FacetCase[] = []
  const lane = (scene: Scene, length: number, author = by(0), auth = [ada]) => {
    const envelopes = [scene.open(author, auth)]
    while (envelopes.length < length) envelopes.push(scene.next(envelopes.at(-1)!))
    return envelopes
  }
  {
    const story = new Story()
    const { scene } = story
    const one = lane(scene, 4)
    const two = lane(scene, 2, by(0, 2))
    const kept = lane(scene, 1, by(0, 3, 1))
    const orphan = scene.open(by(1), [bo])
    story.run(one).run(two).run(kept).each(orphan)
    story.entry(cut(ada, 0, scene, [one[1]!]))
    cases.push(
      story.end('SPC-11', 'a cut: lanes of the key end where it says, others whole', [
        one[0]!,
        one[1]!,
        ...kept,
        orphan
      ])
    )
  }
  {
    const story = new Story()
    const { scene } = story
    const one = lane(scene, 5)
    const b0 = scene.open(by(1), [bo], { deps: [one[2]!] })
    const b1 = scene.next(b0)
    story
      .run(one)
      .each(b0, b1)
      .entry(cut(ada, 0, scene, [one[0]!]))
    cases.push(
      story.end('SPC-11', 'a cut does not reach what another company built on', [...one.slice(0, 3), b0, b1])
    )
  }
  {
    const story = new Story()
    const { scene } = story
    const one = lane(scene, 3)
    const own = scene.open(by(0, 9, 1), [ada], { deps: [one[2]!] })
    const onOwn = scene.open(by(0, 10, 1), [ada], { deps: [own] })
    story.entry(cut(ada, 0, scene, [one[1]!])).each(one[0]!, one[1]!, one[2]!, own, onOwn)
    cases.push(
      story.end('ENV-22', 'what builds on what was cut is orphaned; the cut came first', [one[0]!, one[1]!])
    )
  }
  {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    const tail = scene.next(right)
    const c0 = scene.open(by(2), [cy], { deps: [left] })
    story.run(trunk).each(left, right, tail, c0)
    story.entry(settle(bo, scene, right)).entry(settle(cy, scene, right))
    cases.push(
      story.end('SPC-12', 'both others settle on the branch that would lose, before its end', [
        ...trunk,
        right
      ])
    )
  }
  {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    story.run(trunk).each(left, right)
    story.entry(settle(bo, scene, right)).entry(settle(ada, scene, right))
    cases.push(story.end('SPC-12', 'one of two others, and the author, settle nothing', [...trunk, left]))
  }
  for (const both of [true, false]) {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    story.run(trunk).each(left, right)
    const other = new Scene(SPACE, { name: 'another facet' })
    const elsewhere = [settle(bo, other, right), settle(cy, other, right)] as [Written, Written]
    story
      .entry(elsewhere[0])
      .entry(elsewhere[1])
      .entry(settle(elsewhere[0], scene, right))
    if (both) story.entry(settle(elsewhere[1], scene, right))
    cases.push(
      both
        ? story.end('SPC-12', 'what was settled first of the client in another facet was another lane', [
            ...trunk,
            right
          ])
        : story.end('SPC-12', 'one settles here, both in another facet: nothing is settled', [...trunk, left])
    )
  }
  {
    const story = new Story()
    const { scene } = story
    const { opening, trunk, left, right } = forked(story)
    const straight = lane(scene, 3, by(0, 5))
    story.run(trunk).each(left, right).run(straight)
    const first = [settle(bo, scene, straight[0]!), settle(cy, scene, straight[0]!)] as [Written, Written]
    story
      .entry(first[0])
      .entry(first[1])
      .entry(settle(first[0], scene, opening))
      .entry(settle(first[1], scene, opening))
    cases.push(
      story.end('SPC-12', 'a lane without a fork cannot be settled, nor one before its fork', [
        ...trunk,
        left,
        ...straight
      ])
    )
  }
  {
    const [first, second] = [0, 1].map(company =>
      accept(PAIR, company, [['Ada'], ['Bo']][company] as string[])
    ) as [Written, Written]
    const story = new Story(PAIR, [first, second])
    const { scene } = story
    const { trunk, left, right } = forked(story, [first])
    story
      .run(trunk)
      .each(left, right)
      .entry(cut(first, 0, scene, [], PAIR))
      .entry(settle(second, scene, right, PAIR))
    cases.push(
      story.end('SPC-12', 'in a space of two the other one settles, whatever was cut', [...trunk, right])
    )
  }
  {
    const twice = [7, 8].map(key => entry(SPACE, 0, { kind: 'cut', key, lanes: [] }, { prev: ada })) as [
      Written,
      Written
    ]
    const story = new Story()
    const { scene } = story
    const one = lane(scene, 2)
    const dead = cut(twice[0], 0, scene)
    story.run(one).entry(twice[0]).entry(dead).entry(twice[1])
    const b0 = scene.open(by(1), [bo, dead])
    const c0 = scene.open(by(2), [cy, dead], { deps: [b0] })
    story.each(b0, c0)
    cases.push(
      story.end('SPC-9', 'the cut of a frozen company counts for nothing; its entries may be relied on', [
        ...one,
        b0,
        c0
      ])
    )
  }
  return cases
}
