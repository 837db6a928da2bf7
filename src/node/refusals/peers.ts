// What it means that a peer, or what it sent, was refused: sentences by code. The bytes of protocols/sync, transport,
// envelope, update, space and identity, and the denials of protocols/policy.
import type { Refusal } from './refusal.ts'

/** A peer broke a rule that it could have checked. */
function peer(rule: string, says: string): Refusal {
  const safe = 'Nothing of it was taken in; the connection ended, and the peer may come back after a minute.'
  const next = 'If it comes again, tell its people this code and to update their node: parley why COMPANY'
  return { rule, says, safe, next }
}

/** Something is in the way that time or people on one side mend. */
function line(
  rule: string,
  says: string,
  next = 'The node connects again by itself: parley why COMPANY'
): Refusal {
  return {
    rule,
    says,
    safe: 'Nothing is lost: what was not sent goes out when they are connected again.',
    next
  }
}

/** What this node was asked to write itself. */
function own(rule: string, says: string, next: string): Refusal {
  return { rule, says, safe: 'Nothing was signed and nothing was sent.', next }
}

/** Bytes of a key, certificate or identity log. */
function identity(rule: string, says: string, next = ASK_AGAIN): Refusal {
  return { rule, says, safe: 'It counts for nothing here, and what was known before still stands.', next }
}

/** An address or invite as people typed or pasted it. */
function typed(rule: string, says: string, next: string): Refusal {
  return { rule, says, safe: 'Nothing was sent to anybody.', next }
}

/** A denial by policy. */
function denied(rule: string, says: string, next: string): Refusal {
  return {
    rule,
    says,
    safe: 'Nothing of it goes out or comes in, and the peer is not told why.',
    next
  }
}

const ASK_AGAIN = 'Ask its people for it again, whole and unchanged; what is known of them: parley peers'
const INVITE_AGAIN = 'Ask for a new invite, which their people make with: parley invite create'
const CERTIFY_AGAIN = 'Have it certified anew where the root key is: parley role certify REQUEST'
const ADDRESS = 'Give the whole address, which their people see in parley status: parley connect MULTIADDR'

