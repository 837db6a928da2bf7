"""protocols/audit, sections 2 to 6, from its specification and C2SP's: trees, notes, proofs, a witness."""
import base64
import re
from hashlib import sha256

from . import ed25519
from .cbor import Refused


def leaf_hash(entry):
    return sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return sha256(b"\1" + left + right).digest()


def root_of(entries):
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return leaf_hash(entries[0])
    k = 1 << (len(entries) - 1).bit_length() - 1
    return node_hash(root_of(entries[:k]), root_of(entries[k:]))


def path(m, entries):
    """RFC 6962, section 2.1.1."""
    if len(entries) == 1:
        return []
    k = 1 << (len(entries) - 1).bit_length() - 1
    if m < k:
        return path(m, entries[:k]) + [root_of(entries[k:])]
    return path(m - k, entries[k:]) + [root_of(entries[:k])]


def subproof(m, entries, whole=True):
    """RFC 6962, section 2.1.2."""
    if m == len(entries):
        return [] if whole else [root_of(entries)]
    k = 1 << (len(entries) - 1).bit_length() - 1
    if m <= k:
        return subproof(m, entries[:k], whole) + [root_of(entries[k:])]
    return subproof(m - k, entries[k:], False) + [root_of(entries[:k])]


def inclusion_root(leaf, index, size, proof):
    """Top down: the sizes of the subtrees follow from index and size alone."""
    if size == 1:
        return leaf if not proof else None
    if not proof or index >= size:
        return None
    k = 1 << (size - 1).bit_length() - 1
    if index < k:
        below = inclusion_root(leaf, index, k, proof[:-1])
        return below and node_hash(below, proof[-1])
    below = inclusion_root(leaf, index - k, size - k, proof[:-1])
    return below and node_hash(proof[-1], below)


def consistency_roots(old, size, proof, old_root, whole=True):
    """(root at the old size, root now), or None."""
    if old == size:
        if whole:
            return (old_root, old_root) if not proof else None
        return (proof[0], proof[0]) if len(proof) == 1 else None
    if not proof:
        return None
    k = 1 << (size - 1).bit_length() - 1
    if old <= k:
        below = consistency_roots(old, k, proof[:-1], old_root, whole)
        return below and (below[0], node_hash(below[1], proof[-1]))
    below = consistency_roots(old - k, size - k, proof[:-1], old_root, False)
    return below and (node_hash(proof[-1], below[0]), node_hash(proof[-1], below[1]))


def consistent(old, old_root, size, root, proof):
    if old == 0:
        return not proof
    if old == size:
        return not proof and old_root == root
    return consistency_roots(old, size, proof, old_root) == (old_root, root)


def from_base64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None


def decimal(text):
    return int(text) if re.fullmatch(r"0|[1-9][0-9]{0,15}", text) and int(text) < 2**53 else None


class Key:
    def __init__(self, text):
        self.name, id, material = text.split("+", 2)
        material = from_base64(material)
        self.type, self.key = material[0], material[1:]
        self.id = sha256(self.name.encode() + b"\n" + material).digest()[:4]
        assert self.id.hex() == id and len(self.key) == 32

    def holds(self, text, signature):
        message = text.encode()
        if self.type == 4:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            if not 0 < time < 2**53:
                return False
            message = b"cosignature/v1\ntime %d\n" % time + message
        return len(signature) == 64 and ed25519.verify(self.key, message, signature)


def read_note(note):
    """(text, [(name, key id, signature)])"""
    if len(note.encode()) > 16384 or re.search(r"[\0-\x09\x0b-\x1f]", note):
        raise Refused("note-form")
    text, gap, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    if not gap or lines.pop() != "" or not 1 <= len(lines) <= 32:
        raise Refused("note-form")
    signatures = []
    for line in lines:
        found = re.fullmatch("— ([^\\s+]+) (\\S+)", line)
        data = found and from_base64(found[2])
        if not data or len(data) <= 4:
            raise Refused("note-form")
        signatures.append((found[1], data[:4], data[4:]))
    return text + "\n", signatures


def read_checkpoint(text):
    lines = text.split("\n")
    if len(text.encode()) > 1024 or lines.pop() != "" or len(lines) < 3 or "" in lines:
        raise Refused("checkpoint-form")
    size, root = decimal(lines[1]), from_base64(lines[2])
    if size is None or root is None or len(root) != 32:
        raise Refused("checkpoint-form")
    return lines[0], size, root


def open_checkpoint(note, log, witnesses=()):
    """(size, root) of a checkpoint that the log signed."""
    text, signatures = read_note(note)
    origin, size, root = read_checkpoint(text)
    signed = set()
    for name, id, signature in signatures:
        for key in (log, *witnesses):
            if (name, id) == (key.name, key.id):
                if not key.holds(text, signature):
                    raise Refused("note-signature")
                signed.add(key)
    if log not in signed or origin != log.name:
        raise Refused("note-unsigned")
    if size == 0 and root != root_of([]):
        raise Refused("checkpoint-empty")
    return size, root


def read_proof(file, log, witnesses):
    """(index, record) of a tlog-proof whose extra data is salt and record."""
    head, gap, note = file.partition("\n\n")
    lines = head.split("\n")
    if not gap or len(lines) < 3 or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Refused("proof-form")
    extra = from_base64(lines[1][6:]) if lines[1].startswith("extra ") else None
    index = decimal(lines[2][6:]) if lines[2].startswith("index ") else None
    proof = [from_base64(line) for line in lines[3:]]
    if extra is None or index is None or any(hash is None or len(hash) != 32 for hash in proof):
        raise Refused("proof-form")
    size, root = open_checkpoint(note, log, witnesses)
    if index >= size or inclusion_root(leaf_hash(sha256(extra).digest()), index, size, proof) != root:
        raise Refused("proof-inclusion")
    return index, extra[32:].decode()


class Witness:
    """add-checkpoint, for one log."""

    def __init__(self, log, witness):
        self.log, self.witness, self.size, self.root = log, witness, 0, root_of([])

    def status(self, request):
        head, gap, note = request.partition("\n\n")
        first, *lines = head.split("\n")
        old = decimal(first[4:]) if first.startswith("old ") else None
        proof = [from_base64(line) for line in lines]
        if not gap or old is None or len(proof) > 63 or any(hash is None or len(hash) != 32 for hash in proof):
            return 400
        try:
            if read_checkpoint(read_note(note)[0])[0] != self.log.name:
                return 404
        except Refused:
            return 400
        try:
            size, root = open_checkpoint(note, self.log)
        except Refused as refused:
            return 422 if refused.code == "checkpoint-empty" else 403
        if old > size:
            return 400
        if old != self.size:
            return 409
        if not consistent(old, self.root, size, root, proof):
            return 422
        self.size, self.root = size, root
        return 200

    def answers(self, request, status, body):
        """Whether the body is one that goes with the status."""
        if status == 409:
            return body == f"{self.size}\n"
        if status != 200:
            return body.endswith("\n")
        text = read_note(request.partition("\n\n")[2])[0]
        (name, id, signature), = read_note(text + "\n" + body)[1]
        return (name, id) == (self.witness.name, self.witness.id) and self.witness.holds(text, signature)
