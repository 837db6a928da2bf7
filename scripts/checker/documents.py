"""protocols/artifacts, the JSON form; protocols/documents: sealed artifacts, and what a view of one shows."""
import base64
import hashlib
import re
from decimal import Decimal

from . import ed25519, identity
from .cbor import Refused

RESERVED = ("_sd", "...")
QUANTITIES = {
    "PeerAgreement.v1": ["reciprocity.*.maxExposure"],
    "JointInitiativePlan.v1": ["resources.*.amount", "kpis.*.baseline", "kpis.*.target", "kpis.*.series.*.value", "progress.*.percent"],
    "BenchmarkReport.v1": ["snapshots.*.value"],
    "ImprovementPlan.v1": ["findings.*.value"],
}
TYPES = {
    "string": lambda v: isinstance(v, str),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "list": lambda v: isinstance(v, list),
    "plain": lambda v: True,
}
EMPTY = {"text": "", "map": {}, "array": []}


# ---- the JSON form (ART-8 to ART-11)


def ecmascript(value):
    """Number::toString of a finite double that is no safe integer."""
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + exponent
    if 0 < point <= 21:
        out = text + "0" * (point - len(text)) if len(text) <= point else f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        out = "0." + "0" * -point + text
    else:
        power = point - 1
        out = text[0] + ("." + text[1:] if text[1:] else "") + f"e{'+' if power > 0 else '-'}{abs(power)}"
    return "-" * sign + out


def is_quantity(value):
    return isinstance(value, str) and len(value) <= 64 and bool(re.fullmatch(r"(?!-0(\.0+)?$)-?(0|[1-9][0-9]*)(\.[0-9]+)?", value)) and not value.endswith("\n")


def well_formed(text):
    return not any(0xD800 <= ord(c) < 0xE000 for c in text)


class Form:
    def __init__(self, layouts, kind, roots):
        self.faults, self.quantities = [], [q.split(".") for q in QUANTITIES.get(kind, [])]
        nodes = layouts[kind]["roots"]
        self.json = {}
        for name, node in nodes.items():
            held = roots.get(name)
            self.json[name] = EMPTY[node["is"]] if name not in roots else self.node(node, held, [name])
        for name in roots:
            if name not in nodes:
                self.fault("artifact-place", [name])

    def fault(self, code, path):
        self.faults.append({"code": code, "path": ".".join(path)})

    def node(self, node, value, path):
        if node["is"] == "text" and isinstance(value, str):
            return self.text(value, path)
        if node["is"] == "array" and isinstance(value, list):
            return [self.under(node["items"], item, [*path, str(i)]) for i, item in enumerate(value)]
        if node["is"] == "map" and isinstance(value, dict):
            out = {}
            for key, item in value.items():
                wanted = node["keys"].get(key, node.get("others"))
                if wanted is None or key == "__proto__" or not well_formed(key):
                    self.fault("artifact-place", [*path, key])
                else:
                    self.name(key, path)
                    out[key] = self.under(wanted, item, [*path, key])
            return out
        self.fault("artifact-type", path)
        return EMPTY[node["is"]]

    def under(self, wanted, value, path):
        if isinstance(wanted, dict):
            return self.node(wanted, value, path)
        if not TYPES[wanted](value):
            self.fault("artifact-type", path)
        return self.plain(value, path)

    def plain(self, value, path):
        if not is_quantity(value) and any(len(q) == len(path) and all(a in ("*", b) for a, b in zip(q, path)) for q in self.quantities):
            self.fault("artifact-quantity", path)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value, path)
        if isinstance(value, (int, float)):
            if abs(value) < 2**53 and value == int(value):
                return int(value)
            self.fault("artifact-number", path)
            return ecmascript(value)
        if len(path) > 24:
            self.fault("artifact-value", path)
            return None
        if isinstance(value, list):
            return [self.plain(item, [*path, str(i)]) for i, item in enumerate(value)]
        out = {}
        for key, item in value.items():
            if key == "__proto__" or not well_formed(key):
                self.fault("artifact-place", [*path, key])
            else:
                self.name(key, path)
                out[key] = self.plain(item, [*path, key])
        return out

    def name(self, key, path):
        if key in RESERVED:
            self.fault("artifact-name", [*path, key])

    def text(self, value, path):
        if well_formed(value):
            return value
        self.fault("artifact-text", path)
        return re.sub("[\ud800-\udfff]", "\ufffd", value)


# ---- disclosures (DOC-13 to DOC-21)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64url(text):
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return data if base64url(data) == text else None


def is_digest(value):
    return isinstance(value, str) and len(unbase64url(value) or b"") == 32


