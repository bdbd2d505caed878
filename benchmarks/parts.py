"""The two halves of a model, on one view: `python -m benchmarks.parts`.

Encoding a view of 64 x 64 x 64 voxels of the packaged head, and answering a prompt on it once it is
encoded: the first, and a correction of what is there. Median wall time of some rounds.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

import voxclick as vc
from benchmarks.scan import CROP, INSIDE, INSIDE_TOO
from voxclick.geometry import Box
from voxclick.models import MODELS
from voxclick.models.weights import presence
from voxclick.preprocess import View
from voxclick.types import Index3

Rounds = dict[str, list[float]]


def timed(rounds: Rounds, part: str, work: Callable[[], object]) -> None:
    """Do something and note how long it took."""
    began = time.perf_counter()
    work()
    rounds.setdefault(part, []).append(time.perf_counter() - began)


def head(voxel: Index3) -> Index3:
    """A voxel of the crop, in the whole head."""
    i, j, k = (start + place for start, place in zip(CROP.start, voxel, strict=True))
    return (i, j, k)


def measure(name: str, repeats: int) -> Rounds:
    """Seconds of each part of a model, a value a round; the first round is left out."""
    volume, model = vc.sample(), vc.load(name, "cpu")
    at, further = head(INSIDE), head(INSIDE_TOO)
    focus = Box(at, (at[0] + 1, at[1] + 1, at[2] + 1))
    view = View.of(volume, model.spec.look(volume.grid, focus, 0), model.device)
    first = view.take([vc.Point(at)])
    both = view.take([vc.Point(at), vc.Point(further)])
    embedding = model.embed(view)
    found = (model.decode(embedding, first, None) > 0).float()
    rounds: Rounds = {}
    for _ in range(repeats + 1):
        timed(rounds, "encode", lambda: model.embed(view))
        timed(rounds, "first answer", lambda: model.decode(embedding, first, None))
        timed(rounds, "correction", lambda: model.decode(embedding, both, found))
    return {part: seconds[1:] for part, seconds in rounds.items()}


def main() -> None:
    """Print a table of all models whose weights are here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| | encode a view | first answer | correction |\n|---|---:|---:|---:|")
    for row in filter(lambda row: presence(row) != "absent", MODELS):
        rounds = measure(row.name, repeats)
        cells = [f"{1000 * statistics.median(seconds):.0f} ms" for seconds in rounds.values()]
        print(f"| `{row.name}` | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
