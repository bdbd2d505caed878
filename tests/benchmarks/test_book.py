"""The benchmark book, run as its reader runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def book(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.book", "--scored-only", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.data
def test_one_page_tells_quality_waiting_sizes_grids_and_cost(
    tmp_path: Path, data_dir: Path
) -> None:
    options = ("--limit", "2", "--clicks", "3", "--max-objects", "1", "--models", "geodesic")
    done = book(str(data_dir / "msd_hippocampus"), *options, "--results", str(tmp_path))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "README.md").read_text()
    for title in ("Quality", "Waiting and memory", "By size", "By anisotropy", "One view"):
        assert f"## {title}" in page
    quality = page.partition("## Quality")[2].partition("## ")[0]
    (row,) = [line for line in quality.splitlines() if line.startswith("| `geodesic`")]
    dice = [float(cell.split()[0]) for cell in row.split("|")[2:5]]
    assert all(0 < value <= 1 for value in dice)
    assert (tmp_path / "curves.png").stat().st_size > 10_000


def test_data_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    done = book(str(tmp_path / "nowhere"), "--models", "geodesic", "--results", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0
    assert "nowhere" in done.stderr
    assert not (tmp_path / "README.md").exists()
