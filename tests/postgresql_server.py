"""A PostgreSQL server of the tests' own, on loopback, on a free port; and databases in it, each a copy of another."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import needs


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is."""

    port: int

    def url(self, name: str) -> str:
        """Return the address of one of its databases."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def make(self, name: str, template: str = "template1") -> str:
        """Make a database as a copy of another to which nobody is connected; return its address."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.url(name)

    def drop(self, name: str) -> None:
        """Take a database away, whoever is still connected."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def postgresql(*more: str) -> Iterator[Server]:
    """Start a server, with more options, and stop it afterwards; a test where none is installed says so and skips."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    # PostgreSQL refuses to run as root: root lends it the folder and the system's own user for it.
    folder = Path(tempfile.mkdtemp(prefix="peelian-pg-", dir="/tmp"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    options = " ".join([options, *more])
    try:
        start = [initdb, "-D", str(folder / "d"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
        subprocess.run([*as_user, *start], check=True, capture_output=True, cwd=folder)
        serve = [pg_ctl, "-D", str(folder / "d"), "-w", "-l", str(folder / "log"), "-o", options, "start"]
        subprocess.run([*as_user, *serve], check=True, capture_output=True, cwd=folder)
        yield Server(port)
        stop = [pg_ctl, "-D", str(folder / "d"), "-m", "immediate", "stop"]
        subprocess.run([*as_user, *stop], check=False, capture_output=True, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    found = shutil.which(name) or next((str(p) for p in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), "")
    if not found:
        needs(name, "postgresql")
    return found
