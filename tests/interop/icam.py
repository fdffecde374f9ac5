# SPDX-License-Identifier: Apache-2.0
"""The GSA's ICAM test cards, which others made: each is written from its folder to a simulated PIV body behind
pcscd, read back byte for byte, and judged from the card and from the folder alike."""
import json
import os
import pathlib
import shutil

from bench import Fail, Skip, call, program, step

DAY = "2026-11-21"
FACTORY_PIN = "123456"
OBJECTS = {"1 - Discovery Object": "discovery-object", "2 - Security Object": "security-object", "7 - CCC": "CCC",
           "8 - CHUID Object": "CHUID", "9 - Fingerprints": "fingerprints", "10 - Face Object": "face",
           "11 - Printed Information": "printed-information", "13 - Key History Object": "key-history"}
CERTIFICATES = {"3 - ICAM_PIV_Auth_SP_800-73-4": "9A", "4 - ICAM_PIV_Dig_Sig_SP_800-73-4": "9C",
                "5 - ICAM_PIV_Key_Mgmt_SP_800-73-4": "9D", "6 - ICAM_PIV_Card_Auth_SP_800-73-4": "9E",
                **{f"{13 + n} - ICAM_PIV_Key_Hist{n}_SP_800-73-4_PPS": f"{0x81 + n:02X}" for n in range(1, 6)}}
# check that is the cause, and its object; from the notes beside the cards. Cards that are not here are good.
CAUSES = {"04": ("piv.chuid.signature.digest", "CHUID"), "06": ("piv.biometric.signature.digest", "face"),
          "08": ("piv.security.signature.value", "security-object"),
          "10": ("piv.certificate.issuer-validity", "PIV-authentication-certificate"),
          "12": ("piv.certificate.validity", "PIV-authentication-certificate"),
          "14": ("piv.chuid.expiry", "CHUID"), "16": ("piv.certificate.fascn", "card-authentication-certificate"),
          "18": ("piv.biometric.fascn", "fingerprints"),
          "20": ("piv.certificate.uuid", "card-authentication-certificate"),
          "22": ("piv.biometric.uuid", "fingerprints"),
          "24": ("piv.certificate.revocation", "PIV-authentication-certificate"),
          "38": ("piv.security.hash", "printed-information"), "49": ("piv.biometric.validity", "face"),
          "51": ("piv.biometric.validity", "fingerprints"), "55": ("piv.objects.presence", "security-object"),
          "57": ("piv.signer.revocation", "CHUID")}
CHUID_SIGNER_57 = "6000000000000000012F"


def shared():
    root = pathlib.Path(os.environ.get("KARTSAZ_SHARED", pathlib.Path(__file__).parents[3] / "shared"))
    folder = root / "data/icam"
    if not folder.is_dir():
        raise Skip("the ICAM cards are not there (KARTSAZ_SHARED)")
    return folder


def trust_with_revocation(bench, cas):
    """The folder of CAs with a CRL that revokes what the published, empty one ought to, issued by OpenSSL."""
    openssl, folder = program("openssl"), bench.work / "trust"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(cas, folder)
    for copied in [folder, *folder.rglob("*")]:
        copied.chmod(0o755 if copied.is_dir() else 0o644)
    made = bench.work / "revoking"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    name = cas / "ICAM_Test_Card_PIV_Signing_CA_-_gold_gen3"
    call(openssl, "pkcs12", "-legacy", "-in", f"{name}.p12", "-passin", "pass:", "-nodes", "-nocerts",
         "-out", made / "key.pem")
    (made / "index.txt").write_text(f"R\t321230235959Z\t200501000000Z\t{CHUID_SIGNER_57}\tunknown\t/CN=revoked\n")
    (made / "crlnumber").write_text("7000\n")
    (made / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=one\n[one]\ndatabase={made}/index.txt\ncrlnumber={made}/crlnumber\n"
        "default_md=sha256\n[crl]\nauthorityKeyIdentifier=keyid\n")
    call(openssl, "ca", "-config", made / "ca.cnf", "-gencrl", "-crlexts", "crl", "-cert", f"{name}.crt",
         "-keyfile", made / "key.pem", "-crl_lastupdate", "20261101000000Z", "-crl_nextupdate", "20321230000000Z",
         "-out", folder / "crls/revoking-57.crl")
    return folder


