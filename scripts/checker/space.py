"""protocols/space: geneses, entries, and whole logs kept as a set of entries per company."""
import re
from hashlib import sha256

from . import cbor, ed25519, identity
from .cbor import Refused, Waits

CLASSES = ("private", "shared-confidential", "public")


def h(label, data):
    return sha256(label + data).digest()


def is_text(value):
    return isinstance(value, str) and 1 <= len(value.encode("utf-16-le")) // 2 <= 200


def is_bytes(value, length):
    return isinstance(value, bytes) and len(value) == length


def is_index(value, below):
    return type(value) is int and 0 <= value < below


def space_genesis(data):
    """(id, parties); SPC-1."""
    value = cbor.decode(data, 16_384)
    good = isinstance(value, list) and len(value) == 5 and value[0] == 1 and value[0] is not True
    if good:
        _, nonce, title, pairing, parties = value
        good = is_bytes(nonce, 16) and is_text(title) and is_text(pairing) and isinstance(parties, list)
        good = good and 1 <= len(parties) <= 32 and all(map(is_text, parties)) and len(set(parties)) == len(parties)
    if not good:
        raise Refused("genesis-form")
    return h(b"parley/space/1\n", data), parties


def facet_genesis(data):
    """(id, fields); SPC-2."""
    value = cbor.decode(data, 16_384)
    good = isinstance(value, list) and len(value) == 7 and value[0] == 1 and value[0] is not True
    if good:
        _, space, artifact, kind, data_class, owner, nonce = value
        good = is_bytes(space, 32) and is_bytes(artifact, 16) and is_text(kind)
        good = good and data_class in CLASSES and is_index(owner, 8192) and is_bytes(nonce, 16)
    if not good:
        raise Refused("genesis-form")
    return h(b"parley/facet/1\n", data), {"space": space, "class": data_class, "owner": owner, "kind": kind}


def is_point(value):
    return (
        isinstance(value, list)
        and len(value) == 4
        and is_bytes(value[0], 32)
        and is_index(value[1], 1 << 53)
        and is_index(value[2], 1 << 31)
        and is_bytes(value[3], 32)
    )


def is_certificates(value):
    return isinstance(value, list) and len(value) <= 32 and all(isinstance(item, bytes) for item in value)


def is_some(value, most):
    return isinstance(value, bytes) and 1 <= len(value) <= most


def is_reason(value):
    return isinstance(value, str) and 1 <= len(value.encode("utf-16-le")) // 2 <= 2_000


ACTS = ("accept", "keys", "cut", "settle", "adopt", "propose", "approve", "reject", "suspend", "resume", "terminate", "release", "receipt")
KIND = re.compile(r"[A-Za-z]{1,64}\.v[1-9][0-9]{0,3}")


def is_release(body):
    """REC-3."""
    if len(body) != 3 or not is_index(body[0], 8192) or not isinstance(body[1], str) or not isinstance(body[2], list):
        return False
    return KIND.fullmatch(body[1]) is not None and 1 <= len(body[2]) <= 64 and all(is_bytes(name, 32) for name in body[2])


class Entry:
    """SPC-4, SPC-6 and the forms of the acts, those of protocols/agreement and protocols/reciprocity among them."""

    def __init__(self, data):
        value = cbor.decode(data, 65_536)
        if not (isinstance(value, list) and len(value) == 8 and value[0] == 1 and value[0] is not True):
            raise Refused("entry-form")
        _, self.space, self.company, self.seq, self.prev, self.kind, self.body, time = value
        good = is_bytes(self.space, 32) and is_index(self.company, 8192) and is_index(self.seq, 4096)
        good = good and is_bytes(self.prev, 32 if self.seq else 0) and is_index(time, 1 << 53)
        if not good or not isinstance(self.body, list):
            raise Refused("entry-form")
        if self.kind not in ACTS:
            raise Refused("entry-kind")
        body = self.body
        forms = {
            "accept": len(body) in (2, 3) and isinstance(body[0], str) and is_certificates(body[1]) and all(is_bytes(r, 32) for r in body[2:]),
            "keys": len(body) == 1 and is_certificates(body[0]),
            "cut": len(body) == 2 and is_index(body[0], 4096) and isinstance(body[1], list) and len(body[1]) <= 1000 and all(map(is_point, body[1])),
            "settle": is_point(body),
            "adopt": 1 <= len(body) <= 2
            and all(map(is_point, body))
            and all(point[0] == body[0][0] and point[1] >> 40 == self.company for point in body),
            "propose": len(body) == 1 and is_some(body[0], 49_152),
            "approve": len(body) == 2 and is_bytes(body[0], 32) and is_some(body[1], 4_096),
            "reject": len(body) == 2 and is_bytes(body[0], 32) and is_reason(body[1]),
            "suspend": len(body) == 1 and is_reason(body[0]),
            "resume": len(body) == 0,
            "terminate": len(body) == 1 and is_reason(body[0]),
            "release": is_release(body),
            "receipt": len(body) == 1 and is_some(body[0], 12_288),
        }
        if not forms[self.kind] or (self.kind == "accept") != (self.seq == 0):
            raise Refused("entry-form")
        self.signed = b"parley/space-log/1\n" + data
        self.id = sha256(self.signed).digest()
        self.before, self.keys, self.powers, self.cut = None, [], [], []


