"""A PostgreSQL of the tests' own, started on loopback on a free port and ended afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import needs


def program(name: str) -> str:
    """Return where a program of PostgreSQL lies; Debian keeps the server's off the PATH."""
    found = shutil.which(name) or next((str(p) for p in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), "")
    if not found:
        needs(name, "postgresql")
    return found


@contextmanager
def postgresql() -> Iterator[str]:
    """Serve and give the address of the database "postgres"."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    # PostgreSQL refuses to run as root: root lends it the folder and the system's own user for it.
    root = os.geteuid() == 0
    folder = Path("/tmp") / f"peelian-pg-{os.getpid()}"  # noqa: S108 - the server's user must reach it; made anew below
    folder.mkdir(mode=0o700)
    as_user = ["runuser", "-u", "postgres", "--"] if root else []
    if root:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        start = [initdb, "-D", str(folder / "d"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
        subprocess.run([*as_user, *start], check=True, capture_output=True, cwd=folder)
        serve = [pg_ctl, "-D", str(folder / "d"), "-w", "-l", str(folder / "log"), "-o", options, "start"]
        subprocess.run([*as_user, *serve], check=True, capture_output=True, cwd=folder)
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        stop = [pg_ctl, "-D", str(folder / "d"), "-m", "immediate", "stop"]
        subprocess.run([*as_user, *stop], check=False, capture_output=True, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: str, name: str, of: str = "template1") -> str:
    """Make a database on the server, empty or as a copy of another, and return its address."""
    import psycopg

    with psycopg.connect(server.rsplit("/", 1)[0] + "/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{of}"'.encode())
    return server.rsplit("/", 1)[0] + f"/{name}"
