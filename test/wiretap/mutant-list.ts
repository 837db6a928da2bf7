// Deliberate holes, one change each. A wiretap that does not hear one of them would not hear a leak there.
import type { Rule } from './canary.ts'

export interface Mutant {
  name: string
  /** The leak by which it must be found out. */
  rule: Rule
  /** Scenes that are enough for that. */
  scenes: string[]
  /** In src. */
  file: string
  /** Stands exactly once in the file. */
  find: string
  put: string
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'every peer is cleared as if it were this node',
    rule: 'private',
    scenes: ['typing'],
    file: 'sync/context.ts',
    find: 'this.directory.decide(direction, session.peer, space, facet, this.now)',
    put: 'this.directory.decide(direction, this.directory.ownPeer, space, facet, this.now)'
  },
  {
    name: 'private is treated as shared',
    rule: 'private',
    scenes: ['typing'],
    file: 'policy/decide.ts',
    find: "return facet.class === 'public' || facet.class === 'shared-confidential'",
    put: 'return facet.class !== undefined'
  },
  {
    name: 'what is confidential goes to whom nobody has confirmed',
    rule: 'shared',
    scenes: ['strangers'],
    file: 'policy/decide.ts',
    find: "facet.class !== 'public' && !peer.own && !peer.confirmed",
    put: "facet.class === 'private' && !peer.own && !peer.confirmed"
  },
  {
    name: 'documents go to parties that have not accepted',
    rule: 'shared',
    scenes: ['strangers'],
    file: 'policy/decide.ts',
    find: 'facet !== undefined && !peer.own && !space.accepted',
    put: 'facet !== undefined && !peer.own && !space.party'
  },
  {
    name: 'summaries and heads name what is invisible',
    rule: 'private',
    scenes: ['typing'],
    file: 'sync/context.ts',
    find: 'this.directory.decide(direction, session.peer, space, facet, this.now)',
    put: "this.directory.decide(direction, session.peer, space, direction === 'announce' ? undefined : facet, this.now)"
  },
  {
    name: 'whoever asks for envelopes gets them',
    rule: 'private',
    scenes: ['questions'],
    file: 'sync/directory.ts',
    find: 'return decide(this.question(direction, peer, space, facet, now))',
    put: "return decide(this.question(direction, peer, space, direction === 'send' ? undefined : facet, now))"
  },
  {
    name: 'spaces are told to companies that are no party',
    rule: 'space',
    scenes: ['questions'],
    file: 'policy/decide.ts',
    find: '({ space, peer }) => !peer.own && !space.party',
    put: '({ facet, space, peer }) => facet !== undefined && !peer.own && !space.party'
  },
  {
    name: 'who looks at a document is told to everybody in its space',
    rule: 'presence',
    scenes: ['presence'],
    file: 'sync/facet-sync.ts',
    find: 'const sent = this.#context.send(session, frame, facet.space, facet.genesis)',
    put: 'const sent = this.#context.send(session, frame, facet.space)'
  },
  {
    name: 'a session lives on when rights are lost',
    rule: 'late',
    scenes: ['frozen'],
    file: 'sync/context.ts',
    find: "if (lost) this.close(session, new Reject('rights-lost'",
    put: "if (lost && session.id < 0) this.close(session, new Reject('rights-lost'"
  },
  {
    name: 'what is queued is sent before a session ends for lost rights',
    rule: 'late',
    scenes: ['frozen'],
    file: 'node/parts/driver.ts',
    find: "if (code === 'rights-lost') session.abort(detail)",
    put: "if (code === 'requests-many') session.abort(detail)"
  },
  {
    name: 'a revoked certificate counts',
    rule: 'late',
    scenes: ['rights'],
    file: 'sync/directory.ts',
    find: "certificate: revoked ? 'revoked' : ",
    put: "certificate: revoked && !identity ? 'revoked' : "
  },
  {
    name: 'what is under a reciprocity rule goes out before it is given',
    rule: 'shared',
    scenes: ['giving'],
    file: 'policy/decide.ts',
    find: 'isUnderTerms(facet) && !peer.own && isHeldBack(facet)',
    put: 'isUnderTerms(facet) && peer.own && !peer.own && isHeldBack(facet)'
  },
  {
    name: 'a ballot is told with its commitment',
    rule: 'ballot',
    scenes: ['deciding'],
    file: 'node/decisions/electors.ts',
    find: "await this.say(role, 'decision-commitment.v1', body)",
    put: "await this.say(role, 'decision-rationale.v1', { decision, text: secret.ballot.rationale })\n    await this.say(role, 'decision-commitment.v1', body)"
  },
  {
    name: 'what hides a ballot is told before it is opened',
    rule: 'ballot',
    scenes: ['deciding'],
    file: 'decision/elector.ts',
    find: 'if (!decision.closed) return closingTurn(decision, voice, since, now)',
    put: "if (!decision.closed) {\n    const turn = closingTurn(decision, voice, since, now)\n    const [mine] = decision.saidBy('decision-commitment.v1', signerOf(decision, voice))\n    const salt = mine && voice.secretOf(mine.id)?.salt\n    if (salt && decision.saidBy('decision-context.v1', signerOf(decision, voice)).length === 0)\n      turn.words.unshift({ kind: 'decision-context.v1', commitment: salt })\n    return turn\n  }"
  },
  {
    name: 'what was confided to a scorer goes along with the ballot',
    rule: 'private',
    scenes: ['deciding'],
    file: 'node/decisions/decisions.ts',
    find: '      rationale,\n      objection,\n',
    put: '      rationale: rationale + this.#scorings.contextOf(name).notes,\n      objection,\n'
  },
  {
    name: 'what is decided goes to whom nobody has confirmed',
    rule: 'decision',
    scenes: ['strangers'],
    file: 'sync/directory.ts',
    find: "const facet = { class: 'shared-confidential', ownedHere: false, scope, balance: 'open' } as const",
    put: "const facet = { class: 'public', ownedHere: false, scope, balance: 'open' } as const"
  },
  {
    name: 'messages of a decision are given in whichever space they are asked for',
    rule: 'decision',
    scenes: ['deciding', 'questions'],
    file: 'sync/decision-answers.ts',
    find: 'const held = this.#book.find(space, toHex(decision))',
    put: 'const held = this.#book.get(toHex(decision))'
  },
  {
    name: 'a bundle names the private documents of its space',
    rule: 'private',
    scenes: ['paper'],
    file: 'node/bundle.ts',
    find: "yield pack({ type: 'heads', space: space.id, facets: [{ genesis: genesisBytes, tips }] })",
    put: "for (const { facet: other, genesisBytes: bytes } of this.#parts.driver.core.context.facets.values())\n      if (other.space === space) yield pack({ type: 'heads', space: space.id, facets: [{ genesis: bytes, tips: other === facet ? tips : [] }] })\n    void genesisBytes"
  },
  {
    name: 'a goodbye says, in base64, which spaces there are',
    rule: 'space',
    scenes: ['refusals'],
    file: 'sync/context.ts',
    find: "this.greet(session, { type: 'bye', code, detail: detail.slice(0, 500) })",
    put: "const titles = [...this.directory.spaces.values()].map(space => space.genesis.title).join(' ')\n    this.greet(session, { type: 'bye', code, detail: btoa(detail + titles).slice(0, 500) })"
  },
  {
    name: 'identify tells where the program lies and what it was started with',
    rule: 'machine',
    scenes: ['refusals'],
    file: 'net/transport.ts',
    find: "userAgent: 'parley' }",
    put: "userAgent: `parley ${process.env['PARLEY_WIRETAP']}` }"
  },
  {
    name: 'what is shared is the whole document, whichever fields were taken',
    rule: 'private',
    scenes: ['sharing'],
    file: 'node/sharing/shares.ts',
    find: 'fields ? takeFields(kind, all, fields) : all',
    put: 'fields ? { ...takeFields(kind, all, fields), ...all } : all'
  },
  {
    name: 'an entry of the space log settles a private document',
    rule: 'private',
    scenes: ['paper'],
    file: 'node/spaces/rooms.ts',
    find: "if (held.facet.genesis.class === 'private') {",
    put: 'if (held.facet.size < 0) {'
  }
]
