"""DICOM-SEG: segmentations of any maker in; label maps out (`dicom_seg_writer`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Int
from pydicom import Dataset
from pydicom.pixels.utils import iter_pixels

from voxclick.errors import FileFormatError, InputError, UnknownNameError
from voxclick.geometry import Grid
from voxclick.io.formats.dicom_files import (
    UNREADABLE,
    DicomFile,
    find,
    first_line,
    foreign,
)
from voxclick.io.formats.dicom_seg_writer import MAKER, write_labelmap
from voxclick.io.formats.dicom_slices import Slice, slices_of, tolerance_mm
from voxclick.io.lattice import laid_out
from voxclick.types import Array
from voxclick.volume import LabelMap, Mask, Source

__all__ = ["read_labelmap", "read_labelmap_on", "read_mask", "write_labelmap"]

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABELMAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"
OWN_NUMBER = re.compile(r"label (\d+): ?(.*)", re.DOTALL)
"""How the writer keeps a label's own number and full name."""


@dataclass(frozen=True, eq=False)
class SegFile:
    """A DICOM-SEG object with its frames placed on one grid.

    Attributes:
        path: Where it was found.
        data: Its elements, with the pixel data.
        grid: The smallest grid that holds all its frames.
        planes: The `k` of each frame.
        names: Label number to name.
        numbers: Segment number to label number; they differ only in files of our own.
    """

    path: Path
    data: Dataset
    grid: Grid
    planes: Int[Array, " n"]
    names: dict[int, str]
    numbers: dict[int, int]

    def frames(self) -> Iterator[tuple[int, int, Bool[Array, "j i"]]]:
        """Plane `k`, label number and pixels of each frame (each segment of a label map's frame).

        Raises:
            FileFormatError: If the pixels cannot be decoded.
        """
        kind = str(self.data.SegmentationType)
        half = int(self.data.get("MaximumFractionalValue") or 1) / 2
        try:
            for frame, pixels in enumerate(iter_pixels(self.data)):
                k = int(self.planes[frame])
                if kind == "LABELMAP":
                    for segment in np.unique(pixels):
                        if int(segment) in self.numbers:
                            yield k, self.numbers[int(segment)], pixels == segment
                else:
                    segment = _segment_number(self.data, frame)
                    yield (
                        k,
                        self.numbers[segment],
                        pixels > 0 if kind == "BINARY" else pixels >= half,
                    )
        except UNREADABLE as error:
            if isinstance(error, InputError):
                raise
            raise FileFormatError(
                f"the frames of {self.path} cannot be decoded ({first_line(error)}); "
                "the file is cut off, broken or of an unknown compression: copy it again"
            ) from error


def read_labelmap(path: Path) -> LabelMap:
    """The segments of a DICOM-SEG as a label map on the smallest grid that holds its frames.

    Files that voxclick wrote come back on the whole grid of their series. Fractional segments
    count where they reach one half.

    Args:
        path: The file, or a folder or zip archive that holds one DICOM-SEG.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If there is no DICOM-SEG, its frames do not make a volume, or its segments
            overlap (a label map cannot hold that; `read_mask` reads one segment).
    """
    with foreign(path):
        seg = _load(path)
        array = _blank(seg.grid, np.min_scalar_type(max(seg.names, default=1)))
        overlaps: dict[tuple[int, int], int] = {}
        for k, label, pixels in seg.frames():
            plane = array[:, :, k].T  # a view [j i]
            there = plane[pixels]
            for other in np.unique(there[(there != 0) & (there != label)]):
                pair = (int(other), label)
                overlaps[pair] = overlaps.get(pair, 0) + int(np.count_nonzero(there == other))
            plane[pixels] = label
    if overlaps:
        told = ", ".join(
            f"{a} ({seg.names[a]}) with {b} ({seg.names[b]}) in {n} voxels"
            for (a, b), n in sorted(overlaps.items())
        )
        raise FileFormatError(
            f"a label map cannot hold segments that overlap, in {path} these do: {told}; "
            "read one segment with read_mask(path, label=number or name)"
        )
    return LabelMap(array, seg.grid, seg.names, Source(path.resolve(), "dicom_seg"))


def read_mask(path: Path, label: int | str) -> Mask:
    """One segment of a DICOM-SEG, also where segments overlap; on the grid of `read_labelmap`.

    Args:
        path: The file, or a folder or zip archive that holds one DICOM-SEG.
        label: The segment's number or name.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If there is no DICOM-SEG, or its frames do not make a volume.
        UnknownNameError: If no segment has that number or name.
    """
    with foreign(path):
        seg = _load(path)
        known = [number for number, name in seg.names.items() if label in (number, name)]
        if not known:
            told = ", ".join(f"{number} ({name})" for number, name in seg.names.items())
            raise UnknownNameError(f"no segment {label!r} in {path}; there are {told}")
        array = _blank(seg.grid, np.dtype(np.bool_))
        for k, number, pixels in seg.frames():
            if number == known[0]:
                array[:, :, k] |= pixels.T
    return Mask(array, seg.grid, Source(path.resolve(), "dicom_seg"))


