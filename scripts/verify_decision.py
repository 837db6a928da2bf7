#!/usr/bin/env python3
"""Whether a decision certificate holds (protocols/decision, section 7), or a proof that somebody said two things in
a decision (DEC-31), by a program that shares no code with the node.

    python3 scripts/verify_decision.py FILE [--trust FILE]

Needs Python 3.11, the folder `protocols` beside `scripts`, and nothing else. The trust file names the companies that
you know, one did a line; `#` begins a comment. Exits with 0 if the certificate holds and you know all companies that
signed, 8 if it holds and you do not know all of them, 6 if it does not hold, 2 if the command line is wrong."""
import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from checker import identity  # noqa: E402
from checker.agreement import HIDDEN  # noqa: E402
from checker.cbor import Refused  # noqa: E402
from checker.certificate import BYTES_MAX, Certificate  # noqa: E402
from checker.decision import Equivocation  # noqa: E402

WORDS = Path(__file__).resolve().parent.parent / "protocols" / "identity" / "words.txt"
VERIFIED, REFUSED, UNPINNED = 0, 6, 8
# In JCS, members stand in the order of their names, and this one is the last.
EQUIVOCATION = b'"parley":"equivocation.v1"}'

# The longest beginning that fits explains a code.
MEANINGS = {
    "ballot-": "a ballot is not one that the rules allow",
    "ballot-commitment": "a ballot is not the one that its elector had committed to",
    "certificate-": "a role certificate is not one that its company could have given",
    "certificate-closed": "the commitments in the file are not those that the electors closed",
    "certificate-decision": "a message belongs to another decision, or the initiation was changed",
    "certificate-extra": "the file holds what the decision does not need",
    "certificate-missing": "a message, a role certificate or an identity log is missing",
    "certificate-order": "what the file holds is out of order, or there twice",
    "certificate-outcome": "counted anew, the ballots come to something else than the file states",
    "certificate-quorum": "too few electors have closed or settled with one another",
    "certificate-settled": "the ballots in the file are not those that the electors settled",
    "certificate-shape": "the file does not have the shape of a certificate",
    "certificate-validity": "a role certificate is valid for no time, or for too long",
    "document-": "a message or role certificate has the wrong shape",
    "dsse-": "a message or role certificate is not signed as it should be",
    "identity-": "the identity log of a company is broken",
    "initiation-": "the initiation is not one that the rules allow",
    "jcs-": "the file, or something in it, is no JSON in its one spelling",
    "key-": "a key is not one that may sign",
    "mediation-": "companies of too little weight agreed on one record of mediation, or a part of it is missing",
    "message-": "somebody signed what the role, the key or the time did not allow",
    "policy-": "the policy is not one that may decide anything",
    "proof-none": "it does not show one key saying two things, or holds more than that takes",
    "proof-shape": "the file does not have the shape of a proof",
    "rationale-missing": "it goes against the scores, and none of those who voted for it says why",
    "round-": "the statements that close or settle do not build on one another",
    "signature": "a signature is not by the key that is named",
}

NEXT = {
    Certificate: "Ask a company of the decision for its certificate.",
    Equivocation: "Accuse nobody with it. Ask whoever gave it to you for the file as it was made.",
}


def plain(text):
    """What a party wrote must not move the cursor or hide anything."""
    return HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def meaning(code):
    return max(((start, text) for start, text in MEANINGS.items() if code.startswith(start)), default=("", "the rule of that name is broken"), key=lambda row: len(row[0]))[1]


def trusted(path):
    """The companies that a trust file names."""
    try:
        text = Path(path).read_text("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8") from None
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    wrong = [n for n, line in enumerate(lines, 1) if line and (not line.startswith("did:webvh:") or len(line.split()) > 1)]
    if wrong:
        raise ValueError(f"line {wrong[0]} of {path} is no did: write one `did:webvh:...` a line")
    return set(filter(None, lines))


