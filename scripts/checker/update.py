"""protocols/update: what a Yjs v1 update holds, and the struct root of a document made of some."""
from hashlib import sha256

from .cbor import Refused


class Read:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        if self.at >= len(self.data):
            raise Refused("update-truncated")
        self.at += 1
        return self.data[self.at - 1]

    def take(self, n):
        if self.at + n > len(self.data):
            raise Refused("update-truncated")
        self.at += n
        return self.data[self.at - n : self.at]

    def uint(self):
        n = shift = 0
        while True:
            byte = self.byte()
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    def string(self):
        return self.take(self.uint()).decode("utf-8")

    def id(self):
        return (self.uint(), self.uint())

    def value(self):
        """Skips one any-value; returns its bytes."""
        start = self.at
        kind = self.byte()
        if kind == 125:
            while self.byte() >= 128:
                pass
        elif kind in (124, 123, 122):
            self.take(4 if kind == 124 else 8)
        elif kind == 119:
            self.string()
        elif kind == 118:
            for _ in range(self.uint()):
                self.string()
                self.value()
        elif kind == 117:
            for _ in range(self.uint()):
                self.value()
        return self.data[start : self.at]


class Scanned:
    def __init__(self):
        self.client, self.clock, self.clock_end, self.structs, self.deletes = None, 0, 0, [], []


def units(text):
    """UTF-16 code units, one string each."""
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[i : i + 2] for i in range(0, len(data), 2)]


def scan(data):
    """The structs of a body, each with its units; form is taken for granted but for what reading needs."""
    read, out = Read(data), Scanned()
    for _ in range(read.uint()):
        count, out.client, out.clock = read.uint(), read.uint(), read.uint()
        clock = out.clock
        for _ in range(count):
            item = read_struct(read, out.client, clock)
            out.structs.append(item)
            clock += item["length"]
        out.clock_end = clock
    for _ in range(read.uint()):
        client = read.uint()
        for _ in range(read.uint()):
            out.deletes.append((client, read.uint(), read.uint()))
    return out


def read_struct(read, client, clock):
    info = read.byte()
    kind = info & 31
    item = {"client": client, "clock": clock, "kind": kind, "origin": None, "right": None, "parent": None, "key": None}
    if kind == 0:
        return {**item, "length": read.uint(), "content": None}
    if info & 128:
        item["origin"] = read.id()
    if info & 64:
        item["right"] = read.id()
    if not info & 192:
        item["parent"] = read.string() if read.byte() else read.id()
        if info & 32:
            item["key"] = read.string()
    if kind == 1:
        content = [None] * read.uint()
    elif kind == 4:
        content = units(read.string())
    elif kind == 7:
        content = [read.uint()]
    elif kind == 8:
        content = [read.value() for _ in range(read.uint())]
    else:
        raise Refused("update-struct")
    return {**item, "length": len(content), "content": content}


class Document:
    """Each unit on its own: (client, clock) to where it stands and what it is."""

    def __init__(self):
        self.units, self.places = {}, {}

    def apply(self, body):
        scanned = scan(body)
        for item in scanned.structs:
            self.enter(item)
        for client, clock, length in scanned.deletes:
            for at in range(clock, clock + length):
                self.units[client, at]["deleted"] = True

    def enter(self, item):
        client, clock = item["client"], item["clock"]
        origin, right = item["origin"], item["right"]
        beside = self.units.get(origin) or self.units.get(right) or {}
        parent, key = (item["parent"], item["key"]) if item["parent"] is not None else (beside.get("parent"), beside.get("key"))
        for i in range(item["length"]):
            unit = {"kind": item["kind"], "origin": origin, "right": right, "parent": parent, "key": key, "deleted": item["kind"] == 1}
            unit["content"] = item["content"][i] if item["content"] else None
            self.units[client, clock + i] = unit
            origin = (client, clock + i)
            if parent is not None and item["kind"]:
                self.stand(origin, unit)

    def stand(self, id, unit):
        """YATA, for values under a key: the last one in the list is the value, all before it are deleted. In
        lists and texts the order does not enter the struct root."""
        if unit["key"] is None:
            return
        row = self.places.setdefault((unit["parent"], unit["key"]), [])
        at = row.index(unit["origin"]) + 1 if unit["origin"] in row else 0
        left, conflicting, before = at, set(), set()
        for i in range(at, len(row)):
            other = self.units[row[i]]
            before.add(row[i])
            conflicting.add(row[i])
            if other["origin"] == unit["origin"]:
                if row[i][0] < id[0]:
                    left, conflicting = i + 1, set()
                else:
                    break
            elif other["origin"] in before:
                if other["origin"] not in conflicting:
                    left, conflicting = i + 1, set()
            else:
                break
        row.insert(left, id)
        for other in row[:-1]:
            self.units[other]["deleted"] = True

    def inside_deleted(self, unit):
        parent = unit["parent"]
        while isinstance(parent, tuple):
            opener = self.units.get(parent)
            if opener is None or opener["deleted"] or opener["kind"] != 7:
                return True
            parent = opener["parent"]
        return parent is None

    def root(self):
        """Section 4."""
        out = [b"parley/struct-root/1\n"]
        clients = sorted({client for client, _ in self.units}, reverse=True)
        out.append(uint(len(clients)))
        for client in clients:
            rows = self.rows(client)
            out += [uint(client), uint(len(rows))]
            out += [row_bytes(row) for row in rows]
        return sha256(b"".join(out)).digest()

    def rows(self, client):
        rows, clock = [], 0
        while (client, clock) in self.units:
            unit = dict(self.units[client, clock], clock=clock, length=1)
            if unit["kind"] == 0 or self.inside_deleted(unit):
                unit.update(kind=0)
            elif unit["deleted"]:
                unit.update(kind=1)
            unit["content"] = [unit["content"]]
            last = rows[-1] if rows else None
            follows = last and last["kind"] == unit["kind"] and (unit["kind"] == 0 or (
                unit["kind"] != 7 and unit["origin"] == (client, clock - 1) and unit["right"] == last["right"]))
            if follows:
                last["length"] += 1
                last["content"] += unit["content"]
            else:
                rows.append(unit)
            clock += 1
        return rows


def uint(n):
    out = []
    while n > 127:
        out.append(128 | n & 127)
        n >>= 7
    return bytes(out + [n])


def string(text):
    data = text.encode("utf-8")
    return uint(len(data)) + data


def row_bytes(row):
    kind = row["kind"]
    out = uint(row["clock"]) + uint(row["length"]) + bytes([kind])
    if kind == 0:
        return out
    origin, right, parent, key = row["origin"], row["right"], row["parent"], row["key"]
    is_root = isinstance(parent, str)
    out += bytes([(origin is not None) | (right is not None) << 1 | is_root << 2 | (key is not None) << 3])
    for id in (origin, right):
        if id is not None:
            out += uint(id[0]) + uint(id[1])
    out += string(parent) if is_root else uint(parent[0]) + uint(parent[1])
    if key is not None:
        out += string(key)
    if kind == 7:
        out += uint(row["content"][0])
    elif kind == 4:
        out += sha256(b"".join(row["content"]).decode("utf-16-le").encode("utf-8")).digest()
    elif kind == 8:
        out += sha256(b"".join(row["content"])).digest()
    return out
