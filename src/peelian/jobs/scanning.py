"""Asks clamd whether a file carries a virus: the INSTREAM command of its protocol, over TCP or a Unix socket."""

import socket
import struct
from pathlib import Path

from peelian.errors import SourceError, StoreError

_PART = 1 << 16
_SECONDS = 60.0


def scan(path: Path, address: str) -> str:
    """Return the scanner's word for a file that it lets pass.

    ``address`` is ``host:port`` or the path of a socket. A scanner that does not answer lets nothing pass.

    Raises
    ------
    SourceError
        When the scanner finds something, with its name for it.
    StoreError
        When the scanner cannot be reached, or does not say that the file is clean.
    """
    try:
        with _connect(address) as wire, path.open("rb") as file:
            wire.sendall(b"zINSTREAM\0")
            while part := file.read(_PART):
                wire.sendall(struct.pack(">I", len(part)) + part)
            wire.sendall(struct.pack(">I", 0))
            answer = _answer(wire)
    except OSError as error:
        raise StoreError(
            f"the virus scanner at {address} cannot be reached ({error.strerror or error}); nothing was attached. "
            "Start clamd, or take `clamd` out of peelian.toml."
        ) from error
    word = answer.removeprefix("stream: ")
    if word.endswith(" FOUND"):
        raise SourceError(f"the virus scanner found {word.removesuffix(' FOUND')}; nothing was attached.")
    if word != "OK":
        raise StoreError(
            f"the virus scanner answered {answer[:200]!r}, not that the file is clean; nothing was attached."
        )
    return f"clamd: {word}"


def _connect(address: str) -> socket.socket:
    if "/" in address:
        wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        wire.settimeout(_SECONDS)
        try:
            wire.connect(address)
        except OSError:
            wire.close()
            raise
        return wire
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        raise StoreError(f"clamd = {address!r}: write host:port, or the path of its socket.")
    return socket.create_connection((host or "127.0.0.1", int(port)), timeout=_SECONDS)


def _answer(wire: socket.socket) -> str:
    told = b""
    while not told.endswith(b"\0") and len(told) < 4096 and (part := wire.recv(4096)):  # noqa: PLR2004 - a line
        told += part
    return told.decode("utf-8", "replace").strip("\0\n ")
