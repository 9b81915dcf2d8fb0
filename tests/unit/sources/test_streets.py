"""Street names: as on a sign, never with the house number."""

import polars as pl
import pytest

from peelian.sources.streets import street_name, street_names


@pytest.mark.parametrize(
    ("written", "sign"),
    [
        ("LINTON AVE", "Linton Ave"),
        ("4316 LINTON AVE", "Linton Ave"),
        ("12a, High Street", "High Street"),
        ("12-14 HIGH STREET", "High Street"),
        ("012XX N STATE ST", "N State St"),
        ("N 2ND ST", "N 2nd St"),
        ("2ND ST", "2nd St"),
        ("20th Street", "20th Street"),
        ("4316 20TH ST", "20th St"),
        ("On or near Alderman'S Walk", "Alderman's Walk"),
        ("On or near Conference/Exhibition Centre", None),
        ("On or near Parking Area", None),
        ("On or near Hospital Road", "Hospital Road"),
        ("On or near Kew Gardens/Royal Park", "Kew Gardens/Royal Park"),
        ("O'FALLON ST", "O'Fallon St"),
        ("MCPHERSON AVE", "McPherson Ave"),
        ("On or near A40", "A40"),
        ("KRAFT ST / HUMMEL AVE", "Kraft St / Hummel Ave"),
        ("  HIGH   STREET ", "High Street"),
        ("No Location", None),
        ("On or near ", None),
        ("", None),
        (None, None),
        ("4316", None),
    ],
)
def test_a_street_is_named_as_on_its_sign(written: str | None, sign: str | None) -> None:
    assert street_name(written) == sign


def test_a_column_keeps_its_order_and_its_gaps() -> None:
    column = pl.Series(["HIGH ST", None, "high st", ""])
    assert street_names(column).to_list() == ["High St", None, "High St", None]
