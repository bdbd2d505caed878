"""A DICOM series is read right, or refused with the reason."""

import math
import zipfile
from pathlib import Path

import dicom_phantoms as phantom
import nibabel
import numpy as np
import pytest
import SimpleITK
from phantoms import GRIDS
from pydicom import Dataset, dcmread

from voxclick.errors import FileFormatError, MissingFileError, OptionError, UnknownNameError
from voxclick.geometry import Grid
from voxclick.io.formats import dicom_files
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


def test_two_orientations_in_one_series_are_refused(tmp_path: Path) -> None:
    def turn(data: Dataset, k: int) -> None:
        if k > 3:
            data.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]

    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, change=turn)
    with pytest.raises(FileFormatError, match="share size, pixel spacing and orientation"):
        read_volume(folder)


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


def test_a_zip_is_read_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    archive = tmp_path / "scan.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("notes.txt", "hello")
        for file in folder.iterdir():
            packed.write(file, f"../../deep/er/{file.name}")
    before = sorted(tmp_path.parent.rglob("*"))
    np.testing.assert_array_equal(read_volume(archive).array, phantom.ramp(STRAIGHT))
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_files, "BOMB_BYTES", 2**20)
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.dcm", bytes(128) + b"DICM" + bytes(2**21))
    with pytest.raises(FileFormatError, match="more than a scan does"):
        read_volume(archive)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive"])
def test_a_broken_zip_is_refused(content: bytes, tmp_path: Path) -> None:
    archive = tmp_path / "scan.zip"
    archive.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"scan\.zip"):
        read_volume(archive)


def test_a_cut_off_zip_is_refused(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    archive = tmp_path / "scan.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in folder.iterdir():
            packed.write(file, file.name)
    content = bytearray(archive.read_bytes())
    content[1000:1100] = bytes(100)
    archive.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"scan\.zip"):
        read_volume(archive)


def test_one_file_stands_for_its_series(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    phantom.write_report(folder / "report.dcm")
    other = phantom.write_series(tmp_path / "b", phantom.ramp(STRAIGHT), STRAIGHT, uid="1.9")
    for file in other.iterdir():
        file.rename(folder / f"other_{file.name}")
    volume = read_volume(folder / "IM0002")
    np.testing.assert_array_equal(volume.array, phantom.ramp(STRAIGHT))


def test_a_file_without_preamble_is_read(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    for file in folder.iterdir():
        content = file.read_bytes()
        length = int.from_bytes(content[140:144], "little")
        file.write_bytes(content[144 + length :])
    np.testing.assert_array_equal(read_volume(folder).array, phantom.ramp(STRAIGHT))


def test_blanked_uids_do_not_stop_reading(tmp_path: Path) -> None:
    def blank(data: Dataset, k: int) -> None:
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
        data.file_meta.MediaStorageSOPInstanceUID = f"1.2.{k + 1}"
        data.SOPInstanceUID = data.SeriesInstanceUID = data.StudyInstanceUID = ""

    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, change=blank)
    assert read_volume(folder).grid.shape == STRAIGHT.shape


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


def test_nothing_at_the_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no file or folder"):
        read_volume(tmp_path / "nowhere")


def test_a_folder_without_dicom_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(FileFormatError, match="found no DICOM file"):
        read_volume(tmp_path)


def test_a_text_file_named_dcm_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_text("I am no image " * 50)
    with pytest.raises(FileFormatError, match="expected a DICOM file"):
        read_volume(tmp_path / "a.dcm")


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


def test_odd_elements_are_logged_and_not_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def odd(data: Dataset, _: int) -> None:
        data.SeriesDescription = "y" * 63

    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, change=odd)
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes().replace(b"ISO_IR 100", b"ISO_IR 999"))
    with caplog.at_level("INFO", logger="voxclick"):
        read_volume(folder, "1.2.826.1")
    assert "ISO_IR 999" in caplog.text


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
