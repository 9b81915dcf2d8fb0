"""``./run bench [NAME...]``: every figure of the documentation, measured on this machine in this run.

Names are the files beside this one without ``_bench``. ``--data DIR`` says where the full data sets are (default: the
folder ``shared/data`` beside the clone); what is not there is left out and said.
"""

import argparse
import importlib.util
import inspect
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run each benchmark in a process of its own, so that peak memory is its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.alone:
        print(json.dumps(_run_one(words.alone, words.data)))
        return 0
    known = sorted(p.stem.removesuffix("_bench") for p in HERE.glob("*_bench.py"))
    unknown = [n for n in words.names if n not in known]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; known are {', '.join(known)}")
    rows = []
    failed = 0
    for name in words.names or known:
        done = subprocess.run(
            [sys.executable, __file__, "--alone", name, "--data", str(words.data)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            failed += 1
            print(f"{name} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
            continue
        rows += json.loads(done.stdout.splitlines()[-1])
    if words.json:
        print(json.dumps({"machine": machine(), "rows": rows}, indent=2))
    else:
        _print(rows)
    return 1 if failed else 0


def machine() -> str:
    """Name this machine: a figure without it means nothing."""
    model = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        names = [line.split(":")[1].strip() for line in cpu.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    return f"{os.cpu_count()} x {model}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def _run_one(name: str, data: Path) -> list[dict[str, object]]:
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}_bench.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    takes = inspect.signature(module.run).parameters
    extract = data / "london-street-crime-2016-2017"
    rows: list[dict[str, object]] = (
        module.run(extract) if "extract" in takes else module.run(data) if "data" in takes else module.run()
    )
    return rows


def _print(rows: list[dict[str, object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=machine(), title_justify="left")
    for column in ("figure", "measured", "target", "unit"):
        table.add_column(column, justify="left" if column in ("figure", "unit") else "right")
    for row in rows:
        measured, target = row["measured"], row.get("target")
        table.add_row(
            str(row["name"]), _number(measured), "" if target is None else _number(target), str(row.get("unit", ""))
        )
    Console(width=140).print(table)


def _number(value: object) -> str:
    return f"{value:,.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
