"""Records in a real browser: search, a record, the chart opened outward, a merge and its undoing; keys, phone, axe."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browsers import add_user, barriers, sign_in
from tests.homes import peelian
from tests.pole_files import write_pole_files
from tests.site_home import served

WHY = "burglary 17: who had the van"
_MAKE = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from peelian.store.database import open_database
home = Path(sys.argv[1])
open_database(home)
from peelian.records.access import Role, Actor
from peelian.records.marking import Marking, Sensitivity
from peelian.records.purpose import Purpose
from peelian.records.queries import Filters
from peelian.store.accounts import accounts
from peelian.store.records import merges, writing
from peelian.store.records.rules import read_rules
from peelian.store.records.search import search
from peelian.store.records.tables import Record
ann = next(a for a in accounts() if a.username == "analyst")
by = writing.By(ann.actor(), datetime.now(UTC))
def find(query):
    return search(query, Filters(), ann.actor(), Purpose("set the test up")).hits[0].record
todd, benjamin, ada, scale = (find(q) for q in ("todd hamilton", "benjamin hamilton", "ada quill", "electronic scale"))
sealed = Marking(Sensitivity.SEALED, keeper="Inspector Eve", cleared=frozenset({ann.pk}))
writing.mark(read_rules(home).catalogue, ada, sealed, "a protected person", by)
steps = (("drawn at random", -10.8, -10.8), ("surname: the same", 8.6, -2.2), ("address: the same", 10.8, 8.6))
merges.propose([merges.Proposed(todd, benjamin, 0.997, ("the same house and name",), steps)], "test", by)
Record.objects.filter(pk=scale).update(review_due=date(2020, 1, 1))
print(todd, benjamin, ada, Record.objects.filter(type="crime").earliest("id").pk)
"""


@dataclass(frozen=True)
class Site:
    """A served site, and the numbers of three people and a crime in it; Ada's record is sealed."""

    address: str
    todd: int
    benjamin: int
    ada: int
    crime: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The small set of records, served."""
    home = tmp_path_factory.mktemp("records") / "home"
    done = peelian("records", "import", "manchester", str(write_pole_files(home.parent / "pole")), home=home)
    assert done.returncode == 0, done.stderr
    for role in ("analyst", "officer"):
        add_user(home, role, role)
    made = subprocess.run([sys.executable, "-c", _MAKE, str(home)], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    with served(home) as address:
        yield Site(address, *map(int, made.stdout.split()))


def _enter(context: BrowserContext, site: Site, role: str = "analyst") -> Page:
    page = context.new_page()
    sign_in(page, site.address, role, "/records/")
    expect(page.locator("h1")).to_have_text("Records are about people: say what you need them for.")
    page.get_by_label("What do you need records for?").fill(WHY)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".purpose")).to_contain_text(WHY)
    return page


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def analyst(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    """An analyst who has signed in and said what for."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=request.param)
    yield _enter(context, site)
    context.close()


def test_misspelt_name_is_found_and_its_record_read(analyst: Page) -> None:
    analyst.get_by_label("Name, phone, plate").fill("hamliton tod")
    analyst.get_by_role("button", name="Search").click()
    expect(analyst.locator("h1")).to_have_text("One record.")
    expect(analyst.locator(".why").first).to_contain_text("one slip from")
    analyst.get_by_role("link", name="Todd Hamilton").click()
    expect(analyst.locator("h1")).to_have_text("Todd Hamilton")
    expect(analyst.locator("#links + ul")).to_contain_text("lives at 178 Polding Street")
    expect(analyst.locator(".looks")).to_contain_text(f"read a record, for {WHY}")
    assert analyst.locator("svg.spots circle.spot").count() == 1


def test_statement_is_corrected_and_the_history_keeps_both(analyst: Page, site: Site) -> None:
    analyst.goto(f"{site.address}/records/{site.benjamin}/")
    analyst.get_by_role("link", name="Correct Given name").first.click()
    before = analyst.get_by_label("Given name").input_value()
    analyst.get_by_label("Given name").fill(f"{before}a")
    analyst.get_by_label("Who says so").fill("her passport")
    analyst.get_by_role("button", name="Correct it").click()
    expect(analyst.locator("h1")).to_have_text(f"{before}a Hamilton")
    analyst.get_by_text("Everything ever said").click()
    expect(analyst.locator(".history tr.gone").first).to_contain_text(before)


