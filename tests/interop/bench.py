# SPDX-License-Identifier: Apache-2.0
"""What the strangers work on: the program under test, a slot of the virtual reader, a work folder."""
import contextlib
import os
import pathlib
import shutil
import subprocess

import pcsc

FIRST_PORT = 0x8C7B  # of Debian's vpcd: slot 0 listens here, slot 1 on the next one
SECONDS = 120  # for one program to end


class Skip(Exception):
    """Why a stranger cannot be asked here."""


class Fail(Exception):
    """What was seen that should not be."""


def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise Skip(f"{name} is not installed (scripts/install-packages --interop)")
    return found


def call(*command, ok=(0,), seconds=SECONDS, **options):
    """Standard output of a program that must end with a status in `ok`."""
    command = [str(part) for part in command]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=seconds, check=False, **options)
    except subprocess.TimeoutExpired:
        raise Fail(f"{' '.join(command)}: no end after {seconds} seconds") from None
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode not in ok:
        said = (text + done.stderr.decode("utf-8", "replace")).rstrip()
        raise Fail(f"{' '.join(command)}: exit status {done.returncode}\n{said}")
    return text


class Bench:
    """What the strangers work on: the program under test, one free slot of the virtual reader, a work folder."""

    def __init__(self, options):
        self.kartsaz = str(pathlib.Path(options.kartsaz).resolve())
        self.csca_program = pathlib.Path(options.csca_program).resolve()
        self.record = pathlib.Path(options.record).resolve()
        self.work = pathlib.Path(options.work).resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        try:
            self.pcsc = pcsc.Pcsc()
        except OSError as absent:
            raise Skip(f"no pcscd answers ({absent}); run this by scripts/with-pcscd") from None
        self.reader, self.port = self._free_slot()

    def _free_slot(self):
        try:
            names = self.pcsc.readers()
        except OSError:
            names = []
        slots = [name for name in names if "Virtual PCD" in name]
        if not slots:
            raise Skip("pcscd has no virtual reader (Debian package vsmartcard-vpcd; or another pcscd has its ports)")
        for number, name in enumerate(slots):
            if self.pcsc.state(name)[0] & pcsc.SCARD_STATE_EMPTY:
                return name, FIRST_PORT + number
        raise Skip("every slot of the virtual reader is taken by another card")

    def new_body(self, *options):
        body = self.work / "body.card"
        body.unlink(missing_ok=True)
        call(self.kartsaz, "sim", "new", body, *options)
        return body

    @contextlib.contextmanager
    def plugged(self, body):
        """The body in the reader; gives its ATR."""
        with open(self.work / "plug.log", "wb") as log:
            plug = subprocess.Popen([self.kartsaz, "sim", "plug", str(body), "--port", str(self.port)],
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
            try:
                try:
                    yield self.pcsc.wait(self.reader, pcsc.SCARD_STATE_PRESENT, 20)
                except OSError as no_card:
                    raise Fail(f"sim plug: {no_card}\n{(self.work / 'plug.log').read_text()}") from None
            finally:
                plug.terminate()
                try:
                    plug.wait(10)
                except subprocess.TimeoutExpired:
                    plug.kill()
                    plug.wait()
                self.pcsc.wait(self.reader, pcsc.SCARD_STATE_EMPTY, 20)

    def personalize(self, profile, *more):
        """Writes the record to the plugged body, reads it back into a folder and has it verified."""
        journal, card = self.work / "journal", self.work / "card"
        for old in (journal, card):
            shutil.rmtree(old, ignore_errors=True)
        reader = ("--reader", self.reader)
        call(self.kartsaz, "personalize", self.record, *reader, "-p", profile, "--journal", journal, *more)
        call(self.kartsaz, "verify", *reader, "--expect", self.record)
        call(self.kartsaz, "read", *reader, "--record", self.record, "-o", card)
        return card

    def csca(self):
        """A file with the certificate that the development document signer leads to."""
        file = self.work / "csca.pem"
        file.write_text(call(self.csca_program))
        return file


def step(title, seen=""):
    print(f"PASS  {title}" + (f": {seen}" if seen else ""), flush=True)
