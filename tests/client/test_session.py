"""The client against a running server: the same masks as a session in this process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from live_server import KEY, LiveServer, live
from phantoms import GRIDS, ball, bright_ball

import voxclick as vc
from voxclick.client import Server, connect
from voxclick.errors import (
    InputError,
    MissingFileError,
    PromptError,
    TooLargeError,
    UnknownNameError,
    VoxclickError,
)
from voxclick.io.formats.nifti import write_volume
from voxclick.models import MODELS
from voxclick.models.weights import presence
from voxclick.prompts import Prompt
from voxclick.server.settings import Limits
from voxclick.types import Index3

CENTRE = (20.0, 18.0, 16.0)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live(tmp_path_factory.mktemp("state")) as server:
        yield server


@pytest.fixture
def server(running: LiveServer) -> Iterator[Server]:
    with connect(running.address, KEY) as connected:
        yield connected


def image(folder: Path, name: str) -> Path:
    path = folder / f"{name}.nii.gz"
    write_volume(bright_ball(GRIDS[name], CENTRE, 8.0)[0], path)
    return path


def prompts(grid: vc.Grid) -> list[Prompt]:
    x, y, z = grid.to_ras(np.array([[26.0, 18.0, 16.0]]))[0]
    contour = np.array([[16.25, 14.25, 16], [24.25, 14.25, 16], [24.25, 22.75, 16]])
    return [
        vc.Point(CENTRE),
        vc.Point((x, y, z), space="ras"),
        vc.Point((-x, -y, z + 0.1), space="lps"),
        vc.Point((34.0, 30.0, 28.0), positive=False),
        vc.Box((10, 8, 6), (30, 28, 26)),
        vc.Scribble(np.array([[18.0, 18, 16], [19, 18, 16]])),
        vc.Lasso(contour, axis=2),
        vc.MaskPrompt(ball(grid, CENTRE, 5.0), axis=1, slices=[18]),
        vc.MaskPrompt(ball(grid, CENTRE, 6.0)),
    ]


@pytest.mark.parametrize("name", GRIDS)
def test_every_kind_of_prompt_gives_the_mask_of_a_local_session(
    server: Server, tmp_path: Path, name: str
) -> None:
    path = image(tmp_path, name)
    here = vc.Session(path, device="cpu")
    with server.open(path) as there:
        assert there.grid.matches(here.grid)
        for prompt in prompts(here.grid):
            change, expected = there.add(prompt), here.add(prompt)
            assert np.array_equal(there.mask().array, here.mask().array), prompt.kind
            assert change.box == expected.box
            assert change.notes == expected.notes
        assert there.mask().voxels > 0
        again = vc.replay(path, there.log, device="cpu")
        assert np.array_equal(again.mask().array, here.mask().array)


def test_all_verbs_are_those_of_a_local_session(server: Server, tmp_path: Path) -> None:
    path = image(tmp_path, "permuted")
    here = vc.Session(path, device="cpu")
    with server.open(path) as there:
        for one in (here, there):
            one.object("a")
            one.add(vc.Point((16.0, 18.0, 16.0)))
            one.add(vc.Point((24.0, 18.0, 16.0)), to="b")
            one.add(vc.Point((24.0, 20.0, 16.0)), refinements=0)
            one.object("a")
            one.add(vc.Point((18.0, 16.0, 16.0), positive=False))
            one.undo()
            one.redo()
            one.undo()
            one.remove(0, of="b")
            one.add(vc.Point((2.0, 2.0, 2.0)), to="c")
            one.drop("c")
            one.rename("b", "tumour")
        assert there.objects == here.objects == ("a", "tumour")
        assert there.current == here.current
        expected = here.labelmap()
        assert np.array_equal(there.labelmap().array, expected.array)
        assert there.labelmap().names == expected.names
        for name in here.objects:
            assert np.array_equal(there.mask(name).array, here.mask(name).array)


@pytest.mark.parametrize("name", GRIDS)
def test_suggestions_are_those_of_a_local_session(
    server: Server, tmp_path: Path, name: str
) -> None:
    path = image(tmp_path, name)
    here = vc.Session(path, device="cpu")
    with server.open(path) as there:
        assert there.suggest() is None
        for one in (here, there):
            one.add(vc.Point(CENTRE), to="ball")
        seen: list[Index3] = []
        for _ in range(3):
            found = there.suggest(seen=seen)
            assert found is not None
            assert found == here.suggest("ball", seen)
            seen.append(found.at)
        there.add(found.point)
        assert there.mask().array[found.at] == found.positive
        with pytest.raises(PromptError, match="volume"):
            there.suggest(seen=[(40, 0, 0)])
        with pytest.raises(UnknownNameError, match="liver"):
            there.suggest(of="liver")


def test_a_session_is_found_again_by_its_id(server: Server, tmp_path: Path) -> None:
    there = server.open(image(tmp_path, "straight"))
    there.add(vc.Point(CENTRE))
    again = server.session(there.id)
    assert again.objects == ("object_1",)
    assert np.array_equal(again.mask().array, there.mask().array)
    there.close()
    with pytest.raises(InputError, match="deleted"):
        server.session(there.id)


def test_errors_are_those_of_a_local_session(server: Server, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="nothing there"):
        server.open(tmp_path / "nothing.nii.gz")
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"no image")
    with pytest.raises(InputError, match=r"broken\.nii\.gz"):
        server.open(broken)
    with server.open(image(tmp_path, "straight")) as there:
        with pytest.raises(PromptError, match="inside the volume"):
            there.add(vc.Point((500.0, 0.0, 0.0)))
        with pytest.raises(UnknownNameError, match="must be one of"):
            there.mask("nothing")
        with pytest.raises(UnknownNameError):
            server.open("sample", model="nonesuch")
        assert there.objects == ()


def test_the_wrong_key_and_no_server_are_said_in_words(running: LiveServer) -> None:
    with pytest.raises(InputError, match="the right key is needed"):
        connect(running.address, "wrong")
    with pytest.raises(VoxclickError, match="no answer from the voxclick server"):
        connect("http://127.0.0.1:1", KEY)
    with pytest.raises(InputError, match="needs an address"):
        connect("http://a b:c", KEY)


def test_the_printed_address_is_enough(running: LiveServer) -> None:
    with connect(f"{running.address}/?token={KEY}&session=abc") as server:
        assert list(server.models()) == [row.name for row in MODELS if presence(row) != "absent"]


def test_more_than_the_server_takes_is_said_to_be(tmp_path: Path) -> None:
    path, limits = image(tmp_path, "straight"), Limits(upload_bytes=1000)
    with (
        live(tmp_path / "state", limits=limits) as small,
        connect(small.address, KEY) as server,
        pytest.raises(TooLargeError, match="1000 bytes"),
    ):
        server.open(path)


def test_the_client_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, voxclick as vc; vc.connect; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
