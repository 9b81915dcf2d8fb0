"""Large files are read in pieces: no chunk is larger than its bound, and pieces make the whole."""

import tracemalloc
from pathlib import Path

from tests.feeds import CSV_HEADER, csv_row

from peelian.sources.delimited import UTF8, read_chunks
from peelian.sources.refusals import Reason

WANTED = ["Ref", "X"]


def large(path: Path, n: int) -> Path:
    """Write n rows, every 97th of them cut off, beside a long column that nobody asks for."""
    with path.open("w", encoding="utf-8") as file:
        file.write(CSV_HEADER + ",Note\n")
        for i in range(n):
            file.write("cut,off\n" if i % 97 == 96 else csv_row(f"A{i}") + "," + "x" * 400 + "\n")
    return path


def test_chunks_are_bounded_and_together_they_are_the_file(tmp_path: Path) -> None:
    file = large(tmp_path / "a.csv", 5_000)
    chunks = list(read_chunks(file, WANTED, UTF8, chunk_rows=700))
    assert max(chunk.table.height for chunk in chunks) == 700
    lines = [line for chunk in chunks for line in chunk.table.get_column("line")]
    refused = [line for chunk in chunks for line in chunk.refused.get_column("line")]
    assert sorted(lines + refused) == list(range(2, 5_002))
    assert len(refused) == 5_000 // 97
    assert {r for chunk in chunks for r in chunk.refused.get_column("reason")} == {Reason.RAGGED}
    assert chunks[0].table.columns == [*WANTED, "line"]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for n in (4_000, 40_000):
        file = large(tmp_path / f"{n}.csv", n)
        tracemalloc.start()
        for chunk in read_chunks(file, WANTED, UTF8, chunk_rows=1_000):
            assert chunk.table.height <= 1_000
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
