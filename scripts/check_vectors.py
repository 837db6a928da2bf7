#!/usr/bin/env python3
"""A second implementation of the protocols, from their specifications, held against all vectors.

    python3 scripts/check_vectors.py

Needs Python 3.11 and nothing else. Prints how many cases passed and failed; exits with 1 if any failed."""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from checker import ed25519, envelope, identity, space, update  # noqa: E402
from checker.cbor import Refused, Waits  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent / "protocols"
passed, failures = 0, []


def load(path):
    file = ROOT / path
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def check(where, got, want):
    global passed
    # Which of cbor-syntax, cbor-value and cbor-canonical a reader gives is its own matter.
    if got == "cbor-*" and isinstance(want, str) and want.startswith("cbor-") and want != "cbor-size":
        got = want
    if got == want:
        passed += 1
    else:
        failures.append(f"{where}: {got!r}, not {want!r}")


def outcome(work, *args):
    """What came of it: the result, `waits-…` or a reject code."""
    try:
        return work(*args)
    except Refused as refused:
        return refused.code
    except Waits as waits:
        return f"waits-{waits}"


def expect_codes(path, cases, work):
    for case in cases:
        check(f"{path}: {case.get('name') or case.get('id')}", outcome(lambda c: work(c) and "accepted", case), case["code"])


# ---- identity


def check_identity():
    for case in load("identity/vectors/ed25519.json").get("vectors", []):
        key, message, signature = (bytes.fromhex(case[name]) for name in ("key", "msg", "sig"))
        check(f"ed25519: {case['id']}", "accept" if ed25519.verify(key, message, signature) else "reject", case["expect"])
    path = "identity/vectors/jcs.json"
    jcs = load(path)
    for case in jcs.get("valid", []):
        data = bytes.fromhex(case["hex"])
        check(f"jcs: {case['hex']}", outcome(lambda d: identity.jcs(identity.parse_jcs(d)).encode(), data), data)
    expect_codes(path, jcs.get("invalid", []), lambda c: [identity.parse_jcs(bytes.fromhex(c["hex"]))])
    check_documents()
    check_names()


def check_documents():
    path = "identity/vectors/dsse.json"
    dsse = load(path)
    for case in dsse.get("valid", []):
        got = outcome(lambda c: [part.hex() for part in identity.parse_dsse(c["envelope"].encode(), c["kind"])[:2]], case)
        check(f"dsse: {case['id']}", got, [case["payload"], case["signed"]])
    expect_codes(path, dsse.get("invalid", []), lambda c: identity.parse_dsse(c["envelope"].encode(), c["kind"]))
    path = "identity/vectors/identity-log.json"
    logs = load(path)
    for case in logs.get("valid", []):
        def facts(c):
            read = identity.read_log(c["log"])
            head = list(read.roots)[-1]
            root = "z" + identity.base58(b"\xed\x01" + read.roots[head])
            return [read.did, head, read.name, read.registration, root, read.revoked]
        want = [case[name] for name in ("did", "head", "legalName", "registrationNumber", "rootKey", "revoked")]
        check(f"identity log of {case['legalName']}", outcome(facts, case), want)
    expect_codes(path, logs.get("invalid", []), lambda c: identity.read_log(c["log"]))
    path = "identity/vectors/certificates.json"
    certificates = load(path)
    if certificates:
        company = identity.read_log(certificates["log"])
        def read(c):
            return identity.read_document(c["document"].encode(), c["kind"], company)
        for case in certificates["valid"]:
            check(f"certificates: {case['id']}", outcome(lambda c: read(c) and "accepted", case), "accepted")
        expect_codes(path, certificates["invalid"], read)


def check_names():
    words = load("identity/vectors/words.json")
    if words:
        word_list = (ROOT / "identity/words.txt").read_text().split()
        for kind in ("valid", "invalid"):
            for case in words[kind]:
                check(f"words: {case['words']}", identity.words_of(case["did"], word_list) == case["words"], kind == "valid")
    path = "identity/vectors/invites.json"
    invites = load(path)
    for case in invites.get("valid", []):
        def facts(c):
            read = identity.read_invite(c["token"])
            return [read["root"], read["addresses"], read["secret"].hex(), read["expiresAt"], read.get("space", b"").hex()]
        want = [case[name] for name in ("root", "addresses", "secret", "expiresAt")] + [case.get("space", "")]
        check("invites: a valid token", outcome(facts, case), want)
    expect_codes(path, invites.get("invalid", []), lambda c: identity.read_invite(c["token"]))
    for case in invites.get("proofs", {}).get("valid", []):
        people = [case[side][name] for side in ("inviter", "joiner") for name in ("did", "peer")]
        transcript = space.cbor.encode([case["speaker"], *people])
        proof = identity.invite_proof(bytes.fromhex(invites["proofs"]["secret"]), transcript)
        check(f"invite proof of the {case['speaker']}", [transcript.hex(), proof.hex()], [case["transcript"], case["proof"]])


# ---- space


