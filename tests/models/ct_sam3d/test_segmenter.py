import numpy as np
import pytest
import torch
from phantoms import GRIDS
from published_ct_sam3d import SMALL, lively

import voxclick as vc
from voxclick.geometry import Box, Grid
from voxclick.models.ct_sam3d.network import Network
from voxclick.models.ct_sam3d.scaling import scaled
from voxclick.models.ct_sam3d.segmenter import CtSam3dSegmenter
from voxclick.models.ct_sam3d.sizes import Sizes
from voxclick.preprocess import View
from voxclick.prompts import Point

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network() -> Network:
    return lively()


def segmenter(network: Network) -> CtSam3dSegmenter:
    return CtSam3dSegmenter(CPU, network=network, dtype=torch.float32)


def ct(grid: Grid) -> vc.Volume:
    array = np.random.default_rng(3).normal(40, 60, grid.shape)
    array[0, 0, 0] = -1000
    return vc.Volume(array.astype(np.int16), grid)


def lps(volume: vc.Volume, centre: np.ndarray) -> np.ndarray:
    """The patch as its authors cut it: axes z, y, x of LPS, 1.5 mm, nearest voxel."""
    steps = (np.arange(64) - 31.5) * 1.5
    z, y, x = np.meshgrid(steps, steps, steps, indexing="ij")
    ras = centre + np.stack([-x, -y, z], axis=-1)
    index = np.floor(volume.grid.to_voxel(ras.reshape(-1, 3)) + 0.5).astype(int)
    within = ((index >= 0) & (index < volume.grid.shape)).all(axis=1)
    i, j, k = np.clip(index, 0, np.array(volume.grid.shape) - 1).T
    values = np.where(within, volume.array[i, j, k], -1000.0)
    return np.clip((values + 125) / 350, 0, 1).reshape(64, 64, 64)


@pytest.mark.parametrize("name", ["straight", "flipped", "permuted", "anisotropic"])
def test_the_network_sees_the_patch_as_its_authors_cut_it(network: Network, name: str) -> None:
    volume = ct(Grid(GRIDS[name].shape, GRIDS[name].affine))
    smooth = np.add.outer(np.add.outer(np.arange(40), 2 * np.arange(36)), 3 * np.arange(32))
    volume = vc.Volume((smooth - 60).astype(np.int16), volume.grid)
    volume.array[0, 0, 0] = -1000
    model = segmenter(network)
    view = View.of(volume, model.spec.look(volume.grid, Box((20, 18, 16), (21, 19, 17)), 0))
    centre = view.grid.to_ras(np.full((1, 3), 31.5))[0]
    seen = model.embed(view).image[0, 0].numpy()
    expected = lps(volume, centre)
    inside = (expected > 0) & (expected < 1) & (seen > 0) & (seen < 1)
    assert inside.sum() > 1000
    # half a voxel of the steepest slope, but at the very border
    assert np.quantile(np.abs(seen - expected)[inside], 0.95) < 5 / 350


@pytest.mark.parametrize("name", GRIDS)
def test_a_click_asks_for_the_voxel_that_it_is_in(network: Network, name: str) -> None:
    """The answer turned back is that of the network to the click in its own axes."""
    volume, model = ct(GRIDS[name]), segmenter(network)
    view = View.of(volume, model.spec.look(volume.grid, Box((20, 18, 16), (21, 19, 17)), 0))
    embedding = model.embed(view)
    at = (30.0, 35.0, 28.0)
    logits = model.decode(embedding, [Point(at)], None)
    d, h, w = embedding.turn.points(np.array([at]), (64, 64, 64))[0]
    maps = network.prompt_maps(torch.tensor([[w, h, d]]), torch.ones(1, dtype=torch.int64))
    asked = torch.cat([torch.zeros(1, 1, 64, 64, 64), maps], dim=1)
    expected = network.decode(network.encode(embedding.image), asked)[0, 0]
    marked = embedding.turn.view(maps[0, 0])
    assert np.unravel_index(int(marked.argmax()), marked.shape) == at
    torch.testing.assert_close(logits, embedding.turn.view(expected))


def test_outside_the_volume_there_is_air() -> None:
    volume = vc.Volume(np.full((20, 20, 20), 200, dtype=np.int16), Grid((20, 20, 20), np.eye(4)))
    volume.array[0, 0, 0] = -1000
    view = View.of(volume, CtSam3dSegmenter.spec.look(volume.grid, volume.grid.box, 0))
    seen = scaled(view)
    box = view.inside
    assert float(seen[box.slices].max()) > 0.9
    outside = torch.ones_like(seen, dtype=torch.bool)
    outside[box.slices] = False
    assert float(seen[outside].abs().max()) == 0


def test_images_of_other_kinds_are_scaled_by_their_own_window() -> None:
    array = np.random.default_rng(0).uniform(0, 4000, (40, 40, 40)).astype(np.float32)
    volume = vc.Volume(array, Grid(array.shape, np.eye(4)))
    seen = scaled(View.of(volume, CtSam3dSegmenter.spec.look(volume.grid, volume.grid.box, 0)))
    assert 0.2 < float(seen[20:40, 20:40, 20:40].mean()) < 0.8


