// The first words on a connection: which company is this, which node of it, and may it stay?
// protocols/sync, section 4.
import { isRevoked, verifyNodeCertificate } from '../identity/certificate.ts'
import { type CompanyIdentity, compareIdentityLogs } from '../identity/company-identity.ts'
import { verifyIdentityLog } from '../identity/identity-log.ts'
import { checkInviteProof, inviteProof, inviteTranscript } from '../identity/invite.ts'
import { EMPTY, fromHex, utf8 } from '../wire/bytes.ts'
import { Reject, isReject } from '../wire/reject.ts'
import type { Context } from './context.ts'
import type { Contact, Directory } from './directory.ts'
import type { StoreWrite } from './effects.ts'
import { type Frame, IDENTITY_PART_BYTES } from './frame.ts'
import { forgetReceipts } from './receipts.ts'
import { isWeaker } from './rights.ts'
import { type IdentityParts, type Session, createSession } from './session.ts'

/** A hello must be complete by then, the identity log included. */
const GREETING_MS = 10_000
const IDENTITY_BYTES_MAX = 1_048_576
/** Logs under way on one session: the parties of two full spaces. */
const IDENTITY_LOGS_MAX = 64
/** A log that was asked for and does not come is asked for again when it is next named. */
const IDENTITY_MS = 30_000
/** A certificate and an invite are checked: as dear as so many signatures. */
const HELLO_CHECKS = 20

const NEWLINE = 0x0a

type Hello = Extract<Frame, { type: 'hello' }>

export class Greeting {
  readonly #context: Context
  readonly #certificate: () => Uint8Array
  readonly #opened: (session: Session) => void
  readonly #identityGrew: (did: string) => void

  /** `opened`: a session's peer is known. `identityGrew`: what waited for this company may go on. */
  constructor(
    context: Context,
    certificate: () => Uint8Array,
    opened: (session: Session) => void,
    identityGrew: (did: string) => void
  ) {
    this.#context = context
    this.#certificate = certificate
    this.#opened = opened
    this.#identityGrew = identityGrew
  }

  start(id: number, peerId: string, inbound: boolean): void {
    const { now, steady } = this.#context
    const session = createSession(id, peerId, inbound, { now, steady, openBy: steady + GREETING_MS })
    this.#context.sessions.set(id, session)
    // The dialing side speaks first: who answers shows nothing to a stranger.
    if (!inbound) this.hello(session)
  }

  hello(session: Session): void {
    const { directory } = this.#context
    const { self } = directory
    session.greeted = true
    const contact = this.#contactAt(session)
    const confirmed = contact?.confirmed !== undefined || session.peer?.did === self.did
    const version = directory.identities.get(self.did)?.head ?? ''
    const invite = contact ? proofFor(directory, contact, session.peerId) : EMPTY
    const certificate = this.#certificate()
    this.#context.greet(session, { type: 'hello', did: self.did, certificate, version, confirmed, invite })
  }

