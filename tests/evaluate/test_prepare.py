"""Cases made ready for a protocol."""

import nibabel as nib
import numpy as np
import pytest
from data_sets import write_case

from voxclick.errors import InputError
from voxclick.evaluate.layouts.folders import find
from voxclick.evaluate.prepare import prepare_case
from voxclick.evaluate.protocol import Protocol


@pytest.fixture
def case(tmp_path):
    write_case(tmp_path / "one")
    (found,) = find(tmp_path)
    return found


def test_small_objects_are_dropped_and_named(case):
    ready = prepare_case(case, Protocol())
    assert [target.name for target in ready.targets] == ["liver", "spleen"]
    assert ready.dropped == (3,)


def test_all_wanted_labels_can_be_one_object(case):
    each = prepare_case(case, Protocol(min_voxels=1)).targets
    (merged,) = prepare_case(case, Protocol(targets="merged")).targets
    union = np.logical_or.reduce([target.mask.array for target in each])
    assert np.array_equal(merged.mask.array, union)
    (two,) = prepare_case(case, Protocol(targets="merged", labels=("liver", "2"))).targets
    assert two.voxels == each[0].voxels + each[1].voxels


def test_labels_without_a_voxel_are_an_error_that_names_the_case(case):
    labels = nib.load(case.labels)
    nothing = np.zeros(labels.shape, dtype=np.uint8)
    nib.save(nib.Nifti1Image(nothing, labels.affine), case.labels)
    with pytest.raises(InputError, match="one"):
        prepare_case(case, Protocol())
