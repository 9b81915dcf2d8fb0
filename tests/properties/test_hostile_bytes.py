"""Whatever the bytes, an ingest ends in a report of every row or in one of our errors; never a traceback."""

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.feeds import CSV_HEADER, STREET_HEADER, csv_row, street_row, take_csv, take_slmpd, take_street, write

from peelian.errors import PeelianError
from peelian.sources.mapping import parse_mapping
from peelian.sources.suggest import suggest_mapping
from peelian.store.events import EventStore

MAPPED = ("\n".join([CSV_HEADER, *(csv_row(f"A{i}", x=str(530_000 + i)) for i in range(12))]) + "\n").encode()
STREET = ("\n".join([STREET_HEADER, *(street_row(f"{i:x}") for i in range(12))]) + "\n").encode()

#: Where to cut, and what to put there: bytes that mean something to a reader of text.
CUTS = st.lists(
    st.tuples(
        st.integers(0, len(MAPPED)),
        st.integers(0, 30),
        st.one_of(
            st.sampled_from(
                [
                    b'"',
                    b",",
                    b"\n",
                    b"\r",
                    b"\0",
                    b"\xff",
                    b"\xe9",
                    b"\xed\xa0\x80",
                    b"1e999",
                    b"-",
                    b"nan",
                    b"99999999",
                ]
            ),
            st.binary(max_size=6),
        ),
    ),
    max_size=6,
)


def damaged(content: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, put in cuts:
        content = content[:at] + put + content[at + length :]
    return content


@settings(max_examples=150)
@given(cuts=CUTS, packed=st.booleans())
@example(cuts=[(20, 0, b'"')], packed=False)
@example(cuts=[(0, 30, b"")], packed=True)
def test_any_damage_is_told_and_never_half_kept(cuts: list[tuple[int, int, bytes]], *, packed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content, take in (("mapped", MAPPED, take_csv), ("street", STREET, take_street)):
            file = Path(folder) / f"2019-05-{name}-street.csv"
            hurt = damaged(content, cuts)
            file.write_bytes(gzip.compress(hurt) if packed else hurt)
            home = Path(folder) / name
            try:
                report = take(home, file)
            except PeelianError:
                assert EventStore(home).forces() == ()
            else:
                total = report.kept + report.corrected + report.duplicate + report.retracted + report.n_refused
                assert total == report.rows_read
                assert len(EventStore(home).log("anytown")) == report.kept + report.corrected + report.retracted


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_bytes_of_nothing_in_particular_are_refused_by_every_reader(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.csv"
        file.write_bytes(content)
        for take in (take_csv, take_street, take_slmpd):
            with pytest.raises(PeelianError) as caught:
                take(Path(folder) / "home", file)
            assert "\n" not in str(caught.value).strip()


@settings(max_examples=60)
@given(CUTS)
def test_a_draft_is_a_mapping_or_a_refusal(cuts: list[tuple[int, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.csv"
        file.write_bytes(damaged(MAPPED, cuts))
        try:
            draft = suggest_mapping(file)
        except PeelianError:
            return
        if "not found" not in draft and "formats = []" not in draft:
            parse_mapping(draft)
            return
        # What the file did not tell is left to a person, and the mapping is no mapping before.
        with pytest.raises(PeelianError, match=r"blank|formats"):
            parse_mapping(draft)


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_text_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(PeelianError, match="mapping"):
        parse_mapping(text)


@settings(max_examples=40)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=5, max_size=5))
def test_any_cell_is_taken_or_refused(cells: list[str]) -> None:
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder) / "a.csv", CSV_HEADER, csv_row(), quoted)
        try:
            report = take_csv(Path(folder) / "home", file)
        except PeelianError:
            return
        assert report.kept + report.n_refused + report.duplicate == report.rows_read
