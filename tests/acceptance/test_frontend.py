"""The scripts' own tests: pure functions of the patrol page and the map, run by vitest."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import needs

FRONTEND = Path(__file__).parents[2] / "frontend"


def test_scripts_pass_their_own_tests() -> None:
    needs("npm", "nodejs")
    if not (FRONTEND / "node_modules").is_dir():
        pytest.fail("frontend/node_modules is not there; ./run test makes it.")
    npm = shutil.which("npm")
    assert npm is not None
    done = subprocess.run([npm, "run", "--silent", "test"], cwd=FRONTEND, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_lock_file_of_the_scripts_names_no_host() -> None:
    lock = (FRONTEND / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert "://" not in lock
