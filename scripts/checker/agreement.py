"""protocols/agreement: terms, approvals, and what the words in a space log come to."""
import datetime
import hashlib
import re

from . import ed25519, identity, schema
from .cbor import Refused


def is_day(text):
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def read_terms(data, space_id, founders):
    """AGR-1 to AGR-3, and AGR-6."""
    terms = identity.parse_jcs(data, 49_152, 8, 4_000)
    if not schema.fits(terms, schema.load("agreement/terms"), schema.units):
        raise Refused("terms-shape")
    days = [terms["starts"], *(c["day"] for c in terms["antitrust"]["counsel"])] + ([terms["ends"]] if "ends" in terms else [])
    if not all(map(is_day, days)) or terms.get("ends", terms["starts"]) < terms["starts"]:
        raise Refused("terms-day")
    names = [terms["title"]]
    for party in terms["parties"]:
        names += [party[name] for name in ("name", "registration", "jurisdiction", "signatory", "capacity")]
    if not all(identity.is_name(name, 200) for name in names):
        raise Refused("terms-shape")
    if terms["space"] != space_id.hex() or (terms["number"] == 1) == ("before" in terms):
        raise Refused("terms-place")
    named, admits = [party["company"] for party in terms["parties"]], terms.get("admits", 0)
    if terms["number"] == 1 and (admits or len(named) != len(founders)):
        raise Refused("terms-parties")
    if named[: len(founders)] != list(founders) or len(named) - admits < len(founders) or len(set(named)) != len(named) or "" in named:
        raise Refused("terms-parties")
    if len(founders) == 1 and len(named) > 1:
        raise Refused("terms-parties")
    weights, threshold = terms["amendment"]["weights"], terms["amendment"]["threshold"]
    if len(weights) != len(named) or not sum(weights) // 2 < threshold <= sum(weights):
        raise Refused("terms-amendment")
    if hashlib.sha256(page(terms).encode()).hexdigest() != terms["rendering"]:
        raise Refused("terms-rendering")
    return terms


HIDDEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
IP = {
    "community-spec-1.0": "Community Specification License 1.0, with its notices and patent exclusions",
    "w3c-royalty-free": "royalty-free, as the W3C patent policy grants it",
    "rand": "reasonable and non-discriminatory terms",
    "none": "no licence is granted by this agreement",
}
PROFILES = {
    "none": "none",
    "benchmark": "benchmark: five contributors or more, none with over a quarter of a total, "
    "data three months old or older, no prices, wages, output or forecasts",
}


def inline(text):
    text = re.sub(r"""[\\`*_{}\[\]()<>#+\-.!|~&$:@/^="']""", r"\\\g<0>", text)
    return HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def table(*rows):
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def bullets(items):
    return "\n".join(f"- {item}" for item in items) or "None."


def quotation(text):
    return "\n".join(f"> {inline(line)}".rstrip() for line in text.split("\n")) if text else "None."


def page(terms):
    """AGR-18, by rendering.md."""
    parties, scope, witnesses = terms["parties"], terms["scope"], terms["witnesses"]

    def name_of(index):
        return inline(parties[index]["name"] if index < len(parties) else f"party {index}")

    before = [("Replaces revision", f"`{terms['before']}`")] if "before" in terms else []
    parts = [
        f"# {inline(terms['title'])}",
        table(
            ("Revision", terms["number"]),
            *before,
            ("Space", f"`{terms['space']}`"),
            ("Template", terms["template"]),
            ("Roles", ", ".join(terms["roles"])),
            ("First day", terms["starts"]),
            ("Last day", terms.get("ends", "none")),
            ("Notice", f"{terms['noticeDays']} days"),
            ("Governing law", inline(terms["governingLaw"])),
        ),
        "## Parties",
    ]
    for i, party in enumerate(parties):
        rows = [(name.capitalize(), inline(party[name])) for name in ("registration", "jurisdiction", "address")]
        rows += [("Signs", f"{inline(party['signatory'])}, {inline(party['capacity'])}")]
        rows += [("Identity", "`" + party["company"].replace("`", "") + "`")]
        rows += [("Weight in amendments", terms["amendment"]["weights"][i])]
        parts += [f"### {inline(f'{i + 1}. ' + party['name'])}", table(*rows)]
    if "admits" in terms:
        names = [inline(party["name"]) for party in parties[-terms["admits"] :]]
        parts += ["## Admitted by this revision", bullets(names)]
        parts.append("They come to see all that the scope below covers, also what was written before.")
    parts += ["## Purpose", quotation(terms["purpose"]), bullets(map(inline, terms["objectives"]))]
    topics = "; ".join(map(inline, scope["topics"])) or "any"
    rows = [("Kinds", ", ".join(scope["kinds"])), ("Classes", ", ".join(scope["classes"])), ("Topics", topics)]
    parts += ["## Scope", table(*rows)]
    fields = [f"{row['kind']}, {inline(row['field'])}: {row['class']}" for row in terms["confidentiality"]]
    parts += ["## Confidentiality", bullets(fields), "What is not named here is private."]
    parts += ["## Intellectual property", f"{IP[terms['ip']]} ({terms['ip']})"]
    given = []
    for row in terms["reciprocity"]:
        sender = "; only the contributor passes it on" if row["soleSender"] else ""
        ahead = f"giving may run ahead of receiving by {row['maxExposure']} x {inline(row['unit'])}"
        given.append(f"{row['kind']}: {ahead}{sender}")
    parts += ["## Reciprocity", bullets(given), "## Amendment, witnesses, competition law"]
    names = ", ".join(map(name_of, witnesses["parties"])) or "nobody"
    parts.append(
        table(
            ("To amend", f"approvals that weigh {terms['amendment']['threshold']}"),
            ("Witnesses", f"{witnesses['minimum']} of {names}"),
            ("Competition law", PROFILES[terms["antitrust"]["profile"]]),
        )
    )
    parts.append(bullets(f"{inline(c['name'])} for {name_of(c['party'])}, {c['day']}" for c in terms["antitrust"]["counsel"]))
    parts.append("## Clauses")
    for i, clause in enumerate(terms["clauses"]):
        parts += [f"### {inline(f'{i + 1}. ' + clause['title'])}", quotation(clause["text"])]
    parts += ["## After the end", bullets(map(inline, terms["survives"])), "## Texts that bind with this one"]
    standard = [terms["standardTerms"]] if "standardTerms" in terms else []
    texts = [f"{inline(row['title'])}, `{row['sha256']}`" for row in standard]
    for row in terms["attachments"]:
        size = f"({inline(row['mediaType'])}, {row['bytes']} bytes)"
        texts.append(f"{inline(row['title'])} {size}, `{row['sha256']}`")
    return "\n\n".join([*parts, bullets(texts)]) + "\n"


