// Histories for protocols/envelope whose last run is refused: what liars and broken nodes send.
import * as Y from 'yjs'
import { EMPTY } from '../../src/wire/bytes.ts'
import { encodeHeader } from '../../src/wire/envelope.ts'
import { packClient } from '../../src/wire/lane.ts'
import { refusedAsFull } from './envelope-full.ts'
import { type FacetCase, SPACE, Story, ada, bo, by, cut, cy, forked } from './envelope-story.ts'
import { Scene, type Signed } from './envelope-scene.ts'
import { type Written, entry, key } from './space-builders.ts'

type Telling = (story: Story) => void

function refused(rule: string, name: string, tell: Telling, story = new Story()): FacetCase {
  tell(story)
  return story.end(rule, name)
}

export function invalidFacets(): FacetCase[] {
  return [...pasts(), ...authority(), ...disguises(), ...runs(), ...refusedAsFull()]
}

/** Borealis keeps both branches of a fork of Acme's apart in two lanes. */
function both(story: Story) {
  const { scene } = story
  const { trunk, left, right } = forked(story)
  const b0 = scene.open(by(1, 1), [bo], { deps: [left] })
  const b1 = scene.open(by(1, 2), [bo], { deps: [right] })
  story.run(trunk).each(left, right, b0, b1)
  return { scene, trunk, left, right, b0, b1 }
}

function pasts(): FacetCase[] {
  return [
    refused('ENV-15', 'past-forked: two branches, through two deps', story => {
      const { scene, b0, b1 } = both(story)
      story.run([scene.open(by(2), [cy], { deps: [b0, b1] })], 'past-forked')
    }),
    refused('ENV-15', 'past-forked: two branches, through prev and a dep', story => {
      const { scene, b0, right } = both(story)
      story.run([scene.next(b0, { deps: [right] })], 'past-forked')
    }),
    refused('ENV-15', 'past-forked: another branch of its own lane as a dep', story => {
      const { scene, left, right } = both(story)
      story.run([scene.next(left, { deps: [right] })], 'past-forked')
    }),
    refused('ENV-15', 'past-forked: a successor of the second envelope, knowing of the third', story => {
      const { scene, trunk, b0 } = both(story)
      story.run([scene.next(trunk[1] as Signed, { deps: [b0] })], 'past-forked')
    }),
    refused('ENV-15', 'past-forked: an opening that knows another opening of its lane', story => {
      const { scene } = story
      const a0 = scene.open(by(0), [ada])
      const b0 = scene.open(by(1), [bo], { deps: [a0] })
      story.each(a0, b0).run([scene.open(by(0), [ada], { deps: [b0] })], 'past-forked')
    }),
    refused('ENV-14', 'dep-implied: by prev', story => {
      const { scene } = story
      const a0 = scene.open(by(0), [ada])
      const b0 = scene.open(by(1), [bo], { deps: [a0] })
      story.each(a0, b0).run([scene.next(b0, { deps: [a0] })], 'dep-implied')
    }),
    refused('ENV-14', 'dep-implied: its own lane', story => {
      const a0 = story.scene.open(by(0), [ada])
      story.each(a0).run([story.scene.next(a0, { deps: [a0] })], 'dep-implied')
    }),
    refused('ENV-14', 'dep-implied: by a dep after it', story => {
      const { scene } = story
      const a0 = scene.open(by(0), [ada])
      const b0 = scene.open(by(1), [bo], { deps: [a0] })
      story.each(a0, b0).run([scene.open(by(2), [cy], { deps: [a0, b0] })], 'dep-implied')
    }),
    refused('ENV-14', 'dep-implied: by a dep before it', story => {
      const { scene } = story
      const b0 = scene.open(by(1), [bo])
      const a0 = scene.open(by(0), [ada], { deps: [b0] })
      story.each(b0, a0).run([scene.open(by(2), [cy], { deps: [a0, b0] })], 'dep-implied')
    }),
    refused('ENV-13', 'an empty body that moves the clock', story => {
      story.run([story.scene.open(by(0), [ada], { header: { clockEnd: 1 } })], 'update-claims')
    }),
    refused('UPD-14', "a body under another lane's client", story => {
      const doc = new Y.Doc()
      doc.clientID = packClient(by(1))
      doc.getText('text').insert(0, 'mine')
      const body = { bytes: Y.encodeStateAsUpdate(doc), clockEnd: 4 }
      story.run([story.scene.open(by(0), [ada], { body })], 'update-client')
    })
  ]
}