def show_decision(certificate):
    facts, outcome = certificate.begun.facts, certificate.outcome
    tally, shown = outcome["tally"], outcome["recommendation"].get("option")
    titles = [plain(option["title"]) for option in facts["options"]]
    print(f"\ndecision {certificate.begun.id}")
    print(f"{plain(facts['title'])}: {plain(facts['question'])}")
    if "approved" in outcome:
        print(f"approved: {titles[outcome['approved']['option']]}")
    else:
        print(f"nothing was approved: {', '.join(outcome['failed'])}")
    for title, weight in zip(titles, tally["approve"]):
        print(f"  {weight} of {tally['of']} for {title}; needed {tally['needed']}")
    print(f"  {tally['reject']} against all, {tally['abstain']} abstained, {tally['of'] - tally['turnout']} did not vote")
    print(f"  recommended by the scores: {'none' if shown is None else titles[shown]}")
    for rationale in certificate.rationales:
        print(f"  decided otherwise, since: {plain(rationale.facts['text'])}")
    if "mediation" in outcome:
        record = outcome["mediation"]
        print(f"  mediation: {record['outcome']}, since: {plain(record['rationale'])}")
    print(f"initiated {facts['time']}, as claimed")


def show_equivocation(proof):
    shown = proof.shows()
    place = proof.messages[0].kind + (f" of round {shown['round']}" if "round" in shown else "")
    print(f"\ndecision {shown['decision']}")
    print(f"One key of the {shown['role']} of {shown['legalName']} has signed two different messages as its {place}:")
    for message in proof.messages:
        print(f"  {message.id}, signed {message.facts['time']}, as claimed")


def show_companies(logs, pinned, silent=()):
    """Whether all that signed are known."""
    words = WORDS.read_text("utf-8").split()
    print("\nsigned by")
    for did, log in logs.items():
        print(f"  {log.name} ({log.registration}){'' if did in pinned else '  UNPINNED'}")
        print(f"    {did}\n    {identity.words_of(did, words)}")
    for did in sorted(silent):
        print(f"  nothing is signed by {plain(did)}\n    {identity.words_of(did, words)}")
    return logs.keys() <= pinned


def show_content(proof, pinned):
    if isinstance(proof, Equivocation):
        show_equivocation(proof)
        return show_companies({proof.log.did: proof.log}, pinned)
    show_decision(proof)
    silent = {company for company, _ in proof.policy.weights} - proof.logs.keys()
    return show_companies(proof.logs, pinned, silent)


def verify(data, pinned):
    proof = Equivocation(data) if data.endswith(EQUIVOCATION) else Certificate(data)
    try:
        proof.verify()
    except Refused as refused:
        show_passed(proof)
        print(f"no  {meaning(refused.code)}")
        print(f"\nREFUSED ({refused.code}). It proves nothing. {NEXT[type(proof)]}")
        return REFUSED
    show_passed(proof)
    if show_content(proof, pinned):
        print("\nVERIFIED. You know all companies that signed.")
        return VERIFIED
    print("\nVERIFIED, but UNPINNED: anybody can make up a company. Call those marked so by a number that you")
    print("know from elsewhere, compare the eight words, and put their did into the trust file (--trust FILE).")
    return UNPINNED


def show_passed(proof):
    for sentence in proof.passed:
        print(f"ok  {sentence}")


def main():
    sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(description="Verifies a decision certificate, or a proof of equivocation, offline.")
    parser.add_argument("file", metavar="FILE", help="the certificate, or the proof")
    parser.add_argument("--trust", metavar="FILE", help="companies that you know, one did a line")
    options = parser.parse_args()
    try:
        pinned = trusted(options.trust) if options.trust else set()
        with open(options.file, "rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        parser.error(f"cannot read {error.filename}: {error.strerror}")
    except ValueError as error:
        parser.error(str(error))
    return verify(data, pinned)


sys.exit(main())
