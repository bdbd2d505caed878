"""What every test can ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.load_profile("steady")

DATA = Path(os.environ.get("VOXCLICK_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session", autouse=True)
def _own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No weights that somebody fetched on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOXCLICK_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real labelled volumes; the test is skipped, and says so, without it."""
    if not DATA.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs the real volumes at {DATA}; set VOXCLICK_DATA")
        pytest.skip(f"no real volumes at {DATA}; set VOXCLICK_DATA to their folder")
    return DATA


@pytest.fixture(scope="session")
def parity_dir() -> Path:
    """The folder of the authors' numbers, beside the real volumes; skipped without it."""
    parity = DATA.parent / "parity"
    if not parity.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs the published numbers at {parity}; set VOXCLICK_DATA")
        pytest.skip(f"no published numbers at {parity}; set VOXCLICK_DATA to its sibling")
    return parity
