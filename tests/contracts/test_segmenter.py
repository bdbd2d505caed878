"""What every family must keep; a new row in the table of models is tested by itself."""

import numpy as np
import pytest
import torch
from phantoms import GRIDS, ball, bright_ball
from tiny_weights import TINY_WEIGHTS

import voxclick as vc
from voxclick.engine.session import Session
from voxclick.geometry import Box
from voxclick.metrics.overlap import dice
from voxclick.models import MODELS, ready_row
from voxclick.models.base import Segmenter, SliceSegmenter
from voxclick.preprocess import View
from voxclick.prompts.kinds import KINDS

SKILLED = [row.name for row in MODELS if row.checkpoint is None]
TINY = list(TINY_WEIGHTS)
CENTRE = (20.0, 18.0, 16.0)
VOLUME, TRUTH = bright_ball(GRIDS["anisotropic"], CENTRE, 9.0)


@pytest.fixture(scope="module", params=[*SKILLED, *TINY])
def segmenter(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Segmenter:
    """Each model, and each published network at its smallest, which knows nothing."""
    if request.param in SKILLED:
        return vc.load(request.param, "cpu")
    path = tmp_path_factory.mktemp("tiny") / "weights.safetensors"
    TINY_WEIGHTS[request.param](path)
    return vc.load(str(path), "cpu")


@pytest.fixture(scope="module", params=SKILLED)
def skilled(request: pytest.FixtureRequest) -> Segmenter:
    return vc.load(request.param, "cpu")


def prompts() -> list[vc.Point | vc.Box | vc.Scribble | vc.Lasso | vc.MaskPrompt]:
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    outline = np.stack([20 + 11 * np.cos(turn), 18 + 11 * np.sin(turn), np.full(12, 16.0)], axis=1)
    line = np.stack([np.arange(15.0, 25), np.full(10, 18.0), np.full(10, 16.0)], axis=1)
    return [
        vc.Point(CENTRE),
        vc.Box((9, 7, 13), (32, 30, 20)),
        vc.Box((9, 7, 16), (32, 30, 17)),
        vc.Scribble(line),
        vc.Lasso(outline, axis=2),
        vc.MaskPrompt(TRUTH, axis=2, slices=[15, 17]),
        vc.MaskPrompt(ball(TRUTH.grid, CENTRE, 6.0)),
    ]


def view(segmenter: Segmenter) -> View:
    if isinstance(segmenter, SliceSegmenter):
        return View.of(VOLUME, segmenter.slice_grid(VOLUME.grid, 2, 16), segmenter.device)
    grid = segmenter.spec.look(VOLUME.grid, Box.of_mask(TRUTH.array), segmenter.spec.start)
    return View.of(VOLUME, grid, segmenter.device)


def test_the_table_says_what_the_family_says(segmenter: Segmenter) -> None:
    row = ready_row(segmenter.spec.name)
    assert segmenter.spec.prompts == frozenset(row.prompts)
    assert segmenter.spec.prompts <= set(KINDS)


def test_logits_are_finite_float32_on_the_grid_of_the_view(segmenter: Segmenter) -> None:
    seen = view(segmenter)
    logits = segmenter.decode(segmenter.embed(seen), seen.take([vc.Point(CENTRE)]), None)
    assert tuple(logits.shape) == seen.grid.shape
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()


def test_decode_is_pure(segmenter: Segmenter) -> None:
    seen = view(segmenter)
    embedding = segmenter.embed(seen)
    taken = seen.take([vc.Point(CENTRE), vc.Point((30.0, 18.0, 16.0), positive=False)])
    previous = seen.read(ball(VOLUME.grid, CENTRE, 6.0).array, segmenter.device)
    kept = previous.clone()
    first = segmenter.decode(embedding, taken, previous)
    segmenter.decode(embedding, taken[:1], None)
    assert torch.equal(segmenter.decode(embedding, taken, previous), first)
    assert torch.equal(previous, kept)


def test_an_embedding_says_how_many_bytes_it_holds(segmenter: Segmenter) -> None:
    assert segmenter.embed(view(segmenter)).nbytes > 0


def test_a_patch_without_prompts_goes_by_the_mask_so_far(skilled: Segmenter) -> None:
    seen = view(skilled)
    previous = seen.read(TRUTH.array, skilled.device)
    logits = skilled.decode(skilled.embed(seen), [], previous)
    inside = (logits > 0) & (previous >= 0.5)
    assert inside.sum() > 0.8 * (previous >= 0.5).sum()
    assert (logits > 0).sum() < 1.3 * (previous >= 0.5).sum()


@pytest.mark.parametrize("place", range(len(prompts())))
def test_every_kind_of_prompt_finds_the_ball(skilled: Segmenter, place: int) -> None:
    asked = Session(VOLUME, skilled)
    asked.add(prompts()[place])
    asked.add(vc.Point((21.0, 18.0, 16.0)))
    assert dice(TRUTH, asked.mask()) > 0.6


@pytest.mark.parametrize("name", GRIDS)
def test_one_click_finds_the_ball_on_every_grid(skilled: Segmenter, name: str) -> None:
    volume, truth = bright_ball(GRIDS[name], CENTRE, 8.0)
    asked = Session(volume, skilled)
    asked.add(vc.Point(CENTRE))
    assert dice(truth, asked.mask()) > 0.85


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((40, 36, 32), dtype=np.int16),
        np.full((40, 36, 1), 7, dtype=np.uint8),
        np.random.default_rng(0).normal(0, 1e6, (5, 36, 32)).astype(np.float32),
    ],
    ids=["constant", "one slice", "five rows of noise"],
)
def test_odd_volumes_get_an_answer(segmenter: Segmenter, array: np.ndarray) -> None:
    grid = vc.Grid(array.shape, np.diag([0.8, 0.8, 3.0, 1.0]))
    asked = Session(vc.Volume(array, grid), segmenter)
    at = (2, 18, array.shape[2] // 2)
    asked.add(vc.Point(at))
    asked.add(vc.Point((4, 30, 0), positive=False))
    assert asked.mask().array[at]
    assert not asked.mask().array[4, 30, 0]
