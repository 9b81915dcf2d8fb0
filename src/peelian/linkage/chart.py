"""The link chart: what stands around a record, opened outward step by step, the most telling first.

A pure function over links that the caller reads, a page at a time; it never asks for all links of a record, so a
record with a million links costs what any other does. No layout: the browser lays out (cytoscape.js).
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from peelian.errors import LinkageError


@dataclass(frozen=True, slots=True)
class ChartNode:
    """A record on the chart; ``degree`` is the number of all its links, shown or not."""

    node_id: str
    entity_type: str
    label: str
    degree: int


@dataclass(frozen=True, slots=True)
class ChartLink:
    """A typed link between two records, in the direction it was recorded."""

    link_id: str
    from_id: str
    to_id: str
    kind: str


#: Links of a record with the record at the other end: (node id, how many to skip, how many to give at most), in an
#: order that stays. A caller who can should give the ends with the fewest links first: only the links of one page
#: are ranked against each other.
LinksOf = Callable[[str, int, int], Iterable[tuple[ChartLink, ChartNode]]]


@dataclass(frozen=True, slots=True)
class Opening:
    """How far and how wide: ``steps`` outward, ``most_nodes`` in all, ``most_links`` shown of each record opened.

    ``page`` is the links read of a record; those within are ranked. ``skip`` says for a record how many of its
    links were read before: its next page.
    """

    steps: int = 1
    most_nodes: int = 200
    most_links: int = 40
    page: int = 400

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        for name, most in (("steps", 6), ("most_nodes", 2000), ("most_links", 1000), ("page", 10_000)):
            if not 1 <= getattr(self, name) <= most:
                raise LinkageError(f"{name} = {getattr(self, name)}; a link chart takes 1 to {most:,}.")


@dataclass(frozen=True, slots=True)
class Chart:
    """Records in the order they were opened, their ``steps`` from the start, and the links read among them.

    Records of the last step are on the chart but not opened: their own links were not read.
    ``unread`` says for a record opened how many of its links were not read (ask again with ``skip``), ``unshown``
    how many were read but left off for want of room.
    """

    nodes: tuple[ChartNode, ...]
    links: tuple[ChartLink, ...]
    steps: Mapping[str, int]
    unread: Mapping[str, int]
    unshown: Mapping[str, int]

    def as_json(self) -> dict[str, object]:
        """Return nodes and edges as cytoscape.js takes them, without places on the page."""
        return {
            "nodes": [
                {
                    "data": {
                        "id": node.node_id,
                        "type": node.entity_type,
                        "label": node.label,
                        "degree": node.degree,
                        "step": self.steps[node.node_id],
                        "unread": self.unread.get(node.node_id, 0),
                        "unshown": self.unshown.get(node.node_id, 0),
                    }
                }
                for node in self.nodes
            ],
            "edges": [
                {"data": {"id": link.link_id, "source": link.from_id, "target": link.to_id, "kind": link.kind}}
                for link in self.links
            ],
        }


def telling(degree: int, other_degree: int) -> float:
    """Return how much a link between records of these many links tells; at most 1.

    1 / (log2(1 + d) log2(1 + e)), after Adamic & Adar 2003 (doi 10.1016/S0378-8733(03)00009-1): a phone that two
    people share says much about both, a city that fifty thousand share says nearly nothing.
    """
    return 1.0 / (math.log2(1 + max(degree, 1)) * math.log2(1 + max(other_degree, 1)))


def open_outward(
    start: ChartNode, links_of: LinksOf, opening: Opening | None = None, skip: Mapping[str, int] | None = None
) -> Chart:
    """Return the chart around ``start``: at each step the best-told records of all that touch those on it.

    A record reached by several links is told by their sum. Ties go by id, so a chart repeats. A link from a record
    to itself, and a link given twice, count once; circles end where they close.
    """
    opening, skip = opening or Opening(), skip or {}
    drawing = _Drawing(start, opening)
    frontier = [start]
    for _ in range(opening.steps):
        for node in frontier:
            drawing.read(node, links_of, skip.get(node.node_id, 0))
        frontier = drawing.take(frontier)
    return drawing.chart()


class _Drawing:
    """A chart in the making: what is on it, and every link read so far."""

    def __init__(self, start: ChartNode, opening: Opening) -> None:
        self.opening = opening
        self.nodes = {start.node_id: start}
        self.steps = {start.node_id: 0}
        self.met: dict[str, ChartNode] = {}
        self.links: dict[str, ChartLink] = {}
        self.read_by: dict[str, list[str]] = {}
        self.unread: dict[str, int] = {}

    def read(self, node: ChartNode, links_of: LinksOf, skipped: int) -> None:
        """Read one page of a record's links."""
        count = 0
        mine: dict[str, None] = {}
        for link, other in islice(links_of(node.node_id, skipped, self.opening.page), self.opening.page):
            count += 1
            if {link.from_id, link.to_id} != {node.node_id, other.node_id}:
                raise LinkageError(
                    f"link {link.link_id!r} joins {link.from_id!r} and {link.to_id!r}, but was given as a link of "
                    f"{node.node_id!r} with {other.node_id!r} at its other end."
                )
            self.links.setdefault(link.link_id, link)
            self.met.setdefault(other.node_id, other)
            mine[link.link_id] = None
        self.read_by[node.node_id] = list(mine)
        if left := max(node.degree - skipped - count, 0):
            self.unread[node.node_id] = left

    def take(self, frontier: list[ChartNode]) -> list[ChartNode]:
        """Put the best-told records that the frontier reaches on the chart, and return them."""
        told: dict[str, float] = {}
        for node in frontier:
            for weight, link_id in self._best(node.node_id):
                other = self._other_end(link_id, node.node_id)
                told[other] = told.get(other, 0.0) + weight
                self.steps[other] = min(self.steps.get(other, self.opening.steps), self.steps[node.node_id] + 1)
        room = self.opening.most_nodes - len(self.nodes)
        chosen = [self.met[one] for one in sorted(told, key=lambda one: (-told[one], one))[:room]]
        self.nodes |= {node.node_id: node for node in chosen}
        return chosen

    def chart(self) -> Chart:
        """The chart as it stands."""
        shown = {link.link_id for link in self.links.values() if {link.from_id, link.to_id} <= self.nodes.keys()}
        unshown = {
            node_id: len(link_ids) - len(shown.intersection(link_ids))
            for node_id, link_ids in self.read_by.items()
            if not shown.issuperset(link_ids)
        }
        links = tuple(self.links[link_id] for link_id in sorted(shown))
        steps = {node_id: self.steps[node_id] for node_id in self.nodes}
        return Chart(tuple(self.nodes.values()), links, steps, self.unread, unshown)

    def _best(self, node_id: str) -> list[tuple[float, str]]:
        """The most telling links of a record that lead to none on the chart, and what each tells."""
        own = self.nodes[node_id]
        ends = [(self._other_end(link_id, node_id), link_id) for link_id in self.read_by[node_id]]
        weighed = [
            (telling(own.degree, self.met[other].degree), link_id) for other, link_id in ends if other not in self.nodes
        ]
        return sorted(weighed, key=lambda each: (-each[0], each[1]))[: self.opening.most_links]

    def _other_end(self, link_id: str, node_id: str) -> str:
        link = self.links[link_id]
        return link.to_id if link.from_id == node_id else link.from_id
