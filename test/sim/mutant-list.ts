// Deliberate removals, one check each. A simulator that does not notice one of them would not notice a bug there.

import type { Removal } from './plant.ts'

export interface Mutant extends Removal {
  /** Of design section 15. */
  invariant: number
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'private facets may go to anybody',
    invariant: 1,
    file: 'policy/decide.ts',
    find: 'facet !== undefined && !isShared(facet) && !(peer.own && facet.ownedHere)',
    put: 'false && facet !== undefined && !isShared(facet) && !(peer.own && facet.ownedHere)'
  },
  {
    name: 'spaces may go to companies that are no party',
    invariant: 1,
    file: 'policy/decide.ts',
    find: '!peer.own && !space.party',
    put: 'false && !peer.own && !space.party'
  },
  {
    name: 'facets may go to parties that have not accepted',
    invariant: 1,
    file: 'policy/decide.ts',
    find: 'facet !== undefined && !peer.own && !space.accepted',
    put: 'false && facet !== undefined && !peer.own && !space.accepted'
  },
  {
    name: 'companies that contradicted themselves are not frozen',
    invariant: 1,
    file: 'policy/decide.ts',
    find: 'facet !== undefined && !peer.own && space.frozen',
    put: 'false && facet !== undefined && !peer.own && space.frozen'
  },
  {
    name: 'strangers get what is confidential',
    invariant: 1,
    file: 'policy/decide.ts',
    find: "facet.class !== 'public' && !peer.own && !peer.confirmed",
    put: "facet.class === 'private' && !peer.own && !peer.confirmed"
  },
  {
    name: 'certificates do not expire',
    invariant: 1,
    file: 'sync/directory.ts',
    find: "certificate.expiresAt <= now ? 'expired' : 'current'",
    put: "certificate.expiresAt <= 0 ? 'expired' : 'current'"
  },
  {
    name: 'forks do not change what counts',
    invariant: 2,
    file: 'replica/facet.ts',
    find: 'if (segment.lane.forked) this.#irregular = true',
    put: ''
  },
  {
    name: 'the branch that came first survives',
    invariant: 2,
    file: 'replica/effective.ts',
    find: 'order.sort((a, b) => b.votes - a.votes || compareBytes(id(a.branch), id(b.branch)))',
    put: 'void id'
  },
  {
    name: 'votes for a branch are not counted',
    invariant: 3,
    file: 'replica/effective.ts',
    find: 'b.votes - a.votes || compareBytes',
    put: 'compareBytes'
  },
  {
    name: 'the document is not made anew when what counts changes',
    invariant: 2,
    file: 'sync/facet-sync.ts',
    find: "if (document === 'rebuild') this.#context.emit({ do: 'rebuild', facet: id })",
    put: ''
  },
  {
    name: 'a grown space log changes nothing in documents',
    invariant: 2,
    file: 'sync/core.ts',
    find: "if (held.facet.spaceChanged() === 'rebuild')",
    put: "if (held.facet.size < 0 && held.facet.spaceChanged() === 'rebuild')"
  },
  {
    name: 'heads that are lacking are not asked for again',
    invariant: 2,
    file: 'sync/asking.ts',
    find: 'const fruitful = link.again || link.request?.progress',
    put: 'const fruitful = link.again || link.request?.progress\n    if (!fruitful) session.lacking.clear()'
  },
  {
    name: 'what differs is not named again',
    invariant: 2,
    file: 'sync/core.ts',
    find: 'if (this.context.steady - this.#comparedAt < COMPARE_MS) return',
    put: 'if (this.#comparedAt < COMPARE_MS) return'
  },
  {
    name: 'an entry is not passed on',
    invariant: 2,
    file: 'sync/space-sync.ts',
    find: 'for (const session of this.#context.open()) this.list(session, space)',
    put: ''
  },
  {
    name: 'what waits is never tried again',
    invariant: 2,
    file: 'sync/facet-sync.ts',
    find: 'if (this.#retrying) return',
    put: 'return'
  },
  {
    name: 'orphans count',
    invariant: 3,
    file: 'replica/tally.ts',
    find: 'ends.set(segment, Math.min(limit, orphanFrom - 1))',
    put: 'ends.set(segment, limit)'
  },
  {
    name: 'what built on a branch that loses later goes on counting',
    invariant: 3,
    file: 'replica/tally.ts',
    find: 'if (!moved) return',
    put: 'return'
  },
  {
    name: 'cuts end nothing',
    invariant: 3,
    file: 'replica/effective.ts',
    find: 'for (const limit of cutPoints(grounds, lane)) endAt(lane, limit, ends)',
    put: 'void cutPoints'
  },
  {
    name: 'a cut reaches below what others have built on',
    invariant: 3,
    file: 'replica/effective.ts',
    find: 'return laterOf(point && lane.find(point.seq, point.id), built)',
    put: 'return point && lane.find(point.seq, point.id)'
  },
  {
    name: 'a settle by one is a settle by all',
    invariant: 3,
    file: 'replica/effective.ts',
    find: 'if (same.length * 2 > others.length)',
    put: 'if (same.length + others.length > 0)'
  },
  {
    name: 'a cut key goes on writing',
    invariant: 3,
    file: 'replica/facet.ts',
    find: 'if (entry.cut.includes(key))',
    put: 'if (entry.cut.includes(-1))'
  },
  {
    name: 'a past may hold two branches',
    invariant: 3,
    file: 'replica/causal-past.ts',
    find: "if (!forward) return new Reject('past-forked', `two branches of lane ${client} in one causal past`)",
    put: 'void forward'
  },
  {
    name: 'authority goes back',
    invariant: 3,
    file: 'replica/causal-past.ts',
    find: 'if (!newer) {',
    put: 'if (!newer && seq < 0) {'
  },
  {
    name: 'the body may be of another client',
    invariant: 3,
    file: 'replica/update-gate.ts',
    find: 'if (update.client !== claims.client)',
    put: 'if (update.client < 0)'
  },
  {
    name: 'the body may begin anywhere',
    invariant: 3,
    file: 'replica/update-gate.ts',
    find: 'if (update.clock !== claims.clock)',
    put: 'if (update.clock < 0)'
  },
  {
    name: 'the header may say something else than the body',
    invariant: 3,
    file: 'replica/update-gate.ts',
    find: 'if (!equalRanges(update.deletes, claims.deletes))',
    put: 'if (!equalRanges(update.deletes, update.deletes))'
  },
  {
    name: 'roots that no layout knows',
    invariant: 3,
    file: 'replica/update-gate.ts',
    find: "return place ? { place, key: struct.key } : refuse(struct, 'update-layout', `no root ${parent}`) // UPD-21",
    put: "return { place: place ?? (this.#index.root('text') as Place), key: struct.key }"
  },
  {
    name: 'neighbours outside the causal past',
    invariant: 3,
    file: 'replica/causal-past.ts',
    find: 'if (!at || clock >= at.segment.clockEndAt(at.seq)) return undefined',
    put: 'if (!at) return 0'
  },
  {
    name: 'no signature is looked at',
    invariant: 4,
    file: 'identity/verify.ts',
    find: 'if (!last || !verifySignature(key, signedBytes(run.facet, run.client, last.headerBytes), last.signature)) {',
    put: 'void [verifySignature, key, signedBytes]\n  if (!last) {'
  },
  {
    name: 'an implied dep is no fault',
    invariant: 4,
    file: 'replica/facet.ts',
    find: "return new Reject('dep-implied', `lane ${dep.client} seq ${dep.seq}`)",
    put: 'continue'
  },
  {
    name: 'the good part of a run is kept',
    invariant: 4,
    file: 'replica/facet.ts',
    find: 'if (stop && !run.stored) {',
    put: 'if (stop && run.stored) {'
  },
  {
    name: 'runs are cut where no signature holds',
    invariant: 4,
    file: 'sync/run-cut.ts',
    find: 'return key !== undefined && verifySignature(key, signedBytes(facet.id, client, header), signature)',
    put: 'return key !== undefined || verifySignature(key, signedBytes(facet.id, client, header), signature)'
  },
  {
    name: 'receipts are believed',
    invariant: 4,
    file: 'sync/receipts.ts',
    find: 'if (!verifySignature(peer.certificate.key, receiptBytes(id, tips), signature)) {',
    put: 'void verifySignature\n    if (signature.length === 0) {'
  },
  {
    name: 'the chains of others may be written by anybody',
    invariant: 4,
    file: 'identity/space-log.ts',
    find: 'if (!verifySignature(key, entrySignedBytes(entry), signature))',
    put: 'if (signature.length === 0 && verifySignature(key, entrySignedBytes(entry), signature))'
  },
  {
    name: 'a connection may change its company',
    invariant: 4,
    file: 'sync/greeting.ts',
    find: 'if (before !== hello.did)',
    put: 'if (before === undefined)'
  },
  {
    name: 'an author goes on in a lane that ended',
    invariant: 4,
    file: 'replica/facet.ts',
    find: 'return tips.every(tip => tips.length === 1 && this.counts(tip))',
    put: 'return tips.length >= 0'
  },
  {
    name: 'sessions are counted and not drawn',
    invariant: 4,
    file: 'sync/desk.ts',
    find: 'do client = packClient({ company, key: key.index, session: this.#session() })',
    put: 'do client = packClient({ company, key: key.index, session: facet.lanes.size + (this.#session() & 1) })'
  },
  {
    name: 'what is not durable is passed on',
    invariant: 5,
    file: 'sync/facet-sync.ts',
    find: 'if (own) this.#admitted(held, fresh, from)',
    put: 'this.#admitted(held, fresh, from)'
  },
  {
    name: 'what is not durable is receipted',
    invariant: 5,
    file: 'sync/receipts.ts',
    find: 'this.#context.write([], () => {',
    put: ';[() => {}].forEach(() => {'
  },
  {
    name: 'own envelopes are shown and not stored',
    invariant: 5,
    file: 'sync/facet-sync.ts',
    find: 'const envelopes = admitted.map(({ envelope }) => envelope)',
    put: 'const envelopes = admitted.map(({ envelope }) => envelope).slice(own ? 1 : 0)'
  },
  {
    name: 'the genesis of a facet is not stored',
    invariant: 5,
    file: 'sync/facet-sync.ts',
    find: "writes.unshift({ kind: 'put', table: 'facet', key: id, bytes: held.genesisBytes })",
    put: ''
  },
  {
    name: 'entries are not stored',
    invariant: 5,
    file: 'sync/space-sync.ts',
    find: 'writes.push(put)',
    put: ''
  },
  {
    name: 'as many runs wait as come',
    invariant: 8,
    file: 'sync/pending.ts',
    find: 'if (sum.runs >= PENDING_RUNS_MAX || sum.bytes + bytes > PENDING_BYTES_MAX) return',
    put: ''
  },
  {
    name: 'as many requests wait as come',
    invariant: 8,
    file: 'sync/answers.ts',
    find: 'if (session.answers.length > ANSWERS_MAX || session.answersBytes > ANSWERS_BYTES_MAX) {',
    put: 'if (session.answers.length < 0) {'
  },
  {
    name: 'a peer may name any number of documents',
    invariant: 8,
    file: 'sync/openings.ts',
    find: 'if (session.opened.size >= OPENED_MAX) {',
    put: 'if (session.opened.size < 0) {'
  },
  {
    name: 'a peer may name any number of heads',
    invariant: 8,
    file: 'sync/asking.ts',
    find: 'if (announced.size <= TIPS_MAX) break',
    put: 'break'
  },
  {
    name: 'a company may put any number of spaces before us',
    invariant: 8,
    file: 'sync/space-sync.ts',
    find: 'return open < INVITATIONS_MAX && directory.spaces.size < SPACES_MAX',
    put: 'return open >= 0'
  },
  {
    name: 'a flood of pushes goes on',
    invariant: 8,
    file: 'sync/facet-sync.ts',
    find: 'if (pushed.floods(this.#context.now)) {',
    put: 'if (pushed.floods(-1)) {'
  },
  {
    name: 'timers stop when the clock is set back',
    invariant: 2,
    file: 'sync/context.ts',
    find: 'this.steady += Math.max(0, now - this.now)',
    put: 'this.steady = now'
  },
  {
    name: 'an approval counts beside one of a living rival',
    invariant: 3,
    file: 'artifacts/agreement.ts',
    find: 'if (earlier.every(other => other.dead || !areRivals(other, revision)))',
    put: 'if (earlier.length >= 0 || areRivals(revision, revision))'
  },
  {
    name: 'a yes to what nobody proposed binds nobody',
    invariant: 3,
    file: 'artifacts/agreement.ts',
    find: 'if (!revision || !approval) break',
    put: 'if (!revision || !approval) continue'
  },
  {
    name: 'as many proposals are looked at as come',
    invariant: 3,
    file: 'artifacts/agreement.ts',
    find: '.slice(0, PROPOSALS_MAX)',
    put: '.slice(0, 10 * PROPOSALS_MAX)'
  },
  {
    name: 'a first revision is sealed without the last approval',
    invariant: 3,
    file: 'artifacts/agreement.ts',
    find: 'return approvals.size === this.#space.founders.length',
    put: 'return approvals.size >= this.#space.founders.length - 1'
  },
  {
    name: 'an amendment is sealed just below the threshold',
    invariant: 3,
    file: 'artifacts/agreement.ts',
    find: 'return weightOf(approvals, weights) >= threshold',
    put: 'return weightOf(approvals, weights) + 1 >= threshold'
  },
  {
    name: 'one no is not enough against a first revision',
    invariant: 3,
    file: 'artifacts/agreement.ts',
    find: 'return rejections.size > 0',
    put: 'return rejections.size > 1'
  },
  {
    name: 'two sealed rivals are no contradiction',
    invariant: 3,
    file: 'artifacts/agreement.ts',
    find: 'contradicted = inForce?.terms.number === revision.terms.number',
    put: 'contradicted = inForce?.terms.number === 0'
  },
  {
    name: 'words are read up to the head of a chain only',
    invariant: 3,
    file: 'artifacts/agreement.ts',
    find: 'const branches = INDICES.map(company => space.branches(company))',
    put: 'const branches = INDICES.map(company => [chainTo(space.head(company))])'
  },
  {
    name: 'a company is a party before its amendment is sealed',
    invariant: 1,
    file: 'artifacts/space.ts',
    find: '.filter(revision => revision.sealed)',
    put: ''
  },
  {
    name: 'who was admitted is bound before it has agreed',
    invariant: 1,
    file: 'artifacts/agreement.ts',
    find: "if (!inForce || !bound.has(a) || !bound.has(b)) return 'draft'",
    put: "if (!inForce || bound.size < 0) return 'draft'"
  },
  {
    name: 'an amendment may leave out a party',
    invariant: 3,
    file: 'artifacts/agreement.ts',
    find: 'return before && !followsParties(terms, companiesOf(before.terms))',
    put: 'return before && terms.number < 0 && !followsParties(terms, companiesOf(before.terms))'
  },
  {
    name: 'whoever signed an approval, it counts',
    invariant: 3,
    file: 'artifacts/agreement-approval.ts',
    find: 'if (isReject(key) || !document.isSignedBy(key))',
    put: 'if (isReject(key))'
  },
  {
    name: 'terms of another space bind this one',
    invariant: 3,
    file: 'artifacts/agreement-terms.ts',
    find: 'if (terms.space !== toHex(space.id))',
    put: "if (terms.space === '')"
  },
  {
    name: 'documents flow before there is an agreement',
    invariant: 1,
    file: 'policy/decide.ts',
    find: "facet !== undefined && facet.scope !== 'agreement' && !peer.own && space.agreement === 'draft'",
    put: "false && facet !== undefined && facet.scope !== 'agreement' && !peer.own && space.agreement === 'draft'"
  },
  {
    name: 'drafts flow after the agreement has ended',
    invariant: 1,
    file: 'policy/decide.ts',
    find: "facet !== undefined && facet.class !== 'public' && !peer.own && space.agreement === 'ended'",
    put: "false && facet !== undefined && facet.class !== 'public' && !peer.own && space.agreement === 'ended'"
  },
  {
    name: 'documents flow while the agreement is suspended',
    invariant: 1,
    file: 'policy/decide.ts',
    find: "isUnderTerms(facet) && !peer.own && space.agreement !== 'active' && space.agreement !== 'draft'",
    put: "false && isUnderTerms(facet) && !peer.own && space.agreement !== 'active'"
  },
  {
    name: 'documents flow that no agreement covers',
    invariant: 1,
    file: 'policy/decide.ts',
    find: "isUnderTerms(facet) && !peer.own && facet?.scope !== 'covered'",
    put: "false && isUnderTerms(facet) && !peer.own && facet?.scope !== 'covered'"
  },
  {
    name: 'what is on its way goes on when an agreement is suspended',
    invariant: 1,
    file: 'sync/directory.ts',
    find: "if (standing !== 'active') continue",
    put: "if (standing === 'draft') continue"
  },
  {
    name: 'a unit that is shut goes out',
    invariant: 1,
    file: 'policy/decide.ts',
    find: 'isUnderTerms(facet) && !peer.own && isHeldBack(facet)',
    put: 'false && isUnderTerms(facet) && !peer.own && isHeldBack(facet)'
  },
  {
    name: 'whoever holds a unit passes it on where its contributor alone may',
    invariant: 1,
    file: 'policy/decide.ts',
    find: "isUnderTerms(facet) && !peer.own && facet?.balance === 'sole'",
    put: "false && isUnderTerms(facet) && !peer.own && facet?.balance === 'sole'"
  },
  {
    name: 'a unit opens for a return, whether the taker signs or not',
    invariant: 1,
    file: 'artifacts/reciprocity.ts',
    find: 'rule.maxExposure + Math.min(there.settled, back.settled)',
    put: 'rule.maxExposure + back.settled'
  },
  {
    name: 'a unit opens for a receipt, whether anything came back or not',
    invariant: 1,
    file: 'artifacts/reciprocity.ts',
    find: 'rule.maxExposure + Math.min(there.settled, back.settled)',
    put: 'rule.maxExposure + there.settled'
  },
  {
    name: 'a unit is receipted whoever signed for it',
    invariant: 3,
    file: 'artifacts/contribution-receipt.ts',
    find: 'if (isReject(key) || !document.isSignedBy(key))',
    put: 'if (isReject(key))'
  },
  {
    name: 'a unit opens before its release is on the disk',
    invariant: 1,
    file: 'artifacts/reciprocity.ts',
    find: 'if (entry.company === unsure?.own && unsure.unwritten.has(entry)) break',
    put: 'if (entry.company === unsure?.own && entry.seq < 0) break'
  },
  {
    name: 'the keeper of a chain enters what does not follow its head',
    invariant: 4,
    file: 'sync/chains.ts',
    find: 'if (entry.company !== company || !follows)',
    put: 'if (entry.company !== company)'
  },
  {
    name: 'a keeper that went back to an older disk enters what it is handed',
    invariant: 4,
    file: 'sync/chains.ts',
    find: 'if (!this.#knowsEnd(space))',
    put: 'if (entry.seq < 0)'
  },
  {
    name: 'decisions are told while an agreement is suspended',
    invariant: 1,
    file: 'sync/directory.ts',
    find: "const facet = { class: 'shared-confidential', ownedHere: false, scope, balance: 'open' } as const",
    put: "const facet = { class: 'public', ownedHere: false, scope, balance: 'open' } as const"
  },
  {
    name: 'messages of decisions that are lacking are not asked for',
    invariant: 2,
    file: 'sync/decision-asking.ts',
    find: 'else this.want(session, space, decision, digest)',
    put: 'else this.want'
  },
  {
    name: 'messages of decisions go no further than to those who heard them first',
    invariant: 2,
    file: 'sync/decisions.ts',
    find: '    this.#passOn(held, messages, from)\n',
    put: '    if (from) held.durable.clear()\n    else this.#passOn(held, messages, from)\n'
  },
  {
    name: 'messages of decisions are believed, whatever is wrong with them',
    invariant: 4,
    file: 'sync/decisions.ts',
    find: 'if (isReject(taken) && taken.fault) return',
    put: 'if (isReject(taken) && !taken) return'
  },
  {
    name: 'messages of decisions go out before they are durable',
    invariant: 5,
    file: 'sync/decisions.ts',
    find: '    this.#context.write([...writes, ...this.#charge(messages[0], from)], () => {',
    put: '    this.#written(held, messages, from)\n    this.#context.write([...writes, ...this.#charge(messages[0], from)], () => {'
  }
]
