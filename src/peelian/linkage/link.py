"""Records in, proposals out: rules for exact keys, and Splink where the entity type is weighed."""

import polars as pl

from peelian.errors import LinkageError
from peelian.linkage.blocking import person_keys
from peelian.linkage.comparisons import PERSON_COMPARISONS, Comparison
from peelian.linkage.exact import exact_pairs
from peelian.linkage.features import person_features
from peelian.linkage.proposals import Decisions, Proposals, proposal_schema
from peelian.linkage.records import LinkageRecords
from peelian.linkage.settings import LinkageSettings
from peelian.linkage.weighing import learn, need_packages, weigh

_PAIR = ["left_id", "right_id"]


def propose(
    records: LinkageRecords, settings: LinkageSettings | None = None, decisions: Decisions | None = None
) -> Proposals:
    """Return the pairs that may be one and the same; a pair that people have decided on is not proposed again.

    Neither the order of the records nor chance changes a proposal. Fewer than two records give none.

    Raises
    ------
    LinkageError
        When the settings are for another entity type, or persons are weighed and Splink is not installed.
    """
    settings = settings or LinkageSettings(records.entity_type)
    if settings.entity_type is not records.entity_type:
        raise LinkageError(f"settings for {settings.entity_type} records, but the records are {records.entity_type}.")
    ruled, remarks = exact_pairs(records, settings.most_sharing)
    comparisons: tuple[Comparison, ...] = ()
    pairs, start_bits, threshold, precision = None, 0.0, None, None
    if settings.uses_splink and len(records) > 1:
        need_packages()
        features = person_features(records)
        keys = person_keys(features, settings.most_in_block, settings.most_in_loose_block)
        remarks += keys.narrowed
        comparisons = learn(features, PERSON_COMPARISONS, settings)
        if comparisons and keys.table.get_column("keys").null_count() < len(records):
            pairs, start_bits = weigh(features, keys.table, comparisons, settings, ruled)
            threshold, precision = _bar(pairs, settings)
    table = _joined(pairs, ruled, comparisons, threshold)
    if decisions:
        table = table.join(decisions.table, on=_PAIR, how="anti")
    table = table.sort("weight", *_PAIR, descending=[True, False, False], nulls_last=True)
    return Proposals(records.entity_type, table, comparisons, start_bits, threshold, precision, remarks)


def _bar(pairs: pl.DataFrame, settings: LinkageSettings) -> tuple[float, float | None]:
    """The least probability at which, surest first, the mean probability is still the precision asked for."""
    likely = pairs.get_column("probability").filter(pairs.get_column("probability") >= settings.least_probability)
    likely = likely.sort(descending=True)
    mean = likely.cum_sum() / pl.int_range(1, likely.len() + 1, eager=True)
    kept = likely.filter(mean >= settings.least_precision)
    if not kept.len():
        return settings.least_precision, None
    bar = float(kept[-1]) if kept.len() < likely.len() else settings.least_probability
    mean_kept = likely.filter(likely >= bar).mean()
    return bar, float(mean_kept) if isinstance(mean_kept, float) else None


def _joined(
    pairs: pl.DataFrame | None, ruled: pl.DataFrame, comparisons: tuple[Comparison, ...], threshold: float | None
) -> pl.DataFrame:
    """Pairs that pass the bar or that a rule names, with the rules' reasons, in the columns of proposals."""
    wanted = proposal_schema(comparisons)
    if pairs is None:
        pairs = pl.DataFrame(schema=wanted)
    named = pairs.drop("reasons", strict=False).join(ruled, on=_PAIR, how="full", coalesce=True)
    is_proposed = (pl.col("probability") >= threshold) if threshold is not None else pl.lit(value=False)
    return named.filter(is_proposed.fill_null(value=False) | pl.col("reasons").is_not_null()).select(
        pl.col(name).fill_null([]) if name == "reasons" else pl.col(name) for name in wanted
    )
