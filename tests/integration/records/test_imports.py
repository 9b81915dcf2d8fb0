"""Imports: whole, counted, safe to repeat, gone on with after a kill; and exports that read back the same."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.integration.records.conftest import ANN, BEN, WHY, Store
from tests.pole_files import count, write_pole_files

from peelian.errors import LockedError, NotAllowedError, RecordError, SourceError, StoreError
from peelian.records.marking import Marking, Sensitivity
from peelian.records.queries import Filters
from peelian.settings import Settings

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def _import(store: Store, feed: Any) -> Any:  # noqa: ANN401 - a value from behind Django
    from peelian.jobs.importing import import_records

    return import_records(store.home, feed, store.rules, ANN, NOW)


def _manchester(store: Store, folder: Path) -> Any:  # noqa: ANN401 - a value from behind Django
    from peelian.sources.pole.csv_files import open_feed
    from peelian.sources.pole.mapping import read_shipped

    return open_feed(read_shipped("manchester"), store.rules.catalogue, folder)


def _counts() -> tuple[int, ...]:
    from django.db import connection

    counts = []
    with connection.cursor() as cursor:
        for table in ("record", "record_statement", "record_link", "search_entry", "search_posting", "search_document"):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
            counts.append(cursor.fetchone()[0])
    return tuple(counts)


def test_set_is_taken_whole_and_the_same_twice_adds_nothing(store: Store, tmp_path: Path) -> None:
    from peelian.store import audit
    from peelian.store.records.imports import past

    folder = write_pole_files(tmp_path / "pole")
    n_records, n_links = count(folder)
    first = _import(store, _manchester(store, folder)).tally
    assert (first.records, first.links, first.n_refused) == (n_records, n_links, 0)
    assert first.read == n_records + n_links
    before = _counts()
    again = _import(store, _manchester(store, folder)).tally
    assert (again.records, again.links, again.changed, again.same) == (0, 0, 0, n_records + n_links)
    assert _counts() == before
    assert [i.status for i in past()] == ["done", "done"]
    assert store.find("hamliton tod").hits[0].title == "Todd Hamilton"
    assert store.find("ry52apf").hits[0].type == "vehicle"
    assert audit.verify().is_whole
    call = store.find("", Filters(types=("call",)))
    assert call.hits[0].happened_from == datetime(2017, 8, 3, 23, 32, tzinfo=UTC)


def test_corrected_file_corrects_single_values_and_adds_others(store: Store, tmp_path: Path) -> None:
    folder = write_pole_files(tmp_path / "pole")
    _import(store, _manchester(store, folder))
    crimes = folder / "nodes.Crime.csv"
    crimes.write_text(crimes.read_text().replace("Under investigation", "Local resolution", 1), encoding="utf-8")
    people = folder / "nodes.Person.csv"
    people.write_text(people.read_text().replace("Todd", "Tod"), encoding="utf-8")
    tally = _import(store, _manchester(store, folder)).tally
    assert (tally.changed, tally.records) == (2, 0)
    crime = store.show(store.ids("ref000000")[0]).entity
    assert crime.texts("outcome") == ("Local resolution",)
    todd = store.show(store.ids("tod hamilton")[0]).entity
    assert set(todd.texts("given-name")) == {"Todd", "Tod"}


def test_rows_that_cannot_be_right_are_counted_by_reason_with_their_line(store: Store, tmp_path: Path) -> None:
    folder = write_pole_files(tmp_path / "pole")
    with (folder / "nodes.Email.csv").open("a", encoding="utf-8") as file:
        file.write("40,nonsense,Email\n41,,Email\n,a@b,Email\n42,c@d\n")
    with (folder / "nodes.Location.csv").open("a", encoding="utf-8") as file:
        file.write("90,153.5,X,-2.6,1 Nowhere,Location\n")
    with (folder / "relationships.KNOWS.csv").open("a", encoding="utf-8") as file:
        file.write("0,0,KNOWS\n0,99999,KNOWS\n0,900,KNOWS\n")
    tally = _import(store, _manchester(store, folder)).tally
    told = {reason: where for reason, (_, where) in tally.refused.items()}
    assert tally.n_refused == 7
    assert any("no e-mail address" in r for r in told)
    assert any("no place" in r for r in told)
    assert any("itself" in r for r in told)
    assert any("leads from person to person" in r for r in told)
    assert told["an end of the link is not held"] == "relationships.KNOWS.csv, line 4"
    assert store.ids("1 nowhere") == []


def test_entity_of_an_unknown_type_or_property_is_an_error_with_the_nearest(store: Store, tmp_path: Path) -> None:
    from peelian.sources.pole.csv_files import open_feed
    from peelian.sources.pole.mapping import read_mapping

    folder = write_pole_files(tmp_path / "pole")
    text = (
        'source = "x"\n[[records]]\nfile = "nodes.Person.csv"\ntype = "{}"\nkey = ":ID"\nvalues = {{ {} = "name" }}\n'
    )
    with pytest.raises(RecordError, match="did you mean 'person'"):
        open_feed(read_mapping(text.format("persn", "surname"), "m.toml"), store.rules.catalogue, folder)
    with pytest.raises(RecordError, match="did you mean 'surname'"):
        open_feed(read_mapping(text.format("person", "surnam"), "m.toml"), store.rules.catalogue, folder)
    with pytest.raises(SourceError, match="no column"):
        _import(
            store,
            open_feed(
                read_mapping(text.format("person", "surname").replace('"name"', '"nom"'), "m.toml"),
                store.rules.catalogue,
                folder,
            ),
        )
    for bad in ("=", 'source = ""', 'source = "x"\nrecrods = 1', 'source = "x"\n[[records]]\nfile = "a"'):
        with pytest.raises(SourceError):
            read_mapping(bad, "m.toml")
    (folder / "nodes.Crime.csv").unlink()
    with pytest.raises(SourceError, match=r"nodes\.Crime"):
        _manchester(store, folder)


_KILLED = """
import sys, time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from peelian.store.database import open_database
open_database(Path(sys.argv[1]))
from peelian.jobs import importing
from peelian.records.access import program
from peelian.sources.pole.csv_files import open_feed
from peelian.sources.pole.mapping import read_shipped
from peelian.store.records.rules import read_rules
importing.BATCH_ROWS = 50
rules = read_rules(Path(sys.argv[1]))
feed = open_feed(read_shipped("manchester"), rules.catalogue, Path(sys.argv[2]))
def told(part, rows):
    print(rows, flush=True)
