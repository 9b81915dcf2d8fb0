"""Laws of delivery's words, names, frames and streets, whatever the feed brings."""

import re

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import escape

from peelian.delivery import words
from peelian.delivery.frame import Frame
from peelian.delivery.labels import Label, Room
from peelian.delivery.marks import draw_labels
from peelian.delivery.names import slugs, told_apart
from peelian.delivery.spreadsheet import _cell
from peelian.delivery.streets import GAP_M, street_lines

LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
METRES = st.floats(-1e6, 1e6)


@given(st.lists(LETTERS, max_size=12, unique=True))
def test_every_id_gets_a_name_of_its_own_that_any_file_system_takes(ids: list[str]) -> None:
    named = slugs(ids)
    assert set(named) == set(ids)
    assert len({name.lower() for name in named.values()}) == len(ids)
    assert all(re.fullmatch("[A-Za-z0-9-]+", name) for name in named.values())


WORDS = st.lists(st.sampled_from(["North", "West", "burglary", "theft", "type1", "top", "20", "2"]), max_size=4)
IDS = st.lists(WORDS.map(" ".join), min_size=1, max_size=6, unique=True)


@given(IDS, IDS)
@example(["North", "North West"], ["burglary", "West burglary"])
@example(["North"], ["theft", "theft top 20"])
def test_every_map_of_a_night_has_a_file_of_its_own(areas: list[str], kinds: list[str]) -> None:
    area_of, kind_of = slugs(areas), told_apart(slugs(areas), slugs(kinds, "type"))
    made = [
        f"map-{area}-{kind}{ending}".lower()
        for area in area_of.values()
        for kind in kind_of.values()
        for ending in ("", "-top-20")
    ]
    assert len(set(made)) == 2 * len(areas) * len(kinds)


@given(LETTERS)
def test_no_text_on_a_map_is_markup(text: str) -> None:
    drawn = str(draw_labels([Label(text, 1.0, 2.0, 3.0)]))
    assert drawn.endswith(f">{escape(text)}</text>")
    assert drawn.count("<") == 2


@given(LETTERS)
def test_no_text_in_a_cell_is_a_formula(text: str) -> None:
    assert not str(_cell(text)).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.sets(st.integers(1, 40), min_size=1, max_size=20))
def test_ranks_in_words_name_each_rank_and_no_other(ranks: set[int]) -> None:
    named: set[int] = set()
    for part in words.ranks(sorted(ranks)).replace(" and ", ", ").split(", "):
        first, _, last = part.partition(" to ")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == ranks


@given(st.floats(1e-5, 500))
def test_odds_are_within_a_tenth_of_the_truth(expected: float) -> None:
    said = words.odds(expected)
    if " in " in said:
        hits, n = said.replace(",", "").split(" in ")
        told = float(hits) / float(n)
    else:
        told = float(said.replace(",", ""))
    assert abs(told - expected) <= 0.15 * expected


@given(METRES, METRES, st.floats(100, 1e5), st.floats(100, 1e5), METRES, METRES)
def test_a_frame_holds_its_bounds_and_keeps_shape(
    x: float, y: float, across: float, up: float, a: float, b: float
) -> None:
    frame = Frame.around((x, y, x + across, y + up), 760, 700, 34)
    for px_x, px_y in ((frame.x(x), frame.y(y)), (frame.x(x + across), frame.y(y + up))):
        assert -1e-6 <= px_x <= frame.width + 1e-6
        assert -1e-6 <= px_y <= frame.height + 1e-6
    step = 250.0
    assert np.isclose(frame.x(a + step) - frame.x(a), frame.y(b) - frame.y(b + step))


@given(st.lists(st.tuples(st.floats(0, 3000), st.floats(0, 3000)), min_size=1, max_size=40))
def test_no_street_is_drawn_over_a_gap_or_beyond_its_points(points: list[tuple[float, float]]) -> None:
    known = np.array(points)
    for line in street_lines({"A Street": known}, (-10, -10, 4000, 4000)):
        assert (line.points >= known.min(axis=0) - 1e-6).all()
        assert (line.points <= known.max(axis=0) + 1e-6).all()
        nearest = np.hypot(*(line.points[:, None] - known[None]).T).min(axis=0)
        assert (nearest <= GAP_M).all()


@given(st.lists(st.tuples(LETTERS.filter(len), st.floats(0, 400), st.floats(0, 300)), max_size=15))
def test_labels_that_were_placed_lie_in_the_picture(asked: list[tuple[str, float, float]]) -> None:
    room = Room.of(400, 300, [], np.empty((0, 2)))
    for text, x, y in asked:
        label = room.beside(text, x, y)
        if label:
            assert 0 < label.x < 400
            assert 0 < label.y < 300
