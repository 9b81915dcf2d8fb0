"""The guide says what the code does: every reason with its mend, the worked mapping, every key of a mapping."""

from dataclasses import fields
from pathlib import Path

import pytest

from peelian.sources.mapping import FeedMapping, parse_mapping
from peelian.sources.refusals import MENDS, Reason

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "guide" / "ingest.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_stands_in_the_guide_with_its_mend(reason: Reason) -> None:
    rows = [line for line in GUIDE.splitlines() if line.startswith(f"| {reason} |")]
    assert len(rows) == 1
    assert rows[0].endswith(f"| {MENDS[reason]} |")


def test_the_worked_mapping_in_the_guide_is_the_one_in_the_examples() -> None:
    mapping = (ROOT / "examples" / "anytown" / "mapping.toml").read_text(encoding="utf-8").strip()
    assert mapping in GUIDE
    assert parse_mapping(mapping).force.id == "anytown"


def test_every_key_of_a_mapping_is_told() -> None:
    for part in fields(FeedMapping):
        kind = part.type
        for key in fields(kind) if hasattr(kind, "__dataclass_fields__") else ():
            assert key.name in GUIDE, f"{part.name}.{key.name}"
