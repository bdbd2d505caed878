"""Cases read from disk."""

import re

import nibabel as nib
import numpy as np
import pytest
from phantoms import GRIDS, ball, grid

from voxclick.errors import GridMismatchError
from voxclick.evaluate.case import Case
from voxclick.geometry import Grid


def save(path, array, on):
    nib.save(nib.Nifti1Image(array, on.affine), path)
    return path


@pytest.fixture(params=GRIDS)
def saved(request, tmp_path):
    """An image and a label map of two balls on each kind of grid: case, grid, label array."""
    on = GRIDS[request.param]
    labels = ball(on, (12, 12, 12), 6.0).array.astype(np.uint8)
    labels[ball(on, (28, 24, 20), 5.0).array] = 4
    image = save(tmp_path / "image.nii.gz", np.zeros(on.shape, dtype=np.float32), on)
    label = save(tmp_path / "label.nii.gz", labels, on)
    return Case("a", "", image, label, {1: "liver"}), on, labels


def test_the_objects_of_a_label_map_are_its_labels(saved):
    case, on, labels = saved
    targets = list(case.targets(case.read().grid))
    assert [(target.label, target.name) for target in targets] == [(1, "liver"), (4, "label_4")]
    for target in targets:
        assert np.array_equal(target.mask.array, labels == target.label)
        assert target.voxels == np.count_nonzero(labels == target.label)
        assert target.mask.grid.matches(on)


def test_the_objects_of_mask_files_are_the_files(saved, tmp_path):
    case, on, labels = saved
    masks = {
        1: save(tmp_path / "aorta.nii.gz", (labels == 1).astype(np.uint8), on),
        2: save(tmp_path / "none.nii.gz", np.zeros(on.shape, dtype=np.uint8), on),
    }
    several = Case("a", "", case.image, None, {1: "aorta", 2: "none"}, masks)
    one, none = several.targets(several.read().grid)
    assert (one.name, none.name, none.voxels) == ("aorta", "none", 0)
    assert np.array_equal(one.mask.array, labels == 1)
    assert not none.mask.array.any()


def test_labels_on_another_grid_are_an_error_that_names_both(saved, tmp_path):
    case, on, labels = saved
    shifted = grid((2.0, 2.0, 2.0), np.eye(3))
    label = save(tmp_path / "shifted.nii.gz", labels, shifted)
    with pytest.raises(GridMismatchError, match=r"image\.nii\.gz.*shifted\.nii\.gz.*2\.0"):
        list(Case("a", "", case.image, label).targets(on))


def test_labels_that_only_lie_elsewhere_are_told_with_where_both_begin(saved, tmp_path):
    case, on, labels = saved
    affine = on.affine.copy()
    affine[:3, 3] += (70.0, 0.0, 0.0)
    label = save(tmp_path / "moved.nii.gz", labels, Grid(on.shape, affine))
    first = r"the first at \(%s"
    with pytest.raises(GridMismatchError) as raised:
        list(Case("a", "", case.image, label).targets(on))
    for here in (on.affine[0, 3], affine[0, 3]):
        assert re.search(first % re.escape(str(round(float(here), 3))), str(raised.value))


def test_one_channel_of_several_is_read(tmp_path):
    on = GRIDS["oblique"]
    array = np.stack([np.full(on.shape, 3, np.int16), np.full(on.shape, 7, np.int16)], axis=-1)
    image = save(tmp_path / "image.nii.gz", array, on)
    volume = Case("a", "", image, None, channel=1).read()
    assert volume.grid.matches(on)
    assert (volume.array == 7).all()
