"""The site under load: fifty people who have signed in, on the pages they use, while nothing and while a night happens.

The load comes from a process of its own with plain sockets, so that it takes little of the two cores that it measures.
Each person asks four times a second, whether or not the answer was quick: 200 requests a second are offered.
"""

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from urllib.parse import quote

import psutil

HERE = Path(__file__).parent
NIGHT, CLOCK = "2017-06-22", "2017-06-22T19:00:00+01:00"
USERS, SECONDS, PER_USER = 50, 20.0, 4.0
#: Nights replayed behind the record: enough for a page over time, few enough to prepare in minutes.
TERMS = """[night]
level = "borough"
model = "smoothed-counts"
boxes = "grid"
replay_nights = 3
longer = 0
"""
WORDS = ["--goal", "g", "--measure", "m", "--owner", "o", "--stop-rule", "s", "--expires", "2017-12-31"]


def run(extract: Path | None = None) -> list[dict[str, object]]:
    """Return rows of name, measured, target and unit."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        subprocess.run([sys.executable, str(HERE / "night_bench.py"), str(home), str(extract or "")], check=True)
        (home / "peelian.toml").write_text(TERMS, encoding="utf-8")
        _peelian(home, "purpose", "set", *WORDS)
        _peelian(home, "night", "--on", NIGHT)
        plan = Plan(**json.loads(_alone("--plan", str(home))))
        rows: list[tuple[str, object, object, str]] = []
        with _served(home) as (port, started_s, process):
            plan, without = _answered(port, plan)
            rows += [(f"not on this site: {kind}", 0, None, "") for kind in without]
            rows.append(("start of peelian serve, until it answers", started_s, 3.0, "s"))
            _load(port, plan, 5.0)  # what is read once is read
            quiet = _load(port, plan, SECONDS)
            rows += quiet.rows("")
            rows.append(("memory of all its processes under load", _memory_gb(process), None, "GB"))
            rows.append(
                ("requests a second, asked as fast as answered", _load(port, plan, 8.0, pause=0).rate, None, "")
            )
            with _night(home) as making:
                rows += _load(port, plan, SECONDS, until=making).rows(
                    " while London's night is published", judged=False
                )
    names = ("name", "measured", "target", "unit")
    return [dict(zip(names, (f"site, {USERS} users: {what}", *rest), strict=True)) for what, *rest in rows]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the users ask: pages by kind, each user with a cookie of their own; for how long, and how often."""

    cookies: list[str]
    pages: dict[str, list[str]]
    port: int = 0
    seconds: float = 0.0
    pause: float = 0.0
    until: str = ""

    def is_over(self, began: float) -> bool:
        """Tell whether the time is over and, where something is waited for, it has happened."""
        return time.perf_counter() >= began + self.seconds and (not self.until or Path(self.until).exists())


@dataclass(slots=True)
class Answers:
    """What came back: milliseconds by kind of page, and what was no answer."""

    ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return sum(map(len, self.ms.values())) / self.seconds

    def rows(self, when: str, *, judged: bool = True) -> list[tuple[str, object, object, str]]:
        """Return the table's rows."""
        pages = [ms for kind, found in self.ms.items() if not kind.startswith("API") for ms in found]
        rows: list[tuple[str, object, object, str]] = [
            (f"p95 of pages{when}", _p95(pages), 150.0 if judged else None, "ms"),
            *((f"p95 of {kind}{when}", _p95(found), None, "ms") for kind, found in sorted(self.ms.items())),
            (f"failed requests{when}{_first(self.faults)}", len(self.faults), 0, ""),
            (f"requests a second{when} (200 offered)", self.rate, 199.0 if judged else None, ""),
        ]
        return rows


def _first(faults: list[str]) -> str:
    return f" (first: {faults[0]})" if faults else ""


def _p95(ms: list[float]) -> float:
    return statistics.quantiles(ms, n=20)[-1] if len(ms) > 1 else float("nan")


