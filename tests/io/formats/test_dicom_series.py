"""A DICOM series is read right, or refused with the reason."""

from pathlib import Path

import dicom_phantoms as phantom
import nibabel
import numpy as np
import pytest
import SimpleITK
from phantoms import GRIDS
from pydicom import Dataset

from voxclick.errors import FileFormatError, OptionError, UnknownNameError
from voxclick.geometry import Grid
from voxclick.io.formats.dicom_series import read_volume
from voxclick.types import Array

STRAIGHT = phantom.shorten(GRIDS["anisotropic"])


def upright(array: Array, grid: Grid) -> tuple[Array, Array]:
    """Array and affine with `k` turned along the normal, as a DICOM series comes back."""
    if np.linalg.det(grid.affine[:3, :3]) > 0:
        return array, grid.affine
    flip = np.diag([1.0, 1.0, -1.0, 1.0])
    flip[2, 3] = grid.shape[2] - 1
    return array[:, :, ::-1], grid.affine @ flip


@pytest.mark.parametrize("name", GRIDS)
def test_slices_are_sorted_by_place_on_every_grid(name: str, tmp_path: Path) -> None:
    grid = phantom.shorten(GRIDS[name])
    array, affine = upright(phantom.ramp(grid), grid)
    volume = read_volume(phantom.write_series(tmp_path / "a", phantom.ramp(grid), grid))
    assert volume.array.dtype == np.int16
    np.testing.assert_array_equal(volume.array, array)
    np.testing.assert_allclose(volume.grid.affine, affine, atol=1e-6)


@pytest.mark.parametrize("name", GRIDS)
def test_an_enhanced_multi_frame_file_is_read_on_every_grid(name: str, tmp_path: Path) -> None:
    grid = phantom.shorten(GRIDS[name])
    array, affine = upright(phantom.ramp(grid), grid)
    volume = read_volume(phantom.write_multiframe(tmp_path / "a.dcm", phantom.ramp(grid), grid))
    assert volume.array.dtype == np.int16
    np.testing.assert_array_equal(volume.array, array - 3)
    np.testing.assert_allclose(volume.grid.affine, affine, atol=1e-6)


def test_the_source_names_the_series(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, uid="1.5.7")
    source = read_volume(folder).source
    assert source is not None
    assert (source.path, source.format, source.series_uid) == (folder, "dicom_series", "1.5.7")


def test_copies_of_a_file_count_once(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    file = next(folder.iterdir())
    (folder / "copy").write_bytes(file.read_bytes())
    assert read_volume(folder).grid.shape == STRAIGHT.shape


def test_two_series_are_listed_for_a_choice(tmp_path: Path) -> None:
    for uid in ("1.2.33", "1.2.44"):
        phantom.write_series(tmp_path / "a" / uid, phantom.ramp(STRAIGHT), STRAIGHT, uid=uid)
    with pytest.raises(
        OptionError, match=r"--series UID.*1\.2\.33: CT 'phantom', 6 slices of 14 x"
    ):
        read_volume(tmp_path / "a")


@pytest.mark.parametrize("asked", ["1.2.44", "44", ".44"])
def test_a_series_is_chosen_by_its_uid_or_a_part_of_it(asked: str, tmp_path: Path) -> None:
    for uid in ("1.2.33", "1.2.44"):
        phantom.write_series(tmp_path / "a" / uid, phantom.ramp(STRAIGHT), STRAIGHT, uid=uid)
    source = read_volume(tmp_path / "a", asked).source
    assert source is not None
    assert source.series_uid == "1.2.44"


@pytest.mark.parametrize(("asked", "error"), [("1.2", OptionError), ("9", UnknownNameError)])
def test_a_series_that_is_not_one_is_refused(
    asked: str, error: type[Exception], tmp_path: Path
) -> None:
    for uid in ("1.2.33", "1.2.44"):
        phantom.write_series(tmp_path / "a" / uid, phantom.ramp(STRAIGHT), STRAIGHT, uid=uid)
    with pytest.raises(error, match=r"1\.2\.33.*1\.2\.44"):
        read_volume(tmp_path / "a", asked)


def test_reports_and_other_files_beside_a_series_do_not_matter(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    phantom.write_report(folder / "report.dcm")
    (folder / "notes.txt").write_text("seen by me")
    (folder / "empty").touch()
    assert read_volume(folder).grid.shape == STRAIGHT.shape


def test_a_localizer_in_the_series_is_left_out(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)

    def scout(data: Dataset, k: int) -> None:
        data.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        data.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
        data.SOPInstanceUID = f"1.2.99.{k}"

    single = phantom.shorten(STRAIGHT, 1)
    phantom.write_series(folder / "scout", phantom.ramp(single), single, change=scout)
    np.testing.assert_array_equal(read_volume(folder).array, phantom.ramp(STRAIGHT))


def test_slopes_that_vary_by_slice_are_applied_slice_by_slice(tmp_path: Path) -> None:
    def scale(data: Dataset, k: int) -> None:
        data.RescaleSlope, data.RescaleIntercept = str(1 + k / 4), "0.5"

    array = phantom.ramp(STRAIGHT)
    volume = read_volume(phantom.write_series(tmp_path / "a", array, STRAIGHT, change=scale))
    assert volume.array.dtype == np.float32
    np.testing.assert_allclose(volume.array, array * (1 + np.arange(6) / 4) + 0.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("largest", "intercept", "kind"), [(3000, -1024, np.int16), (60000, 0, np.int32)]
)
def test_whole_numbers_stay_whole_and_never_wrap(
    largest: int, intercept: int, kind: type, tmp_path: Path
) -> None:
    def unsigned(data: Dataset, _: int) -> None:
        data.PixelRepresentation, data.RescaleIntercept = 0, str(intercept)

    array = np.zeros(STRAIGHT.shape, dtype=np.uint16)
    array[3, 4, 5] = largest
    volume = read_volume(phantom.write_series(tmp_path / "a", array, STRAIGHT, change=unsigned))
    assert volume.array.dtype == kind
    np.testing.assert_array_equal(volume.array, array.astype(np.int64) + intercept)


def test_one_file_stands_for_its_series(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    phantom.write_report(folder / "report.dcm")
    other = phantom.write_series(tmp_path / "b", phantom.ramp(STRAIGHT), STRAIGHT, uid="1.9")
    for file in other.iterdir():
        file.rename(folder / f"other_{file.name}")
    volume = read_volume(folder / "IM0002")
    np.testing.assert_array_equal(volume.array, phantom.ramp(STRAIGHT))


def test_blanked_uids_do_not_stop_reading(tmp_path: Path) -> None:
    def blank(data: Dataset, k: int) -> None:
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
        data.file_meta.MediaStorageSOPInstanceUID = f"1.2.{k + 1}"
        data.SOPInstanceUID = data.SeriesInstanceUID = data.StudyInstanceUID = ""

    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, change=blank)
    assert read_volume(folder).grid.shape == STRAIGHT.shape


def test_a_folder_of_reports_alone_is_an_error(tmp_path: Path) -> None:
    phantom.write_report(tmp_path / "a.dcm")
    with pytest.raises(FileFormatError, match="1 objects of modality SR"):
        read_volume(tmp_path)


@pytest.mark.parametrize("left", [0.2, 0.6, 0.99])
def test_a_cut_off_slice_is_an_error(left: float, tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    file = folder / "IM0003"
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * left)])
    with pytest.raises(FileFormatError, match=r"IM0003|missing") as caught:
        read_volume(folder)
    assert "\n" not in str(caught.value)


