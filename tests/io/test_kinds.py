"""What every format in the table must do; a new row is tested by itself."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from folders import contents_of, files_of
from sheared import ALL_GRIDS

from voxclick import io
from voxclick.errors import InputError
from voxclick.io.kinds import FORMATS, Format
from voxclick.volume import LabelMap, Mask, Volume

NAMES = {1: "liver", 2: "Läsion\n2", 7: "a := b \\ c"}

LABEL_FILES = [
    pytest.param(kind, suffix, id=suffix)
    for kind in FORMATS
    if kind.writes_labels and not kind.needs_source
    for suffix in kind.suffixes
]
IMAGE_FILES = [
    pytest.param(kind, suffix, id=suffix)
    for kind in FORMATS
    if kind.writes_images
    for suffix in kind.suffixes
]
READ_FILES = sorted(
    {suffix for kind in FORMATS for suffix in (*kind.suffixes, *kind.read_only_suffixes)} - {""}
)
GRIDS = pytest.mark.parametrize("grid", ALL_GRIDS)


def labels_on(grid: str) -> LabelMap:
    on = ALL_GRIDS[grid]
    array = np.random.default_rng(5).choice(np.array([0, 1, 2, 7], dtype=np.int32), on.shape)
    return LabelMap(array, on, NAMES)


@GRIDS
@pytest.mark.parametrize(("kind", "suffix"), LABEL_FILES)
def test_a_label_map_comes_back_voxel_for_voxel(
    kind: Format, suffix: str, grid: str, tmp_path: Path
) -> None:
    labels = labels_on(grid)
    read = io.read_labelmap(io.write(labels, tmp_path / f"a{suffix}"))
    np.testing.assert_array_equal(read.array, labels.array)
    assert read.array.dtype == np.uint8
    assert read.grid.matches(labels.grid, 1e-4)
    assert dict(read.names) == (NAMES if kind.keeps_names else {})


@GRIDS
@pytest.mark.parametrize(("kind", "suffix"), LABEL_FILES)
def test_a_mask_comes_back_voxel_for_voxel(
    kind: Format, suffix: str, grid: str, tmp_path: Path
) -> None:
    mask = Mask(labels_on(grid).array == 2, ALL_GRIDS[grid])
    read = io.read_mask(io.write(mask, tmp_path / f"a{suffix}"))
    np.testing.assert_array_equal(read.array, mask.array)
    assert read.grid.matches(mask.grid, 1e-4)


@pytest.mark.parametrize(("kind", "suffix"), LABEL_FILES)
def test_an_empty_mask_comes_back_empty(kind: Format, suffix: str, tmp_path: Path) -> None:
    grid = ALL_GRIDS["oblique"]
    mask = Mask(np.zeros(grid.shape, dtype=np.bool_), grid)
    assert io.read_mask(io.write(mask, tmp_path / f"a{suffix}")).voxels == 0


@GRIDS
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize(("kind", "suffix"), IMAGE_FILES)
def test_an_image_comes_back_in_its_type(
    kind: Format, suffix: str, dtype: str, grid: str, tmp_path: Path
) -> None:
    on = ALL_GRIDS[grid]
    array = np.random.default_rng(6).normal(100, 30, on.shape).astype(dtype)
    path = io.write(Volume(array, on), tmp_path / f"a{suffix}")
    read = io.read(path)
    np.testing.assert_array_equal(read.array, array)
    assert read.array.dtype == array.dtype
    assert read.grid.matches(on, 1e-4)
    assert read.source is not None
    assert (read.source.path, read.source.format) == (path.resolve(), kind.name)


@pytest.mark.parametrize(("kind", "suffix"), LABEL_FILES)
def test_the_memory_layout_of_the_array_does_not_matter(
    kind: Format, suffix: str, tmp_path: Path
) -> None:
    labels = labels_on("oblique")
    turned = np.asfortranarray(labels.array)[::-1]
    first = io.write(LabelMap(turned, labels.grid), tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(io.read_labelmap(first).array, turned)
    second = io.write(LabelMap(turned.copy(order="C"), labels.grid), tmp_path / f"b{suffix}")
    assert contents_of(first) == contents_of(second)


@pytest.mark.parametrize(("kind", "suffix"), LABEL_FILES)
def test_a_result_is_one_file(kind: Format, suffix: str, tmp_path: Path) -> None:
    io.write(labels_on("straight"), tmp_path / f"a{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


BAD_CONTENT = {
    "empty": b"",
    "text": b"these are not the voxels you are looking for\n" * 20,
    "binary": bytes(range(256)) * 10,
}


@pytest.mark.parametrize("what", BAD_CONTENT)
@pytest.mark.parametrize("suffix", READ_FILES)
def test_a_file_that_is_something_else_is_refused_in_one_line(
    suffix: str, what: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(BAD_CONTENT[what])
    for read in (io.read, io.read_labelmap):
        with pytest.raises(InputError) as caught:
            read(path)
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 2
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.9, -1])
@pytest.mark.parametrize(("kind", "suffix"), LABEL_FILES)
def test_a_file_that_is_cut_off_is_refused_in_one_line(
    kind: Format, suffix: str, kept: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = io.write(labels_on("oblique"), tmp_path / f"a{suffix}")
    for file in files_of(path):
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * kept) if kept > 0 else -1])
    with pytest.raises(InputError, match=rf"a{suffix}") as caught:
        io.read_labelmap(path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_a_module_has_what_its_row_promises(kind: Format) -> None:
    module = importlib.import_module(kind.module)
    promised = {
        "read_volume": kind.reads_images,
        "read_labelmap": kind.reads_labels,
        "write_labelmap": kind.writes_labels,
        "write_volume": kind.writes_images,
    }
    assert all(hasattr(module, name) for name, does in promised.items() if does)