def plan_of(home: Path) -> Plan:
    """Open fifty accounts and sessions; return their cookies, and the pages by kind."""
    from peelian.settings import read_settings
    from peelian.site.configuration import open_site

    settings = read_settings(home, {})
    open_site(replace(settings, site=replace(settings.site, clock=CLOCK)))

    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from peelian.records.access import Role, program
    from peelian.store import accounts
    from peelian.store.night_folders import NightFolders
    from peelian.store.nights import utc_now
    from peelian.store.sessions import SessionStore

    cookies = []
    for number in range(USERS):
        account = accounts.open_account(
            program("a bench"), f"reader-{number}", "A reader", Role.ANALYST, ("*",), None, at=utc_now()
        )
        session = SessionStore()
        session[SESSION_KEY] = str(account.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = account.get_session_auth_hash()
        session.create()
        cookies.append(f"peelian_session={session.session_key}")
    index = NightFolders(home).index("london", date.fromisoformat(NIGHT), "borough")
    area = {a["slug"]: quote(a["id"]) for a in index["areas"]}
    kind = {k["slug"]: quote(k["name"]) for k in index["kinds"]}
    at = [(m["area"], m["kind"]) for m in index["maps"]]
    pages = {
        "Tonight": [f"/tonight/london/{NIGHT}/borough/{a}/{k}/" for a, k in at],
        "a box": [f"/tonight/london/{NIGHT}/borough/{a}/{k}/box/1/" for a, k in at],
        "the morning after": [f"/morning/london/{NIGHT}/borough/{a}/{k}/" for a, k in at],
        "patrol": ["/patrol/"],
        "API boxes": [f"/api/v1/boxes.geojson?area={area[a]}&crime_type={kind[k]}" for a, k in at],
    }
    return Plan(cookies, pages)


def _load(port: int, plan: Plan, seconds: float, *, pause: float = 1 / PER_USER, until: Path | None = None) -> Answers:
    """Let the users ask for so long, and on until a file is there where one is named; return what came back."""
    asked = replace(plan, port=port, seconds=seconds, pause=pause, until=str(until or ""))
    told = json.loads(_alone("--ask", input_=json.dumps(asdict(asked))))
    return Answers(defaultdict(list, told["ms"]), told["faults"], told["seconds"])


def _answered(port: int, plan: Plan) -> tuple[Plan, list[str]]:
    """Return the plan with the kinds of page that this site has, and the others: they are said, not passed over."""
    there = {}
    for kind, addresses in plan.pages.items():
        request = urllib.request.Request(f"http://127.0.0.1:{port}{addresses[0]}", headers={"Cookie": plan.cookies[0]})
        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=60):  # noqa: S310
            there[kind] = addresses
    return replace(plan, pages=there), [kind for kind in plan.pages if kind not in there]


async def ask(plan: Plan) -> Answers:
    """Ask as every user does, side by side."""
    answers, began = Answers(), time.perf_counter()
    await asyncio.gather(*(_user(plan, n, cookie, answers, began) for n, cookie in enumerate(plan.cookies)))
    answers.seconds = time.perf_counter() - began
    return answers


async def _user(plan: Plan, number: int, cookie: str, answers: Answers, began: float) -> None:
    chance = random.Random(number)  # noqa: S311 - which page is looked at is no secret
    kinds, link = list(plan.pages), _Link(plan.port, cookie)
    due = began + chance.random() * plan.pause
    while not plan.is_over(began):
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        kind = chance.choice(kinds)
        address, sent = chance.choice(plan.pages[kind]), time.perf_counter()
        try:
            status = await link.get(address)
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            answers.faults.append(f"{address}: {type(error).__name__}")
            link = _Link(plan.port, cookie)
            continue
        answers.ms[kind].append(1000 * (time.perf_counter() - sent))
        if status != "200":
            answers.faults.append(f"{address}: {status}")
        due = max(due + plan.pause, time.perf_counter())
    link.close()


class _Link:
    """One user's connection, kept open as a browser keeps it; opened again where the server has closed it."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port = port
        self._head = f"Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nAccept-Encoding: identity\r\n\r\n"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def get(self, address: str) -> str:
        """Return the status of an answer, read to its end."""
        is_kept = self._writer is not None
        try:
            return await self._get(address)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not is_kept:
                raise
            return await self._get(address)  # a kept connection that ended meanwhile, as browsers do

    async def _get(self, address: str) -> str:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        assert self._reader is not None
        self._writer.write(f"GET {address} HTTP/1.1\r\n{self._head}".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"(?i)\r\ncontent-length: (\d+)", head)
        if length is None:
            raise ValueError("an answer without its length")
        await self._reader.readexactly(int(length[1]))
        if re.search(r"(?i)\r\nconnection: close", head):
            self.close()
        return head.split(" ", 2)[1]

    def close(self) -> None:
        """Close it."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


@contextmanager
def _served(home: Path) -> Iterator[tuple[int, float, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    began = time.perf_counter()
    command = [sys.executable, "-m", "peelian", "serve", "--home", str(home), "--port", str(port), "--clock", CLOCK]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=(home / "serve.log").open("wb"))
    try:
        while True:
            assert process.poll() is None, (home / "serve.log").read_text(encoding="utf-8")
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30).close()
                break
            time.sleep(0.02)
        yield port, time.perf_counter() - began, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def _night(home: Path) -> Iterator[Path]:
    """Make the night anew beside the load; the file that is given comes when it is published."""
    made = home / "made"
    command = f'"{sys.executable}" -m peelian night --on {NIGHT} --again --home "{home}" && touch "{made}"'
    process = subprocess.Popen(["sh", "-c", command], stdout=subprocess.DEVNULL)
    try:
        yield made
    finally:
        assert process.wait(600) == 0


def _memory_gb(process: psutil.Process) -> float:
    held = [process, *process.children(recursive=True)]
    return float(sum(p.memory_full_info().pss for p in held)) / 1e9


def _peelian(home: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "peelian", *words, "--home", str(home)], check=True, capture_output=True)


def _alone(*words: str, input_: str = "") -> str:
    """Run a part of this file in a process of its own, so that what it needs is not measured."""
    done = subprocess.run(
        [sys.executable, __file__, *words], check=True, input=input_, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    if sys.argv[1] == "--plan":
        print(json.dumps(asdict(plan_of(Path(sys.argv[2])))))
    else:
        found = asyncio.run(ask(Plan(**json.loads(sys.stdin.read()))))
        print(json.dumps({"ms": found.ms, "faults": found.faults, "seconds": found.seconds}))
