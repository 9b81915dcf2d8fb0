"""A map's document made ready for its page: our own drawings are marked as such, every word stays text."""

from markupsafe import Markup

from peelian.store.night_folders import Document


def ours(drawing: str) -> Markup:
    """Return a drawing of a night's document as markup: ``delivery`` made it and escaped the words within."""
    return Markup(drawing)  # noqa: S704 - the one place where the site takes a document's text for markup


def view_of(document: Document) -> Document:
    """Return the document's view with its two large drawings marked; boxes are marked one page at a time."""
    view = document["view"]
    return {**view, "map": ours(view["map"]), "caught": ours(view["caught"])}


def boxes_of(boxes: list[Document]) -> list[Document]:
    """Return rows of the list with their small drawing marked."""
    return [{**box, "rank_bar": ours(box["rank_bar"])} for box in boxes]