class Disclosure:
    def __init__(self, text):
        data = unbase64url(text)
        if data is None:
            raise Refused("disclosure-encoding")
        parts = identity.parse_jcs(data, 12 * 1024 * 1024, 32, 60_000)
        if not isinstance(parts, list) or len(parts) not in (2, 3):
            raise Refused("disclosure-shape")
        self.salt, self.value = parts[0], parts[-1]
        self.name = parts[1] if len(parts) == 3 else None
        if not isinstance(self.salt, str) or not isinstance(self.name, (str, type(None))) or (len(parts) == 3 and self.name is None):
            raise Refused("disclosure-shape")
        if not 16 <= len(unbase64url(self.salt) or b"") <= 32:
            raise Refused("disclosure-salt")
        if self.name in (*RESERVED, "__proto__"):
            raise Refused("disclosure-name")
        self.digest = base64url(hashlib.sha256(text.encode()).digest())


class Reveal:
    def __init__(self, disclosures):
        if len({d.salt for d in disclosures}) < len(disclosures):
            raise Refused("disclosure-salt")
        self.left, self.met, self.withheld = {d.digest: d for d in disclosures}, set(), 0

    def take(self, digest):
        if digest in self.met:
            raise Refused("digest-repeated")
        self.met.add(digest)
        found = self.left.pop(digest, None)
        self.withheld += found is None
        return found

    def at(self, value, depth=0):
        if not isinstance(value, (dict, list)):
            return value
        if depth > 40:
            raise Refused("disclosure-depth")
        return self.members(value, depth) if isinstance(value, dict) else self.elements(value, depth)

    def members(self, value, depth):
        out = {}
        for key, item in value.items():
            if key == "...":
                raise Refused("digest-shape")
            if key != "_sd":
                out[key] = self.at(item, depth + 1)
        digests = value.get("_sd", [])
        if not isinstance(digests, list) or not all(map(is_digest, digests)) or digests != sorted(set(digests)):
            raise Refused("digest-shape")
        for digest in digests:
            found = self.take(digest)
            if found is None:
                continue
            if found.name is None:
                raise Refused("disclosure-place")
            if found.name in out:
                raise Refused("disclosure-clash")
            out[found.name] = self.at(found.value, depth + 1)
        return out

    def elements(self, value, depth):
        out = []
        for item in value:
            if not isinstance(item, dict) or "..." not in item:
                out.append(self.at(item, depth + 1))
                continue
            if len(item) != 1 or not is_digest(item["..."]):
                raise Refused("digest-shape")
            found = self.take(item["..."])
            if found is None:
                continue
            if found.name is not None:
                raise Refused("disclosure-place")
            out.append(self.at(found.value, depth + 1))
        return out


# ---- sealed files (DOC-1 to DOC-12)


def media_kind(kind):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind).lower()


def is_envelope(value):
    return isinstance(value, dict) and isinstance(value.get("payload"), str) and isinstance(value.get("payloadType"), str) and isinstance(value.get("signatures"), list) and 1 <= len(value["signatures"]) <= 32


def texts(value, most):
    return isinstance(value, list) and len(value) <= most and all(isinstance(item, str) for item in value)


def is_hash(value, size=64):
    return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{size}}}", value) is not None and len(value) == size


SIGNER = ("certificate", "company", "key", "person", "role")


def read_payload(data):
    payload = identity.parse_jcs(data)
    good = (
        identity.exactly(payload, "_sd", "class", "content", "signedAt", "signers")
        and isinstance(payload["_sd"], list) and len(payload["_sd"]) == 1 and is_digest(payload["_sd"][0])
        and payload["class"] in ("private", "shared-confidential", "public")
        and identity.exactly(payload["content"], "_sd") and isinstance(payload["content"]["_sd"], list)
        and 1 <= len(payload["content"]["_sd"]) <= 64 and all(map(is_digest, payload["content"]["_sd"]))
        and isinstance(payload["signedAt"], str) and identity.SECOND.fullmatch(payload["signedAt"])
        and isinstance(payload["signers"], list) and 1 <= len(payload["signers"]) <= 32
        and all(identity.exactly(s, *SIGNER) and all(isinstance(s[m], str) for m in SIGNER) and is_hash(s["certificate"]) and s["role"] in identity.ROLES for s in payload["signers"])
    )
    if not good:
        raise Refused("sealed-payload")
    signed_at = identity.instant(payload["signedAt"], "sealed-payload")
    keys = [signer["key"] for signer in payload["signers"]]
    if keys != sorted(set(keys)):
        raise Refused("sealed-signers")
    return payload, signed_at


