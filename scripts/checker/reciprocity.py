"""protocols/reciprocity: receipts, what is open between two companies, and their statement of account."""
import hashlib

from . import agreement, cbor, ed25519, identity, schema
from .cbor import Refused


def unit(facet, to):
    """REC-1."""
    return hashlib.sha256(b"parley/unit/1\n" + cbor.encode([facet, to])).digest()


def check_receipt(data, space_id, company, signer):
    """REC-4."""
    payload, signed, signatures = identity.parse_dsse(data, "contribution-receipt.v1")
    facts = identity.parse_jcs(payload, 16_384, 6, 200)
    if not schema.fits(facts, schema.load("reciprocity/receipt"), schema.units):
        raise Refused("document-shape")
    if [facts["space"], facts["company"]] != [space_id.hex(), company]:
        raise Refused("receipt-place")
    if facts["units"] != sorted(set(facts["units"])) or not agreement.is_time(facts["time"]):
        raise Refused("receipt-shape")
    if len(signatures) != 1 or not ed25519.verify(identity.admit(signer), signed, signatures[0]):
        raise Refused("receipt-signer")
    return facts


class Accounts:
    """REC-3 to REC-8 for the parties of one log. `signers` gives the signer of each entry by its id."""

    def __init__(self, log, signers):
        self.log, self.agreed = log, agreement.Agreement(log, signers)
        self.released, self.signed = {}, {}
        for company in range(len(log.parties)):
            for entry in self.agreed.line(log.head(company)):
                if entry.kind == "release":
                    self.release(company, entry)
            for entry in log.chain(company):
                if entry.kind == "receipt":
                    self.receipt(company, entry, signers[entry.id])

    def release(self, company, entry):
        to, kind, names = entry.body
        if to == company or to >= len(self.log.parties):
            return
        units = self.released.setdefault((company, to, kind), {})
        for name in names:
            units.setdefault(name.hex(), entry.seq)

    def receipt(self, company, entry, signer):
        try:
            facts = check_receipt(entry.body[0], self.log.id, self.log.parties[company], signer)
        except Refused:
            return
        if facts["contributor"] not in self.log.parties or facts["contributor"] == self.log.parties[company]:
            return
        way = (self.log.parties.index(facts["contributor"]), company, facts["kind"])
        for name in facts["units"]:
            known = self.signed.setdefault(way, {})
            known[name] = min(known.get(name, entry.id), entry.id)

    def settled(self, way):
        return len(set(self.released.get(way, {})) & set(self.signed.get(way, {})))

    def rules(self):
        terms = self.agreed.terms.get(self.agreed.in_force, {})
        return {rule["kind"]: rule for rule in reversed(terms.get("reciprocity", []))}

    def open(self, way):
        """REC-5."""
        a, b, kind = way
        count, rule = len(self.released.get(way, {})), self.rules().get(kind)
        return min(count, rule["maxExposure"] + min(self.settled(way), self.settled((b, a, kind)))) if rule else count

    def statement(self, a, b):
        """REC-8."""
        force = self.agreed.in_force
        lines = ["parley statement 1", f"space {self.log.id.hex()}", f"terms {force.hex() if force else '-'}"]
        for letter, company in (("a", a), ("b", b)):
            head = self.log.head(company)
            lines.append(f"{letter} {self.log.parties[company]} {f'{head.seq} {head.id.hex()}' if head else '- -'}")
        kinds = {kind for x, y, kind in [*self.released, *self.signed] if {x, y} == {a, b}}
        for kind in sorted(kinds | set(self.rules())):
            rule = self.rules().get(kind)
            limits = f"{rule['maxExposure']} {'sole' if rule['soleSender'] else '-'}" if rule else "- -"
            lines.append(f"kind {kind} {limits}")
            lines += self.one_way("a-b", (a, b, kind)) + self.one_way("b-a", (b, a, kind))
        return "\n".join(lines) + "\n"

    def one_way(self, letters, way):
        released, signed = self.released.get(way, {}), self.signed.get(way, {})
        lines = [f"{letters} {len(released)} {self.open(way)} {self.settled(way)}"]
        for place, (name, seq) in enumerate(released.items()):
            lines.append(f"{place} {name} {seq} {signed[name].hex() if name in signed else '-'}")
        return lines + [f"- {name} - {signed[name].hex()}" for name in sorted(set(signed) - set(released))]
