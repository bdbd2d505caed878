"""What every file format must keep; a new row in the table is tested by itself."""

from pathlib import Path

import numpy as np
import pytest
from folders import files_of
from phantoms import GRIDS, ball

import voxclick as vc
from voxclick.errors import FileFormatError, OutputError
from voxclick.io.kinds import FORMATS, Format

LABELS = [kind for kind in FORMATS if kind.writes_labels and not kind.needs_source]
IMAGES = [kind for kind in FORMATS if kind.writes_images]
ENDINGS = [(kind, suffix) for kind in LABELS for suffix in kind.suffixes]
IDS = [suffix for _, suffix in ENDINGS]


def labels(name: str) -> vc.LabelMap:
    grid = GRIDS[name]
    array = np.zeros(grid.shape, dtype=np.uint16)
    array[ball(grid, (12, 12, 12), 6.0).array] = 1
    array[ball(grid, (28, 24, 20), 7.0).array] = 200
    array[0, 0, 0] = array[-1, -1, -1] = 7
    return vc.LabelMap(array, grid, {1: "liver", 7: "corner; odd = name", 200: "Läsion"})


@pytest.mark.parametrize(("kind", "suffix"), ENDINGS, ids=IDS)
@pytest.mark.parametrize("name", GRIDS)
def test_a_label_map_written_and_read_back_is_the_same_voxel_for_voxel(
    kind: Format, suffix: str, name: str, tmp_path: Path
) -> None:
    written = labels(name)
    path = vc.write(written, tmp_path / f"all{suffix}")
    back = vc.read_labelmap(path)
    assert np.array_equal(back.array, written.array)
    assert back.grid.matches(written.grid, tolerance_voxels=1e-3)
    if suffix == ".seg.nrrd":
        assert back.names == written.names


@pytest.mark.parametrize(("kind", "suffix"), ENDINGS, ids=IDS)
def test_a_mask_written_and_read_back_is_the_same(
    kind: Format, suffix: str, tmp_path: Path
) -> None:
    mask = ball(GRIDS["oblique"], (20, 18, 16), 8.0)
    back = vc.read_mask(vc.write(mask, tmp_path / f"one{suffix}"))
    assert np.array_equal(back.array, mask.array)
    assert back.grid.matches(mask.grid, tolerance_voxels=1e-3)


@pytest.mark.parametrize(("kind", "suffix"), ENDINGS, ids=IDS)
def test_an_empty_mask_can_be_written_and_read(kind: Format, suffix: str, tmp_path: Path) -> None:
    grid = GRIDS["anisotropic"]
    mask = vc.Mask(np.zeros(grid.shape, dtype=np.bool_), grid)
    assert vc.read_mask(vc.write(mask, tmp_path / f"none{suffix}")).voxels == 0


@pytest.mark.parametrize("kind", IMAGES, ids=[kind.name for kind in IMAGES])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("name", GRIDS)
def test_an_image_written_and_read_back_is_the_same(
    kind: Format, dtype: str, name: str, tmp_path: Path
) -> None:
    grid = GRIDS[name]
    array = np.random.default_rng(0).uniform(0, 200, grid.shape).astype(dtype)
    back = vc.read(vc.write(vc.Volume(array, grid), tmp_path / f"image{kind.suffixes[0]}"))
    assert np.array_equal(back.array, array)
    assert back.array.dtype == array.dtype
    assert back.grid.matches(grid, tolerance_voxels=1e-3)
    assert back.source is not None
    assert back.source.format == kind.name


@pytest.mark.parametrize(("kind", "suffix"), ENDINGS, ids=IDS)
@pytest.mark.parametrize("content", [b"", b"this is a text file\n" * 20])
def test_a_file_that_is_something_else_is_one_clear_line(
    kind: Format, suffix: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"fake{suffix}"
    path.write_bytes(content)
    with pytest.raises(FileFormatError) as raised:
        vc.read_labelmap(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("kind", "suffix"), ENDINGS, ids=IDS)
def test_a_truncated_file_is_one_clear_line(kind: Format, suffix: str, tmp_path: Path) -> None:
    path = vc.write(labels("straight"), tmp_path / f"cut{suffix}")
    for file in files_of(path):
        content = file.read_bytes()
        file.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(FileFormatError):
        vc.read_labelmap(path)


@pytest.mark.parametrize(("kind", "suffix"), ENDINGS, ids=IDS)
def test_a_folder_that_is_not_there_gets_no_output(
    kind: Format, suffix: str, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="folder"):
        vc.write(labels("straight"), tmp_path / "nowhere" / f"out{suffix}")
    assert list(tmp_path.iterdir()) == []
