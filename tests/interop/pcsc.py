# SPDX-License-Identifier: Apache-2.0
"""As much of PC/SC as it takes to see readers and to wait for a card, by the library itself (ctypes)."""
import contextlib
import ctypes
import time

INFINITE_CARE = 1000  # milliseconds of one wait; the deadline is ours
SCARD_SCOPE_SYSTEM = 2
SCARD_STATE_EMPTY, SCARD_STATE_PRESENT = 0x10, 0x20
SCARD_E_TIMEOUT = 0x8010000A
SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_ANY, SCARD_RESET_CARD = 1, 3, 1


class ReaderState(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("user", ctypes.c_void_p), ("current", ctypes.c_ulong),
                ("event", ctypes.c_ulong), ("atr_size", ctypes.c_ulong), ("atr", ctypes.c_ubyte * 33)]


class Pcsc:
    """@raise OSError naming the call and its code"""

    def __init__(self):
        self.library = ctypes.CDLL("libpcsclite.so.1")
        self.context = ctypes.c_long()
        self._call("SCardEstablishContext", ctypes.c_ulong(SCARD_SCOPE_SYSTEM), None, None,
                   ctypes.byref(self.context))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.library.SCardReleaseContext(self.context)

    def _call(self, name, *arguments, also=()):
        function = getattr(self.library, name)
        function.restype = ctypes.c_ulong
        code = function(*arguments) & 0xFFFFFFFF
        if code != 0 and code not in also:
            raise OSError(f"{name}: {code:08X}")
        return code

    def readers(self):
        size = ctypes.c_ulong()
        self._call("SCardListReaders", self.context, None, None, ctypes.byref(size))
        names = ctypes.create_string_buffer(size.value)
        self._call("SCardListReaders", self.context, None, names, ctypes.byref(size))
        return [name.decode() for name in names.raw[: size.value].split(b"\0") if name]

    def state(self, reader, known=0, milliseconds=0):
        """(state bits, ATR); waits until the state differs from `known`."""
        states = (ReaderState * 1)(ReaderState(reader.encode(), None, known, 0, 0))
        self._call("SCardGetStatusChange", self.context, ctypes.c_ulong(milliseconds), states, ctypes.c_ulong(1),
                   also=(SCARD_E_TIMEOUT,))
        return states[0].event, bytes(states[0].atr[: states[0].atr_size])

    @contextlib.contextmanager
    def held(self, reader):
        """The card of this reader for ourselves alone."""
        card, protocol = ctypes.c_long(), ctypes.c_ulong()
        self._call("SCardConnect", self.context, reader.encode(), ctypes.c_ulong(SCARD_SHARE_EXCLUSIVE),
                   ctypes.c_ulong(SCARD_PROTOCOL_ANY), ctypes.byref(card), ctypes.byref(protocol))
        try:
            yield
        finally:
            self._call("SCardDisconnect", card, ctypes.c_ulong(SCARD_RESET_CARD))

    def wait(self, reader, wanted, seconds):
        """The ATR once the reader is in the state `wanted` (SCARD_STATE_PRESENT or _EMPTY)."""
        deadline = time.monotonic() + seconds
        event, atr = self.state(reader)
        while not event & wanted:
            if time.monotonic() > deadline:
                raise OSError(f"{reader}: no {'card' if wanted == SCARD_STATE_PRESENT else 'removal'} "
                              f"within {seconds} seconds")
            event, atr = self.state(reader, event & 0xFFFFFFFF, INFINITE_CARE)
        return atr
