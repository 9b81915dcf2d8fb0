"""Which nights there are: asked of the disk once, and again whenever the folder of nights changes."""

import json
import os
from datetime import date
from pathlib import Path

from peelian.store.night_folders import NightFolders


def _publish(home: Path, name: str, force: str) -> None:
    folder = home / "nights" / name
    folder.mkdir(parents=True)
    (folder / "night.json").write_text(json.dumps({"force": {"id": force}}), encoding="utf-8")


def _settle(home: Path) -> None:
    """Let the folder of nights have changed an hour ago, each time at another instant."""
    root = home / "nights"
    at = root.stat().st_mtime_ns - 3_600_000_000_000
    os.utime(root, ns=(at, at))


def test_a_night_that_comes_or_goes_is_seen(tmp_path: Path) -> None:
    nights = NightFolders(tmp_path)
    assert nights.nights() == ()
    (tmp_path / "nights" / "2018-02-30").mkdir(parents=True)  # no day: somebody's own copy
    _publish(tmp_path, "2018-12-20", "town")
    _settle(tmp_path)
    assert nights.nights() == nights.nights() == (date(2018, 12, 20),)
    _publish(tmp_path, "2018-12-21", "town")
    assert nights.nights() == (date(2018, 12, 21), date(2018, 12, 20))
    _settle(tmp_path)
    assert nights.nights() == (date(2018, 12, 21), date(2018, 12, 20))
    (tmp_path / "nights" / "2018-12-20").rename(tmp_path / "gone")
    assert nights.nights() == (date(2018, 12, 21),)


def test_a_force_that_comes_into_an_empty_day_is_seen_though_the_folder_of_nights_did_not_change(
    tmp_path: Path,
) -> None:
    nights = NightFolders(tmp_path)
    (tmp_path / "nights" / "2018-12-21").mkdir(parents=True)
    _settle(tmp_path)
    assert nights.nights() == ()
    _publish(tmp_path, "2018-12-21/town", "town")
    _settle(tmp_path)
    assert nights.nights() == (date(2018, 12, 21),)


def test_a_night_that_is_being_written_beside_others_is_no_force(tmp_path: Path) -> None:
    _publish(tmp_path, "2018-12-21/.making-town", "town")
    assert NightFolders(tmp_path).forces(date(2018, 12, 21)) == ()
    assert NightFolders(tmp_path).nights() == ()
