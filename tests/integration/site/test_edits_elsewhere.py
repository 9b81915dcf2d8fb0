"""An analyst's edits wherever boxes are read: the phone, the shift, the briefing, the interface for programs."""

import json
from datetime import date
from typing import Any

import pytest
from tests.site_home import NIGHTS, client_of

NIGHT = NIGHTS[1]
MAP = f"/desk/boxes/town/{NIGHT}/district/North/burglary/"
PHONE = "/patrol/at/town/district/North/"


def _text(answer: Any) -> str:  # noqa: ANN401 - Django's answer
    text: str = answer.content.decode()
    return text


@pytest.fixture
def edited(town: dict[str, Any]) -> dict[str, Any]:
    """The town after an analyst suppressed burglary's box 2 and added box A."""
    from peelian.site.configuration import site_settings
    from peelian.store.night_folders import NightFolders

    folders = NightFolders(site_settings().home)
    document = folders.map("town", date.fromisoformat(NIGHT), "district", "North", "burglary")
    nearly = next(b for b in document["boxes"] if b["kind"] == "nearly")
    client = client_of(town["analyst"])
    assert client.post(f"{MAP}suppress/2/", {"reason": "road <closed>"}).status_code == 302
    assert client.post(f"{MAP}add/", {"nearly": str(nearly["rank"]), "reason": "a market"}).status_code == 302
    return town


def test_phone_gives_no_suppressed_box_and_names_what_was_added(edited: dict[str, Any]) -> None:
    client = client_of(edited["officer"])
    page = _text(client.get(f"{PHONE}?type=burglary"))
    assert "Ann analyst: road &lt;closed&gt;" in page
    assert "Ann analyst: a market" in page
    told = json.loads(page.split('id="told">')[1].split("</script>")[0])
    sheet = next(s for s in told["sheets"] if s["crime_type"] == "burglary")
    assert "2" not in [b["rank"] for b in sheet["boxes"]]
    assert "1" in [b["rank"] for b in sheet["boxes"]]
    minutes = client.get(told["addresses"]["today"]).json()["minutes"]
    assert f"town/{NIGHT}/district/North/burglary/2" not in minutes
    assert f"town/{NIGHT}/district/North/burglary/1" in minutes


def test_nobody_arrives_in_a_suppressed_box_and_is_told_why(edited: dict[str, Any]) -> None:
    from uuid import uuid4

    said = {"id": str(uuid4()), "box": f"town/{NIGHT}/district/North/burglary/2"}
    answer = client_of(edited["officer"]).post("/patrol/arrive/", said)
    assert answer.status_code == 409
    assert "suppressed by Ann analyst: road &lt;closed&gt;" in _text(answer)


def test_shift_and_briefing_say_what_was_edited(edited: dict[str, Any]) -> None:
    client = client_of(edited["sergeant"])
    assert "Suppressed by Ann analyst: road &lt;closed&gt;" in _text(
        client.get(f"/patrol/shift/town/{NIGHT}/district/North/")
    )
    page = _text(client.get(f"/patrol/briefing/town/{NIGHT}/district/North/"))
    assert "Suppressed by Ann analyst: road &lt;closed&gt;" in page
    assert "Added by analysts, not by the forecast." in page
    assert "The same as PDF" not in page
    pdf = client.get(f"/tonight/town/{NIGHT}/district/North/briefing.pdf")
    assert pdf.headers["Location"] == f"/patrol/briefing/town/{NIGHT}/district/North/"


def test_briefing_names_the_shifts_of_its_period(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    days = [str(d) for d in range(7)]
    client.post("/desk/shifts/town/", {"name": "Late", "start": "14:00", "hours": "8", "weekdays": days})
    client.post("/desk/shifts/town/", {"name": "Sunday", "start": "14:00", "hours": "8", "weekdays": ["6"]})
    page = _text(client.get(f"/patrol/briefing/town/{NIGHT}/district/North/"))
    assert "Late, Fri 20 Apr 14:00 to Fri 20 Apr 22:00" in page
    assert "Sunday, " not in page


def test_programs_are_told_what_was_suppressed_and_added(edited: dict[str, Any]) -> None:
    client = client_of(edited["analyst"])
    boxes = client.get("/api/v1/boxes?crime_type=burglary&area=North").json()["items"]
    assert {b["rank"]: b["suppressed"] for b in boxes if b["rank"] < 3} == {1: "", 2: "Ann analyst: road <closed>"}
    features = client.get("/api/v1/boxes.geojson?crime_type=burglary&area=North").json()["features"]
    assert [f["properties"]["suppressed"] for f in features if f["properties"]["rank"] == 2] == [
        "Ann analyst: road <closed>"
    ]
    items = client.get("/api/v1/edits").json()["items"]
    assert [(e["kind"], e["letter"], e["rank"]) for e in items] == [("suppress", "", 2), ("add", "A", None)]
    assert len(items[1]["polygon"]["coordinates"][0]) == 5
    assert client.get("/api/v1/edits?area=South").json()["items"] == []
