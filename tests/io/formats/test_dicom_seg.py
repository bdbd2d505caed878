"""Label maps go to DICOM-SEG and back; other makers' files are read as they are."""

import shutil
from pathlib import Path

import dicom_phantoms as phantom
import highdicom
import nibabel
import numpy as np
import pytest
from phantoms import GRIDS
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from voxclick.errors import (
    FileFormatError,
    GridMismatchError,
    MissingFileError,
    OptionError,
    UnknownNameError,
)
from voxclick.geometry import Grid
from voxclick.geometry.grid import RAS_TO_LPS
from voxclick.io.formats.dicom_seg import (
    read_labelmap,
    read_labelmap_on,
    read_mask,
    write_labelmap,
)
from voxclick.io.formats.dicom_series import read_volume
from voxclick.types import Array
from voxclick.volume import LabelMap, Source, Volume

STRAIGHT = phantom.shorten(GRIDS["anisotropic"], 8)
NAMES = {3: "Leber, ganz: groß", 7: "", 300: "x\\" * 90}


def series(folder: Path, grid: Grid = STRAIGHT, change: phantom.Change | None = None) -> Volume:
    return read_volume(phantom.write_series(folder, phantom.ramp(grid), grid, change=change))


def drawn(volume: Volume, names: dict[int, str] | None = None) -> LabelMap:
    """Labels 3, 7 and 300 on inner slices of a volume."""
    array = np.zeros(volume.grid.shape, dtype=np.uint16)
    array[2:6, 3:9, 2:5] = 3
    array[7:9, 1:4, 4] = 7
    array[0, 0, 3:5] = 300
    return LabelMap(array, volume.grid, names or NAMES, volume.source)


def assert_same(one: LabelMap, other: LabelMap) -> None:
    np.testing.assert_array_equal(one.array, other.array)
    np.testing.assert_allclose(one.grid.affine, other.grid.affine, atol=1e-9)


@pytest.mark.parametrize("name", GRIDS)
def test_labels_come_back_voxel_for_voxel_on_every_grid(name: str, tmp_path: Path) -> None:
    labels = drawn(series(tmp_path / "a", phantom.shorten(GRIDS[name], 8)))
    write_labelmap(labels, tmp_path / "s.dcm")
    assert_same(read_labelmap(tmp_path / "s.dcm"), labels)


def test_labels_on_a_tilted_series_come_back(tmp_path: Path) -> None:
    affine = STRAIGHT.affine.copy()
    affine[:3, 2] = (0.0, 1.0, 3.0)
    labels = drawn(series(tmp_path / "a", Grid(STRAIGHT.shape, affine)))
    write_labelmap(labels, tmp_path / "s.dcm")
    assert_same(read_labelmap(tmp_path / "s.dcm"), labels)


@pytest.mark.parametrize("name", GRIDS)
def test_labels_on_an_enhanced_multi_frame_come_back(name: str, tmp_path: Path) -> None:
    grid = phantom.shorten(GRIDS[name], 8)
    labels = drawn(read_volume(phantom.write_multiframe(tmp_path / "a", phantom.ramp(grid), grid)))
    write_labelmap(labels, tmp_path / "s.dcm")
    assert_same(read_labelmap(tmp_path / "s.dcm"), labels)


def test_numbers_and_names_come_back(tmp_path: Path) -> None:
    write_labelmap(drawn(series(tmp_path / "a")), tmp_path / "s.dcm")
    assert read_labelmap(tmp_path / "s.dcm").names == NAMES


@pytest.mark.parametrize("names", [{}, {1: "nothing"}, {2: "a", 5: "b"}])
def test_an_empty_label_map_comes_back_empty(names: dict[int, str], tmp_path: Path) -> None:
    volume = series(tmp_path / "a")
    empty = LabelMap(np.zeros(volume.grid.shape, np.uint8), volume.grid, names, volume.source)
    write_labelmap(empty, tmp_path / "s.dcm")
    back = read_labelmap(tmp_path / "s.dcm")
    assert_same(back, empty)
    assert back.names == (names or {1: "label_1"})


def test_labels_in_every_voxel_come_back(tmp_path: Path) -> None:
    volume = series(tmp_path / "a")
    full = LabelMap(np.ones(volume.grid.shape, np.int64), volume.grid, {1: "all"}, volume.source)
    write_labelmap(full, tmp_path / "s.dcm")
    assert_same(read_labelmap(tmp_path / "s.dcm"), full)


