"""Builds the site's scripts into the package when a wheel or sdist is made; an editable install leaves it to ./run."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontendHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling's own name for its configuration
    """Runs ``npm ci`` and ``npm run build`` where the built scripts are not there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the files are gathered."""
        del build_data
        root = Path(self.root)
        built = root / "src" / "peelian" / "site" / "static" / "built" / "manifest.json"
        if version == "editable" or built.exists():
            return
        npm = shutil.which("npm")
        if npm is None:
            message = "npm is needed to build the site's scripts; install Node.js 20 or newer."
            raise RuntimeError(message)
        for words in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([npm, *words], cwd=root / "frontend", check=True)  # noqa: S603 - our own words
