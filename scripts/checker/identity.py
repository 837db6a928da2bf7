"""protocols/identity: canonical JSON, DSSE, identity logs, certificates, words, invites."""
import base64
import hashlib
import hmac
import json
import re
from calendar import timegm
from time import strptime

from . import cbor, ed25519
from .cbor import Refused

B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def base58(data):
    n, out = int.from_bytes(data, "big"), ""
    while n:
        n, digit = divmod(n, 58)
        out = B58[digit] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def unbase58(text):
    n = 0
    for character in text:
        if character not in B58:
            return None
        n = n * 58 + B58.index(character)
    body = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return b"\0" * (len(text) - len(text.lstrip("1"))) + body


# ---- JSON of one spelling (IDN-4 to IDN-6)

ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def jcs(value):
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(ESCAPES.get(ord(c)) or (c if ord(c) > 31 else f"\\u{ord(c):04x}") for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{jcs(key)}:{jcs(value[key])}" for key in keys) + "}"


class Fraction(Exception):
    pass


def number(text):
    value = float(text)
    if value != value or abs(value) >= 2**53 or value != int(value) or (value == 0 and text[0] == "-"):
        raise Fraction
    return int(value)


def whole(text):
    if text == "-0" or abs(int(text)) >= 2**53:
        raise Fraction
    return int(text)


def constant(text):
    raise ValueError(text)


def plain(value):
    """Strings well formed, no `__proto__`."""
    if isinstance(value, str):
        return not any(0xD800 <= ord(c) < 0xE000 for c in value)
    if isinstance(value, list):
        return all(map(plain, value))
    if isinstance(value, dict):
        return all(key != "__proto__" and plain(key) and plain(item) for key, item in value.items())
    return True


def parse_jcs(data, size=65_536, depth=16, items=2_000):
    if len(data) > size:
        raise Refused("jcs-size")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("jcs-syntax") from None
    outside = re.sub(r'"(?:[^"\\]|\\.)*"?', '""', text, flags=re.S)
    level = 0
    for character in outside:
        level += (character in "[{") - (character in "]}")
        if level > depth:
            raise Refused("jcs-depth")
    if sum(outside.count(character) for character in "[{,") > items:
        raise Refused("jcs-items")
    try:
        value = json.loads(text, parse_float=number, parse_int=whole, parse_constant=constant)
    except Fraction:
        raise Refused("jcs-value") from None
    except (ValueError, OverflowError):
        raise Refused("jcs-syntax") from None
    if not plain(value):
        raise Refused("jcs-value")
    if jcs(value) != text:
        raise Refused("jcs-canonical")
    return value


# ---- signed documents (IDN-7, IDN-8)


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("dsse-base64") from None
    if base64.b64encode(data).decode() != text:
        raise Refused("dsse-base64")
    return data


def exactly(value, *members, optional=()):
    return isinstance(value, dict) and set(members) <= set(value) <= set(members) | set(optional)


def parse_dsse(data, kind):
    """(payload, pre-authentication encoding, signatures)"""
    return open_dsse(parse_jcs(data), kind)


def open_dsse(value, kind):
    """The same for one that has been parsed, by itself or within a file."""
    if not exactly(value, "payload", "payloadType", "signatures"):
        raise Refused("dsse-shape")
    signatures = value["signatures"]
    shaped = (
        isinstance(value["payload"], str)
        and isinstance(value["payloadType"], str)
        and isinstance(signatures, list)
        and 1 <= len(signatures) <= 32
        and all(exactly(s, "sig", optional=["keyid"]) and all(isinstance(m, str) for m in s.values()) and len(s["sig"]) == 88 for s in signatures)
    )
    if not shaped:
        raise Refused("dsse-shape")
    media = f"application/vnd.parley.{kind}+json"
    if value["payloadType"] != media:
        raise Refused("dsse-type")
    payload = unbase64(value["payload"])
    sigs = [unbase64(s["sig"]) for s in signatures]
    if any(len(s) != 64 for s in sigs):
        raise Refused("dsse-base64")
    signed = f"DSSEv1 {len(media)} {media} {len(payload)} ".encode() + payload
    return payload, signed, sigs


def multikey(text, code="key-multikey"):
    data = unbase58(text[1:]) if text[:1] == "z" else None
    if data is None or data[:2] != b"\xed\x01":
        raise Refused(code)
    return admit(data[2:])


def admit(data):
    result = ed25519.admit(data)
    if isinstance(result, str):
        raise Refused(result)
    return bytes(data)


