"""Tonight and a box's page in a real browser: moving, still, by keyboard, narrow, printed, grey, held to WCAG 2.2."""

import gzip
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Playwright, expect
from tests.browsers import CHROMIUM, WITH_WEBGL, WITHOUT_WEBGL, add_user, barriers, sign_in, unfold
from tests.conftest import needs
from tests.moving_maps import ACCENT, SLOW_MS, moving, of, picture, signed_in, soon, spots
from tests.site_home import CLOCK, NIGHTS, copy_of, served

from peelian.site.assets import BUILT

MAP = f"/tonight/town/{NIGHTS[1]}/district/North/burglary/"
BOX = f"{MAP}box/1/"
#: What has the keyboard's focus: a list, the map, a switch or a row, by its name.
FOCUSED = """() => { const e = document.activeElement;
    if (e.className.includes?.('maplibregl-canvas')) return 'map';
    return e.dataset.toggle ?? e.closest('tr[data-box]')?.dataset.box ?? e.name ?? '' }"""
WATER = (223, 232, 234)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium that draws maps, for all tests of this file."""
    assert (BUILT / "manifest.json").exists(), "the scripts are not built: ./run test builds them"
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=WITH_WEBGL)
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def home(published_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town with an analyst."""
    home = copy_of(published_town, tmp_path_factory.mktemp("site") / "home")
    add_user(home, "ann", "analyst")
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """The town's site, served within its second night."""
    with served(home, "--clock", CLOCK) as address:
        yield address


@pytest.fixture(scope="module")
def key(browser: Browser, address: str) -> dict[str, object]:
    """What a signed-in browser keeps."""
    return signed_in(browser, address)


@pytest.fixture
def page(browser: Browser, key: dict[str, object]) -> Iterator[Page]:
    """A page of a signed-in analyst on a desktop."""
    context = of(browser, key)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("where", [MAP, f"{MAP}?top=20&counts=on&crimes=on", BOX])
