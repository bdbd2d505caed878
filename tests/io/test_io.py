import shutil
import subprocess
import sys
from pathlib import Path

import dicom_phantoms as phantom
import numpy as np
import pytest
from phantoms import GRIDS

from voxclick import io
from voxclick.errors import (
    FileFormatError,
    InputError,
    MissingFileError,
    OptionError,
    OutputError,
    UnknownNameError,
)
from voxclick.volume import LabelMap, Mask, Volume

GRID = GRIDS["oblique"]


def mask() -> Mask:
    array = np.zeros(GRID.shape, dtype=np.bool_)
    array[3:6, 4:8, 5:9] = True
    return Mask(array, GRID)


def two_labels(first: int = 1, second: int = 2) -> LabelMap:
    array = np.zeros(GRID.shape, dtype=np.uint8)
    array[:3], array[5:] = first, second
    return LabelMap(array, GRID, {first: "liver", second: "spleen"})


def test_importing_io_loads_no_reader() -> None:
    readers = {"nibabel", "SimpleITK", "pydicom", "torch"}
    check = f"import sys, voxclick.io; print({readers} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, check=True, text=True)
    assert told.stdout.strip() == "set()"


def test_the_sample_is_a_head_of_known_size() -> None:
    volume = io.sample()
    assert volume.grid.shape == volume.array.shape == (181, 217, 181)
    assert volume.grid.spacing_mm == (1.0, 1.0, 1.0)
    assert volume.array.dtype == np.uint8
    white_matter, ventricle = volume.array[70, 108, 110], volume.array[78, 117, 93]
    assert white_matter > 3 * ventricle


def test_the_word_sample_reads_the_sample() -> None:
    np.testing.assert_array_equal(io.read("sample").array, io.sample().array)


def test_a_file_named_sample_goes_before_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sample").write_text("mine")
    with pytest.raises(UnknownNameError, match="'sample'"):
        io.read("sample")


def test_the_sample_comes_with_its_licence() -> None:
    notice = (Path(io.__file__).parents[1] / "samples" / "NOTICE").read_text(encoding="utf-8")
    for wanted in ("Chris Rorden", "Holmes", "McConnell", "Redistributions of source code"):
        assert wanted in notice


@pytest.mark.parametrize(
    "path", ["nothing.nii.gz", "no/folder/a.nrrd", "x" * 300 + ".nii", "a\0b.nii"]
)
def test_a_path_with_nothing_there_is_named(path: str, tmp_path: Path) -> None:
    for read in (io.read, io.read_labelmap, io.read_mask):
        with pytest.raises(MissingFileError, match="nothing there"):
            read(tmp_path / path)


def test_an_unknown_ending_lists_those_that_are_read(tmp_path: Path) -> None:
    path = tmp_path / "scan.jpg"
    path.write_bytes(b"x")
    with pytest.raises(
        UnknownNameError, match=r"\.nii\.gz.*\.nhdr.*\.mha.*\.npz.*folder.*'scan.jpg'"
    ):
        io.read(path)


def test_an_unknown_ending_lists_those_that_are_written(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"\.nii\.gz.*\.seg\.nrrd.*\.seg\.dcm") as caught:
        io.write(mask(), tmp_path / "out.stl")
    assert ".nhdr" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_endings_count_in_any_case(tmp_path: Path) -> None:
    path = io.write(mask(), tmp_path / "A.NII.GZ")
    np.testing.assert_array_equal(io.read_mask(path).array, mask().array)


def test_a_series_is_chosen_in_dicom_only(tmp_path: Path) -> None:
    path = io.write(mask(), tmp_path / "a.nii")
    with pytest.raises(OptionError, match=r"'1\.2'.*NIfTI"):
        io.read(path, series="1.2")


