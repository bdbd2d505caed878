"""DICOM slices placed in the patient and stacked on one grid, by position and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from jaxtyping import Float
from pydicom import Dataset

from voxclick.errors import FileFormatError
from voxclick.geometry import Grid
from voxclick.geometry.grid import RAS_TO_LPS
from voxclick.io.formats.dicom_files import UNREADABLE, DicomFile, first_line
from voxclick.types import Array

TELLING = (
    "AcquisitionNumber",
    "AcquisitionTime",
    "DiffusionBValue",
    "EchoTime",
    "FlipAngle",
    "ImageType",
    "InversionTime",
    "TemporalPositionIdentifier",
    "TriggerTime",
)
"""Elements that tell why two slices lie at one place."""

TAGS = (
    *TELLING,
    "BitsAllocated",
    "BitsStored",
    "Columns",
    "FrameOfReferenceUID",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "Modality",
    "ModalityLUTSequence",
    "NumberOfFrames",
    "PerFrameFunctionalGroupsSequence",
    "PhotometricInterpretation",
    "PixelRepresentation",
    "PixelSpacing",
    "RescaleIntercept",
    "RescaleSlope",
    "Rows",
    "SOPClassUID",
    "SOPInstanceUID",
    "SamplesPerPixel",
    "SeriesDescription",
    "SeriesInstanceUID",
    "SharedFunctionalGroupsSequence",
    "SliceThickness",
    "SpacingBetweenSlices",
    "SpecificCharacterSet",
    "StudyInstanceUID",
)
"""What is read of every file to sort a folder."""


@dataclass(frozen=True, eq=False)
class Slice:
    """One slice: a single-frame file, or one frame of a multi-frame file.

    Attributes:
        file: Where it is stored.
        frame: Index of the frame in the file, from 0.
        header: The file's elements.
        size: Columns (`i`) and rows (`j`).
        position: Centre of the first voxel, LPS mm.
        directions: Unit vectors along `i` and `j`, LPS, as columns.
        spacing_mm: Distance of voxel centres along `i` and `j`.
        apart_mm: Distance to the next slice as the header claims it (SpacingBetweenSlices).
        thickness_mm: Thickness as the header claims it.
        slope: Stored value to real value: the factor.
        intercept: Stored value to real value: the summand.
    """

    file: DicomFile
    frame: int
    header: Dataset
    size: tuple[int, int]
    position: Float[Array, " 3"]
    directions: Float[Array, "3 2"]
    spacing_mm: tuple[float, float]
    apart_mm: float | None
    thickness_mm: float | None
    slope: float = 1.0
    intercept: float = 0.0

    def __str__(self) -> str:
        single = "NumberOfFrames" not in self.header
        return str(self.file) if single else f"frame {self.frame + 1} of {self.file}"

    @property
    def normal(self) -> Float[Array, " 3"]:
        """The unit vector across the slice, LPS; slices are counted along it."""
        return np.cross(self.directions[:, 0], self.directions[:, 1])

    def lies_like(self, other: "Slice") -> bool:
        """Whether both have one size, voxel spacing and orientation, wherever they lie."""
        return (
            self.size == other.size
            and np.allclose(self.spacing_mm, other.spacing_mm, rtol=1e-3)
            and np.allclose(self.directions, other.directions, atol=1e-3)
        )

    def grid(self, step: Float[Array, " 3"], slices: int) -> Grid:
        """The grid of a stack that begins here and goes on by `step` (LPS mm)."""
        affine = np.eye(4)
        affine[:3, :2] = self.directions * np.array(self.spacing_mm)
        affine[:3, 2] = step
        affine[:3, 3] = self.position
        return Grid((*self.size, slices), RAS_TO_LPS @ affine)


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices in the order of `k`, and the grid that they fill.

    Attributes:
        slices: One slice for each `k`.
        grid: Where the voxels lie.
    """

    slices: tuple[Slice, ...]
    grid: Grid