  /** Our certificate or our identity log is another one now: whoever was told hears it at once (SYN-41). */
  repeat(): void {
    for (const session of this.#context.sessions.values()) if (session.greeted) this.hello(session)
  }

  onHello(session: Session, hello: Hello): void {
    const { checks } = session.allowances
    if (checks.left(this.#context.now) <= 0) return
    checks.spend(HELLO_CHECKS, this.#context.now)
    // One connection, one company: what was shown to the first must not serve a second.
    const before = session.peer?.did ?? session.greeting?.did ?? hello.did
    if (before !== hello.did)
      return this.#refuse(session, 'hello-other', 'the peer was another company before')
    const invite = this.#inviteFor(session, hello)
    const { directory } = this.#context
    const known = hello.did === directory.self.did || directory.contacts.has(hello.did)
    if (!known && invite === undefined) return this.#stranger(session)
    const identity = directory.identities.get(hello.did)
    if (identity?.versions.has(hello.version)) return this.#admit(session, hello, identity, invite)
    // Only a node that we wait for may have us ask: others could try out whom we know (SYN-8).
    const { peer, peerId, inbound } = session
    const expected =
      peer !== undefined || invite !== undefined || !inbound || directory.expects(hello.did, peerId)
    if (!expected) return this.#stranger(session)
    session.greeting = hello
    this.wantIdentity(session, hello.did)
  }

  #admit(session: Session, hello: Hello, identity: CompanyIdentity, invite: string | undefined): void {
    const certificate = verifyNodeCertificate(hello.certificate, identity)
    if (isReject(certificate)) return this.#context.close(session, certificate, 'hello')
    if (certificate.peer !== session.peerId || certificate.company !== hello.did) {
      return this.#refuse(session, 'certificate-peer', 'the certificate is of another node')
    }
    const first = !session.peer
    const before = session.rights
    delete session.greeting
    const { did, certificate: certificateBytes, confirmed: confirms } = hello
    session.peer = { did, certificate, certificateBytes, confirms }
    this.#remember(session, hello, invite)
    if (first && session.inbound) this.hello(session)
    const { id, peerId } = session
    if (first) this.#context.tell({ what: 'session-open', session: id, did: hello.did, peerId })
    this.#context.endWeakened()
    const grew = isWeaker(before, session.rights)
    if ((first || grew) && this.#context.isOpen(session)) this.#opened(session)
  }

  #refuse(session: Session, code: string, detail: string): void {
    this.#context.close(session, new Reject(code, detail), 'hello')
  }

  #stranger(session: Session): void {
    const reject = new Reject('unknown-peer', 'this node was not invited', false)
    this.#context.close(session, reject, 'hello')
  }

  wantIdentity(session: Session, did: string): void {
    if (session.identities.has(did)) return
    // Whose logs a peer can make us take, it chooses: it names the parties of its spaces.
    if (session.peer && this.#context.isSpent(session, 'identities', session.peer.did)) return
    if (session.identities.size >= IDENTITY_LOGS_MAX) return
    session.identities.set(did, { log: EMPTY, have: 0, askedAt: this.#context.steady })
    this.#context.greet(session, { type: 'want-identity', did, offset: 0 })
  }

  /**
   * Our own log goes to whom we have told who we are; another company's only to those who share a space with
   * it. To others it does not exist.
   */
  mayHaveIdentity(session: Session, did: string): boolean {
    if (did === this.#context.directory.self.did) return session.greeted
    return this.#sharesSpaceWith(session, did)
  }

  onIdentity(session: Session, { did, offset, total, bytes }: Extract<Frame, { type: 'identity' }>): void {
    const parts = session.identities.get(did)
    if (!parts) return
    if (parts.have === 0 && total <= IDENTITY_BYTES_MAX) parts.log = new Uint8Array(total)
    const { log, have } = parts
    const expected = Math.min(IDENTITY_PART_BYTES, total - have)
    if (offset !== have || total !== log.length || bytes.length !== expected || expected === 0) {
      const reject = new Reject('identity-parts', 'parts that do not fit together')
      return this.#context.close(session, reject, 'identity')
    }
    log.set(bytes, have)
    parts.have += bytes.length
    parts.askedAt = this.#context.steady
    const refused = verifyArrived(parts, this.#context.directory.identities.get(did))
    if (refused) return this.#context.close(session, refused, 'identity')
    if (parts.have < total) {
      return this.#context.greet(session, { type: 'want-identity', did, offset: parts.have })
    }
    session.identities.delete(did)
    this.#takeIdentity(session, did, log, parts.verified)
  }

  #takeIdentity(session: Session, did: string, log: Uint8Array, verified?: CompanyIdentity): void {
    const { directory } = this.#context
    const refused = this.learn(did, log, verified, session)
    if (refused) return this.#context.close(session, refused, 'identity')
    session.told.add(did)
    const { greeting } = session
    if (greeting?.did !== did || !this.#context.isOpen(session)) return
    delete session.greeting
    if (directory.identities.get(did)?.versions.has(greeting.version)) return this.onHello(session, greeting)
    this.#refuse(session, 'identity-version', 'the log lacks the version named')
  }

  /** Takes in a company's log, from whoever brought it: it proves itself. */
  learn(did: string, log: Uint8Array, verified?: CompanyIdentity, from?: Session): Reject | undefined {
    const { directory } = this.#context
    const known = directory.identities.get(did)
    const identity = verifyIdentityLog(log, verified ?? known)
    if (isReject(identity)) return identity
    if (identity.did !== did) return new Reject('identity-other', 'the log is of another company')
    const relation = known ? compareIdentityLogs(known, identity) : 'prefix'
    // The first log that we saw stands; the other is kept out and made known.
    if (typeof relation === 'object') this.#freeze(did, relation.logs[1])
    if (relation !== 'prefix') return undefined
    directory.identities.set(did, identity)
    const added = identity.log.length - (known?.log.length ?? 0)
    const counted = this.#context.charge(from, 'identities', from?.peer?.did ?? did, added)
    this.#context.write([{ kind: 'put', table: 'identity', key: did, bytes: identity.log }, ...counted])
    this.#context.tell({ what: 'identity', did })
    this.#identityGrew(did)
    return undefined
  }

  /** The second log is kept: with the first it is a proof that anyone can check. */
  #freeze(did: string, log: Uint8Array): void {
    const { directory } = this.#context
    if (directory.forkedIdentities.has(did)) return
    directory.forkedIdentities.add(did)
    this.#context.write([{ kind: 'put', table: 'identity-fork', key: did, bytes: log }])
    this.#context.tell({ what: 'identity-fork', did })
    this.#context.endWeakened()
  }

  /** Ends sessions that never said who they are, and forgets logs that do not come. */
  expire(): void {
    const { steady } = this.#context
    for (const session of this.#context.sessions.values()) {
      for (const [did, { askedAt }] of session.identities) {
        if (steady - askedAt > IDENTITY_MS) session.identities.delete(did)
      }
      if (session.peer || session.openBy > steady) continue
      this.#context.close(session, new Reject('hello-late', 'no hello in time', false), 'hello')
    }
  }

  /** The id of the open invite whose secret the hello proves to know. */
  #inviteFor(session: Session, hello: Hello): string | undefined {
    const { directory, now } = this.#context
    if (hello.invite.length === 0) return undefined
    const inviter = { did: directory.self.did, peer: directory.self.peerId }
    const joiner = { did: hello.did, peer: session.peerId }
    for (const [id, invite] of directory.invites) {
      if (invite.expiresAt <= now) continue
      const transcript = inviteTranscript('joiner', { inviter, joiner })
      if (checkInviteProof(invite.secret, transcript, hello.invite)) return id
    }
    return undefined
  }

  /**
   * A node that showed its certificate is let in by its peer id from now on. Only now is an invite spent, in
   * one batch with the contact that it made.
   */
  #remember(session: Session, hello: Hello, invite: string | undefined): void {
    const { directory } = this.#context
    const writes: StoreWrite[] = []
    if (invite !== undefined) {
      directory.invites.delete(invite)
      writes.push({ kind: 'del', table: 'invite', key: invite })
    }
    if (!directory.contacts.has(hello.did) && (invite !== undefined || this.#isNewOwn(hello.did, session))) {
      directory.contacts.set(hello.did, { did: hello.did, addresses: [], nodes: [] })
      this.#context.tell({ what: 'contact', did: hello.did })
    }
    const contact = directory.contacts.get(hello.did)
    if (!contact) return
    const { peerId } = session
    const isNew = !contact.nodes.includes(peerId)
    const spent = contact.invite !== undefined && !session.inbound
    if (!isNew && !spent && writes.length === 0) return
    if (isNew) {
      const [dropped] = contact.nodes.length < NODES_MAX ? [] : contact.nodes
      if (dropped !== undefined) forgetReceipts(this.#context, contact.did, dropped)
      contact.nodes = [...contact.nodes, peerId].slice(-NODES_MAX)
    }
    if (spent) delete contact.invite
    this.#context.write([...writes, putContact(contact)], undefined, invite !== undefined)
  }

  /** The first other node of our own company: its certificate is all that it needs to be known (SYN-51). */
  #isNewOwn(did: string, { peer }: Session): boolean {
    const { self, contacts, identities } = this.#context.directory
    const identity = identities.get(did)
    if (did !== self.did || contacts.has(did) || !peer || !identity) return false
    return !isRevoked(peer.certificate, identity)
  }

  #contactAt(session: Session): Contact | undefined {
    const { contacts } = this.#context.directory
    if (session.peer) return contacts.get(session.peer.did)
    if (session.greeting) return contacts.get(session.greeting.did)
    return this.#context.directory.contactOf(session.peerId)
  }

  #sharesSpaceWith(session: Session, did: string): boolean {
    const { peer } = session
    if (!peer) return false
    for (const space of this.#context.directory.spaces.values()) {
      if (space.companyOf(did) === undefined) continue
      if (this.#context.clearance(session, 'announce', space)) return true
    }
    return false
  }
}

/** Verifies the whole entries that have arrived: about forty in a part, an eighth of a second at worst. */
function verifyArrived(parts: IdentityParts, known: CompanyIdentity | undefined): Reject | undefined {
  const end = parts.log.subarray(0, parts.have).lastIndexOf(NEWLINE) + 1
  if (end <= (parts.verified?.log.length ?? 0)) return undefined
  const verified = verifyIdentityLog(parts.log.subarray(0, end), parts.verified ?? known)
  if (isReject(verified)) return verified
  parts.verified = verified
  return undefined
}

/** Nodes of one company that we remember. */
const NODES_MAX = 32

function proofFor(directory: Directory, contact: Contact, peerId: string): Uint8Array {
  const secret = contact.invite && fromHex(contact.invite.secret)
  if (!secret) return EMPTY
  const inviter = { did: contact.did, peer: peerId }
  const joiner = directory.self
  return inviteProof(
    secret,
    inviteTranscript('joiner', { inviter, joiner: { did: joiner.did, peer: joiner.peerId } })
  )
}

export function putContact(contact: Contact): {
  kind: 'put'
  table: 'contact'
  key: string
  bytes: Uint8Array
} {
  return { kind: 'put', table: 'contact', key: contact.did, bytes: utf8(JSON.stringify(contact)) }
}