def test_an_empty_folder_has_no_series(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        io.read(tmp_path)


def test_one_label_of_any_number_is_a_mask(tmp_path: Path) -> None:
    array = mask().array.astype(np.uint16) * 300
    path = io.write(LabelMap(array, GRID), tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(io.read_mask(path).array, mask().array)


def test_of_several_labels_one_must_be_chosen(tmp_path: Path) -> None:
    path = io.write(two_labels(), tmp_path / "a.seg.nrrd")
    with pytest.raises(InputError, match=r"1 \(liver\), 2 \(spleen\)"):
        io.read_mask(path)


@pytest.mark.parametrize("label", [2, "spleen"])
def test_a_label_is_chosen_by_number_or_name(label: int | str, tmp_path: Path) -> None:
    path = io.write(two_labels(), tmp_path / "a.seg.nrrd")
    np.testing.assert_array_equal(io.read_mask(path, label).array, two_labels().array == 2)


@pytest.mark.parametrize("suffix", [".nii.gz", ".seg.nrrd"])
def test_a_label_that_is_not_there_is_refused(suffix: str, tmp_path: Path) -> None:
    path = io.write(two_labels(), tmp_path / f"a{suffix}")
    for label in (3, "kidney"):
        with pytest.raises(UnknownNameError, match=repr(label)):
            io.read_mask(path, label)


def test_an_image_is_no_label_map(tmp_path: Path) -> None:
    array = np.random.default_rng(1).normal(size=GRID.shape).astype(np.float32)
    path = io.write(Volume(array, GRID), tmp_path / "a.nii.gz")
    with pytest.raises(FileFormatError, match="whole numbers"):
        io.read_mask(path)


def test_negative_numbers_are_no_labels(tmp_path: Path) -> None:
    path = io.write(Volume(-two_labels().array.astype(np.int16), GRID), tmp_path / "a.mha")
    with pytest.raises(FileFormatError, match="from 0 up, got -2"):
        io.read_labelmap(path)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize(("top", "kind"), [(255, "uint8"), (256, "uint16"), (70000, "uint32")])
def test_labels_take_the_smallest_type(suffix: str, top: int, kind: str, tmp_path: Path) -> None:
    labels = LabelMap(mask().array.astype(np.int64) * top, GRID)
    read = io.read_labelmap(io.write(labels, tmp_path / f"a{suffix}"))
    assert read.array.dtype == kind
    np.testing.assert_array_equal(read.array, labels.array)


def test_write_gives_the_path_back(tmp_path: Path) -> None:
    assert io.write(mask(), str(tmp_path / "a.nii")) == tmp_path / "a.nii"


def test_a_dicom_seg_of_an_image_without_a_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        io.write(mask(), tmp_path / "a.seg.dcm")
    assert not list(tmp_path.iterdir())


def test_a_source_that_is_not_there_is_missing_and_no_trouble_with_the_output(
    tmp_path: Path,
) -> None:
    with pytest.raises(MissingFileError, match="gone"):
        io.write(mask(), tmp_path / "a.dcm", source=tmp_path / "gone")
    assert not list(tmp_path.iterdir())


def test_check_output_tells_before_the_work(tmp_path: Path) -> None:
    assert io.check_output(tmp_path / "a.seg.nrrd").name == "nrrd"
    with pytest.raises(OutputError, match="no folder"):
        io.check_output(tmp_path / "none" / "a.nii")


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A DICOM series in files without an ending, as on a CD."""
    grid = phantom.shorten(GRID)
    return phantom.write_series(tmp_path / "disc", phantom.ramp(grid), grid)


def test_a_dicom_file_of_any_name_is_read_with_its_series(disc: Path) -> None:
    whole = io.read(disc)
    for name in ("IM0003", "1.2.840.113619", "scan.xyz"):
        path = disc / name
        if not path.exists():
            shutil.move(disc / "IM0002", path)
            shutil.copy(path, disc / "IM0002")
        read = io.read(path)
        np.testing.assert_array_equal(read.array, whole.array)
        assert read.source is not None
        assert read.source.format == "dicom_series"


def test_a_dicom_segmentation_of_any_name_is_read(disc: Path, tmp_path: Path) -> None:
    volume = io.read(disc)
    array = phantom.ramp(volume.grid) % 3 == 1
    path = io.write(Mask(array, volume.grid, volume.source), tmp_path / "a.dcm")
    shutil.move(path, tmp_path / "SEG1")
    np.testing.assert_array_equal(io.read_mask(tmp_path / "SEG1").array, array)
    np.testing.assert_array_equal(io.read_mask(tmp_path / "SEG1", 1).array, array)


@pytest.mark.parametrize("packed", [False, True])
def test_a_segmentation_beside_its_series_is_found(
    packed: bool, disc: Path, tmp_path: Path
) -> None:
    volume = io.read(disc)
    array = phantom.ramp(volume.grid) % 3 == 1
    io.write(Mask(array, volume.grid, volume.source), disc / "a.dcm")
    path = Path(shutil.make_archive(str(tmp_path / "all"), "zip", disc)) if packed else disc
    np.testing.assert_array_equal(io.read_mask(path).array, array)
    np.testing.assert_array_equal(io.read_labelmap(path).array, array)
    np.testing.assert_array_equal(io.read(path).array, volume.array)


def test_a_series_without_a_segmentation_is_no_mask(disc: Path) -> None:
    for path in (disc, disc / "IM0001"):
        for read in (io.read_mask, io.read_labelmap):
            with pytest.raises(FileFormatError, match=r"found none among .* CT; give") as caught:
                read(path)
            assert "\n" not in str(caught.value)