const OF_SESSIONS: { [code: string]: Refusal } = {
  'cbor-size': peer('SYN-1', 'A message was larger than any may be.'),
  'cbor-syntax': peer('SYN-1', 'A message broke off or had bytes after its end.'),
  'cbor-value': peer('SYN-1', 'A message held a kind of value that none may hold.'),
  'cbor-canonical': peer('SYN-1', 'A message was not in the one spelling that all must use.'),
  'frame-type': peer('SYN-1', 'A message was of a type that this version does not know.'),
  'frame-form': peer('SYN-2', 'A message had other fields than its type, or more of them than allowed.'),
  'unknown-peer': line(
    'SYN-8',
    'The other side does not know this company, its certificate or its log.',
    'Ask for an invite and join with it: parley join INVITE'
  ),
  'hello-late': line('SYN-6', 'The peer did not say who it is within 10 seconds.'),
  'hello-other': peer('SYN-9', 'A connection changed the company that it speaks for.'),
  'certificate-peer': peer('SYN-7', 'A node showed the certificate of another node.'),
  'identity-parts': peer('SYN-11', 'An identity log came in parts that do not fit together.'),
  'identity-other': peer('SYN-11', 'A peer answered with the identity log of another company.'),
  'push-flood': peer('SYN-25', 'The peer sent far more than may come unasked.'),
  'rights-lost': line(
    'SYN-31',
    'The peer may see less than before, so the connection was made anew.',
    'What flows between you now: parley agreement show SPACE'
  ),
  'requests-many': peer('SYN-33', 'The peer asked for more than may wait at one time.'),
  unread: line('SYN-33', 'The peer does not read what it is sent.'),
  closed: line('NET-15', 'The connection ended in order.'),
  replaced: line('NET-4', 'A newer connection with the same peer took over.'),
  duplicate: line('NET-4', 'There is a connection with this peer already.'),
  'closed-by-peer': line('NET-15', 'The peer ended the connection in order.'),
  'not-admitted': line('NET-3', 'The peer is not, or no longer, one that this node admits.', INVITE_AGAIN),
  'connection-lost': line('NET-15', 'The connection broke.'),
  'peer-silent': line('NET-16', 'Nothing was heard of the peer for 10 seconds.'),
  'peer-stalled': line('NET-14', 'The peer took no byte for 9 seconds.'),
  'receiver-failed': line(
    'NET-15',
    'This node itself failed at something that a peer sent.',
    'Report it with the log of the node, and check what is stored: parley doctor'
  ),
  'frame-truncated': line('NET-7', 'The connection broke inside a message.'),
  'frame-varint': peer('NET-6', 'A message did not give its length in the shortest form.'),
  'frame-empty': peer('NET-6', 'A message was empty.'),
  'frame-oversize': peer('NET-7', 'A message said that it is longer than any may be.'),
  'session-not-opened': peer('NET-4', 'A connection began with something else than a session.'),
  'negotiation-flood': peer('NET-21', 'A connection brought too much before it said what it is for.'),
  'circuit-message': peer(
    'NET-34',
    'A relay, or who came through it, said something that is none of its words.'
  ),
  'yamux-header': peer('NET-10', 'A connection was laid out in a way that no honest one is.'),
  'yamux-frame-size': peer('NET-10', 'A connection announced a piece larger than any may be.'),
  'yamux-frame-rate': peer('NET-11', 'A connection brought more pieces in a second than any may.'),
  'yamux-control-rate': peer(
    'NET-11',
    'A connection brought more control messages in a second than any may.'
  ),
  'yamux-stream-rate': peer('NET-11', 'A connection opened more streams in a second than any may.'),
  'yamux-stray-data': peer('NET-12', 'A connection went on sending on streams that are closed.'),
  'yamux-pieces': peer('NET-13', 'A message came in thousands of tiny pieces.'),
  denied: denied('POL-12', 'Policy did not let it in.', 'What flows in a space: parley agreement show SPACE')
}