importing.import_records(Path(sys.argv[1]), feed, rules, program("test"), datetime.now(UTC), told)
"""


def _doctor(store: Store) -> Any:  # noqa: ANN401 - a value from behind Django
    from peelian.jobs.doctor import examine

    findings = examine(replace(Settings(), home=store.home), datetime.now(UTC), is_open=True)
    return [f for f in findings if f.subject.startswith("import")]


@pytest.mark.parametrize("rows", [1, 300, 1_200])
def test_killed_import_leaves_no_half_record_and_goes_on(sqlite_store: Store, tmp_path: Path, rows: int) -> None:
    from django.db import connection

    folder = write_pole_files(tmp_path / "pole", n_crimes=600)
    n_records, n_links = count(folder)
    connection.close()
    words = [sys.executable, "-c", _KILLED, str(sqlite_store.home), str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while (line := process.stdout.readline()) and int(line) < rows:
            pass
        os.kill(process.pid, signal.SIGKILL)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM record r "
            "WHERE NOT EXISTS (SELECT 1 FROM record_statement s WHERE s.record_id = r.id) "
            "OR NOT EXISTS (SELECT 1 FROM search_entry e WHERE e.record_id = r.id)"
        )
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT count(*) FROM record")
        held = cursor.fetchone()[0]
    (mend,) = _doctor(sqlite_store)
    assert (mend.subject, mend.is_well) == ("import pole-manchester", False)
    assert "killed" in mend.words
    assert "'peelian records import' again" in mend.words
    report = _import(sqlite_store, _manchester(sqlite_store, folder))
    assert _doctor(sqlite_store) == []
    assert report.resumed
    assert (report.tally.records, report.tally.links) == (n_records, n_links)
    assert 0 < held <= n_records
    assert _counts()[0] == n_records
    assert _counts()[2] == n_links


def test_second_import_at_the_same_time_is_refused(sqlite_store: Store, tmp_path: Path) -> None:
    from peelian.store.locks import lock

    feed = _manchester(sqlite_store, write_pole_files(tmp_path / "pole"))
    with lock(sqlite_store.home, "records-import"), pytest.raises(LockedError, match="running already"):
        _import(sqlite_store, feed)
    assert _counts()[0] == 0


def test_import_that_fails_in_the_middle_says_so_and_keeps_what_was_whole(sqlite_store: Store, tmp_path: Path) -> None:
    from peelian.store.records.imports import past

    folder = write_pole_files(tmp_path / "pole")
    broken = folder / "relationships.PARTY_TO.csv"
    whole = broken.read_text(encoding="utf-8")
    stat = broken.stat()
    broken.write_text(whole.replace(":START_ID", ":START"), encoding="utf-8")
    with pytest.raises(SourceError, match="no column"):
        _import(sqlite_store, _manchester(sqlite_store, folder))
    assert past()[0].status == "failed"
    assert "no column" in past()[0].error
    assert sqlite_store.ids("todd hamilton")
    broken.write_text(whole, encoding="utf-8")
    os.utime(broken, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    tally = _import(sqlite_store, _manchester(sqlite_store, folder)).tally
    assert tally.n_refused == 0
    assert (_counts()[0], _counts()[2]) == count(folder)


def _sample(store: Store) -> dict[str, int]:
    made = {
        "todd": store.add(
            "person", given_name="Todd", surname="Hamilton", date_of_birth=None, alias=("Toddy", "T-Bone"), gender="M"
        ),
        "home": store.add(
            "address", address="178 Polding Street", postcode="WN3 4NL", point="EPSG:27700 359171.9 403990.3 exact"
        ),
        "van": store.add("vehicle", registration="RY52 APF", make="Ford", model="Transit"),
        "party": store.add(
            "incident", kind="noise", happened="2026-02-01/2026-02-02", narrative='Loud.\nVery, "loud".'
        ),
        "crew": store.add("organisation", name="Crew & Sons"),
    }
    store.tie("lives-at", made["todd"], made["home"])
    store.tie("has-vehicle", made["todd"], made["van"])
    store.tie("party-to", made["todd"], made["party"])
    store.tie("member-of", made["todd"], made["crew"])
    return made


def _told(store: Store) -> Any:  # noqa: ANN401 - a value from behind Django
    """What a store says, without its numbers."""
    from peelian.store.records.dump import dump

    records, links = {}, set()
    for part in dump(store.rules.catalogue, ANN, WHY):
        for draft in part.records:
            records[draft.key] = (draft.type, {n: frozenset(v) for n, v in draft.values.items()})
        links |= {(k.type, k.start_key, k.end_key, k.detail) for k in part.links}
    named = {
        key: (kind, tuple(sorted((n, tuple(sorted(map(str, v)))) for n, v in values.items())))
        for key, (kind, values) in records.items()
    }
    return sorted(named.values()), sorted((t, named[a], named[b], d) for t, a, b, d in links)


@pytest.mark.parametrize("form", ["csv", "sdm"])
def test_export_reads_back_the_same(
    sqlite_store: Store, tmp_path: Path, request: pytest.FixtureRequest, form: str
) -> None:
    from tests.integration.records.conftest import opened

    from peelian.jobs.exporting import export_records
    from peelian.sources.pole.csv_files import open_feed
    from peelian.sources.pole.mapping import read_mapping_file
    from peelian.sources.pole.sdm import open_sdm

    _sample(sqlite_store)
    before = _told(sqlite_store)
    out = tmp_path / f"out-{form}"
    report = export_records(sqlite_store.rules.catalogue, form, out, ANN, WHY)
    assert (report.records, report.links, report.left) == (5, 4, 0)
    for other in opened(request, tmp_path / "second", "sqlite"):
        feed: Any
        if form == "csv":
            feed = open_feed(read_mapping_file(out / "mapping.toml"), other.rules.catalogue, out)
        else:
            feed = open_sdm(out, "theirs", other.rules.catalogue)
        tally = _import(other, feed).tally
        assert tally.refused == {}
        assert _told(other) == before
        assert _import(other, feed).tally.same == tally.records + tally.links


def test_followthemoney_goes_out_and_comes_in(
    sqlite_store: Store, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from tests.integration.records.conftest import opened

    from peelian.jobs.exporting import export_records
    from peelian.sources.pole.followthemoney import open_ftm

    _sample(sqlite_store)
    out = tmp_path / "out.ftm.json"
    report = export_records(sqlite_store.rules.catalogue, "followthemoney", out, ANN, WHY)
    assert (report.records, report.left) == (5, 1)
    person = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert person["schema"] == "Person"
    assert person["properties"]["name"] == ["Todd Hamilton"]
    extra = [
        {
            "id": "p9",
            "schema": "Person",
            "properties": {"name": ["Ada Quill"], "phone": ["07700 900123"], "country": ["gb"]},
        },
        {
            "id": "f1",
            "schema": "Family",
            "properties": {"person": ["p9"], "relative": [person["id"]], "relationship": ["aunt"]},
        },
        {"id": "s1", "schema": "Ownership", "properties": {"owner": ["p9"], "asset": ["x"]}},
        {"id": "f2", "schema": "Family", "properties": {"person": ["p9"], "relative": ["nobody"]}},
    ]
    with out.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(e) + "\n" for e in extra)
        file.write("{broken\n[]\n")
    for other in opened(request, tmp_path / "second", "sqlite"):
        tally = _import(other, open_ftm(out, "theirs", other.rules.catalogue)).tally
        assert tally.records == 7
        assert {r: n for r, (n, _) in tally.refused.items()} == {
            "schema 'Ownership' is none of ours": 1,
            "an end of the tie is none of the file's records": 1,
            "the line is no JSON": 1,
            "the line is no entity: one has an id, a schema and properties": 1,
        }
        assert other.ids("+447700900123") == other.ids("07700900123") != []
        assert other.find("quill ada").hits[0].type == "person"
        assert _import(other, open_ftm(out, "theirs", other.rules.catalogue)).tally.records == 0


def test_sdm_document_of_a_report_is_read(store: Store, tmp_path: Path) -> None:
    from peelian.sources.pole.sdm import open_sdm

    document = {
        "data": {
            "type": "incident",
            "id": "i-1",
            "attributes": {
                "incidentStartDateTime": {"dateFrom": "2026-02-01", "dateTo": "2026-02-03"},
                "incidentDescription": "Shed broken into",
                "incidentAnyWitnesses": False,
                "hadWeapon": False,
                "weather": "fine",
            },
            "relationships": {"incidentLocation": {"data": {"type": "location", "id": "l-1"}}},
        },
        "included": [
            {"type": "location", "id": "l-1", "attributes": {"address": "1 High Street"}},
            {
                "type": "person",
                "id": "p-1",
                "attributes": {"givenName": ["Ada", "Augusta"], "surname": "Quill", "dateofBirthKnown": False},
                "relationships": {
                    "submission": {"data": [{"type": "incident", "id": "i-1"}]},
                    "currentAddress": {"data": {"type": "location", "id": "l-1"}},
                },
            },
            {"type": "spaceship", "id": "s-1"},
        ],
    }
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    tally = _import(store, open_sdm(path, "single online home", store.rules.catalogue)).tally
    assert (tally.records, tally.links) == (3, 3)
    assert sorted(n for n, _ in tally.refused.values()) == [1, 1]
    incident = store.show(store.ids("shed broken")[0]).entity
    assert incident.texts("happened") == ("2026-02-01/2026-02-03",)
    assert incident.texts("had-weapon") == ("no",)
    ada = store.show(store.ids("ada quill")[0]).entity
    assert ada.unknown == {"date-of-birth"}
    assert set(ada.texts("given-name")) == {"Ada", "Augusta"}
    for bad in ("", "[]", "{}", '{"data": 1}', "[" * 100_000):
        path.write_text(bad, encoding="utf-8")
        with pytest.raises(SourceError):
            open_sdm(path, "x", store.rules.catalogue)


def test_export_leaves_out_what_the_actor_may_not_read_and_is_a_disclosure(store: Store, tmp_path: Path) -> None:
    from peelian.jobs.exporting import export_records
    from peelian.store import audit

    _sample(store)
    sealed = Marking(Sensitivity.SEALED, "", "DI Rees", frozenset({9}))
    vera = store.add("person", name="Vera Lightfoot", marking=sealed)
    out = tmp_path / "out.json"
    export_records(store.rules.catalogue, "sdm", out, ANN, WHY)
    text = out.read_text(encoding="utf-8")
    assert "Lightfoot" not in text
    assert f'"id": "{vera}"' not in text
    assert {line.act for line in audit.search(audit.Search(), most=1)} == {"disclosed"}
    with pytest.raises(StoreError, match="exists already"):
        export_records(store.rules.catalogue, "sdm", out, ANN, WHY)
    with pytest.raises(NotAllowedError):
        export_records(store.rules.catalogue, "sdm", tmp_path / "ben.json", BEN, WHY)
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".json" or p.name.startswith(".")) == ["out.json"]
