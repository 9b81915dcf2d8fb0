"""Whether anyone was there, in a sentence: a hit without a visit is only a forecast."""

from peelian.delivery import words


def presence_sentence(n_boxes: int, visits: int, visited: int, fully_visited: int, median_minutes: float | None) -> str:
    """Return what was logged in a map's boxes; nothing logged is not "nobody came"."""
    if not n_boxes:
        return "There was no box to visit."
    if not visits:
        return f"No visit to these {words.number(n_boxes)} boxes was logged. Whether nobody came, we do not know."
    median = f" The middle visit took {round(median_minutes)} minutes." if median_minutes is not None else ""
    short = visited - fully_visited
    also = f" {words.number(short).capitalize()} more had shorter visits only." if short else ""
    return f"{fully_visited} of {n_boxes} boxes had a visit of 10 minutes or more.{also}{median}"
