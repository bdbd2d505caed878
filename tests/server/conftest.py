"""A server for the tests of one file, and volumes that were sent to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from live_server import LiveServer, live
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.io.formats.nifti import write_volume
from voxclick.types import Json

CENTRE = (20.0, 18.0, 16.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live(tmp_path_factory.mktemp("state"), max_sessions=40) as running:
        yield running


@pytest.fixture(scope="module")
def api(server: LiveServer) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="session")
def balls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A bright ball on every kind of grid, as a file."""
    folder = tmp_path_factory.mktemp("balls")
    paths = {}
    for name, grid in GRIDS.items():
        paths[name] = folder / f"{name}.nii.gz"
        write_volume(bright_ball(grid, CENTRE, 8.0)[0], paths[name])
    return paths


@pytest.fixture(scope="session")
def opened(balls: dict[str, Path]) -> Callable[..., Json]:
    """Opens a ball at a server; gives the state."""

    def open_ball(api: httpx.Client, name: str = "straight") -> Json:
        upload = api.post("/uploads", json={"name": name}).json()["upload"]
        sent = balls[name].read_bytes()
        api.put(f"/uploads/{upload}/{name}.nii.gz", content=sent).raise_for_status()
        answer = api.post("/sessions", json={"source": f"upload:{upload}"})
        assert answer.status_code == 201, answer.text
        state: Json = answer.json()
        return state

    return open_ball


def local(path: Path) -> vc.Session:
    return vc.Session(path, device="cpu")
