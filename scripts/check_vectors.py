#!/usr/bin/env python3
"""A second implementation of the protocols, from their specifications, held against all vectors.

    python3 scripts/check_vectors.py

Needs Python 3.11 and nothing else. Prints how many cases passed and failed; exits with 1 if any failed."""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from checker import agreement, audit, certificate, decision, documents, ed25519, envelope, identity, reciprocity, space, update  # noqa: E402
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
        given, at = case["versions"], list(known).index(did)
        versions = given[at] if at < len(given) else 1
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
    check(f"space log, {case['name']}, parties", log.parties, case.get("parties", log.founders))


# ---- agreement


def check_agreement():
    path = "agreement/vectors/terms.json"
    terms = load(path)
    place = space.space_genesis(bytes.fromhex(terms["genesis"]))
    for case in terms["valid"]:
        data = case["terms"].encode()
        def facts(d):
            read = agreement.read_terms(d, *place)
            return [agreement.revision_id(d).hex(), agreement.page(read), read["rendering"]]
        check(f"{path}: {case['name']}", outcome(facts, data), [case[name] for name in ("id", "page", "rendering")])
    expect_codes(path, terms["invalid"], lambda c: agreement.read_terms(c["terms"].encode(), *place))
    path = "agreement/vectors/approvals.json"
    approvals = load(path)
    data = approvals["terms"].encode()
    of = (place[0], agreement.revision_id(data), agreement.read_terms(data, *place), approvals["company"])
    def read(c):
        return agreement.check_approval(c["document"].encode(), *of, bytes.fromhex(c["signer"]))
    for case in approvals["valid"]:
        check(f"{path}: {case['name']}", outcome(lambda c: read(c) and "counts", case), "counts")
    expect_codes(path, approvals["invalid"], read)
    logs = load("agreement/vectors/logs.json")
    known = {company["did"]: identity.read_log(company["log"]) for company in logs["identities"]}
    for case in logs["valid"]:
        check_agreed(case, logs, known)


def check_agreed(case, logs, known):
    log, signers = space.SpaceLog(bytes.fromhex(logs["genesis"])), {}
    for number in case["entries"]:
        record = [bytes.fromhex(logs["entries"][number][name]) for name in ("entry", "signer", "signature")]
        check(f"agreement, {case['name']}, entry {number}", outcome(log.add, *record, known.get), "added")
        signers[space.Entry(record[0]).id] = record[1]
    agreed = agreement.Agreement(log, signers)
    check(f"agreement, {case['name']}", agreed.shown(), case["agreement"])
    for row in case["states"]:
        got = [[a, b, agreed.state(a, b, row["day"])] for a, b, _ in row["between"]]
        check(f"agreement, {case['name']}, {row['day']}", got, row["between"])


# ---- reciprocity


def check_reciprocity():
    path = "reciprocity/vectors/receipts.json"
    receipts = load(path)
    place = (space.space_genesis(bytes.fromhex(receipts["genesis"]))[0], receipts["company"])
    for case in receipts["units"]:
        check(f"{path}: unit for {case['to']}", reciprocity.unit(bytes.fromhex(case["facet"]), case["to"]).hex(), case["name"])
    def read(c):
        return reciprocity.check_receipt(c["document"].encode(), *place, bytes.fromhex(c["signer"]))
    for case in receipts["valid"]:
        check(f"{path}: {case['name']}", outcome(lambda c: read(c) and "counts", case), "counts")
    expect_codes(path, receipts["invalid"], read)
    logs = load("reciprocity/vectors/logs.json")
    known = {company["did"]: identity.read_log(company["log"]) for company in logs["identities"]}
    for case in logs["valid"]:
        log, signers = space.SpaceLog(bytes.fromhex(logs["genesis"])), {}
        for number in case["entries"]:
            record = [bytes.fromhex(logs["entries"][number][name]) for name in ("entry", "signer", "signature")]
            check(f"reciprocity, {case['name']}, entry {number}", outcome(log.add, *record, known.get), "added")
            signers[space.Entry(record[0]).id] = record[1]
        accounts = reciprocity.Accounts(log, signers)
        for row in case["statements"]:
            check(f"reciprocity, {case['name']}, {row['between']}", accounts.statement(*row["between"]), row["text"])


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


# ---- artifacts, documents


def check_forms():
    layouts = load("artifacts/layouts.json")
    forms = load("artifacts/vectors/forms.json")
    for case in forms["valid"] + forms["invalid"]:
        form = documents.Form(layouts, case["kind"], case["roots"])
        got = [identity.jcs(form.json).encode().hex(), form.faults]
        check(f"form: {case['name']}", got, [case["form"], case["faults"]])


def check_sealed():
    layouts = load("artifacts/layouts.json")
    path = "documents/vectors/valid.json"
    vectors = load(path)
    logs = {name: identity.read_log(log) for name, log in vectors["logs"].items()}

    def read(case):
        known = {logs[name].did: logs[name] for name in case["known"]}
        return documents.read_sealed(case["file"], known, layouts)

    for case in vectors["cases"]:
        def facts(c):
            kind, name, payload, content, source, withheld = read(c)
            people = [signer["person"] for signer in payload["signers"]]
            return [kind, name, payload["class"], people, identity.jcs(content).encode().hex(), source, withheld]
        want = case["expect"]
        people = [signer["person"] for signer in want["signers"]]
        facts_wanted = [want["kind"], want["id"], want["class"], people, want["content"], want["source"], want["withheld"]]
        check(f"{path}: {case['name']}", outcome(facts, case), facts_wanted)
    path = "documents/vectors/invalid.json"
    expect_codes(path, load(path)["cases"], read)


