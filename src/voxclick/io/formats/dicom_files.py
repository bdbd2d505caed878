"""The DICOM files in a folder, in a zip archive or at a path, found by content and not by name."""

import logging
import os
import struct
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from voxclick.errors import FileFormatError, MissingFileError, VoxclickError

logger = logging.getLogger(__name__)

UNREADABLE = (
    AttributeError,
    EOFError,
    IndexError,
    InvalidDicomError,
    KeyError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)
"""What pydicom, its decoders and zipfile raise for a broken file; they have no common root."""

PREAMBLE_BYTES = 132
MAX_UNPACKED_BYTES = 32 * 2**30
BOMB_BYTES, BOMB_RATIO = 2**30, 100
"""An archive that grows past both is no scan: lossless images shrink by 2 to 10."""


@dataclass(frozen=True, slots=True)
class DicomFile:
    """One DICOM file, on disk or inside a zip archive (which is never unpacked to disk).

    Attributes:
        path: The file, or the archive that holds it.
        member: Its name inside the archive; None for a file on disk.
    """

    path: Path
    member: str | None = None

    def __str__(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}:{self.member}"

    def load(self, tags: tuple[str, ...] | None = None, pixels: bool = False) -> Dataset:
        """The file's elements, or only those of `tags`; with the pixel data where asked.

        Raises:
            FileFormatError: If the file is broken.
        """
        keep = list(tags) if tags else None
        try:
            with self._open() as stream:
                data = dcmread(
                    stream, stop_before_pixels=not pixels, force=True, specific_tags=keep
                )
        except UNREADABLE as error:
            raise FileFormatError(
                f"{self} cannot be read as DICOM ({first_line(error)}); copy or export it again"
            ) from error
        if "TransferSyntaxUID" not in data.file_meta:  # a file without preamble and meta header
            implicit, little = data.original_encoding
            explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
            data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
        return data

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        if self.member is None:
            with self.path.open("rb") as stream:
                yield stream
        else:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as packed:
                yield cast("BinaryIO", packed)


def find(path: Path) -> list[DicomFile]:
    """The DICOM files under a folder (all levels), in a zip archive, or the one at a path.

    Files are known by their content, so names and suffixes do not matter; whatever is not DICOM
    is passed over.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If none is found, or the archive is broken, locked or a zip bomb.
    """
    if not path.exists():
        raise MissingFileError(f"no file or folder at {path}; check the path")
    if path.is_dir():
        found = [file for file in _walk(path) if is_dicom(file)]
        if not found:
            raise FileFormatError(
                f"expected DICOM files in the folder {path}, found none; "
                "give the folder that holds them"
            )
        return [DicomFile(file) for file in found]
    if zipfile.is_zipfile(path):
        return _find_in_zip(path)
    if not is_dicom(path):
        raise FileFormatError(
            f"expected a DICOM file, {path} is none (no DICM mark at byte 128); "
            "give a DICOM file, a folder of slices, or a zip archive of them"
        )
    return [DicomFile(path)]


def is_dicom(file: Path) -> bool:
    """Whether a file on disk begins as DICOM files do.

    Raises:
        FileFormatError: If it cannot be read at all.
    """
    try:
        with file.open("rb") as stream:
            return _starts_as_dicom(stream.read(PREAMBLE_BYTES))
    except OSError as error:
        raise FileFormatError(
            f"{file} cannot be read ({error.strerror}); check its permissions"
        ) from error


@contextmanager
def foreign(path: Path) -> Iterator[None]:
    """Work on elements that others wrote: pydicom converts them late, and fails or warns then.

    What the libraries warn goes to the log instead of to stderr.

    Raises:
        FileFormatError: For whatever they raise.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except VoxclickError:
            raise
        except UNREADABLE as error:
            raise FileFormatError(
                f"{path} holds a broken DICOM element ({first_line(error)}); export it again"
            ) from error
        finally:
            for text in dict.fromkeys(str(warning.message) for warning in caught):
                logger.info("%s", text)


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(root, name)
            if file.is_file():
                yield file


def _starts_as_dicom(head: bytes) -> bool:
    """With a preamble, or as the oldest files do: at once with a first element of group 8."""
    if head[128:132] == b"DICM":
        return True
    return head[:2] == b"\x08\x00" and head[2:4] in {b"\x00\x00", b"\x05\x00", b"\x08\x00"}


def _find_in_zip(path: Path) -> list[DicomFile]:
    found: list[zipfile.ZipInfo] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for info in sorted(archive.infolist(), key=lambda one: one.filename):
                if info.is_dir():
                    continue
                with archive.open(info) as packed:
                    if _starts_as_dicom(packed.read(PREAMBLE_BYTES)):
                        found.append(info)
    except UNREADABLE as error:
        raise FileFormatError(
            f"the archive {path} cannot be unpacked ({first_line(error)}); pack it again"
        ) from error
    if not found:
        raise FileFormatError(
            f"expected DICOM files in the archive {path}, found none; pack the slices into it"
        )
    unpacked = sum(info.file_size for info in found)
    packed_bytes = max(sum(info.compress_size for info in found), 1)
    bomb = unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed_bytes
    if bomb or unpacked > MAX_UNPACKED_BYTES:
        raise FileFormatError(
            f"the archive {path} would grow from {packed_bytes} to {unpacked} bytes, more than a "
            "scan does; unpack it yourself and give the folder if you trust it"
        )
    return [DicomFile(path, info.filename) for info in found]
