"""A saved search tells of what it had not found before, to who saved it, as far as they may read."""

from dataclasses import replace
from typing import Any

import pytest
from tests.integration.records.conftest import ANN, BEN, WHY, Store

from peelian.errors import NotAllowedError, NotFoundError, RecordError
from peelian.records.access import Actor, Role, program
from peelian.records.marking import Marking, Sensitivity
from peelian.records.queries import Filters, Near

ACCOUNTS = {ANN.id: ANN, BEN.id: BEN}


def _run(store: Store, hours: float, accounts: dict[int | None, Actor] | None = None) -> Any:  # noqa: ANN401 - a value from behind Django
    from peelian.jobs.alerting import run_saved_searches

    return run_saved_searches(store.home, (ACCOUNTS if accounts is None else accounts).get, store.by(ANN, hours).at)


def test_new_hit_is_told_once(store: Store) -> None:
    from peelian.store.records import alerts

    store.add("vehicle", registration="RY52 APF")
    saved = alerts.save("the van", "RY52 APF", Filters(types=("vehicle",)), WHY, store.by(ANN, 1))
    run = _run(store, 2)
    assert (run.searches, run.found) == (1, 0)
    van = store.add("vehicle", registration="RY52 APF", hours=3)
    assert _run(store, 4).found == 1
    assert _run(store, 5).found == 0
    (alert,) = alerts.alerts(ANN)
    assert (alert.record, alert.type, alert.search) == (van, "vehicle", saved)
    assert alerts.alerts(BEN) == ()
    (mine,) = alerts.saved_by(ANN)
    assert (mine.name, mine.unread, mine.filters) == ("the van", 1, Filters(types=("vehicle",)))
    with pytest.raises(NotFoundError):
        alerts.mark_read(alert.id, store.by(BEN, 6))
    alerts.mark_read(alert.id, store.by(ANN, 6))
    assert alerts.alerts(ANN) == ()
    alerts.end(saved, store.by(ANN, 7))
    assert _run(store, 8).searches == 0


def test_record_that_comes_to_match_is_told_of(store: Store) -> None:
    from peelian.store.records import alerts
    from peelian.store.records.writing import Told, state

    todd = store.add("person", name="Somebody")
    alerts.save("Todd", "todd hamilton", Filters(), WHY, store.by(ANN, 1))
    state(store.rules.catalogue, todd, "alias", "Todd Hamilton", Told("x"), store.by(ANN, 2))
    assert _run(store, 3).found == 1


def test_record_kept_from_the_account_is_not_told_of(store: Store) -> None:
    from peelian.store.records import alerts
    from peelian.store.records.writing import mark

    alerts.save("Vera", "vera lightfoot", Filters(), WHY, store.by(BEN, 1))
    sealed = Marking(Sensitivity.SEALED, "", "DI Rees", frozenset({ANN.id or 0}))
    store.add("person", name="Vera Lightfoot", marking=sealed, hours=2)
    seen = store.add("person", name="Vera Lightfoot", hours=2)
    assert _run(store, 3).found == 1
    mark(store.rules.catalogue, seen, sealed, "the same", store.by(ANN, 4))
    assert alerts.alerts(BEN) == ()


def test_search_of_a_closed_account_or_of_no_reader_is_left(store: Store) -> None:
    from peelian.store.records import alerts

    alerts.save("Todd", "todd", Filters(), WHY, store.by(ANN, 1))
    alerts.save("Todd", "todd", Filters(), WHY, store.by(BEN, 1))
    now: dict[int | None, Actor] = {BEN.id: replace(BEN, role=Role.OVERSEER)}
    run = _run(store, 2, now)
    assert (run.searches, run.left) == (0, 2)


def test_search_that_says_nothing_or_of_nobody_is_not_saved(sqlite_store: Store) -> None:
    from peelian.store.records import alerts

    with pytest.raises(RecordError):
        alerts.save("all", "", Filters(), WHY, sqlite_store.by())
    with pytest.raises(RecordError):
        alerts.save(" ", "todd", Filters(), WHY, sqlite_store.by())
    with pytest.raises(NotAllowedError):
        alerts.save("all", "todd", Filters(), WHY, sqlite_store.by(program("x")))


def test_filters_keep_their_meaning(sqlite_store: Store) -> None:
    from peelian.store.records.alerts import filters_of
    from peelian.store.records.search import filters_json

    at = sqlite_store.by().at
    filters = Filters(("crime",), ("north",), ("Robbery",), at, None, Near("EPSG:27700", 1.0, 2.0, 30.0))
    assert filters_of(filters_json(filters)) == filters
