"""Folders that appear whole: whoever reads meanwhile finds the old one or the new one, never none."""

import threading
from collections.abc import Iterator
from pathlib import Path

from peelian.store import folders
from peelian.store.folders import mend_folders, publish_folder


def _files(number: int) -> Iterator[tuple[str, bytes]]:
    for name in ("night.json", "site/borough/index.json"):
        yield name, str(number).encode()


def test_who_reads_while_a_folder_is_replaced_always_finds_it(tmp_path: Path) -> None:
    night, faults, stop = tmp_path / "2018-12-21", [], threading.Event()
    publish_folder(night, _files(0))

    def read() -> None:
        while not stop.is_set():
            try:
                int((night / "night.json").read_bytes())
                int((night / "site" / "borough" / "index.json").read_bytes())
            except (OSError, ValueError) as error:
                faults.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 80):
        publish_folder(night, _files(number))
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert (night / "night.json").read_bytes() == b"79"
    assert [p.name for p in tmp_path.iterdir()] == ["2018-12-21"]


def test_a_disk_that_cannot_exchange_names_still_replaces_the_folder_whole(tmp_path: Path) -> None:
    night = tmp_path / "2018-12-21"
    for number in (1, 2):
        making = tmp_path / ".making-2018-12-21"
        publish_folder(making, _files(number))
        folders._replace(making, night)
        assert (night / "night.json").read_bytes() == str(number).encode()
    mend_folders(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["2018-12-21"]


def test_what_a_killed_exchange_left_is_cleared_and_the_new_folder_stands(tmp_path: Path) -> None:
    night, making = tmp_path / "2018-12-21", tmp_path / ".making-2018-12-21"
    publish_folder(night, _files(1))
    publish_folder(making, _files(2))
    assert folders._exchange(making, night)
    mend_folders(tmp_path)  # as the next start does
    assert [p.name for p in tmp_path.iterdir()] == ["2018-12-21"]
    assert (night / "night.json").read_bytes() == b"2"
