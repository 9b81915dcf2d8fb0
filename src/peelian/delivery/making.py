"""How an area's boxes were made and go together: the model and why, boxes kept, boxes joined, the streets behind."""

from peelian.delivery import words
from peelian.forecasts.nights import AreaNight
from peelian.places.forces import LocationPrecision
from peelian.places.streets import too_coarse

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def making_sentences(area_night: AreaNight, one: str) -> list[str]:
    """Return what is to be said of how the boxes were made: by which model and why, and whether they keep their places.

    ``one`` is the word for a period.
    """
    said = [sentence] if (sentence := model_sentence(area_night)) else []
    if area_night.keep:
        n = len(area_night.boxes)
        said.append(
            f"A box keeps its place unless another expects {words.percent(area_night.keep, 0)} more: "
            f"{words.number(area_night.n_stood)} of {words.number(n)} stood the {one} before."
        )
    return said


def model_sentence(area_night: AreaNight) -> str:
    """Return which model drew the boxes, and why that one; "" where the night does not say."""
    if not area_night.model:
        return ""
    why = f": {area_night.model_why}" if area_night.model_why else ", which the settings name for every map"
    return f"Drawn by the model {area_night.model}{why}."


def walk_sentence(area_night: AreaNight) -> str:
    """Return which boxes make one walk; "" where boxes are not joined."""
    if not area_night.walk_of:
        return ""
    ranks = area_night.boxes.chosen.get_column("rank").to_list()
    held: dict[str, list[int]] = {}
    for rank, name in zip(ranks, walk_names(area_night), strict=True):
        held.setdefault(name, []).append(rank)
    alone = held.pop("", [])
    if not held:
        return "No two boxes are near enough to be one walk."
    told = "; ".join(f"walk {name} joins boxes {words.ranks(own)}" for name, own in held.items())
    rest = f"; {words.ranks(alone)} stand{'s' if len(alone) == 1 else ''} alone" if alone else ""
    return f"{told[:1].upper()}{told[1:]}{rest}."


def walk_of_box(area_night: AreaNight, index: int) -> str:
    """Return with which boxes a chosen one makes a walk; "" where it stands alone or boxes are not joined."""
    names = walk_names(area_night)
    name = names[index] if index < len(names) else ""
    if not name:
        return ""
    ranks = area_night.boxes.chosen.get_column("rank").to_list()
    others = [rank for i, (rank, n) in enumerate(zip(ranks, names, strict=True)) if n == name and i != index]
    with_box = f"box{'es' * (len(others) > 1)} {words.ranks(others)}"
    return f"Near enough to walk between: with {with_box} it makes walk {name}."


def streets_behind(area_night: AreaNight, index: int) -> tuple[str, ...]:
    """Return the names of the streets on which the crimes behind a box were recorded, largest share first."""
    told = area_night.streets_behind[index] if index < len(area_night.streets_behind) else ()
    return tuple(street for street, _ in told)


def streets_sentence(area_night: AreaNight, index: int) -> str:
    """Return on which streets the crimes behind a box were recorded; "" where the feed names none of weight."""
    if not streets_behind(area_night, index):
        return ""
    told = area_night.streets_behind[index]
    listed = words.joined([f"{street} ({words.percent(share, 0)} of it)" for street, share in told])
    return f"The crimes behind it were recorded on {listed}."


def stretches_sentence(area_night: AreaNight, index: int, precision: LocationPrecision) -> str:
    """Return which stretches of street carry a chosen box; "" where no street network is given, or none lies in it."""
    told = area_night.stretches[index] if index < len(area_night.stretches) else ()
    if not told:
        return ""
    streets = [s.street for s in told]
    listed = words.joined(
        [
            f"{'another stretch of ' * (s.street in streets[:i])}{s.street or 'a street without a name'}, "
            f"{s.length_m:.0f} m ({words.percent(s.share, 0)})"
            for i, s in enumerate(told)
        ]
    )
    said = f"Of what is expected on the streets in it, the largest shares are on {listed}."
    is_block = precision is LocationPrecision.BLOCK
    return f"{said} The feed tells places to the block: no stretch is surer than its block." if is_block else said


def no_stretches(area_night: AreaNight, precision: LocationPrecision) -> str:
    """Return why no box says which stretch of a street carries it; "" where it may."""
    why = too_coarse(precision)
    return f"Which stretch of a street carries a box is not told: {why}." if why and len(area_night.boxes) else ""


def walk_names(area_night: AreaNight) -> tuple[str, ...]:
    """Return the letter of each chosen box's walk, in order of the best box; "" for a box that stands alone."""
    if not area_night.walk_of:
        return ("",) * len(area_night.boxes)
    joined = [walk for walk in dict.fromkeys(area_night.walk_of) if area_night.walk_of.count(walk) > 1]
    return tuple(_name(joined.index(walk)) if walk in joined else "" for walk in area_night.walk_of)


def _name(number: int) -> str:
    """Return A to Z, then AA, AB and so on."""
    return _LETTERS[number] if number < len(_LETTERS) else _name(number // 26 - 1) + _LETTERS[number % 26]
