"""What one view of a model costs, in a process of its own: `python -m benchmarks.book.cost MODEL`.

Every model gets the same two clicks on the packaged head, the first view that it would choose,
and the mask that it found so far. It prints one JSON object: seconds by part, `peak_mib` of the
process, and `idle_mib` before the model was loaded.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import voxclick as vc
from benchmarks.parts import Rounds, head, timed
from benchmarks.scan import INSIDE
from voxclick.geometry import Box
from voxclick.models.base import Embedding, SliceSegmenter
from voxclick.preprocess import View

ROUNDS = 9
PATIENCE_S = 60.0
"""A part that took so long in all is not measured again."""


def measure(model: str | Path) -> dict[str, Any]:
    """Seconds of each part of a model, and the memory of this process."""
    volume = vc.sample()
    idle = _peak_mib()
    segmenter = vc.load(model, "cpu")
    i, j, k = head(INSIDE)
    if isinstance(segmenter, SliceSegmenter):
        grid = segmenter.slice_grid(volume.grid, 2, k)
    else:
        focus = Box((i, j, k), (i + 1, j + 1, k + 1))
        grid = segmenter.spec.look(volume.grid, focus, segmenter.spec.start)
    view = View.of(volume, grid, segmenter.device)
    points = [vc.Point((i, j, k)), vc.Point((i + 1, j + 7, k))]
    prompts = view.take(points)
    first = segmenter.decode(segmenter.embed(view), prompts[:1], None)
    found = (first > 0).float()
    rounds: Rounds = {}
    began = time.perf_counter()
    for _ in range(ROUNDS):
        kept: list[Embedding] = []  # new in each round: some remember what they answered
        timed(rounds, "encode", lambda kept=kept: kept.append(segmenter.embed(view)))
        (seen,) = kept
        timed(rounds, "first answer", lambda seen=seen: segmenter.decode(seen, prompts[:1], None))
        timed(rounds, "correction", lambda seen=seen: segmenter.decode(seen, prompts, found))
        if time.perf_counter() - began > PATIENCE_S:
            break
    return {"seconds": rounds, "peak_mib": _peak_mib(), "idle_mib": idle}


def _peak_mib() -> float:
    # kilobytes on Linux, bytes on macOS
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    """Print what one model costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    print(json.dumps(measure(parser.parse_args().model)))


if __name__ == "__main__":
    main()
