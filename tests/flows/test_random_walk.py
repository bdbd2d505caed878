"""A long random walk of prompts, undos, redos and switches keeps every promise of a session."""

import numpy as np
import pytest
from phantoms import GRIDS, ball
from region_growing import RegionGrowing

import voxclick as vc
from voxclick.engine.session import Session
from voxclick.errors import PromptError
from voxclick.models.base import Segmenter
from voxclick.prompts import Prompt

BALLS = (
    ((10.0, 10.0, 10.0), 9.0, 100.0),
    ((25.0, 20.0, 16.0), 10.0, 100.0),
    ((20.0, 28.0, 24.0), 8.0, 200.0),
)
CORNERS = ((0, 0, 0), (5, 0, 0), (5, 5, 0), (0, 6, 0))


def volume(name: str) -> vc.Volume:
    grid = GRIDS[name]
    array = np.random.default_rng(0).normal(0, 3, grid.shape)
    for centre, radius_mm, brightness in BALLS:
        array[ball(grid, centre, radius_mm).array] = brightness
    return vc.Volume(array.astype(np.float32), grid)


def any_prompt(asked: Session, generator: np.random.Generator) -> Prompt:
    shape = np.array(asked.grid.shape)
    at = generator.integers(0, shape)
    i, j, k = (int(v) for v in at)
    positive = bool(generator.random() < 0.6)
    near = np.clip(at + generator.integers(-3, 4, (9, 3)), 0, shape - 1).astype(np.float64)
    far = np.minimum(at + generator.integers(1, 20, 3), shape)
    corners = np.clip(at + np.array(CORNERS), 0, shape - 1)
    blob = ball(asked.grid, (i, j, k), 6.0)
    choices: list[Prompt] = [
        vc.Point((i, j, k), positive=positive),
        vc.Scribble(near, positive=positive),
        vc.Box((i, j, k), (int(far[0]), int(far[1]), int(far[2])), positive=positive),
        vc.Lasso(corners.astype(np.float64), axis=2, positive=positive),
        vc.MaskPrompt(blob),
        vc.MaskPrompt(blob, axis=2, slices=[k]),
    ]
    return choices[int(generator.choice(6, p=[0.6, 0.15, 0.1, 0.05, 0.05, 0.05]))]


def check_add(asked: Session, prompt: Prompt) -> None:
    before = asked.labelmap().array
    try:
        change = asked.add(prompt)
    except PromptError:
        assert np.array_equal(asked.labelmap().array, before)
        return
    after, mask = asked.labelmap().array, asked.mask().array
    outside = np.ones(after.shape, dtype=np.bool_)
    outside[change.box.slices] = False
    assert not (before != after)[outside].any()
    assert np.array_equal(change.mask, mask[change.box.slices])
    if isinstance(prompt, vc.Point | vc.Scribble):
        i, j, k = prompt.voxels().T
        assert (mask[i, j, k] == prompt.positive).all() or change.notes


def check_remove(asked: Session, generator: np.random.Generator) -> None:
    before, count = asked.labelmap().array, asked.steps()[0]
    if count:
        change = asked.remove(int(generator.integers(count)))
        differs = before != asked.labelmap().array
        differs[change.box.slices] = False
        assert not differs.any()
        assert asked.steps() == (count - 1, 0)


def walk(segmenter: Segmenter, name: str, steps: int, seed: int) -> None:
    asked = Session(volume(name), segmenter)
    generator = np.random.default_rng(seed)
    for _ in range(steps):
        draw = generator.random()
        if draw < 0.55:
            check_add(asked, any_prompt(asked, generator))
        elif draw < 0.72:
            before, count = asked.mask().array, len(asked.log.objects[0].steps)
            if asked.undo().notes == () and asked.objects == ("object_1",):
                assert len(asked.log.objects[0].steps) == count - 1
                asked.redo()
                assert np.array_equal(asked.mask().array, before)
                asked.undo()
        elif draw < 0.80:
            asked.redo()
        elif draw < 0.85:
            check_remove(asked, generator)
        elif draw < 0.88:
            asked.drop(asked.objects[int(generator.integers(len(asked.objects)))])
        else:
            asked.object(f"object_{generator.integers(1, 5)}")
        owned = sum(asked.mask(name).voxels for name in asked.objects)
        assert owned == np.count_nonzero(asked.labelmap().array)
    again = vc.replay(asked.volume, asked.log, segmenter)
    assert np.array_equal(again.labelmap().array, asked.labelmap().array)


@pytest.mark.slow
@pytest.mark.parametrize("name", GRIDS)
def test_steps_on_every_grid_keep_every_promise(name: str) -> None:
    walk(RegionGrowing(), name, steps=50, seed=1)


@pytest.mark.slow
def test_steps_with_the_default_model_keep_every_promise() -> None:
    walk(vc.load(device="cpu"), "oblique", steps=60, seed=2)