def test_labels_on_a_single_slice_come_back(tmp_path: Path) -> None:
    volume = series(tmp_path / "a", phantom.shorten(STRAIGHT, 1))
    array = np.zeros(volume.grid.shape, np.uint8)
    array[4:6, 2, 0] = 1
    labels = LabelMap(array, volume.grid, {1: "spot"}, volume.source)
    write_labelmap(labels, tmp_path / "s.dcm")
    assert_same(read_labelmap(tmp_path / "s.dcm"), labels)


def test_empty_frames_between_are_left_out(tmp_path: Path) -> None:
    write_labelmap(drawn(series(tmp_path / "a")), tmp_path / "s.dcm")
    assert dcmread(tmp_path / "s.dcm").NumberOfFrames == 3 + 1 + 2 + 2  # labels, and both ends


def test_the_file_refers_to_its_series(tmp_path: Path) -> None:
    volume = series(tmp_path / "a")
    write_labelmap(drawn(volume), tmp_path / "s.dcm")
    data = dcmread(tmp_path / "s.dcm")
    told = data.ReferencedSeriesSequence[0]
    assert volume.source is not None
    assert told.SeriesInstanceUID == volume.source.series_uid
    uids = {item.ReferencedSOPInstanceUID for item in told.ReferencedInstanceSequence}
    assert uids == {dcmread(file).SOPInstanceUID for file in (tmp_path / "a").iterdir()}
    assert (str(data.PatientName), data.PatientID) == ("Müller^Zoë", "42")
    assert data.SegmentSequence[0].SegmentAlgorithmName == "voxclick"


def test_each_frame_refers_to_the_slice_it_lies_on(tmp_path: Path) -> None:
    write_labelmap(drawn(series(tmp_path / "a")), tmp_path / "s.dcm")
    images = [dcmread(file) for file in (tmp_path / "a").iterdir()]
    places = {one.SOPInstanceUID: one.ImagePositionPatient for one in images}
    for frame in dcmread(tmp_path / "s.dcm").PerFrameFunctionalGroupsSequence:
        uid = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        assert frame.PlanePositionSequence[0].ImagePositionPatient == places[uid]


def test_another_reader_finds_the_same_voxels(tmp_path: Path) -> None:
    labels = drawn(series(tmp_path / "a"))
    write_labelmap(labels, tmp_path / "s.dcm")
    volume = highdicom.seg.segread(tmp_path / "s.dcm").get_volume(combine_segments=True)
    numbers = np.array([0, 3, 7, 300])[volume.array]  # k j i, k against the normal
    np.testing.assert_array_equal(numbers[::-1].transpose(2, 1, 0), labels.array)
    last = RAS_TO_LPS @ labels.grid.affine @ (0, 0, labels.grid.shape[2] - 1, 1)
    np.testing.assert_allclose(volume.affine[:, 3], last, atol=1e-6)


def test_blanked_and_odd_headers_do_not_stop_writing(tmp_path: Path) -> None:
    def blank(data: Dataset, k: int) -> None:
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
        data.file_meta.MediaStorageSOPInstanceUID = f"1.2.{k + 1}"
        data.SOPInstanceUID = data.SeriesInstanceUID = data.StudyInstanceUID = ""
        data.SpacingBetweenSlices = "55"
        del data.FrameOfReferenceUID, data.PatientName, data.SOPClassUID, data.PatientSex
        data.StudyDate, data.StudyTime = "", ""
        data.add_new("PatientAge", "LO", "very old")
        data.add_new("PatientSex", "LO", "unknown")

    labels = drawn(series(tmp_path / "a", change=blank))
    write_labelmap(labels, tmp_path / "s.dcm")
    assert_same(read_labelmap(tmp_path / "s.dcm"), labels)


def test_a_source_can_be_given(tmp_path: Path) -> None:
    volume = series(tmp_path / "a")
    bare = LabelMap(drawn(volume).array, volume.grid, NAMES)
    write_labelmap(bare, tmp_path / "s.dcm", tmp_path / "a")
    assert_same(read_labelmap(tmp_path / "s.dcm"), bare)


def test_of_several_series_the_one_with_the_grid_is_the_source(tmp_path: Path) -> None:
    volume = series(tmp_path / "a")
    fewer = phantom.shorten(STRAIGHT, 5)
    phantom.write_series(tmp_path / "a" / "b", phantom.ramp(fewer), fewer, uid="1.9")
    bare = LabelMap(drawn(volume).array, volume.grid, NAMES)
    write_labelmap(bare, tmp_path / "s.dcm", tmp_path / "a")
    data = dcmread(tmp_path / "s.dcm")
    assert data.ReferencedSeriesSequence[0].SeriesInstanceUID == "1.2.826.1"


