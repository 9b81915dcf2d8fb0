"""data.police.uk: months, snapped points, missing ids; the real files in examples/."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.feeds import LATER, RECEIVED, STREET_HEADER, refused, street_row, take_street, write

from peelian.errors import SourceError
from peelian.jobs.ingest import ingest
from peelian.places import DatePrecision, LocationPrecision
from peelian.sources.police_uk import PoliceUk
from peelian.sources.refusals import Reason
from peelian.store.events import EventStore

EXAMPLES = Path(__file__).parents[2] / "examples" / "city-of-london"


def log(home: Path) -> pl.DataFrame:
    return EventStore(home).log("anytown").table


def test_a_month_is_its_local_span_and_known_a_month_after_its_end(tmp_path: Path) -> None:
    take_street(tmp_path, write(tmp_path / "2019-05-x-street.csv", STREET_HEADER, street_row("1")))
    row = log(tmp_path).row(0, named=True)
    assert row["occurred_from"] == datetime(2019, 4, 30, 23, tzinfo=UTC)
    assert row["occurred_to"] == datetime(2019, 5, 31, 23, tzinfo=UTC)
    assert row["recorded_at"] == datetime(2019, 7, 1, 23, tzinfo=UTC)
    force = EventStore(tmp_path).force("anytown")
    assert (force.date_precision, force.location_precision) == (DatePrecision.MONTH, LocationPrecision.STREET_SNAPPED)
    assert "31 days after its end" in force.delay_note


def test_a_month_that_reached_us_sooner_than_assumed_is_known_from_then(tmp_path: Path) -> None:
    file = write(tmp_path / "2019-05-x-street.csv", STREET_HEADER, street_row("1"))
    soon = datetime(2019, 6, 10, tzinfo=UTC)
    take_street(tmp_path, file, received_at=soon)
    assert log(tmp_path).item(0, "recorded_at") == soon


def test_rows_that_share_an_id_or_have_none_are_separate_events(tmp_path: Path) -> None:
    rows = [
        street_row("a"),
        street_row("a", longitude="-0.0900"),
        *[street_row("", crime_type="Anti-social behaviour")] * 3,
    ]
    file = write(tmp_path / "2019-05-x-street.csv", STREET_HEADER, *rows)
    assert take_street(tmp_path, file).kept == 5
    assert log(tmp_path).get_column("event_id").n_unique() == 5
    other_order = write(tmp_path / "again" / "2019-05-x-street.csv", STREET_HEADER, *reversed(rows))
    assert take_street(tmp_path, other_order, received_at=LATER).duplicate == 5
    assert len(log(tmp_path)) == 5


def test_a_correction_supersedes_and_what_was_known_before_stays_readable(tmp_path: Path) -> None:
    take_street(tmp_path, write(tmp_path / "2019-05-x-street.csv", STREET_HEADER, street_row("a")))
    mended = write(tmp_path / "new" / "2019-05-x-street.csv", STREET_HEADER, street_row("a", crime_type="Robbery"))
    report = take_street(tmp_path, mended, received_at=LATER)
    assert (report.kept, report.corrected) == (0, 1)
    store = EventStore(tmp_path)
    assert store.known_at("anytown", RECEIVED).table.item(0, "crime_type") == "burglary"
    assert store.known_at("anytown", LATER).table.item(0, "crime_type") == "robbery"
    # The old file again is not a correction back: the feed has no times that could say so.
    report = take_street(tmp_path, tmp_path / "2019-05-x-street.csv", received_at=datetime(2020, 6, 1, tzinfo=UTC))
    assert (report.number, report.duplicate) == (None, 1)


def test_drugs_and_weapons_are_refused_under_every_name_and_the_rest_kept(tmp_path: Path) -> None:
    labels = ["Drugs", "Possession of weapons", "drugs", "possession-of-weapons", "Public disorder and weapons"]
    kept = ["Public order", "Anti-social behaviour", "Violence and sexual offences", "Other crime", "Bicycle theft"]
    rows = [street_row(str(i), crime_type=label) for i, label in enumerate([*labels, *kept])]
    report = take_street(tmp_path, write(tmp_path / "2019-05-x-street.csv", STREET_HEADER, *rows))
    assert refused(report) == {Reason.POLICE_FOUND: 5}
    assert set(log(tmp_path).get_column("crime_type")) == {
        "public-order", "anti-social-behaviour", "violent-crime", "other-crime", "bicycle-theft",
    }  # fmt: skip


def test_blank_points_are_counted_and_streets_named_as_on_their_signs(tmp_path: Path) -> None:
    rows = [
        street_row("1", longitude="", latitude="", location="No location"),
        street_row("2", location="On or near St Martin'S Le Grand"),
        street_row("3", location="On or near "),
    ]
    report = take_street(tmp_path, write(tmp_path / "2019-05-x-street.csv", STREET_HEADER, *rows))
    assert refused(report) == {Reason.NOT_GEOCODED: 1}
    assert log(tmp_path).sort("event_id").get_column("street").to_list() == ["St Martin's Le Grand", None]


def test_the_force_is_told_from_the_files_and_two_forces_are_not_mixed(tmp_path: Path) -> None:
    here = write(tmp_path / "2019-05-city-of-london-street.csv", STREET_HEADER, street_row("1"))
    there = write(tmp_path / "2019-05-kent-street.csv", STREET_HEADER, street_row("2"))
    with pytest.raises(SourceError, match="2 forces \\(city-of-london, kent\\)"):
        ingest(tmp_path / "home", PoliceUk(), [here, there], RECEIVED)
    assert ingest(tmp_path / "home", PoliceUk(), [here], RECEIVED).force_id == "city-of-london"
    assert EventStore(tmp_path / "home").force("city-of-london").name == "City of London Police"


def test_the_api_form_in_parquet_names_streets_from_the_list_beside_it(tmp_path: Path) -> None:
    crimes = pl.DataFrame(
        {
            "id": [1, 2, 3],
            "month": ["2017-01"] * 3,
            "category": ["burglary", "drugs", "violent-crime"],
            "latitude": [51.51, 51.52, 51.53],
            "longitude": [-0.10, -0.11, -0.12],
            "street_id": pl.Series([10, 10, 99], dtype=pl.Int32),
        }
    )
    crimes.write_parquet(tmp_path / "crimes.parquet")
    names = {"street_id": [10, 10], "street_name": ["On or near High Holborn", "On or near HIGH HOLBORN"]}
    pl.DataFrame(names, schema_overrides={"street_id": pl.Int32}).write_parquet(tmp_path / "streets.parquet")
    report = ingest(tmp_path / "home", PoliceUk(), [tmp_path], RECEIVED)
    assert (report.force_id, report.kept, len(report.skipped)) == ("london", 2, 1)
    table = EventStore(tmp_path / "home").log("london").table.sort("event_id")
    assert table.get_column("street").to_list() == ["High Holborn", None]


def test_the_real_folder_takes_the_streets_and_skips_the_outcomes(tmp_path: Path) -> None:
    report = ingest(tmp_path / "home", PoliceUk(), [EXAMPLES], RECEIVED)
    assert report.rows_read == report.kept + report.n_refused == 1_966
    assert [Path(s.file).name for s in report.skipped] == ["2016-01-city-of-london-outcomes.csv.gz"]
    events = EventStore(tmp_path / "home").known_at("city-of-london", RECEIVED)
    assert events.crs == "EPSG:27700"
    # The City's own square mile, read off an Ordnance Survey map: TQ 31-34 80-82.
    inside = (events.x > 531_000) & (events.x < 534_000) & (events.y > 180_300) & (events.y < 182_300)
    assert inside.mean() > 0.97


def test_the_metric_crs_follows_the_points_and_is_kept(tmp_path: Path) -> None:
    # As if Gibraltar published in the same format: it lies in UTM zone 30, far from any British grid.
    rows = [street_row(str(i), longitude="-5.3536", latitude="36.1408") for i in range(3)]
    file = write(tmp_path / "2019-05-gibraltar-street.csv", STREET_HEADER, *rows)
    report = ingest(tmp_path / "home", PoliceUk(), [file], RECEIVED)
    assert (report.kept, report.crs) == (3, "EPSG:32630")
    more = write(tmp_path / "2019-06-gibraltar-street.csv", STREET_HEADER, *(street_row(f"b{i}") for i in range(2)))
    # A file of the City of London under that force is far from all that is held.
    with pytest.raises(SourceError, match="all 2 rows are refused, 2 of them as stray point"):
        ingest(tmp_path / "home", PoliceUk(), [more], LATER)


def test_a_copy_under_another_name_is_the_same_feed(tmp_path: Path) -> None:
    file = EXAMPLES / "2016-02-city-of-london-street.csv.gz"
    first = ingest(tmp_path / "home", PoliceUk(), [file], RECEIVED)
    copy = shutil.copy(file, tmp_path / "copy.csv")
    again = ingest(tmp_path / "home", PoliceUk(), [copy], LATER)
    assert (again.number, again.duplicate) == (None, first.kept)