def is_placed(header: Dataset) -> bool:
    """Whether the file holds image slices that say where in the patient they lie."""
    if "Rows" not in header or "Columns" not in header:
        return False
    if "SharedFunctionalGroupsSequence" not in header:
        return bool(header.get("ImagePositionPatient"))
    return _group(header, 0, "PlanePositionSequence") is not None


def slices_of(file: DicomFile, header: Dataset) -> list[Slice]:
    """The slices that a file holds, with their place in the patient.

    Raises:
        FileFormatError: If the file does not say where its slices lie, or not in numbers.
    """
    frames = int(header.get("NumberOfFrames") or 1)
    if frames > 1 and len(header.get("PerFrameFunctionalGroupsSequence") or ()) != frames:
        raise FileFormatError(
            f"{file} holds {frames} frames but no position for each; "
            "export the series as one file a slice, or as enhanced DICOM"
        )
    try:
        return [_slice(file, header, frame) for frame in range(frames)]
    except UNREADABLE as error:
        raise FileFormatError(
            f"{file} does not place its slices in the patient ({first_line(error)}); it needs "
            "ImagePositionPatient, ImageOrientationPatient and PixelSpacing: export it again"
        ) from error


def stacked(slices: Sequence[Slice]) -> Stack:
    """The slices sorted along their normal, on the grid that they fill.

    A gantry tilt becomes a sheared affine. Slices may lie off the even spacing by `tolerance_mm`.

    Raises:
        FileFormatError: If they differ in size or orientation, share a place, leave a gap, or do
            not lie on a straight line.
    """
    first = slices[0]
    for one in slices:
        if not one.lies_like(first):
            raise FileFormatError(
                f"the slices of one series must share size, pixel spacing and orientation, "
                f"{first} ({_describe(first)}) and {one} ({_describe(one)}) do not; "
                "put the slices of one stack into a folder of their own"
            )
    normal = first.normal
    ordered = tuple(sorted(slices, key=lambda one: float(one.position @ normal)))
    if len(ordered) == 1:
        return Stack(ordered, first.grid(normal * _single_depth(first), 1))
    gaps = np.diff([float(one.position @ normal) for one in ordered])
    _check_places(ordered, gaps)
    positions = np.stack([one.position for one in ordered])
    step = (positions[-1] - positions[0]) / (len(ordered) - 1)
    tolerance = tolerance_mm(float(step @ normal))
    line = positions[0] + np.arange(len(ordered))[:, None] * step
    if np.linalg.norm(positions - line, axis=1).max() > tolerance:
        raise FileFormatError(_unevenness(ordered, gaps))
    upright = normal * (step @ normal)
    if np.linalg.norm(step - upright) * (len(ordered) - 1) <= tolerance:
        step = upright
    return Stack(ordered, ordered[0].grid(step, len(ordered)))


def tolerance_mm(spacing_mm: float) -> float:
    """How far a slice may lie off its even place: 1 % of the spacing, or 0.1 mm if more.

    Scanners that round positions to a tenth of a millimetre are off by 0.05 mm, and so are the
    two ends that say what is even. Never more than a tenth of the spacing, so that no missing
    slice passes.
    """
    return min(max(0.01 * spacing_mm, 0.1), 0.1 * spacing_mm)


