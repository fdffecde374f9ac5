#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An SCP03 host written from GlobalPlatform Amendment D 1.1.1 alone, with pyscard and python3-cryptography. It
shares nothing with Kartsaz: what it accepts is what a stranger accepts.

  scp03_host.py --reader "Virtual PCD 00 00"    opens the card manager with the published transport keys at the
                                                levels 01, 03 and 33, reads GET STATUS in each, and makes sure
                                                that wrong cryptograms and wrong MACs are refused
  scp03_host.py --vectors FILE                  replays recorded sessions through the same code, without a card
"""
import argparse
import json
import os
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

CARD_MANAGER = bytes.fromhex("A000000151000000")
TRANSPORT_KEY = bytes.fromhex("404142434445464748494A4B4C4D4E4F")
C_MAC, C_DECRYPTION, R_MAC, R_ENCRYPTION = 0x01, 0x02, 0x10, 0x20


class Wrong(Exception):
    """The card did something that the specification does not allow."""


def cmac(key, data):
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()


def aes(key, mode):
    return Cipher(algorithms.AES(key), mode)


def encrypt_block(key, block):
    done = aes(key, modes.ECB()).encryptor()
    return done.update(block) + done.finalize()


def pad(data):
    return data + b"\x80" + bytes(-(len(data) + 1) % 16)


def unpad(data):
    stripped = data.rstrip(b"\x00")
    if not stripped.endswith(b"\x80"):
        raise Wrong("the padding of an encrypted response is wrong")
    return stripped[:-1]


def derive(key, constant, bits, context):
    """Amendment D 4.1.5: SP 800-108 counter mode, PRF AES-CMAC."""
    out = b""
    counter = 1
    while len(out) * 8 < bits:
        out += cmac(key, bytes(11) + bytes([constant, 0]) + bits.to_bytes(2, "big") + bytes([counter]) + context)
        counter += 1
    return out[: bits // 8]


def split(command):
    """Header, data and whether a Le field is there, of a short command in its wire form."""
    header, rest = command[:4], command[4:]
    if len(rest) <= 1:
        return header, b"", len(rest) == 1
    data = rest[1: 1 + rest[0]]
    return header, data, len(rest) > 1 + rest[0]


class Session:
    """One secure channel in S8 mode. `transmit` takes a wire command and gives (data, status word)."""

    def __init__(self, transmit, enc, mac, host_challenge=None, key_version=0):
        self.transmit = transmit
        self.static_enc, self.static_mac = enc, mac
        self.host_challenge = host_challenge or os.urandom(8)
        self.key_version = key_version
        self.level = 0
        self.chaining = bytes(16)
        self.counter = 0

    def initialize(self):
        data, sw = self.transmit(bytes([0x80, 0x50, self.key_version, 0, 8]) + self.host_challenge + b"\x00")
        if sw != 0x9000:
            raise Wrong(f"INITIALIZE UPDATE: {sw:04X}")
        if len(data) not in (29, 32) or data[11] != 3:
            raise Wrong(f"INITIALIZE UPDATE: {len(data)} bytes that are no SCP03 answer")
        self.diversification, self.version, self.i = data[:10], data[10], data[12]
        self.card_challenge, cryptogram, self.sequence = data[13:21], data[21:29], data[29:]
        context = self.host_challenge + self.card_challenge
        bits = len(self.static_mac) * 8
        self.enc = derive(self.static_enc, 0x04, bits, context)
        self.mac = derive(self.static_mac, 0x06, bits, context)
        self.rmac = derive(self.static_mac, 0x07, bits, context)
        if derive(self.mac, 0x00, 64, context) != cryptogram:
            raise Wrong("INITIALIZE UPDATE: the card's cryptogram is not by these keys")
        self.host_cryptogram = derive(self.mac, 0x01, 64, context)

    def authenticate(self, level, cryptogram=None):
        """EXTERNAL AUTHENTICATE; returns the status word."""
        command = self._maced(bytes([0x84, 0x82, level, 0]), cryptogram or self.host_cryptogram)
        _, sw = self.transmit(command)
        if sw == 0x9000:
            self.level = level
        return sw

    def _maced(self, header, data):
        covered = header + bytes([len(data) + 8]) + data
        self.chaining = cmac(self.mac, self.chaining + covered)
        return covered + self.chaining[:8]

    def wrap(self, command):
        header, data, wants_answer = split(command)
        header = bytes([header[0] & 0xF0 | 0x04]) + header[1:]
        self.counter += 1
        if self.level & C_DECRYPTION and data:
            iv = encrypt_block(self.enc, self.counter.to_bytes(16, "big"))
            done = aes(self.enc, modes.CBC(iv)).encryptor()
            data = done.update(pad(data)) + done.finalize()
        return self._maced(header, data) + (b"\x00" if wants_answer else b"")

    def unwrap(self, data, sw):
        if not self.level & R_MAC or sw != 0x9000 and sw >> 8 not in (0x62, 0x63):
            return data
        if len(data) < 8:
            raise Wrong("a response without its R-MAC")
        data, got = data[:-8], data[-8:]
        if cmac(self.rmac, self.chaining + data + sw.to_bytes(2, "big"))[:8] != got:
            raise Wrong("the R-MAC of a response is wrong")
        if self.level & R_ENCRYPTION and data:
            iv = encrypt_block(self.enc, b"\x80" + self.counter.to_bytes(15, "big"))
            done = aes(self.enc, modes.CBC(iv)).decryptor()
            data = unpad(done.update(data) + done.finalize())
        return data

    def send(self, command):
        data, sw = self.transmit(self.wrap(command))
        return self.unwrap(data, sw), sw


def replay(file):
    """Every recorded session, byte for byte. Returns how many."""
    count = 0
    with open(file, encoding="utf-8") as text:
        vectors = json.load(text)["vectors"]
    for vector in vectors:
        if vector["kind"] != "scp03-session" or vector.get("mac_mode") != "S8":
            continue
        expected = []

        def transmit(command):
            wanted, answer = expected.pop(0)
            if wanted is not None and command != wanted:
                raise Wrong(f"{vector['id']}: sends {command.hex()}, recorded was {wanted.hex()}")
            return answer[:-2], int.from_bytes(answer[-2:], "big")

        recorded = {name: bytes.fromhex(vector[name]) for name in (
            "key_enc", "key_mac", "host_challenge", "initialize_update_response", "external_authenticate",
            "security_level")}
        session = Session(transmit, recorded["key_enc"], recorded["key_mac"], recorded["host_challenge"])
        expected.append((None, recorded["initialize_update_response"]))
        session.initialize()
        expected.append((recorded["external_authenticate"], b"\x90\x00"))
        session.authenticate(recorded["security_level"][0])
        for step in vector["steps"]:
            wrapped = session.wrap(bytes.fromhex(step["plain"]))
            if wrapped != bytes.fromhex(step["wrapped"]):
                raise Wrong(f"{vector['id']}: wraps {step['plain']} as {wrapped.hex().upper()}")
            if "response_wire" in step:
                answer = bytes.fromhex(step["response_wire"])
                plain = session.unwrap(answer[:-2], int.from_bytes(answer[-2:], "big"))
                if plain != bytes.fromhex(step["response_plain"]):
                    raise Wrong(f"{vector['id']}: unwraps the answer to {step['plain']} as {plain.hex()}")
        count += 1
    return count


def connect(reader):
    from smartcard.scard import SCARD_LEAVE_CARD
    from smartcard.System import readers

    for candidate in readers():
        if reader in str(candidate):
            connection = candidate.createConnection()
            connection.connect(disposition=SCARD_LEAVE_CARD)

            def transmit(command):
                data, sw1, sw2 = connection.transmit(list(command))
                return bytes(data), sw1 << 8 | sw2

            return transmit
    raise Wrong(f"no reader whose name contains {reader}")


def registry(answer):
    """AID and life cycle of each E3 record of GET STATUS (Card Specification 2.3.1, 11.4.3)."""
    found = []
    while answer:
        if answer[0] != 0xE3 or len(answer) < 2 + answer[1]:
            raise Wrong("GET STATUS: not a list of E3 records")
        record, answer = answer[2: 2 + answer[1]], answer[2 + answer[1]:]
        if record[0] != 0x4F:
            raise Wrong("GET STATUS: a record does not begin with an AID")
        aid, rest = record[2: 2 + record[1]], record[2 + record[1]:]
        if rest[:2] != b"\x9f\x70":
            raise Wrong("GET STATUS: a record has no life cycle (9F70)")
        found.append((aid.hex().upper(), rest[3]))
    return found


def select(transmit):
    _, sw = transmit(b"\x00\xA4\x04\x00" + bytes([len(CARD_MANAGER)]) + CARD_MANAGER + b"\x00")
    if sw != 0x9000:
        raise Wrong(f"SELECT of the card manager: {sw:04X}")


def opened(transmit, level):
    select(transmit)
    session = Session(transmit, TRANSPORT_KEY, TRANSPORT_KEY)
    session.initialize()
    sw = session.authenticate(level)
    if sw != 0x9000:
        raise Wrong(f"EXTERNAL AUTHENTICATE at level {level:02X}: {sw:04X}")
    return session


def levels(transmit):
    answers = {}
    for level in (C_MAC, C_MAC | C_DECRYPTION, C_MAC | C_DECRYPTION | R_MAC | R_ENCRYPTION):
        session = opened(transmit, level)
        print(f"level {level:02X}: open, key version {session.version:02X}, i={session.i:02X}, "
              f"sequence counter {session.sequence.hex().upper() or '(random challenge)'}")
        if session.sequence:
            card_challenge = derive(TRANSPORT_KEY, 0x02, 64, session.sequence + CARD_MANAGER)
            if card_challenge != session.card_challenge:
                raise Wrong("the card challenge is not the pseudo-random one that i announces")
        data, sw = session.send(bytes.fromhex("80F28002024F0000"))
        if sw != 0x9000:
            raise Wrong(f"GET STATUS at level {level:02X}: {sw:04X}")
        answers[level] = registry(data)
        print(f"level {level:02X}: GET STATUS " + ", ".join(f"{aid} life cycle {state:02X}"
                                                            for aid, state in answers[level]))
        _, sw = session.send(bytes.fromhex("80F20002024F0000"))
        if sw == 0x9000:
            raise Wrong("GET STATUS of no kind at all was answered with 9000")
        data, sw = session.send(bytes.fromhex("80F28002024F0000"))
        if sw != 0x9000 or registry(data) != answers[level]:
            raise Wrong(f"the channel at level {level:02X} does not outlive an error status word: {sw:04X}")
    if len(set(map(str, answers.values()))) != 1:
        raise Wrong("GET STATUS differs between the levels")


def refusals(transmit):
    """A wrong MAC ends the session; a wrong cryptogram never opens one."""
    session = opened(transmit, C_MAC)
    command = bytearray(session.wrap(bytes.fromhex("80F28002024F0000")))
    command[-2] ^= 1  # the last byte of the C-MAC; Le follows
    _, sw = transmit(bytes(command))
    if sw == 0x9000:
        raise Wrong("a command with a wrong C-MAC was carried out")
    print(f"a wrong C-MAC is refused: {sw:04X}")
    _, sw = session.send(bytes.fromhex("80F28002024F0000"))
    if sw == 0x9000:
        raise Wrong("the session goes on after a wrong C-MAC")
    print(f"and ends the session: {sw:04X}")
    select(transmit)
    session = Session(transmit, TRANSPORT_KEY, TRANSPORT_KEY)
    session.initialize()
    sw = session.authenticate(C_MAC, bytes(8))
    if sw == 0x9000:
        raise Wrong("a wrong host cryptogram was accepted")
    print(f"a wrong host cryptogram is refused: {sw:04X}")
    opened(transmit, C_MAC)
    print("the right keys still open the card")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--reader")
    options.add_argument("--vectors")
    options.add_argument("--no-longer", action="store_true", help="the transport keys must not open this card")
    given = options.parse_args()
    try:
        if given.vectors:
            count = replay(given.vectors)
            print(f"{count} recorded sessions replayed")
            return 0 if count else 1
        if not given.reader:
            options.error("--reader or --vectors")
        transmit = connect(given.reader)
        if given.no_longer:
            try:
                opened(transmit, C_MAC)
            except Wrong as refused:
                print(f"the published transport keys do not open this card: {refused}")
                return 0
            raise Wrong("the published transport keys still open this card")
        levels(transmit)
        refusals(transmit)
        return 0
    except Wrong as wrong:
        print(f"WRONG {wrong}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