class SpaceLog:
    def __init__(self, genesis):
        self.id, self.founders = space_genesis(genesis)
        self.entries, self.signers = {}, {}

    def add(self, data, signer, signature, identity_of):
        """`added` or `known`; raises Waits or Refused."""
        entry = Entry(data)
        if entry.id in self.entries:
            return "known"
        if entry.space != self.id or entry.company >= 32:
            raise Refused("entry-place")
        if entry.seq:
            before = entry.before = self.entries.get(entry.prev)
            if before is None:
                raise Waits("entry")
            if before.company != entry.company or before.seq != entry.seq - 1:
                raise Refused("chain-broken")
            entry.keys, entry.powers, entry.cut = list(before.keys), list(before.powers), list(before.cut)
        entry.did = entry.before.did if entry.before else self.comes_as(entry)
        known = identity_of(entry.did)
        if known is None or (entry.kind == "accept" and entry.body[0] not in known.roots):
            raise Waits("identity")
        if entry.kind in ("accept", "keys"):
            self.pin(entry, known)
        self.check_signer(entry, signer, signature, known)
        if entry.kind == "cut":
            entry.cut.append(entry.body[0])
        self.signers[entry.id] = signer
        return self.keep(entry)

    def sealed(self):
        """(revision, terms) of all that is sealed, the highest number first, then the smaller id (SPC-16)."""
        from . import agreement

        agreed = agreement.Agreement(self, self.signers)
        return sorted(((r, agreed.terms[r]) for r in agreed.sealed), key=lambda row: (-row[1]["number"], row[0]))

    @property
    def parties(self):
        parties = list(self.founders)
        for _, terms in self.sealed():
            parties += [party["company"] for party in terms["parties"][len(parties) :]]
        return parties

    def comes_as(self, entry):
        """SPC-17."""
        named = entry.body[2] if len(entry.body) == 3 else None
        if entry.company < len(self.founders) and named is None:
            return self.founders[entry.company]
        if entry.company < len(self.founders) or named is None:
            raise Refused("entry-place")
        for revision, terms in self.sealed():
            if revision == named:
                count = len(terms["parties"])
                if not count - terms.get("admits", 0) <= entry.company < count:
                    raise Refused("entry-place")
                return terms["parties"][entry.company]["company"]
        raise Waits("entry")

    def pin(self, entry, known):
        for data in entry.body[1 if entry.kind == "accept" else 0]:
            try:
                document, key = identity.read_document(data, "role-certificate.v1", known)
            except Refused as refused:
                if refused.code == "identity-version":
                    raise Waits("identity") from None
                raise
            if key in entry.keys:
                raise Refused("key-twice")
            if len(entry.keys) == 4096:
                raise Refused("keys-full")
            entry.keys.append(key)
            entry.powers.append(document["powers"])

    def check_signer(self, entry, signer, signature, known):
        key = identity.admit(signer)
        if not ed25519.verify(key, entry.signed, signature):
            raise Refused("signature")
        if key in known.roots.values():
            return
        if key not in entry.keys:
            raise Waits("identity")
        index = entry.keys.index(key)
        # A cut speaks of the entries after it.
        if index in entry.cut or "seal" not in entry.powers[index]:
            raise Refused("entry-signer")

    def keep(self, entry):
        siblings = [e for e in self.entries.values() if e.company == entry.company and e.before is entry.before]
        fork = self.lowest_fork(entry.company)
        if siblings and len(self.ends(entry.company)) >= 64 and not (fork is None or entry.seq < fork):
            return "known"
        self.entries[entry.id] = entry
        return "added"

    def chain(self, company):
        return [e for e in self.entries.values() if e.company == company]

    def ends(self, company):
        chain = self.chain(company)
        return [e for e in chain if all(other.before is not e for other in chain)]

    def lowest_fork(self, company):
        places = {}
        for e in self.chain(company):
            places.setdefault((e.seq, e.prev), []).append(e)
        return min((seq for (seq, _), twins in places.items() if len(twins) > 1), default=None)

    def head(self, company):
        """SPC-9."""
        fork = self.lowest_fork(company)
        trunk = [e for e in self.chain(company) if fork is None or e.seq < fork]
        return max(trunk, key=lambda e: e.seq, default=None)

    def acts(self, kind):
        """(company, body) of every act that counts, in the order of company and seq (SPC-14)."""
        for company in range(32):
            line, at = [], self.head(company)
            while at:
                line.insert(0, at)
                at = at.before
            for e in line:
                if e.kind == kind:
                    yield company, e.body
