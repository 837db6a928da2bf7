"""Deterministic CBOR (RFC 8949, section 4.2.1), as protocols/space and protocols/envelope use it."""


class Refused(Exception):
    """An input was refused, with the code of a specification."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Waits(Exception):
    """An input lacks something that it names."""


def encode(value):
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        data = value.encode("utf-8")
        return head(3, len(data)) + data
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(encode, value))
    pairs = sorted((encode(key), encode(item)) for key, item in value.items())
    return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for more, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | more]) + n.to_bytes(size, "big")
    raise Refused("cbor-value")


class Reader:
    """Takes only the one spelling: whatever else it meets is refused with the code given."""

    def __init__(self, data, code):
        self.data, self.at, self.code = data, 0, code

    def take(self, n):
        if self.at + n > len(self.data):
            raise Refused(self.code)
        self.at += n
        return self.data[self.at - n : self.at]

    def item(self, depth=0):
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if major == 7:
            if first in (0xF4, 0xF5, 0xF6):
                return {0xF4: False, 0xF5: True, 0xF6: None}[first]
            raise Refused(self.code)
        if low < 24:
            n = low
        elif low <= 27:
            size = 1 << low - 24
            n = int.from_bytes(self.take(size), "big")
            if n < (24 if size == 1 else 1 << 4 * size):
                raise Refused(self.code)
        else:
            raise Refused(self.code)
        if major == 6 or depth > 8 or n >= 1 << 53:
            raise Refused(self.code)
        if major == 0:
            return n
        if major == 1:
            if n >= (1 << 53) - 1:
                raise Refused(self.code)
            return -1 - n
        if major == 2:
            return self.take(n)
        if major == 3:
            try:
                return self.take(n).decode("utf-8")
            except UnicodeDecodeError:
                raise Refused(self.code) from None
        if major == 4:
            return [self.item(depth + 1) for _ in range(self.count(n))]
        pairs, before = {}, None
        for _ in range(self.count(n)):
            start = self.at
            key = self.item(depth + 1)
            spelt = self.data[start : self.at]
            if not isinstance(key, str) or (before is not None and spelt <= before):
                raise Refused(self.code)
            before, pairs[key] = spelt, self.item(depth + 1)
        return pairs

    def count(self, n):
        if n > len(self.data) - self.at:
            raise Refused(self.code)
        return n


def decode(data, bytes_max, code="cbor-*"):
    if len(data) > bytes_max:
        raise Refused("cbor-size")
    reader = Reader(data, code)
    value = reader.item()
    if reader.at != len(data):
        raise Refused(code)
    return value
