"""Splink at work, on DuckDB in memory: learns what each level of agreement weighs, without labels, and weighs pairs.

Fellegi & Sunter 1969 (doi 10.1080/01621459.1969.10501049) by expectation maximisation, with term frequencies, as in
Splink (Linacre et al. 2022, doi 10.23889/ijpds.v7i3.1794). Two things are ours: the chance that two records drawn at
random are one is solved for and not guessed, and a hundredth of the starting chances always stays.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import LinkageError
from peelian.linkage.comparisons import GRAIN, Belonging, Comparison, in_grains
from peelian.linkage.settings import LinkageSettings

#: Pairs drawn at random to learn how often strangers agree.
_RANDOM_PAIRS = 2_000_000
#: A block teaches when it holds this many pairs; of more than the second number a sample does.
_LEAST_PAIRS, _MOST_PAIRS = 200, 2_000_000
#: Blocks to learn from: within one, the other comparisons are learned. A pair of these is often one person.
_LESSONS = (("given", "family"), ("born",), ("postcode",), ("email",), ("phone",), ("document_number",))
#: The share of the starting chances that stays: no set of records shows everything that happens to them.
_STARTING_SHARE = 0.01
#: Where nothing can be learned: one record in ten has a duplicate, and no two records are one by more than this.
_DUPLICATES_A_RECORD, _MOST_CHANCE = 0.1, 0.001


def need_packages() -> None:
    """Raise a ``LinkageError`` with the mend when a package of the extra ``linkage`` is not installed."""
    try:
        import duckdb  # noqa: F401
        import nicknames  # noqa: F401
        import splink  # noqa: F401
    except ImportError as error:
        raise LinkageError(
            f"weighing persons needs Splink, and {error.name} is not installed: pip install 'peelian[linkage]', "
            "or ask for the rules alone (is_weighed = false)."
        ) from error


def learn(
    features: pl.DataFrame, comparisons: Sequence[Comparison], settings: LinkageSettings
) -> tuple[Comparison, ...]:
    """Return the comparisons on which records say something, with their learned chances.

    With fewer than ``least_to_learn`` records, or none who share a lesson's values, starting chances stand.
    """
    said = tuple(each for each in comparisons if features.get_column(each.column).null_count() < features.height)
    if features.height < settings.least_to_learn:
        return said
    with _linker(features, said, is_rare_telling=True) as linker:
        linker.training.estimate_u_using_random_sampling(
            max_pairs=_RANDOM_PAIRS, seed=settings.seed, min_count_per_level=None
        )
        for columns in _LESSONS:
            count = _pairs_sharing(features, columns)
            if count >= _LEAST_PAIRS and any(each.column not in columns for each in said):
                linker.training.estimate_parameters_using_expectation_maximisation(
                    _block_on(*columns),
                    estimate_without_term_frequencies=True,
                    max_pairs=_MOST_PAIRS if count > _MOST_PAIRS else None,
                    record_sample_proportion=0.1,
                )
        learned = {each["output_column_name"]: each for each in linker.misc.save_model_to_json()["comparisons"]}
    return tuple(each.with_chances(list(_chances(each, learned[each.name]))) for each in said)


def weigh(
    features: pl.DataFrame,
    keys: pl.DataFrame,
    comparisons: Sequence[Comparison],
    settings: LinkageSettings,
    named: pl.DataFrame,
) -> tuple[pl.DataFrame, float]:
    """Return the pairs that share a key and speak for one person, weighed, in order of their ids, and ``start_bits``.

    Also those in ``named`` (``left_id``, ``right_id``), whatever they speak for. ``weight`` is ``start_bits`` plus the
    bits of its levels, rarities and household, exactly. ``start_bits`` is the log odds that two records drawn at
    random are one: the chance at which the expected number of matches among all pairs is the number that the
    weights themselves find. Pairs are weighed for some records at a time, and the hopeless ones only counted.
    """
    is_rare_telling = features.height >= settings.least_to_learn
    chunks = -(-features.height // settings.records_at_a_time)
    kept, hopeless = [], 0.0
    with _linker(features.join(keys, on="record_id"), comparisons, is_rare_telling=is_rare_telling) as linker:
        for chunk in range(1, chunks + 1):
            scored = linker.inference.predict_chunk(left_chunk=(chunk, chunks), right_chunk=(1, 1))
            pairs, rest = _weighed(scored.as_duckdbpyrelation(), comparisons, named)
            scored.drop_table_from_database_and_remove_from_cache()
            kept.append(pairs)
            hopeless += rest
    pairs = pl.concat(kept).sort("left_id", "right_id")
    weight = pairs.get_column("weight").to_numpy()
    start_bits = _start_bits(weight, hopeless, features.height, is_learned=is_rare_telling)
    weight = weight + start_bits
    added = {"probability": probabilities(weight), "weight": weight}
    return pairs.with_columns(pl.Series(name, values) for name, values in added.items()), start_bits


def _weighed(scored: Any, comparisons: Sequence[Comparison], named: pl.DataFrame) -> tuple[pl.DataFrame, float]:  # noqa: ANN401 - DuckDB's relation
    """A chunk's pairs worth keeping with their weight before the start, and the others' odds factors, added up."""
    wanted = [name for name in scored.columns if name.startswith(("record_id_", "gamma_", "mw_tf_adj_"))]
    table: pl.DataFrame = scored.select(", ".join(f'"{name}"' for name in wanted)).pl()
    pairs = table.select(_columns(comparisons, wanted)).sort("left_id", "right_id")
    bits = [_bits(pairs, each) for each in comparisons]
    household = _household(comparisons, bits, pairs.height)
    weight = sum(bits, household)
    pairs = pairs.with_columns(pl.Series("household", household), pl.Series("weight", weight))
    is_hopeless = pl.col("weight") < 0
    rest = pairs.filter(is_hopeless)
    kept = pl.concat([pairs.filter(~is_hopeless), rest.join(named, on=["left_id", "right_id"], how="semi")])
    hopeless = rest.join(named, on=["left_id", "right_id"], how="anti").get_column("weight").to_numpy()
    return kept, float(np.exp2(hopeless).sum())


def _bits(pairs: pl.DataFrame, each: Comparison) -> NDArray[np.float64]:
    """What a comparison adds to each pair's weight; 0 where a side says nothing."""
    weights = np.array([level.bits for level in each.levels])
    places = pairs.get_column(f"level {each.name}")
    said = places.is_not_null().to_numpy()
    rarity = pairs.get_column(f"rarity {each.name}").to_numpy()
    return np.asarray(np.where(said, weights[places.fill_null(0).to_numpy()], 0.0) + rarity, dtype=np.float64)


