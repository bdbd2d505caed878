import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from phantoms import GRIDS
from sheared import ALL_GRIDS

import voxclick as vc
from voxclick.errors import FileFormatError, GridError, InputError

AFFINE = np.array([[-0.8, 0, 0, 10], [0, 0.8, 0, -5], [0, 0, 2.5, 3], [0, 0, 0, 1.0]])
ARRAY = np.random.default_rng(0).integers(-1000, 1000, (8, 7, 6)).astype(np.int16)


def save(path: Path, array: np.ndarray = ARRAY, affine: np.ndarray = AFFINE) -> Path:
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def patched(path: Path, **fields: object) -> Path:
    """The file with header fields overwritten, as broken writers leave them."""
    save(path)
    content = bytearray(path.read_bytes())
    header = nib.Nifti1Header(bytes(content[:348]), check=False)
    for name, value in fields.items():
        header[name] = value
    content[:348] = header.binaryblock
    path.write_bytes(bytes(content))
    return path


def test_integers_stay_integers_and_the_affine_is_nibabels(tmp_path: Path) -> None:
    volume = vc.read(save(tmp_path / "ct.nii.gz"))
    assert volume.array.dtype == np.int16
    assert np.array_equal(volume.array, ARRAY)
    assert np.allclose(volume.grid.affine, AFFINE)
    assert volume.grid.orientation == "LAS"


def test_scaled_values_come_out_scaled(tmp_path: Path) -> None:
    path = patched(tmp_path / "s.nii", scl_slope=0.5, scl_inter=-3.0)
    assert np.allclose(vc.read(path).array, ARRAY * 0.5 - 3)


def test_the_qform_places_a_file_without_an_sform(tmp_path: Path) -> None:
    image = nib.Nifti1Image(ARRAY, None)
    image.set_qform(AFFINE, code=1)
    nib.save(image, tmp_path / "q.nii")
    assert np.allclose(vc.read(tmp_path / "q.nii").grid.affine, AFFINE, atol=1e-5)


def test_one_frame_of_four_axes_is_a_volume_and_many_are_not(tmp_path: Path) -> None:
    assert vc.read(save(tmp_path / "one.nii", ARRAY[..., None])).array.shape == ARRAY.shape
    many = save(tmp_path / "many.nii", np.stack([ARRAY] * 5, axis=-1))
    with pytest.raises(FileFormatError, match="5 frames"):
        vc.read(many)


def test_big_endian_files_are_read(tmp_path: Path) -> None:
    image = nib.Nifti1Image(ARRAY, AFFINE, nib.Nifti1Header(endianness=">"))
    image.set_data_dtype(np.int16)
    nib.save(image, tmp_path / "big.nii")
    volume = vc.read(tmp_path / "big.nii")
    assert np.array_equal(volume.array, ARRAY)
    assert volume.array.dtype.isnative


def test_nifti_2_files_are_read(tmp_path: Path) -> None:
    nib.save(nib.Nifti2Image(ARRAY, AFFINE), tmp_path / "two.nii.gz")
    assert np.array_equal(vc.read(tmp_path / "two.nii.gz").array, ARRAY)


def test_nan_voxels_are_read_as_the_lowest_intensity(tmp_path: Path) -> None:
    array = ARRAY.astype(np.float32)
    array[0, 0, 0], array[1, 1, 1] = np.nan, np.inf
    read = vc.read(save(tmp_path / "nan.nii", array)).array
    assert np.isfinite(read).all()
    assert read[0, 0, 0] == read.min()


BAD_HEADERS = {
    "NaN spacing": {"pixdim": [1, np.nan, 1, 1, 0, 0, 0, 0], "sform_code": 0},
    "zero spacing": {"pixdim": [1, 0, 1, 1, 0, 0, 0, 0], "sform_code": 0, "qform_code": 1},
    "singular affine": {"srow_x": [0, 0, 0, 1]},
    "NaN affine": {"srow_x": [np.nan, 0, 0, 1]},
    "two axes": {"dim": [2, 8, 7, 1, 1, 1, 1, 1]},
    "absurd shape": {"dim": [3, 30000, 30000, 30000, 1, 1, 1, 1]},
    "negative shape": {"dim": [3, -8, 7, 6, 1, 1, 1, 1]},
    "unknown type": {"datatype": 9999},
}


