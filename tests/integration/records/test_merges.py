"""A merge is a link that can be undone, and undoing it restores everything exactly."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.records.conftest import ANN, BEN, WHY, Store

from peelian.errors import ConflictError, NotAllowedError, NotFoundError, RecordError

N_PEOPLE = 6


def _everything(store: Store, people: list[int]) -> Any:  # noqa: ANN401 - a value from behind Django
    """All that is read of these records, but for the ids of later links."""
    return [(v.entity.members, dict(v.entity.values), v.entity.unknown) for v in map(store.show, people)]


def _united(store: Store, people: list[int]) -> dict[int, tuple[int, ...]]:
    return {pk: store.show(pk).entity.members for pk in people}


@pytest.fixture
def people(sqlite_store: Store) -> list[int]:
    return [sqlite_store.add("person", given_name=f"Given{n}", surname=f"Name{n}", age=None) for n in range(N_PEOPLE)]


@given(
    steps=st.lists(st.tuples(st.integers(0, N_PEOPLE - 1), st.integers(0, N_PEOPLE - 1), st.booleans()), max_size=14)
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_of_merges_and_undos_reads_as_what_stands(
    sqlite_store: Store, people: list[int], steps: list[tuple[int, int, bool]]
) -> None:
    from peelian.store.records import merges

    store = sqlite_store
    before = _everything(store, people)
    statements = [store.show(pk).statements for pk in people]
    ties: dict[int, tuple[int, int]] = {}
    for one, two, is_undo in steps:
        if is_undo:
            if ties:
                link = sorted(ties)[one % len(ties)]
                merges.undo(link, "they are two", store.by(ANN, 1))
                del ties[link]
            continue
        left, right = people[one], people[two]
        try:
            link = merges.merge(store.rules.catalogue, left, right, 0.9, ["same date of birth"], store.by(ANN, 1)).id
        except (ConflictError, RecordError):
            assert left == right or right in store.show(left).entity.members
            continue
        ties[link] = (left, right)
        group = {pk: {pk} for pk in people}
        for a, b in ties.values():
            whole = group[a] | group[b]
            for pk in whole:
                group[pk] = whole
        assert _united(store, people) == {pk: tuple(sorted(group[pk])) for pk in people}
    for link in sorted(ties):
        merges.undo(link, "clear up", store.by(ANN, 2))
    assert _everything(store, people) == before
    assert [store.show(pk).statements for pk in people] == statements


def test_merged_view_holds_the_statements_of_both(store: Store) -> None:
    from peelian.store.records import merges

    one = store.add("person", given_name="Todd", surname="Hamilton", date_of_birth=None)
    two = store.add("person", given_name="Tod", surname="Hamilton", date_of_birth="1990-05-01")
    link = merges.merge(store.rules.catalogue, two, one, 0.97, ["same surname", "given name a slip apart"], store.by())
    for record in (one, two):
        entity = store.show(record).entity
        assert entity.members == (one, two)
        assert set(entity.texts("given-name")) == {"Todd", "Tod"}
        assert entity.texts("date-of-birth") == ("1990-05-01",)
        assert entity.unknown == frozenset()
    assert (link.score, link.reasons) == (0.97, ("same surname", "given name a slip apart"))
    assert store.show(one, as_of=link.recorded_at).merges == (link,)


def test_merge_in_a_circle_unites_and_parts(store: Store) -> None:
    from peelian.store.records import merges

    a, b, c = (store.add("person", name=f"P{n}") for n in range(3))
    first = merges.merge(store.rules.catalogue, a, b, None, ["x"], store.by())
    merges.merge(store.rules.catalogue, b, c, None, ["x"], store.by())
    with pytest.raises(ConflictError):
        merges.merge(store.rules.catalogue, c, a, None, ["x"], store.by())
    merges.undo(first.id, "no", store.by())
    assert _united(store, [a, b, c]) == {a: (a,), b: (b, c), c: (b, c)}
    with pytest.raises(NotFoundError):
        merges.undo(first.id, "no", store.by())


def test_merge_needs_two_of_one_type_a_reason_and_a_keeper(store: Store) -> None:
    from peelian.store.records import merges

    one, two = store.add("person", name="A"), store.add("person", name="B")
    van = store.add("vehicle", registration="AB12 CDE")
    with pytest.raises(RecordError, match="one type"):
        merges.merge(store.rules.catalogue, one, van, None, ["x"], store.by())
    with pytest.raises(RecordError, match="say why"):
        merges.merge(store.rules.catalogue, one, two, None, [" "], store.by())
    with pytest.raises(RecordError):
        merges.merge(store.rules.catalogue, one, one, None, ["x"], store.by())
    with pytest.raises(NotAllowedError):
        merges.merge(store.rules.catalogue, one, two, None, ["x"], store.by(BEN))


def test_proposal_is_decided_once_and_its_pair_never_proposed_again(store: Store) -> None:
    from peelian.store import audit
    from peelian.store.records import merges
    from peelian.store.records.merges import Proposed

    one, two, three = (store.add("person", name=f"P{n}") for n in range(3))
    steps = (("two records drawn at random", -9.0, -9.0), ("date of birth: the same", 12.5, 3.5))
    told = [Proposed(two, one, 0.92, ("same date of birth",), steps), Proposed(one, three, None, ("same NHS number",))]
    assert merges.propose(told, "splink", store.by()) == 2
    assert merges.propose(told, "splink", store.by()) == 0
    first, second = merges.queue(ANN, WHY)
    assert (first.left, first.right, first.score, first.waterfall) == (one, two, 0.92, steps)
    assert second.score is None
    link = merges.decide(store.rules.catalogue, first.id, store.by(), accept=True)
    assert link is not None
    assert store.show(one).entity.members == (one, two)
    assert merges.decide(store.rules.catalogue, second.id, store.by(), accept=False, note="twins") is None
    assert merges.queue(ANN, WHY) == ()
    assert [p.note for p in merges.queue(ANN, WHY, decision="rejected")] == ["twins"]
    with pytest.raises(ConflictError):
        merges.decide(store.rules.catalogue, first.id, store.by(), accept=False)
    assert merges.propose(told, "splink", store.by()) == 0
    with pytest.raises(RecordError):
        merges.propose([Proposed(one, 999_999, 0.9, ())], "splink", store.by())
    assert "combined" in {line.act for line in audit.search(audit.Search())}
    assert [m.id for m in merges.merges_of(one, ANN, WHY)] == [link.id]