const OF_ENVELOPES: { [code: string]: Refusal } = {
  'envelope-version': peer('ENV-4', 'A signed edit was of a version that this node does not know.'),
  'header-size': peer('ENV-4', 'The header of a signed edit was larger than any may be.'),
  'header-range': peer('ENV-5', 'The header of a signed edit held a number out of range.'),
  'header-order': peer('ENV-6', 'The header of a signed edit named what it builds on out of order.'),
  'header-body': peer('ENV-8', 'The header of a signed edit did not fit what the edit holds.'),
  'body-size': peer('ENV-8', 'A signed edit was larger than one may be.'),
  'body-mismatch': peer('ENV-9', 'An edit was not the one that was signed: it was changed on its way.'),
  'signature-size': peer('ENV-9', 'A signature had another length than signatures have.'),
  'lane-mismatch': peer('ENV-2', 'A signed edit was of another session or document than it came for.'),
  'run-empty': peer('ENV-10', 'A message with edits held none.'),
  'chain-broken': peer('ENV-10', 'An edit or entry did not follow the one that it came after.'),
  'auth-missing': peer('ENV-11', 'A session began without saying by which entry its key may write.'),
  'auth-place': peer('ENV-11', 'An edit relied on an entry of another company or space.'),
  'auth-order': peer('ENV-16', 'An edit relied on an older state of the space than what it builds on.'),
  'key-unknown': peer('ENV-17', 'An edit was signed with a key that its company did not pin in the space.'),
  'key-cut': peer('ENV-17', 'An edit was signed with a key that its company had cut in the space.'),
  signature: peer('ENV-12', 'A signature does not verify: it was forged, or changed on its way.'),
  'dep-implied': peer('ENV-14', 'An edit named what it builds on twice.'),
  'past-forked': peer('ENV-15', 'An edit built on two versions of one place at once.'),
  'not-owner': peer('ENV-18', 'Somebody else wrote in a document that is private to its owner.'),
  'document-full': own(
    'ENV-30',
    'The document is full.',
    'Start a new one, and link to this one in it: parley new KIND --title TITLE'
  ),
  'lane-ended': own(
    'ENV-28',
    'While you wrote, what your edit stood on was cut or forked away.',
    'Look at the document as it is now and make the edit again: parley show DOCUMENT'
  ),
  'edit-empty': own('ENV-13', 'The edit changes nothing.', 'The document as it is: parley show DOCUMENT'),
  'facet-empty': own(
    'SYN-39',
    'Nothing of this document has arrived yet, so there is nothing to write in.',
    'See who has it and whether they are connected: parley why DOCUMENT'
  ),
  'facet-unknown': own('SYN-5', 'There is no such document here.', 'See what is here: parley list'),
  'not-a-party': own('SPC-5', 'Your company is no party of this space.', 'See yours: parley space list'),
  'artifact-kind': own(
    'ART-1',
    'This version knows no such kind of document.',
    'The kinds: parley new --help'
  ),
  'update-size': peer('UPD-1', 'An edit was larger than one may be.'),
  'update-integer': peer('UPD-2', 'An edit wrote a number in a longer form than needed.'),
  'update-count': peer('UPD-3', 'An edit announced more parts than it has, or than it may have.'),
  'update-empty': peer('UPD-4', 'An edit changes nothing.'),
  'update-struct': peer('UPD-5', 'An edit holds a kind of content that documents do not have.'),
  'update-length': peer('UPD-7', 'An edit holds a part of no length, or of too great a one.'),
  'update-string': peer('UPD-8', 'An edit holds text that is none.'),
  'update-key': peer('UPD-9', 'An edit names a field in a way that no field is named.'),
  'update-value': peer('UPD-10', 'An edit holds a value that documents do not hold.'),
  'update-order': peer('UPD-11', 'An edit deletes in another order than all must use.'),
  'update-truncated': peer('UPD-12', 'An edit breaks off in the middle.'),
  'update-trailing': peer('UPD-12', 'An edit goes on after its end.'),
  'update-client': peer('UPD-14', 'An edit was written in the name of another session.'),
  'update-clock': peer('UPD-15', 'An edit does not begin where its session stood.'),
  'update-claims': peer('UPD-16', 'The header of an edit says something else than the edit.'),
  'update-reference': peer('UPD-17', 'An edit leans on text that its author cannot have seen.'),
  'update-parent': peer('UPD-18', 'An edit puts content into something that cannot hold it.'),
  'update-map': peer('UPD-20', 'An edit replaces a field in a way that no editor does.'),
  'update-layout': peer('UPD-21', 'An edit writes to a field that this kind of document does not have.'),
  'update-type': peer('UPD-21', 'An edit puts another type into a field than belongs there.')
}

const OF_SPACES: { [code: string]: Refusal } = {
  'genesis-form': peer('SPC-1', 'The beginning of a space or document is not in its form.'),
  'entry-form': peer('SPC-4', 'An entry of a space is not in its form.'),
  'entry-kind': peer('SPC-4', 'An entry of a space is of a kind that this version does not know.'),
  'entry-place': peer('SPC-5', 'An entry is of another space, or of no party of it.'),
  'entry-signer': peer('SPC-8', 'An entry was signed with a key that may not sign for its company.'),
  'key-twice': peer('SPC-7', 'A key was pinned in a space for the second time.'),
  'chain-moved': own(
    'SYN-54',
    'Another node of your company signed something in this space first, again and again.',
    'Try it again when the other is done. What your company signed: parley space show SPACE'
  ),
  'space-unsure': own(
    'SYN-55',
    'The store may lack what your company signed last in this space: it was restored, copied or damaged.',
    'Connect to another party of the space first: parley peers'
  ),
  'keeper-away': own(
    'SYN-54',
    'The node that enters what your company signs is not connected to this one.',
    'See which nodes are: parley peers'
  ),
  'keys-full': peer('SPC-7', 'A company pinned more keys in a space than there is room for.')
}

