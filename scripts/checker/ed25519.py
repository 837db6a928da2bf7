"""The one Ed25519 rule of protocols/identity, section 1, from RFC 8032 and nothing else."""
from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)
ZERO = (0, 1, 1, 0)


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    u, v = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    w, z = 2 * t1 * t2 * D, 2 * z1 * z2
    e, f, g, h = (v - u) % P, (z - w) % P, (z + w) % P, (v + u) % P
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, point):
    result = ZERO
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def decode(data):
    """The point of a canonical encoding, or None."""
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * I % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
# Multiples of the base by powers of two: signatures all begin with [S]B.
BASES = [BASE]
for _ in range(255):
    BASES.append(add(BASES[-1], BASES[-1]))

_admitted = {}


def admit(data):
    """IDN-1. A point, or the reject code."""
    data = bytes(data)
    if data not in _admitted:
        _admitted[data] = _admit(data)
    return _admitted[data]


def _admit(data):
    if len(data) != 32:
        return "key-length"
    point = decode(data)
    if point is None:
        return "key-encoding"
    if same(point, ZERO) or not same(times(L, point), ZERO):
        return "key-order"
    return point


def verify(key, message, signature):
    """IDN-1 to IDN-3 for key bytes."""
    point = admit(key)
    if isinstance(point, str) or len(signature) != 64:
        return False
    r_bytes, s = signature[:32], int.from_bytes(signature[32:], "little")
    r = decode(r_bytes)
    if s >= L or r is None or same(times(8, r), ZERO):
        return False
    k = int.from_bytes(sha512(r_bytes + bytes(key) + message).digest(), "little") % L
    left = ZERO
    for i in range(s.bit_length()):
        if s >> i & 1:
            left = add(left, BASES[i])
    return same(left, add(r, times(k, point)))
