"""Opens the links around a record outward: the store's links, put in order by how much they tell."""

from collections.abc import Iterator

from peelian.linkage import Chart, ChartLink, ChartNode, Opening, open_outward
from peelian.records.access import Actor
from peelian.records.marking import Notice
from peelian.records.purpose import Purpose
from peelian.store.records.outward import End, around


def open_chart(
    record: int, actor: Actor, purpose: Purpose, opening: Opening | None = None, *, skip: int = 0
) -> Chart | Notice:
    """Return the chart around a record, with what the actor may read and nothing else; ``skip`` links were read before.

    Raises
    ------
    NotFoundError
        When there is no such record.
    NotAllowedError
        When the actor's role does not work with records.
    """
    with around(record, actor, purpose) as found:
        if isinstance(found, Notice):
            return found

        def links_of(node: str, skipped: int, most: int) -> Iterator[tuple[ChartLink, ChartNode]]:
            for tie in found.ties(int(node), skipped, most):
                yield ChartLink(str(tie.link), str(tie.start), str(tie.end), tie.type), _node(tie.other)

        chart = open_outward(_node(found.centre), links_of, opening, {str(record): skip})
        found.told += [int(node.node_id) for node in chart.nodes]
        return chart


def _node(end: End) -> ChartNode:
    return ChartNode(str(end.record), end.type, end.title, end.degree)