const OF_IDENTITIES: { [code: string]: Refusal } = {
  'key-length': identity('IDN-1', 'A public key has another length than keys have.'),
  'key-encoding': identity('IDN-1', 'A public key is not written in its one form.'),
  'key-order': identity('IDN-1', 'A public key is one of those that any signature would fit.'),
  'key-multikey': identity('IDN-14', 'A key in an identity log is no Ed25519 key.'),
  'jcs-canonical': identity('IDN-4', 'A signed text is not in the one spelling that all must use.'),
  'jcs-syntax': identity('IDN-4', 'A signed text is not JSON.'),
  'jcs-value': identity('IDN-5', 'A signed text holds a number or name that none may hold.'),
  'jcs-size': identity('IDN-6', 'A signed text is longer than it may be.'),
  'jcs-depth': identity('IDN-6', 'A signed text is nested more deeply than it may be.'),
  'jcs-items': identity('IDN-6', 'A signed text has more items than it may have.'),
  'dsse-shape': identity('IDN-7', 'The cover of a signed document is not in its form.'),
  'dsse-type': identity('IDN-7', 'A signed document is of another type than belongs there.'),
  'dsse-base64': identity('IDN-7', 'The cover of a signed document is not in the one spelling of base64.'),
  'identity-line': identity('IDN-9', 'An identity log is not made of whole lines.'),
  'identity-size': identity('IDN-9', 'An identity log is longer than it may be.'),
  'identity-shape': identity('IDN-10', 'An entry of an identity log has other members than entries have.'),
  'identity-scid': identity('IDN-11', 'An identity log does not begin with what its id says.'),
  'identity-hash': identity('IDN-12', 'An identity log was changed: its chain of hashes breaks.'),
  'identity-proof': identity('IDN-13', 'An entry of an identity log is not signed as it must be.'),
  'identity-key': identity('IDN-14', 'The root key of an entry is not one that the entry before promised.'),
  'identity-time': identity('IDN-15', 'An entry of an identity log is not later than the one before.'),
  'identity-did': identity('IDN-16', 'An identity log says another id than it has.'),
  'identity-name': identity('IDN-17', 'The name of a company does not read as it stands.'),
  'identity-revoked': identity(
    'IDN-18',
    'An identity log takes back a revocation, or revokes what is no key.'
  ),
  'identity-version': identity(
    'IDN-21',
    'A certificate names a version of an identity log that is not here.',
    'It comes when its company is connected: parley why COMPANY'
  ),
  'document-signatures': identity(
    'IDN-20',
    'A certificate or request has another number of signatures than one.'
  ),
  'document-shape': identity('IDN-20', 'A signed document has other members than its kind has.'),
  'certificate-name': identity(
    'IDN-20',
    'A name in a certificate does not read as it stands.',
    CERTIFY_AGAIN
  ),
  'certificate-company': identity('IDN-21', 'A certificate is of another company.', CERTIFY_AGAIN),
  'certificate-key': identity('IDN-21', 'A certificate is for the root key itself.', CERTIFY_AGAIN),
  'certificate-validity': identity(
    'IDN-22',
    'A certificate is valid for no time, or too long.',
    CERTIFY_AGAIN
  ),
  'certificate-powers': identity('IDN-23', 'A certificate gives powers that it may not give.', CERTIFY_AGAIN),
  'node-peer': identity('IDN-26', 'The id of a node is not that of an Ed25519 key.', ASK_AGAIN),
  'key-file': identity(
    'IDN-30',
    'A key file is damaged.',
    'Restore it from a backup: parley backup restore FILE'
  ),
  'key-passphrase': identity(
    'IDN-30',
    'The passphrase does not open the key.',
    'Try it again: parley unlock'
  ),
  'invite-prefix': typed('IDN-31', 'That is no invite: invites begin with parley-invite1.', INVITE_AGAIN),
  'invite-version': typed('IDN-31', 'The invite is of a version that this node does not know.', INVITE_AGAIN),
  'invite-size': typed('IDN-31', 'The invite is longer than invites are.', INVITE_AGAIN),
  'invite-characters': typed('IDN-31', 'The invite has characters that invites do not have.', INVITE_AGAIN),
  'invite-checksum': typed(
    'IDN-31',
    'The invite was not copied whole, or a character is wrong.',
    INVITE_AGAIN
  ),
  'invite-value': typed('IDN-31', 'The invite does not hold what invites hold.', INVITE_AGAIN),
  'addr-syntax': typed('NET-1', 'That is no network address of a node.', ADDRESS),
  'addr-no-peer': typed('NET-1', 'The address does not end with the id of the node.', ADDRESS),
  'addr-unsupported': typed('NET-1', 'This node does not dial addresses of that form.', ADDRESS)
}