function authority(): FacetCase[] {
  const nothing = { kind: 'keys', certificates: [] } as const
  const later = entry(SPACE, 0, { ...nothing, certificates: [] }, { prev: ada })
  const grown = () => new Story(SPACE, [ada, bo, cy, later])
  return [
    refused('ENV-11', 'auth-missing: an opening that leans on no entry of its company', story => {
      story.run([story.scene.open(by(0), [bo])], 'auth-missing')
    }),
    refused('ENV-11', 'key-unknown: an index that nobody pinned', story => {
      story.run([story.scene.open(by(0, 1, 2), [ada], { signer: key('Ada') })], 'key-unknown')
    }),
    refused('ENV-11', "auth-place: another company's entry as one's own", story => {
      const wrong: Written = { ...bo, company: 0 }
      story.run([story.scene.open(by(0), [wrong])], 'auth-place')
    }),
    refused('ENV-16', 'auth-place: an entry at another seq', story => {
      story.run([story.scene.open(by(0), [ada, { ...bo, seq: 1 }])], 'auth-place')
    }),
    refused('ENV-16', 'auth-order: what prev relies on already', story => {
      const a0 = story.scene.open(by(0), [ada])
      story.each(a0).run([story.scene.next(a0, { auth: [ada] })], 'auth-order')
    }),
    refused(
      'ENV-16',
      'auth-order: backdated behind prev',
      story => {
        const a0 = story.scene.open(by(0), [later])
        story.each(a0).run([story.scene.next(a0, { auth: [ada] })], 'auth-order')
      },
      grown()
    ),
    refused(
      'ENV-16',
      'auth-order: an opening backdated behind its dep',
      story => {
        const b0 = story.scene.open(by(1), [later, bo])
        story.each(b0).run([story.scene.open(by(0), [ada], { deps: [b0] })], 'auth-order')
      },
      grown()
    ),
    refused('ENV-17', 'key-cut: the opening names the cut', story => {
      const { scene } = story
      const end = cut(ada, 0, scene)
      story.entry(end).run([scene.open(by(0), [end])], 'key-cut')
    }),
    refused('ENV-17', 'key-cut: its dep knew of the cut', story => {
      const { scene } = story
      const a0 = scene.open(by(0), [ada])
      const end = cut(ada, 0, scene, [a0])
      const b0 = scene.open(by(1), [bo, end])
      story.each(a0).entry(end).each(b0)
      story.run([scene.next(a0, { deps: [b0] })], 'key-cut')
    }),
    refused(
      'ENV-17',
      'key-cut: on the one of two branches that its dep of the smaller client knew',
      story => {
        const { scene } = story
        const [dead, alive] = [cut(ada, 0, scene), cut(ada, 7, scene)]
        const a0 = scene.open(by(0), [ada])
        const b0 = scene.open(by(1), [bo, dead])
        const c0 = scene.open(by(2), [cy, alive])
        story.entry(dead).entry(alive).each(a0, b0, c0)
        story.run([scene.next(a0, { deps: [b0, c0] })], 'key-cut')
      }
    ),
    refused(
      'ENV-18',
      'not-owner: another company in a private facet',
      story => {
        story.run([story.scene.open(by(1), [bo])], 'not-owner')
      },
      new Story(SPACE, [ada, bo, cy], { dataClass: 'private' })
    )
  ]
}