@pytest.mark.parametrize("width", [1440, 320])
def test_axe_finds_nothing_to_mend(page: Page, address: str, where: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    moving(page, address + where)
    unfold(page)
    assert barriers(page) == []


@pytest.mark.parametrize("where", [MAP.replace("North", "Harbour"), MAP.replace(NIGHTS[1], "2018-01-01")])
def test_axe_finds_nothing_on_the_pages_for_what_is_not_there(page: Page, address: str, where: str) -> None:
    page.goto(address + where)
    assert barriers(page) == []


@pytest.mark.parametrize("where", [MAP, BOX])
def test_nothing_runs_out_of_the_page_at_any_width(page: Page, address: str, where: str) -> None:
    page.goto(address + where)
    unfold(page)
    for width in (320, 390, 768, 1100, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


@pytest.mark.parametrize("where", [MAP, BOX])
def test_text_is_never_smaller_than_twelve_pixels(page: Page, address: str, where: str) -> None:
    page.goto(address + where)
    unfold(page)
    sizes = page.evaluate(
        "Array.from(document.querySelectorAll('body *')).filter(e => !e.closest('svg') && e.childNodes.length && "
        "Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim()))"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12


def test_without_script_the_page_is_whole_and_its_form_works(
    browser: Browser, key: dict[str, object], address: str
) -> None:
    context = of(browser, key, script=False)
    page = context.new_page()
    page.goto(address + MAP)
    assert page.locator("table.boxes tbody tr[data-box]").count() == 4
    assert page.locator("svg.still rect.firm, svg.still rect.unsure").count() == 4
    assert page.locator(".moving").count() == 0
    page.select_option("select[name=kind]", "larceny")
    page.click(".picker button")
    expect(page).to_have_url(f"{address}{MAP.replace('burglary', 'larceny')}")
    page.click("text=Hide version 1, shading")
    expect(page).to_have_url(re.compile(r"\?shading=off$"))
    expect(page.locator(".shades")).to_be_hidden()
    page.locator("table.boxes a").first.click()
    assert page.locator(".why-box tfoot").inner_text().split() == ["Sum", "100.0", "%"]
    page.click("text=All boxes")
    expect(page).to_have_url(re.compile(r"larceny/\?shading=off$"))  # the way back leads to the same state
    context.close()


def test_the_map_moves_and_asks_no_other_host(page: Page, address: str) -> None:
    asked: list[tuple[str, int]] = []
    page.on("response", lambda answer: asked.append((answer.url, answer.status)))
    page.on("requestfailed", lambda request: asked.append((request.url, 0)))
    moving(page, address + MAP)
    assert len(asked) > 8
    assert [(url, status) for url, status in asked if not url.startswith((address, "blob:", "data:"))] == []
    assert [(url, status) for url, status in asked if status not in (200, 304)] == []
    assert len(spots(picture(page), ACCENT)) > 200
    expect(page.locator("svg.still")).to_be_hidden()


def test_a_box_pressed_on_the_map_is_chosen_in_the_list_with_the_way_to_its_page(page: Page, address: str) -> None:
    moving(page, address + MAP)
    y, x = _inside_a_box(picture(page))
    page.locator(".moving canvas").click(position={"x": x, "y": y})
    row = page.locator("tr.is-chosen")
    expect(row).to_have_count(1)
    number = row.get_attribute("data-box")
    assert page.locator("figure.sight").get_attribute("data-chosen") == number
    link = page.locator(".chosen-note a")
    assert str(link.text_content()).startswith(f"Box {number}")
    link.click()
    expect(page).to_have_url(f"{address}{MAP}box/{number}/")


def _inside_a_box(image: NDArray[np.uint8]) -> tuple[int, int]:
    """Return (y, x) in the middle of a patch of the boxes' own colour, six pixels wide."""
    is_accent = (np.abs(image.astype(int) - ACCENT) <= 2).all(axis=2)
    whole = np.lib.stride_tricks.sliding_window_view(is_accent, (6, 6)).all(axis=(2, 3))
    y, x = np.argwhere(whole)[0]
    return int(y) + 3, int(x) + 3


def test_a_row_under_the_pointer_or_in_focus_is_marked_on_the_map(page: Page, address: str) -> None:
    moving(page, address + MAP)
    before = picture(page)
    page.locator("tr[data-box='1'] td").first.hover()
    assert soon(lambda: not np.array_equal(picture(page), before))
    page.locator("h1").hover()
    page.locator("tr[data-box='2'] a").focus()
    expect(page.locator("tr.is-chosen")).to_have_attribute("data-box", "2")
    assert page.locator("figure.sight").get_attribute("data-chosen") == "2"


def test_the_keyboard_alone_goes_everywhere(page: Page, address: str) -> None:
    moving(page, address + MAP)
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    for wanted in ("area", "kind", "level", "night", "map", "counts", "shading", "boxes", "crimes", "1", "2", "3", "4"):
        assert wanted in reached, wanted
    canvas = page.locator(".moving canvas")
    canvas.focus()
    before = picture(page)
    page.keyboard.press("ArrowRight")
    assert soon(lambda: not np.array_equal(picture(page), before)), "arrows move the map"
    assert canvas.evaluate("e => getComputedStyle(e).outlineStyle") != "none"
    page.locator("tr[data-box='3'] a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/box/3/"))


def test_with_the_keys_a_list_waits_for_its_button(page: Page, address: str) -> None:
    page.goto(address + MAP)
    expect(page.locator(".picker button")).to_be_hidden()
    page.locator("select[name=kind]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(400)
    assert page.url == address + MAP
    button = page.locator(".picker button")
    expect(button).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/North/(larceny|robbery)/"))


def test_with_the_pointer_a_list_sends_itself_and_keeps_what_is_shown(page: Page, address: str) -> None:
    page.goto(address + MAP)
    page.click("text=Compare with plain counts")
    page.select_option("select[name=area]", "South")
    page.wait_for_url(f"{address}{MAP.replace('North', 'South')}?counts=on")


def test_a_switch_acts_at_once_on_page_map_and_address(page: Page, address: str) -> None:
    moving(page, address + MAP)
    page.click("text=Hide version 2, boxes")
    expect(page).to_have_url(f"{address}{MAP}?boxes=off")
    assert soon(lambda: len(spots(picture(page), ACCENT)) == 0)
    assert str(page.locator("tr[data-box='1'] a").get_attribute("href")).endswith("/box/1/?boxes=off")
    page.reload()
    page.locator("figure[data-map=usable]").wait_for(timeout=SLOW_MS)
    assert len(spots(picture(page), ACCENT)) == 0, "the address holds the state"
    page.click("text=Show version 2, boxes")
    expect(page).to_have_url(address + MAP)
    assert soon(lambda: len(spots(picture(page), ACCENT)) > 200)


def test_without_webgl_the_picture_stays(playwright: Playwright, key: dict[str, object], address: str) -> None:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=WITHOUT_WEBGL)
    page = of(chromium, key).new_page()
    page.goto(address + MAP)
    page.locator("figure[data-map=still]").wait_for(timeout=SLOW_MS)
    expect(page.locator("svg.still")).to_be_visible()
    assert page.locator(".moving").count() == 0
    page.click("text=Hide version 1, shading")
    expect(page.locator(".shades")).to_be_hidden()
    chromium.close()


def test_printed_it_is_the_picture_with_its_list(page: Page, address: str, tmp_path: Path) -> None:
    moving(page, address + MAP)
    page.emulate_media(media="print")
    expect(page.locator("svg.still")).to_be_visible()
    expect(page.locator(".moving")).to_be_hidden()
    (tmp_path / "print.pdf").write_bytes(page.pdf(format="A4", print_background=True))
    needs("pdftotext", "poppler-utils")
    said = subprocess.run(["pdftotext", tmp_path / "print.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert "no ground for stop and search" in said
    assert "about 1 in" in said


def test_firm_and_unsure_boxes_differ_in_grey_on_the_moving_map(page: Page, address: str) -> None:
    moving(page, address + MAP)
    grey = picture(page) @ np.array([0.2126, 0.7152, 0.0722])
    dark = spots(picture(page), ACCENT)
    assert grey[tuple(dark[0])] < 90
    assert (grey > 250).any()


def test_a_basemap_of_the_home_lies_below_our_streets(browser: Browser, home: Path, tmp_path: Path) -> None:
    """Made as docs/guide/site.md says, with GDAL, and given out by this site in ranges."""
    other = copy_of(home, tmp_path / "home")
    bounds = _bounds(other)
    water = shapely.box(bounds[0] - 0.02, bounds[1] - 0.02, bounds[2] + 0.02, bounds[3] + 0.02)
    pyogrio.raw.write(
        tmp_path / "basemap.pmtiles",
        np.array([shapely.to_wkb(water)], dtype=object),
        [np.array(["lake"], dtype=object)],
        ["name"],
        driver="PMTiles",
        layer="water",
        geometry_type="Polygon",
        crs="EPSG:4326",
        dataset_options={"MINZOOM": "8", "MAXZOOM": "14"},
    )
    (other / "basemap.pmtiles").write_bytes((tmp_path / "basemap.pmtiles").read_bytes())
    with served(other, "--clock", CLOCK) as address:
        key = signed_in(browser, address)
        context = of(browser, key)
        page = context.new_page()
        ranges: list[int] = []
        page.on("response", lambda a: ranges.append(a.status) if a.url.endswith("basemap.pmtiles") else None)
        moving(page, address + MAP)
        assert soon(lambda: len(spots(picture(page), WATER)) > 500)
        assert set(ranges) == {206}
        (other / "basemap.pmtiles").write_bytes(b"no tiles at all")
        moving(page, address + MAP)
        assert len(spots(picture(page), ACCENT)) > 200, "a spoilt basemap costs the map nothing"
        context.close()


def test_a_page_left_open_does_not_outlive_its_boxes(browser: Browser, home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    add_user(other, "pat", "officer")
    with served(other, "--clock", "2018-04-20T23:59:20-05:00") as address:
        context = browser.new_context()
        page = context.new_page()
        sign_in(page, address, "pat", MAP)
        if page.locator("tr[data-box]").count():
            expect(page.locator("tr[data-box]").first).to_be_visible()
        expect(page.locator("h1")).to_have_text("This period has ended.", timeout=SLOW_MS + 30_000)
        assert page.locator("tr[data-box]").count() == 0
        context.close()


def test_the_scripts_of_a_map_are_under_500_kb_packed() -> None:
    names = ("map-*.js", "assets/moving-*.js", "assets/basemap-*.js", "assets/maplibre-gl-*.js", "assets/*worker-*.mjs")
    scripts = [path for name in names for path in BUILT.glob(name)]
    assert len(scripts) == len(names)
    assert 200_000 < sum(len(gzip.compress(p.read_bytes(), 6)) for p in scripts) < 500_000
    for script in scripts:
        assert script.with_name(f"{script.name}.br").exists(), "the server has a packed copy to hand out"
        assert gzip.decompress(script.with_name(f"{script.name}.gz").read_bytes()) == script.read_bytes()


def _bounds(home: Path) -> list[float]:
    import json

    path = home / "nights" / NIGHTS[1] / "site" / "district" / "ground-North.json.gz"
    read: list[float] = json.loads(gzip.decompress(path.read_bytes()))["bounds"]
    return read