def revision_id(data):
    """AGR-5."""
    return hashlib.sha256(b"parley/revision/1\n" + data).digest()


def is_time(text):
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").strftime("%Y-%m-%dT%H:%M:%SZ") == text
    except ValueError:
        return False


def check_approval(data, space_id, revision, terms, company, signer):
    """AGR-8."""
    payload, signed, signatures = identity.parse_dsse(data, "approval.v1")
    facts = identity.parse_jcs(payload, 16_384, 6, 200)
    if not schema.fits(facts, schema.load("agreement/approval"), schema.units):
        raise Refused("document-shape")
    place = [facts["space"], facts["revision"], facts["company"], facts["number"]]
    if place != [space_id.hex(), revision.hex(), company, terms["number"]]:
        raise Refused("approval-place")
    party = next((p for p in terms["parties"] if p["company"] == company), {})
    if [facts["signatory"], facts["capacity"]] != [party.get("signatory"), party.get("capacity")]:
        raise Refused("approval-signatory")
    if not is_time(facts["time"]):
        raise Refused("approval-shape")
    if len(signatures) != 1 or not ed25519.verify(identity.admit(signer), signed, signatures[0]):
        raise Refused("approval-signer")
    return facts


class Agreement:
    """What the words in a space log come to (AGR-7 to AGR-16). `signers` gives the signer of each entry by its id."""

    def __init__(self, log, signers):
        self.log, self.signers = log, signers
        self.companies = range(32)
        self.branches = [[self.line(end) for end in log.ends(company)] for company in self.companies]
        self.terms, self.unfit, self.proposer = {}, [], {}
        for company in self.companies:
            self.propose(company)
        self.leave_out_strays()
        words = [[self.words(company, branch) for branch in self.branches[company]] for company in self.companies]
        self.rejected = {r: {c for c in self.companies if any(w.get(r) == "no" for w in words[c])} for r in self.terms}
        self.dead = {r for r in self.terms if self.is_dead(r)}
        self.approved = {r: {c for c in self.companies if any(self.counts(r, w) for w in words[c])} for r in self.terms}
        self.sealed = set()
        for revision in self.order():
            if self.is_sealed(revision):
                self.sealed.add(revision)
        self.stand()

    @staticmethod
    def line(entry):
        line = []
        while entry:
            line.insert(0, entry)
            entry = entry.before
        return line

    def order(self):
        return sorted(self.terms, key=lambda r: (self.terms[r]["number"], r))

    def propose(self, company):
        seen = set()
        for branch in self.branches[company]:
            for entry in [e for e in branch if e.kind == "propose"][:256]:
                if entry.id in seen:
                    continue
                seen.add(entry.id)
                revision = revision_id(entry.body[0])
                try:
                    self.terms[revision] = read_terms(entry.body[0], self.log.id, self.log.founders)
                    self.proposer.setdefault(revision, company)
                except Refused as refused:
                    self.unfit.append({"company": company, "id": revision.hex(), "code": refused.code})

    def leave_out_strays(self):
        """AGR-2, as far as it hangs on the revision before."""
        strays = []
        for revision in self.order():
            terms, before = self.terms[revision], self.before(revision)
            if before is None:
                continue
            named = [party["company"] for party in before["parties"]]
            kept = len(terms["parties"]) - terms.get("admits", 0)
            if [party["company"] for party in terms["parties"]][:kept] != named:
                strays.append(revision)
        for revision in strays:
            del self.terms[revision]
            self.unfit.append({"company": self.proposer[revision], "id": revision.hex(), "code": "terms-parties"})

    def words(self, company, branch):
        """The first word on each revision in its order: a yes, a no, or a yes to what nobody has proposed."""
        words = {}
        unfit = [case["id"] for case in self.unfit]
        for entry in branch:
            if entry.kind not in ("approve", "reject") or entry.body[0] in words:
                continue
            revision = entry.body[0]
            if revision in self.terms and not self.names(revision, company, entry.did):
                continue
            if entry.kind == "reject":
                words[revision] = "no"
            elif revision in self.terms:
                place = (self.log.id, revision, self.terms[revision], entry.did, self.signers[entry.id])
                try:
                    check_approval(entry.body[1], *place)
                    words[revision] = "yes"
                except Refused:
                    pass
            elif revision.hex() not in unfit:
                words[revision] = "unknown"
        return words

    def names(self, revision, company, did):
        parties = self.terms[revision]["parties"]
        return company < len(parties) and parties[company]["company"] == did

    def before(self, revision):
        return self.terms.get(bytes.fromhex(self.terms[revision].get("before", "")))

    def weight(self, before, companies):
        weights = before["amendment"]["weights"]
        return sum(weights[company] for company in companies if company < len(weights))

    def is_dead(self, revision):
        """AGR-12."""
        if self.terms[revision]["number"] == 1:
            return bool(self.rejected[revision])
        before = self.before(revision)
        if before is None:
            return False
        spare = sum(before["amendment"]["weights"]) - before["amendment"]["threshold"]
        return self.weight(before, self.rejected[revision]) > spare

    def are_rivals(self, a, b):
        return all(self.terms[a].get(name) == self.terms[b].get(name) for name in ("number", "before"))

    def counts(self, revision, words):
        """AGR-13."""
        if words.get(revision) != "yes":
            return False
        earlier = list(words)[: list(words).index(revision)]
        for other in earlier:
            if words[other] == "unknown":
                return False
            if words[other] == "yes" and other not in self.dead and self.are_rivals(other, revision):
                return False
        return True

    def is_sealed(self, revision):
        """AGR-14."""
        terms = self.terms[revision]
        if terms["number"] == 1:
            return len(self.approved[revision]) == len(self.log.founders)
        before = self.before(revision)
        if before is None or bytes.fromhex(terms["before"]) not in self.sealed or before["number"] != terms["number"] - 1:
            return False
        return self.weight(before, self.approved[revision]) >= before["amendment"]["threshold"]

    def stand(self):
        sealed = [r for r in self.order() if r in self.sealed]
        self.in_force = sealed[-1] if sealed else None
        highest = [r for r in sealed if self.terms[r]["number"] == self.terms[self.in_force]["number"]]
        self.contradicted = len(highest) > 1
        self.ended = [c for c in self.companies if any(e.kind == "terminate" for b in self.branches[c] for e in b)]
        self.suspended = []
        for company in self.companies:
            said = [e.kind for e in self.line(self.log.head(company)) if e.kind in ("suspend", "resume")]
            if said[-1:] == ["suspend"]:
                self.suspended.append(company)

    def bound(self):
        bound, at = set(range(len(self.log.founders))), self.in_force
        while at in self.terms:
            bound |= self.approved[at]
            at = bytes.fromhex(self.terms[at].get("before", ""))
        return bound

    def state(self, a, b, day):
        """AGR-16."""
        if self.contradicted:
            return "contradicted"
        if a in self.ended or b in self.ended:
            return "ended"
        if a in self.suspended or b in self.suspended:
            return "suspended"
        if self.in_force is None or not {a, b} <= self.bound():
            return "draft"
        terms = self.terms[self.in_force]
        if day < terms["starts"]:
            return "waiting"
        return "expired" if day > terms.get("ends", day) else "active"

    def shown(self):
        revisions = [
            {
                "id": r.hex(),
                "number": self.terms[r]["number"],
                "approvals": sorted(self.approved[r]),
                "rejections": sorted(self.rejected[r]),
                "sealed": r in self.sealed,
                "dead": r in self.dead,
            }
            for r in self.order()
        ]
        force = self.in_force and self.in_force.hex()
        facts = {"inForce": force, "contradicted": self.contradicted, "suspended": self.suspended, "ended": self.ended}
        return {"revisions": revisions, "unfit": self.unfit, **facts}
