// What it means that something of a decision was refused: sentences by code. protocols/decision.
import type { Refusal } from './refusal.ts'

const POLICY = 'Correct the policy and look again: parley policy check FILE'
const SHOW = 'See how far it is: parley decision show DECISION'
const CERTIFICATE = 'Ask whoever gave you the file for a new one, and check it: parley verify FILE'

function policy(rule: string, says: string): Refusal {
  return { rule, says, safe: 'Nothing was begun under it.', next: POLICY }
}

function message(rule: string, says: string): Refusal {
  const safe = 'It was not taken in, and the decision stands as it was.'
  return { rule, says, safe, next: SHOW }
}

function ballot(says: string): Refusal {
  const safe = 'The ballot does not count, and no other hangs on it.'
  return {
    rule: 'DEC-12',
    says,
    safe,
    next: 'Begin another decision, in which the elector can vote anew: parley decision start --help'
  }
}

/** What this company's own node was asked to say. */
function own(says: string): Refusal {
  return { rule: 'SYN-65', says, safe: 'Nothing was signed that anybody has seen.', next: SHOW }
}

function certificate(rule: string, says: string): Refusal {
  return { rule, says, safe: 'The file proves nothing; the decision itself is untouched.', next: CERTIFICATE }
}

/** Each file may hold by itself; they do not belong together. */
function release(says: string): Refusal {
  const safe = 'What was sealed stands, but not as what that decision released.'
  const next = 'Ask its signers for the right certificate: parley verify FILE --decision CERTIFICATE'
  return { rule: 'DEC-33', says, safe, next }
}

export const DECISION_REFUSALS: { readonly [code: string]: Refusal } = {
  'policy-shape': policy('DEC-1', 'The decision policy is not in its form.'),
  'policy-threshold': policy('DEC-2', 'Under the policy one party could decide alone, or two halves apart.'),
  'policy-standards': policy('DEC-2', 'The policy would impose standards: these need unanimity.'),
  'message-signer': message(
    'DEC-5',
    'A message of a decision is not by the key, role or decision that it names.'
  ),
  'message-power': message('DEC-7', 'A message of a decision is by somebody who has no say in it.'),
  'message-time': message(
    'DEC-9',
    'A message of a decision was signed outside the validity of its certificate.'
  ),
  'initiation-shape': message('DEC-10', 'What was to begin a decision is not in its form.'),
  'initiation-deadlines': message(
    'DEC-10',
    'A decision would have ballots revealed before all are committed.'
  ),
  'ballot-shape': ballot('A ballot is of another elector or decision than it says.'),
  'ballot-choice': ballot('A ballot chooses an option that the decision does not have.'),
  'ballot-scores': ballot('A ballot scores what is no option or no criterion.'),
  'ballot-objection': ballot('A no to a standard does not say what would make it a yes.'),
  'ballot-commitment': ballot('A ballot is not the one that its elector committed to.'),
  'round-because': certificate('DEC-13', 'A statement of who closes or settles rests on too little.'),
  'round-set': certificate('DEC-17', 'A statement leaves out what it had to name, or names it twice.'),
  'round-lock': certificate('DEC-15', 'A statement contradicts what was locked before it.'),
  'proof-shape': certificate('DEC-31', 'The file is no proof that somebody has said two things.'),
  'proof-none': certificate(
    'DEC-31',
    'The file does not show one key saying two things, or holds more than that takes.'
  ),
  'rationale-missing': certificate('DEC-22', 'The scores recommend something else, and nobody says why not.'),
  'mediation-missing': certificate('DEC-27', 'The mediation that a revised decision rests on is not there.'),
  'mediation-weight': certificate(
    'DEC-27',
    'Too few companies have signed the mediation, or not one and the same.'
  ),
  'certificate-shape': certificate('DEC-23', 'The file is no certificate of a decision.'),
  'certificate-order': certificate(
    'DEC-23',
    'Parts of the certificate stand in another order than they must.'
  ),
  'certificate-missing': certificate(
    'DEC-23',
    'A certificate or identity log of a signer is not in the file, or was changed.'
  ),
  'certificate-extra': certificate(
    'DEC-23',
    'The file holds what the decision does not need, or lacks what needs it.'
  ),
  'certificate-decision': certificate('DEC-23', 'A part of the file is of another decision.'),
  'certificate-closed': certificate('DEC-23', 'The commitments are not those that were closed.'),
  'certificate-settled': certificate('DEC-23', 'The ballots are not those that were settled.'),
  'certificate-quorum': certificate('DEC-23', 'Too little weight stands behind the outcome.'),
  'certificate-outcome': certificate('DEC-24', 'The ballots do not come to what the file states.'),
  'release-none': release('The decision has approved no version of a standard.'),
  'release-other': release('The document is not what was decided on.'),
  'slot-taken': own('This key has already said something else in that place.'),
  'message-early': own('What the message names is not here yet, or there is no room for it.'),
  'decisions-many': own('Your company has begun as many decisions in this space as it may.'),
  'decision-unknown': own('There is no such decision, or no such space, on this node.'),
  'certificate-incomplete': {
    rule: 'DEC-23',
    says: 'The decision has no certificate yet.',
    safe: 'All that was said in it is kept.',
    next: SHOW
  }
}
