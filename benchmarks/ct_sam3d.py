"""CT-SAM3D's decoder, plain and prepared, click by click: `python -m benchmarks.ct_sam3d`.

The network has the published size and weights drawn by chance: what it costs does not depend on
them. Forms take turns, so that whatever else the machine does falls on all of them alike; told is
the least processor time of some rounds, which other work disturbs least, and the least wall time.
Differences are those of the logits to the plain form in float32, against their standard deviation.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from benchmarks.plain_ct_sam3d import plain_decode
from voxclick.models.ct_sam3d.network import Network

SIZE = 64
CENTRE, ELSEWHERE = (32, 32, 32), (24, 36, 28)


@dataclass
class Timing:
    """Of one form of the decoder.

    Attributes:
        processor: Seconds of all threads, a value a round.
        wall: Seconds, a value a round.
        logits: The last ones.
    """

    processor: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    logits: Tensor = field(default_factory=lambda: torch.zeros(1))

    def measure(self, decode: Callable[[], Tensor]) -> None:
        """Decode once."""
        wall, processor = time.perf_counter(), time.process_time()
        self.logits = decode().float()
        self.processor.append(time.process_time() - processor)
        self.wall.append(time.perf_counter() - wall)


def drawn(seed: int) -> Network:
    """A network whose weights keep what flows through it at its size."""
    network = Network()
    generator = torch.Generator().manual_seed(seed)
    for name, weight in network.named_parameters():
        if weight.dim() > 1:
            fan_in = len(weight) if "upscale" in name else weight[0].numel()
            torch.nn.init.normal_(weight, std=fan_in**-0.5, generator=generator)
    return network.eval().requires_grad_(False)


def clicks(network: Network) -> dict[str, Tensor]:
    """What is asked, by what it is called."""
    before = torch.linspace(-3, 3, SIZE).sigmoid().expand(1, 1, SIZE, SIZE, SIZE)
    mask = torch.zeros(1, 1, SIZE, SIZE, SIZE)
    mask[..., 20:40, 16:40, 10:40] = 1

    def asked(previous: Tensor, *points: tuple[int, int, int]) -> Tensor:
        maps = network.prompt_maps(torch.tensor(points), torch.ones(len(points)))
        return torch.cat([previous, maps], dim=1)

    none = torch.zeros_like(mask)
    return {
        "first click, in the middle": asked(none, CENTRE),
        "first click, elsewhere": asked(none, ELSEWHERE),
        "second click, probabilities before": asked(before, CENTRE, ELSEWHERE),
        "second click, a mask before": asked(mask, CENTRE, ELSEWHERE),
    }


def measured(network: Network, features: list[Tensor], prompts: Tensor, rounds: int) -> str:
    """A row of the table for one click."""
    plain, fast, less = Timing(), Timing(), Timing()
    half = [feature.bfloat16() for feature in features]
    for timing, given in ((fast, features), (less, half)):
        network.decode(given, prompts)  # prepares the weights
        for _ in range(rounds):
            plain.measure(lambda: plain_decode(network, features, prompts))
            timing.measure(lambda given=given: network.decode(given, prompts))
    spread = plain.logits.std()
    off = float((fast.logits - plain.logits).abs().max() / spread)
    cells = [f"{1000 * min(plain.processor):.0f} ms"]
    for timing in (fast, less):
        ratio = min(plain.processor) / min(timing.processor)
        wall = min(plain.wall) / min(timing.wall)
        cells.append(f"{1000 * min(timing.processor):.0f} ms")
        cells.append(f"{ratio:.2f} ({wall:.2f})")
    cells += [f"{off:.0e}", f"{_dice(less.logits > 0, plain.logits > 0):.4f}"]
    return " | ".join(cells)


def _dice(one: Tensor, other: Tensor) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = drawn(0)
    image = torch.rand(1, 1, SIZE, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        features = network.encode(image)
        print(f"{options.threads} threads, torch {torch.__version__}; processor time\n")
        print(
            "| | plain | fast | times (wall) | bfloat16 | times (wall) | off | Dice of bfloat16 |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|---:|")
        for name, prompts in clicks(network).items():
            print(
                f"| {name} | {measured(network, features, prompts, options.rounds)} |", flush=True
            )


if __name__ == "__main__":
    main()
