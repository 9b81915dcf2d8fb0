"""What the desk agrees on for every night: cards, the switch, bundles, shifts, tactics; and its pages of state."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.homes import peelian
from tests.site_home import NIGHTS, client_of, open_town

NIGHT = date.fromisoformat(NIGHTS[1])
MAP = f"/desk/boxes/town/{NIGHT}/district/North/burglary/"
HOSTILE = "<script>alert(1)</script> \"&' {{ 7 * 7 }} – שלום 漢字 é"


def _text(answer: Any) -> str:  # noqa: ANN401 - Django's answer
    text: str = answer.content.decode()
    return text


def _audit() -> list[str]:
    from peelian.store import audit

    return [line.what for line in reversed(list(audit.lines()))]


def test_switch_is_the_administrators_and_closes_every_map(town: dict[str, Any]) -> None:
    from peelian.store.nights import switched_off

    assert client_of(town["analyst"]).get("/desk/switch/").status_code == 403
    client = client_of(town["administrator"])
    assert client.post("/desk/switch/", {"force": "town", "state": "off", "reason": ""}).status_code == 400
    assert client.post("/desk/switch/", {"force": "town", "state": "off", "reason": "a review"}).status_code == 302
    off = switched_off("town")
    assert off is not None
    assert (off.by, off.reason) == ("Ann administrator", "a review")
    assert "forecasts of town off" in _audit()
    assert "switched off by Ann administrator" in _text(client.get("/desk/"))
    assert client.post(f"{MAP}suppress/1/", {"reason": "x"}).status_code == 409
    assert client.post("/desk/switch/", {"force": "town", "state": "on", "reason": "reviewed"}).status_code == 302
    assert switched_off("town") is None
    page = _text(client.get("/desk/switch/"))
    assert page.index("reviewed") < page.index("a review")


def test_card_is_agreed_and_every_version_stays(town: dict[str, Any]) -> None:
    from peelian.store.nights import card_for, card_history

    client = client_of(town["analyst"])
    card = {"crime_type": "burglary", "goal": HOSTILE, "measure": "m", "owner": "o", "stop_rule": "s"}
    past = client.post("/desk/cards/new/", {**card, "expires": "2018-04-19"})
    assert past.status_code == 400
    assert "is past" in _text(past)
    for expires in ("2018-06-30", "2018-07-31"):
        assert client.post("/desk/cards/new/", {**card, "expires": expires}).status_code == 302
    held = card_for("burglary", NIGHT)
    assert held is not None
    assert str(held.expires) == "2018-07-31"
    assert [a.by for a in card_history("burglary")] == ["Ann analyst"] * 2
    page = _text(client.get("/desk/cards/?crime_type=burglary"))
    assert "30 June 2018" in page
    assert "replaced" in page
    assert "<script>alert" not in page
    assert _audit()[0] == "agreed on a purpose card for burglary"
    wrong = {**card, "crime_type": "made-up", "expires": "2018-06-30"}
    assert client.post("/desk/cards/new/", wrong).status_code == 400


def test_what_two_analysts_change_at_once_the_second_is_told_of_before_it_is_replaced(town: dict[str, Any]) -> None:
    one, other = client_of(town["analyst"]), client_of(town["administrator"])
    card = {"crime_type": "burglary", "goal": "g", "measure": "m", "owner": "o", "stop_rule": "s"}
    tactics = {"text": "Be seen.", "source": "agreed", "review_by": "2019-04-01"}
    for path, first in (
        ("/desk/cards/new/?crime_type=burglary", {**card, "expires": "2018-06-30"}),
        ("/desk/tactics/edit/?crime_type=burglary", tactics),
    ):
        drawn = re.findall(r'name="drawn_from" value="(\w{64})"', _text(one.get(path)))[0]
        assert other.post(path, first).status_code == 302
        answer = one.post(path, {**first, "drawn_from": drawn})
        assert answer.status_code == 400, path
        assert "Somebody changed this while the page was open" in _text(answer), path
        drawn = re.findall(r'name="drawn_from" value="(\w{64})"', _text(one.get(path)))[0]
        assert one.post(path, {**first, "drawn_from": drawn}).status_code == 302, path


def test_card_agreed_under_a_clock_two_days_fast_is_replaced_by_the_next_all_the_same(town: dict[str, Any]) -> None:
    from peelian.forecasts.nights import PurposeCard
    from peelian.store.nights import agree_card, card_for, switch, switched_off

    del town
    right, fast = datetime(2018, 4, 20, tzinfo=UTC), datetime(2018, 4, 22, tzinfo=UTC)
    for at, owner in ((fast, "the first"), (right, "the second")):
        agree_card(PurposeCard("burglary", "g", "m", owner, "s", date(2018, 12, 31)), at)
    held = card_for("burglary", NIGHT)
    assert held is not None
    assert held.owner == "the second"
    switch("town", is_off=True, reason="r", by="b", at=fast)
    switch("town", is_off=False, reason="r", by="b", at=right)
    assert switched_off("town") is None


def test_bundle_of_the_desk_has_its_map_in_the_next_night_and_wins_over_the_file(site_home: Path) -> None:
    from django.db import connections

    from peelian.store.night_folders import NightFolders

    filed = (site_home / "peelian.toml").read_text(encoding="utf-8") + "[bundles.harm]\nburglary = 1.0\nrobbery = 9.0\n"
    (site_home / "peelian.toml").write_text(filed, encoding="utf-8")
    client = client_of(open_town(site_home)["analyst"])
    for wrong in ("burglary", "arson 2", "burglary 0", "burglary nan", "burglary 1\nburglary 2", "burglary 1e300"):
        assert client.post("/desk/bundles/", {"name": "harm", "weights": wrong}).status_code == 400, wrong
    assert client.post("/desk/bundles/", {"name": "robbery", "weights": "burglary 1"}).status_code == 400
    assert client.post("/desk/bundles/", {"name": "harm", "weights": "burglary 2\nrobbery: 5"}).status_code == 302
    page = _text(client.get("/desk/bundles/"))
    assert "burglary 2, robbery 5." in page
    assert "peelian.toml has a bundle of this name too; this one is used." in page
    connections.close_all()
    done = peelian("night", "--on", "2018-04-21", home=site_home)
    assert done.returncode == 0, done.stderr
    assert "Bundle harm: the desk's weights are used (Ann analyst" in done.stdout
    index = NightFolders(site_home).index("town", date(2018, 4, 21), "district")
    assert "harm" in [k["name"] for k in index["kinds"]]
    assert client.post("/desk/bundles/end/", {"name": "harm"}).status_code == 302
    assert client.post("/desk/bundles/end/", {"name": "harm"}).status_code == 404
    assert "From peelian.toml" in _text(client.get("/desk/bundles/"))


def test_shift_is_kept_in_the_force_and_ended(town: dict[str, Any]) -> None:
    from peelian.store.desk import shifts

    client = client_of(town["analyst"])
    assert client.get("/desk/shifts/").headers["Location"] == "/desk/shifts/town/"
    shift: dict[str, Any] = {"name": "Late", "start": "14:00", "hours": "8.5", "weekdays": ["0", "6"]}
    wrongs: tuple[dict[str, Any], ...] = (
        {"hours": "25"}, {"hours": "0"}, {"hours": "nan"}, {"weekdays": []}, {"start": "26:00"}, {"name": "\u202e"},
    )  # fmt: skip
    for wrong in wrongs:
        assert client.post("/desk/shifts/town/", {**shift, **wrong}).status_code == 400, wrong
    assert client.post("/desk/shifts/town/", shift).status_code == 302
    (kept,) = shifts("town")
    assert (kept.name, kept.minutes, kept.weekdays, str(kept.ends)) == ("Late", 510, (0, 6), "22:30:00")
    assert client.post("/desk/shifts/town/", {**shift, "hours": "8"}).status_code == 302
    assert [s.minutes for s in shifts("town")] == [480]
    assert "Monday and Sunday" in _text(client.get("/desk/shifts/town/"))
    assert client.post("/desk/shifts/town/end/", {"name": "Late"}).status_code == 302
    assert shifts("town") == ()
    assert client.post("/desk/shifts/town/end/", {"name": "Late"}).status_code == 404


def test_tactics_start_as_shipped_are_agreed_anew_and_say_when_they_are_due(town: dict[str, Any]) -> None:
    from peelian.store.desk import TacticsRow, tactics_for

    client, address = client_of(town["analyst"]), "/desk/tactics/edit/?crime_type=burglary"
    assert tactics_for("burglary").is_shipped
    assert tactics_for("something new").crime_type == "*"
    said = {"text": f"{HOSTILE}\n\n  Second line ", "source": "us", "review_by": "2018-05-01"}
    assert client.post(address, {**said, "review_by": "2018-04-01"}).status_code == 400
    assert client.post(address, said).status_code == 302
    held = tactics_for("burglary")
    assert (len(held.lines), held.lines[1], held.by) == (2, "Second line", "Ann analyst")
    TacticsRow.objects.update(review_by=date(2018, 4, 1))
    page = _text(client.get("/desk/tactics/?crime_type=burglary"))
    assert "Due for review since 1 April 2018." in page
    assert "<script>alert" not in page
    assert "Tactics are due for review: burglary." in _text(client.get("/desk/"))
    assert client.post("/desk/tactics/end/", {"crime_type": "burglary"}).status_code == 302
    assert tactics_for("burglary").is_shipped
    assert client.post("/desk/tactics/end/", {"crime_type": "robbery"}).status_code == 404


def test_models_page_tells_a_choice_that_the_night_did_not_follow_as_such(town: dict[str, Any]) -> None:
    from peelian.forecasts.choices import Choice, Choices, ChosenModel
    from peelian.site.configuration import site_settings
    from peelian.store.choices import ChoiceStore

    client = client_of(town["analyst"])
    assert "made by the model mixture" in _text(client.get("/desk/models/"))
    why = "It told 0.1 bits more of each burglary."
    choice = Choice("North", "burglary", "stack", "mixture", 0.1, 0.05, 40.0, 28, why)
    at = datetime(2018, 4, 19, tzinfo=UTC)
    methods = tuple((name, ChosenModel(name, "grid", ())) for name in ("stack", "mixture"))
    home = site_settings().home
    ChoiceStore(home).keep(Choices("town", "district", NIGHT, "spring", at, "bits", methods, (choice,)))
    page = _text(client.get("/desk/models/"))
    assert "this night did not follow them" in page
    assert why not in page
    (home / "choices" / "town" / f"{NIGHT}.json").write_text("{", encoding="utf-8")
    broken = client.get("/desk/models/")
    assert broken.status_code == 200
    assert "cannot be read" in _text(broken)


def test_feeds_page_tells_what_became_of_every_row(town: dict[str, Any]) -> None:
    page = _text(client_of(town["analyst"]).get("/desk/feeds/"))
    assert "Town: the newest record is of Fri 20 Apr 2018" in page
    assert "one hour after the crime or sooner" in page
    assert "This ingest left no report" in page


def test_home_without_a_feed_is_said_to_be_so(tmp_path: Path) -> None:
    client = client_of(open_town(tmp_path / "home")["analyst"])
    for part in ("", "boxes/", "cards/", "bundles/", "shifts/", "tactics/", "models/", "feeds/", "nights/"):
        assert client.get(f"/desk/{part}").status_code == 200, part
    assert "No feed is kept yet" in _text(client.get("/desk/"))
