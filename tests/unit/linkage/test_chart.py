"""The link chart opened outward: what is shown first, where it ends, and that nothing is read whole."""

import itertools
import json
from collections.abc import Iterable, Iterator

import pytest

from peelian.errors import LinkageError
from peelian.linkage import ChartLink, ChartNode, Opening, open_outward
from peelian.linkage.chart import telling


class Store:
    """Links by record, as a caller would page them; counts what was read."""

    def __init__(self, *links: tuple[str, str, str]) -> None:
        self.links = [ChartLink(f"l{place:03d}", one, other, kind) for place, (one, other, kind) in enumerate(links)]
        self.read = 0

    def node(self, node_id: str) -> ChartNode:
        """A record, its type the first part of its id."""
        degree = sum(node_id in (link.from_id, link.to_id) for link in self.links)
        return ChartNode(node_id, node_id.split("-", maxsplit=1)[0], node_id, degree)

    def links_of(self, node_id: str, skip: int, most: int) -> Iterator[tuple[ChartLink, ChartNode]]:
        """A page of a record's links, in the order they were made."""
        mine = [link for link in self.links if node_id in (link.from_id, link.to_id)]
        for link in mine[skip : skip + most]:
            self.read += 1
            yield link, self.node(link.to_id if link.from_id == node_id else link.from_id)


def test_a_step_shows_what_touches_and_a_second_what_touches_that() -> None:
    store = Store(
        ("person-a", "crime-1", "victim"), ("person-b", "crime-1", "suspect"), ("person-b", "car-x", "keeper")
    )
    one = open_outward(store.node("person-a"), store.links_of)
    assert [node.node_id for node in one.nodes] == ["person-a", "crime-1"]
    three = open_outward(store.node("person-a"), store.links_of, Opening(steps=3))
    assert three.steps == {"person-a": 0, "crime-1": 1, "person-b": 2, "car-x": 3}
    assert [link.kind for link in three.links] == ["victim", "suspect", "keeper"]
    assert three.unread == three.unshown == {}


def test_a_circle_ends_where_it_closes_and_a_loop_counts_once() -> None:
    store = Store(("a", "b", "x"), ("b", "c", "x"), ("c", "a", "x"), ("a", "a", "x"), ("b", "a", "y"))
    chart = open_outward(store.node("a"), store.links_of, Opening(steps=6))
    assert sorted(node.node_id for node in chart.nodes) == ["a", "b", "c"]
    assert len(chart.links) == 5
    assert chart.steps == {"a": 0, "b": 1, "c": 1}


def test_the_most_telling_come_first() -> None:
    crowd = [(f"person-{place}", "city", "lives in") for place in range(50)]
    store = Store(("anna", "city", "lives in"), ("anna", "phone", "uses"), ("boris", "phone", "uses"), *crowd)
    chart = open_outward(store.node("anna"), store.links_of, Opening(steps=1, most_nodes=2))
    assert [node.node_id for node in chart.nodes] == ["anna", "phone"]
    assert chart.unshown == {"anna": 1}


def test_two_ways_to_a_record_tell_more_than_one() -> None:
    store = Store(
        ("anna", "phone", "uses"),
        ("anna", "car", "keeps"),
        ("boris", "phone", "uses"),
        ("boris", "car", "keeps"),
        ("aaron", "phone", "uses"),
        ("abel", "car", "keeps"),
    )
    chart = open_outward(store.node("anna"), store.links_of, Opening(steps=2, most_nodes=4))
    assert [node.node_id for node in chart.nodes] == ["anna", "car", "phone", "boris"]


def test_telling_falls_with_the_links_of_either_end_and_has_no_side() -> None:
    assert telling(1, 1) == 1.0
    assert telling(2, 9) == telling(9, 2) > telling(2, 10)
    assert telling(0, 0) == 1.0


def test_a_million_links_are_paged_and_never_read_whole() -> None:
    read = itertools.count()

    def links_of(node_id: str, skip: int, most: int) -> Iterable[tuple[ChartLink, ChartNode]]:
        assert (node_id, most) == ("hub", 400)
        for place in range(skip, 1_000_000):  # a caller that gives more than it was asked for
            next(read)
            yield ChartLink(f"l{place:07d}", "hub", f"n{place:07d}", "at"), ChartNode(f"n{place:07d}", "person", "?", 1)

    hub = ChartNode("hub", "place", "Hub", 1_000_000)
    chart = open_outward(hub, links_of)
    assert next(read) <= 401
    assert len(chart.nodes) == 41
    assert chart.unread == {"hub": 999_600}
    assert chart.unshown == {"hub": 360}
    later = open_outward(hub, links_of, skip={"hub": 400})
    assert not {node.node_id for node in chart.nodes[1:]} & {node.node_id for node in later.nodes[1:]}
    assert later.unread == {"hub": 999_200}


def test_the_cap_on_records_holds_at_any_depth() -> None:
    def links_of(node_id: str, skip: int, most: int) -> Iterator[tuple[ChartLink, ChartNode]]:
        for place in range(skip, min(skip + most, 30)):
            child = f"{node_id}.{place}"
            yield ChartLink(f"{node_id}>{place}", node_id, child, "x"), ChartNode(child, "person", child, 31)

    chart = open_outward(ChartNode("r", "person", "r", 30), links_of, Opening(steps=6))
    assert len(chart.nodes) == 200
    shown = {node.node_id for node in chart.nodes}
    assert all({link.from_id, link.to_id} <= shown for link in chart.links)


def test_a_record_without_links_stands_alone() -> None:
    store = Store()
    chart = open_outward(store.node("a"), store.links_of, Opening(steps=3))
    assert ([node.node_id for node in chart.nodes], chart.links) == (["a"], ())


def test_the_browser_gets_nodes_and_edges_without_places() -> None:
    store = Store(("person-a", "crime-1", "victim"))
    chart = json.loads(json.dumps(open_outward(store.node("person-a"), store.links_of).as_json()))
    assert chart == {
        "nodes": [
            {
                "data": {
                    "id": "person-a",
                    "type": "person",
                    "label": "person-a",
                    "degree": 1,
                    "step": 0,
                    "unread": 0,
                    "unshown": 0,
                }
            },
            {
                "data": {
                    "id": "crime-1",
                    "type": "crime",
                    "label": "crime-1",
                    "degree": 1,
                    "step": 1,
                    "unread": 0,
                    "unshown": 0,
                }
            },
        ],
        "edges": [{"data": {"id": "l000", "source": "person-a", "target": "crime-1", "kind": "victim"}}],
    }


def test_a_link_of_other_records_is_refused() -> None:
    wrong = [(ChartLink("l", "x", "y", "at"), ChartNode("y", "person", "y", 1))]
    with pytest.raises(LinkageError, match="link 'l' joins 'x' and 'y', but was given as a link of 'a'"):
        open_outward(ChartNode("a", "person", "a", 1), lambda *_: wrong)


@pytest.mark.parametrize("limits", [{"steps": 0}, {"steps": 7}, {"most_nodes": 0}, {"most_links": 5000}, {"page": 0}])
def test_what_cannot_be_drawn_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(LinkageError, match="a link chart takes 1 to"):
        Opening(**limits)
