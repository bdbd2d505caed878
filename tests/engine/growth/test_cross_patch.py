"""Patch to patch with a family whose answers can be computed by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from phantoms import GRIDS
from region_growing import RegionGrowing, SeenView

import voxclick as vc
from voxclick.engine.growth import cross_patch
from voxclick.geometry import Grid
from voxclick.metrics.overlap import dice
from voxclick.models.base import CrossPatch, Embedding
from voxclick.prompts import Prompt


def snake(grid: Grid) -> tuple[vc.Volume, vc.Mask]:
    """A bright tube along a diagonal with a bend, from end to end of the volume."""
    i, j, k = np.indices(grid.shape)
    size = np.array(grid.shape)
    bend = size[1] / 2 + 0.25 * size[1] * np.sin(2 * np.pi * i / size[0])
    tube = (np.abs(j - bend) <= 5) & (np.abs(k - size[2] * (0.3 + 0.4 * i / size[0])) <= 5)
    image = np.where(tube, 200, 0).astype(np.int16)
    return vc.Volume(image, grid), vc.Mask(tube, grid)


class Told(RegionGrowing, CrossPatch):
    """Says where an object goes on: where it is as bright, or nowhere."""

    def __init__(self, height: float) -> None:
        super().__init__()
        self.height = height
        self.given: list[int] = []

    def heat(self, here: Embedding, mask: torch.Tensor, there: Embedding) -> torch.Tensor | None:
        assert isinstance(here, SeenView)
        assert isinstance(there, SeenView)
        bright = here.view.image[mask > 0.5].median()
        return self.height * ((there.view.image - bright).abs() < 50).float()

    def decode(
        self, embedding: Embedding, prompts: Sequence[Prompt], previous: torch.Tensor | None
    ) -> torch.Tensor:
        self.given.append(len(prompts))
        return super().decode(embedding, prompts, previous)


def inside(truth: vc.Mask, place: int) -> vc.Point:
    """A click in the middle of the tube, where it crosses a plane."""
    j, k = np.argwhere(truth.array[place]).mean(axis=0).round()
    return vc.Point((float(place), float(j), float(k)))


LONG = Grid((200, 60, 60), np.eye(4))


def test_one_click_finds_an_object_of_many_patches() -> None:
    volume, truth = snake(LONG)
    asked = vc.Session(volume, RegionGrowing(), growth="cross-patch")
    changes = list(asked.stream(inside(truth, 100)))
    assert len(changes) > 5
    assert dice(truth, asked.mask()) > 0.8
    assert asked.mask().array.any(axis=(1, 2)).all()


@pytest.mark.parametrize("name", GRIDS)
def test_patches_meet_on_every_kind_of_grid(name: str) -> None:
    base = GRIDS[name]
    grid = Grid((110, 50, 44), base.affine)
    volume, truth = snake(grid)
    asked = vc.Session(volume, RegionGrowing(), growth="cross-patch")
    asked.add(inside(truth, 55))
    assert dice(truth, asked.mask()) > 0.7


def test_a_neighbour_gets_the_click_at_the_peak_of_its_heat_map() -> None:
    volume, truth = snake(LONG)
    told = Told(height=1.0)
    asked = vc.Session(volume, told, growth="cross-patch")
    asked.add(inside(truth, 100))
    assert dice(truth, asked.mask()) > 0.8
    assert told.given[0] == 1  # the user's own
    assert 2 in told.given
    assert len(asked.log.objects[0].steps) == 1


def test_a_heat_map_without_a_peak_ends_it() -> None:
    volume, truth = snake(LONG)
    asked = vc.Session(volume, Told(height=cross_patch.PEAK / 2), growth="cross-patch")
    changes = list(asked.stream(inside(truth, 100)))
    assert [change.final for change in changes] == [False, True]
    assert 0 < asked.mask().array.sum() < 0.3 * truth.array.sum()


def test_no_prompt_visits_more_patches_than_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_patch, "PATCHES", 3)
    volume, truth = snake(LONG)
    told = Told(height=1.0)
    asked = vc.Session(volume, told, growth="cross-patch")
    changes = list(asked.stream(inside(truth, 100)))
    assert len(told.given) == 4
    assert changes[-1].final


def test_a_click_beyond_the_patch_adds_to_the_object() -> None:
    volume, truth = snake(LONG)
    asked = vc.Session(volume, RegionGrowing(), growth="cross-patch")
    asked.widens = False
    for place in (30, 170):
        asked.add(inside(truth, place))
    found = asked.mask().array
    assert found[30].any()
    assert found[170].any()
    assert not found[100].any()
