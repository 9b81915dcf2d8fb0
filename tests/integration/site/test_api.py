"""The JSON interface: who gets what, and what is never handed on."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.site_home import ROLES, client_of, open_town

V1 = "/api/v1"
BOX = "town:2018-04-20:district:North:burglary:1"
PAST = "town:2018-04-19:district:North:burglary:1"
SAMPLES = {"map_id": "town:2018-04-20:district:North:burglary", "box_id": BOX}


def _operations() -> list[tuple[str, Any]]:
    """Every operation: its address with the samples in it, and the operation."""
    from peelian.site.api.operations import api

    return [
        (f"{V1}{path.format(**SAMPLES)}", operation)
        for router in api._get_bound_routers()
        for path, view in router.path_operations.items()
        for operation in view.operations
    ]


def _scope(operation: Any) -> Any:  # noqa: ANN401 - a scope, None where it is open, or "missing"
    if not operation.auth_callbacks:
        return None
    return {getattr(way, "scope", "missing") for way in operation.auth_callbacks}.pop() or "missing"


def _token(account: Any, *scopes: str, at: Any = None, **more: Any) -> str:  # noqa: ANN401 - our account
    from peelian.records.scopes import Scope
    from peelian.site.clock import now
    from peelian.store import tokens

    return tokens.make(account.actor(), account, "a test", [Scope(s) for s in scopes], at=at or now(), **more)[1]


def _with(token: str) -> Any:  # noqa: ANN401 - Django's test client
    return client_of(headers={"Authorization": f"Bearer {token}"})


def _switch(*, off: bool) -> None:
    from peelian.site.clock import now
    from peelian.store import nights

    nights.switch("town", is_off=off, reason="a review", by="the panel", at=now())


def test_every_operation_says_its_scope_and_only_health_is_open(town: dict[str, Any]) -> None:
    del town
    from peelian.records.scopes import Scope

    found = {address: _scope(operation) for address, operation in _operations()}
    assert {a for a, scope in found.items() if scope is None} == {f"{V1}/health"}
    assert {scope for scope in found.values() if scope is not None} == set(Scope)
    assert len(found) >= 14


def test_an_operation_that_says_no_scope_answers_nobody(town: dict[str, Any]) -> None:
    from django.test import RequestFactory

    from peelian.errors import NotAllowedError
    from peelian.site.api.callers import caller_of
    from peelian.site.api.operations import api

    request = RequestFactory().get("/anything")
    request.user, request.actor = town["administrator"], town["administrator"].actor()
    token, session = api.auth
    assert token(request) is None
    with pytest.raises(NotAllowedError, match="no rule"):
        session(request)
    with pytest.raises(NotAllowedError, match="no rule"):
        caller_of(request)


@pytest.mark.parametrize("role", ["public", *ROLES])
def test_a_role_is_answered_what_its_scopes_hold_and_nothing_else(town: dict[str, Any], role: str) -> None:
    from peelian.records.access import Role
    from peelian.records.scopes import scopes_of

    client = client_of(town.get(role))
    for address, operation in _operations():
        scope, answer = _scope(operation), client.get(address)
        expected = 200 if scope is None or scope in scopes_of(Role(role)) else 401 if role == "public" else 403
        assert answer.status_code == expected, (address, answer.content)


def test_a_token_is_answered_what_its_scope_holds_and_nothing_else(town: dict[str, Any]) -> None:
    from peelian.records.scopes import Scope

    for scope in Scope:
        client = _with(_token(town["analyst"], scope.value))
        for address, operation in _operations():
            expected = 200 if _scope(operation) in (None, scope) else 403
            assert client.get(address).status_code == expected, (scope, address)


def test_whoever_works_in_an_area_works_in_the_areas_that_lie_in_it(town: dict[str, Any]) -> None:
    from peelian.records.access import Role
    from peelian.site.clock import now
    from peelian.site.configuration import site_settings
    from peelian.store import accounts

    held = site_settings().home / "areas" / "force=town" / "held.json"
    by = town["administrator"].actor()
    officer = accounts.open_account(by, "bo", "Bo", Role.OFFICER, ("Upper",), None, at=now())
    client, north = client_of(officer), "/tonight/town/2018-04-20/district/North/burglary/"
    assert client.get(north).status_code == 403
    held.parent.mkdir(parents=True, exist_ok=True)
    held.write_text('{"Upper": ["North"]}')
    assert client.get(north).status_code == 200
    assert client.get(north.replace("North", "South")).status_code == 403
    # A token that its owner narrows to the smaller area, or leaves as wide as the owner, opens that one alone.
    for areas in (["North"], []):
        token = _token(officer, "boxes", areas=areas, held={"Upper": ("North",)})
        boxes = _with(token).get(f"{V1}/boxes.geojson").json()["features"]
        assert {box["properties"]["area_id"] for box in boxes} == {"North"}


def test_a_token_never_opens_more_than_its_owner_may(town: dict[str, Any]) -> None:
    from peelian.errors import StoreError
    from peelian.site.clock import now
    from peelian.store import accounts

    with pytest.raises(StoreError, match="asks for history"):
        _token(town["officer"], "boxes", "history")
    with pytest.raises(StoreError, match="does not see South"):
        _token(town["north"], "boxes", areas=["South"])
    client = _with(_token(town["evaluator"], "boxes", "history"))
    assert client.get(f"{V1}/boxes/{PAST}").status_code == 200
    # The owner becomes an officer of one area: the token that was made before holds to that at once.
    program = town["administrator"].actor()
    accounts.change_account(program, town["evaluator"], at=now(), role="officer", areas=["North"])
    assert client.get(f"{V1}/boxes/{PAST}").status_code == 403
    assert {b["area_id"] for b in client.get(f"{V1}/boxes").json()["items"]} == {"North"}
    accounts.change_account(program, town["evaluator"], at=now(), is_active=False)
    assert client.get(f"{V1}/boxes").status_code == 401


def test_a_token_ends_when_it_expires_or_is_revoked(town: dict[str, Any]) -> None:
    from datetime import timedelta

    from peelian.site.clock import now
    from peelian.store import tokens

    client = _with(_token(town["analyst"], "nights"))
    ended = _with(_token(town["analyst"], "nights", at=now() - timedelta(days=2), days=2))
    assert ended.get(f"{V1}/me").status_code == 401
    assert client.get(f"{V1}/me").json()["scopes"] == ["nights"]
    first = tokens.tokens(town["analyst"])[1]
    assert first.last_used_at is not None
    tokens.revoke(town["analyst"].actor(), first.id, at=now())
    assert client.get(f"{V1}/me").status_code == 401
    for wrong in ("", "peelian_", "peelian_" + "x" * 43, "é" * 10, "a b c"):
        assert _with(wrong).get(f"{V1}/me").status_code == 401


def test_areas_of_a_token_and_of_its_owner_are_both_kept_to(town: dict[str, Any]) -> None:
    client = _with(_token(town["analyst"], "boxes", "scores", "nights", areas=["South"]))
    for address in ("boxes", "maps", "scores"):
        assert {i["area_id"] for i in client.get(f"{V1}/{address}").json()["items"]} == {"South"}, address
    assert [a["id"] for a in client.get(f"{V1}/areas").json()["items"]] == ["South"]
    for address in (f"boxes/{BOX}", f"boxes/{BOX}/why", f"maps/{SAMPLES['map_id']}"):
        assert client.get(f"{V1}/{address}").status_code == 404, address


def test_boxes_are_those_of_the_night_and_only_the_chosen_ones(town: dict[str, Any], site_home: Path) -> None:
    written = json.loads((site_home / "nights" / "2018-04-20" / "boxes.geojson").read_text(encoding="utf-8"))
    chosen = [f for f in written["features"] if f["properties"]["is_chosen"]]
    sent = client_of(town["sergeant"]).get(f"{V1}/boxes.geojson").json()
    assert [f["geometry"] for f in sent["features"]] == [f["geometry"] for f in chosen]
    for ours, theirs in zip(sent["features"], chosen, strict=True):
        told = {k: v for k, v in theirs["properties"].items() if k != "is_chosen"}
        assert {k: ours["properties"][k] for k in told} == told
    listed = client_of(town["sergeant"]).get(f"{V1}/boxes").json()
    assert [b["id"] for b in listed["items"]] == [f["id"] for f in sent["features"]]


def test_why_tells_the_shares_of_the_map(town: dict[str, Any]) -> None:
    told = client_of(town["officer"]).get(f"{V1}/boxes/{BOX}/why").json()
    assert told["sentence"]
    assert "Rank 1 today" in told["rank_sentence"]
    assert 0 < sum(t["share"] for t in told["told"]) <= 1
    assert all(t["age_days"] >= 0 and t["distance_m"] >= 0 for t in told["told"])


def test_a_box_that_has_ended_is_handed_to_none_but_who_judges(site_home: Path, database_url: str) -> None:
    town = open_town(site_home, database_url, clock="2018-04-21T00:00:00-05:00")
    for role in ("officer", "sergeant"):
        client = client_of(town[role])
        for address in ("boxes", "maps", "nights", "boxes.geojson"):
            answer = client.get(f"{V1}/{address}").json()
            assert (answer.get("items") or answer.get("features") or []) == [], address
        assert client.get(f"{V1}/boxes/{BOX}").status_code == 403
        assert client.get(f"{V1}/boxes?night=2018-04-20").status_code == 403
    client = client_of(town["evaluator"])
    assert client.get(f"{V1}/boxes").json()["items"] == []
    past = client.get(f"{V1}/boxes?night=2018-04-20").json()["items"]
    assert past
    assert all(b["has_ended"] for b in past)
    assert client_of(town["officer"]).get(f"{V1}/scores").json()["items"], "scores are never taken away"


def test_a_second_before_its_end_a_box_still_stands(site_home: Path, database_url: str) -> None:
    town = open_town(site_home, database_url, clock="2018-04-20T23:59:30-05:00")
    assert client_of(town["officer"]).get(f"{V1}/boxes").json()["number_matched"] == 24


def test_while_switched_off_no_box_is_handed_on_and_the_reason_is(town: dict[str, Any]) -> None:
    _switch(off=True)
    client = client_of(town["analyst"])
    for address in ("boxes", "maps", "boxes.geojson"):
        answer = client.get(f"{V1}/{address}").json()
        assert (answer.get("items") or answer.get("features") or []) == []
        assert "a review" in answer["withheld"][0]["reason"]
    for address in (f"boxes/{BOX}", f"boxes/{BOX}/why", f"maps/{SAMPLES['map_id']}"):
        answer = client.get(f"{V1}/{address}")
        assert answer.status_code == 409
        assert "a review" in answer.json()["detail"]
    assert client.get(f"{V1}/scores").json()["items"]
    _switch(off=False)
    assert client.get(f"{V1}/boxes").json()["number_matched"] == 24


def test_without_a_valid_card_a_crime_type_is_withheld(town: dict[str, Any]) -> None:
    from datetime import date

    from peelian.forecasts.nights import PurposeCard
    from peelian.store import nights

    # The home's own card was agreed by the true clock: these replace it.
    nights.agree_card(PurposeCard("*", "g", "m", "o", "s", date(2018, 4, 19)), nights.utc_now())
    nights.agree_card(PurposeCard("robbery", "g", "m", "o", "s", date(2018, 4, 20)), nights.utc_now())
    client = client_of(town["officer"])
    answer = client.get(f"{V1}/boxes").json()
    assert {b["crime_type"] for b in answer["items"]} == {"robbery"}
    assert {w["crime_type"] for w in answer["withheld"]} == {"burglary", "larceny"}
    assert client.get(f"{V1}/boxes/{BOX}").status_code == 409
    assert {m["crime_type"] for m in client.get(f"{V1}/maps").json()["items"]} == {"robbery"}
    cards = {c["crime_type"]: c["is_valid"] for c in client.get(f"{V1}/purpose-cards").json()["items"]}
    assert cards == {"*": False, "robbery": True}


def test_pages_of_boxes_follow_each_other_and_end(town: dict[str, Any]) -> None:
    client, seen, address = client_of(town["officer"]), [], f"{V1}/boxes?limit=5&crime_type=larceny"
    while address:
        answer = client.get(address).json()
        seen += [b["id"] for b in answer["items"]]
        address = answer["next"]
    assert len(seen) == len(set(seen)) == answer["number_matched"] == 8


@pytest.mark.parametrize(
    "query",
    ["nigth=2018-04-20", "night=tomorrow", "force=%00", "level=a%0Ab", "area=%00", "limit=0",
     "limit=9223372036854775808", "offset=-1", "limit=1.5", "crime_type=" + "x" * 201, "force=Town", "level="],
)  # fmt: skip
def test_what_is_asked_wrongly_is_refused_with_the_place(town: dict[str, Any], query: str) -> None:
    answer = client_of(town["officer"]).get(f"{V1}/boxes?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"].startswith("query ")


def test_an_address_that_is_none_is_answered_in_json(town: dict[str, Any]) -> None:
    client = client_of(town["officer"])
    for address in ("nothing", "boxes/a:b", "boxes/../../x", "maps/" + "a:" * 190, "boxes/%00", "boxes/a b/why"):
        answer = client.get(f"{V1}/{address}")
        assert answer.status_code in (404, 422), address
        assert answer.json()["detail"]


def test_nothing_is_written_through_the_interface(town: dict[str, Any]) -> None:
    client = client_of(town["administrator"])
    for address, _ in _operations():
        for method in (client.post, client.put, client.patch, client.delete):
            assert method(address).status_code == 405, address


def test_who_must_choose_a_password_first_gets_nothing(town: dict[str, Any]) -> None:
    account = town["analyst"]
    account.must_change_password = True
    account.save()
    assert client_of(account).get(f"{V1}/boxes").status_code == 403


def test_what_a_token_read_no_shared_cache_keeps(town: dict[str, Any]) -> None:
    answer = _with(_token(town["analyst"], "boxes")).get(f"{V1}/boxes")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_token_that_asks_too_often_waits_and_no_other_does(town: dict[str, Any]) -> None:
    from peelian.site.limits import TOKEN
    from peelian.store import tokens

    busy, calm = (_with(_token(town["analyst"], "nights", "boxes")) for _ in range(2))
    number = str(tokens.tokens(town["analyst"])[0].id)
    for _ in range(TOKEN.most):
        TOKEN.take(number)
    for address in (f"{V1}/boxes", "/ogc/collections"):
        answer = busy.get(address)
        assert answer.status_code == 429, address
        assert 0 < int(answer.headers["Retry-After"]) <= TOKEN.window_s
        assert calm.get(address).status_code == 200


def test_two_nights_that_stand_are_both_told_newest_first(site_home: Path, database_url: str) -> None:
    town = open_town(site_home, database_url, clock="2018-04-19T12:00:00-05:00")
    nights = client_of(town["officer"]).get(f"{V1}/nights").json()["items"]
    assert [n["night"] for n in nights] == ["2018-04-20", "2018-04-19"]