def check_space():
    path = "space/vectors/genesis.json"
    geneses = load(path)
    readers = {"space": space.space_genesis, "facet": space.facet_genesis}
    for case in geneses["valid"]:
        got = outcome(lambda c: readers[c["type"]](bytes.fromhex(c["bytes"]))[0].hex(), case)
        check(f"{path}: {case['name']}", got, case["id"])
    expect_codes(path, geneses["invalid"], lambda c: readers[c["type"]](bytes.fromhex(c["bytes"])))
    path = "space/vectors/entries.json"
    entries = load(path)
    for case in entries["valid"]:
        got = outcome(lambda c: space.Entry(bytes.fromhex(c["bytes"])).id.hex(), case)
        check(f"{path}: {case['name']}", got, case["id"])
    expect_codes(path, entries["invalid"], lambda c: space.Entry(bytes.fromhex(c["bytes"])))
    logs = load("space/vectors/logs.json")
    known = {company["did"]: [identity.read_log(log) for log in company["logs"]] for company in logs["identities"]}
    for case in logs["valid"] + logs["invalid"]:
        check_log(case, known)


def check_log(case, known):
    log = space.SpaceLog(bytes.fromhex(case["genesis"]))

    def identity_of(did):
        versions = case["versions"][log.parties.index(did)]
        return known[did][versions - 1] if versions else None

    for i, step in enumerate(case["steps"]):
        record = [bytes.fromhex(step[name]) for name in ("entry", "signer", "signature")]
        check(f"space log, {case['name']}, step {i}", outcome(log.add, *record, identity_of), step["expect"])
    stands, forks = [], []
    for company in range(len(log.parties)):
        head, fork = log.head(company), log.lowest_fork(company)
        stands.append(head and {"id": head.id.hex(), "seq": head.seq, "keys": [k.hex() for k in head.keys], "cut": head.cut})
        forks += [] if fork is None else [{"company": company, "seq": fork}]
    check(f"space log, {case['name']}, in the end", [stands, forks], [case["stands"], case["forks"]])


# ---- envelope


def check_envelope():
    path = "envelope/vectors/headers.json"
    headers = load(path)
    for case in headers["valid"]:
        def facts(c):
            header = envelope.Header(bytes.fromhex(c["header"]))
            return [header.seq, len(header.deps)]
        check(f"{path}: {case['name']}", outcome(facts, case), [case["seq"], case["deps"]])
    expect_codes(path, headers["invalid"], lambda c: envelope.Header(bytes.fromhex(c["header"])))
    path = "envelope/vectors/runs.json"
    runs = load(path)
    for lane in runs["lanes"]:
        client = envelope.pack(lane["company"], lane["key"], lane["session"])
        got = [client, envelope.lane_id(bytes.fromhex(lane["facet"]), client).hex()]
        check(f"{path}: client {client}", got, [lane["client"], lane["lane"]])
    facet, key = bytes.fromhex(runs["facet"]), bytes.fromhex(runs["key"])
    for case in runs["valid"]:
        run = outcome(envelope.parse_run, facet, runs["client"], case["run"])
        check(f"{path}: {case['name']}", [e.id.hex() for e in run], case["ids"])
        for e in run:
            check(f"{path}: {case['name']}, signature of {e.seq}", ed25519.verify(key, e.signed, e.signature), True)
    expect_codes(path, runs["invalid"], lambda c: envelope.parse_run(facet, runs["client"], c["run"]))
    facets = load("envelope/vectors/facets.json")
    known = {read.did: read for read in map(identity.read_log, facets["identities"])}
    for case in facets["valid"] + facets["invalid"]:
        check_facet(case, facets["entries"], known)


def check_facet(case, entries, known):
    log = space.SpaceLog(bytes.fromhex(case["space"]))
    facet = envelope.Facet(bytes.fromhex(case["facet"]), log, case.get("most"))
    for i, step in enumerate(case["steps"]):
        where = f"facet, {case['name']}, step {i}"
        if "entry" in step:
            record = [bytes.fromhex(entries[step["entry"]][name]) for name in ("entry", "signer", "signature")]
            check(where, outcome(log.add, *record, known.get), step["expect"])
        else:
            check(where, outcome(lambda: facet.take(step["client"], step["run"]) or "admitted"), step["expect"])
    check(f"facet, {case['name']}, admitted", sorted(id.hex() for id in facet.held), case["admitted"])
    check(f"facet, {case['name']}, effective", sorted(id.hex() for id in facet.effective()), case["effective"])


# ---- update


def check_update():
    for case in load("update/vectors/valid.json").get("root", []):
        document = update.Document()
        for body in case["bodies"]:
            document.apply(bytes.fromhex(body))
        check(f"struct root, {case['name']}", document.root().hex(), case["root"])
    for case in load("update/vectors/valid.json").get("scan", []):
        scanned = update.scan(bytes.fromhex(case["body"]))
        want = case["expect"]
        got = [scanned.client, scanned.clock, scanned.clock_end, len(scanned.structs), sorted(scanned.deletes)]
        ranges = sorted((r["client"], r["clock"], r["length"]) for r in want["deletes"])
        check(f"scan, {case['name']}", got, [want["client"], want["clock"], want["clockEnd"], want["structs"], ranges])


for part in (check_identity, check_space, check_envelope, check_update):
    part()
for failure in failures:
    print(failure)
print(f"{passed} passed, {len(failures)} failed")
sys.exit(1 if failures else 0)
