# SPDX-License-Identifier: Apache-2.0
"""yubico-piv-tool, OpenSC, ykcs11, ykman and OpenSSL on the PIV application: cards that we made are used by them,
cards that they made are read by us."""
import glob
import json
import re
import shutil

import signature
from bench import Fail, Skip, call, program, step

SLOTS = {"9a": "PIV-authentication", "9c": "signature", "9d": "key-management", "9e": "card-authentication"}
FACTORY_PIN = "123456"


def objects(data):
    """(tag, value) of each BER-TLV object in `data`, tags of one byte."""
    at = 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            more = size & 0x7F
            size, at = int.from_bytes(data[at:at + more], "big"), at + more
        if at + size > len(data):
            raise Fail(f"object {tag:02X} does not end in its container")
        yield tag, data[at:at + size]
        at += size


def container(card, name):
    return (card / f"raw/piv/{name}.bin").read_bytes()


def certificate(bench, card, slot):
    """The slot's certificate as kartsaz read it, PEM."""
    der = bench.work / f"{slot}.der"
    fields = dict(objects(container(card, SLOTS[slot] + "-certificate")))
    if fields[0x71] != b"\0":
        raise Fail(f"the certificate of {slot} is packed, which this profile does not ask for")
    der.write_bytes(fields[0x70])
    pem = bench.work / f"{slot}.pem"
    pem.write_text(call(program("openssl"), "x509", "-inform", "DER", "-in", der))
    return pem


def slots_of(card):
    return [slot for slot, name in SLOTS.items() if (card / f"raw/piv/{name}-certificate.bin").exists()]


def piv_tool(bench, *arguments, ok=(0,)):
    return call(program("yubico-piv-tool"), "-r", bench.reader, *arguments, ok=ok)


def yubico_uses(bench, card, pin):
    """yubico-piv-tool sees every object, reads every certificate, and has every key sign."""
    status = piv_tool(bench, "-a", "status")
    for wanted in ("CHUID:", "CCC:", *(f"Slot {slot}:" for slot in slots_of(card))):
        if wanted not in status:
            raise Fail(f"yubico-piv-tool -a status does not show \"{wanted}\":\n{status}")
    chuid = re.search(r"CHUID:\s*([0-9a-f]+)", status).group(1)
    if bytes.fromhex(chuid) != container(card, "CHUID"):
        raise Fail("yubico-piv-tool -a status shows another CHUID than kartsaz read")
    step("yubico-piv-tool -a status shows CHUID, CCC and the slots", " ".join(slots_of(card)))
    piv_tool(bench, "-a", "verify-pin", "-P", pin)
    step("yubico-piv-tool -a verify-pin takes the PIN of the letter")
    for slot in slots_of(card):
        ours, theirs = certificate(bench, card, slot), bench.work / f"{slot}-theirs.pem"
        piv_tool(bench, "-s", slot, "-a", "read-certificate", "-o", theirs)
        if call(program("openssl"), "x509", "-in", theirs) != ours.read_text():
            raise Fail(f"yubico-piv-tool -a read-certificate of {slot} and kartsaz read differ")
        piv_tool(bench, "-s", slot, "-a", "verify-pin", "-P", pin, "-a", "test-signature", "-i", ours)
    step("yubico-piv-tool -a read-certificate and -a test-signature", " ".join(slots_of(card)))
    piv_tool(bench, "-a", "set-ccc", ok=(1,))
    step("the management key of the factory is refused")


def pkcs11_signs(bench, module, pin, key_id, public, what):
    """A signature by pkcs11-tool through `module`, verified by OpenSSL."""
    openssl = program("openssl")
    document, hashed, signed = (bench.work / name for name in ("document", "document.hash", "signed"))
    document.write_bytes(b"A contract that a citizen signs.\n" * 7)
    call(openssl, "dgst", "-sha256", "-binary", "-out", hashed, document)
    call(program("pkcs11-tool"), "--module", module, "--login", "--pin", pin, "--sign", "-m", "ECDSA", "--id", key_id,
         "--input-file", hashed, "--output-file", signed, "--signature-format", "openssl")
    call(openssl, "dgst", "-sha256", "-verify", public, "-signature", signed, document)
    step(f"pkcs11-tool --sign through {what}, verified by openssl", f"key {key_id}")


def public_key(bench, pem):
    out = bench.work / (pem.stem + "-public.pem")
    out.write_text(call(program("openssl"), "x509", "-in", pem, "-noout", "-pubkey"))
    return out


