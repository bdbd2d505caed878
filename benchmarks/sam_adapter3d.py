"""Measure 3DSAM-adapter: `python -m benchmarks.sam_adapter3d [--full] [--crop 64] [--plain]`.

Work is counted on tensors without values, at the published size. Seconds and peak memory are those
of a process of its own with random weights; a small network has 32 channels for 768.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.plain_adapter3d import forward
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.sizes import Sizes

SMALL = Sizes(embed=32, heads=2, hidden=128, bottleneck=16, neck=32, prompt_hidden=64, head=16)
LATER = 5
T = TypeVar("T")


def work(crop: int) -> dict[str, float]:
    """Floating point operations at the published size, in units of 10^12."""
    with torch.device("meta"):
        network = Network()
        image, click = torch.zeros(1, 1, crop, crop, crop), torch.zeros(1, 3)
    found = {}
    with torch.no_grad():
        encoded = network.encode(image)
        for name, one in (
            ("plain, each click", lambda: forward(network, image, click)),
            ("ours, once a crop", lambda: network.encode(image)),
            ("ours, each click", lambda: network.decode(encoded, click)),
        ):
            with FlopCounterMode(display=False) as counter:
                one()
            found[name] = counter.get_total_flops() / 1e12
    return found


def measured(full: bool, crop: int, plain: bool, dtype: torch.dtype) -> dict[str, float]:
    """Seconds (and those of all cores together) and peak memory of one process."""
    torch.manual_seed(0)
    network = Network(None if full else SMALL).eval().requires_grad_(False)
    image = torch.randn(1, 1, crop, crop, crop)
    clicks = torch.rand(LATER + 1, 1, 3) * (crop - 1)
    found: dict[str, float] = {}
    with torch.inference_mode(), torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        if plain:
            logits = timed(found, "each click", lambda: forward(network, image, clicks[0]))
        else:
            encoded = timed(found, "encode", lambda: network.encode(image))
            timed(found, "first click", lambda: network.decode(encoded, clicks[0]))
            taken: dict[str, float] = {}
            for place, click in enumerate(clicks[1:]):
                timed(taken, str(place), lambda one=click: network.decode(encoded, one))
            for kind in ("", " cpu"):
                each = [taken[f"{place}{kind}"] for place in range(LATER)]
                found[f"later clicks{kind}"] = statistics.median(each)
            found["embedding mib"] = encoded.nbytes / 2**20
    found["peak mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if plain:
        with torch.inference_mode():
            ours = network(image, clicks[0])
        found["difference"] = ((ours - logits).abs().max() / logits.abs().max()).item()
    return found


def timed(found: dict[str, float], name: str, work_on: Callable[[], T]) -> T:
    """Do it, and note its seconds and those of all cores together."""
    started, used = time.perf_counter(), time.process_time()
    done = work_on()
    found[name] = time.perf_counter() - started
    found[f"{name} cpu"] = time.process_time() - used
    return done


def in_a_process(*arguments: str) -> dict[str, float]:
    """What `measured` tells from a process that does nothing else."""
    command = [sys.executable, "-m", "benchmarks.sam_adapter3d", "--alone", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> None:
    """Print a table, or, alone, one measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the published size")
    parser.add_argument("--crop", type=int, default=64)
    parser.add_argument("--plain", action="store_true", help="the plain reading as well")
    parser.add_argument("--bfloat16", action="store_true", help="compute in bfloat16")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    dtype = torch.bfloat16 if asked.bfloat16 else torch.float32
    if asked.alone:
        print(json.dumps(measured(asked.full, asked.crop, asked.plain, dtype)))
        return
    for name, operations in work(asked.crop).items():
        print(f"{name:20} {operations:8.3f} T")
    common = ["--crop", str(asked.crop)]
    common += ["--full"] if asked.full else []
    common += ["--bfloat16"] if asked.bfloat16 else []
    for kind in ["ours", "plain"] if asked.plain else ["ours"]:
        found = in_a_process(*common, *(["--plain"] if kind == "plain" else []))
        told = ", ".join(f"{key} {value:.4g}" for key, value in found.items())
        print(f"{kind} at {'full' if asked.full else 'small'} size, crop {asked.crop}: {told}")


if __name__ == "__main__":
    main()
