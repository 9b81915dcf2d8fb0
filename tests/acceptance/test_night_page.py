"""The page in a real browser: narrow, wide, printed, by keyboard, in grey, and held to WCAG 2.2 AA by axe-core."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browsers import barriers, unfold
from tests.sample_nights import many_areas_night, one_map, town_night

from peelian.delivery import index_page


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the page of the invented town lies."""
    path = tmp_path_factory.mktemp("night") / "index.html"
    path.write_bytes(index_page(town_night()))
    return path.as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page on a desktop, without script, as a reader without a network would open it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


@pytest.mark.parametrize("width", [1440, 320])
def test_axe_finds_nothing_to_mend(page: Page, tmp_path: Path, width: int) -> None:
    (tmp_path / "index.html").write_bytes(index_page(one_map(town_night())))
    page.goto((tmp_path / "index.html").as_uri())
    page.set_viewport_size({"width": width, "height": 900})
    unfold(page)
    assert barriers(page) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1100, 1440, 1920])
def test_nothing_runs_out_of_the_page_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_is_whole_without_script_and_asks_for_nothing(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert page.locator("h1").is_visible()
    assert page.locator("table.boxes").first.is_visible()
    assert [a for a in asked if not a.startswith(("file:", "data:"))] == []
    context.close()


def test_its_own_fonts_are_used(page: Page) -> None:
    loaded = page.evaluate("Array.from(document.fonts).filter(f => f.status === 'loaded').map(f => f.family)")
    assert {name.strip('"') for name in loaded} == {"Source Sans 3", "Source Serif 4"}


def test_map_and_list_stand_side_by_side_on_a_desktop_and_list_first_on_a_phone(page: Page) -> None:
    picture, words = page.locator(".split .picture").first, page.locator(".split .list").first
    wide = picture.bounding_box(), words.bounding_box()
    assert wide[0] is not None
    assert wide[1] is not None
    assert wide[0]["y"] == pytest.approx(wide[1]["y"], abs=1)
    page.set_viewport_size({"width": 390, "height": 800})
    narrow = picture.bounding_box(), words.bounding_box()
    assert narrow[0] is not None
    assert narrow[1] is not None
    assert narrow[1]["y"] < narrow[0]["y"]


def test_the_keyboard_leads_from_a_row_to_the_reasons_of_its_box(page: Page) -> None:
    row = page.locator("table.boxes a").first
    target = str(row.get_attribute("href"))
    row.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert row.evaluate("e => getComputedStyle(e).outlineStyle + ' ' + getComputedStyle(e).outlineWidth") == "solid 3px"
    page.keyboard.press("Enter")
    box = page.locator(target)
    box.wait_for(state="visible")
    assert box.locator("tfoot").inner_text().split() == ["Sum", "100.0", "%"]


def test_the_first_tab_skips_to_the_maps(page: Page) -> None:
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent")
    assert focused == "Skip to the maps"


def test_shares_of_every_box_on_the_page_add_up_to_a_hundred(page: Page) -> None:
    unfold(page)
    sums = page.evaluate(
        "Array.from(document.querySelectorAll('.box table')).map(t => Array.from(t.querySelectorAll('tbody td'))"
        ".map(d => parseFloat(d.textContent.replace('under ', ''))).reduce((a, b) => a + b, 0))"
    )
    assert sums
    assert all(abs(total - 100.0) <= 0.45 for total in sums)


def test_text_is_never_smaller_than_twelve_pixels_on_a_desktop(page: Page) -> None:
    unfold(page)
    sizes = page.evaluate(
        "Array.from(document.querySelectorAll('body *')).filter(e => !e.closest('svg') && e.childNodes.length && "
        "Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim()))"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12


def test_firm_and_unsure_boxes_differ_in_grey(page: Page) -> None:
    """The legend's squares, as a photocopier sees them: one dark, one light, both with a number."""
    grey = """e => { const [r, g, b] = getComputedStyle(e).backgroundColor.match(/[0-9.]+/g).map(Number);
                     return 0.2126 * r + 0.7152 * g + 0.0722 * b }"""
    page.evaluate("""document.body.insertAdjacentHTML('beforeend',
        '<i class="sq" id="dark">1</i><i class="sq unsure" id="light">2</i>')""")
    assert page.locator("#dark").evaluate(grey) < 90
    assert page.locator("#light").evaluate(grey) > 230


def test_the_page_prints_every_map_with_its_list(page: Page, tmp_path: Path) -> None:
    page.emulate_media(media="print")
    pdf = page.pdf(format="A4", print_background=True)
    (tmp_path / "print.pdf").write_bytes(pdf)
    assert pdf.startswith(b"%PDF")
    visible = page.locator("table.boxes").evaluate_all("all => all.filter(t => t.offsetHeight > 0).length")
    assert visible == len(town_night().areas)


def test_a_night_of_many_areas_is_as_readable(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(index_page(many_areas_night()))
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.goto((tmp_path / "index.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert barriers(page) == []
    page.close()