def opensc_uses(bench, card, pin):
    dump = call(program("pkcs15-tool"), "--reader", bench.reader, "--dump")
    for wanted in ("PIN [", "X.509 Certificate [Certificate for PIV Authentication]", "Private EC Key ["):
        if wanted not in dump:
            raise Fail(f"pkcs15-tool --dump does not show \"{wanted}\":\n{dump}")
    found = dump.count("X.509 Certificate [")
    if found != len(slots_of(card)):
        raise Fail(f"pkcs15-tool --dump shows {found} certificates, the card has {len(slots_of(card))}")
    step("pkcs15-tool --dump shows PIN, keys and certificates", f"{found} certificates")
    for number, slot in enumerate(slots_of(card), 1):
        theirs = bench.work / f"{slot}-opensc.pem"
        theirs.write_text(call(program("pkcs15-tool"), "--reader", bench.reader, "--read-certificate", f"{number:02}"))
        if call(program("openssl"), "x509", "-in", theirs) != certificate(bench, card, slot).read_text():
            raise Fail(f"pkcs15-tool --read-certificate {number:02} and kartsaz read differ")
    step("pkcs15-tool --read-certificate gives the same certificates")
    text = call(program("pkcs11-tool"), "--module", "opensc-pkcs11.so", "--test", "--login", "--pin", pin)
    if "No errors" not in text:
        raise Fail(f"pkcs11-tool --test:\n{text}")
    step("pkcs11-tool --test --login", "No errors")
    pkcs11_signs(bench, "opensc-pkcs11.so", pin, "01", public_key(bench, certificate(bench, card, "9a")), "OpenSC")


def ykcs11_uses(bench, card, pin):
    """Yubico's own PKCS#11 module: it speaks to readers of Yubico only, by their name."""
    module = next(iter(glob.glob("/usr/lib/*/libykcs11.so")), None)
    if module is None:
        print("SKIP  ykcs11 is not installed (scripts/install-packages --interop)", flush=True)
        return
    if not bench.reader.startswith("Yubico"):
        print(f"SKIP  ykcs11 takes no reader named \"{bench.reader}\" (scripts/with-pcscd --reader-name)", flush=True)
        return
    listed = call(program("pkcs11-tool"), "--module", module, "--login", "--pin", pin, "-O")
    if listed.count("Certificate Object") < len(slots_of(card)):
        raise Fail(f"ykcs11 shows too few certificates:\n{listed}")
    step("ykcs11 shows certificates and keys", f"{listed.count('Private Key Object')} private keys")
    pkcs11_signs(bench, module, pin, "01", public_key(bench, certificate(bench, card, "9a")), "ykcs11")


def ykman_reads(bench, card):
    tool = program("ykman")
    # it wants to be alone with the reader's name; a slot number names one reader
    text = call(tool, "--reader", bench.reader[bench.reader.index("PCD"):], "piv", "info")
    if container(card, "CHUID").hex() not in text:
        raise Fail(f"ykman piv info shows another CHUID:\n{text}")
    for slot in slots_of(card):
        serial = int(call(program("openssl"), "x509", "-in", certificate(bench, card, slot), "-noout",
                          "-serial").split("=")[1], 16)
        if f"Slot {slot}:" not in text or str(serial) not in text:
            raise Fail(f"ykman piv info does not show slot {slot} with serial {serial}:\n{text}")
    if "Using default" in text:
        raise Fail(f"ykman piv info finds a default secret:\n{text}")
    step("ykman piv info shows CHUID and slots, and no default PIN or key")


def openssl_proves(bench, card, trust):
    """The CHUID's signature and the hashes of the security object, by OpenSSL alone."""
    tool = program("openssl")
    anchors = bench.work / "anchors.pem"
    anchors.write_text("".join(call(tool, "x509", "-inform", "DER", "-in", file)
                               for file in sorted(trust.rglob("*.cer"))))
    value = container(card, "CHUID")
    fields = dict(objects(value))
    cms, signed = bench.work / "chuid.cms", bench.work / "chuid.signed"
    cms.write_bytes(fields[0x3E])
    at = value.index(fields[0x3E])
    head = next(back for back in range(at - 2, at - 6, -1) if value[back] == 0x3E)
    signed.write_bytes(value[:head] + value[at + len(fields[0x3E]):])
    verify = (tool, "cms", "-verify", "-inform", "DER", "-binary", "-purpose", "any", "-CAfile", anchors,
              "-partial_chain", "-in", cms, "-out", bench.work / "ignored", "-content")
    call(*verify, signed)
    broken = bench.work / "chuid.broken"
    broken.write_bytes(bytes([value[0], value[1], value[2] ^ 1]) + signed.read_bytes()[3:])
    call(*verify, broken, ok=(4,))
    step("openssl cms -verify accepts the CHUID's signature, and refuses it with one bit of the FASC-N changed")


