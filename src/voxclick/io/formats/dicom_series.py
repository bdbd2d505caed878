"""A DICOM image series as a volume: a folder, a zip archive, one of its files, or a multi-frame."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Real
from pydicom import Dataset
from pydicom.pixels.utils import pixel_array

from voxclick.errors import FileFormatError, OptionError, UnknownNameError
from voxclick.io.formats.dicom_files import (
    UNREADABLE,
    DicomFile,
    find,
    first_line,
    foreign,
    is_dicom,
)
from voxclick.io.formats.dicom_slices import TAGS, Slice, Stack, is_placed, slices_of, stacked
from voxclick.types import Array, Index3
from voxclick.volume import Source, Volume

DERIVED_MODALITIES = frozenset({"SEG", "RTDOSE"})
"""Objects that have pixels and a place, and yet are no image to segment."""


@dataclass(frozen=True, eq=False)
class Series:
    """The image files of one DICOM series.

    Attributes:
        uid: SeriesInstanceUID; empty where anonymisation has blanked it.
        files: Where the images are stored, one for each header.
        headers: Their elements.
    """

    uid: str
    files: tuple[DicomFile, ...]
    headers: tuple[Dataset, ...]

    def __str__(self) -> str:
        first = self.headers[0]
        frames = sum(int(header.get("NumberOfFrames") or 1) for header in self.headers)
        about = f"{first.get('Modality', '')} {first.get('SeriesDescription', '')!r}"
        size = f"{frames} slices of {first.Columns} x {first.Rows}"
        return f"{self.uid or '(no UID)'}: {about.strip()}, {size}"

    def stack(self) -> Stack:
        """The series' slices on their grid, localizers left out.

        Raises:
            FileFormatError: If they do not make one volume; says why.
        """
        files = tuple(zip(self.files, self.headers, strict=True))
        proper = tuple((f, h) for f, h in files if "LOCALIZER" not in (h.get("ImageType") or ()))
        return stacked([one for f, h in proper or files for one in slices_of(f, h)])


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The volume of a DICOM series, slices sorted along their normal.

    Whole-numbered scales (slope 1) give int16, or int32 where that is too narrow; others float32.
    Axis `i` runs along the columns, `j` along the rows, `k` along the normal of the slices.

    Args:
        path: A folder (searched on all levels), a zip archive, one file of a series (the rest is
            taken from its folder), or an enhanced multi-frame file.
        series: SeriesInstanceUID, or a beginning or end of it that fits one series only; needed
            where there are several.

    Raises:
        MissingFileError: If there is nothing at the path.
        OptionError: If there are several series and none, or more than one, is chosen.
        UnknownNameError: If no series has that UID.
        FileFormatError: If there is no image series, or it does not make one volume.
    """
    with foreign(path):
        chosen = choose(find_series(path), path, series)
        stack = chosen.stack()
        array = _decode(stack)
    return Volume(array, stack.grid, Source(path.resolve(), "dicom_series", chosen.uid or None))


def find_series(path: Path) -> list[Series]:
    """The image series at a path; one single-frame file stands for its whole series.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If there is no DICOM image that lies somewhere in a patient.
    """
    files = find(path)
    headers = [file.load(TAGS) for file in files]
    images = [(f, h) for f, h in zip(files, headers, strict=True) if _is_image(h)]
    if not images:
        raise FileFormatError(
            f"expected a DICOM image series at {path}, found {_what_else(headers)}; give the "
            "images (segmentations are read as masks, structure sets and reports not at all)"
        )
    if path.is_file() and images[0][0].member is None and "NumberOfFrames" not in images[0][1]:
        images += _siblings(path, images[0][1])
    grouped: dict[str, dict[str, tuple[DicomFile, Dataset]]] = {}
    for file, header in images:
        same = grouped.setdefault(str(header.get("SeriesInstanceUID") or ""), {})
        same.setdefault(instance_uid(header) or str(file), (file, header))  # copies count once
    return [
        Series(uid, tuple(f for f, _ in same.values()), tuple(h for _, h in same.values()))
        for uid, same in sorted(grouped.items())
    ]


def choose(found: Sequence[Series], path: Path, series: str | None) -> Series:
    """The one series that is there, or the one whose UID begins or ends as asked.

    Raises:
        OptionError: If it takes a choice; lists the series.
        UnknownNameError: If no UID fits.
    """
    there = "; ".join(str(one) for one in found)
    fitting = [one for one in found if series is None or _fits(one.uid, series)]
    exact = [one for one in found if one.uid == series]
    if len(exact or fitting) == 1:
        return (exact or fitting)[0]
    if not fitting:
        raise UnknownNameError(f"no series in {path} has the UID {series}; there are {there}")
    given = "none was chosen" if series is None else f"{series} fits {len(fitting)}"
    raise OptionError(
        f"{path} holds {len(found)} series and {given}; choose with series= (--series UID, its "
        f"beginning or its end) one of: {there}"
    )


