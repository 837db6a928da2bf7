// The first words on a connection: which company is this, which node of it, and may it stay?
// protocols/sync, section 4.
import { verifyNodeCertificate } from '../identity/certificate.ts'
import { compareIdentityLogs } from '../identity/company-identity.ts'
import { verifyIdentityLog } from '../identity/identity-log.ts'
import { checkInviteProof, inviteProof, inviteTranscript } from '../identity/invite.ts'
import { EMPTY, concatBytes, fromHex, utf8 } from '../wire/bytes.ts'
import { Reject, isReject } from '../wire/reject.ts'
import type { Context } from './context.ts'
import type { Contact, Directory } from './directory.ts'
import type { Frame } from './frame.ts'
import { type Session, createSession } from './session.ts'

/** A hello must be complete by then, the identity log included. */
const GREETING_MS = 10_000
const IDENTITY_PART_BYTES = 32_768
const IDENTITY_BYTES_MAX = 1_048_576
/** Parts of one log, and logs under way, on one session. */
const IDENTITY_LOGS_MAX = 64

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
    const session = createSession(id, peerId, inbound, this.#context.now + GREETING_MS)
    this.#context.sessions.set(id, session)
    // The dialing side speaks first: who answers shows nothing to a stranger.
    if (!inbound) this.hello(session)
  }

  hello(session: Session): void {
    const { directory } = this.#context
    const { self } = directory
    const contact = this.#contactAt(session)
    const confirmed = contact?.confirmed !== undefined || session.peer?.did === self.did
    const version = directory.identities.get(self.did)?.head ?? ''
    const invite = contact ? proofFor(directory, contact, session.peerId) : EMPTY
    const certificate = this.#certificate()
    this.#context.greet(session, { type: 'hello', did: self.did, certificate, version, confirmed, invite })
  }

  onHello(session: Session, hello: Hello): void {
    const { directory } = this.#context
    const identity = directory.identities.get(hello.did)
    if (!this.#mayStay(session, hello)) {
      return this.#context.close(
        session,
        new Reject('unknown-peer', 'this node was not invited', false),
        'hello'
      )
    }
    if (!identity?.versions.has(hello.version)) {
      session.greeting = hello
      return this.wantIdentity(session, hello.did)
    }
    const certificate = verifyNodeCertificate(hello.certificate, identity)
    if (isReject(certificate)) return this.#context.close(session, certificate, 'hello')
    if (certificate.peer !== session.peerId || certificate.company !== hello.did) {
      return this.#context.close(
        session,
        new Reject('certificate-peer', 'the certificate is of another node'),
        'hello'
      )
    }
    const first = !session.peer
    const changed = session.peer?.confirms !== hello.confirmed
    delete session.greeting
    session.peer = { did: hello.did, certificate, confirms: hello.confirmed }
    this.#remember(session, hello)
    if (first && session.inbound) this.hello(session)
    if (first)
      this.#context.tell({
        what: 'session-open',
        session: session.id,
        did: hello.did,
        peerId: session.peerId
      })
    if (first || changed) this.#opened(session)
  }

  wantIdentity(session: Session, did: string): void {
    if (session.identityParts.has(did)) return
    if (session.identityParts.size >= IDENTITY_LOGS_MAX) return
    session.identityParts.set(did, [])
    this.#context.greet(session, { type: 'want-identity', did, offset: 0 })
  }

  /** Our own log goes to anyone who got this far; another company's only to those who share a space with it. */
  onWantIdentity(session: Session, did: string, offset: number): void {
    const { directory } = this.#context
    const log = directory.identities.get(did)?.log
    if (!log || offset > log.length) return
    if (did !== directory.self.did && !this.#sharesSpaceWith(session, did)) return
    const bytes = log.subarray(offset, offset + IDENTITY_PART_BYTES)
    this.#context.greet(session, { type: 'identity', did, offset, total: log.length, bytes })
  }

  onIdentity(session: Session, { did, offset, total, bytes }: Extract<Frame, { type: 'identity' }>): void {
    const parts = session.identityParts.get(did)
    if (!parts) return
    const have = parts.reduce((sum, part) => sum + part.length, 0)
    if (offset !== have || total > IDENTITY_BYTES_MAX || bytes.length === 0 || have + bytes.length > total) {
      return this.#context.close(
        session,
        new Reject('identity-parts', 'parts that do not fit together'),
        'identity'
      )
    }
    parts.push(bytes)
    if (have + bytes.length < total) {
      return this.#context.greet(session, { type: 'want-identity', did, offset: have + bytes.length })
    }
    session.identityParts.delete(did)
    this.#takeIdentity(session, did, concatBytes(...parts))
  }

  #takeIdentity(session: Session, did: string, log: Uint8Array): void {
    const { directory } = this.#context
    const refused = this.learn(did, log)
    if (refused) return this.#context.close(session, refused, 'identity')
    const { greeting } = session
    if (greeting?.did !== did) return
    delete session.greeting
    if (!directory.identities.get(did)?.versions.has(greeting.version)) {
      const lacks = new Reject('identity-version', 'the log lacks the version named')
      return this.#context.close(session, lacks, 'hello')
    }
    this.onHello(session, greeting)
  }

  /** Takes in a company's log, from whoever brought it: it proves itself. */
  learn(did: string, log: Uint8Array): Reject | undefined {
    const { directory } = this.#context
    const known = directory.identities.get(did)
    const identity = verifyIdentityLog(log, known)
    if (isReject(identity)) return identity
    if (identity.did !== did) return new Reject('identity-other', 'the log is of another company')
    const relation = known ? compareIdentityLogs(known, identity) : 'prefix'
    // The first log that we saw stands; the other is kept out and made known.
    if (typeof relation === 'object') this.#context.tell({ what: 'identity-fork', did })
    if (relation !== 'prefix') return undefined
    directory.identities.set(did, identity)
    this.#context.write([{ kind: 'put', table: 'identity', key: did, bytes: identity.log }])
    this.#identityGrew(did)
    return undefined
  }

  /** Ends sessions that never said who they are. */
  expire(): void {
    for (const session of this.#context.sessions.values()) {
      if (!session.peer && session.openBy <= this.#context.now) {
        this.#context.close(session, new Reject('hello-late', 'no hello in time', false), 'hello')
      }
    }
  }

  #mayStay(session: Session, hello: Hello): boolean {
    const { directory, now } = this.#context
    if (hello.did === directory.self.did || directory.contacts.has(hello.did)) return true
    for (const [id, invite] of directory.invites) {
      if (invite.expiresAt <= now) continue
      const inviter = { did: directory.self.did, peer: directory.self.peerId }
      const joiner = { did: hello.did, peer: session.peerId }
      if (!checkInviteProof(invite.secret, inviteTranscript('joiner', { inviter, joiner }), hello.invite))
        continue
      directory.invites.delete(id)
      this.#context.write([{ kind: 'del', table: 'invite', key: id }])
      directory.contacts.set(hello.did, { did: hello.did, addresses: [], nodes: [session.peerId] })
      this.#context.tell({ what: 'contact', did: hello.did })
      return true
    }
    return false
  }

  /** A node that showed its certificate is let in by its peer id from now on. */
  #remember(session: Session, hello: Hello): void {
    const contact = this.#context.directory.contacts.get(hello.did)
    if (!contact) return
    const fresh = !contact.nodes.includes(session.peerId)
    if (fresh) contact.nodes = [...contact.nodes, session.peerId].slice(-NODES_MAX)
    if (contact.invite && !session.inbound) delete contact.invite
    this.#context.write([putContact(contact)], undefined, false)
  }

  #contactAt(session: Session): Contact | undefined {
    const { contacts } = this.#context.directory
    if (session.peer) return contacts.get(session.peer.did)
    if (session.greeting) return contacts.get(session.greeting.did)
    const { peerId } = session
    for (const contact of contacts.values()) {
      if (contact.nodes.includes(peerId) || contact.addresses.some(a => a.endsWith(`/p2p/${peerId}`)))
        return contact
    }
    return undefined
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
