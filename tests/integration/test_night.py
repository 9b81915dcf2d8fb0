"""The nightly job as an operator meets it: the real program, a real home, SQLite and Parquet."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.homes import peelian

_HOLDER = (
    "import sys, time\nfrom pathlib import Path\nfrom peelian.store.locks import lock\n"
    "with lock(Path(sys.argv[1]), 'night'):\n    print('held', flush=True)\n    time.sleep(60)"
)
FILES = [
    "boxes.csv",
    "boxes.geojson",
    "boxes.gpkg",
    "briefing-North.pdf",
    "briefing-South.pdf",
    "index.html",
    "night.json",
    "site",
]
SAME = ("boxes.geojson", "boxes.csv", "index.html", "briefing-North.pdf")


def night_json(home: Path, night: str) -> dict[str, object]:
    value: dict[str, object] = json.loads((home / "nights" / night / "night.json").read_text(encoding="utf-8"))
    value.pop("timings")
    return value


def _published(home: Path) -> list[Path]:
    return sorted((home / "nights").glob("2018-*"))


def test_night_lands_whole_with_every_file(home: Path) -> None:
    done = peelian("night", "--on", "2018-04-20", home=home)
    assert done.returncode == 0, done.stderr
    names = sorted(p.name for p in (home / "nights" / "2018-04-20").iterdir())
    assert names == FILES


def test_same_inputs_give_the_same_bytes(home: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(home, tmp_path / "other"))
    for place in (home, other):
        assert peelian("night", "--on", "2018-04-20", home=place).returncode == 0
    for name in SAME:
        one, two = ((p / "nights" / "2018-04-20" / name).read_bytes() for p in (home, other))
        assert one == two, name
    assert night_json(home, "2018-04-20") == night_json(other, "2018-04-20")


def test_night_done_again_changes_nothing_and_made_anew_is_the_same(home: Path) -> None:
    assert peelian("night", "--on", "2018-04-20", home=home).returncode == 0
    before = {n: (home / "nights" / "2018-04-20" / n).read_bytes() for n in SAME}
    again = peelian("night", "--on", "2018-04-20", home=home)
    assert "nothing to do" in again.stdout
    anew = peelian("night", "--on", "2018-04-20", "--again", home=home)
    assert anew.returncode == 0, anew.stderr
    assert {n: (home / "nights" / "2018-04-20" / n).read_bytes() for n in SAME} == before


def test_missed_nights_are_caught_up_from_the_last_unbroken_good_one(home: Path) -> None:
    for night in ("2018-04-16", "2018-04-17"):
        assert peelian("night", "--on", night, home=home).returncode == 0
    shutil.rmtree(home / "nights" / "2018-04-17")
    done = peelian("night", "--on", "2018-04-20", "--json", home=home)
    told = json.loads(done.stdout)
    assert [o["night"] for o in told] == ["2018-04-17", "2018-04-18", "2018-04-19", "2018-04-20"]
    assert [o["maps"] for o in told] == [6] * 4, "two districts, three crime types"


def test_a_long_gap_is_caught_up_for_31_nights_and_the_rest_is_told_of(home: Path) -> None:
    assert peelian("night", "--on", "2018-04-20", home=home).returncode == 0
    with sqlite3.connect(home / "peelian.sqlite3") as database:
        database.execute("DELETE FROM purpose_card")
    told = json.loads(peelian("night", "--on", "2018-06-30", "--json", home=home).stdout)
    assert [o["night"] for o in told] == [str(date(2018, 5, 31) + timedelta(days=i)) for i in range(31)]
    left_out = "40 nights missed before it, from 2018-04-21 on, were not made: --since 2018-04-21 makes them."
    assert [left_out in str(o) for o in told] == [True] + [False] * 30
    asked = json.loads(peelian("night", "--on", "2018-06-30", "--since", "2018-05-21", "--json", home=home).stdout)
    assert len(asked) == 41


def test_published_boxes_are_what_the_next_night_is_scored_by(home: Path) -> None:
    for night in ("2018-04-19", "2018-04-20"):
        assert peelian("night", "--on", night, home=home).returncode == 0
    assert '"replayed": false' in json.dumps(night_json(home, "2018-04-20")).replace("is_replayed", "replayed")
    assert '"replayed": true' in json.dumps(night_json(home, "2018-04-19")).replace("is_replayed", "replayed")


def test_no_map_is_published_without_a_purpose_card(home: Path) -> None:
    with sqlite3.connect(home / "peelian.sqlite3") as database:
        database.execute("DELETE FROM purpose_card")
    done = peelian("night", "--on", "2018-04-20", home=home)
    assert done.returncode == 1
    assert "purpose set" in done.stdout
    assert not (home / "nights" / "2018-04-20").exists()


def test_no_map_is_published_on_an_expired_card(home: Path) -> None:
    with sqlite3.connect(home / "peelian.sqlite3") as database:
        database.execute("UPDATE purpose_card SET expires = '2018-04-19'")
    done = peelian("night", "--on", "2018-04-20", home=home)
    assert done.returncode == 1
    assert "expired on 2018-04-19" in done.stdout


def test_crime_type_without_a_card_is_withheld_and_named_beside_those_published(home: Path) -> None:
    with sqlite3.connect(home / "peelian.sqlite3") as database:
        database.execute("UPDATE purpose_card SET crime_type = 'burglary'")
    done = peelian("night", "--on", "2018-04-20", home=home)
    assert done.returncode == 0, done.stderr
    assert "withheld: larceny" in done.stdout
    assert {r["crime_type"] for r in _boxes(home, "2018-04-20")} == {"burglary"}


def test_switch_stops_every_night_until_switched_on_again(home: Path) -> None:
    assert peelian("switch", "off", "--reason", "the panel asked", "--by", "the chair", home=home).returncode == 0
    done = peelian("night", "--on", "2018-04-20", home=home)
    assert done.returncode == 1
    assert "the panel asked" in done.stdout
    assert not (home / "nights" / "2018-04-20").exists()
    assert peelian("switch", "on", "--reason", "settled", "--by", "the chair", home=home).returncode == 0
    assert peelian("night", "--on", "2018-04-20", home=home).returncode == 0


def test_switch_without_a_reason_is_refused(home: Path) -> None:
    done = peelian("switch", "off", "--reason", " ", "--by", "x", home=home)
    assert done.returncode == 2
    assert "--reason" in done.stderr


def test_night_before_the_first_record_fails_with_its_reason(home: Path) -> None:
    done = peelian("night", "--on", "2017-01-01", home=home)
    assert done.returncode == 1
    assert "no event was known" in done.stdout


def test_home_without_events_says_what_to_do(tmp_path: Path) -> None:
    done = peelian("night", "--on", "2018-04-20", home=tmp_path)
    assert done.returncode == 1
    assert "peelian ingest" in done.stderr
    assert "Traceback" not in done.stderr


def test_second_night_at_the_same_time_is_turned_away(home: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _HOLDER,
            str(home),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline().strip() == "held"
        done = peelian("night", "--on", "2018-04-20", home=home)
        assert done.returncode == 1
        assert f"process {holder.pid}" in done.stderr
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


@pytest.mark.parametrize("after_s", np.random.default_rng(5).uniform(0.0, 1.0, 3).round(2))
def test_killed_at_any_instant_it_leaves_finished_nights_or_none_and_the_next_start_completes(
    home: Path, after_s: float
) -> None:
    for standing in range(3):
        run = subprocess.Popen(
            [sys.executable, "-m", "peelian", "night", "--on", "2018-04-20", "--since", "2018-04-18"],
            env=os.environ | {"PEELIAN_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # Before the first night, between the nights and before the last: on a slow machine as on a quick one.
        while run.poll() is None and len(_published(home)) < standing:
            time.sleep(0.01)
        time.sleep(after_s)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        for night in _published(home):
            assert sorted(p.name for p in night.iterdir()) == FILES, night
            json.loads((night / "night.json").read_text(encoding="utf-8"))
    done = peelian("night", "--on", "2018-04-20", "--since", "2018-04-18", home=home)
    assert done.returncode == 0, done.stderr + done.stdout
    assert sorted(p.name for p in (home / "nights").iterdir()) == ["2018-04-18", "2018-04-19", "2018-04-20"]
    with sqlite3.connect(home / "peelian.sqlite3") as database:
        statuses = dict(database.execute("SELECT status, count(*) FROM night_run GROUP BY status").fetchall())
        boxes = database.execute("SELECT night, count(*) FROM published_box GROUP BY night").fetchall()
    assert "running" not in statuses
    assert len({n for _, n in boxes}) == 1


@pytest.mark.parametrize("free_kb", [30, 90, 300])
def test_full_disk_ends_in_a_clear_error_and_nothing_half_written(home: Path, tmp_path: Path, free_kb: int) -> None:
    small = tmp_path / "small"
    small.mkdir()
    used_kb = sum(p.stat().st_size for p in home.rglob("*") if p.is_file()) // 1024 + 80
    mount = ["mount", "-t", "tmpfs", "-o", f"size={used_kb + free_kb}k", "tmpfs", str(small)]
    mounted = subprocess.run(mount, check=False, capture_output=True)
    if mounted.returncode:
        reason = f"this machine mounts no small disk here: {mounted.stderr.decode().strip()}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        shutil.copytree(home, small / "home")
        _fails_for_want_of_room(small / "home")
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_file_that_may_not_grow_ends_in_a_clear_error_and_nothing_half_written(home: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000)); "
    run = "import sys; sys.argv[0] = 'peelian'; from peelian.__main__ import main; main()"
    _fails_for_want_of_room(home, [sys.executable, "-c", limit + run])


def _fails_for_want_of_room(home: Path, program: list[str] | None = None) -> None:
    words = ["night", "--on", "2018-04-20", "--home", str(home)]
    done = subprocess.run(
        [*(program or [sys.executable, "-m", "peelian"]), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PEELIAN_DEBUG": ""},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "full" in said
    assert "Traceback" not in said
    assert "fault in Peelian" not in said
    assert not [p.name for p in (home / "nights").glob("*")]


def test_unknown_setting_is_refused_with_the_nearest_known(home: Path) -> None:
    (home / "peelian.toml").write_text("[night]\ncuont = 5\n", encoding="utf-8")
    done = peelian("night", "--on", "2018-04-20", home=home)
    assert done.returncode == 1
    assert "did you mean 'count'" in done.stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [(("--on", "yesterday"), 2), (("--boks", "grid"), 2), (("--model", "oracle", "--on", "2018-04-20"), 1)],
    ids=str,
)
def test_wrong_words_are_answered_in_a_sentence(home: Path, words: tuple[str, ...], status: int) -> None:
    done = peelian("night", *words, home=home)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert done.stderr or done.stdout


def test_a_crime_type_of_which_nothing_is_on_record_has_no_map(home: Path) -> None:
    alone = peelian("night", "--on", "2018-04-20", "--crime-type", "buglary", home=home)
    assert alone.returncode == 1
    assert "no crime of the type 'buglary' is on record; there are burglary" in " ".join(alone.stdout.split())
    beside = peelian("night", "--on", "2018-04-20", "--crime-type", "buglary", "--crime-type", "burglary", home=home)
    assert beside.returncode == 0, beside.stderr
    assert "withheld: buglary: no crime of this type is on record" in beside.stdout
    assert {r["crime_type"] for r in _boxes(home, "2018-04-20")} == {"burglary"}


def test_night_at_another_level_speaks_of_the_whole_force(home: Path) -> None:
    done = peelian("night", "--on", "2018-04-20", "--level", "force", home=home)
    assert done.returncode == 0, done.stderr
    assert len({r["area_id"] if "area_id" in r else r["area"] for r in _boxes(home, "2018-04-20")}) == 1


def test_bundle_of_weighted_types_is_forecast_beside_the_types(home: Path) -> None:
    (home / "peelian.toml").write_text(
        "[night]\nreplay_nights = 2\ncount = 3\ncrime_types = ['burglary']\n"
        "[bundles.harm]\nburglary = 1\nrobbery = 7.5\n",
        encoding="utf-8",
    )
    done = peelian("night", "--on", "2018-04-20", home=home)
    assert done.returncode == 0, done.stderr
    assert {r["crime_type"] for r in _boxes(home, "2018-04-20")} == {"burglary", "harm"}


def test_doctor_says_what_is_well_and_what_wants_mending(home: Path) -> None:
    assert peelian("night", "--on", "2018-04-20", home=home).returncode == 0
    done = peelian("doctor", home=home)
    assert done.returncode == 1
    assert "The feed is late" in done.stdout
    assert "well  British grid" in done.stdout
    assert "2018-04-20 is the newest of 1 published" in done.stdout


def test_doctor_of_no_home_does_not_make_one(tmp_path: Path) -> None:
    done = peelian("doctor", home=tmp_path / "none")
    assert done.returncode == 1
    assert not (tmp_path / "none").exists()


def _boxes(home: Path, night: str) -> list[dict[str, object]]:
    features = json.loads((home / "nights" / night / "boxes.geojson").read_text(encoding="utf-8"))["features"]
    return [f["properties"] for f in features]
