"""A session on a volume of 6.4 GB: `python -m benchmarks.large --folder FOLDER`.

Makes a volume of 1536 x 1536 x 1365 voxels (int16) as an uncompressed NIfTI, mostly air and so
small on the disk, converts it to an OME-Zarr with coarser levels, and runs the same session on
each, in a process of its own: clicks, a box, a mask on a slice, undo and redo, a second and large
object, and the masks written. It prints seconds, the most memory that the process allocated
(`RssAnon`), and the most that was resident (`ru_maxrss`, with the pages of files and libraries).
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import nibabel as nib
import numpy as np

from voxclick.geometry import Box, Grid
from voxclick.types import Array, Index3

Figures: TypeAlias = dict[str, float]

SHAPE: Index3 = (1536, 1536, 1365)
SPACING_MM = 0.3
MIDDLE = np.array([1000, 980, 690])
SMALL = (MIDDLE, np.array([70, 55, 62]))
LARGE = (np.array([420, 430, 450]), np.array([200, 180, 190]))
"""Middle and half axes of the two ellipsoids, in voxels: 42 and 120 mm long."""


def status(field: str) -> int:
    """A figure of this process in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0


class Watch:
    """Seconds of each step, and the most memory while it was open."""

    def __init__(self) -> None:
        self._seconds: Figures = {}
        self._allocated = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
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

    def time(self, step: str, work: Callable[[], Any]) -> Any:
        """Do something and note how long it took."""
        began = time.perf_counter()
        done = work()
        self._seconds[f"{step}, s"] = time.perf_counter() - began
        return done

    def figures(self) -> Figures:
        """What was noted; memory in GiB."""
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        memory = {"allocated, GiB": self._allocated / 2**30, "resident (maxrss), GiB": resident}
        return self._seconds | memory

    def _look(self) -> None:
        while not self._done.wait(0.005):
            self._allocated = max(self._allocated, status("RssAnon"))


def draw(voxels: Array, middle: Array, axes: Array) -> None:
    """Put an ellipsoid in noise into a volume of air, slab by slab."""
    start, stop = middle - 3 * axes // 2, middle + 3 * axes // 2
    whole = Box(tuple(start.tolist()), tuple(stop.tolist()))
    for k in range(whole.start[2], whole.stop[2], 16):
        box = Box((*whole.start[:2], k), (*whole.stop[:2], k + 16)).intersection(whole)
        places = np.ogrid[box.slices]
        parts = (((p - m) / r) ** 2 for p, m, r in zip(places, middle, axes, strict=True))
        noise = np.random.default_rng(k).normal(0, 12, box.shape)
        voxels[box.slices] = np.where(sum(parts) <= 1, 160, 40) + noise


def make_nifti(folder: Path) -> Path:
    """The volume as a NIfTI file, of which the disk holds the part that is not air."""
    path = folder / "volume.nii"
    if not path.exists():
        header = nib.Nifti1Header()
        header.set_data_dtype(np.int16)
        header.set_data_shape(SHAPE)
        header.set_sform(np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1]), code=1)
        header.set_xyzt_units("mm")
        with path.open("wb") as file:
            header.write_to(file)
            file.truncate(352 + 2 * int(np.prod(SHAPE, dtype=np.int64)))
        voxels = np.memmap(path, np.int16, "r+", 352, SHAPE, order="F")
        for middle, axes in (SMALL, LARGE):
            draw(voxels, middle, axes)
        voxels.flush()
    return path


def convert(path: Path, output: Path) -> Figures:
    """Write the volume as OME-Zarr."""
    import voxclick as vc

    watch = Watch()
    with watch:
        watch.time("NIfTI to OME-Zarr", lambda: vc.write(vc.read(path), output))
    return watch.figures()