def test_a_header_that_claims_more_than_memory_holds_is_refused(tmp_path: Path) -> None:
    def claim(data: Dataset, k: int) -> None:
        data.Rows = data.Columns = 65000
        data.ImagePositionPatient[2] = k

    many = phantom.shorten(STRAIGHT, 60)
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(many), many, change=claim)
    with pytest.raises(FileFormatError, match=r"memory|cannot be decoded"):
        read_volume(folder)


@pytest.mark.parametrize("keyword", ["BitsStored", "Rows", "PixelSpacing"])
def test_an_element_of_the_wrong_kind_is_an_error(keyword: str, tmp_path: Path) -> None:
    def many(data: Dataset, _: int) -> None:
        data[keyword].value = [1, 2, 3]

    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, change=many)
    with pytest.raises(FileFormatError):
        read_volume(folder)


def change_of(keyword: str, value: object) -> phantom.Change:
    """A change that sets one element, or deletes it for None."""

    def change(data: Dataset, _: int) -> None:
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)

    return change


@pytest.mark.parametrize(
    ("keyword", "value", "told"),
    [
        ("PhotometricInterpretation", "PALETTE COLOR", "colour"),
        ("SamplesPerPixel", 3, "colour"),
        ("PixelSpacing", None, "PixelSpacing"),
        ("PixelSpacing", ["0", "1"], "PixelSpacing"),
        ("ImageOrientationPatient", None, "ImageOrientationPatient"),
        ("ImageOrientationPatient", ["1", "0", "0", "1", "0", "0"], "ImageOrientationPatient"),
        ("ImagePositionPatient", None, "without ImagePositionPatient"),
        ("NumberOfFrames", 3, "no position for each"),
        ("Rows", 12, "cannot be decoded"),
        ("ModalityLUTSequence", [Dataset()], "lookup table"),
    ],
)
def test_an_image_that_is_no_volume_is_refused_with_the_reason(
    keyword: str, value: object, told: str, tmp_path: Path
) -> None:
    change = change_of(keyword, value)
    array = phantom.ramp(STRAIGHT)
    folder = phantom.write_series(tmp_path / "a", array, STRAIGHT, change=change)
    with pytest.raises(FileFormatError, match=told) as caught:
        read_volume(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.data
@pytest.mark.slow
def test_a_compressed_ct_is_what_its_nifti_is(data_dir: Path) -> None:
    volume = read_volume(data_dir / "dicom" / "totalseg_ct")
    image = nibabel.load(data_dir / "totalseg" / "ct_dicom_trunk" / "image.nii.gz")
    np.testing.assert_allclose(volume.grid.affine, image.affine, atol=1e-4)
    np.testing.assert_array_equal(volume.array, np.asanyarray(image.dataobj))


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["qin_headneck_0024_pet", "dcmqi_ct3"])
def test_a_series_is_what_gdcm_reads(name: str, data_dir: Path) -> None:
    folder = data_dir / "dicom" / name
    volume = read_volume(folder)
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    other = reader.Execute()
    np.testing.assert_allclose(volume.grid.spacing_mm, other.GetSpacing(), rtol=1e-6)
    expected = SimpleITK.GetArrayFromImage(other).transpose(2, 1, 0)
    np.testing.assert_allclose(volume.array, expected, rtol=1e-6)
