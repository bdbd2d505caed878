"""How many voxels a file says that it has, read from its header before anything is allocated."""

import gzip
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from math import prod
from pathlib import Path

from numpy.lib import format as npy

HEADER_BYTES = 1 << 16
SIZES = re.compile(rb"^\s*(?:sizes\s*:|dimsize\s*=)\s*([\d\s]+?)\s*$", re.IGNORECASE | re.MULTILINE)
NIFTI1, NIFTI2 = 348, 540
"""The first number of a NIfTI file, the length of its header."""


def declared_voxels(path: Path) -> int:
    """The most voxels that a file, or an archive's largest member, unpacks to.

    0 for what has no such header: a folder, or a file that its reader will measure or refuse.
    """
    name = path.name.lower()
    try:
        if name.endswith((".nii", ".nii.gz")):
            return _nifti(path)
        if name.endswith((".nrrd", ".nhdr", ".mha", ".mhd")):
            with path.open("rb") as file:
                return max(_sizes(file.read(HEADER_BYTES)), default=0)
        if name.endswith(".npz"):
            return max(_arrays(path), default=0)
        if name.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                return sum(member.file_size for member in archive.infolist()) // 2
    except (OSError, ValueError, EOFError, struct.error, zipfile.BadZipFile, zlib.error):
        return 0  # its reader says better what is wrong
    return 0


def _nifti(path: Path) -> int:
    with path.open("rb") as file:
        packed = path.name.lower().endswith(".gz")
        head = gzip.GzipFile(fileobj=file).read(NIFTI2) if packed else file.read(NIFTI2)
    for order in "<>":
        (length,) = struct.unpack_from(f"{order}i", head)
        if length in (NIFTI1, NIFTI2):
            layout, offset = ("8h", 40) if length == NIFTI1 else ("8q", 16)
            count, *sizes = struct.unpack_from(order + layout, head, offset)
            return prod(max(1, size) for size in sizes[: max(0, min(count, 7))])
    return 0


def _sizes(head: bytes) -> Iterator[int]:
    for found in SIZES.findall(head):
        yield prod(int(size) for size in found.split())


def _arrays(path: Path) -> Iterator[int]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                version = npy.read_magic(member)
                read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                yield prod(read(member)[0])
