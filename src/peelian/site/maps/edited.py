"""An analyst's edits as every page shows them: beside the forecast, by letter or struck through, with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from peelian.delivery.placing import edit_marks, ring_of
from peelian.forecasts.edits import BoxEdit, EditKind, struck
from peelian.places.projections import Projection
from peelian.store.edits import edits
from peelian.store.night_folders import Document


@dataclass(frozen=True, slots=True)
class EditsShown:
    """The standing edits of one map: boxes added, boxes of the forecast struck (by rank), and their marks."""

    added: tuple[BoxEdit, ...]
    struck: dict[int, BoxEdit]
    marks: Markup
    crs: str

    def __bool__(self) -> bool:
        """Whether anything was edited."""
        return bool(self.added or self.struck)

    def places(self) -> list[dict[str, Any]]:
        """Return the edits for a map that moves, in WGS84."""
        projection = Projection(self.crs)
        return [
            {
                "kind": edit.kind.value,
                "letter": edit.letter,
                "place": edit.place,
                "ring": ring_of(projection, (edit.x_min, edit.y_min), edit.size_m),
            }
            for edit in (*self.added, *self.struck.values())
        ]


def edits_shown(index: Document, document: Document, ground: Document) -> EditsShown:
    """Return the standing edits of a map, from the night's list, the map's own document and its ground."""
    standing = edits(
        index["force"]["id"],
        date.fromisoformat(index["night"]),
        index["level"],
        document["area_id"],
        document["crime_type"],
    )
    return shown_of(standing, index, document, ground)


def shown_of(standing: Iterable[BoxEdit], index: Document, document: Document, ground: Document) -> EditsShown:
    """Return these edits as the map shows them."""
    held = [e for e in standing if e.stands]
    added = tuple(e for e in held if e.kind is EditKind.ADD)
    chosen = [b for b in document["boxes"] if b["kind"] != "nearly"]
    return EditsShown(added, struck(chosen, document["size_m"], held), edit_marks(ground, held), index["force"]["crs"])