def session(path: Path, model: str, output: Path) -> Figures:
    """Run the session; seconds of each step, and bytes."""
    import voxclick as vc

    watch = Watch()
    i, j, k = SMALL[0].tolist()
    with watch:
        volume = watch.time("read", lambda: vc.read(path))
        work = watch.time("load the model", lambda: vc.Session(volume, model))
        watch.time("first click", lambda: work.add(vc.Point((i, j, k))))
        beside = vc.Point((i + 85, j, k), positive=False)
        watch.time("negative click", lambda: work.add(beside))
        watch.time("box", lambda: work.add(vc.Box(*frame(SMALL))))
        watch.time("mask on a slice", lambda: work.add(slice_prompt(volume.grid)))
        watch.time("undo and redo", lambda: (work.undo(), work.redo()))
        work.object("large")
        watch.time("box around the large", lambda: work.add(vc.Box(*frame(LARGE))))
        mask = watch.time("mask", lambda: work.mask("object_1"))
        watch.time("write .nii.gz", lambda: vc.write(mask, output))
        watch.time("write .ome.zarr", lambda: vc.write(work.labelmap(), fresh(output)))
    found = {"small": overlap(mask, SMALL), "large": overlap(work.mask("large"), LARGE)}
    return watch.figures() | {f"Dice of the {name}": n for name, n in found.items()}


def frame(ellipsoid: tuple[Array, Array]) -> list[Any]:
    """The corners of a box a little wider than an ellipsoid."""
    middle, axes = ellipsoid
    return [tuple(corner.tolist()) for corner in (middle - axes - 4, middle + axes + 4)]


def fresh(output: Path) -> Path:
    """Where the label image goes, with nothing there."""
    folder = output.with_name("labels.ome.zarr")
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def overlap(mask: Any, ellipsoid: tuple[Array, Array]) -> float:
    """The Dice of a mask with the ellipsoid that it should be."""
    middle, axes = ellipsoid
    box = mask.box
    places = np.ogrid[box.slices]
    parts = (((p - m) / r) ** 2 for p, m, r in zip(places, middle, axes, strict=True))
    both = np.count_nonzero(mask.kept[box.slices] & (sum(parts) <= 1))
    return float(2 * both / (mask.voxels + 4 / 3 * np.pi * axes.prod()))


def slice_prompt(grid: Grid) -> Any:
    """The small ellipsoid's middle slice."""
    import voxclick as vc

    (x, y, k), (a, b, _) = SMALL
    i, j = np.ogrid[: grid.shape[0], : grid.shape[1]]
    inside = ((i - x) / a) ** 2 + ((j - y) / b) ** 2 <= 1
    return vc.MaskPrompt.on_slices({int(k): inside}, axis=2, grid=grid)


def run_all(folder: Path, models: list[str], limit_gb: float | None) -> None:
    """Every part in a process of its own, and a table of each."""
    path = make_nifti(folder)
    zarr = folder / "volume.ome.zarr"
    if not zarr.exists():
        show("conversion", path, "", zarr, limit_gb)
    for volume in (path, zarr):
        for model in models:
            show(f"{volume.name}, {model}", volume, model, folder / f"{model}.nii.gz", limit_gb)


def show(title: str, path: Path, model: str, output: Path, limit_gb: float | None) -> None:
    """Run one part and print its figures."""
    limit = [] if limit_gb is None else ["--limit-gb", str(limit_gb)]
    told = ["--run", str(path), model, str(output)]
    command = [sys.executable, "-m", "benchmarks.large", *limit, *told]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    print(f"\n{title}\n")
    if done.returncode:
        print(done.stderr)
        return
    for name, figure in json.loads(done.stdout).items():
        print(f"  {name:34s} {figure:.2f}")


def main() -> None:
    """Make the volumes where they are not there yet, run each session, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the volumes are kept; else a temporary")
    parser.add_argument("--models", nargs="+", default=["geodesic", "builtin"])
    parser.add_argument("--limit-gb", type=float, help="a process that allocates more fails")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        path, model, output = Path(given.run[0]), given.run[1], Path(given.run[2])
        if given.limit_gb:
            most = int(given.limit_gb * 2**30)
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        print(json.dumps(session(path, model, output) if model else convert(path, output)))
        return
    with tempfile.TemporaryDirectory(prefix="voxclick-large-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        run_all(folder, given.models, given.limit_gb)


if __name__ == "__main__":
    main()
