"""The replay of a log is the log: at every cutoff both know the same events, whatever was corrected or taken back."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from peelian.events import LOG_SCHEMA, EventLog, Replay, known_when_it_occurred

START = datetime(2020, 1, 1, tzinfo=UTC)

ROWS = st.lists(
    st.tuples(
        st.integers(0, 4),  # event
        st.integers(0, 6),  # occurred
        st.integers(0, 9),  # recorded
        st.booleans(),  # retraction
        st.integers(0, 2),  # ingest
    ),
    max_size=25,
)


def log_of(rows: list[tuple[int, int, int, bool, int]]) -> EventLog:
    table = pl.DataFrame(
        [
            (
                f"e{event}",
                "burglary",
                float(i),
                0.0,
                START + timedelta(hours=occurred),
                START + timedelta(hours=occurred),
                START + timedelta(hours=recorded),
                None,
                None,
                retraction,
                ingest,
            )
            for i, (event, occurred, recorded, retraction, ingest) in enumerate(rows)
        ],
        schema=LOG_SCHEMA,
        orient="row",
    )
    return EventLog(table, "EPSG:27700")


@given(ROWS, st.integers(-1, 11))
def test_a_replay_knows_at_every_cutoff_what_the_log_knows(
    rows: list[tuple[int, int, int, bool, int]], hour: int
) -> None:
    log = log_of(rows)
    cutoff = START + timedelta(hours=hour)
    assert Replay.of(log).as_known_at(cutoff).table.equals(log.as_known_at(cutoff).table)


@given(ROWS)
def test_known_when_it_occurred_ends_with_the_same_events_each_known_from_its_beginning(
    rows: list[tuple[int, int, int, bool, int]],
) -> None:
    log = log_of(rows)
    end = START + timedelta(days=1)
    kept = known_when_it_occurred(log)
    drop = ["recorded_at"]
    assert kept.as_known_at(end).table.drop(drop).equals(log.as_known_at(end).table.drop(drop))
    assert (kept.table["recorded_at"] == kept.table["occurred_from"]).all()