const OF_POLICY: { [rule: string]: Refusal } = {
  'SYN-5': denied('SYN-5', 'It asked for something that is not here.', 'Who that is: parley peers'),
  'POL-2': denied(
    'POL-2',
    'The peer showed no certificate for its node.',
    'Theirs to make: parley node certify REQUEST'
  ),
  'POL-3': denied(
    'POL-3',
    'The certificate of the peer is revoked.',
    'Ask its people which node is theirs: parley peers'
  ),
  'POL-4': denied('POL-4', 'The certificate of the peer has run out.', 'Theirs to renew: parley node renew'),
  'POL-5': denied(
    'POL-5',
    'The document is private, and stays in its company.',
    'To show part of it: parley disclose FILE --to COMPANY --fields PATHS --grid GRID'
  ),
  'POL-6': denied('POL-6', 'Its company is no party of the space.', 'Who is: parley space show SPACE'),
  'POL-7': denied(
    'POL-7',
    'Its company has not accepted the space.',
    'Theirs to do: parley space accept SPACE'
  ),
  'POL-8': denied(
    'POL-8',
    'Its company contradicted itself in the space and is frozen.',
    'See who signed what: parley space show SPACE'
  ),
  'POL-9': denied(
    'POL-9',
    'People have not compared the words on both sides.',
    'Compare them by phone, then: parley confirm COMPANY --by NAME --how TEXT'
  ),
  'POL-14': denied(
    'POL-14',
    'No agreement is in force in the space yet.',
    'Who has yet to approve: parley agreement show SPACE'
  ),
  'POL-15': denied(
    'POL-15',
    'One side has ended the agreement.',
    'To begin again takes a new space: parley space create TITLE --pairing ROLE --with COMPANY'
  ),
  'POL-16': denied(
    'POL-16',
    'The agreement is suspended, run out or contradicted.',
    'Which of these: parley agreement show SPACE'
  ),
  'POL-17': denied(
    'POL-17',
    'The agreement does not cover documents of this kind.',
    'Amend its scope: parley agreement draft SPACE --template TEMPLATE'
  ),
  'POL-18': denied(
    'POL-18',
    'Under the rule of reciprocity this document is not released to it, or the exposure is used up.',
    'See the accounts: parley reciprocity SPACE'
  ),
  'POL-19': denied(
    'POL-19',
    'Only the company that contributed this document passes it on.',
    'See whose it is: parley reciprocity SPACE'
  )
}

export const PEER_REFUSALS: { readonly [code: string]: Refusal } = {
  ...OF_SESSIONS,
  ...OF_ENVELOPES,
  ...OF_SPACES,
  ...OF_IDENTITIES,
  ...OF_POLICY
}
