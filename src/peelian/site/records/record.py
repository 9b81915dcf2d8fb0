"""A record: what is said of it now or on any day, its timeline, ties, places and files, and who looked at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from peelian.delivery.record_places import Spot, picture_of
from peelian.records.entities import Entity, Value
from peelian.records.marking import READERS, Notice
from peelian.records.statements import Stance, Statement
from peelian.site.records.forms import AsOfForm, AttachForm, start_of
from peelian.site.records.frame import Reader, catalogue, records_page, with_purpose
from peelian.site.rules import allow
from peelian.store import audit
from peelian.store.audit import Line
from peelian.store.records import attachments, reading
from peelian.store.records.reading import View
from peelian.store.records.surroundings import Surroundings

_MOST_LOOKS = 40
#: What a page asks for beside the record itself: one look, one line.
_PARTS_OF_A_LOOK = frozenset(
    {
        "read a record's links",
        "read the places of a record",
        "read the timeline of a record",
        "read the list of a record's attachments",
        "read a record's merges",
        "read the decisions on a record's retention",
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """A property with what holds of it: values, or that it is known to be unknown."""

    name: str
    label: str
    values: tuple[Value, ...]


@allow(READERS)
@require_safe
@with_purpose
def record(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Return a record's page; to who may not read it, whom to ask."""
    form = AsOfForm(request.GET if "on" in request.GET else None)
    as_of = _end_of(form)
    known = catalogue()
    view = reading.show(known, number, reader.actor, reader.purpose, as_of=as_of)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    after = request.GET.get("after", "")
    ties = reading.neighbours(
        known,
        number,
        reader.actor,
        reader.purpose,
        after=int(after) if after.isascii() and after.isdecimal() and len(after) < 18 else 0,  # noqa: PLR2004 - a number
        as_of=as_of,
    )
    around = Surroundings(known, number, reader.actor, reader.purpose, as_of)
    places = around.places()
    spots = [Spot(p.crs, p.x, p.y, p.title, p.record) for p in places] if not isinstance(places, Notice) else []
    return records_page(
        request,
        reader,
        "record.html.j2",
        "records",
        status=400 if form.errors else 200,
        number=number,
        view=view,
        said=said_of(view.entity),
        history=tuple(reversed(view.statements)),
        is_standing=_standing(view),
        labels=_labels(view),
        ties=ties,
        timeline=around.happenings(),
        picture=picture_of(spots),
        files=attachments.attached(number, reader.actor, reader.purpose),
        looks=looks(number, reader),
        types=known.types,
        as_of_form=form if form.is_bound else AsOfForm(),
        as_of=as_of,
        attach=AttachForm(),
        stances=Stance,
    )


def closed(request: HttpRequest, reader: Reader, notice: Notice) -> HttpResponse:
    """Return all that is told of a record to who may not read it."""
    return records_page(request, reader, "closed.html.j2", "records", status=403, notice=notice)


def said_of(entity: Entity) -> tuple[Said, ...]:
    """Return what is said of an entity, in the order of its type's properties."""
    found = [
        Said(name, prop.label, entity.values.get(name, ()))
        for name, prop in entity.type.properties.items()
        if name in entity.values or name in entity.unknown
    ]
    left = [Said(name, name, values) for name, values in entity.values.items() if name not in entity.type.properties]
    return (*found, *left)


def looks(number: int, reader: Reader) -> tuple[Line, ...]:
    """Return who did what with a record, newest first, one line a look.

    What was done with it and a record that the reader may not read is left out: of such a tie nothing is told.
    """
    lines = audit.about(reading.record_name(number), most=_MOST_LOOKS * (len(_PARTS_OF_A_LOOK) + 1))
    others = {line.number: _others(line) for line in lines}
    readable = set(reading.readable_by(reader.actor, set().union(*others.values())))
    shown = (line for line in lines if line.what not in _PARTS_OF_A_LOOK and others[line.number] <= readable)
    return tuple(shown)[:_MOST_LOOKS]


def _others(line: Line) -> set[int]:
    """Return the other record that a line tells of: the far end of a tie, or what it was united with or parted from."""
    return {pk for name in ("end", "with") if isinstance(pk := line.details.get(name), int)}


def _end_of(form: AsOfForm) -> datetime | None:
    day = form.cleaned_data.get("on") if form.is_bound and form.is_valid() else None
    return start_of(day) + timedelta(days=1) - timedelta(microseconds=1) if day else None


def _standing(view: View) -> frozenset[int]:
    """Return the numbers of the statements that hold."""
    held = {s.id for values in view.entity.values.values() for value in values for s in value.statements}
    taken = {s.about for s in view.statements if s.about is not None and s.stance is not Stance.DISPUTES}
    unknown = {s.id for s in view.statements if s.stance is Stance.UNKNOWN and s.property in view.entity.unknown}
    return frozenset(held | (unknown - taken) | {s.id for s in view.entity.disputes})


def _labels(view: View) -> Mapping[str, str]:
    names = {s.property for s in view.statements}
    properties = view.entity.type.properties
    return {name: properties[name].label if name in properties else name for name in names}


def statement_of(view: View, number: int) -> Statement | None:
    """Return a statement of a record by its number."""
    return next((s for s in view.statements if s.id == number), None)
