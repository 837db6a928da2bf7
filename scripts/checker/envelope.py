"""protocols/envelope. Pasts are kept as plain sets of ids, and what counts is found from them anew each time:
slow, and close to the words of the specification."""
from hashlib import sha256

from . import cbor, ed25519, space, update
from .cbor import Refused, Waits


def pack(company, key, session):
    return (company << 12 | key) << 28 | session


def lane_id(facet, client):
    return facet + client.to_bytes(8, "big")


def is_count(value):
    return type(value) is int and value >= 0


def triples(value, most, last):
    return (
        isinstance(value, list)
        and len(value) <= most
        and all(isinstance(t, list) and len(t) == 3 and is_count(t[0]) and is_count(t[1]) and last(t[2]) for t in value)
    )


def is_hash(value):
    return space.is_bytes(value, 32)


class Header:
    """ENV-2, ENV-4 to ENV-8."""

    def __init__(self, data):
        if len(data) > 32_768:
            raise Refused("header-size")
        if data[:2] != b"\x8a\x01":
            raise Refused("envelope-version")
        try:
            value = cbor.decode(data, 32_768, "cbor-canonical")
        except Refused:
            raise Refused("cbor-canonical") from None
        _, self.seq, start, self.deps, self.auth, self.clock_end, self.deletes, self.body_hash, self.body_length, time = value
        good = is_count(self.seq) and triples(self.deps, 32, is_hash) and triples(self.auth, 64, is_hash)
        good = good and is_count(self.clock_end) and triples(self.deletes, 1000, is_count) and is_count(time)
        good = good and isinstance(self.body_hash, bytes) and is_count(self.body_length)
        self.opening = self.prev = None
        if good and self.seq == 0:
            self.opening = start
            good = isinstance(start, list) and len(start) == 4 and is_hash(start[0]) and all(map(is_count, start[1:]))
        elif good:
            self.prev = start
            good = is_hash(start)
        if not good:
            raise Refused("cbor-canonical")
        self.check()

    def check(self):
        if self.seq >= 1 << 31 or self.clock_end >= 1 << 31:
            raise Refused("header-range")
        if self.opening and any(n >= 1 << bits for n, bits in zip(self.opening[1:], (13, 12, 28))):
            raise Refused("header-range")
        for items in (self.deps, self.auth):
            if any(b[0] <= a[0] for a, b in zip(items, items[1:])):
                raise Refused("header-order")
        if any(length < 1 or clock + length >= 1 << 31 for _, clock, length in self.deletes):
            raise Refused("header-order")
        for (a, clock, length), (b, later, _) in zip(self.deletes, self.deletes[1:]):
            if b < a or (a == b and later <= clock + length):
                raise Refused("header-order")
        if self.body_length > 65_536:
            raise Refused("body-size")
        if len(self.body_hash) != (32 if self.body_length else 0) or (self.deletes and not self.body_length):
            raise Refused("header-body")


class Envelope:
    def __init__(self, facet, client, record):
        header, self.signature, self.body = (bytes.fromhex(record[name]) for name in ("header", "signature", "body"))
        if len(self.signature) != 64:
            raise Refused("signature-size")
        self.header = Header(header)
        self.client, self.seq = client, self.header.seq
        opening = self.header.opening
        if opening and (opening[0] != facet or pack(*opening[1:]) != client):
            raise Refused("lane-mismatch")
        if len(self.body) != self.header.body_length:
            raise Refused("body-mismatch")
        if self.body and sha256(self.body).digest() != self.header.body_hash:
            raise Refused("body-mismatch")
        self.signed = b"parley/envelope/1\n" + lane_id(facet, client) + header
        self.id = sha256(self.signed).digest()
        self.company, self.key = client >> 40, client >> 28 & 4095

    def size(self):
        scanned = update.scan(self.body) if self.body else None
        return len(self.body), len(scanned.structs) + len(scanned.deletes) if scanned else 1


def parse_run(facet, client, records):
    """ENV-10."""
    if not records:
        raise Refused("run-empty")
    run = []
    for record in records:
        envelope = Envelope(facet, client, record)
        if run and (envelope.seq != run[-1].seq + 1 or envelope.header.prev != run[-1].id):
            raise Refused("chain-broken")
        run.append(envelope)
    return run