@pytest.mark.parametrize("source", [None, Source(Path("ct.nii.gz"), "nifti")])
def test_labels_without_a_dicom_source_are_refused(source: Source | None, tmp_path: Path) -> None:
    labels = LabelMap(np.ones(STRAIGHT.shape, np.uint8), STRAIGHT, {}, source)
    with pytest.raises(OptionError, match=r"source=.*\.seg\.nrrd"):
        write_labelmap(labels, tmp_path / "s.dcm")
    assert not (tmp_path / "s.dcm").exists()


def test_labels_on_another_grid_are_refused(tmp_path: Path) -> None:
    volume = series(tmp_path / "a")
    moved = Grid(STRAIGHT.shape, np.eye(4))
    labels = LabelMap(np.ones(STRAIGHT.shape, np.uint8), moved, {}, volume.source)
    with pytest.raises(GridMismatchError, match="grid of their DICOM series"):
        write_labelmap(labels, tmp_path / "s.dcm")


def test_a_source_that_is_gone_is_an_error(tmp_path: Path) -> None:
    labels = drawn(series(tmp_path / "a"))
    shutil.rmtree(tmp_path / "a")
    with pytest.raises(MissingFileError):
        write_labelmap(labels, tmp_path / "s.dcm")


def other_maker(path: Path, labels: LabelMap, kind: str, pixels: Array) -> Path:
    """A segmentation as other software writes it: no empty frames, names of its own."""
    assert labels.source is not None
    images = [dcmread(file) for file in labels.source.path.iterdir()]
    images.sort(key=lambda image: float(image.ImagePositionPatient[2]))
    code = highdicom.sr.CodedConcept("85756007", "SCT", "Tissue")
    highdicom.seg.Segmentation(
        images,
        pixels,
        kind,
        [
            highdicom.seg.SegmentDescription(n, name, code, code, "MANUAL")
            for n, name in ((1, "one"), (2, "two"))
        ],
        highdicom.UID(),
        1,
        highdicom.UID(),
        1,
        "somebody",
        "else",
        "1",
        "1",
        transfer_syntax_uid=ExplicitVRLittleEndian if kind == "BINARY" else RLELossless,
    ).save_as(path)
    return path


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_every_type_of_segmentation_is_read(kind: str, tmp_path: Path) -> None:
    labels = drawn(series(tmp_path / "a"))
    stacked = np.stack([labels.array == 3, labels.array == 7], axis=-1).transpose(2, 1, 0, 3)
    soft = stacked.astype(np.float64) * 0.6 + 0.3 if kind == "FRACTIONAL" else stacked
    path = other_maker(
        tmp_path / "s.dcm", labels, kind, soft if kind == "FRACTIONAL" else soft.astype(np.uint8)
    )
    back = read_labelmap_on(path, labels.grid)
    np.testing.assert_array_equal(back.array == 1, labels.array == 3)
    np.testing.assert_array_equal(back.array == 2, labels.array == 7)
    assert back.names == {1: "one", 2: "two"}


def test_other_makers_frames_give_the_smallest_grid(tmp_path: Path) -> None:
    labels = drawn(series(tmp_path / "a"))
    stacked = np.stack([labels.array == 3, labels.array == 7], axis=-1).transpose(2, 1, 0, 3)
    path = other_maker(tmp_path / "s.dcm", labels, "BINARY", stacked.astype(np.uint8))
    back = read_labelmap(path)
    assert back.grid.shape == (14, 11, 3)
    np.testing.assert_array_equal(back.array == 1, (labels.array == 3)[:, :, 2:5])


def test_overlapping_segments_are_refused_and_listed(tmp_path: Path) -> None:
    labels = drawn(series(tmp_path / "a"))
    stacked = np.stack([labels.array == 3, labels.array > 0], axis=-1).transpose(2, 1, 0, 3)
    path = other_maker(tmp_path / "s.dcm", labels, "BINARY", stacked.astype(np.uint8))
    with pytest.raises(FileFormatError, match=r"1 \(one\) with 2 \(two\) in 72 voxels.*read_mask"):
        read_labelmap(path)
    assert read_mask(path, "one").voxels == 72
    assert read_mask(path, 2).voxels == np.count_nonzero(labels.array)


