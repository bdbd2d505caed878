"""What is special about NRRD: voxels beside the header, and how their end is known."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from voxclick import io
from voxclick.errors import FileFormatError

ARRAY = np.random.default_rng(0).integers(0, 9, (8, 7, 6)).astype(np.uint8)
RAW = ARRAY.tobytes(order="F")
HEADER = """NRRD0004
type: uint8
dimension: 3
space: left-posterior-superior
sizes: 8 7 6
space directions: (1,0,0) (0,1,0) (0,0,1)
kinds: domain domain domain
encoding: gzip
space origin: (0,0,0)
"""
MEMBERS = gzip.compress(RAW[:100]) + gzip.compress(RAW[100:])


def beside(folder: Path, content: bytes, end: str) -> Path:
    (folder / "voxels.raw.gz").write_bytes(content)
    (folder / "a.nhdr").write_text(f"{HEADER}data file: voxels.raw.gz\n{end}")
    return folder / "a.nhdr"


@pytest.mark.parametrize("end", ["", "\n"], ids=["at once", "with a blank line"])
def test_compressed_voxels_beside_the_header_are_read(end: str, tmp_path: Path) -> None:
    path = beside(tmp_path, gzip.compress(RAW), end)
    np.testing.assert_array_equal(io.read_labelmap(path).array, ARRAY)


@pytest.mark.parametrize("lost", [1, 7, 40])
def test_compressed_voxels_beside_the_header_that_are_cut_off_are_refused(
    lost: int, tmp_path: Path
) -> None:
    path = beside(tmp_path, gzip.compress(RAW)[:-lost], "")
    with pytest.raises(FileFormatError, match=r"a\.nhdr"):
        io.read_labelmap(path)


@pytest.mark.parametrize("content", [MEMBERS, gzip.compress(RAW) + b"rubbish"])
def test_voxels_in_several_parts_or_with_something_behind_them_are_read(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "a.nrrd").write_bytes(f"{HEADER}\n".encode() + content)
    np.testing.assert_array_equal(io.read_labelmap(tmp_path / "a.nrrd").array, ARRAY)


@pytest.mark.parametrize("content", [b"", b"ab", MEMBERS[:-1]])
def test_voxels_that_are_not_all_there_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(f"{HEADER}\n".encode() + content)
    with pytest.raises(FileFormatError, match=r"a\.nrrd"):
        io.read_labelmap(tmp_path / "a.nrrd")
