"""A small set in the layout of the Manchester sample: every file that its mapping reads, all content made up."""

import csv
from pathlib import Path

PEOPLE = (("0", "Hamilton", "Todd"), ("2", "Hamilton", "Benjamin"), ("5", "Quill", "Ada"))
_NODES: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
    "Person": (
        (":ID", "surname", "nhs_no", "name", "age", ":LABEL"),
        [(i, surname, f"90{i}", name, "", "Person") for i, surname, name in PEOPLE],
    ),
    "Officer": (
        (":ID", "badge_no", "rank", "name", "surname", ":LABEL"),
        [("900", "80-1", "Sergeant", "Uri", "Glossup", "Officer")],
    ),
    "Vehicle": (
        (":ID", "model", "reg", "make", "year", ":LABEL"),
        [("800", "4Runner", "RY52 APF", "Toyota", "2005", "Vehicle")],
    ),
    "Phone": ((":ID", "phoneNo", ":LABEL"), [("3", "0-(070)893-3322", "Phone")]),
    "Email": ((":ID", "email_address", ":LABEL"), [("4", "bham@example.org", "Email")]),
    "Object": ((":ID", "description", "id", "type", ":LABEL"), [("700", "Electronic Scale", "", "Evidence", "Object")]),
    "Location": (
        (":ID", "latitude:double", "postcode", "longitude:double", "address", ":LABEL"),
        [("1", "53.530988", "WN3 4NL", "-2.61741", "178 Polding Street", "Location")],
    ),
    "PostCode": ((":ID", "code", ":LABEL"), [("600", "WN3 4NL", "PostCode")]),
    "Area": ((":ID", "areaCode", ":LABEL"), [("601", "WN3", "Area")]),
    "PhoneCall": (
        (":ID", "call_duration", "call_time", "call_date", "call_type", ":LABEL"),
        [("500", "38", "00:32", "04/08/2017", "CALL", "PhoneCall")],
    ),
}
_LINKS = {
    "KNOWS": [("0", "2")],
    "KNOWS_LW": [("0", "2")],
    "KNOWS_PHONE": [("2", "5")],
    "KNOWS_SN": [("5", "0")],
    "CURRENT_ADDRESS": [("0", "1"), ("2", "1")],
    "HAS_PHONE": [("2", "3")],
    "HAS_EMAIL": [("2", "4")],
    "PARTY_TO": [("0", "10000")],
    "INVOLVED_IN": [("700", "10000"), ("800", "10001")],
    "CALLER": [("500", "3")],
    "CALLED": [("500", "3")],
    "HAS_POSTCODE": [("1", "600")],
    "LOCATION_IN_AREA": [("1", "601")],
    "POSTCODE_IN_AREA": [("600", "601")],
}
TYPES = ("Burglary", "Drugs", "Vehicle crime", "Public order")


def write_pole_files(folder: Path, n_crimes: int = 12) -> Path:
    """Write the set with so many crimes, all at one address, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (header, rows) in _NODES.items():
        _write(folder / f"nodes.{name}.csv", header, rows)
    crimes = [
        (str(10_000 + n), f"{n % 31 + 1}/08/2017", f"ref{n:06d}", TYPES[n % 4], "Under investigation", "", "", "Crime")
        for n in range(n_crimes)
    ]
    _write(
        folder / "nodes.Crime.csv", (":ID", "date", "id", "type", "last_outcome", "note", "charge", ":LABEL"), crimes
    )
    links = {**_LINKS, "OCCURRED_AT": [(c[0], "1") for c in crimes], "INVESTIGATED_BY": [(c[0], "900") for c in crimes]}
    for name, ends in links.items():
        rows = [(*pair, name) for pair in ends]
        _write(folder / f"relationships.{name}.csv", (":START_ID", ":END_ID", ":TYPE"), rows)
    family = [("0", "2", "FAMILY_REL", "SIBLING")]
    _write(folder / "relationships.FAMILY_REL.csv", (":START_ID", ":END_ID", ":TYPE", "rel_type"), family)
    return folder


def count(folder: Path) -> tuple[int, int]:
    """Return how many records and links the files hold."""
    rows = {p.name: p.read_text(encoding="utf-8").count("\n") - 1 for p in folder.glob("*.csv")}
    return (
        sum(n for name, n in rows.items() if name.startswith("nodes")),
        sum(n for name, n in rows.items() if name.startswith("relationships")),
    )


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
