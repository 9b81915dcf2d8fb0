"""Laws of records: slips find each other, what is taken back stands again, dates keep their order, keys are theirs."""

from datetime import UTC, datetime, timedelta

from hypothesis import assume, example, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from peelian.errors import RecordError
from peelian.places.forces import LocationPrecision
from peelian.records.catalogue import Kind, Property, shipped
from peelian.records.dates import read_when
from peelian.records.entities import entity_of
from peelian.records.matching import meet
from peelian.records.normal import fold, phone_key, plate_key, slip_keys, slips_allowed, words_of
from peelian.records.points import Point, read_point, square_of, squares_around
from peelian.records.queries import read_query
from peelian.records.statements import Reliability, Stance, Statement, standing
from peelian.records.writing import written

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
LETTERS = st.text("abcdefgh", min_size=1, max_size=12)


@st.composite
def slipped(draw: st.DrawFn) -> tuple[str, str]:
    """A word, and the same within the slips its length allows."""
    word = draw(st.text("abcde", min_size=4, max_size=12))
    other = word
    for _ in range(draw(st.integers(1, slips_allowed(word)))):
        at = draw(st.integers(0, max(len(other) - 1, 0)))
        match draw(st.integers(0, 3)):
            case 0:
                other = other[:at] + other[at + 1 :]
            case 1:
                other = other[:at] + draw(st.sampled_from("abcdexyz")) + other[at:]
            case 2:
                other = other[:at] + draw(st.sampled_from("abcdexyz")) + other[at + 1 :]
            case _:
                other = other[:at] + other[at + 1 : at + 2] + other[at : at + 1] + other[at + 2 :]
    assume(other)
    return word, other


@given(slipped())
@example(("hamilton", "hamliton"))
@example(("aaaaaaa", "aaaaaa"))
def test_words_within_the_slips_of_both_share_a_key(pair: tuple[str, str]) -> None:
    word, other = pair
    slips = OSA.distance(word, other)
    assume(slips <= min(slips_allowed(word), slips_allowed(other)))
    assert slip_keys(word) & slip_keys(other)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text).isascii()


@given(st.lists(LETTERS, min_size=1, max_size=4), st.randoms())
def test_name_in_any_order_meets_itself_whole(words: list[str], random: object) -> None:
    turned = list(words)
    random.shuffle(turned)  # type: ignore[attr-defined] # hypothesis's own Random
    match = meet(turned, words)
    assert match is not None
    assert match.is_whole


@given(st.lists(LETTERS, min_size=1, max_size=4), st.lists(LETTERS, max_size=3))
def test_line_that_says_more_never_meets_better(words: list[str], more: list[str]) -> None:
    alone, among = meet(words, words), meet(words, [*words, *more])
    assert alone is not None
    assert among is not None
    assert among.score <= alone.score


@given(st.text("0123456789", min_size=10, max_size=10), st.lists(st.sampled_from(" -().")), st.randoms())
def test_phone_has_one_key_however_it_is_punctuated(digits: str, marks: list[str], random: object) -> None:
    plain = "0" + digits[1:]
    spots = sorted(random.sample(range(1, len(plain)), min(len(marks), 5)))  # type: ignore[attr-defined] # as above
    told = plain
    for spot, mark in zip(reversed(spots), marks, strict=False):
        told = told[:spot] + mark + told[spot:]
    assert phone_key(told) == phone_key(plain)


@given(st.text("ABCDEFGHIO0123456789", min_size=2, max_size=8))
def test_plate_has_one_key_in_any_case_and_spacing(plate: str) -> None:
    assert plate_key(f" {plate[:2].lower()} {plate[2:]}-") == plate_key(plate)


