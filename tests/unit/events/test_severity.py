from dataclasses import replace

import pytest

from peelian.errors import EventsError
from peelian.events.severity import SeverityRow, SeverityTable

TABLE = SeverityTable(
    title="Made up",
    unit="points",
    published="nowhere",
    reference="none",
    read_from="this file",
    standing="invented for a test",
    law="none",
    rows=(SeverityRow("robbery", 5.0, "robberies"), SeverityRow("burglary", 2.0, "burglaries")),
)


def test_bundle_weighs_each_type_as_the_table_says() -> None:
    assert TABLE.bundle("harm", ["burglary", "robbery"]).weights == (("burglary", 2.0), ("robbery", 5.0))


def test_no_weight_is_made_up_for_a_type_that_the_table_does_not_name() -> None:
    with pytest.raises(EventsError, match=r"no weight for 'arson'; it has robbery, burglary.*by hand"):
        TABLE.bundle("harm", ["robbery", "arson"])


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_weight_that_is_no_weight_is_refused(weight: float) -> None:
    with pytest.raises(EventsError, match="positive"):
        replace(TABLE, rows=(SeverityRow("robbery", weight, "robberies"),))


def test_type_that_stands_twice_is_refused() -> None:
    with pytest.raises(EventsError, match="each once"):
        replace(TABLE, rows=(TABLE.rows[0], TABLE.rows[0]))
