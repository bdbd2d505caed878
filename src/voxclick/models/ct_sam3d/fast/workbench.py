"""Threads and memory to work with, kept from one click to the next."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

FEWEST = 8
"""Fewer pieces of work than this for each thread are not worth it."""


class Workbench:
    """As many threads as torch uses, and memory by name, which holds nothing between uses.

    A context manager for the time of one piece of work; one piece at a time.
    """

    def __init__(self) -> None:
        self._memory: dict[str, Tensor] = {}
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> "Workbench":
        self.threads = torch.get_num_threads()
        if self.threads > 1:
            self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="ct_sam3d")
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def share(self, count: int, work: Callable[[slice], None], fewest: int = FEWEST) -> None:
        """Do work on a number of pieces, divided among the threads.

        Args:
            count: Of pieces.
            work: Works on some of them; must let go of Python's lock to be of use.
            fewest: So many pieces are worth a thread.
        """
        threads = min(self.threads, count // fewest)
        if threads <= 1 or self._pool is None:
            work(slice(0, count))
            return
        edges = np.linspace(0, count, threads + 1).astype(int)
        pieces = [slice(int(a), int(b)) for a, b in pairwise(edges)]
        for job in [self._pool.submit(work, piece) for piece in pieces]:
            job.result()

    def numbers(self, name: str, *shape: int) -> Float[Tensor, "..."]:
        """Memory of a shape, with what was there before in it."""
        count = int(np.prod(shape))
        held = self._memory.get(name)
        if held is None or held.numel() < count:
            with torch.inference_mode(False):  # so that it can be written to in any mode
                held = self._memory[name] = torch.zeros(count)
        return held[:count].view(shape)
