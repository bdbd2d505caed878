"""The segmenter on volumes: alignment, clicks, padding."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from adapter_network import small_network
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.geometry import Box
from voxclick.models.sam_adapter3d.segmenter import SamAdapter3dSegmenter
from voxclick.models.sam_adapter3d.settings import Settings
from voxclick.preprocess import View
from voxclick.preprocess.statistics import Intensity

CENTRE = (20.0, 18.0, 16.0)
SETTINGS = Settings(Intensity(-50, 150, 50, 50), crop=64)
CPU = torch.device("cpu")


def segmenter(**settings):
    return SamAdapter3dSegmenter(
        CPU, network=small_network(), settings=replace(SETTINGS, **settings), dtype=torch.float32
    )


def laid_out_anew(volume):
    """The same volume with its axes permuted and one of them flipped."""
    i, j, k = volume.grid.shape
    matrix = np.zeros((4, 4))
    matrix[0, 1], matrix[0, 3] = -1, i - 1
    matrix[1, 2] = matrix[2, 0] = matrix[3, 3] = 1
    array = np.ascontiguousarray(volume.array[::-1].transpose(2, 0, 1))
    return vc.Volume(array, vc.Grid((k, i, j), volume.grid.affine @ matrix))


def seen(volume, model):
    grid = model.spec.look(volume.grid, Box.around(np.array([CENTRE], dtype=int)), 0)
    return View.of(volume, grid, CPU)


@pytest.mark.slow
def test_the_answer_does_not_depend_on_how_the_file_lays_out_its_axes():
    model = segmenter()
    volume, _ = bright_ball(GRIDS["oblique"], CENTRE, 8.0)
    masks = []
    for one in (volume, laid_out_anew(volume)):
        session = vc.Session(one, model)
        at = volume.grid.to_ras(np.array([CENTRE]))[0]
        session.add(vc.Point(tuple(at), space="ras"))
        masks.append(session.mask().array)
    back = masks[1].transpose(1, 2, 0)[::-1]
    assert (back != masks[0]).mean() < 0.002


@pytest.mark.slow
def test_prompts_are_obeyed_and_negative_ones_beyond_their_voxel():
    model = segmenter()
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 8.0)
    view = seen(volume, model)
    embedding = model.embed(view)
    whole = torch.zeros(view.grid.shape)
    whole[12:52, 12:52, 12:52] = 1
    centre = np.array([32.0, 32, 32])
    clicks = [vc.Point(tuple(centre)), vc.Point((44.0, 44, 44), positive=False)]
    found = model.decode(embedding, clicks, whole) > 0
    assert found[32, 32, 32]
    near = np.linalg.norm(np.argwhere(whole.numpy() > 0) - (44, 44, 44), axis=1) <= 4
    marked = found.numpy()[whole.numpy() > 0][near]
    assert marked.mean() < 0.2
    assert found.sum() > 0.3 * whole.sum()


@pytest.mark.slow
def test_the_second_click_on_a_view_does_not_encode_again():
    model = segmenter()
    volume, _ = bright_ball(GRIDS["straight"], CENTRE, 8.0)
    encoded = []
    encode = model.network.encode
    model.network.encode = lambda crop: encoded.append(1) or encode(crop)
    session = vc.Session(volume, model)
    for at in (CENTRE, (22.0, 18.0, 16.0), (18.0, 20.0, 16.0)):
        session.add(vc.Point(at))
    assert len(encoded) == 1
