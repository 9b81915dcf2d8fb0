"""The report's table and its JSON."""

import json
from datetime import UTC, datetime

import polars as pl

from peelian.sources.refusals import Reason, Sieve
from peelian.sources.report import IngestReport, Tally


def tally() -> Tally:
    table = pl.DataFrame({"line": range(2, 12), "v": [f"value {i} " + "x" * 200 for i in range(10)]})
    sieve = Sieve.over("a.csv", table)
    sieve.refuse(Reason.STRAY, pl.col("line") > 6, pl.col("v"))
    sieve.refuse(Reason.NO_ID, pl.col("line") == 2, pl.lit(None, pl.String))
    found = Tally()
    found.refuse(sieve.refused)
    return found


def test_refusals_are_told_the_most_frequent_first_with_three_examples_each() -> None:
    refused = tally().refused
    assert [(r.reason, r.count) for r in refused] == [(Reason.STRAY, 5), (Reason.NO_ID, 1)]
    assert [e.line for e in refused[0].examples] == [7, 8, 9]
    assert all(len(e.value) <= 80 for e in refused[0].examples)
    assert refused[1].examples[0].value == ""


def test_the_report_is_plain_json_and_its_table_adds_up() -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC)
    report = IngestReport(
        "f", "csv", 1, at, ("a.csv",), 10, 3, 0, 1, 0, tally().refused, (), 0, "A note.", "EPSG:27700"
    )
    plain = json.loads(json.dumps(report.to_json()))
    assert plain["n_refused"] == 6
    assert plain["received_at"] == "2020-01-01T00:00:00+00:00"
    rows = {what: count for what, count, _ in report.table_rows()}
    assert rows.pop("read") == sum(rows.values()) == 10
    assert len(list(report.example_lines())) == 4