# ---- decision


def check_decision():
    path = "decision/vectors/policies.json"
    policies = load(path)
    for case in policies["valid"]:
        def quorums(c):
            rules = decision.Policy(c["policy"]).rules
            return {kind: {name: getattr(rule, name) for name in ("total", "faulty", "threshold", "close")} for kind, rule in rules.items()}
        check(f"{path}: {case['name']}", outcome(quorums, case), case["quorums"])
    expect_codes(path, policies["invalid"], lambda c: decision.Policy(c["policy"]))
    path = "decision/vectors/messages.json"
    messages = load(path)
    logs = {log.did: log for log in map(identity.read_log, messages["identities"])}
    for case in messages["valid"]:
        def facts(c):
            message = read_message(c, logs)
            return [f"decision-{message.kind}.v1", message.id]
        check(f"{path}: {case['name']}", outcome(facts, case), [case["kind"], case["id"]])
    expect_codes(path, messages["invalid"], lambda c: read_message(c, logs))
    path = "decision/vectors/certificates.json"
    certificates = load(path)
    def verified(c):
        return certificate.Certificate(c["certificate"].encode()).verify().outcome
    for case in certificates["valid"]:
        check(f"{path}: {case['name']}", outcome(verified, case), case["outcome"])
    expect_codes(path, certificates["invalid"], verified)
    path = "decision/vectors/proofs.json"
    proofs = load(path)
    def shown(c):
        return decision.Equivocation(c["proof"].encode()).verify().shows()
    for case in proofs["valid"]:
        check(f"{path}: {case['name']}", outcome(shown, case), case["shows"])
    expect_codes(path, proofs["invalid"], shown)


def read_message(case, logs):
    """A message whose sender holds only its certificate: which initiation it belongs to is not looked at."""
    envelope = identity.parse_jcs(case["document"].encode(), 66_000)
    message = decision.Message(envelope, decision.kind_of(envelope))
    text = case["certificate"].encode()
    document, _ = identity.read_document(text, "role-certificate.v1", logs[message.company])
    message.check_signer(decision.digest(identity.parse_dsse(text, "role-certificate.v1")[0]), document)
    return message


# ---- audit


def check_audit():
    trees = load("audit/vectors/trees.json")
    entries = [bytes.fromhex(entry) for entry in trees["entries"]]
    for case in trees["roots"]:
        check(f"tree of {case['size']}", audit.root_of(entries[: case["size"]]).hex(), case["root"])
    for case in trees["inclusion"]:
        index, size, proof = case["index"], case["size"], [bytes.fromhex(hash) for hash in case["proof"]]
        where = f"inclusion of {index} in {size}"
        check(where, audit.path(index, entries[:size]), proof)
        got = audit.inclusion_root(audit.leaf_hash(entries[index]), index, size, proof)
        check(where, got, audit.root_of(entries[:size]))
    for case in trees["consistency"]:
        old, size, proof = case["old"], case["size"], [bytes.fromhex(hash) for hash in case["proof"]]
        where = f"consistency of {old} with {size}"
        check(where, audit.subproof(old, entries[:size]), proof)
        roots = [audit.root_of(entries[:n]) for n in (old, size)]
        check(where, audit.consistent(old, roots[0], size, roots[1], proof), True)
    keys = lambda file: (audit.Key(file["log"]), [audit.Key(file["witness"])])
    path = "audit/vectors/notes.json"
    notes = load(path)
    for case in notes["valid"]:
        check(f"{path}: {case['name']}", outcome(lambda c: audit.open_checkpoint(c["note"], *keys(notes)) and "accepted", case), "accepted")
    expect_codes(path, notes["invalid"], lambda c: audit.open_checkpoint(c["note"], *keys(notes)))
    path = "audit/vectors/proofs.json"
    proofs = load(path)
    for case in proofs["valid"]:
        got = outcome(lambda c: list(audit.read_proof(c["file"], *keys(proofs))), case)
        check(f"{path}: {case['name']}", got, [case["index"], case["record"]])
    expect_codes(path, proofs["invalid"], lambda c: audit.read_proof(c["file"], *keys(proofs)))
    path = "audit/vectors/witness.json"
    requests = load(path)
    log, (witness,) = keys(requests)
    one = audit.Witness(log, witness)
    for case in requests["refused"]:
        check(f"{path}: {case['request']!r}", one.status(case["request"]), case["status"])
    for case in requests["cases"]:
        check(f"{path}: {case['name']}", one.status(case["request"]), case["status"])
        check(f"{path}: {case['name']}, body", one.answers(case["request"], case["status"], case["body"]), True)


for part in (check_identity, check_space, check_agreement, check_reciprocity, check_envelope, check_update, check_forms, check_sealed, check_decision, check_audit):
    part()
for failure in failures:
    print(failure)
print(f"{passed} passed, {len(failures)} failed")
sys.exit(1 if failures else 0)