def same_bytes(bench, folder, read):
    """Every object and certificate that was read is the file that was written, and nothing else is there."""
    raw, wanted, openssl = read / "raw/piv", 0, program("openssl")
    for file, name in OBJECTS.items():
        path = folder / file
        if not path.exists() or path.read_bytes() in (b"", b"\x7e\x00"):
            continue
        if (raw / f"{name}.bin").read_bytes() != path.read_bytes():
            raise Fail(f"{folder.name}: {file} was read back otherwise")
        wanted += 1
    for file, slot in CERTIFICATES.items():
        if not (folder / f"{file}.crt").exists():
            continue
        der = bench.work / "certificate.der"
        call(openssl, "x509", "-in", folder / f"{file}.crt", "-outform", "DER", "-out", der)
        if (read / f"piv-{slot}.der").read_bytes() != der.read_bytes():
            raise Fail(f"{folder.name}: the certificate of {slot} was read back otherwise")
        wanted += 1
    found = len(list(raw.glob("*.bin")))
    if found != wanted:
        raise Fail(f"{folder.name}: {found} objects were read, {wanted} were in the folder")
    return wanted


def verdict(bench, *source):
    said = json.loads(call(bench.kartsaz, "verify", *source, "--at", DAY, "--json", ok=(0, 1)))
    if said["verdict"] == "accept":
        return "ACCEPT", None
    first = said["findings"][0]
    if first["check"] != said["cause"] or not first["cause"]:
        raise Fail(f"the first finding is {first['check']}, the cause {said['cause']}")
    return "REJECT", (said["cause"], first["object"])


def all_cards(bench):
    """Every ICAM card on a simulated PIV body: written, read back byte for byte, judged from card and folder."""
    folder = shared()
    cards = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[:2].isdigit())
    plain = folder / "ICAM_CA_and_Signer"
    revoking = trust_with_revocation(bench, plain)
    pin = bench.work / "pin"
    pin.write_text(FACTORY_PIN)
    pin.chmod(0o600)
    wrong = []
    print(f"{'card':<44} {'objects':>7} {'verdict':<7} {'cause':<62} expected", flush=True)
    for card in cards:
        trust = ("--trust", revoking if card.name.startswith("57") else plain)
        journal, read = bench.work / "journal", bench.work / "card"
        for old in (journal, read):
            shutil.rmtree(old, ignore_errors=True)
        with bench.plugged(bench.new_body("--kind", "kartsaz-piv")):
            reader = ("--reader", bench.reader)
            write = (bench.kartsaz, "personalize", card, *reader, "-p", "piv-objects", "--journal", journal)
            call(*write)
            if "Nothing to do" not in call(*write):
                raise Fail(f"{card.name}: a second run writes again")
            call(bench.kartsaz, "read", *reader, "--pin-file", pin, "-o", read)
            count = same_bytes(bench, card, read)
            by_card = verdict(bench, *reader, "--pin-file", pin, *trust)
        by_folder = verdict(bench, "--from", card, *trust)
        cause = CAUSES.get(card.name[:2])
        expected = ("REJECT", cause) if cause else ("ACCEPT", None)
        words = {what: f"{what[1][0]} ({what[1][1]})" if what[1] else "-" for what in (by_card, by_folder, expected)}
        print(f"{card.name[:44]:<44} {count:>7} {by_card[0]:<7} {words[by_card]:<62} {expected[0]} {words[expected]}",
              flush=True)
        if not by_card == by_folder == expected:
            wrong.append(f"{card.name}: card {by_card}, folder {by_folder}, expected {expected}")
    if wrong:
        raise Fail("\n".join(wrong))
    step(f"{len(cards)} ICAM cards written, read back byte for byte, and judged alike from card and folder")


STRANGERS = {"icam": all_cards}
