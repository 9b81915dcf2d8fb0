"""One home is made once and copied for each test: the program itself is what runs."""

import shutil
from pathlib import Path

import pytest
from tests.homes import make_home


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town's home, not to be changed."""
    return make_home(tmp_path_factory.mktemp("made") / "home")


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return Path(shutil.copytree(made_home, tmp_path / "home"))