def read_labelmap_on(path: Path, grid: Grid) -> LabelMap:
    """The segments of a DICOM-SEG on the grid of the image they were drawn on.

    The axes of `grid` may be in another order or direction than the file's (as converters to NIfTI
    leave them), but voxel must lie on voxel.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: As `read_labelmap`.
        GridMismatchError: If voxels do not fall on voxels, or a segment reaches out of the grid.
    """
    labels = read_labelmap(path)
    array = laid_out(labels.array, labels.grid, grid, path)
    return LabelMap(array, grid, labels.names, labels.source)


def _blank(grid: Grid, kind: np.dtype[Any]) -> Array:
    """Zeros `[i, j, k]` that lie in memory slice by slice, as they are filled."""
    return np.zeros(grid.shape[::-1], dtype=kind).transpose(2, 1, 0)


def _load(path: Path) -> SegFile:
    found = [(file, file.load(("SOPClassUID", "Modality"))) for file in find(path)]
    segs = [
        file
        for file, header in found
        if str(header.get("SOPClassUID")) in (SEGMENTATION, LABELMAP_SEGMENTATION)
    ]
    if len(segs) != 1:
        kinds = sorted({str(header.get("Modality") or "unknown") for _, header in found})
        told = ", ".join(map(str, segs)) or f"none among objects of modality {', '.join(kinds)}"
        raise FileFormatError(f"expected one DICOM-SEG at {path}, found {told}; give one SEG file")
    data = segs[0].load(pixels=True)
    try:
        names, numbers = _segments(data)
        if "SegmentationType" not in data or "PixelData" not in data:
            raise ValueError("no SegmentationType or PixelData")
    except UNREADABLE as error:
        raise FileFormatError(
            f"{segs[0]} is not a whole DICOM-SEG ({first_line(error)}); copy or export it again"
        ) from error
    grid, planes = _placed(segs[0], data)
    return SegFile(path, data, grid, planes, names, numbers)


def _segments(data: Dataset) -> tuple[dict[int, str], dict[int, int]]:
    """Label number to name, and segment number to label number."""
    own = data.get("Manufacturer") == MAKER
    names: dict[int, str] = {}
    numbers: dict[int, int] = {}
    for item in data.SegmentSequence:
        segment = int(item.SegmentNumber)
        told = OWN_NUMBER.fullmatch(str(item.get("SegmentDescription") or "")) if own else None
        number = int(told[1]) if told else segment
        if segment == 0:  # the background of a label map, which may be described too
            continue
        numbers[segment] = number
        names[number] = told[2] if told else str(item.get("SegmentLabel") or f"label_{number}")
    return names, numbers


def _segment_number(data: Dataset, frame: int) -> int:
    for holder in (
        data.PerFrameFunctionalGroupsSequence[frame],
        data.SharedFunctionalGroupsSequence[0],
    ):
        if "SegmentIdentificationSequence" in holder:
            return int(holder.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
    raise ValueError(f"frame {frame + 1} belongs to no segment")


def _placed(file: DicomFile, data: Dataset) -> tuple[Grid, Int[Array, " n"]]:
    """The smallest grid that holds all frames, and the plane of each."""
    frames = slices_of(file, data)
    first = frames[0]
    if not all(one.lies_like(first) for one in frames):
        raise FileFormatError(
            f"the frames of {file} must share size, spacing and orientation, they do not; "
            "resample the segmentation onto its image"
        )
    normal = first.normal
    heights = np.array([float(one.position @ normal) for one in frames])
    lowest, highest = frames[int(np.argmin(heights))], frames[int(np.argmax(heights))]
    extent = float(heights.max() - heights.min())
    depth = _plane_distance(file, first, heights)
    slices = round(extent / depth) + 1
    step = normal * depth
    if slices > 1:
        step = (highest.position - lowest.position) / (slices - 1)
        upright = normal * (step @ normal)
        if np.linalg.norm(step - upright) * (slices - 1) <= tolerance_mm(depth):
            step = upright
    planes = np.rint((heights - heights.min()) / depth).astype(np.int64)
    line = lowest.position + planes[:, None] * step
    positions = np.stack([one.position for one in frames])
    off = float(np.linalg.norm(positions - line, axis=1).max())
    if off > 2 * tolerance_mm(depth):
        raise FileFormatError(
            f"the frames of {file} must lie on evenly spaced planes, one is {off:.3f} mm off; "
            "resample the segmentation onto its image"
        )
    return lowest.grid(step, slices), planes


def _plane_distance(file: DicomFile, first: Slice, heights: Array) -> float:
    """Distance of neighbouring planes: as stated where all gaps are multiples, or the least gap."""
    gaps = np.diff(np.unique(np.round(heights, 4)))
    gaps = gaps[gaps > 0.01]
    if len(gaps) == 0:
        return first.apart_mm or first.thickness_mm or 1.0
    for depth in (first.apart_mm, float(gaps.min())):
        if depth is None:
            continue
        planes = np.rint((heights - heights.min()) / depth)
        off = np.abs((heights - heights.min()) - planes * depth)
        if off.max() <= max(tolerance_mm(depth), 1e-3 * float(np.ptp(heights))):
            return depth
    raise FileFormatError(
        f"the frames of {file} must lie on evenly spaced planes, their gaps are "
        f"{np.unique(gaps.round(3))[:5].tolist()} mm; resample the segmentation onto its image"
    )
