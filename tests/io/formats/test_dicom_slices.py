"""Slices are stacked by their place in the patient, or refused with the reason."""

import math
from pathlib import Path

import dicom_phantoms as phantom
import numpy as np
import pytest
from phantoms import GRIDS
from pydicom import Dataset, dcmread

from voxclick.errors import FileFormatError
from voxclick.geometry import Grid
from voxclick.io.formats.dicom_series import read_volume

STRAIGHT = phantom.shorten(GRIDS["anisotropic"])


def test_a_gantry_tilt_becomes_a_sheared_affine(tmp_path: Path) -> None:
    affine = STRAIGHT.affine.copy()
    affine[:3, 2] = (0.0, 3.0 * math.tan(math.radians(20)), 3.0)
    tilted = Grid(STRAIGHT.shape, affine)
    volume = read_volume(phantom.write_series(tmp_path / "a", phantom.ramp(tilted), tilted))
    np.testing.assert_allclose(volume.grid.affine, affine, atol=1e-6)
    np.testing.assert_array_equal(volume.array, phantom.ramp(tilted))


def test_positions_rounded_to_a_tenth_of_a_millimetre_are_even(tmp_path: Path) -> None:
    def rounded(data: Dataset, _: int) -> None:
        data.ImagePositionPatient = [round(float(v), 1) for v in data.ImagePositionPatient]

    affine = np.diag([1.0, 1.0, 1.25, 1.0])
    grid = Grid((8, 8, 9), affine)
    volume = read_volume(
        phantom.write_series(tmp_path / "a", phantom.ramp(grid), grid, change=rounded)
    )
    assert volume.grid.spacing_mm[2] == pytest.approx(1.25, abs=0.01)
    assert volume.grid.affine[0, 2] == 0


@pytest.mark.parametrize("lost", [1, 2, 4])
def test_a_missing_slice_is_named_by_its_gap(lost: int, tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    sorted(folder.iterdir(), key=position)[lost].unlink()
    with pytest.raises(FileFormatError, match=r"6\.000 mm where others are 3\.000 mm \(1 missing"):
        read_volume(folder)


def position(file: Path) -> float:
    return float(dcmread(file).ImagePositionPatient[2])


def test_uneven_spacing_is_refused(tmp_path: Path) -> None:
    def shift(data: Dataset, k: int) -> None:
        if k == 3:
            data.ImagePositionPatient[2] += 0.3

    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, change=shift)
    with pytest.raises(FileFormatError, match="uneven spacing"):
        read_volume(folder)


def test_slices_that_wander_sideways_are_refused(tmp_path: Path) -> None:
    def shift(data: Dataset, k: int) -> None:
        data.ImagePositionPatient[0] += 2.0 * (k % 2)

    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, change=shift)
    with pytest.raises(FileFormatError, match="straight line"):
        read_volume(folder)


def test_two_slices_at_one_place_are_refused_with_what_tells_them_apart(tmp_path: Path) -> None:
    def echo(time: str) -> phantom.Change:
        def change(data: Dataset, k: int) -> None:
            data.EchoTime = time
            data.SOPInstanceUID = f"1.2.{time}.{k + 1}"

        return change

    for time in ("5", "15"):
        array = phantom.ramp(STRAIGHT)
        phantom.write_series(tmp_path / "a" / time, array, STRAIGHT, change=echo(time))
    with pytest.raises(FileFormatError, match=r"EchoTime (5 and 15|15 and 5)"):
        read_volume(tmp_path / "a")


def test_two_orientations_in_one_series_are_refused(tmp_path: Path) -> None:
    def turn(data: Dataset, k: int) -> None:
        if k > 3:
            data.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]

    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, change=turn)
    with pytest.raises(FileFormatError, match="share size, pixel spacing and orientation"):
        read_volume(folder)


def test_a_single_slice_is_as_thick_as_it_says(tmp_path: Path) -> None:
    def thick(data: Dataset, _: int) -> None:
        data.SliceThickness = "4.5"

    single = phantom.shorten(STRAIGHT, 1)
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(single), single, change=thick)
    assert read_volume(folder).grid.spacing_mm[2] == 4.5


@pytest.mark.parametrize("told", ["0", None])
def test_a_single_slice_without_thickness_is_refused(told: str | None, tmp_path: Path) -> None:
    def thin(data: Dataset, _: int) -> None:
        data.SliceThickness = told

    single = phantom.shorten(STRAIGHT, 1)
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(single), single, change=thin)
    with pytest.raises(FileFormatError, match="whole series"):
        read_volume(folder)
