"""NIfTI volumes that stay in their file."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from large_volumes import leave_in_files
from phantoms import GRIDS

import voxclick as vc
from voxclick.errors import FileFormatError, TooLargeError
from voxclick.io import memory
from voxclick.volume import Partwise

GRID = GRIDS["oblique"]


def nifti(path: Path, dtype: str, scaled: bool = False, endianness: str = "<") -> Path:
    header = nib.Nifti1Header(endianness=endianness)
    header.set_data_dtype(np.dtype(dtype).newbyteorder(endianness))
    values = np.random.default_rng(0).uniform(0, 200, GRID.shape).astype(dtype)
    image = nib.Nifti1Image(values, GRID.affine, header)
    if scaled:
        image.header.set_slope_inter(0.25, -7.0)
    image.to_filename(path)
    return path


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize(("scaled", "endianness"), [(False, "<"), (True, "<"), (True, ">")])
def test_what_is_read_from_the_file_is_what_would_be_loaded(
    dtype: str, scaled: bool, endianness: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = nifti(tmp_path / "a.nii", dtype, scaled, endianness)
    loaded = vc.read(path)
    leave_in_files(monkeypatch)
    left = vc.read(path)
    assert isinstance(left.array, Partwise)
    assert left.array.dtype == loaded.array.dtype
    assert left.source == loaded.source
    assert np.array_equal(np.asarray(left.array), loaded.array)
    assert np.array_equal(left.array[3:17, 20:, 4], loaded.array[3:17, 20:, 4])
    assert (left.array.min(), left.array.max()) == (loaded.array.min(), loaded.array.max())


def test_any_slices_are_those_of_the_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = nifti(tmp_path / "a.nii", "int16")
    loaded = vc.read(path).array
    leave_in_files(monkeypatch)
    left = vc.read(path).array
    generator = np.random.default_rng(0)
    for _ in range(200):
        first, last = generator.integers(0, np.array(GRID.shape) + 1, (2, 3))
        steps = generator.integers(1, 9, 3)
        key = tuple(slice(*one) for one in zip(first, last, steps, strict=True))
        assert np.array_equal(left[key], loaded[key])


def test_nan_is_the_lowest_intensity_as_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(0).uniform(-50, 200, GRID.shape).astype(np.float32)
    values[4, 5, 6], values[7, 8, 9] = np.nan, np.inf
    nib.Nifti1Image(values, GRID.affine).to_filename(tmp_path / "a.nii")
    loaded = vc.read(tmp_path / "a.nii")
    leave_in_files(monkeypatch)
    left = vc.read(tmp_path / "a.nii")
    assert np.array_equal(np.asarray(left.array), loaded.array)


def test_a_file_that_was_cut_off_since_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = nifti(tmp_path / "a.nii", "int16")
    leave_in_files(monkeypatch)
    volume = vc.read(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(FileFormatError, match="leave the file"):
        np.asarray(volume.array)
    with pytest.raises(FileFormatError, match="cut off"):
        vc.read(path)


def test_a_packed_file_that_does_not_fit_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = nifti(tmp_path / "a.nii.gz", "int16")
    leave_in_files(monkeypatch)
    assert isinstance(vc.read(path).array, np.ndarray)
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with pytest.raises(TooLargeError, match="gunzip it"):
        vc.read(path)


def test_a_volume_in_its_file_is_written_as_one_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = nifti(tmp_path / "a.nii", "int16", scaled=True)
    loaded = vc.read(path)
    leave_in_files(monkeypatch)
    for ending in (".nii", ".nii.gz", ".nrrd", ".mha", ".ome.zarr"):
        copied = vc.read(vc.write(vc.read(path), tmp_path / f"b{ending}"))
        assert np.array_equal(np.asarray(copied.array), loaded.array)
        assert copied.grid.matches(loaded.grid, tolerance_voxels=1e-3)
