"""Servers to test, and the published client in front of one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from nni_server import Served, served
from nnInteractive.inference.remote import nnInteractiveRemoteInferenceSession
from phantoms import GRIDS, bright_ball

CENTRE = (20.0, 18.0, 16.0)
RADIUS_MM = 9.0


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Starts servers as `served` does; they stop with the test."""
    with ExitStack() as stack:
        yield lambda *given, **options: stack.enter_context(served(*given, **options))


@pytest.fixture(scope="session")
def mounted() -> Iterator[Served]:
    """One server for all tests that share it kindly."""
    with served("/nni", max_sessions=1000) as found:
        yield found


@pytest.fixture(scope="session")
def ball() -> tuple[np.ndarray, np.ndarray]:
    """A bright ball in noise as clients send it, `[1, i, j, k]`, and its mask."""
    volume, mask = bright_ball(GRIDS["straight"], CENTRE, RADIUS_MM)
    return volume.array[None], mask.array


@pytest.fixture
def client(mounted, ball) -> Iterator[nnInteractiveRemoteInferenceSession]:
    """A client that has sent the ball and an empty buffer."""
    with mounted.client() as found:
        found.set_image(ball[0], {"spacing": [1.0, 1.0, 1.0]})
        found.set_target_buffer(np.zeros(ball[1].shape, dtype=np.uint8))
        yield found