HIDDEN = re.compile("[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def is_name(text, units):
    return 1 <= len(text.encode("utf-16-le", "surrogatepass")) // 2 <= units and text == text.strip() and not HIDDEN.search(text)


# ---- identity logs (IDN-9 to IDN-19)


class Identity:
    """What a verified log says. `roots` maps version ids to keys, oldest first."""

    def __init__(self):
        self.did, self.roots, self.revoked, self.name, self.registration = "", {}, [], "", ""


def multihash(data):
    return base58(b"\x12\x20" + sha256(data))


SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def is_multihash(text):
    data = unbase58(text)
    return data is not None and len(data) == 34 and data[:2] == b"\x12\x20"


def instant(text, code):
    if not SECOND.fullmatch(text):
        raise Refused(code)
    # The calendar repeats after 400 years, and Python's begins with year 1.
    early = int(text[:4]) < 400
    try:
        parsed = strptime(f"{int(text[:4]) + 400:04}{text[4:]}" if early else text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise Refused(code) from None
    if parsed.tm_sec > 59:
        raise Refused(code)
    return timegm(parsed) - (146_097 * 86_400 if early else 0)


PROOF = ["eddsa-jcs-2022", "assertionMethod", "DataIntegrityProof"]


def strings(value, low, high):
    return isinstance(value, list) and low <= len(value) <= high and all(isinstance(item, str) for item in value)


def shape(entry, first):
    parameters, state, proof = (entry.get(name) if isinstance(entry, dict) else None for name in ("parameters", "state", "proof"))
    members = ["nextKeyHashes", "updateKeys"] + (["method", "portable", "scid"] if first else [])
    good = (
        exactly(entry, "versionId", "versionTime", "parameters", "state", "proof")
        and isinstance(entry["versionId"], str)
        and isinstance(entry["versionTime"], str)
        and exactly(parameters, *members)
        and strings(parameters["nextKeyHashes"], 1, 4)
        and strings(parameters["updateKeys"], 1, 1)
        and (not first or (parameters["method"] == "did:webvh:1.0" and parameters["portable"] is False and isinstance(parameters["scid"], str)))
        and exactly(state, "@context", "id", "parley")
        and state["@context"] == ["https://www.w3.org/ns/did/v1"]
        and isinstance(state["id"], str)
        and exactly(state["parley"], "legalName", "registrationNumber", "revoked")
        and isinstance(state["parley"]["legalName"], str)
        and isinstance(state["parley"]["registrationNumber"], str)
        and strings(state["parley"]["revoked"], 0, 1000)
        and isinstance(proof, list)
        and len(proof) == 1
        and exactly(proof[0], "created", "cryptosuite", "proofPurpose", "proofValue", "type", "verificationMethod")
        and all(isinstance(item, str) for item in proof[0].values())
        and [proof[0][name] for name in ("cryptosuite", "proofPurpose", "type")] == PROOF
    )
    if not good:
        raise Refused("identity-shape")


DOMAIN = re.compile(r"(?=.{1,253}(?:%3A|:|$))(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*(?:%3A[1-9][0-9]{0,4})?(?::[A-Za-z0-9._-]+)*")


def read_log(text):
    data = text.encode("utf-8")
    if len(data) > 1_048_576:
        raise Refused("identity-size")
    if not data.endswith(b"\n"):
        raise Refused("identity-line")
    identity, hashes, scid, before, last = Identity(), [], "", None, None
    for n, line in enumerate(data[:-1].split(b"\n"), 1):
        if n > 1000:
            raise Refused("identity-size")
        entry = parse_jcs(line, 65_536, 6, 1100)
        shape(entry, n == 1)
        parameters, state = entry["parameters"], entry["state"]
        bare = {name: entry[name] for name in ("parameters", "state", "versionTime")}
        if n == 1:
            scid = before = parameters["scid"]
            drafted = jcs({**bare, "versionId": "{SCID}"}).replace(scid, "{SCID}")
            if multihash(drafted.encode()) != scid:
                raise Refused("identity-scid")
        if entry["versionId"] != f"{n}-{multihash(jcs({**bare, 'versionId': before}).encode())}":
            raise Refused("identity-hash")
        time = instant(entry["versionTime"], "identity-time")
        if last is not None and time <= last:
            raise Refused("identity-time")
        root_text = parameters["updateKeys"][0]
        root = multikey(root_text)
        own = multihash(root_text.encode())
        if n > 1 and own not in hashes or root in identity.roots.values():
            raise Refused("identity-key")
        hashes = parameters["nextKeyHashes"]
        if len(set(hashes)) != len(hashes) or own in hashes or not all(map(is_multihash, hashes)):
            raise Refused("identity-key")
        match = re.fullmatch(r"did:webvh:([^:]+):(.+)", state["id"])
        if not match or match[1] != scid or not DOMAIN.fullmatch(match[2]) or {".", ".."} & set(match[2].split(":")) or (n > 1 and state["id"] != identity.did):
            raise Refused("identity-did")
        facts = state["parley"]
        if not is_name(facts["legalName"], 200) or not is_name(facts["registrationNumber"], 64):
            raise Refused("identity-name")
        revoked = facts["revoked"]
        if revoked[: len(identity.revoked)] != identity.revoked or len(set(revoked)) != len(revoked):
            raise Refused("identity-revoked")
        for item in revoked[len(identity.revoked) :]:
            try:
                multikey(item)
            except Refused:
                raise Refused("identity-revoked") from None
        proof = entry["proof"][0]
        options = {name: item for name, item in proof.items() if name != "proofValue"}
        method = f"did:key:{root_text}#{root_text}"
        wanted = {"created": entry["versionTime"], "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod", "type": "DataIntegrityProof", "verificationMethod": method}
        signature = unbase58(proof["proofValue"][1:]) if proof["proofValue"][:1] == "z" else None
        if options != wanted:
            raise Refused("identity-proof")
        signed = sha256(jcs(options).encode()) + sha256(jcs({**bare, "versionId": entry["versionId"]}).encode())
        if signature is None or not ed25519.verify(root, signed, signature):
            raise Refused("signature")
        identity.did, identity.revoked = state["id"], revoked
        identity.name, identity.registration = facts["legalName"], facts["registrationNumber"]
        identity.roots[entry["versionId"]] = root
        before, last = entry["versionId"], time
    return identity


# ---- certificates and requests (IDN-20 to IDN-26)

ROLES = ["COO", "CTO", "CMO", "CFO", "CHRO", "CEO", "Founder", "Investor"]
POWERS = ["advise", "vote", "seal", "mediate"]


def peer_key(text):
    data = unbase58(text)
    if data is None or len(data) != 38 or data[:6] != bytes.fromhex("002408011220"):
        raise Refused("node-peer")
    return admit(data[6:])


def read_document(data, kind, identity=None):
    """A certificate or request under its one key; (json, key, signed bytes) are checked on the way."""
    if len(data) > 16_384:
        raise Refused("jcs-size")
    payload, signed, signatures = parse_dsse(data, kind)
    if len(signatures) != 1:
        raise Refused("document-signatures")
    document = parse_jcs(payload)
    role, issued = kind.startswith("role"), "certificate" in kind
    members = ["company"] + (["holder", "key", "role"] if role else ["name", "peer"])
    members += ["issuer", "validFrom", "validUntil"] if issued else []
    members += ["powers"] if role and issued else []
    good = exactly(document, *members) and all(isinstance(document[m], str) for m in members if m not in ("holder", "powers"))
    if good and role:
        holder = document["holder"]
        good = exactly(holder, "kind", "name") and holder["kind"] in ("human", "agent") and isinstance(holder["name"], str) and document["role"] in ROLES
    if good and issued:
        good = all(SECOND.fullmatch(document[m]) for m in ("validFrom", "validUntil"))
    if good and "powers" in members:
        good = strings(document["powers"], 1, 4) and set(document["powers"]) <= set(POWERS)
    if not good:
        raise Refused("document-shape")
    key = multikey(document["key"]) if role else peer_key(document["peer"])
    if not is_name(document["holder"]["name"] if role else document["name"], 200):
        raise Refused("certificate-name")
    signer = key
    if issued:
        if role:
            powers = document["powers"]
            if powers != [p for p in POWERS if p in powers] or (document["holder"]["kind"] == "agent" and powers != ["advise"]):
                raise Refused("certificate-powers")
        if document["company"] != identity.did:
            raise Refused("certificate-company")
        signer = identity.roots.get(document["issuer"])
        if signer is None:
            raise Refused("identity-version")
        start, end = (instant(document[m], "certificate-validity") for m in ("validFrom", "validUntil"))
        if not 0 < end - start <= 90 * 86_400:
            raise Refused("certificate-validity")
        if key == signer:
            raise Refused("certificate-key")
    if not ed25519.verify(signer, signed, signatures[0]):
        raise Refused("signature")
    return document, key


# ---- words and invites


def words_of(did, word_list):
    bits = int.from_bytes(sha256(b"parley/words/1\0" + did.encode())[:11], "big")
    return " ".join(word_list[bits >> 77 - 11 * i & 2047] for i in range(8))


def read_invite(text):
    text = text.strip()
    if len(text) > 4096:
        raise Refused("invite-size")
    if not text.startswith("parley-invite"):
        raise Refused("invite-prefix")
    if not text.startswith("parley-invite1"):
        raise Refused("invite-version")
    data = unbase58(text[14:])
    if data is None:
        raise Refused("invite-characters")
    body = data[:-4]
    if len(data) < 4 or sha256(b"parley/invite/1/checksum\0" + body)[:4] != data[-4:]:
        raise Refused("invite-checksum")
    value = cbor.decode(body, 4096)
    good = (
        exactly(value, "root", "addresses", "secret", "expiresAt", optional=["space"])
        and isinstance(value["root"], str)
        and value["root"].startswith("did:webvh:")
        and strings(value["addresses"], 0, 8)
        and all(re.fullmatch(r"/[!-~]{1,299}", address) for address in value["addresses"])
        and isinstance(value["secret"], bytes)
        and len(value["secret"]) == 32
        and type(value["expiresAt"]) is int
        and value["expiresAt"] >= 0
        and ("space" not in value or (isinstance(value["space"], bytes) and len(value["space"]) == 32))
    )
    if not good:
        raise Refused("invite-value")
    return value


def invite_proof(secret, transcript):
    return hmac.new(secret, b"parley/invite/1/proof\0" + transcript, "sha256").digest()
