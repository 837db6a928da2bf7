// What it means that a document that somebody signed was refused: sentences by code. Sealed artifacts, agreements,
// audit logs and backups: protocols/documents, artifacts, agreement, audit and store.
import type { Refusal } from './refusal.ts'

/** A sealed document in a file. */
function sealed(rule: string, says: string, next = VERIFY): Refusal {
  return { rule, says, safe: 'Nothing was taken over from the file, and nothing here has changed.', next }
}

/** A document that cannot be sealed, or shown in part, as it is. */
function unfit(rule: string, says: string, next = CORRECT): Refusal {
  return { rule, says, safe: 'Nothing was signed or written; the document is as it was.', next }
}

/** Terms that somebody proposed. */
function terms(rule: string, says: string): Refusal {
  const safe = 'The proposal stands in the log and binds nobody.'
  return { rule, says, safe, next: 'Who proposed it corrects it and asks anew: parley agreement check DRAFT' }
}

/** An approval that somebody signed. */
function approval(rule: string, says: string): Refusal {
  const safe = 'It does not count, and the revision waits for that party.'
  return { rule, says, safe, next: 'Its people approve again: parley agreement approve SPACE REVISION' }
}

/** A receipt for what was given. */
function receipt(says: string): Refusal {
  const safe = 'It settles nothing; what was released stays as it was.'
  return {
    rule: 'REC-4',
    says,
    safe,
    next: 'Its people sign again: parley reciprocity sign SPACE --from COMPANY'
  }
}

/** An audit log, a checkpoint or a proof. */
function audit(rule: string, says: string, next = 'See each finding: parley audit verify FOLDER'): Refusal {
  return {
    rule,
    says,
    safe: 'What is checked is not to be relied on; the logs of this node are as they were.',
    next
  }
}

/** A backup or snapshot. */
function backup(rule: string, says: string): Refusal {
  const safe = 'Nothing was restored, and the home is as it was.'
  return { rule, says, safe, next: 'Take another copy of the backup: parley backup restore FILE' }
}

const CONFLICTS = 'See what witnesses of this node hold: parley audit conflicts'
const VERIFY = 'Ask for the file again, and check it before use: parley verify FILE'
const CORRECT = 'Correct the field: parley set DOCUMENT FIELD=VALUE'

const OF_SEALS: { [code: string]: Refusal } = {
  'sealed-shape': sealed('DOC-1', 'The file is not in the form of a sealed document.'),
  'sealed-kind': sealed('DOC-3', 'The file is sealed as another kind than it says.'),
  'sealed-payload': sealed('DOC-4', 'What was signed is not in its form.'),
  'sealed-source': sealed('DOC-5', 'The sealed document does not say in its form where it comes from.'),
  'disclosure-source': sealed('DOC-6', 'A part that is shown is not of the document that it came from.'),
  'sealed-content': sealed('DOC-7', 'The content is not that of its kind.'),
  'sealed-signers': sealed('DOC-8', 'The list of those who sign is not in its form.'),
  'sealed-unsigned': sealed(
    'DOC-9',
    'Somebody who is named as a signer has not signed.',
    'Theirs to do: parley countersign FILE'
  ),
  'sealed-certificate': sealed('DOC-10', 'The certificate of a signer is missing or another one.'),
  'sealed-identity': sealed('DOC-10', 'The identity log of a signer is missing or another one.'),
  'identity-fork': sealed(
    'DOC-10',
    'A signing company has two identity logs that contradict each other.',
    'Ask both sides by phone; what is known: parley peers'
  ),
  'sealed-power': sealed('DOC-11', 'A signer had no power to seal.'),
  'sealed-validity': sealed('DOC-11', 'A signer signed outside the time of its certificate.'),
  'sealed-revoked': sealed('DOC-11', 'The key of a signer is revoked.'),
  'disclosure-encoding': sealed(
    'DOC-13',
    'A part that is shown is not in the one spelling that all must use.'
  ),
  'disclosure-shape': sealed('DOC-13', 'A part that is shown is not in its form.'),
  'disclosure-salt': sealed('DOC-14', 'A part that is shown has a salt of another length.'),
  'disclosure-name': sealed('DOC-15', 'A part that is shown has a name that parts may not have.'),
  'digest-shape': sealed('DOC-17', 'What stands for withheld parts is not in its form.'),
  'disclosure-order': sealed('DOC-19', 'The parts that are shown are not in their order.'),
  'disclosure-unknown': sealed('DOC-19', 'A part that is shown was never part of what was signed.'),
  'digest-repeated': sealed('DOC-20', 'Two withheld parts have one digest.'),
  'disclosure-place': sealed('DOC-21', 'A part that is shown stands where it does not belong.'),
  'disclosure-clash': sealed('DOC-21', 'Two parts that are shown have one place.'),
  'disclosure-depth': sealed('DOC-21', 'Parts within parts go deeper than they may.'),
  'disclosure-class': unfit(
    'DOC-23',
    'The grid does not let that field be shown.',
    'See what may be: parley grid KIND'
  ),
  'disclosure-field': unfit(
    'DOC-23',
    'The document has no such field to show.',
    'See its fields: parley grid KIND'
  ),
  'field-unknown': unfit(
    'ART-16',
    'The document has nothing in a field that was to be shared.',
    'See what stands there: parley show DOCUMENT --fields'
  ),
  'grid-field': unfit(
    'DOC-23',
    'The grid names a field that this kind does not have.',
    'See its fields: parley grid KIND'
  ),
  'grid-shape': unfit('DOC-23', 'The grid is not in its form.', 'A grid to begin with: parley grid KIND'),
  'artifact-number': unfit('ART-9', 'A number is no whole number that all programs read alike.'),
  'artifact-text': unfit('ART-9', 'A text holds half of a character.'),
  'artifact-type': unfit('ART-9', 'A field holds another type than belongs there.'),
  'artifact-place': unfit('ART-9', 'There is content in a place that this kind does not have.'),
  'artifact-value': unfit('ART-9', 'A value has no form in which it could be signed.'),
  'artifact-name': unfit('ART-10', 'A name is kept for what is withheld.'),
  'artifact-quantity': unfit('ART-11', 'A quantity is no decimal number such as 12.50.')
}

