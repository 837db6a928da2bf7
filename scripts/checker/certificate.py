"""protocols/decision, sections 5, 7 and 8: whether a file proves what it says of a decision."""
from . import identity, schema
from .cbor import Refused
from .decision import CERTIFICATE, Message, Proof, Tally, ballots, check_ballot, digest, is_ascending, opens, read_certificate

KIND_OF = {"initiation": "initiation", "before": "mediation", "contexts": "context", "commitments": "commitment"}
KIND_OF |= {"closes": "close", "reveals": "reveal", "settles": "settle", "rationales": "rationale", "mediations": "mediation"}

# Section 10.
BYTES_MAX, DEPTH_MAX, ITEMS_MAX = 8 * 1024 * 1024, 10, 20_000


def in_order(ids):
    if not is_ascending(ids):
        raise Refused("certificate-order")


def same_names(have, want):
    if set(want) - set(have):
        raise Refused("certificate-missing")
    if set(have) - set(want):
        raise Refused("certificate-extra")


class Certificate(Proof):
    """DEC-23 to DEC-27."""

    def read(self):
        self.file = identity.parse_jcs(self.data, BYTES_MAX, DEPTH_MAX, ITEMS_MAX)
        if not schema.fits(self.file, schema.load("decision/certificate")):
            raise Refused("certificate-shape")
        for group, kind in KIND_OF.items():
            messages = [Message(envelope, kind) for envelope in self.file["messages"][group]]
            in_order([message.id for message in messages])
            setattr(self, group, messages)
        for statement in self.closes + self.settles:
            statement.check_statement()

    def messages(self):
        return [message for group in KIND_OF for message in getattr(self, group)]

    def check_decision(self):
        if [message.id for message in self.initiation] != [self.file["decision"]]:
            raise Refused("certificate-decision")
        [self.begun] = self.initiation
        self.policy, self.rule = self.begun.policy, self.begun.rule
        earlier = self.begun.facts.get("revises", {}).get("decision")
        for message in self.messages():
            named = {"initiation": None, "mediation": earlier}.get(message.kind, self.begun.id)
            if message in self.mediations:
                named = self.begun.id
            if message.facts.get("decision") != named:
                raise Refused("certificate-decision")

    def check_logs(self):
        logs = list(map(identity.read_log, self.file["identities"]))
        in_order([log.did for log in logs])
        same_names([log.did for log in logs], [message.company for message in self.messages()])
        self.logs = {log.did: log for log in logs}

    def check_certificates(self):
        texts = [identity.jcs(envelope).encode() for envelope in self.file["certificates"]]
        ids = [digest(identity.parse_dsse(text, CERTIFICATE)[0]) for text in texts]
        in_order(ids)
        same_names(ids, [message.facts["certificate"] for message in self.messages()])
        held, last = dict(zip(ids, texts)), dict.fromkeys(self.logs, 0)
        self.documents = {}
        for name, company in {(message.facts["certificate"], message.company) for message in self.messages()}:
            self.documents[name], version = read_certificate(held[name], self.logs[company])
            last[company] = max(last[company], version)
        if any(last[log.did] < len(log.roots) for log in self.logs.values()):
            raise Refused("certificate-extra")

    def check_signers(self):
        for message in self.messages():
            name = message.facts["certificate"]
            message.check_signer(name, self.documents[name])

    def check_powers(self):
        for message in self.messages():
            message.check_power(self.begun)

    def check_before(self):
        """DEC-11, DEC-27."""
        named = set(self.begun.facts.get("revises", {}).get("mediation", []))
        have = {message.id for message in self.before}
        if named - have:
            raise Refused("mediation-missing")
        same_names(have, named)
        if named:
            self.check_agreed(self.before, ("revise", "subset"))

    def check_agreed(self, messages, outcomes):
        companies = [message.company for message in messages]
        records = {(identity.jcs(message.facts["record"]), message.facts["settled"]) for message in messages}
        good = len(set(companies)) == len(companies) and len(records) == 1 and messages[0].facts["record"]["outcome"] in outcomes
        if not good or self.policy.company_weight(companies) < self.rule.close:
            raise Refused("mediation-weight")

    def check_commitments(self):
        electors = [commitment.elector for commitment in self.commitments]
        if any(electors.count(elector) > 2 for elector in electors):
            raise Refused("round-set")
        named = {commitment.facts.get("context") for commitment in self.commitments}
        if not {context.id for context in self.contexts} <= named:
            raise Refused("certificate-extra")

    def check_closes(self):
        closed = [commitment.id for commitment in self.commitments]
        if any(close.facts["set"] != closed for close in self.closes):
            raise Refused("certificate-closed")
        self.check_rounds(self.closes, self.carry_set)

    def check_reveals(self):
        for reveal in self.reveals:
            check_ballot(reveal, self.begun)
            if not any(opens(reveal, commitment) for commitment in self.commitments):
                raise Refused("ballot-commitment")

    def check_settles(self):
        if {id for settle in self.settles for id in settle.facts["set"]} != {reveal.id for reveal in self.reveals}:
            raise Refused("certificate-settled")
        for settle in self.settles:
            electors = [reveal.elector for reveal in self.named(settle)]
            if any(electors.count(elector) > 2 for elector in electors):
                raise Refused("round-set")
        if len({self.value(settle) for settle in self.settles}) > 1:
            raise Refused("round-lock")
        self.check_rounds(self.settles, self.carry_ballots)
        self.tally = self.tally_of(self.reveals)

    def named(self, *settles):
        ids = {id for settle in settles for id in settle.facts["set"]}
        return [reveal for reveal in self.reveals if reveal.id in ids]

    def tally_of(self, reveals):
        return Tally(self.begun, ballots(self.commitments, reveals))

    def value(self, settle):
        approved = self.tally_of(self.named(settle)).approved
        return tuple(settle.facts["set"]) if approved is None else approved

    def carry_set(self, statements):
        """Those of statements with one value that carry it (DEC-13)."""
        return statements if self.weight(statements) >= self.rule.close else []

    def carry_ballots(self, settles):
        own = self.tally_of(self.named(*settles))
        few = [settle for settle in settles if own.approved is not None and settle.elector in own.voters()]
        return self.carry_set(settles) or (few if self.weight(few) >= self.rule.threshold else [])

    def weight(self, statements):
        return self.policy.weight(statement.elector for statement in statements)

    def check_rounds(self, statements, carry):
        """DEC-13 to DEC-18, as far as a file shows them: statements of the last round, and what they are locked by."""
        last = max((statement.facts["round"] for statement in statements), default=-1)
        final = [statement for statement in statements if statement.facts["round"] == last]
        earlier = [statement for statement in statements if statement.facts["round"] == last - 1]
        if len({statement.elector for statement in final}) < len(final) or not carry(final):
            raise Refused("certificate-quorum")
        if len(carry(final)) < len(final):
            raise Refused("certificate-extra")
        seen = set()
        for statement in final:
            named = [other for other in earlier if other.id in statement.facts["because"]]
            if len({other.elector for other in named}) < len(named) or not carry(named):
                raise Refused("round-because")
            seen |= set(named)
        if len(final) + len(seen) < len(statements):
            raise Refused("certificate-extra")

    def check_outcome(self):
        outcome = self.tally.outcome()
        if self.mediations:
            outcome["mediation"] = self.mediations[0].facts["record"]
        if identity.jcs(self.file["outcome"]) != identity.jcs(outcome):
            raise Refused("certificate-outcome")
        self.outcome = outcome

    def check_rationale(self):
        """DEC-22."""
        is_asked = self.outcome["against"]
        if is_asked and not self.rationales:
            raise Refused("rationale-missing")
        if len(self.rationales) > is_asked:
            raise Refused("certificate-extra")
        if any(rationale.elector not in self.tally.voters() for rationale in self.rationales):
            raise Refused("rationale-missing")

    def check_mediations(self):
        """DEC-25."""
        if self.mediations and self.tally.approved is not None:
            raise Refused("certificate-extra")
        settled = digest("".join(f"{reveal.id}\n" for reveal in self.reveals).encode())
        if any(mediation.facts["settled"] != settled for mediation in self.mediations):
            raise Refused("mediation-weight")
        if self.mediations:
            self.check_agreed(self.mediations, ("revise", "subset", "lapse"))


