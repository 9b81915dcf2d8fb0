"""The chart over the store: fewest links first, page after page, each record once, nothing of what is kept close."""

from tests.integration.records.conftest import ANN, BEN, WHY, Store

from peelian.linkage import Chart, Opening
from peelian.records.marking import Marking, Notice, Sensitivity


def _chart(store: Store, record: int, opening: Opening | None = None, *, skip: int = 0, actor: object = ANN) -> Chart:
    del store
    from peelian.jobs.charting import open_chart

    found = open_chart(record, actor, WHY, opening, skip=skip)  # type: ignore[arg-type] # an actor, from behind Django
    assert isinstance(found, Chart)
    return found


def test_busiest_end_comes_last_and_every_record_once_though_links_go_in_a_circle(store: Store) -> None:
    ada, ben, eve = (store.add("person", surname=name) for name in ("Quill", "Thorne", "Marsh"))
    city = store.add("address", address="1 High Street")
    store.tie("lives-at", ada, city)
    for _ in range(8):
        store.tie("lives-at", store.add("person", surname="Lodger"), city)
    for start, end in ((ada, ben), (ben, eve), (eve, ada)):
        store.tie("knows", start, end)
    chart = _chart(store, ada, Opening(most_nodes=3))
    assert {node.node_id for node in chart.nodes} == {str(ada), str(ben), str(eve)}
    assert [node.degree for node in chart.nodes] == [3, 2, 2]
    whole = _chart(store, ada, Opening(steps=3))
    assert len({node.node_id for node in whole.nodes}) == len(whole.nodes) == 12


def test_links_are_read_page_after_page_none_twice(store: Store) -> None:
    hub = store.add("address", address="1 High Street")
    for n in range(7):
        store.tie("lives-at", store.add("person", surname=f"Lodger {n}"), hub)
    met: list[str] = []
    for skip in (0, 3, 6):
        chart = _chart(store, hub, Opening(page=3), skip=skip)
        met += [link.link_id for link in chart.links]
        assert chart.unread.get(str(hub), 0) == max(7 - skip - 3, 0)
    assert len(met) == len(set(met)) == 7


def test_withdrawn_links_and_sealed_records_are_on_no_chart_and_in_no_count(store: Store) -> None:
    from peelian.jobs.charting import open_chart
    from peelian.store.records.writing import untie

    marking = Marking(Sensitivity.SEALED, keeper="Eve", cleared=frozenset({7}))
    van, gone = store.add("vehicle", registration="RY52 APF"), store.add("person", surname="Thorne")
    sealed = store.add("person", surname="Nightshade", marking=marking)
    store.tie("has-vehicle", sealed, van)
    untie(store.rules.catalogue, store.tie("has-vehicle", gone, van), "another van", store.by())
    assert [node.label for node in _chart(store, van).nodes] == ["RY52 APF", "Nightshade"]
    for_ben = _chart(store, van, actor=BEN)
    assert [(node.label, node.degree) for node in for_ben.nodes] == [("RY52 APF", 0)]
    assert isinstance(open_chart(sealed, BEN, WHY), Notice)


def test_who_saw_which_records_stands_in_the_log(sqlite_store: Store) -> None:
    from peelian.store import audit

    one, two = sqlite_store.add("person", surname="Quill"), sqlite_store.add("person", surname="Thorne")
    sqlite_store.tie("knows", one, two)
    _chart(sqlite_store, one)
    line = audit.about(f"record/{one}", most=1)[0]
    assert (line.what, line.details["records"]) == ("read a chart around a record", [one, two])


def test_record_with_thousands_of_links_opens_a_page_at_a_time(store: Store) -> None:
    from peelian.records.drafts import LinkDraft, RecordDraft

    people = [RecordDraft("person", f"p{n}", {"surname": (f"Lodger{n}",)}) for n in range(2100)]
    hub = RecordDraft("address", "hub", {"address": ("1 High Street",)})
    store.take("feed", [hub, *people], [LinkDraft("lives-at", f"p{n}", "hub") for n in range(2100)])
    (number,) = store.ids("1 high street")
    first, second = (_chart(store, number, Opening(page=40), skip=skip) for skip in (0, 40))
    assert len(first.nodes) == len(second.nodes) == 41
    assert first.unread == {str(number): 2060}
    assert {link.link_id for link in first.links}.isdisjoint(link.link_id for link in second.links)


def test_chart_reads_links_by_their_index_though_one_record_has_nearly_all_of_them(store: Store) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from peelian.records.drafts import LinkDraft, RecordDraft
    from peelian.store.records import index

    people = [RecordDraft("person", f"p{n}", {"surname": (f"Lodger{n}",)}) for n in range(2100)]
    hub = RecordDraft("address", "hub", {"address": ("1 High Street",)})
    store.take("feed", [hub, *people], [LinkDraft("lives-at", f"p{n}", "hub") for n in range(2100)])
    index.settle()
    (number,) = store.ids("1 high street")
    with CaptureQueriesContext(connection) as captured:
        _chart(store, number, Opening(steps=2))
    asked = [one["sql"] for one in captured.captured_queries if "record_link l" in one["sql"]]
    assert asked
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {'' if store.vendor == 'postgresql' else 'QUERY PLAN '}{sql}")
            plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
        assert "record_link_from_start" in plan
        assert "record_link_from_end" in plan
        assert "Seq Scan on record_link l" not in plan
        assert "SCAN l" not in plan