def check_signers(payload, signed_at, file, signed, signatures, known):
    """Refuses for contradictory evidence, then for the first signer who does not count."""
    present, left = [], list(signatures)
    for signer in payload["signers"]:
        good = bool(left) and ed25519.verify(identity.multikey(signer["key"]), signed, left[0])
        present.append(good)
        if good:
            left.pop(0)
    if left:
        raise Refused("signature")
    wanted, certificates = {s["certificate"] for s in payload["signers"]}, {}
    for envelope in file["certificates"]:
        data = identity.jcs(envelope).encode()
        name = hashlib.sha256(identity.parse_dsse(data, "role-certificate.v1")[0]).hexdigest()
        if name not in wanted - certificates.keys():
            raise Refused("sealed-certificate")
        certificates[name] = data
    companies = {s["company"] for s in payload["signers"]}
    logs = {did: log for did, log in known.items() if did in companies}
    for text in file["identities"]:
        log = identity.read_log(text)
        if log.did not in companies:
            raise Refused("sealed-identity")
        companies.discard(log.did)
        ours, theirs = list(logs[log.did].roots) if log.did in logs else [], list(log.roots)
        if any(a != b for a, b in zip(ours, theirs)):
            raise Refused("identity-fork")
        if len(theirs) > len(ours):
            logs[log.did] = log
    return [check_signer(s, here, signed_at, certificates, logs) for s, here in zip(payload["signers"], present)]


def check_signer(signer, here, signed_at, certificates, logs):
    if not here:
        return "sealed-unsigned"
    if signer["certificate"] not in certificates:
        return "sealed-certificate"
    log = logs.get(signer["company"])
    if log is None:
        return "sealed-identity"
    try:
        document, key = identity.read_document(certificates[signer["certificate"]], "role-certificate.v1", log)
    except Refused as refused:
        return refused.code
    if [document["role"], document["key"], document["holder"]["name"]] != [signer["role"], signer["key"], signer["person"]]:
        return "sealed-certificate"
    if "seal" not in document["powers"]:
        return "sealed-power"
    start, end = (identity.instant(document[m], "certificate-validity") for m in ("validFrom", "validUntil"))
    if not start <= signed_at <= end:
        return "sealed-validity"
    issuer = "z" + identity.base58(b"\xed\x01" + log.roots[document["issuer"]])
    return "sealed-revoked" if {signer["key"], issuer} & set(log.revoked) else None


def read_sealed(text, known, layouts):
    """(kind, id, payload, content, source, withheld); refuses as a reader with these identity logs would."""
    file = identity.parse_jcs(text.encode(), 24 * 1024 * 1024, 8, 60_000)
    good = (
        identity.exactly(file, "certificates", "disclosures", "envelope", "identities", "parley")
        and file["parley"] == "sealed.v1" and is_envelope(file["envelope"])
        and isinstance(file["certificates"], list) and len(file["certificates"]) <= 32 and all(map(is_envelope, file["certificates"]))
        and texts(file["disclosures"], 20_000) and texts(file["identities"], 32)
    )
    if not good:
        raise Refused("sealed-shape")
    kinds = {f"application/vnd.parley.{media_kind(kind)}+json": kind for kind in layouts}
    kind = kinds.get(file["envelope"]["payloadType"])
    if kind is None:
        raise Refused("sealed-kind")
    if file["disclosures"] != sorted(set(file["disclosures"])):
        raise Refused("disclosure-order")
    data, signed, signatures = identity.parse_dsse(identity.jcs(file["envelope"]).encode(), media_kind(kind))
    payload, signed_at = read_payload(data)
    verdicts = check_signers(payload, signed_at, file, signed, signatures, known)
    reveal = Reveal([Disclosure(one) for one in file["disclosures"]])
    shown = reveal.at(payload)
    if reveal.left:
        raise Refused("disclosure-unknown")
    if shown.keys() - {"class", "content", "signedAt", "signers", "source"}:
        raise Refused("sealed-payload")
    if Form(layouts, kind, shown["content"]).faults:
        raise Refused("sealed-content")
    if "source" in shown:
        check_source(shown["source"])
    for code in filter(None, verdicts):
        raise Refused(code)
    return kind, hashlib.sha256(data).hexdigest(), payload, shown["content"], "source" in shown, reveal.withheld


def check_source(source):
    good = identity.exactly(source, "artifact", "facet", "lanes", "space", "structRoot") and is_hash(source["artifact"], 32) and all(is_hash(source[m]) for m in ("facet", "space", "structRoot")) and isinstance(source["lanes"], list)
    good = good and all(identity.exactly(lane, "client", "id", "seq") and is_hash(lane["id"]) and all(type(lane[m]) is int and lane[m] >= 0 for m in ("client", "seq")) for lane in source["lanes"])
    clients = [lane["client"] for lane in source["lanes"]] if good else []
    if not good or clients != sorted(set(clients)):
        raise Refused("sealed-source")

