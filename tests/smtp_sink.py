"""A mail server on loopback that keeps what it is sent: enough of SMTP for one honest client."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass
class Sink:
    """Where it listens, and every message it took."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)


@contextmanager
def smtp_sink() -> Iterator[Sink]:
    """Serve until the block ends."""
    sink = Sink(0)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 sink\r\n")
            while line := self.rfile.readline():
                word = line.split(b" ", maxsplit=1)[0].strip().upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (text := self.rfile.readline()) != b".\r\n":
                        lines.append(text.removeprefix(b"."))
                    sink.messages.append(
                        cast("EmailMessage", message_from_bytes(b"".join(lines), policy=policy.default))
                    )
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
