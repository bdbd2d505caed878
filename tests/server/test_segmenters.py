"""Which models a server has, and which it loads for whom."""

from pathlib import Path

import httpx
import pytest
import torch
from live_server import live
from tiny_family import add_to_table, row

from voxclick.errors import MissingFileError, UnknownNameError
from voxclick.models.weights import place, save_weights
from voxclick.server.segmenters import Segmenters


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights of the second model of a family of two; gives their file."""
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path))
    here = row("tiny-b")
    add_to_table(monkeypatch, row("tiny-a"), here)
    place(here).parent.mkdir()
    save_weights(place(here), {"tolerance": torch.ones(1)}, {"voxclick": "tiny_family"})
    return place(here)


def test_the_list_tells_whose_weights_are_here(weights: Path, tmp_path: Path) -> None:
    with live(tmp_path / "state") as running, running.client() as api:
        told = {one["name"]: one["weights"] for one in api.get("/models").json()}
        assert told["builtin"] == "packaged"
        assert told["geodesic"] == "none"
        assert told["tiny-a"] == "absent"
        assert told["tiny-b"] == "here"
        assert opened(api, "tiny-b").json()["model"] == "tiny-b"
        absent = opened(api, "tiny-a")
        assert absent.status_code == 404
        assert "voxclick fetch tiny-a" in absent.json()["detail"]


def test_a_file_of_weights_is_for_whoever_starts_the_server_alone(
    weights: Path, tmp_path: Path
) -> None:
    with live(tmp_path / "state") as running, running.client() as api:
        assert opened(api, str(weights)).status_code == 404
    with live(tmp_path / "mine", model=str(weights)) as running, running.client() as api:
        assert opened(api, None).status_code == 201


def test_a_default_that_cannot_answer_is_said_at_once(weights: Path) -> None:
    with pytest.raises(MissingFileError, match="voxclick fetch tiny-a"):
        Segmenters("tiny-a")
    with pytest.raises(UnknownNameError):
        Segmenters("nonesuch")
    assert Segmenters("tiny_family", "cpu").get().spec.name == "tiny-b"


def opened(api: httpx.Client, model: str | None) -> httpx.Response:
    return api.post("/sessions", json={"source": "sample", "model": model})