def test_pair_is_merged_and_parted_again(browser: Browser, site: Site) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=False)
    page = _enter(context, site)
    page.goto(f"{site.address}/records/duplicates/")
    expect(page.locator("h1")).to_have_text("One pair may be one and the same.")
    page.get_by_role("link", name="Look at").click()
    assert page.locator(".waterfall tbody tr").count() == 3
    page.get_by_label("Note").fill("the same house")
    page.get_by_role("button", name="They are one").click()
    expect(page.locator("h1")).to_have_text("2 records are one.")
    page.goto(f"{site.address}/records/{site.benjamin}/")
    expect(page.locator(".said")).to_contain_text("Todd")
    page.get_by_role("link", name="2 records that are one").click()
    page.get_by_role("link", name="Undo").click()
    page.get_by_label("Why").fill("two brothers")
    page.get_by_role("button", name="Part them").click()
    expect(page.locator("h1")).to_have_text("This record stands alone.")
    expect(page.locator(".act.gone")).to_contain_text("parted again")
    page.goto(f"{site.address}/records/{site.benjamin}/")
    expect(page.locator(".said")).not_to_contain_text("Todd")
    context.close()


def test_chart_is_opened_outward_by_keys_and_by_a_click_and_the_list_says_the_same(
    browser: Browser, site: Site
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = _enter(context, site, "officer")
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{site.address}/records/{site.todd}/chart/")
    page.wait_for_selector("figure.chart[data-drawn-ms]")
    lines = page.locator("#chart-list li")
    before = lines.count()
    button = page.get_by_role("button", name="Open the links of 178 Polding Street, WN3 4NL")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chart-status")).to_contain_text("more around 178 Polding Street")
    after = lines.count()
    assert after > before
    assert page.evaluate("document.activeElement.closest('li[data-node]') !== null")
    nodes = page.evaluate("document.querySelector('#canvas')._cyreg.cy.nodes().length")
    assert nodes == after + 1
    name = "Benjamin"
    at = page.evaluate(
        "(n) => { const cy = document.querySelector('#canvas')._cyreg.cy;"
        "const node = cy.nodes().filter((e) => e.data('label').startsWith(n))[0]; return node.renderedPosition(); }",
        name,
    )
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    expect(page.locator("#chart-status")).to_contain_text("more around Benjamin")
    assert lines.count() > after
    assert "Quill" not in page.content()
    assert faults == []
    context.close()


def test_person_is_opened_tied_to_a_crime_parted_sealed_and_its_clock_moved(
    analyst: Page, browser: Browser, site: Site
) -> None:
    name = f"Zenobia{id(analyst)}"
    analyst.get_by_role("link", name="New record").click()
    analyst.get_by_role("link", name="Person").click()
    analyst.get_by_label("Given name").first.fill(f"{name}\nZen")
    analyst.get_by_label("Surname").first.fill("Blackwood")
    analyst.get_by_role("checkbox", name="Date of birth").check()
    analyst.get_by_label("Date of birth").first.fill("tomorrow")
    analyst.get_by_label("Who says so").fill("her passport")
    analyst.get_by_role("button", name="Open the record").click()
    expect(analyst.locator(".problem")).to_contain_text("one of the two")
    assert analyst.get_by_label("Given name").first.input_value() == f"{name}\nZen"  # what was typed is still there
    analyst.get_by_label("Date of birth").first.fill("")
    analyst.get_by_role("button", name="Open the record").click()
    expect(analyst.locator("h1")).to_have_text(f"{name} Blackwood")
    expect(analyst.locator(".said")).to_contain_text("known to be unknown")
    person = analyst.url
    analyst.get_by_role("link", name="Tie it to another").click()
    analyst.get_by_label("Number of the other record").fill(str(site.crime))
    analyst.get_by_role("button", name="Find").click()
    analyst.get_by_role("link", name=f"Record number {site.crime}").click()
    analyst.get_by_role("radio", name="Blackwood is witness of").check()
    analyst.get_by_label("Who says so").fill("her statement")
    analyst.get_by_role("button", name="Tie them").click()
    expect(analyst.locator("#links + ul")).to_contain_text("is witness of")
    analyst.get_by_role("link", name="Take back: is witness of").click()
    analyst.get_by_label("Why").fill("another woman")
    analyst.get_by_role("button", name="Take it back").click()
    expect(analyst.locator("#links + p")).to_have_text("None.")
    analyst.get_by_role("link", name="Its clock").click()
    analyst.get_by_label("Group", exact=True).select_option("grave")
    analyst.get_by_label("Why").last.fill("a threat to her life")
    analyst.get_by_role("button", name="Move it").click()
    expect(analyst.locator("h1")).to_contain_text("grave crime, 10 years")
    expect(analyst.locator("ol.told")).to_contain_text("a threat to her life")
    analyst.goto(person)
    analyst.get_by_role("link", name="Who may read it").click()
    analyst.get_by_role("radio", name="Sealed").check()
    analyst.get_by_label("Whom to ask").fill("Inspector Eve")
    analyst.get_by_role("checkbox", name="Ann analyst").check()
    analyst.get_by_label("Why").fill("a protected person")
    analyst.get_by_role("button", name="Mark it so").click()
    expect(analyst.locator(".kind .state")).to_have_text("sealed")
    context = browser.new_context()
    officer = _enter(context, site, "officer")
    for path in (person, f"{site.address}/records/?q={name}", f"{person}clock/", f"{person}tie/"):
        officer.goto(path)
        assert "Blackwood" not in officer.content(), path
    officer.goto(person)
    expect(officer.locator("h1")).to_have_text("A record exists. Ask Inspector Eve.")
    context.close()


def test_chart_without_a_script_is_a_list_that_leads_outward(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = _enter(context, site)
    page.goto(f"{site.address}/records/{site.todd}/chart/?steps=2")
    expect(page.locator("figure.chart")).to_be_hidden()
    page.get_by_role("link", name="Open outward: 178 Polding Street").click()
    expect(page.locator("h1")).to_contain_text("records around 178 Polding Street")
    context.close()


def test_sealed_record_leaks_nowhere_to_who_may_not_read_it(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = _enter(context, site, "officer")
    for path in (
        "/records/?q=quill",
        "/records/?type=person",
        f"/records/{site.todd}/",
        f"/records/{site.benjamin}/",
        f"/records/{site.todd}/chart/?steps=3",
        f"/records/{site.ada}/",
        f"/records/{site.ada}/chart/",
        f"/records/{site.ada}/merges/",
        "/records/saved/",
    ):
        page.goto(f"{site.address}{path}")
        told = page.content().replace('value="quill"', "").replace("q=quill", "").replace("q%3Dquill", "")
        assert "Ada" not in told, path
        assert "Quill" not in told, path
    page.goto(f"{site.address}/records/{site.ada}/")
    expect(page.locator("h1")).to_have_text("A record exists. Ask Inspector Eve.")
    page.goto(f"{site.address}/records/?q=quill+ada")
    expect(page.locator(".sealed")).to_have_text("A record exists. Ask Inspector Eve.")
    context.close()


def test_search_goes_by_keys_alone(browser: Browser, site: Site) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = _enter(context, site)
    page.get_by_label("Name, phone, plate").focus()
    page.keyboard.type("ry52apf")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("One record.")
    page.get_by_label("Name, phone, plate").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("RY52 APF Toyota 4Runner")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("RY52 APF")
    context.close()


@pytest.mark.parametrize("width", [1440, 320])
def test_every_page_is_whole_and_accessible(browser: Browser, site: Site, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = _enter(context, site)
    for path in (
        "/records/?q=hamilton",
        "/records/?type=crime&place=53.530988%2C-2.61741&metres=50",
        "/records/?place=here",
        "/records/purpose/",
        "/records/saved/",
        "/records/duplicates/",
        "/records/duplicates/?decision=accepted",
        "/records/duplicates/1/",
        "/records/review/",
        f"/records/{site.todd}/",
        f"/records/{site.todd}/state/",
        f"/records/{site.todd}/dispute/",
        f"/records/{site.todd}/merges/",
        "/records/new/",
        "/records/new/person/",
        "/records/new/crime/",
        f"/records/{site.todd}/?on={datetime.now(UTC):%Y-%m-%d}",
        f"/records/{site.todd}/tie/",
        f"/records/{site.todd}/tie/?q=hamilton",
        f"/records/{site.todd}/tie/?to={site.benjamin}",
        f"/records/{site.todd}/tie/?to=999999",
        f"/records/{site.todd}/mark/",
        f"/records/{site.todd}/clock/",
        f"/records/{site.todd}/chart/?steps=2",
    ):
        page.goto(f"{site.address}{path}")
        if "/chart/" in path:
            page.wait_for_selector("figure.chart[data-drawn-ms]")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (path, wide)
        assert barriers(page) == []
    context.close()
