# SPDX-License-Identifier: Apache-2.0
"""OpenSC and OpenSSL on the signature application: cards that we made are used by them, cards that they made are
read by us."""
import json
import re
import shutil

from bench import Fail, call, program, step

PROFILE = """name = "interop-signature"
title = "Signature application with one key, for the tests"
applications = ["pkcs15"]

[pkcs15]
channel = "none"
keys = "signature"

[pkcs15.signature]
algorithm = "{algorithm}"
usage = "signature"
"""


def mailer(bench):
    """A mailing house: the certificate that PIN letters are encrypted to, and its key."""
    key, certificate = bench.work / "mailer.key", bench.work / "mailer.pem"
    call(program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
         "-days", "30", "-subj", "/CN=Mailing house")
    return key, certificate


def letter(bench, folder, key):
    """PIN and PUK out of the one letter in `folder`, opened by the mailing house."""
    letters = sorted(folder.iterdir())
    if len(letters) != 1:
        raise Fail(f"{len(letters)} PIN letters in {folder}, one expected")
    text = call(program("openssl"), "cms", "-decrypt", "-inform", "DER", "-in", letters[0], "-inkey", key)
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    return fields["pin"].strip(), fields["puk"].strip()


def make_card(bench, profile):
    """Personalizes the plugged body; gives the folder of what was read back, PIN and PUK."""
    key, certificate = mailer(bench)
    letters = bench.work / "letters"
    shutil.rmtree(letters, ignore_errors=True)
    card = bench.personalize(profile, "--pin-letters", letters, "--mailer", certificate)
    pin, puk = letter(bench, letters, key)
    step("the mailing house opens the PIN letter", f"PIN of {len(pin)} digits, PUK of {len(puk)}")
    return card, pin, puk


def authority(bench):
    """The folder of trusted certificates that `kartsaz keys trust-export` writes."""
    folder = bench.work / "trust"
    shutil.rmtree(folder, ignore_errors=True)
    call(bench.kartsaz, "keys", "trust-export", folder)
    return folder


def only_key(card):
    """Id of the one private key, as pkcs15-tool shows it, and its public key file."""
    facts = next(part for part in json.loads((card / "card.json").read_text("utf-8"))["applications"]
                 if part["name"] == "pkcs15")["facts"]
    return facts["key.0.id"].lower(), facts["key.0.algorithm"], facts["version"]


def check_dump(bench, key_id, algorithm):
    text = call(program("pkcs15-tool"), "--reader", bench.reader, "--dump")
    for wanted in ("PIN [", "Private EC Key [" if algorithm.startswith("ec") else "Private RSA Key [",
                   "Public ", "X.509 Certificate [", key_id, "ModLength" if algorithm.startswith("rsa") else "FieldLength"):
        if wanted not in text:
            raise Fail(f"pkcs15-tool --dump does not show \"{wanted}\":\n{text}")
    step("pkcs15-tool --dump shows PIN, keys and certificate", f"{algorithm}, id {key_id}")


def check_certificate(bench, card, key_id, trust, record):
    """The certificate as OpenSC reads it: the same as ours, and as it was specified."""
    tool = program("openssl")
    pem = bench.work / "certificate.pem"
    pem.write_text(call(program("pkcs15-tool"), "--reader", bench.reader, "--read-certificate", key_id))
    ours = call(tool, "x509", "-inform", "DER", "-in", card / "raw/pkcs15/EF.3400.bin", "-outform", "PEM")
    if call(tool, "x509", "-in", pem) != ours:
        raise Fail("pkcs15-tool --read-certificate and kartsaz read give different certificates")
    text = call(tool, "x509", "-in", pem, "-noout", "-text", "-nameopt", "utf8,sep_comma_plus")
    name = f"{record['name']['fa']['given']} {record['name']['fa']['surname']}"
    for wanted in ("X509v3 Key Usage: critical", "Non Repudiation", f"serialNumber={record['national_id']}",
                   f"CN={name}", "C=IR", "CA:FALSE", "X509v3 Subject Key Identifier",
                   "X509v3 Authority Key Identifier"):
        if wanted not in text:
            raise Fail(f"openssl x509 -text does not show \"{wanted}\":\n{text}")
    identifier = re.search(r"Subject Key Identifier: *\n *([0-9A-F:]+)", text).group(1).replace(":", "").lower()
    if identifier != key_id:
        raise Fail(f"the key's id is {key_id}, the certificate's subject key identifier {identifier}")
    anchors = bench.work / "anchors.pem"
    anchors.write_text("".join(call(tool, "x509", "-inform", "DER", "-in", file)
                               for file in sorted(trust.rglob("*.cer"))))
    call(tool, "verify", "-partial_chain", "-CAfile", anchors, pem)
    step("openssl x509 -text and openssl verify find the certificate as specified")
    public = bench.work / "public.pem"
    public.write_text(call(tool, "x509", "-in", pem, "-noout", "-pubkey"))
    from_card = call(program("pkcs15-tool"), "--reader", bench.reader, "--read-public-key", key_id)
    if call(tool, "pkey", "-pubin", "-in", public) != openssl_key(bench, from_card):
        raise Fail("pkcs15-tool --read-public-key gives another key than the certificate's")
    step("pkcs15-tool --read-public-key gives the certificate's key")
    return public


