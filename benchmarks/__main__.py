"""Measure everything and write a table: `python -m benchmarks` (or `make bench`).

Each scenario runs in processes of its own, so that its peak memory is its own; what is told is
the median over processes and repeats.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.scan import SIZES
from benchmarks.scenario import SCENARIOS
from benchmarks.table import ratios, startup_table, table

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = ("voxclick", "torch", "numpy", "numba", "nibabel", "SimpleITK")
STARTUP = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import voxclick'": [sys.executable, "-c", "import voxclick"],
    "voxclick --help": [str(Path(sys.executable).with_name("voxclick")), "--help"],
}


def run(arguments: list[str]) -> str:
    """What a command printed.

    Raises:
        RuntimeError: If it fails; the message is what it said.
    """
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} failed with {done.returncode}:\n{done.stderr}")
    return done.stdout


def measure(name: str, scans: Mapping[str, Path], repeats: int) -> list[dict[str, Any]]:
    """One scenario on every scan: median seconds, peak memory, and how many were measured.

    The sizes take turns, so that whatever else the machine does falls on all of them alike.
    """
    runs: dict[str, list[dict[str, Any]]] = {size: [] for size in scans}
    for _ in range(repeats):
        for size, scan in scans.items():
            shape = [str(n) for n in SIZES[size]]
            command = [sys.executable, "-m", "benchmarks.scenario", name, str(scan), *shape]
            runs[size].append(json.loads(run(command)))
    return [_row(name, size, found) for size, found in runs.items()]


def _row(name: str, size: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    seconds = [s for found in runs for s in found["seconds"]]
    return {
        "scenario": name,
        "size": size,
        "seconds": statistics.median(seconds),
        "fastest": min(seconds),
        "slowest": max(seconds),
        "measured": len(seconds),
        "peak_mib": max(found["peak_mib"] for found in runs),
        "voxels": runs[0]["voxels"],
    }


def measure_startup(repeats: int) -> list[dict[str, Any]]:
    """Wall time of the commands that load no model."""
    rows = []
    for name, command in STARTUP.items():
        seconds = []
        for _ in range(max(3, repeats)):
            started = time.perf_counter()
            run(command)
            seconds.append(time.perf_counter() - started)
        rows.append({"command": name, "seconds": statistics.median(seconds)})
    return rows


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].split(":", 1)[1].strip() if models else cpu
    versions = {name: version(name) for name in PACKAGES}
    return {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        **versions,
    }


def main() -> None:
    """Measure, print a line a scenario, and write the table and the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--repeats", type=int, default=3, help="processes a scenario (default 3)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    startup = measure_startup(arguments.repeats)
    with tempfile.TemporaryDirectory() as folder:
        scans = {size: Path(folder) / f"{size}.nii" for size in arguments.sizes}
        for size, scan in scans.items():
            run([sys.executable, "-m", "benchmarks.scan", str(scan), *map(str, SIZES[size])])
        for name in arguments.scenarios:
            for row in measure(name, scans, arguments.repeats):
                told = f"{row['seconds']:9.4f} s {row['peak_mib']:7.0f} MiB"
                print(f"{name:<18} {row['size']:>14} {told}", flush=True)
                rows.append(row)
    arguments.results.mkdir(parents=True, exist_ok=True)
    written = {"machine": machine(), "startup": startup, "rows": rows, "ratios": ratios(rows)}
    (arguments.results / "benchmarks.json").write_text(json.dumps(written, indent=1))
    report = f"{startup_table(startup)}\n{table(rows)}"
    (arguments.results / "benchmarks.md").write_text(report)
    print(f"\n{report}\nWritten to {arguments.results}")


if __name__ == "__main__":
    main()