@st.composite
def histories(draw: st.DrawFn) -> list[Statement]:
    """Statements of one record, each perhaps about an earlier one."""
    told: list[Statement] = []
    for n in range(1, draw(st.integers(1, 12)) + 1):
        stances = [Stance.SAYS, Stance.UNKNOWN] + ([Stance.WITHDRAWS, Stance.DISPUTES] if told else [])
        stance = draw(st.sampled_from(stances))
        about = draw(st.sampled_from([s.id for s in told])) if stance is Stance.WITHDRAWS else None
        if told and stance in (Stance.SAYS, Stance.DISPUTES) and draw(st.booleans()):
            about = draw(st.sampled_from([s.id for s in told]))
        value = "" if stance is Stance.UNKNOWN else draw(st.sampled_from("abc"))
        at = BEGAN + timedelta(days=n)
        told.append(Statement(n, 1, "alias", stance, value, about, "x", None, at, "y", Reliability.STATED))
    return told


@given(histories())
def test_standing_is_what_nobody_standing_takes_back(told: list[Statement]) -> None:
    stands = {s.id for s in standing(told)}
    effective = {s.id: s for s in told}
    alive: dict[int, bool] = {}
    for statement in sorted(told, key=lambda s: -s.id):
        takers = [s for s in effective.values() if s.about == statement.id and s.stance is not Stance.DISPUTES]
        alive[statement.id] = not any(alive[t.id] for t in takers)
    assert stands == {s.id for s in told if alive[s.id] and s.stance in (Stance.SAYS, Stance.UNKNOWN)}


@given(histories(), st.integers(0, 13))
def test_what_was_recorded_later_changes_nothing_of_the_past(told: list[Statement], day: int) -> None:
    person = shipped().types["person"]
    instant = BEGAN + timedelta(days=day)
    then = entity_of(person, (1,), told, instant)
    earlier = [s for s in told if s.recorded_at <= instant]
    assert then == entity_of(person, (1,), earlier, instant)


@given(histories(), st.randoms())
def test_order_in_which_rows_are_read_changes_nothing(told: list[Statement], random: object) -> None:
    person = shipped().types["person"]
    mixed = list(told)
    random.shuffle(mixed)  # type: ignore[attr-defined] # hypothesis's own Random
    assert entity_of(person, (1,), mixed) == entity_of(person, (1,), told)


@given(st.dates(), st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d"]))
def test_date_covers_its_own_day_and_reads_back(day: datetime, form: str) -> None:
    text = f"{day.year:04d}-{day.month:02d}-{day.day:02d}"[: {"%Y": 4, "%Y-%m": 7, "%Y-%m-%d": 10}[form]]
    assume(day.year < 9999)
    when = read_when(text)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert when.start <= noon < when.end
    assert read_when(when.text) == when


@given(st.text(max_size=40))
@example("0001-01-01T00:00+14:00")  # in UTC it lies before the first year that there is
@example("9999-12-31T23:59-14:00")
def test_any_text_is_read_as_a_date_or_refused_in_a_sentence(text: str) -> None:
    try:
        when = read_when(text)
    except RecordError:
        return
    assert when.start <= when.end


@given(st.sampled_from(list(Kind)), st.text(max_size=60))
def test_what_is_written_once_is_written_so_again(kind: Kind, text: str) -> None:
    prop = Property("x", kind, "X")
    try:
        once = written(prop, text)
    except RecordError:
        return
    assert written(prop, once) == once


@given(st.text(max_size=250))
def test_any_query_is_read_or_refused(text: str) -> None:
    try:
        reading = read_query(text)
    except RecordError:
        return
    assert all(key for _, key in reading.keys)
    assert all(word.isascii() and word for word in (*reading.names, *reading.words, *words_of(text)))


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(1, 5_000), st.floats(0, 6.28), st.floats(0, 1))
def test_what_lies_in_a_circle_lies_in_its_squares(
    x: float, y: float, radius: float, angle: float, part: float
) -> None:
    import math

    there = (x + radius * part * math.cos(angle), y + radius * part * math.sin(angle))
    assert square_of(*there) in squares_around(x, y, radius)


@given(st.integers(-(10**7), 10**7), st.integers(-(10**7), 10**7), st.sampled_from(list(LocationPrecision)))
def test_point_reads_back(x: int, y: int, precision: LocationPrecision) -> None:
    point = Point("EPSG:27700", x / 10, y / 10, precision)
    assert read_point(point.text) == point