@pytest.mark.parametrize("case", BAD_HEADERS)
def test_a_broken_header_is_one_clear_line(case: str, tmp_path: Path) -> None:
    path = patched(tmp_path / "bad.nii", **BAD_HEADERS[case])
    with pytest.raises((FileFormatError, GridError)) as raised:
        vc.read(path)
    assert "\n" not in str(raised.value)


def test_complex_and_colour_data_are_refused(tmp_path: Path) -> None:
    colour = np.zeros((4, 4, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    for name, array in (("complex", ARRAY.astype(np.complex64)), ("rgb", colour)):
        with pytest.raises(FileFormatError, match="scalar"):
            vc.read(save(tmp_path / f"{name}.nii", array))


def test_a_truncated_gzip_and_a_text_file_are_refused(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.nii.gz").read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.nii.gz").write_text("not an image")
    (tmp_path / "zipped_text.nii.gz").write_bytes(gzip.compress(b"not an image"))
    for name in ("cut", "text", "zipped_text"):
        with pytest.raises(FileFormatError, match=name):
            vc.read(tmp_path / f"{name}.nii.gz")


def test_a_file_that_ends_within_its_header_is_told_so(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.nii").read_bytes()
    for size in (0, 200):
        (tmp_path / "cut.nii").write_bytes(whole[:size])
        with pytest.raises(FileFormatError, match=rf"cut\.nii has {size} bytes in all; copy"):
            vc.read(tmp_path / "cut.nii")


def test_labels_may_be_whole_floats_but_not_fractions(tmp_path: Path) -> None:
    whole = (np.abs(ARRAY) % 3).astype(np.float64)
    assert vc.read_labelmap(save(tmp_path / "whole.nii", whole)).labels == (1, 2)
    with pytest.raises(FileFormatError, match="whole numbers"):
        vc.read_labelmap(save(tmp_path / "half.nii", whole / 2))
    with pytest.raises(FileFormatError, match="from 0 up"):
        vc.read_labelmap(save(tmp_path / "image.nii"))


def test_several_labels_need_a_choice(tmp_path: Path) -> None:
    path = save(tmp_path / "labels.nii", (np.abs(ARRAY) % 3).astype(np.uint8))
    with pytest.raises(InputError, match=r"1 .*2 "):
        vc.read_mask(path)
    assert vc.read_mask(path, 2).voxels == int((np.abs(ARRAY) % 3 == 2).sum())


def test_a_sheared_grid_survives(tmp_path: Path) -> None:
    grid = ALL_GRIDS["sheared"]
    mask = vc.Mask(np.ones(grid.shape, dtype=np.bool_), grid)
    assert vc.read_mask(vc.write(mask, tmp_path / "m.nii.gz")).grid.matches(grid, 1e-3)


def test_the_same_mask_gives_the_same_bytes(tmp_path: Path) -> None:
    mask = vc.Mask(ARRAY > 0, vc.Grid(ARRAY.shape, AFFINE))
    first = vc.write(mask, tmp_path / "a.nii.gz").read_bytes()
    assert vc.write(mask, tmp_path / "b.nii.gz").read_bytes() == first


@pytest.mark.parametrize("name", GRIDS)
def test_other_tools_see_the_mask_where_it_is(name: str, tmp_path: Path) -> None:
    grid = GRIDS[name]
    array = np.zeros(grid.shape, dtype=np.bool_)
    array[3, 4, 5] = True
    image = nib.load(vc.write(vc.Mask(array, grid), tmp_path / "m.nii.gz"))
    assert np.allclose(image.affine, grid.affine, atol=1e-5)
    assert np.allclose(image.get_qform(), grid.affine, atol=1e-3)
    assert image.get_fdata()[3, 4, 5] == 1
