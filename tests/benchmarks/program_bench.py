"""The program as a newcomer meets it: how long the help takes, and the demo."""

import subprocess
import sys
import tempfile
import time


def run() -> list[dict[str, object]]:
    """Return rows of name, measured, target and unit; the best of five for the help, one run for the demo."""
    helped = min(_seconds("--help") for _ in range(5))
    with tempfile.TemporaryDirectory() as home:
        demo = _seconds("demo", "--home", home)
    return [
        {"name": "peelian --help", "measured": helped, "target": 0.5, "unit": "s"},
        {"name": "demo, environment made already", "measured": demo, "target": 90.0, "unit": "s"},
    ]


def _seconds(*words: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "peelian", *words], check=True, capture_output=True)
    return time.perf_counter() - began