def made_by_us(bench, kind):
    with bench.plugged(bench.new_body("--kind", kind)):
        card, pin, _ = signature.make_card(bench, "piv")
        yubico_uses(bench, card, pin)
        opensc_uses(bench, card, pin)
        ykcs11_uses(bench, card, pin)
        ykman_reads(bench, card)
        openssl_proves(bench, card, signature.authority(bench))
        puk_and_holder(bench, pin)


def puk_and_holder(bench, pin):
    """The holder changes his PIN with Yubico's tool: that is told, and nothing else."""
    def findings():
        report = json.loads(call(bench.kartsaz, "verify", "--reader", bench.reader, "--expect", bench.record,
                                 "--json", ok=(0, 1)))
        return report["verdict"], {(one["check"], one["severity"], one["text"]) for one in report["findings"]}

    verdict, before = findings()
    if verdict != "accept":
        raise Fail(f"kartsaz verify before the PIN was changed: {verdict}: {sorted(before)}")
    piv_tool(bench, "-a", "change-pin", "-P", pin, "-N", "735194")
    verdict, after = findings()
    # what only the holder's PIN opens can no longer be read, which is told, too
    new = {one[:2] for one in after - before if not one[2].endswith("it wants the PIN")}
    if verdict != "accept" or new != {("piv.pin.holder", "note")}:
        raise Fail(f"kartsaz verify after change-pin: {verdict}: {sorted(after - before)}")
    step("kartsaz verify after change-pin reports the PIN as changed by the holder, and nothing else")


def made_by_yubico(bench):
    """A body that yubico-piv-tool filled is read byte for byte and verified by kartsaz."""
    openssl = program("openssl")
    trust = bench.work / "foreign-trust"
    shutil.rmtree(trust, ignore_errors=True)
    trust.mkdir()
    ca_key = bench.work / "foreign-ca.key"
    call(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
         ca_key, "-out", trust / "ca.pem", "-days", "100", "-subj", "/C=IR/CN=Another CA")
    with bench.plugged(bench.new_body("--kind", "pivapplet")):
        piv_tool(bench, "-a", "set-chuid", "-a", "set-ccc")
        for slot in SLOTS:
            public, pem = bench.work / f"{slot}-public.pem", bench.work / f"{slot}-foreign.pem"
            piv_tool(bench, "-s", slot, "-A", "ECCP256", "-a", "generate", "-o", public)
            call(openssl, "req", "-new", "-key", ca_key, "-subj", f"/C=IR/CN=Somebody {slot}", "-out",
                 bench.work / "foreign.csr")
            call(openssl, "x509", "-req", "-in", bench.work / "foreign.csr", "-force_pubkey", public, "-CA",
                 trust / "ca.pem", "-CAkey", ca_key, "-days", "90", "-out", pem)
            piv_tool(bench, "-s", slot, "-a", "import-certificate", "-i", pem)
        pin = bench.work / "foreign.pin"
        pin.write_text(FACTORY_PIN + "\n")
        pin.chmod(0o600)
        folder = bench.work / "foreign-card"
        shutil.rmtree(folder, ignore_errors=True)
        call(bench.kartsaz, "read", "--reader", bench.reader, "--pin-file", pin, "-o", folder)
        for slot in SLOTS:
            if certificate(bench, folder, slot).read_text() != call(openssl, "x509", "-in",
                                                                    bench.work / f"{slot}-foreign.pem"):
                raise Fail(f"kartsaz read gives another certificate of {slot} than the one that was stored")
        report = json.loads(call(bench.kartsaz, "verify", "--reader", bench.reader, "--pin-file", pin, "--trust",
                                 trust, "--json", ok=(0, 1)))
        checks = {one["check"]: one["outcome"] for one in report["checks"]}
        for wanted in ("piv.key.possession", "piv.certificate.path"):
            if checks.get(wanted) != "passed":
                raise Fail(f"kartsaz verify: {wanted} is {checks.get(wanted)}: {report['findings']}")
        step("kartsaz reads a body that yubico-piv-tool filled, proves its keys and certificates",
             f"{report['verdict']}, {report['cause']}")


def made_by_us_kartsaz(bench):
    """A piv card on the fullest body is used by yubico-piv-tool, OpenSC, ykcs11, ykman and OpenSSL."""
    made_by_us(bench, "kartsaz-piv")


def made_by_us_pivapplet(bench):
    """The same on a body like PivApplet."""
    made_by_us(bench, "pivapplet")


def made_by_us_canokey(bench):
    """The same on a body like CanoKey."""
    made_by_us(bench, "canokey")


STRANGERS = {"piv": made_by_us_kartsaz, "piv-pivapplet": made_by_us_pivapplet, "piv-canokey": made_by_us_canokey,
             "piv-yubico": made_by_yubico}