def _slice(file: DicomFile, header: Dataset, frame: int) -> Slice:
    if "SharedFunctionalGroupsSequence" in header:
        place, lie = "PlanePositionSequence", "PlaneOrientationSequence"
        measures = _group(header, frame, "PixelMeasuresSequence")
        position, orientation = _group(header, frame, place), _group(header, frame, lie)
        values = _group(header, frame, "PixelValueTransformationSequence") or Dataset()
    else:
        position = orientation = measures = values = header
    if position is None or orientation is None or measures is None:
        raise ValueError(f"frame {frame + 1} has no plane position, orientation or pixel measures")
    directions = np.array(orientation.ImageOrientationPatient, dtype=np.float64).reshape(2, 3).T
    lengths = np.linalg.norm(directions, axis=0)
    if np.abs(lengths - 1).max() > 0.01 or abs(directions[:, 0] @ directions[:, 1]) > 0.01:
        raise ValueError(f"ImageOrientationPatient is {list(orientation.ImageOrientationPatient)}")
    row_mm, column_mm = (float(v) for v in measures.PixelSpacing)
    if not (isfinite(row_mm) and isfinite(column_mm) and min(row_mm, column_mm) > 0):
        raise ValueError(f"PixelSpacing is {list(measures.PixelSpacing)}")
    slope, intercept = values.get("RescaleSlope"), values.get("RescaleIntercept")
    found = np.array(position.ImagePositionPatient, dtype=np.float64).reshape(3)
    if not np.isfinite(found).all():
        raise ValueError(f"ImagePositionPatient is {found.tolist()}")
    return Slice(
        file,
        frame,
        header,
        (int(header.Columns), int(header.Rows)),
        found,
        directions / lengths,
        (column_mm, row_mm),
        _length(measures, "SpacingBetweenSlices"),
        _length(measures, "SliceThickness"),
        1.0 if slope is None else float(slope),
        0.0 if intercept is None else float(intercept),
    )


def _group(header: Dataset, frame: int, sequence: str) -> Dataset | None:
    """The item of a functional group: the frame's own, or the one that all frames share."""
    own = header.get("PerFrameFunctionalGroupsSequence") or ()
    shared = header.get("SharedFunctionalGroupsSequence") or ()
    for holder in (*own[frame : frame + 1], *shared[:1]):
        items = holder.get(sequence)
        if items:
            found: Dataset = items[0]
            return found
    return None


def _single_depth(only: Slice) -> float:
    depth = only.apart_mm or only.thickness_mm
    if depth is None:
        raise FileFormatError(
            f"{only} is a single slice that does not say how thick it is (SpacingBetweenSlices or "
            "SliceThickness above 0); give the folder with the whole series"
        )
    return depth


def _length(measures: Dataset, keyword: str) -> float | None:
    """A length above 0 (some scanners count a spacing negative), or None where none is told."""
    told = abs(float(measures.get(keyword) or 0))
    return told if isfinite(told) and told > 0 else None


def _check_places(ordered: Sequence[Slice], gaps: Float[Array, " n"]) -> None:
    where = int(np.argmin(gaps))
    if gaps[where] >= 0.01:
        return
    one, other = ordered[where], ordered[where + 1]
    pairs = {name: (one.header.get(name), other.header.get(name)) for name in TELLING}
    differ = [f"{name} {a} and {b}" for name, (a, b) in pairs.items() if a != b]
    why = f"they differ in {', '.join(differ)}" if differ else "nothing tells them apart"
    raise FileFormatError(
        f"a series must hold one slice at each place, {one} and {other} lie at one place ({why}); "
        "it looks like several time points, echoes or reconstructions: export one of them"
    )


def _unevenness(ordered: Sequence[Slice], gaps: Float[Array, " n"]) -> str:
    usual = float(np.sort(gaps)[(len(gaps) - 1) // 2])
    where = int(np.argmax(np.abs(gaps - usual)))
    gap = float(gaps[where])
    between = f"between {ordered[where]} and {ordered[where + 1]}"
    if abs(gap - usual) <= tolerance_mm(usual):
        return (
            f"the slices must lie on a straight line, their positions wander sideways or drift "
            f"(widest gap {gap:.3f} mm {between}); resample the series or export it again"
        )
    missing = round(gap / usual) - 1
    guess = f"{missing} missing" if missing > 0 else "uneven spacing"
    return (
        f"slices must be evenly spaced, the gap {between} is {gap:.3f} mm where others are "
        f"{usual:.3f} mm ({guess}); add what is missing or resample the series"
    )


def _describe(one: Slice) -> str:
    orientation = ", ".join(f"{v:.3f}" for v in one.directions.T.reshape(-1))
    spacing = " x ".join(f"{v:g}" for v in one.spacing_mm)
    return f"{one.size[0]} x {one.size[1]}, {spacing} mm, orientation {orientation}"