function disguises(): FacetCase[] {
  const elsewhere = () => new Scene(SPACE, { name: 'another facet' })
  return [
    refused('ENV-2', 'grafted: an opening of another facet', story => {
      story.run([elsewhere().open(by(0), [ada])], 'lane-mismatch')
    }),
    refused('ENV-12', 'grafted: its opening rewritten, its signature kept', story => {
      const foreign = elsewhere().open(by(0), [ada])
      const opening = { facet: story.scene.id, ...by(0) }
      const header = encodeHeader({ ...foreign.header, opening })
      story.run([{ ...foreign, record: { ...foreign.record, header } }], 'signature')
    }),
    refused('ENV-2', 'relabelled: offered as the lane of another company', story => {
      story.run([story.scene.open(by(0), [ada])], 'lane-mismatch', packClient(by(1)))
    }),
    refused('ENV-12', 'impersonated: signed with a key of another company', story => {
      story.run([story.scene.open(by(1), [bo], { signer: key('Ada') })], 'signature')
    }),
    refused('ENV-12', "signed with the company's other key", story => {
      story.run([story.scene.open(by(0), [ada], { signer: key('Abe') })], 'signature')
    }),
    refused('ENV-12', 'an envelope of one lane as the next of another', story => {
      const [a0, b0] = [story.scene.open(by(0), [ada]), story.scene.open(by(1), [bo])]
      const stolen = story.scene.next(a0)
      story.each(a0, b0).run([{ ...stolen, client: b0.client }], 'waits-envelope', b0.client)
      const patched = encodeHeader({ ...stolen.header, prev: b0.id })
      story.run([{ ...stolen, record: { ...stolen.record, header: patched } }], 'signature', b0.client)
    }),
    refused('ENV-12', 'a header changed after signing', story => {
      const a0 = story.scene.open(by(0), [ada])
      const header = encodeHeader({ ...a0.header, time: 0 })
      story.run([{ ...a0, record: { ...a0.record, header } }], 'signature')
    })
  ]
}

function runs(): FacetCase[] {
  const three = ({ scene }: Story, over: object) => {
    const a0 = scene.open(by(0), [ada])
    const a1 = scene.next(a0)
    return [a0, a1, scene.next(a1, over)] as [Signed, Signed, Signed]
  }
  const noSignature = (envelope: Signed): Signed => ({
    ...envelope,
    record: { ...envelope.record, signature: new Uint8Array(64) }
  })
  return [
    refused('ENV-12', 'a run whose last signature is wrong', story => {
      const [a0, a1, a2] = three(story, {})
      story.run([a0, a1, noSignature(a2)], 'signature')
    }),
    refused('ENV-19', 'a run with a bad envelope at its end: nothing of it is admitted', story => {
      story.run(three(story, { header: { clockEnd: 5 } }), 'update-claims')
    }),
    refused('ENV-19', 'the same where the good part has no signature of its own', story => {
      const [a0, a1, a2] = three(story, { header: { clockEnd: 5 } })
      story.run([a0, noSignature(a1), a2], 'update-claims')
    }),
    refused('ENV-19', 'the same after a part that was there before', story => {
      const [a0, a1, a2] = three(story, { auth: [ada] })
      story.run([a0]).run([a0, a1, a2], 'auth-order')
    }),
    refused('ENV-10', 'a gap', story => {
      const [a0, , a2] = three(story, {})
      story.run([a0, a2], 'chain-broken')
    }),
    refused('ENV-9', 'a body that was exchanged', story => {
      const doc = new Y.Doc()
      doc.clientID = packClient(by(0))
      doc.getText('text').insert(0, 'yes')
      const body = Y.encodeStateAsUpdate(doc)
      const a0 = story.scene.open(by(0), [ada], { body: { bytes: body, clockEnd: 3 } })
      const other = body.map(byte => (byte === 0x79 ? 0x7a : byte))
      story.run([{ ...a0, record: { ...a0.record, body: other } }], 'body-mismatch')
      story.run([{ ...a0, record: { ...a0.record, body: EMPTY } }], 'body-mismatch')
    })
  ]
}