def test_later_clicks_go_on_from_the_network_s_own_probabilities(network: Network) -> None:
    """As in training: the previous map is not a mask of zeros and ones where both say the same."""
    volume, model = ct(GRIDS["straight"]), segmenter(network)
    view = View.of(volume, model.spec.look(volume.grid, volume.grid.box, 0))
    embedding = model.embed(view)
    first, second = Point((30.0, 35.0, 28.0)), Point((36.0, 30.0, 33.0), positive=False)
    logits = model.decode(embedding, [first], None)
    previous = (logits > 0).float()
    answer = model.decode(embedding, [first, second], previous)
    turn = embedding.turn
    places = turn.points(np.array([first.at, second.at]), (64, 64, 64))[:, ::-1].copy()
    maps = network.prompt_maps(torch.from_numpy(places), torch.tensor([1, 0]))
    before = turn.crop(torch.sigmoid(logits))[None, None]
    expected = network.decode(embedding.features, torch.cat([before, maps], dim=1))[0, 0]
    torch.testing.assert_close(turn.crop(answer), expected, rtol=1e-3, atol=1e-3)


def test_an_answer_does_not_depend_on_what_was_asked_before(network: Network) -> None:
    volume, model = ct(GRIDS["straight"]), segmenter(network)
    view = View.of(volume, model.spec.look(volume.grid, volume.grid.box, 0))
    prompts = [Point((30.0, 35.0, 28.0)), Point((36.0, 30.0, 33.0), positive=False)]
    previous = torch.zeros(64, 64, 64)
    previous[20:40, 20:40, 20:40] = 1
    warm, cold = model.embed(view), model.embed(view)
    model.decode(warm, prompts[:1], None)
    model.decode(warm, prompts, previous)
    assert torch.equal(model.decode(warm, prompts, previous), model.decode(cold, prompts, previous))


def test_heat_is_on_the_grid_of_the_neighbour(network: Network) -> None:
    volume, model = ct(Grid((90, 90, 90), GRIDS["flipped"].affine)), segmenter(network)
    here = View.of(volume, model.spec.look(volume.grid, Box((30, 30, 30), (31, 31, 31)), 0))
    there = View.of(volume, model.spec.look(volume.grid, Box((60, 30, 30), (61, 31, 31)), 0))
    one, other = model.embed(here), model.embed(there)
    mask = torch.zeros(64, 64, 64)
    mask[40:, 20:40, 20:40] = 1
    heat = model.heat(one, mask, other)
    assert heat is not None
    expected = network.cross_patch(one.image, one.turn.crop(mask)[None, None], other.image)
    torch.testing.assert_close(other.turn.crop(heat), expected[0, 0])


def test_weights_without_a_cross_patch_network_grow_by_wider_views() -> None:
    sizes = Sizes(**{**SMALL.__dict__, "cross_patch": None})
    model = segmenter(lively(sizes))
    assert model.spec.growths[0] == "wider"
    assert segmenter(lively()).spec.growths[0] == "cross-patch"


def test_half_precision_gives_almost_the_same_mask(network: Network) -> None:
    volume = ct(GRIDS["straight"])
    exact, fast = segmenter(network), CtSam3dSegmenter(CPU, network=network, dtype=torch.bfloat16)
    view = View.of(volume, exact.spec.look(volume.grid, volume.grid.box, 0))
    one = exact.decode(exact.embed(view), [Point((30.0, 35.0, 28.0))], None) > 0
    other = fast.decode(fast.embed(view), [Point((30.0, 35.0, 28.0))], None) > 0
    assert 2 * (one & other).sum() > 0.97 * (one.sum() + other.sum())


@pytest.fixture
def asked(network: Network, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever the decoder is asked."""
    asked: list[int] = []
    decode = network.decode

    def counted(features: list[torch.Tensor], prompts: torch.Tensor) -> torch.Tensor:
        asked.append(len(prompts))
        return decode(features, prompts)

    monkeypatch.setattr(network, "decode", counted)
    return asked


def test_a_click_asks_the_decoder_once(network: Network, asked: list[int]) -> None:
    """The answer to one click is the round before the next one."""
    session = vc.Session(ct(Grid((70, 70, 70), np.diag([1.5, 1.5, 1.5, 1.0]))), segmenter(network))
    session.widens = False
    for count, at in enumerate([(20, 18, 16), (24, 20, 15), (17, 16, 17)], start=1):
        session.add(vc.Point(at))
        assert len(asked) == count


def test_strokes_that_begin_an_object_ask_the_decoder_once(
    network: Network, asked: list[int]
) -> None:
    volume, model = ct(GRIDS["straight"]), segmenter(network)
    view = View.of(volume, model.spec.look(volume.grid, volume.grid.box, 0))
    places = [(30.0, 35.0, 28.0), (36.0, 30.0, 33.0), (31.0, 31.0, 31.0)]
    model.decode(model.embed(view), [Point(at) for at in places], None)
    assert len(asked) == 1
