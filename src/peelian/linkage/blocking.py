"""Which pairs are worth comparing: those that share one of a person's keys.

Comparing everyone with everyone is n(n-1)/2 pairs. A key is a part of a name with a place, a date or another part
of the name, or a number; a pair that shares none has hardly anything in common. A key that very many records share
is cut into short runs of neighbours, so that the number of pairs grows with the records and not with their square.
"""

from dataclasses import dataclass
from itertools import combinations

import polars as pl

_LIST = pl.List(pl.String())
#: How a loose key begins: it is a key only where few share it.
_LOOSE = "only "
#: How a run of neighbours is ordered within one oversized key: who agrees most comes to stand side by side.
_NEIGHBOURS = ("born", "family", "given", "postcode", "place", "record_id")


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """``keys`` (List of text) for each ``record_id``, and in words what was cut into runs."""

    table: pl.DataFrame
    narrowed: tuple[str, ...]


def person_keys(features: pl.DataFrame, most_in_block: int, most_in_loose_block: int) -> Keys:
    """Return every record's keys; a key of more than ``most_in_block`` records becomes runs of that length.

    The runs overlap by half, so that neighbours at a cut are compared too. A loose key (a surname, given name
    or date alone) is a key only where at most ``most_in_loose_block`` records share it.
    """
    rows = features.iter_rows(named=True)
    keyed = features.select("record_id").with_columns(keys=pl.Series([_keys(row) for row in rows], dtype=_LIST))
    flat = keyed.explode("keys").rename({"keys": "key"}).drop_nulls()
    sizes = flat.group_by("key").len()
    is_loose = pl.col("key").str.starts_with(_LOOSE)
    sizes = sizes.filter(~is_loose | (pl.col("len") <= most_in_loose_block))
    large = sizes.filter(pl.col("len") > most_in_block).sort("key")
    kept = flat.join(sizes.filter(pl.col("len").is_between(2, most_in_block)), on="key", how="semi")
    runs = _runs(flat.join(large, on="key", how="semi"), features, most_in_block)
    grouped = pl.concat([kept, runs]).sort("record_id", "key").group_by("record_id").agg(keys="key")
    table = features.select("record_id").join(grouped, on="record_id", how="left")
    return Keys(table, _narrowed(large.get_column("len").to_list(), most_in_block))


def _narrowed(sizes: list[int], most: int) -> tuple[str, ...]:
    if not sizes:
        return ()
    common = f"{len(sizes):,} keys are shared by more than {most:,} records, the most common by {max(sizes):,}"
    return (f"{common}: there each record was compared with its nearest neighbours only.",)


def _runs(flat: pl.DataFrame, features: pl.DataFrame, length: int) -> pl.DataFrame:
    order = features.select(_NEIGHBOURS)
    ranked = (
        flat.join(order, on="record_id")
        .sort("key", *_NEIGHBOURS, nulls_last=True)
        .with_columns(place=pl.int_range(pl.len()).over("key"))
    )
    half = length // 2
    cuts = (
        ranked.select("record_id", key=pl.format("{}#{}", "key", pl.col("place") // length)),
        ranked.select("record_id", key=pl.format("{}#{}+", "key", (pl.col("place") + half) // length)),
    )
    return pl.concat(cuts)


def _keys(row: dict[str, object]) -> list[str]:
    """Return a person's keys without repeats; the words in each say what it is made of."""
    words = _texts(row["words"])
    starts = sorted({word[:3] for word in words})
    forms = sorted({form[:3] for form in _texts(row["given_forms"])} - set(starts))
    family = str(row["family"] or "")[:3]
    keys = [f"n {one} {other}" for one, other in combinations(starts, 2)]
    if family:
        keys += [f"n {' '.join(sorted((form, family)))}" for form in forms]
    born = str(row["born"] or "")
    around = [
        *([f"year {born[:4]}"] if born else []),
        *(f"{name} {row[name]}" for name in ("place", "district") if row[name]),
    ]
    keys += [f"{start} {what}" for start in (*starts, *forms) for what in around]
    keys += [f"born {born} {row[name]}" for name in ("place", "district") if born and row[name]]
    keys += [
        f"{name} {row[name]}" for name in ("postcode", "address", "phone", "email", "document_number") if row[name]
    ]
    keys += [f"{_LOOSE}{name} {row[name]}" for name in ("given", "family", "born") if row[name]]
    return list(dict.fromkeys(keys))


def _texts(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else []