def test_an_unknown_segment_is_an_error_that_lists_them(tmp_path: Path) -> None:
    write_labelmap(drawn(series(tmp_path / "a"), {3: "liver"}), tmp_path / "s.dcm")
    with pytest.raises(UnknownNameError, match=r"3 \(liver\)"):
        read_mask(tmp_path / "s.dcm", "spleen")


def test_one_segment_is_read_by_its_own_number(tmp_path: Path) -> None:
    labels = drawn(series(tmp_path / "a"))
    write_labelmap(labels, tmp_path / "s.dcm")
    np.testing.assert_array_equal(read_mask(tmp_path / "s.dcm", 300).array, labels.array == 300)


@pytest.mark.parametrize("turn", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_labels_are_put_on_a_grid_with_axes_turned_and_flipped(
    turn: tuple[int, int, int], tmp_path: Path
) -> None:
    labels = drawn(series(tmp_path / "a"))
    write_labelmap(labels, tmp_path / "s.dcm")
    array = labels.array.transpose(turn)[::-1, :, ::-1]
    affine = labels.grid.affine[:, [*turn, 3]].copy()
    for axis in (0, 2):
        affine[:, 3] += affine[:, axis] * (array.shape[axis] - 1)
        affine[:, axis] *= -1
    back = read_labelmap_on(tmp_path / "s.dcm", Grid(array.shape, affine))
    np.testing.assert_array_equal(back.array, array)


def test_labels_are_not_put_between_voxels(tmp_path: Path) -> None:
    labels = drawn(series(tmp_path / "a"))
    write_labelmap(labels, tmp_path / "s.dcm")
    affine = labels.grid.affine.copy()
    affine[0, 3] += 0.3
    with pytest.raises(GridMismatchError, match="voxels off"):
        read_labelmap_on(tmp_path / "s.dcm", Grid(labels.grid.shape, affine))


def test_labels_that_reach_out_of_the_grid_are_refused(tmp_path: Path) -> None:
    labels = drawn(series(tmp_path / "a"))
    write_labelmap(labels, tmp_path / "s.dcm")
    with pytest.raises(GridMismatchError, match="outside"):
        read_labelmap_on(tmp_path / "s.dcm", phantom.shorten(labels.grid, 3))


def test_an_image_is_no_segmentation(tmp_path: Path) -> None:
    series(tmp_path / "a")
    with pytest.raises(FileFormatError, match="expected one DICOM-SEG"):
        read_labelmap(tmp_path / "a" / "IM0000")


@pytest.mark.parametrize("left", [0.3, 0.7, 0.99])
def test_a_cut_off_segmentation_is_an_error(left: float, tmp_path: Path) -> None:
    write_labelmap(drawn(series(tmp_path / "a")), tmp_path / "s.dcm")
    content = (tmp_path / "s.dcm").read_bytes()
    (tmp_path / "s.dcm").write_bytes(content[: int(len(content) * left)])
    with pytest.raises(FileFormatError, match=r"s\.dcm") as caught:
        read_labelmap(tmp_path / "s.dcm")
    assert "\n" not in str(caught.value)


@pytest.mark.data
def test_a_3d_slicer_segmentation_is_what_its_nifti_is(data_dir: Path) -> None:
    expected = nibabel.load(data_dir / "qin_headneck_pet" / "0024" / "label.nii.gz")
    grid = Grid(expected.shape, expected.affine)
    labels = read_labelmap_on(data_dir / "dicom" / "qin_headneck_0024_seg", grid)
    np.testing.assert_array_equal(labels.array, np.asanyarray(expected.dataobj))


@pytest.mark.data
def test_overlaps_in_a_dcmqi_segmentation_are_refused_by_name(data_dir: Path) -> None:
    path = data_dir / "dicom" / "dcmqi_seg" / "partial_overlaps.dcm"
    with pytest.raises(FileFormatError, match=r"GREEN.*ORANGE"):
        read_labelmap(path)
    assert read_mask(path, "PURPLE").voxels > 0


@pytest.mark.data
@pytest.mark.slow
def test_31_labels_on_a_real_ct_come_back(data_dir: Path, tmp_path: Path) -> None:
    volume = read_volume(data_dir / "dicom" / "totalseg_ct")
    image = nibabel.load(data_dir / "totalseg" / "ct_dicom_trunk" / "label.nii.gz")
    array = np.asanyarray(image.dataobj).astype(np.uint8)
    labels = LabelMap(array, volume.grid, {}, volume.source)
    write_labelmap(labels, tmp_path / "s.dcm")
    assert_same(read_labelmap(tmp_path / "s.dcm"), labels)