Certificate.steps = (
    ("The file is a certificate in its one spelling; its messages are whole and in order.", Certificate.read),
    ("All messages are of the decision that the file names.", Certificate.check_decision),
    ("It holds the identity logs of all companies that signed, and no others; they are unbroken.", Certificate.check_logs),
    ("It holds the certificates of all keys that signed, and no others; the companies' root keys signed them.", Certificate.check_certificates),
    ("Each message is signed by a key that its company had certified for the role at the time it claims.", Certificate.check_signers),
    ("All who signed are of the electorate, and each elector closed and settled with its one voice.", Certificate.check_powers),
    ("What it says of an earlier decision, the companies agreed on by mediation.", Certificate.check_before),
    ("Each commitment is of an elector, none of whom has more than two, with the contexts that they name.", Certificate.check_commitments),
    ("The commitments were closed for good by enough of the electorate.", Certificate.check_closes),
    ("Each ballot is the one that its elector committed to.", Certificate.check_reveals),
    ("The ballots were settled for good by enough of the electorate.", Certificate.check_settles),
    ("Where there was mediation, companies of enough weight signed one record.", Certificate.check_mediations),
    ("Counted anew, the ballots come to the outcome that the file states.", Certificate.check_outcome),
    ("Where the outcome goes against the scores, one of those who voted for it says why.", Certificate.check_rationale),
)
