"""One thing that is measured, in a process of its own: `python -m benchmarks.scenario`.

It prints one JSON object: `seconds`, a list; `peak_mib`, what the process held at most;
`voxels`, the size of the object where there is one.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import voxclick as vc
from benchmarks.scan import INSIDE, INSIDE_TOO, compressed, place

WARM_REPEATS = 7


def timed(work: Callable[[], Any], repeats: int = 1) -> list[float]:
    """Seconds of each of the repeats; what the work gives is dropped after the clock stops."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        kept = work()
        seconds.append(time.perf_counter() - started)
        del kept
    return seconds


class Bench:
    """A scan on disk and the clicks in it.

    Args:
        scan: Path of the volume.
        shape: Its shape.
        folder: Where results may be written.
    """

    def __init__(self, scan: Path, shape: tuple[int, int, int], folder: Path) -> None:
        self.scan, self.folder = scan, folder
        self.first = vc.Point(place(shape, INSIDE))
        self.second = vc.Point(place(shape, INSIDE_TOO))
        self.voxels = 0

    def read(self) -> list[float]:
        """Reading the file."""
        return timed(partial(vc.read, self.scan))

    def read_compressed(self) -> list[float]:
        """Reading the file compressed."""
        return timed(partial(vc.read, compressed(self.scan)))

    def load(self) -> list[float]:
        """Loading the model: PyTorch and numba come in here."""
        return timed(partial(vc.load, device="cpu"))

    def open(self) -> list[float]:
        """A session on a volume that is in memory, with a model that is loaded."""
        volume, model, opened = vc.read(self.scan), vc.load(device="cpu"), vc.Session
        return timed(partial(opened, volume, model))

    def first_click_cold(self) -> list[float]:
        """The first click of a process."""
        session = vc.Session(vc.read(self.scan), vc.load(device="cpu"))
        return timed(partial(self._click, session))

    def first_click_warm(self) -> list[float]:
        """The first click of a session in a process that has answered one before."""
        session = self._clicked()
        seconds = []
        for _ in range(WARM_REPEATS):
            fresh = vc.Session(session.volume, session.segmenter)
            seconds += timed(partial(self._click, fresh))
        return seconds

    def next_click(self) -> list[float]:
        """The second click of an object."""
        session = self._clicked()
        seconds = []
        for _ in range(WARM_REPEATS):
            seconds += timed(partial(session.add, self.second))
            session.undo()
        return seconds

    def undo(self) -> list[float]:
        """Taking a click back."""
        session = self._clicked()
        seconds = []
        for _ in range(WARM_REPEATS):
            seconds += timed(session.undo)
            session.redo()
        return seconds

    def redo(self) -> list[float]:
        """Doing it again."""
        session = self._clicked()
        seconds = []
        for _ in range(WARM_REPEATS):
            session.undo()
            seconds += timed(session.redo)
        return seconds

    def mask(self) -> list[float]:
        """A copy of the object's mask."""
        session = self._clicked()
        return timed(session.mask, repeats=3)

    def save(self) -> list[float]:
        """Writing the mask as .nii.gz."""
        mask = self._clicked().mask()
        return timed(partial(vc.write, mask, self.folder / "mask.nii.gz"))

    def _clicked(self) -> "vc.Session":
        session = vc.Session(vc.read(self.scan), vc.load(device="cpu"))
        self._click(session)
        return session

    def _click(self, session: "vc.Session") -> None:
        # counted in the box that changed: a copy of the mask would be measured along
        self.voxels = int(session.add(self.first).mask.sum())


SCENARIOS = (
    "read",
    "read_compressed",
    "load",
    "open",
    "first_click_cold",
    "first_click_warm",
    "next_click",
    "undo",
    "redo",
    "mask",
    "save",
)
"""Names of the methods of `Bench` that measure something, in the order of a session."""


def main() -> None:
    """Measure one scenario and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=SCENARIOS)
    parser.add_argument("scan", type=Path)
    parser.add_argument("shape", type=int, nargs=3)
    arguments = parser.parse_args()
    i, j, k = arguments.shape
    bench = Bench(arguments.scan, (i, j, k), arguments.scan.parent)
    seconds = getattr(bench, arguments.name)()
    # kilobytes on Linux, bytes on macOS
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    found = {"seconds": np.round(seconds, 6).tolist(), "peak_mib": peak, "voxels": bench.voxels}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
