"""The shipped model on the packaged head, through the published client."""

from contextlib import ExitStack

import numpy as np
import pytest

import voxclick as vc
from voxclick.geometry import Grid
from voxclick.metrics.overlap import dice

INSIDE, ALSO, BESIDE = (78, 117, 93), (80, 138, 88), (98, 135, 88)


@pytest.fixture(scope="module")
def volume():
    return vc.sample()


@pytest.fixture(scope="module")
def model():
    return vc.load("geodesic", device="cpu")


def clicked(client, volume, turned):
    """The ventricle as a program finds it that counts its axes forth or, as Slicer, back."""
    array = volume.array.T if turned else volume.array
    step = -1 if turned else 1
    client.set_image(array[None], {"spacing": volume.grid.spacing_mm[::step]})
    client.set_target_buffer(np.zeros(array.shape, dtype=np.uint8))
    for voxel, positive in ((INSIDE, True), (ALSO, True), (BESIDE, False)):
        client.add_point_interaction(voxel[::step], include_interaction=positive)
    found = np.asarray(client.target_buffer) > 0
    return found.T if turned else found


@pytest.mark.slow
def test_a_ventricle_is_found_as_by_a_session_in_either_order_of_axes(serve, volume, model):
    session = vc.Session(
        vc.Volume(volume.array, Grid(volume.grid.shape, np.diag([*volume.grid.spacing_mm, 1.0]))),
        model,
    )
    for voxel, positive in ((INSIDE, True), (ALSO, True), (BESIDE, False)):
        session.add(vc.Point(voxel, positive=positive))
    expected = session.mask()
    served = serve("/nni", model=model, max_bytes=1 << 26)
    with ExitStack() as stack:
        forth, back = stack.enter_context(served.client()), stack.enter_context(served.client())
        found, turned = clicked(forth, volume, False), clicked(back, volume, True)
    assert expected.voxels > 1000
    np.testing.assert_array_equal(found, expected.array)
    assert dice(vc.Mask(turned, expected.grid), expected) > 0.95
