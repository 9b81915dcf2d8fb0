"""Real receivers on loopback for what Peelian sends: a program that takes webhooks, and a server that takes e-mail."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Receiver:
    """What was taken, and how the next ones are answered (status, then headers); ``address`` is where it listens."""

    address: str
    taken: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)


@contextmanager
def webhook_receiver() -> Iterator[Receiver]:
    """Take webhooks until the end; each is answered by the first of ``answers``, or with 204."""
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            receiver.taken.append((dict(self.headers), body))
            status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.address = f"http://127.0.0.1:{server.server_address[1]}/hook"
    with _running(server):
        yield receiver


@dataclass(slots=True)
class Mailbox:
    """The messages taken (whole), each with its receivers; ``refuses`` answers with a refusal instead."""

    port: int
    messages: list[tuple[list[str], str]] = field(default_factory=list)
    refuses: bool = False


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Take e-mail until the end, as SMTP (RFC 5321) has it."""
    mailbox = Mailbox(0)

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 a test")
            to: list[str] = []
            while line := self.rfile.readline():
                word = line.decode().strip()
                if word.upper().startswith("EHLO"):
                    self.say("250 a test")
                elif word.upper().startswith("RCPT"):
                    to.append(word.partition("<")[2].partition(">")[0])
                    self.say("550 no such mailbox" if mailbox.refuses else "250 well")
                elif word.upper() == "DATA":
                    self.say("354 go on")
                    text = b""
                    while not text.endswith(b"\r\n.\r\n"):
                        text += self.rfile.readline()
                    mailbox.messages.append((to, text.removesuffix(b".\r\n").decode()))
                    self.say("250 taken")
                elif word.upper() == "QUIT":
                    self.say("221 goodbye")
                    return
                else:
                    self.say("250 well")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    mailbox.port = server.server_address[1]
    with _running(server):
        yield mailbox


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