class Facet:
    def __init__(self, genesis, log, most=None):
        self.most = most or {"bytes": 8_388_608, "items": 200_000}
        self.id, self.facts = space.facet_genesis(genesis)
        self.log, self.held = log, {}

    def take(self, client, records):
        run = parse_run(self.id, client, records)
        key = self.key_of(run[0])
        if not ed25519.verify(key, run[-1].signed, run[-1].signature):
            raise Refused("signature")
        added = []
        try:
            for envelope in run:
                if envelope.id not in self.held:
                    self.judge(envelope)
                    self.held[envelope.id] = envelope
                    added.append(envelope.id)
        except (Refused, Waits):
            for id in added:
                del self.held[id]
            raise

    # ---- ENV-11

    def key_of(self, first):
        opening = first
        while opening.header.prev:
            opening = self.held.get(opening.header.prev)
            if opening is None or opening.client != first.client:
                raise Waits("envelope")
        named = [ref for ref in opening.header.auth if ref[0] == first.company]
        if not named:
            raise Refused("auth-missing")
        entry = self.entry(named[0])
        if entry.company != first.company:
            raise Refused("auth-place")
        if first.key >= len(entry.keys):
            raise Refused("key-unknown")
        return entry.keys[first.key]

    def entry(self, ref):
        entry = self.log.entries.get(ref[2])
        if entry is None:
            raise Waits("entry")
        return entry

    # ---- section 4

    def judge(self, e):
        h = e.header
        prev = self.held.get(h.prev) if h.prev else None
        if h.prev and (prev is None or prev.client != e.client or prev.seq != e.seq - 1):
            raise Waits("envelope")
        deps = []
        for client, seq, id in h.deps:
            dep = self.held.get(id)
            if dep is None or dep.client != client or dep.seq != seq:
                raise Waits("envelope")
            deps.append(dep)
        before = ([prev] if prev else []) + deps
        for dep in deps:
            if dep is prev or any(dep.id in other.past for other in before if other is not dep):
                raise Refused("dep-implied")
        e.past = set().union(*(other.past | {other.id} for other in before))
        self.unforked(e, prev)
        self.authority(e, before, prev)
        if self.facts["class"] == "private" and e.company != self.facts["owner"]:
            raise Refused("not-owner")
        self.body(e, prev)
        self.room(e)

    def room(self, e):
        """ENV-30."""
        sizes = [self.held[id].size() for id in e.past] + [e.size()]
        if sum(size[0] for size in sizes) > self.most["bytes"] or sum(size[1] for size in sizes) > self.most["items"]:
            raise Refused("document-full")

    def unforked(self, e, prev):
        lanes = {}
        for id in e.past:
            lanes.setdefault(self.held[id].client, []).append(self.held[id])
        for members in lanes.values():
            # One branch: as many envelopes as seqs, each the prev of the next.
            members.sort(key=lambda member: member.seq)
            if any(b.header.prev != a.id for a, b in zip(members, members[1:])):
                raise Refused("past-forked")
        own = max(lanes.get(e.client, []), key=lambda member: member.seq, default=None)
        if own is not prev:
            raise Refused("past-forked")

    def authority(self, e, before, prev):
        inherited = {}
        for other in before:
            for company, ref in other.relies.items():
                if company not in inherited or ref[1] > inherited[company][1]:
                    inherited[company] = ref
        e.relies = dict(inherited)
        for ref in e.header.auth:
            entry = self.entry(ref)
            if entry.company != ref[0] or entry.seq != ref[1]:
                raise Refused("auth-place")
            old = inherited.get(ref[0])
            if old and not (ref[1] > old[1] or (prev is None and ref[1] == old[1])):
                raise Refused("auth-order")
            e.relies[ref[0]] = ref
        own = e.relies.get(e.company)
        entry = own and self.log.entries[own[2]]
        if not entry or e.key >= len(entry.keys):
            raise Refused("key-unknown")
        if e.key in entry.cut:
            raise Refused("key-cut")

    def body(self, e, prev):
        clock = prev.header.clock_end if prev else 0
        if not e.body:
            if e.header.clock_end != clock:
                raise Refused("update-claims")
            return
        scanned = update.scan(e.body)
        if scanned.structs:
            if scanned.client != e.client:
                raise Refused("update-client")
            if scanned.clock != clock:
                raise Refused("update-clock")
        end = scanned.clock_end if scanned.structs else clock
        if end != e.header.clock_end or sorted(scanned.deletes) != [tuple(d) for d in e.header.deletes]:
            raise Refused("update-claims")

    # ---- section 5

    def effective(self):
        lanes = {}
        for e in self.held.values():
            lanes.setdefault(e.client, []).append(e)
        gone = set()
        for client, members in lanes.items():
            gone |= self.not_counting(client, members)
        return {id for id, e in self.held.items() if id not in gone and not (e.past & gone)}

    def line(self, e):
        """The envelope and all before it in its lane."""
        return {e.id} | {id for id in e.past if self.held[id].client == e.client}

    def not_counting(self, client, members):
        all_ids = {e.id for e in members}
        forks = {}
        for e in members:
            forks.setdefault(e.header.prev, []).append(e)
        forks = [branches for branches in forks.values() if len(branches) > 1]
        if forks:
            end = self.settled(client, members, min(branches[0].seq for branches in forks))
            if end:
                return all_ids - self.line(end)
        gone = set()
        for branches in forks:
            kept = self.survivor(branches) if len(branches) <= 16 else None
            losers = [b.id for b in branches if b is not kept]
            gone |= {e.id for e in members if self.line(e) & set(losers)}
        for company, (key, points) in [] if self.facts["class"] == "private" else self.log.acts("cut"):
            if company == client >> 40 and key == client >> 28 & 4095:
                end = self.cut_end(client, members, points)
                gone |= all_ids - (self.line(end) if end else set())
        return gone

    def builders(self, e):
        return {o.company for o in self.held.values() if o.company != e.company and e.id in o.past}

    def survivor(self, branches):
        builders = [self.builders(b) for b in branches]
        single = [
            sum(1 for company in mine if sum(company in other for other in builders) == 1) for mine in builders
        ]
        return min(zip(branches, single), key=lambda pair: (-pair[1], pair[0].id))[0]

    def point(self, members, value):
        facet, client, seq, id = value
        return next((e for e in members if facet == self.id and (e.client, e.seq, e.id) == (client, seq, id)), None)

    def settled(self, client, members, fork_seq):
        said = {}
        for company, value in self.log.acts("settle"):
            if company != client >> 40 and value[0] == self.id and value[1] == client:
                said.setdefault(company, (value[2], value[3]))
        for seq, id in said.values():
            if 2 * list(said.values()).count((seq, id)) > len(self.log.parties) - 1 and seq >= fork_seq - 1:
                return self.point(members, [self.id, client, seq, id])
        return None

    def cut_end(self, client, members, points):
        ends = [e for value in points if (e := self.point(members, value))]
        ends += [e for e in members if self.builders(e)]
        return min(ends, key=lambda e: (-e.seq, e.id), default=None)
