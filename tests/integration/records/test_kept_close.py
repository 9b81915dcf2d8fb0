"""What is kept close is not told by what is tied to it either: no place, no word of the tie."""

from datetime import datetime, timedelta

from tests.integration.records.conftest import ANN, BEN, NOON, WHY, Store, with_areas

from peelian.records.access import Actor
from peelian.records.marking import Marking, Notice, Sensitivity
from peelian.records.queries import Filters, Near

REFUGE = Marking(Sensitivity.SEALED, keeper="Inspector Eve", cleared=frozenset({ANN.id or 0}))
NORTH = Marking(Sensitivity.RESTRICTED, area="north", keeper="Sergeant Fay")
POINT = "EPSG:27700 384000.0 398000.0 exact"
NEAR = Filters(near=Near("EPSG:27700", 384_000, 398_000, 50))


def _places(store: Store, record: int, actor: Actor, as_of: datetime | None = None) -> list[int]:
    from peelian.store.records.surroundings import Surroundings

    found = Surroundings(store.rules.catalogue, record, actor, WHY, as_of).places()
    assert not isinstance(found, Notice)
    return [p.record for p in found]


def test_where_a_sealed_place_is_no_record_tied_to_it_tells(store: Store) -> None:
    refuge = store.add("address", marking=REFUGE, address="9 Hidden Row", point=POINT)
    crime = store.add("crime", crime_type="Assault", happened="2026-02-01")
    store.tie("occurred-at", crime, refuge)
    day_after = NOON + timedelta(days=1)
    for actor in (BEN, with_areas(BEN, "*")):
        assert _places(store, crime, actor) == []
        assert _places(store, crime, actor, as_of=day_after) == []
        assert store.ids("", NEAR, actor) == []
    assert refuge in _places(store, crime, ANN)
    assert refuge in _places(store, crime, ANN, as_of=day_after)
    assert store.ids("", NEAR) == [refuge]


def test_place_that_is_sealed_later_takes_its_place_back_and_gives_it_again_when_opened(store: Store) -> None:
    from peelian.store.records.writing import mark

    house = store.add("address", address="9 Hidden Row", point=POINT)
    crime = store.add("crime", crime_type="Assault", happened="2026-02-01")
    store.tie("occurred-at", crime, house)
    assert set(store.ids("", NEAR, BEN)) == {house, crime}
    mark(store.rules.catalogue, house, REFUGE, "a refuge now", store.by())
    assert store.ids("", NEAR, BEN) == []
    assert _places(store, crime, BEN) == []
    mark(store.rules.catalogue, house, Marking(), "moved away", store.by())
    assert set(store.ids("", NEAR, BEN)) == {house, crime}


def test_place_of_an_area_is_told_by_records_of_that_area_alone(store: Store) -> None:
    house = store.add("address", marking=NORTH, address="9 Hidden Row", point=POINT)
    inside = store.add("crime", marking=NORTH, crime_type="Assault", happened="2026-02-01")
    outside = store.add("crime", crime_type="Assault", happened="2026-02-02")
    store.tie("occurred-at", inside, house)
    store.tie("occurred-at", outside, house)
    assert set(store.ids("", NEAR, BEN)) == {house, inside}
    assert store.ids("", NEAR, with_areas(BEN, "south")) == []
    assert _places(store, outside, with_areas(BEN, "south")) == []


def test_place_that_is_sealed_is_given_to_no_map(store: Store) -> None:
    from peelian.store.records.crimes import crimes

    refuge = store.add("address", marking=REFUGE, address="9 Hidden Row", point=POINT)
    crime = store.add("crime", crime_type="Assault", happened="2026-02-01")
    store.tie("occurred-at", crime, refuge)
    (told,) = crimes(store.rules.catalogue)
    assert (told.record, told.point) == (crime, "")


def test_record_whose_own_point_was_withdrawn_loses_the_place_that_is_sealed(store: Store) -> None:
    from peelian.store.records.writing import mark, withdraw

    house = store.add("address", address="9 Hidden Row", point=POINT)
    crime = store.add("crime", crime_type="Assault", happened="2026-02-01", point="EPSG:27700 1000.0 1000.0 exact")
    store.tie("occurred-at", crime, house)
    said = next(s for s in store.show(crime).statements if s.property == "point")
    withdraw(store.rules.catalogue, said.id, "misread", store.by())
    assert set(store.ids("", NEAR, BEN)) == {house, crime}
    mark(store.rules.catalogue, house, REFUGE, "a refuge now", store.by())
    assert store.ids("", NEAR, BEN) == []
