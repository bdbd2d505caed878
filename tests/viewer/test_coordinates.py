"""A landmark that is clicked on the screen is the voxel that comes in.

The landmarks are found in the screenshot, not computed, and clicked with the browser's own mouse.
"""

import nibabel as nib
import numpy as np
import pytest
from phantoms import GRIDS, grid, rotation

pytestmark = pytest.mark.slow

GEOMETRIES = {
    **GRIDS,
    "forty-five degrees": grid((1.0, 1.0, 2.0), rotation(45, 2)),
    "sagittal, tilted and mirrored": grid(
        (0.9, 1.1, 1.4),
        rotation(10, 0) @ np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
    ),
}
LANDMARKS = ((7, 9, 11), (31, 5, 20), (20, 30, 3))
"""File voxels that are bright, one a plane."""


@pytest.fixture(scope="module", params=GEOMETRIES)
def path(request, tmp_path_factory):
    on = GEOMETRIES[request.param]
    array = np.zeros(on.shape, dtype=np.int16)
    for landmark in LANDMARKS:
        array[landmark] = 1000
    path = tmp_path_factory.mktemp("landmarks") / "landmarks.nii.gz"
    nib.save(nib.Nifti1Image(array, on.affine), path)
    return path


def in_view(native, state):
    """A file voxel as the page has it, by what the server says of its axes."""
    turned = zip(state["native"]["axes"], state["native"]["flipped"], state["shape"], strict=True)
    return tuple(
        length - 1 - native[axis] if flipped else native[axis] for axis, flipped, length in turned
    )


@pytest.mark.parametrize("context", [1, 2], indirect=True, ids=["ratio 1", "ratio 2"])
def test_a_landmark_clicked_on_the_screen_is_the_voxel_that_comes_in(viewer, path):
    viewer.open(path)
    viewer.page.select_option("#preset", label="Full range")
    viewer.page.uncheck("#show-prompts")
    viewer.page.uncheck("#show-crosshair")
    state = viewer.state()
    for landmark, plane in zip(LANDMARKS, ("axial", "coronal", "sagittal"), strict=True):
        viewer.page.keyboard.press("N")
        viewer.look(in_view(landmark, state))
        rows, columns = np.nonzero(viewer.picture(plane).min(axis=-1) > 128)
        height, width, _ = viewer.picture(plane).shape
        assert len(rows), f"the landmark {landmark} is not seen in the {plane} pane"
        # the place of a pixel is its middle
        share = ((columns.mean() + 0.5) / width, (rows.mean() + 0.5) / height)
        viewer.page.mouse.click(*viewer.spot(plane, share))
        viewer.answered()
    came = [prompts["prompts"][0]["at"] for prompts in viewer.log()["objects"]]
    assert came == [list(landmark) for landmark in LANDMARKS]
