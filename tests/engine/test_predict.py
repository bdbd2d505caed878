import numpy as np
import pytest
import torch
from phantoms import bright_ball
from region_growing import RegionGrowing

from voxclick.engine.cache import EmbeddingCache
from voxclick.engine.object_state import Look, ObjectState
from voxclick.engine.predict import Answer, Model, first_look, wider_look
from voxclick.engine.refine import patches
from voxclick.geometry import Box, Grid
from voxclick.preprocess import View
from voxclick.prompts import BoxPrompt, Point

GRID = Grid((160, 160, 160), np.diag([1.0, 1.0, 1.0, 1.0]))
VOLUME, TRUTH = bright_ball(GRID, (80, 80, 80), 30.0, noise=1.0)


def model() -> Model:
    return Model(VOLUME, RegionGrowing(), EmbeddingCache())


def answer(inside: np.ndarray, level: int = 0) -> Answer:
    grid = RegionGrowing.spec.look(GRID, Box((80, 80, 80), (81, 81, 81)), level)
    view = View.of(VOLUME, grid)
    logits = torch.from_numpy(np.where(inside, 1.0, -1.0).astype(np.float32))
    return Answer(Look(grid, level), view, logits, None)


def test_prompts_near_each_other_share_a_view_whatever_the_object() -> None:
    looks = [
        first_look(model(), ObjectState("a", 1, GRID), Point((81.0 + n, 82.0, 83.0)))
        for n in range(3)
    ]
    assert np.array_equal(looks[0].grid.affine, looks[1].grid.affine)
    assert np.array_equal(looks[0].grid.affine, looks[2].grid.affine)


def test_a_prompt_lies_well_inside_the_view_it_is_first_seen_in() -> None:
    for at in np.random.default_rng(0).integers(0, 160, (30, 3)):
        look = first_look(model(), ObjectState("a", 1, GRID), Point(tuple(map(float, at))))
        place = look.grid.to_voxel(GRID.to_ras(at[None].astype(np.float64)))[0]
        ends = np.array(GRID.shape) - 1
        view = View.of(VOLUME, look.grid).box
        for axis in range(3):
            margin = 0.2 * look.grid.shape[axis]
            assert place[axis] >= margin or view.start[axis] == 0
            assert place[axis] <= look.grid.shape[axis] - margin or view.stop[axis] > ends[axis]


def test_a_box_too_large_for_the_fine_view_is_looked_at_coarser() -> None:
    small = first_look(model(), ObjectState("a", 1, GRID), BoxPrompt((70, 70, 70), (90, 90, 90)))
    large = first_look(model(), ObjectState("a", 1, GRID), BoxPrompt((40, 40, 40), (100, 90, 90)))
    assert small.level == 0
    assert large.level > 0
    assert View.of(VOLUME, large.grid).box.intersection(Box((40, 40, 40), (100, 90, 90))) == Box(
        (40, 40, 40), (100, 90, 90)
    )


def test_a_mask_at_a_face_of_the_view_asks_for_a_wider_one_and_one_inside_does_not() -> None:
    inner = np.zeros((24, 24, 24), dtype=np.bool_)
    inner[8:16, 8:16, 8:16] = True
    assert not answer(inner).reaches_border(2)
    inner[8:16, 8:16, 8:24] = True
    touching = answer(inner)
    assert touching.reaches_border(2)
    wider = wider_look(model(), touching, Point((80.0, 80.0, 80.0)))
    assert wider is not None
    assert wider.level == 1
    assert wider.grid.spacing_mm[0] == pytest.approx(2 * touching.look.grid.spacing_mm[0])


def test_a_coarse_answer_leaves_what_it_did_not_change_as_it_was() -> None:
    segmenter = model()
    look = Look(segmenter.spec.look(GRID, Box((80, 80, 80), (81, 81, 81)), 2), 2)
    fine = TRUTH.array.copy()
    fine[80, 80, 109] = ~fine[80, 80, 109]  # detail that a coarse view cannot see
    found = segmenter.decode(look, [Point((80.0, 80.0, 80.0))], fine)
    ((box, mask),) = found.patches(fine, coarse=True)
    assert np.array_equal(mask, fine[box.slices])


def test_refinement_looks_along_the_boundary_the_fullest_patch_first() -> None:
    segmenter = model()
    looks = patches(segmenter, TRUTH.array, Box.of_mask(TRUTH.array))
    assert 1 < len(looks) <= segmenter.spec.refinements
    boundary = [int(np.abs(np.diff(TRUTH.array[box.slices].astype(int))).sum()) for _, box in looks]
    assert boundary[0] >= 0.8 * max(boundary)
    for look, box in looks:
        assert look.level == 0
        assert View.of(VOLUME, look.grid).box.intersection(box) == box


def test_the_patches_of_the_next_click_are_the_same_views() -> None:
    segmenter = model()
    first = patches(segmenter, TRUTH.array, Box.of_mask(TRUTH.array))
    second = patches(segmenter, TRUTH.array, Box.of_mask(TRUTH.array).padded(-3))
    shared = {look.grid.affine.tobytes() for look, _ in first}
    assert shared & {look.grid.affine.tobytes() for look, _ in second}
