from pathlib import Path

import pytest

from peelian.errors import SettingsError
from peelian.settings import read_settings


def written(home: Path, text: str) -> Path:
    home.mkdir(exist_ok=True)
    (home / "peelian.toml").write_text(text, encoding="utf-8")
    return home


def test_home_named_wins_over_the_environment(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "a", {"PEELIAN_HOME": str(tmp_path / "b")}).home == tmp_path / "a"
    assert read_settings(None, {"PEELIAN_HOME": str(tmp_path / "b")}).home == tmp_path / "b"


def test_home_without_a_file_has_the_defaults(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, {})
    assert (settings.night.count, settings.night.cell_size_m, settings.database_url) == (10, 250.0, "")


def test_what_is_written_stands_in_place_of_the_default(tmp_path: Path) -> None:
    home = written(
        tmp_path, "workers = 3\n[night]\ncell_size_m = 500\ncrime_types = ['burglary']\n[bundles.harm]\nrobbery = 7\n"
    )
    settings = read_settings(home, {})
    assert (settings.workers, settings.night.cell_size_m, settings.night.crime_types) == (3, 500.0, ("burglary",))
    assert dict(settings.bundles["harm"]) == {"robbery": 7}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wokers = 3", "did you mean 'workers'"),
        ("[night]\ncount = 'ten'", "count = 'ten'"),
        ("[night]\ncount = true", "count = True"),
        ("[bundles.harm]\nrobbery = -1", "positive weights"),
        ("database_url = 'postgres://u:p@h/d'", "DATABASE_URL"),
        ("home = '/elsewhere'", "unknown key 'home'"),
        ("workers = ", "Mend the file"),
    ],
)
def test_wrong_setting_is_refused_with_its_mend(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(written(tmp_path, text), {})


def test_password_in_the_settings_file_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(written(tmp_path, "database_url = 'postgres://u:hush@h/d'"), {})
    assert "hush" not in str(refused.value)


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "peelian.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"peelian\.toml"):
        read_settings(tmp_path, {})
