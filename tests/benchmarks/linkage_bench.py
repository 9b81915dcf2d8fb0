"""Linkage against known truth, beside plain Splink with the settings of Splink's own documentation.

Four sets with their truth (``record-linkage`` under ``--data``; its PROVENANCE.md): 50,578 records of historical
figures with errors, FEBRL 3, FEBRL 4a with 4b, and fake_1000. Peelian links all four with the same settings, and looks
at no label. Splink's settings are those of its demos (moj-analytical-services/splink, docs/demos/examples/duckdb:
deduplicate_50k_synthetic, febrl3, febrl4, accuracy_analysis_from_labels_column), with the demo's threshold. The truth
chooses one row's threshold, in Splink's favour: its best recall at a precision of 0.95.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from peelian.linkage import EntityType, LinkageRecords, group, propose

Row = dict[str, object]


@dataclass(frozen=True)
class Truth:
    """Which person each record is of."""

    person: dict[str, str]

    def score(self, pairs: Iterable[tuple[str, str]]) -> tuple[float, float]:
        """Return precision and recall of pairs."""
        ruled = [self.person[left] == self.person[right] for left, right in pairs]
        return sum(ruled) / max(len(ruled), 1), sum(ruled) / _pairs(self.person.values())

    def score_groups(self, groups: Iterable[Sequence[str]]) -> tuple[float, float]:
        """Return precision and recall of the pairs within groups."""
        kept = [[self.person[record_id] for record_id in ids] for ids in groups]
        right = sum(_pairs(people) for people in kept)
        return right / max(sum(len(p) * (len(p) - 1) // 2 for p in kept), 1), right / _pairs(self.person.values())


@dataclass(frozen=True)
class Case:
    """One data set: as Peelian takes it, its truth, and plain Splink's linker, trained, with its demo's thresholds."""

    name: str
    records: LinkageRecords
    truth: Truth
    linker: Callable[[], Linker]
    threshold: float
    group_threshold: float


def run(data: Path) -> list[Row]:
    """Return rows of name, measured, target and unit; a set that is not there is left out and said."""
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    folder = data / "record-linkage"
    if not folder.exists():
        return [{"name": "linkage: no folder record-linkage beside the data", "measured": "left out", "unit": ""}]
    rows: list[Row] = []
    for case in (_historical(folder), _febrl_4(folder), _febrl_3(folder), _fake(folder)):
        plain = list(_plain(case))
        precision, recall = (float(str(row["measured"])) for row in plain[:2])
        rows += [*_ours(case, precision, recall), *plain]
    return rows


def _ours(case: Case, its_precision: float, its_recall: float) -> Iterable[Row]:
    began = time.perf_counter()
    proposals = propose(case.records)
    took = time.perf_counter() - began
    precision, recall = case.truth.score(proposals.table.select("left_id", "right_id").rows())
    name = f"{case.name}: Peelian"
    yield _row(f"{name}, proposals", precision, "precision", 0.95)
    yield _row(f"{name}, proposals", recall, "recall", its_recall)
    surest = proposals.table.select("left_id", "right_id", "probability").drop_nulls()
    at_its = _best_recall(case.truth, surest, its_precision)
    yield _row(f"{name}, at the precision that Splink has, {its_precision:.4f}", at_its, "recall", its_recall)
    if "FEBRL" in case.name:
        yield _row(f"{name}, proposals", 2 * precision * recall / (precision + recall), "F1", 0.97)
    yield _row(f"{name}, what it expects of itself without labels", proposals.expected_precision, "precision")
    yield from _rows(f"{name}, groups", case.truth.score_groups(group(proposals).members))
    yield _row(f"{name}, one core", took, "s")


def _plain(case: Case) -> Iterable[Row]:
    began = time.perf_counter()
    linker = case.linker()
    predictions = linker.inference.predict()
    took = time.perf_counter() - began
    groups = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predictions, threshold_match_probability=case.group_threshold
    )
    unique_id = "rec_id" if "FEBRL" in case.name else "unique_id"
    table = (
        predictions.as_duckdbpyrelation()
        .pl()
        .select(left=f"{unique_id}_l", right=f"{unique_id}_r", probability="match_probability")
        .sort("probability", descending=True)
    )
    name = f"{case.name}: Splink as documented"
    for threshold in dict.fromkeys((case.threshold, 0.5)):
        pairs = table.filter(pl.col("probability") >= threshold).select("left", "right").rows()
        yield from _rows(f"{name}, p >= {threshold:g}", case.truth.score(pairs))
    yield _row(
        f"{name}, precision 0.95 with a threshold from the truth", _best_recall(case.truth, table, 0.95), "recall"
    )
    members = groups.as_duckdbpyrelation().pl().group_by("cluster_id").agg(pl.col(unique_id)).get_column(unique_id)
    yield from _rows(f"{name}, groups at {case.group_threshold:g}", case.truth.score_groups(members.to_list()))
    yield _row(f"{name}, all cores", took, "s")


def _best_recall(truth: Truth, table: pl.DataFrame, precision: float) -> float:
    """The most that any threshold finds at a precision; the table's pairs stand surest first."""
    right = np.array([truth.person[left] == truth.person[other] for left, other, _ in table.rows()])
    found = np.cumsum(right)
    precise = found / np.arange(1, right.size + 1) >= precision
    return float(found[precise].max() / _pairs(truth.person.values())) if precise.any() else 0.0