def _household(
    comparisons: Sequence[Comparison], bits: Sequence[NDArray[np.float64]], n_pairs: int
) -> NDArray[np.float64]:
    """What is taken back from pairs that may be kin: given name and date of birth differ, nothing of one's own agrees.

    Fellegi and Sunter count surname, postcode, address and phone as if each agreed by itself. In a family they
    agree together, so husband and wife would pass for one person: there they count nothing.
    """
    own, shared = np.full(n_pairs, -np.inf), np.zeros(n_pairs)
    speaks_against = dict.fromkeys(("given", "born"), np.zeros(n_pairs, dtype=np.bool_))
    for each, each_bits in zip(comparisons, bits, strict=True):
        if each.belonging is Belonging.OWN:
            own = np.maximum(own, each_bits)
        if each.belonging is Belonging.HOUSEHOLD:
            shared += each_bits
        if each.name in speaks_against:
            speaks_against[each.name] = each_bits < 0
    is_other = speaks_against["given"] & speaks_against["born"] & (own <= 0)
    return np.asarray(np.where(is_other, -np.maximum(shared, 0.0), 0.0), dtype=np.float64)


def probabilities(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance that stands for each weight in bits; (n,)."""
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(weight, -1000.0, 1000.0))), dtype=np.float64)


def _start_bits(weight: NDArray[np.float64], hopeless: float, n_records: int, *, is_learned: bool) -> float:
    """Solve chance = sum of the pairs' probabilities at that chance / all pairs, by iteration; at least one match.

    A hopeless pair's probability is taken to be its odds: right to a hundredth while the start is below minus seven
    bits, and never less than it is.
    """
    n_pairs = n_records * (n_records - 1) / 2
    chance = min(_DUPLICATES_A_RECORD * n_records / n_pairs, _MOST_CHANCE)
    if is_learned:
        for _ in range(200):
            expected = float(probabilities(weight + _log_odds(chance)).sum()) + hopeless * chance / (1 - chance)
            new = min(max(expected, 1.0) / n_pairs, 0.5)
            if abs(new - chance) < 1e-6 * chance:
                break
            chance = new
    return in_grains(_log_odds(chance))


def _log_odds(chance: float) -> float:
    return float(np.log2(chance / (1 - chance)))


def _columns(comparisons: Sequence[Comparison], known: Sequence[str]) -> Iterator[pl.Expr]:
    """Splink's columns as ours: its levels count up from "different" at 0, and -1 is a side that says nothing."""
    left, right = pl.col("record_id_l"), pl.col("record_id_r")
    yield pl.min_horizontal(left, right).alias("left_id")
    yield pl.max_horizontal(left, right).alias("right_id")
    for each in comparisons:
        value = pl.col(f"gamma_{each.name}")
        place = pl.when(value >= 0).then(len(each.levels) - 1 - value).otherwise(None)
        yield place.cast(pl.Int8()).alias(f"level {each.name}")
        rarity = pl.col(f"mw_tf_adj_{each.name}") if f"mw_tf_adj_{each.name}" in known else pl.lit(0.0)
        yield ((rarity * GRAIN).round() / GRAIN).alias(f"rarity {each.name}")


def _chances(ours: Comparison, learned: dict[str, Any]) -> Iterator[tuple[float, float]]:
    """Each level's learned m and u; the starting ones where nothing was seen, and a hundredth of m throughout."""
    levels = [level for level in learned["comparison_levels"] if not level.get("is_null_level")]
    for level, found in zip(ours.levels, levels, strict=True):
        m = found.get("m_probability", level.m)
        yield (1 - _STARTING_SHARE) * m + _STARTING_SHARE * level.m, found.get("u_probability") or level.u


def _pairs_sharing(features: pl.DataFrame, columns: Sequence[str]) -> int:
    sizes = features.select(columns).drop_nulls().group_by(columns).len().get_column("len").cast(pl.Int64())
    return int((sizes * (sizes - 1) // 2).sum())


def _block_on(*columns: str, is_list: bool = False) -> Any:  # noqa: ANN401 - Splink's own value
    from splink import block_on

    return block_on(*columns, arrays_to_explode=list(columns) if is_list else None)


@contextmanager
def _linker(features: pl.DataFrame, comparisons: Sequence[Comparison], *, is_rare_telling: bool) -> Iterator[Any]:
    """Splink on a DuckDB of its own, on one thread: sums come out in one order, so that a run repeats."""
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[_splink_comparison(each, is_rare_telling=is_rare_telling) for each in comparisons],
        blocking_rules_to_generate_predictions=(
            [_block_on("keys", is_list=True)] if "keys" in features.columns else []
        ),
        retain_intermediate_calculation_columns=True,
        linker_uid="peelian",
    )
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET threads = 1")
        connection.execute("SET temp_directory = ''")  # people's names are never written to a disk
        table = DuckDBAPI(connection).register(features.to_arrow())
        yield Linker(table, settings, log_level=logging.CRITICAL)
    except duckdb.OutOfMemoryException as error:
        raise LinkageError(
            f"{features.height:,} records need more memory than there is: {error}. Lower most_in_block, or link fewer."
        ) from error
    finally:
        connection.close()


def _splink_comparison(each: Comparison, *, is_rare_telling: bool) -> dict[str, Any]:
    missing = f'"{each.column}_l" is null or "{each.column}_r" is null'
    levels: list[dict[str, Any]] = [{"sql_condition": missing, "label_for_charts": "not said", "is_null_level": True}]
    for level in each.levels:
        entry: dict[str, Any] = {
            "sql_condition": level.sql,
            "label_for_charts": level.words,
            "m_probability": level.m,
            "u_probability": level.u,
        }
        if level.is_rarity_weighed and is_rare_telling:
            entry["tf_adjustment_column"] = each.column
        levels.append(entry)
    return {"output_column_name": each.name, "comparison_levels": levels}
