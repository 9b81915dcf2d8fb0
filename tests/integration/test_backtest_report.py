"""The report of a backtest says what the verdict says, to eyes and to ears, and asks nobody for anything."""

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.referees import inputs, request, settings

from peelian.delivery.backtest_report import backtest_report, best_method
from peelian.forecasts.verdicts import Verdict
from peelian.jobs.backtest import backtest

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Balanced(HTMLParser):
    """Fails on a tag that is not closed in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's call
        """Remember it."""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A closed tag opens nothing."""

    def handle_endtag(self, tag: str) -> None:
        """It closes the last one opened."""
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    home: Path = tmp_path_factory.mktemp("home")
    asked = request("all-history", "smoothed-counts@floating", "smoothed-counts:bandwidth_m=-1", timing="occurred")
    return backtest(settings(home), inputs(), asked)[0]


@pytest.fixture(scope="module")
def page(verdict: Verdict) -> str:
    return backtest_report(verdict)


def test_every_tag_is_closed(page: str) -> None:
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []


def test_the_page_asks_nobody_for_anything(page: str) -> None:
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert "url(" not in page.replace("url(data:", "")


def test_the_headline_is_the_claim_and_every_claim_is_the_verdicts(page: str, verdict: Verdict) -> None:
    best = best_method(verdict)
    said = verdict.comparisons.filter(crime_type="*", method=best)["sentence"][0]
    assert f"<h1>{said}</h1>" in page
    for sentence in verdict.comparisons.filter(method=best)["sentence"]:
        assert sentence in page


def test_flattering_timing_and_missing_answers_are_told_above_everything(page: str) -> None:
    above = page.split('id="claims"', maxsplit=1)[0]
    assert "it flatters every method" in above
    assert "answers are missing" in above
    assert "bandwidth_m = -1" in page


def test_a_backtest_on_one_grid_says_nothing_of_its_luck(page: str) -> None:
    assert "place is worth" not in page


def test_the_grids_luck_stands_by_type_and_method_and_is_told_of_the_best(tmp_path: Path) -> None:
    verdict = backtest(settings(tmp_path), inputs(), request("all-history", last=date(2021, 1, 10), origins=4))[0]
    page = backtest_report(verdict)
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    told = page.split('id="origins"', maxsplit=1)[1].split("</section>", maxsplit=1)[0]
    assert "begin at 4 places within a cell" in told
    assert verdict.origins is not None
    assert told.count("<tr>") == 1 + verdict.origins.height
    pooled = verdict.origins.filter(crime_type="*", method="all-history").row(0, named=True)
    assert f"all-history catches {pooled['ratio']:.2f} times what recent-counts does on average" in told


def test_every_picture_has_words(page: str) -> None:
    pictures = re.findall(r"<svg [^>]*>", page)
    assert len(pictures) >= 10
    assert all('aria-label="' in p or 'aria-hidden="true"' in p for p in pictures)
    assert 'aria-label=""' not in page


def test_no_number_of_the_page_is_a_nan(page: str) -> None:
    assert not re.search(r"\bnan\b", re.sub(r"base64,[A-Za-z0-9+/=]+", "", page), re.IGNORECASE)


def test_every_score_stands_beside_chance_hindsight_and_its_interval(page: str, verdict: Verdict) -> None:
    row = verdict.pooled.filter(crime_type="burglary", method="all-history").row(0, named=True)
    line = re.search(r'<tr[^>]*><th scope="row">all-history</th>(.*?)</tr>', page, re.DOTALL)
    assert line is not None
    cells = re.findall(r'<td class="num">(.*?)</td>', line.group(1))
    assert cells[0] == f"{100 * row['hit_rate']:.1f}\u00a0%"
    assert cells[1] == f"{100 * row['hit_rate_low']:.1f} to {100 * row['hit_rate_high']:.1f}\u00a0%"
    assert cells[3] == f"{100 * row['coverage']:.1f}\u00a0%"
    assert cells[4] == f"{100 * row['hindsight_fixed_rate']:.1f}\u00a0%"
