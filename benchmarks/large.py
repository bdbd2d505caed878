"""A session on a volume of 6.4 GB: `python -m benchmarks.large --folder FOLDER`.

Makes a volume of 1536 x 1536 x 1365 voxels (int16) as an uncompressed NIfTI and as an OME-Zarr with
coarser levels, both mostly air and so small on the disk, and runs the same session on each, in a
process of its own: a click, a correction, a box, a mask on a slice, undo and redo, a second object,
the mask written as .nii.gz. It prints seconds, and the most memory that the process had: what it
allocated itself (`RssAnon`), and all that was resident (`VmHWM`, what `ru_maxrss` tells).
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import nibabel as nib
import numpy as np

from benchmarks.table import table
from voxclick.geometry import Box, Grid
from voxclick.types import Array, Index3

SHAPE: Index3 = (1536, 1536, 1365)
SPACING_MM = 0.3
CHUNK = 128
MIDDLE = np.array([760, 780, 690])
AXES = np.array([70, 55, 62])
"""Of the ellipsoid that is segmented, in voxels of the finest level."""


def status(field: str) -> int:
    """A figure of this process in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0


class Peak:
    """The most that the process allocated while this was open."""

    def __init__(self) -> None:
        self.bytes = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.005):
            self.bytes = max(self.bytes, status("RssAnon"))


def phantom(box: Box, step: int) -> Array:
    """The intensities in a box of a level that is so many times coarser: an ellipsoid in noise."""
    axes = np.ogrid[box.slices]
    middle = (MIDDLE + 0.5) / step - 0.5
    away = sum(
        ((axis - centre) * step / reach) ** 2
        for axis, centre, reach in zip(axes, middle, AXES, strict=True)
    )
    noise = np.random.default_rng(box.start[2]).normal(0, 12, box.shape)
    return (np.where(away <= 1, 160, 40) + noise).astype(np.int16)


def around(step: int, shape: Index3) -> Box:
    """The box of a level that holds anything."""
    reach = 3 * AXES
    start = np.maximum((MIDDLE - reach) // step, 0)
    stop = np.minimum(-(-(MIDDLE + reach) // step), shape)
    return Box(tuple(int(n) for n in start), tuple(int(n) for n in stop))


def make_nifti(path: Path) -> None:
    """The volume as a NIfTI file, of which the disk holds the part that is not air."""
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape(SHAPE)
    header.set_sform(np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1]), code=1)
    header.set_xyzt_units("mm")
    with path.open("wb") as file:
        header.write_to(file)
        file.truncate(352 + 2 * int(np.prod(SHAPE, dtype=np.int64)))
    voxels = np.memmap(path, np.int16, "r+", 352, SHAPE, order="F")
    box = around(1, SHAPE)
    voxels[box.slices] = phantom(box, 1)
    voxels.flush()


def session(path: Path, model: str, output: Path) -> dict[str, float]:
    """Run the session; seconds of each step, and bytes."""
    import voxclick as vc

    spent: dict[str, float] = {}

    def timed(step: str, work: Callable[[], object]) -> object:
        began = time.perf_counter()
        done = work()
        spent[step] = time.perf_counter() - began
        return done

    i, j, k = (int(n) for n in MIDDLE)
    with Peak() as peak:
        base = status("RssAnon")
        volume = timed("read", lambda: vc.read(path))
        work = timed("load", lambda: vc.Session(volume, model))
        timed("first click", lambda: work.add(vc.Point((i, j, k))))
        timed("correction", lambda: work.add(vc.Point((i + 90, j, k), positive=False)))
        corner, opposite = MIDDLE - AXES - 4, MIDDLE + AXES + 4
        timed("box", lambda: work.add(vc.Box(tuple(corner), tuple(opposite))))
        timed("mask on a slice", lambda: work.add(slice_prompt(volume.grid, k)))
        timed("undo, redo", lambda: (work.undo(), work.redo()))
        work.object("beside")
        timed("second object", lambda: work.add(vc.Point((i + 100, j + 90, k))))
        mask = work.mask("object_1")
        timed("write .nii.gz", lambda: vc.write(mask, output))
        spent["voxels"] = mask.voxels
    return spent | {
        "base": base,
        "allocated": peak.bytes,
        "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def slice_prompt(grid: Grid, k: int) -> object:
    """The ellipsoid's middle slice."""
    import voxclick as vc

    i, j = np.ogrid[: grid.shape[0], : grid.shape[1]]
    x, y = (i - MIDDLE[0]) / AXES[0], (j - MIDDLE[1]) / AXES[1]
    return vc.MaskPrompt.on_slices({k: x**2 + y**2 <= 1}, axis=2, grid=grid)


def main() -> None:
    """Make the volumes where they are not there yet, run each session, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the volumes are kept; else a temporary")
    parser.add_argument("--models", nargs="+", default=["geodesic", "builtin"])
    parser.add_argument("--limit-gb", type=float, help="fail where the process allocates more")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        path, model, output = given.run
        if given.limit_gb:
            most = int(given.limit_gb * 2**30)
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        print(json.dumps(session(Path(path), model, Path(output))))
        return
    with tempfile.TemporaryDirectory(prefix="voxclick-large-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        run_all(folder, given.models, given.limit_gb)


def run_all(folder: Path, models: list[str], limit_gb: float | None) -> None:
    """Every session in a process of its own."""
    volumes = {"volume.nii": make_nifti}
    for name, make in volumes.items():
        if not (folder / name).exists():
            make(folder / name)
    limit = [] if limit_gb is None else ["--limit-gb", str(limit_gb)]
    for name in volumes:
        for model in models:
            command = [sys.executable, "-m", "benchmarks.large", *limit]
            output = folder / f"{model}.nii.gz"
            done = subprocess.run(
                [*command, "--run", str(folder / name), model, str(output)],
                capture_output=True,
                text=True,
                check=False,
            )
            print(f"\n{name}, {model}")
            print(done.stderr or done.stdout)


if __name__ == "__main__":
    main()