const OF_AGREEMENTS: { [code: string]: Refusal } = {
  'terms-shape': terms('AGR-1', 'The terms are not in their form.'),
  'terms-day': terms('AGR-1', 'A day in the terms does not exist, or they end before they start.'),
  'terms-place': terms('AGR-2', 'The terms are of another space, or follow no revision that they could.'),
  'terms-parties': terms(
    'AGR-2',
    'The parties are not those before, in their order, and behind them as many as it admits.'
  ),
  'terms-rendering': terms('AGR-3', 'The page that people would read is not that of these terms.'),
  'terms-amendment': terms('AGR-6', 'The threshold lets two groups amend apart, or nobody.'),
  'approval-shape': approval('AGR-8', 'An approval is not in its form.'),
  'approval-place': approval('AGR-8', 'An approval is of another space, revision or company.'),
  'approval-signatory': approval('AGR-8', 'An approval names another person or capacity than the terms.'),
  'approval-signer': approval('AGR-8', 'An approval is not signed by the key that signed its entry.'),
  'receipt-shape': receipt('A receipt is not in its form.'),
  'receipt-place': receipt('A receipt is of another space or company, or its units are out of order.'),
  'receipt-signer': receipt('A receipt is not signed by the key that signed its entry.')
}

const OF_AUDITS: { [code: string]: Refusal } = {
  'record-form': audit('AUD-3', 'A record of an audit log is not in its form.'),
  leaf: audit('AUD-2', 'A record is not the one that stands in the audit log: it was changed.'),
  'note-form': audit('AUD-5', 'A signed note is not in its form.'),
  'note-signature': audit('AUD-5', 'A signature on a checkpoint does not verify.'),
  'note-unsigned': audit('AUD-5', 'No key that is known signed the checkpoint.'),
  'checkpoint-form': audit('AUD-6', 'A checkpoint is not in its form.'),
  'checkpoint-empty': audit('AUD-6', 'A checkpoint of an empty log has a hash that no empty log has.'),
  origin: audit('AUD-9', 'The name of an audit log is not in its form.'),
  'opening-form': audit('AUD-11', 'The document that introduces an audit log is not in its form.'),
  'opening-signature': audit('AUD-11', 'An audit log was not introduced by the node that it names.'),
  'tile-form': audit('AUD-13', 'A tile of an audit log is not in its form.'),
  'proof-form': audit('AUD-14', 'A proof is not in its form.'),
  'proof-inclusion': audit(
    'AUD-14',
    'The proof does not lead to the checkpoint: the record is not in the log.'
  ),
  'proof-consistency': audit('AUD-18', 'A newer checkpoint does not contain the older one.', CONFLICTS),
  'request-form': audit('AUD-18', 'What a witness was asked is not in its form.'),
  'log-root': audit('AUD-16', 'The entries of an audit log do not give the root that was signed.'),
  'log-tile': audit('AUD-16', 'A tile of an audit log does not fit its entries.'),
  'log-missing': audit('AUD-16', 'Entries of an audit log are missing.'),
  'log-opened': audit('AUD-16', 'An audit log does not begin as its introduction says.'),
  'audit-rewritten': audit('AUD-23', 'Another company rewrote its audit log, and there is proof.', CONFLICTS),
  'audit-behind': audit(
    'AUD-19',
    'A log names less of the one before than was seen: a restore, or worse.',
    CONFLICTS
  ),
  'audit-silent': audit('AUD-25', 'A log does not prove that what two witnesses saw is one log.', CONFLICTS),
  'conflict-form': audit('AUD-22', 'The file is no proof of a rewritten log.'),
  'conflict-none': audit('AUD-22', 'The file does not prove that a log was rewritten.', CONFLICTS)
}

const OF_BACKUPS: { [code: string]: Refusal } = {
  'snapshot-format': backup('STO-19', 'The file is no snapshot of a store that this version reads.'),
  'snapshot-size': backup('STO-19', 'The snapshot is larger than it may be.'),
  'snapshot-record': backup('STO-19', 'A record of the snapshot is damaged.'),
  'snapshot-cut': backup('STO-19', 'The snapshot stops in the middle.')
}

export const DOCUMENT_REFUSALS: { readonly [code: string]: Refusal } = {
  ...OF_SEALS,
  ...OF_AGREEMENTS,
  ...OF_AUDITS,
  ...OF_BACKUPS
}