def openssl_key(bench, pem):
    file = bench.work / "card-public.pem"
    file.write_text(pem)
    return call(program("openssl"), "pkey", "-pubin", "-in", file)


def sign(bench, algorithm, public, pin, version):
    """pkcs11-tool signs with every mechanism that the key has; openssl verifies each.

    OpenSC 0.23 offers ECDSA-SHA1 only, and leaves the hash to the card: command set 0 makes it, command set 1 signs
    what it is given, which here is a SHA-256 hash."""
    tool, openssl = program("pkcs11-tool"), program("openssl")
    document, hashed, signature = (bench.work / name for name in ("document", "document.hash", "signature"))
    document.write_bytes(b"A contract that a citizen signs.\n" * 7)
    call(openssl, "dgst", "-sha256", "-binary", "-out", hashed, document)
    if algorithm.startswith("rsa"):
        mechanisms = [("SHA256-RSA-PKCS", "sha256", document), ("SHA512-RSA-PKCS", "sha512", document)]
    elif version == "00.06":
        mechanisms = [("ECDSA-SHA1", "sha1", document)]
    else:
        mechanisms = [("ECDSA-SHA1", "sha256", hashed)]
    for mechanism, digest, source in mechanisms:
        call(tool, "--module", "opensc-pkcs11.so", "--login", "--pin", pin, "--sign", "-m", mechanism,
             "--input-file", source, "--output-file", signature,
             *(("--signature-format", "openssl") if algorithm.startswith("ec") else ()))
        call(openssl, "dgst", f"-{digest}", "-verify", public, "-signature", signature, document)
    step("pkcs11-tool --login --sign, verified by openssl dgst",
         ", ".join(f"{mechanism} ({digest})" for mechanism, digest, _ in mechanisms))


# neither receipt nor profile is given: the length of the transport PIN is assumed, and verify says so
CHANGED = ("the transport PIN of 6 digits was refused: the holder has changed it, or it was made with another "
           "length (--profile tells, and --receipt of its first writing). Its keys were not challenged")


def says_only_holder(bench, after):
    """kartsaz verify finds the card good, the PIN changed by its holder, and nothing else to tell."""
    report = json.loads(call(bench.kartsaz, "verify", "--reader", bench.reader, "--expect", bench.record, "--json"))
    found = [(finding["check"], finding["severity"], finding["text"]) for finding in report["findings"]]
    if report["verdict"] != "accept" or found != [("pkcs15.pin.holder", "note", CHANGED)]:
        raise Fail(f"verify after {after}: {report['verdict']}, findings {found}")
    step(f"kartsaz verify after {after} reports the PIN as changed by the holder, and nothing else", found[0][2])


def holder_changes_pin(bench, pin, puk):
    """The holder changes the PIN, forgets it, and has it unblocked: kartsaz tells that and nothing else."""
    tool = program("pkcs15-tool")
    reader = ("--reader", bench.reader)
    call(tool, *reader, "--change-pin", "--pin", pin, "--new-pin", "73519462")
    step("pkcs15-tool --change-pin")
    says_only_holder(bench, "--change-pin")
    # three wrong PINs block it, also where verify spent a try of them
    for _ in range(3):
        call(tool, *reader, "--verify-pin", "--pin", "00000000", ok=(1, 255))
    call(tool, *reader, "--verify-pin", "--pin", "73519462", ok=(1, 255))
    call(tool, *reader, "--unblock-pin", "--puk", puk, "--new-pin", "84620517")
    step("pkcs15-tool --unblock-pin after three wrong PINs, which no right one helped any more")
    call(tool, *reader, "--verify-pin", "--pin", pin, ok=(1, 255))
    call(tool, *reader, "--verify-pin", "--pin", "84620517")
    says_only_holder(bench, "--unblock-pin")


