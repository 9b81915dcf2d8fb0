"""The night follows the choice: each area and type by the model that past scores picked, and a reason where none is."""

import json
import shutil
from pathlib import Path

import pytest
from tests.homes import make_home, peelian

NIGHT = "2018-04-20"


def night_maps(home: Path, night: str = NIGHT) -> list[dict[str, object]]:
    record = json.loads((home / "nights" / night / "night.json").read_text(encoding="utf-8"))
    return list(record["maps"])


def say(home: Path, lines: str) -> None:
    text = "[night]\nreplay_nights = 1\ncount = 4\nnearly = 2\n" + lines
    (home / "peelian.toml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose models were backtested over the week before, and chosen for the night."""
    home = make_home(tmp_path_factory.mktemp("judged") / "home")
    models = ["-m", "all-history", "-m", "smoothed-counts@floating~0.5", "-m", "smoothed-counts:bandwidth_m=400"]
    done = peelian("backtest", "--from", "2018-04-09", "--to", "2018-04-15", "--name", "week", *models, home=home)
    assert done.returncode == 0, done.stderr
    done = peelian("choose", "--on", "2018-04-18", home=home)
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def home(judged: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(judged, tmp_path / "home"))


def chosen(home: Path) -> dict[tuple[str, str], str]:
    (file,) = (home / "choices" / "town").glob("*.json")
    told = json.loads(file.read_text(encoding="utf-8"))
    return {(c["area"], c["crime_type"]): c["method"] for c in told["choices"]}


def rewrite(home: Path, **changes: object) -> None:
    (file,) = (home / "choices" / "town").glob("*.json")
    told = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**told, **changes}), encoding="utf-8")


METHODS = {
    "all-history": {"model": "all-history", "boxes": "fixed", "parameters": [], "keep": 0.0},
    "wide": {"model": "smoothed-counts", "boxes": "fixed", "parameters": [["bandwidth_m", 400]], "keep": 0.0},
    "kept": {"model": "smoothed-counts", "boxes": "floating", "parameters": [], "keep": 0.5},
}


def pick(home: Path, by_area: dict[str, str]) -> None:
    """Choose by hand: each area's method, whatever the crime type."""
    (file,) = (home / "choices" / "town").glob("*.json")
    choices = json.loads(file.read_text(encoding="utf-8"))["choices"]
    picked = [{**choice, "method": by_area[choice["area"]]} for choice in choices]
    rewrite(home, methods=list(METHODS.items()), choices=picked)


def test_each_area_and_type_is_drawn_by_the_model_chosen_for_it(home: Path) -> None:
    picks = chosen(home)
    # Two areas of one type by two models: what the night must keep apart.
    pick(home, {"North": "all-history", "South": "wide"})
    say(home, 'model = "chosen"\n')
    done = peelian("night", "--on", NIGHT, home=home)
    assert done.returncode == 0, done.stderr
    maps = night_maps(home)
    assert {(m["area_id"], m["crime_type"]) for m in maps} == set(picks)
    assert {m["model"] for m in maps if m["area_id"] == "North"} == {"all-history"}
    assert {m["model"] for m in maps if m["area_id"] == "South"} == {"smoothed-counts"}
    assert all("backtest 'week'" in str(m["model_why"]) for m in maps)
    page = (home / "nights" / NIGHT / "index.html").read_text(encoding="utf-8")
    assert "Drawn by the model all-history: " in page
    assert "the model chosen for each map by past scores (all-history, smoothed-counts)" in page
    # The same area by the same model alone gives the same boxes: its neighbours' model changes nothing.
    alone = Path(shutil.copytree(home, home.parent / "alone"))
    shutil.rmtree(alone / "nights")
    say(alone, 'model = "all-history"\nboxes = "grid"\n')
    assert peelian("night", "--on", NIGHT, "--again", home=alone).returncode == 0
    for mine, other in zip(maps, night_maps(alone), strict=True):
        if mine["area_id"] == "North":
            assert mine["expected_in_boxes"] == pytest.approx(other["expected_in_boxes"])


def test_parameters_and_kept_places_of_the_method_reach_the_night(home: Path) -> None:
    pick(home, {"North": "kept", "South": "kept"})
    say(home, 'model = "chosen"\n')
    assert peelian("night", "--on", NIGHT, home=home).returncode == 0
    assert {(m["model"], m["keep"]) for m in night_maps(home)} == {("smoothed-counts@floating", 0.5)}
    assert all(m["stood_before"] is not None for m in night_maps(home))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (None, "no model was chosen for this night or before"),
        ({"on": "2018-04-18", "scored_until": "2017-04-18T05:00:00+00:00"}, "more than 184 days ago"),
        ({"level": "ward"}, "models were chosen for the level 'ward'"),
        ({"choices": []}, "did not judge this crime type here"),
        ({"choices": 3}, "cannot be read"),
        ({"methods": []}, "is chosen, but not among its methods"),
    ],
)
def test_without_a_sound_choice_the_fallback_draws_and_says_why(
    home: Path, change: dict[str, object] | None, reason: str
) -> None:
    if change is None:
        shutil.rmtree(home / "choices")
    else:
        rewrite(home, **change)
    say(home, 'model = "chosen"\ncrime_types = ["burglary"]\n')
    done = peelian("night", "--on", NIGHT, home=home)
    assert done.returncode == 0, done.stderr
    for told in night_maps(home):
        assert str(told["model"]).startswith("mixture")
        assert str(told["model_why"]).startswith("mixture stands in: ")
        assert reason in str(told["model_why"])


def test_a_model_that_is_no_more_is_replaced_with_the_reason(home: Path) -> None:
    (file,) = (home / "choices" / "town").glob("*.json")
    told = json.loads(file.read_text(encoding="utf-8"))
    for _, method in told["methods"]:
        method["model"] = "crystal-ball"
    file.write_text(json.dumps(told), encoding="utf-8")
    say(home, 'model = "chosen"\ncrime_types = ["burglary"]\n')
    assert peelian("night", "--on", NIGHT, home=home).returncode == 0
    assert all("no model 'crystal-ball'" in str(m["model_why"]) for m in night_maps(home))


def test_a_night_before_the_choice_does_not_know_of_it(home: Path) -> None:
    say(home, 'model = "chosen"\ncrime_types = ["burglary"]\n')
    assert peelian("night", "--on", "2018-04-17", home=home).returncode == 0
    assert all("no model was chosen" in str(m["model_why"]) for m in night_maps(home, "2018-04-17"))
