"""The link chart: what stands around a record, opened outward; the same as a list beside it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from peelian.jobs.charting import open_chart
from peelian.linkage import Chart, Opening
from peelian.records.marking import READERS, Notice
from peelian.site.records.frame import Reader, catalogue, records_page, with_purpose
from peelian.site.records.record import closed
from peelian.site.rules import allow
from peelian.store.records.outward import MOST_COUNTED

_MOST_STEPS, _MOST_NODES, _MOST_SKIPPED = 3, 200, 10_000_000


@allow(READERS)
@require_safe
@with_purpose
def chart(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Return the chart's page: the list is whole without a script, the picture comes with one."""
    steps = _whole(request.GET.get("steps", ""), 1, _MOST_STEPS)
    found = open_chart(number, reader.actor, reader.purpose, Opening(steps=steps, most_nodes=_MOST_NODES))
    if isinstance(found, Notice):
        return closed(request, reader, found)
    told = _told(found)
    return records_page(
        request,
        reader,
        "chart.html.j2",
        "records",
        number=number,
        centre=found.nodes[0],
        told=told,
        reached=[n["data"] for n in told["nodes"] if n["data"]["step"]],
        ties=_ties_by_node(told),
        steps=steps,
        most_steps=_MOST_STEPS,
    )


@allow(READERS)
@require_safe
@with_purpose
def chart_json(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Return one step more around a record of the chart, from the ``skip``-th link on."""
    skip = _whole(request.GET.get("skip", ""), 0, _MOST_SKIPPED)
    found = open_chart(number, reader.actor, reader.purpose, Opening(most_nodes=_MOST_NODES), skip=skip)
    if isinstance(found, Notice):
        return JsonResponse({"detail": found.sentence}, status=403)
    return JsonResponse(_told(found))


def _told(found: Chart) -> dict[str, Any]:
    """Return a chart with the words that a page needs: the types' labels, the families, how each link reads."""
    known = catalogue()
    told: dict[str, Any] = found.as_json()
    for node in told["nodes"]:
        data = node["data"]
        kind = known.types.get(data["type"])
        data["words"] = kind.label if kind else data["type"]
        data["family"] = kind.family.value if kind else "objects"
        data["links"] = _links(data["degree"])
        data["address"] = reverse("record", kwargs={"number": int(data["id"])})
        data["chart"] = reverse("record-chart", kwargs={"number": int(data["id"])})
        data["more"] = reverse("record-chart-json", kwargs={"number": int(data["id"])})
    for edge in told["edges"]:
        link = known.links.get(edge["data"]["kind"])
        edge["data"]["words"] = link.label if link else edge["data"]["kind"]
        edge["data"]["back"] = link.back if link else edge["data"]["kind"]
    return told


def _ties_by_node(told: dict[str, Any]) -> dict[str, list[str]]:
    """Return for each record on the chart its links in words, such as 'lives at 1 High Street'."""
    labels = {n["data"]["id"]: n["data"]["label"] for n in told["nodes"]}
    ties: dict[str, list[str]] = {node: [] for node in labels}
    for edge in (e["data"] for e in told["edges"]):
        ties[edge["source"]].append(f"{edge['words']} {labels[edge['target']]}")
        ties[edge["target"]].append(f"{edge['back']} {labels[edge['source']]}")
    return ties


def _links(degree: int) -> str:
    """Return how many links a record has, in words; of a very busy one no more than that it is."""
    if degree >= MOST_COUNTED:
        return f"{MOST_COUNTED:,} links or more"
    return "1 link" if degree == 1 else f"{degree:,} links"


def _whole(text: str, least: int, most: int) -> int:
    """Return the number that a query says, within its bounds; the least where it says none."""
    said = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else least  # noqa: PLR2004 - no number here is longer
    return min(max(said, least), most)