def used_by_opensc(bench, profile, kind):
    record = json.loads(bench.record.read_text("utf-8"))
    with bench.plugged(bench.new_body(*kind)):
        card, pin, puk = make_card(bench, profile)
        key_id, algorithm, version = only_key(card)
        check_dump(bench, key_id, algorithm)
        public = check_certificate(bench, card, key_id, authority(bench), record)
        sign(bench, algorithm, public, pin, version)
        if version == "00.06":  # what OpenSC 0.23 knows; it takes version 1 for an older one
            text = call(program("pkcs11-tool"), "--module", "opensc-pkcs11.so", "--login", "--pin", pin, "--test")
            if "No errors" not in text:
                raise Fail(f"pkcs11-tool --test:\n{text}")
            step("pkcs11-tool --test --login", "No errors")
        holder_changes_pin(bench, pin, puk)


def profile_file(bench, algorithm):
    file = bench.work / f"{algorithm}.toml"
    file.write_text(PROFILE.format(algorithm=algorithm))
    return file


def opensc_national(bench):
    """OpenSC uses the signature of a national-eid card."""
    used_by_opensc(bench, "national-eid", ())


def opensc_p384(bench):
    """OpenSC uses a P-384 key."""
    used_by_opensc(bench, profile_file(bench, "ec-p384"), ("--like", "isoapplet"))


def opensc_rsa(bench):
    """OpenSC uses an RSA 2048 key on a body like the older IsoApplet."""
    used_by_opensc(bench, profile_file(bench, "rsa-2048"), ("--like", "isoapplet-v0"))


def opensc_isoapplet(bench):
    """OpenSC uses a P-256 key on a body like the newer IsoApplet."""
    used_by_opensc(bench, "signature", ("--like", "isoapplet"))


def made_by_opensc(bench):
    """A card that pkcs15-init made, with a certificate of OpenSSL's CA, is read and verified by kartsaz."""
    init, openssl = program("pkcs15-init"), program("openssl")
    trust = bench.work / "foreign-trust"
    shutil.rmtree(trust, ignore_errors=True)
    trust.mkdir()
    ca_key = bench.work / "foreign-ca.key"
    call(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
         ca_key, "-out", trust / "ca.pem", "-days", "100", "-subj", "/C=IR/CN=Another CA")
    for generate in ("rsa/2048", "ec/prime256v1"):
        with bench.plugged(bench.new_body("--like", "isoapplet-v0")):
            reader = ("--reader", bench.reader)
            call(init, *reader, "-C", "-p", "pkcs15+onepin", "--pin", "482915", "--puk", "7261534890123456")
            call(init, *reader, "-G", generate, "-a", "01", "-i", "45", "--pin", "482915", "--label", "key",
                 "--key-usage", "sign,decrypt" if generate.startswith("rsa") else "sign")
            public = bench.work / "foreign-public.pem"
            public.write_text(call(program("pkcs15-tool"), *reader, "--read-public-key", "45"))
            certificate, extensions = bench.work / "foreign.pem", bench.work / "foreign.ext"
            extensions.write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                                  "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
            call(openssl, "req", "-new", "-key", ca_key, "-subj", "/C=IR/CN=Somebody", "-out",
                 bench.work / "foreign.csr")
            call(openssl, "x509", "-req", "-in", bench.work / "foreign.csr", "-force_pubkey", public, "-CA",
                 trust / "ca.pem", "-CAkey", ca_key, "-days", "90", "-extfile", extensions, "-out", certificate)
            call(init, *reader, "-X", certificate, "-i", "45", "-a", "01", "--pin", "482915")
            pin = bench.work / "foreign.pin"
            pin.write_text("482915\n")
            pin.chmod(0o600)
            folder = bench.work / "foreign-card"
            shutil.rmtree(folder, ignore_errors=True)
            call(bench.kartsaz, "read", *reader, "--pin-file", pin, "-o", folder)
            ours = call(openssl, "x509", "-inform", "DER", "-in", next((folder / "raw/pkcs15").glob("EF.34*.bin")))
            if ours != call(openssl, "x509", "-in", certificate):
                raise Fail("kartsaz read gives another certificate than the one that was stored")
            report = json.loads(call(bench.kartsaz, "verify", *reader, "--pin-file", pin, "--trust", trust, "--json"))
            if report["verdict"] != "accept":
                raise Fail(f"kartsaz verify rejects it: {report['cause']}: {report['findings']}")
            proved = [item for item in report["checks"] if item["check"] == "pkcs15.key.possession"]
            if not proved or proved[0]["outcome"] != "passed":
                raise Fail(f"the key was not challenged: {proved}")
            step(f"kartsaz reads and verifies a card made by pkcs15-init, {generate}", report["verdict"])


STRANGERS = {"signature": opensc_national, "signature-p384": opensc_p384, "signature-rsa": opensc_rsa,
             "signature-isoapplet": opensc_isoapplet, "pkcs15-init": made_by_opensc}
