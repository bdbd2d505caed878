"""The format of a mask and its image."""

import numpy as np
import pytest

import voxclick as vc
from voxclick.errors import OptionError
from voxclick.request.request import Request
from voxclick.request.source import check_source
from voxclick.volume import Source


def test_a_dicom_segmentation_needs_a_dicom_series(tmp_path):
    grid = vc.Grid((2, 2, 2), np.eye(4))
    plain = vc.Volume(np.zeros((2, 2, 2)), grid, Source(tmp_path, "nifti"))
    series = vc.Volume(np.zeros((2, 2, 2)), grid, Source(tmp_path, "dicom_series", "1.2"))
    check_source(Request("", tmp_path / "out.nii.gz"), plain)
    check_source(Request("", tmp_path / "out.dcm"), series)
    with pytest.raises(OptionError, match="nifti"):
        check_source(Request("", tmp_path / "out.dcm"), plain)