def _rows(name: str, score: tuple[float, float]) -> Iterable[Row]:
    for unit, value in zip(("precision", "recall"), score, strict=True):
        yield _row(name, value, unit)


def _row(name: str, measured: float | None, unit: str, target: object = None) -> Row:
    value = f"{measured:.4f}" if measured is not None and unit != "s" else measured
    return {"name": name, "measured": value, "target": target, "unit": unit}


def _pairs(people: Iterable[str]) -> int:
    sizes = pl.Series(list(people), dtype=pl.String()).value_counts().get_column("count").cast(pl.Int64())
    return int((sizes * (sizes - 1) // 2).sum())


def _historical(folder: Path) -> Case:
    table = pl.read_parquet(folder / "historical_figures_with_errors_50k.parquet")
    records = table.select(
        record_id="unique_id",
        name="full_name",
        given_name="first_name",
        surname="surname",
        date_of_birth="dob",
        place="birth_place",
        postcode="postcode_fake",
        sex="gender",
        occupation="occupation",
    )
    truth = Truth(dict(table.select("unique_id", "cluster").rows()))

    def linker() -> Linker:
        blocks = [
            block_on("substr(first_name,1,3)", "substr(surname,1,4)"),
            block_on("surname", "dob"),
            block_on("first_name", "dob"),
            block_on("postcode_fake", "first_name"),
            block_on("postcode_fake", "surname"),
            block_on("dob", "birth_place"),
            block_on("substr(postcode_fake,1,3)", "dob"),
            block_on("substr(postcode_fake,1,3)", "first_name"),
            block_on("substr(postcode_fake,1,3)", "surname"),
            block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
        ]
        comparisons = [
            cl.ForenameSurnameComparison(
                "first_name", "surname", forename_surname_concat_col_name="first_name_surname_concat"
            ),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode_fake"),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ]
        whole = table.with_columns(first_name_surname_concat=pl.col("first_name") + " " + pl.col("surname"))
        trained = _linker([whole], "unique_id", comparisons, blocks)
        trained.training.estimate_probability_two_random_records_match(
            [
                block_on("first_name", "surname", "dob"),
                block_on("substr(first_name,1,2)", "surname", "substr(postcode_fake,1,2)"),
                block_on("dob", "postcode_fake"),
            ],
            recall=0.6,
        )
        trained.training.estimate_u_using_random_sampling(max_pairs=1e7)
        return _trained(trained, block_on("first_name", "surname"), block_on("dob"))

    return Case("historical figures", LinkageRecords.of(EntityType.PERSON, records), truth, linker, 0.95, 0.95)


def _febrl(folder: Path, *names: str) -> list[pl.DataFrame]:
    tables = []
    for name in names:
        table = pl.read_csv(folder / f"{name}.csv.gz", infer_schema=False)
        table = table.rename({column: column.strip() for column in table.columns})
        tables.append(table.with_columns(pl.all().str.strip_chars().replace("", None)))
    return tables


def _febrl_records(tables: list[pl.DataFrame]) -> tuple[LinkageRecords, Truth]:
    table = pl.concat(tables)
    records = table.select(
        "given_name",
        "surname",
        "date_of_birth",
        "postcode",
        record_id="rec_id",
        place="suburb",
        address=pl.concat_str("street_number", "address_1", separator=" ", ignore_nulls=True),
        document_number="soc_sec_id",
    )
    person = table.select("rec_id", pl.col("rec_id").str.extract(r"^(rec-\d+)").alias("person"))
    return LinkageRecords.of(EntityType.PERSON, records), Truth(dict(person.rows()))


def _febrl_4(folder: Path) -> Case:
    tables = _febrl(folder, "febrl_dataset4a", "febrl_dataset4b")
    records, truth = _febrl_records(tables)

    def linker() -> Linker:
        blocks = [
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            *(block_on("date_of_birth"), block_on("soc_sec_id"), block_on("state", "address_1")),
            *(block_on("street_number", "address_1"), block_on("postcode")),
        ]
        comparisons = [
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison(
                "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
            ),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ]
        trained = _linker(tables, "rec_id", comparisons, blocks)
        trained.training.estimate_probability_two_random_records_match(
            [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")], recall=0.8
        )
        trained.training.estimate_u_using_random_sampling(max_pairs=1e6)
        return _trained(trained, block_on("date_of_birth"), block_on("postcode"))

    return Case("FEBRL 4a and 4b", records, truth, linker, 0.2, 0.99)


def _febrl_3(folder: Path) -> Case:
    tables = _febrl(folder, "febrl_dataset3")
    records, truth = _febrl_records(tables)

    def linker() -> Linker:
        blocks = [block_on(name) for name in ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")]
        comparisons = [
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ]
        trained = _linker(tables, "rec_id", comparisons, blocks)
        trained.training.estimate_probability_two_random_records_match(
            [
                block_on("soc_sec_id"),
                block_on("given_name", "surname", "date_of_birth"),
                "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
            ],
            recall=0.9,
        )
        trained.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=2)
        return _trained(trained, block_on("date_of_birth"), block_on("postcode"), is_quick=False)

    return Case("FEBRL 3", records, truth, linker, 0.2, 0.2)


def _fake(folder: Path) -> Case:
    table = pl.read_csv(folder / "fake_1000.csv.gz", infer_schema=False)
    records = table.select(
        "surname", "email", record_id="unique_id", given_name="first_name", date_of_birth="dob", place="city"
    )
    truth = Truth(dict(table.select("unique_id", "cluster").rows()))

    def linker() -> Linker:
        comparisons = [
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=False),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ]
        blocks = [block_on(name) for name in ("first_name", "surname", "dob", "email")]
        trained = _linker([table.with_columns(pl.col("dob").str.to_date())], "unique_id", comparisons, blocks)
        trained.training.estimate_probability_two_random_records_match(
            [
                "l.first_name = r.first_name and levenshtein(r.dob::VARCHAR, l.dob::VARCHAR) <= 1",
                "l.surname = r.surname and levenshtein(r.dob::VARCHAR, l.dob::VARCHAR) <= 1",
                "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
                "l.email = r.email",
            ],
            recall=0.7,
        )
        trained.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=5)
        return _trained(trained, block_on("dob"), block_on("email"), block_on("first_name", "surname"))

    return Case("fake_1000", LinkageRecords.of(EntityType.PERSON, records), truth, linker, 0.5, 0.5)


def _linker(tables: list[pl.DataFrame], unique_id: str, comparisons: list[object], blocks: list[object]) -> Linker:
    database = DuckDBAPI()
    settings = SettingsCreator(
        link_type="dedupe_only" if len(tables) == 1 else "link_only",
        unique_id_column_name=unique_id,
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocks,
        retain_intermediate_calculation_columns=True,
    )
    return Linker([database.register(table.to_arrow()) for table in tables], settings, log_level=logging.CRITICAL)


def _trained(linker: Linker, *blocks: object, is_quick: bool = True) -> Linker:
    for block in blocks:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block, estimate_without_term_frequencies=is_quick
        )
    return linker