def instance_uid(header: Dataset) -> str:
    """The object's own UID; from the file's meta header where anonymisation has blanked it."""
    kept = header.file_meta.get("MediaStorageSOPInstanceUID")
    return str(header.get("SOPInstanceUID") or kept or "")


def _fits(uid: str, asked: str) -> bool:
    return bool(asked) and (uid.startswith(asked) or uid.endswith(asked))


def _is_image(header: Dataset) -> bool:
    return is_placed(header) and header.get("Modality") not in DERIVED_MODALITIES


def _what_else(headers: Sequence[Dataset]) -> str:
    kinds = sorted({str(header.get("Modality") or "unknown") for header in headers})
    flat = any("Rows" in h and h.get("Modality") not in DERIVED_MODALITIES for h in headers)
    what = f"{len(headers)} objects of modality {', '.join(kinds)}"
    return f"{what} without ImagePositionPatient" if flat else what


def _siblings(path: Path, header: Dataset) -> list[tuple[DicomFile, Dataset]]:
    """The other files of the same series in the same folder."""
    uid = header.get("SeriesInstanceUID")
    around = sorted(one for one in path.parent.iterdir() if one.is_file() and one != path)
    loaded = [(file, file.load(TAGS)) for file in map(DicomFile, around) if is_dicom(file.path)]
    return [(f, h) for f, h in loaded if h.get("SeriesInstanceUID") == uid and _is_image(h)]


def _decode(stack: Stack) -> Real[Array, "i j k"]:
    """The real values of all slices; decoded file by file on all cores, straight into place."""
    columns, rows, count = stack.grid.shape
    kind = _number_type(stack)
    filled = _room((count, rows, columns), kind, stack.slices[0])
    jobs: dict[DicomFile, list[tuple[int, Slice]]] = {}
    for k, one in enumerate(stack.slices):
        _check_scalar(one)
        jobs.setdefault(one.file, []).append((k, one))

    def fill(file: DicomFile) -> None:
        data = file.load(pixels=True)
        for k, one in jobs[file]:
            stored = _stored(data, one)
            if kind == np.float32:
                filled[k] = stored * np.float64(one.slope) + one.intercept
            else:
                np.add(stored, int(one.intercept), out=filled[k], casting="unsafe", dtype=np.int64)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, jobs))
    limits = np.iinfo(np.int16)
    if kind == np.int32 and limits.min <= filled.min() and filled.max() <= limits.max:
        filled = filled.astype(np.int16)
    return filled.transpose(2, 1, 0)


def _room(shape: Index3, kind: type[np.generic], first: Slice) -> Array:
    try:
        return np.empty(shape, dtype=kind)
    except MemoryError as error:
        raise FileFormatError(
            f"the series of {first} claims {shape[2]} x {shape[1]} x {shape[0]} voxels, more than "
            "memory holds; check its headers or crop it"
        ) from error


def _stored(data: Dataset, one: Slice) -> Array:
    frame = one.frame if "NumberOfFrames" in data else None
    try:
        stored: Array = pixel_array(data, index=frame)
    except UNREADABLE as error:
        raise FileFormatError(
            f"the pixels of {one} cannot be decoded ({first_line(error)}); "
            "the file is cut off, broken or of an unknown compression: copy or export it again"
        ) from error
    if stored.shape != (one.size[1], one.size[0]):
        raise FileFormatError(
            f"{one} claims {one.size[1]} rows and {one.size[0]} columns, its pixels decode to "
            f"{stored.shape}; copy or export it again"
        )
    return stored


def _number_type(stack: Stack) -> type[np.int16] | type[np.int32] | type[np.float32]:
    """What holds all values that the headers allow; int32 is narrowed later where it can be."""
    whole = all(one.slope == 1 and one.intercept.is_integer() for one in stack.slices)
    bits = max(int(one.header.get("BitsStored") or 32) for one in stack.slices)
    if not whole or bits > 24:
        return np.float32
    signed = any(one.header.get("PixelRepresentation") == 1 for one in stack.slices)
    reach = 2 ** (bits - 1) if signed else 2**bits
    largest = reach + max(abs(one.intercept) for one in stack.slices)
    return np.int16 if largest <= 2**15 else np.int32


def _check_scalar(one: Slice) -> None:
    colour = one.header.get("PhotometricInterpretation")
    if int(one.header.get("SamplesPerPixel") or 1) != 1 or colour == "PALETTE COLOR":
        raise FileFormatError(
            f"expected one value a voxel, {one} holds colour ({colour}); "
            "choose a series of intensities"
        )
    if one.header.get("ModalityLUTSequence"):
        raise FileFormatError(
            f"expected a rescale slope and intercept, {one} scales its values by a lookup table "
            "(ModalityLUTSequence); export the series with rescaled values"
        )
