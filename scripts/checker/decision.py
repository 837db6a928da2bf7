"""protocols/decision, sections 1 to 6: policies, messages, proofs of equivocation, ballots, and what they come to."""
import hashlib

from . import ed25519, identity, schema
from .cbor import Refused


def digest(*parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()


def is_ascending(items):
    return all(a < b for a, b in zip(items, items[1:]))


# ---- the policy


class Rule:
    """DEC-2, DEC-3: what a rule asks of an electorate of these weights."""

    def __init__(self, rule, weights):
        self.total = sum(weights)
        self.faulty = max((self.total - 1) // 3, *weights)
        self.is_unanimity = rule["method"] == "unanimity"
        self.turnout = rule["turnout"]
        self.threshold = self.total if self.is_unanimity else self.majority(rule["moreThan"])
        if self.threshold <= self.faulty:
            raise Refused("policy-threshold")
        self.close = max((self.total + self.faulty) // 2 + 1, self.total + self.faulty + 1 - self.threshold)

    def majority(self, part):
        if not part["denominator"] <= 2 * part["numerator"] < 2 * part["denominator"]:
            raise Refused("policy-threshold")
        return self.total * part["numerator"] // part["denominator"] + 1

    def has_turnout(self, weight):
        return weight * self.turnout["denominator"] >= self.total * self.turnout["numerator"]


class Policy:
    """DEC-1, DEC-2."""

    def __init__(self, policy):
        if not schema.fits(policy, schema.load("decision/policy")):
            raise Refused("policy-shape")
        self.weights = {(e["company"], e["role"]): e["weight"] for e in policy["electors"]}
        self.criteria = {c["key"]: c["weight"] for c in policy["criteria"]}
        self.recommend_at = policy["recommendAt"]
        rules = policy["rules"]
        good = (
            len(self.weights) == len(policy["electors"])
            and len(self.criteria) == len(policy["criteria"])
            and "default" in rules
            and all(rule["turnout"]["numerator"] <= rule["turnout"]["denominator"] for rule in rules.values())
            and identity.is_name(policy["title"], 200)
        )
        if not good:
            raise Refused("policy-shape")
        self.rules = {kind: Rule(rule, self.weights.values()) for kind, rule in rules.items()}
        if not self.rule_for("StandardsDoc.v1").is_unanimity:
            raise Refused("policy-standards")

    def rule_for(self, kind):
        return self.rules.get(kind, self.rules["default"])

    def weight(self, electors):
        return sum(self.weights[elector] for elector in set(electors))

    def company_weight(self, companies):
        return sum(weight for (company, _), weight in self.weights.items() if company in companies)


# ---- messages

KINDS = ("initiation", "context", "commitment", "close", "reveal", "settle", "rationale", "mediation")
# Section 10: bytes, brackets open at one time, brackets and commas.
INITIATION_MAX, MESSAGE_MAX, PROOF_MAX = (49_152, 8, 4_000), (16_384, 8, 1_000), (2 * 1024 * 1024, 6, 200)
CERTIFICATE = "role-certificate.v1"


def kind_of(envelope):
    for kind in KINDS:
        if isinstance(envelope, dict) and envelope.get("payloadType") == f"application/vnd.parley.decision-{kind}.v1+json":
            return kind
    raise Refused("dsse-type")


class Message:
    """DEC-4: a message by itself, without who signed it or what it is about."""

    def __init__(self, envelope, kind):
        payload, self.signed, signatures = identity.open_dsse(envelope, f"decision-{kind}.v1")
        if len(signatures) != 1 or "keyid" in envelope["signatures"][0]:
            raise Refused("dsse-shape")
        self.kind, self.signature = kind, signatures[0]
        self.facts = identity.parse_jcs(payload, *(INITIATION_MAX if kind == "initiation" else MESSAGE_MAX))
        if not schema.fits(self.facts, schema.load("decision/messages")["$defs"][f"decision-{kind}.v1"]):
            raise Refused("document-shape")
        self.id = digest(self.signed)
        self.company, self.key = self.facts["company"], self.facts["key"]
        self.elector = (self.company, self.facts["role"])
        self.time = identity.instant(self.facts["time"], "message-time")
        if kind == "initiation":
            self.check_initiation()

    def slot(self):
        """DEC-8: where two of one key are one too many."""
        return self.kind, self.facts.get("decision"), self.facts.get("round"), self.elector, self.key

    def check_statement(self):
        """DEC-13, as far as the statement itself goes."""
        if not is_ascending(self.facts["set"]) or not is_ascending(self.facts["because"]):
            raise Refused("round-set")
        if self.facts["round"] == 0 and self.facts["because"]:
            raise Refused("round-because")

    def check_initiation(self):
        """DEC-10."""
        facts = self.facts
        self.policy = Policy(facts["policy"])
        subject = facts.get("subject", {"heads": [], "kind": "default"})
        self.rule = self.policy.rule_for(subject["kind"])
        titles = [facts["title"], *(option["title"] for option in facts["options"])]
        good = (
            len(facts["voices"]) == len(self.policy.weights)
            and all(identity.is_name(title, 200) for title in titles)
            and is_ascending([head["client"] for head in subject["heads"]])
            and (subject["kind"] == "StandardsDoc.v1") == ("release" in subject)
            and is_ascending(facts.get("revises", {}).get("mediation", []))
        )
        if not good:
            raise Refused("initiation-shape")
        deadlines = [identity.instant(facts[name], "initiation-deadlines") for name in ("commitBy", "revealBy")]
        if not is_ascending(deadlines):
            raise Refused("initiation-deadlines")
        self.voices = dict(zip(self.policy.weights, facts["voices"]))

    def check_signer(self, name, document):
        """DEC-5, DEC-9, and of DEC-7 what the certificate alone tells: a valid one, and its id."""
        if [name, *(document[m] for m in ("company", "role", "key"))] != [self.facts["certificate"], *self.elector, self.key]:
            raise Refused("message-signer")
        if not ed25519.verify(identity.multikey(self.key), self.signed, self.signature):
            raise Refused("signature")
        start, end = (identity.instant(document[name], "certificate-validity") for name in ("validFrom", "validUntil"))
        if not start <= self.time < end:
            raise Refused("message-time")
        power, role = ("mediate", "CEO") if self.kind == "mediation" else ("vote", document["role"])
        if power not in document["powers"] or role != document["role"]:
            raise Refused("message-power")

    def check_power(self, initiation):
        """DEC-7."""
        if self.kind == "mediation":
            good = initiation.policy.company_weight([self.company]) > 0
        else:
            good = self.elector in initiation.policy.weights
        if not good or (self.kind in ("close", "settle") and initiation.voices[self.elector] != self.key):
            raise Refused("message-power")


# ---- proofs


class Proof:
    """A file that proves something by itself. `verify` takes the steps one after the other; `passed` says which held."""

    steps = ()

    def __init__(self, data):
        self.data, self.passed = data, []

    def verify(self):
        for sentence, step in self.steps:
            step(self)
            self.passed.append(sentence)
        return self


def read_certificate(text, log):
    """What a role certificate says, and which version of the log signed it, counted from 1."""
    document, _ = identity.read_document(text, CERTIFICATE, log)
    return document, list(log.roots).index(document["issuer"]) + 1


class Equivocation(Proof):
    """DEC-8, DEC-31."""

    def read(self):
        self.file = identity.parse_jcs(self.data, *PROOF_MAX)
        if not schema.fits(self.file, schema.load("decision/equivocation")):
            raise Refused("proof-shape")
        self.messages = [Message(envelope, kind_of(envelope)) for envelope in self.file["messages"]]

    def check_slot(self):
        first, second = self.messages
        is_for_one = first.kind in ("context", "commitment", "close", "reveal", "settle")
        if not is_for_one or first.id >= second.id or first.slot() != second.slot():
            raise Refused("proof-none")

    def check_certificates(self):
        self.log = identity.read_log(self.file["identity"])
        if self.log.did != self.messages[0].company:
            raise Refused("proof-none")
        last = 0
        for message, envelope in zip(self.messages, self.file["certificates"]):
            text = identity.jcs(envelope).encode()
            document, version = read_certificate(text, self.log)
            message.check_signer(digest(identity.parse_dsse(text, CERTIFICATE)[0]), document)
            last = max(last, version)
        if last < len(self.log.roots):
            raise Refused("proof-none")

    def shows(self):
        first = self.messages[0]
        told = {name: first.facts[name] for name in ("decision", "company", "role", "key", "round") if name in first.facts}
        return told | {"kind": f"decision-{first.kind}.v1", "legalName": self.log.name}


Equivocation.steps = (
    ("The file is a proof in its one spelling; its two messages are whole.", Equivocation.read),
    ("They differ, and stand where one key says one thing.", Equivocation.check_slot),
    ("Both are signed by a key that its company had certified for the role at the time they claim.", Equivocation.check_certificates),
)


# ---- ballots


def check_ballot(reveal, initiation):
    """DEC-12, as far as the ballot itself goes."""
    ballot, facts = reveal.facts["ballot"], initiation.facts
    if [ballot[name] for name in ("decision", "company", "role", "key")] != [initiation.id, *reveal.elector, reveal.key]:
        raise Refused("ballot-shape")
    if ("option" in ballot) != (ballot["choice"] == "option") or ballot.get("option", 0) >= len(facts["options"]):
        raise Refused("ballot-choice")
    scored = [score["option"] for score in ballot["scores"]]
    known = all(score["criteria"].keys() <= initiation.policy.criteria.keys() for score in ballot["scores"])
    if not known or not is_ascending(scored) or any(option >= len(facts["options"]) for option in scored):
        raise Refused("ballot-scores")
    if initiation.rule.is_unanimity and ballot["choice"] == "reject" and "objection" not in ballot:
        raise Refused("ballot-objection")


def opens(reveal, commitment):
    """DEC-12: the reveal gives what the commitment hides."""
    ballot = identity.jcs(reveal.facts["ballot"]).encode()
    committed = digest(b"parley/ballot/1\n", bytes.fromhex(reveal.facts["salt"]), ballot)
    same = (reveal.elector, reveal.key) == (commitment.elector, commitment.key)
    return same and committed == commitment.facts["commitment"]


def ballots(commitments, reveals):
    """Of each elector that has one, its ballot (DEC-20)."""
    counted = {}
    for elector in {commitment.elector for commitment in commitments}:
        closed = sorted((c for c in commitments if c.elector == elector), key=lambda c: c.id)
        found = [next((r.facts["ballot"] for r in reveals if opens(r, c)), None) for c in closed]
        is_one_holder = len({c.key for c in closed}) == len(closed)
        choices = {ballot and (ballot["choice"], ballot.get("option")) for ballot in found}
        if is_one_holder and None not in found and len(choices) == 1:
            counted[elector] = found[0]
    return counted


class Tally:
    """DEC-20 to DEC-22 and DEC-24 for these ballots."""

    def __init__(self, initiation, counted):
        self.policy, self.rule, self.counted = initiation.policy, initiation.rule, counted
        self.titles = [option["title"] for option in initiation.facts["options"]]
        self.approve = [self.weight("option", option) for option in range(len(self.titles))]
        self.turnout = self.policy.weight(counted)
        reached = [option for option, weight in enumerate(self.approve) if weight >= self.rule.threshold]
        self.approved = reached[0] if reached and self.rule.has_turnout(self.turnout) else None

    def weight(self, choice, option=None):
        return self.policy.weight(e for e, b in self.counted.items() if (b["choice"], b.get("option")) == (choice, option))

    def voters(self):
        """Who has a ballot for what is approved."""
        return {e for e, b in self.counted.items() if b.get("option", -1) == self.approved}

    def score(self, ballot, option):
        criteria = next((score["criteria"] for score in ballot["scores"] if score["option"] == option), {})
        if criteria.keys() != self.policy.criteria.keys():
            return None
        return sum(score * self.policy.criteria[key] for key, score in criteria.items())

    def median(self, option):
        scored = [(self.score(ballot, option), self.policy.weights[elector]) for elector, ballot in self.counted.items()]
        scored = sorted(row for row in scored if row[0] is not None)
        below, total = 0, sum(weight for _, weight in scored)
        for score, weight in scored:
            below += weight
            if 2 * below >= total:
                return score
        return None

    def recommendation(self):
        """DEC-21."""
        medians = [self.median(option) for option in range(len(self.titles))]
        weight = sum(self.policy.criteria.values())
        told, most = {"medians": medians, "outOf": 5 * weight}, max((m for m in medians if m is not None), default=-1)
        if most >= 0 and 10 * most >= self.policy.recommend_at * weight:
            told["option"] = medians.index(most)
        return told

    def is_against(self, recommendation):
        """DEC-22."""
        is_scored = any(median is not None for median in recommendation["medians"])
        return self.approved is not None and is_scored and recommendation.get("option") != self.approved

    def outcome(self):
        """DEC-24, but for the mediation record."""
        recommendation = self.recommendation()
        counts = {"abstain": self.weight("abstain"), "approve": self.approve, "reject": self.weight("reject")}
        counts |= {"needed": self.rule.threshold, "of": self.rule.total, "turnout": self.turnout}
        told = {"against": self.is_against(recommendation), "recommendation": recommendation, "tally": counts}
        if self.approved is not None:
            return told | {"approved": {"option": self.approved, "title": self.titles[self.approved]}}
        reasons = {
            "turnout": not self.rule.has_turnout(self.turnout),
            "threshold": max(self.approve) < self.rule.threshold,
            "objection": any("objection" in ballot for ballot in self.counted.values()),
        }
        return told | {"failed": [name for name, applies in reasons.items() if applies]}
