"""One store of records for each test, on SQLite and on PostgreSQL alike: made once, copied for each."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pytest
from tests.postgresql_server import Server, postgresql

from peelian.records.access import Actor, Role
from peelian.records.drafts import LinkDraft, RecordDraft
from peelian.records.marking import Marking
from peelian.records.purpose import Purpose
from peelian.records.queries import Filters, Page

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = Actor(7, "Ann", Role.ANALYST, ("*",))
BEN = Actor(8, "Ben", Role.OFFICER, ("north",))
WHY = Purpose("burglary 17: who had the van")


@dataclass(frozen=True)
class Store:
    """An open store, with short words for what every test does."""

    home: Path
    rules: Any
    vendor: str

    def by(self, actor: Actor = ANN, hours: float = 0.0) -> Any:  # noqa: ANN401 - a value from behind Django
        """Whoever acts, so many hours after noon."""
        from peelian.store.records.writing import By

        return By(actor, NOON + timedelta(hours=hours))

    def add(
        self,
        record_type: str,
        /,
        *,
        key: str = "",
        actor: Actor = ANN,
        marking: Marking | None = None,
        hours: float = 0.0,
        **values: Any,  # noqa: ANN401 - a value from behind Django
    ) -> int:
        """Open a record; a value is a text, a tuple of texts, or None for 'known to be unknown'."""
        from peelian.store.records.writing import open_record

        told = {n.replace("_", "-"): v if isinstance(v, tuple) else (v,) for n, v in values.items()}
        draft = RecordDraft(record_type, key, MappingProxyType(told), marking or Marking())
        return open_record(self.rules.catalogue, self.rules.policy, draft, self.by(actor, hours))

    def tie(self, link: str, start: int, end: int, actor: Actor = ANN) -> int:
        """Tie two records."""
        from peelian.store.records.writing import Told, tie

        return int(tie(self.rules.catalogue, link, start, end, Told("form"), self.by(actor)).id)

    def find(self, query: str, filters: Filters | None = None, actor: Actor = ANN, **more: Any) -> Page:  # noqa: ANN401 - a value from behind Django
        """Search."""
        from peelian.store.records.search import search

        return search(query, filters or Filters(), actor, WHY, **more)

    def ids(self, query: str, filters: Filters | None = None, actor: Actor = ANN) -> list[int]:
        """Search, and give the records found in their order."""
        return [h.record for h in self.find(query, filters, actor).hits]

    def show(self, record: int, actor: Actor = ANN, as_of: datetime | None = None) -> Any:  # noqa: ANN401 - a value from behind Django
        """Read a record."""
        from peelian.store.records.reading import show

        return show(self.rules.catalogue, record, actor, WHY, as_of=as_of)

    def take(self, source: str, records: list[RecordDraft], links: list[LinkDraft] = []) -> Any:  # noqa: ANN401, B006
        """Take drafts as an import does, in one transaction."""
        from django.db import transaction

        from peelian.store.records import intake

        origin = intake.Origin(self.rules.catalogue, self.rules.policy, source, "test", NOON)
        checked = [r.checked(self.rules.catalogue) for r in records]
        tied = [link.checked(self.rules.catalogue) for link in links]
        with transaction.atomic():
            return intake.take_records(origin, checked), intake.take_links(origin, tied)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from django.db import connection

    from peelian.store.database import open_database

    home = tmp_path_factory.mktemp("template") / "home"
    open_database(home)
    connection.close()
    return home


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all stores of a process."""
    with postgresql() as started:
        yield started


@pytest.fixture(scope="session")
def postgresql_template(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    from django.db import connection

    from peelian.store.database import open_database

    open_database(tmp_path_factory.mktemp("made"), server.make("template_of_records"))
    connection.close()
    return "template_of_records"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of the test's own, in each of the two databases."""
    yield from opened(request, tmp_path, request.param)


@pytest.fixture
def sqlite_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store on SQLite alone, for what does not differ."""
    yield from opened(request, tmp_path, "sqlite")


def opened(request: pytest.FixtureRequest, tmp_path: Path, vendor: str) -> Iterator[Store]:
    from django.db import connections

    from peelian.store.database import open_database
    from peelian.store.records.rules import read_rules

    home = tmp_path / "home"
    if vendor == "sqlite":
        shutil.copytree(request.getfixturevalue("sqlite_template"), home)
        open_database(home)
    else:
        started: Server = request.getfixturevalue("server")
        url = started.make(f"records_{uuid4().hex}", request.getfixturevalue("postgresql_template"))
        home.mkdir()
        open_database(home, url)
    yield Store(home, read_rules(home), vendor)
    connections["default"].close()


def with_areas(actor: Actor, *areas: str) -> Actor:
    """The same actor in other areas."""
    return replace(actor, areas=areas)
