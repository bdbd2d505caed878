"""The DICOM series that a segmentation refers to: found again, checked, its headers put in order.

What a DICOM-SEG repeats of its source is often blank or wrong in real files (anonymised UIDs,
slice thickness given as spacing, dates with dots). So the references are built from a few elements
that are read with care, and from nothing else.
"""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Float
from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.uid import CTImageStorage, generate_uid

from voxclick.errors import FileFormatError, GridMismatchError, InputError, OptionError
from voxclick.geometry import Grid
from voxclick.io.formats.dicom_series import Series, choose, find_series, instance_uid
from voxclick.io.formats.dicom_slices import Slice, Stack
from voxclick.types import Array
from voxclick.volume import LabelMap

UTF8 = "ISO_IR 192"

REQUIRED = (
    "AccessionNumber",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "PatientSex",
    "ReferringPhysicianName",
    "StudyDate",
    "StudyID",
    "StudyTime",
)
OPTIONAL = ("PatientAge", "PatientSize", "PatientWeight", "StudyDescription")
"""What a segmentation repeats of its source's patient and study: blank or absent if unknown."""

WELL_FORMED = {
    "AS": r"\d{3}[DWMY]",
    "CS": r"[MFO]",
    "DA": r"\d{8}",
    "DS": r"[-+]?[\d.]+([eE][-+]?\d+)?",
    "TM": r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?",
}
"""What a repeated value must look like, by value representation; others are left blank."""

PLAIN_TEXT = r"[^\\\x00-\x1f]{1,64}"


def source_stack(labels: LabelMap, source: Path | None) -> Stack:
    """The slices of the series that the labels were drawn on.

    Args:
        labels: Carry the source themselves where the volume was read from DICOM.
        source: Where the series lies, if not where the labels say; of several series there, the
            one that the labels name, or else the only one with their grid.

    Raises:
        OptionError: If neither tells of a DICOM series, or it takes a choice.
        MissingFileError: If the source is not there any more.
        GridMismatchError: If the labels lie on another grid than the series.
    """
    known = labels.source
    if source is None and (known is None or known.format != "dicom_series"):
        told = "an array without a source" if known is None else f"{known.format} ({known.path})"
        raise OptionError(
            f"a DICOM-SEG must refer to the DICOM series it was drawn on, these labels come from "
            f"{told}; give source= the series' folder, or write .nii.gz or .seg.nrrd"
        )
    path = source if source is not None else known.path if known is not None else Path()
    found = find_series(path)
    named = [one for one in found if known is not None and one.uid == (known.series_uid or "")]
    if len(found) > 1 and not named:
        named = [one for one in found if _has_grid(one, labels.grid)]
    stack = choose(named or found, path, None).stack()
    if not stack.grid.matches(labels.grid):
        raise GridMismatchError(
            f"labels must lie on the grid of their DICOM series {path}: "
            f"{_describe(stack.grid)}, got {_describe(labels.grid)}; "
            "segment the series itself, or write .nii.gz or .seg.nrrd"
        )
    return stack


def source_images(stack: Stack) -> list[Dataset]:
    """The series as a segmentation refers to it: one header a slice, in order, or a multi-frame.

    UIDs that anonymisation has blanked are derived from those that are left, the same each time.

    Raises:
        FileFormatError: If the stack is spread over several multi-frame files, or its files
            have no UIDs at all to refer to.
    """
    first = stack.slices[0]
    images = _frames(stack) if "NumberOfFrames" in first.header else _slices(stack)
    about = first.file.load()
    for keyword in REQUIRED + OPTIONAL:
        value = str(about.get(keyword) or "").strip()
        if re.fullmatch(WELL_FORMED.get(dictionary_VR(keyword), PLAIN_TEXT), value):
            setattr(images[0], keyword, value)
    return images


def _slices(stack: Stack) -> list[Dataset]:
    images = []
    for one in stack.slices:
        image = _header(stack, one)
        image.update(_measures(stack))
        image.ImagePositionPatient = _texts(one.position)
        image.ImageOrientationPatient = _texts(stack.slices[0].directions.T.reshape(-1))
        images.append(image)
    return images


def _frames(stack: Stack) -> list[Dataset]:
    files = {one.file for one in stack.slices}
    if len(files) > 1:
        raise FileFormatError(
            f"a DICOM-SEG can refer to one multi-frame file, the series is spread over "
            f"{len(files)}; write .nii.gz or .seg.nrrd"
        )
    image = _header(stack, stack.slices[0])
    image.NumberOfFrames = len(stack.slices)
    shared, orientation = Dataset(), Dataset()
    orientation.ImageOrientationPatient = _texts(stack.slices[0].directions.T.reshape(-1))
    shared.PlaneOrientationSequence = [orientation]
    shared.PixelMeasuresSequence = [_measures(stack)]
    image.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for one in sorted(stack.slices, key=lambda one: one.frame):
        frame, position = Dataset(), Dataset()
        position.ImagePositionPatient = _texts(one.position)
        frame.PlanePositionSequence = [position]
        frames.append(frame)
    image.PerFrameFunctionalGroupsSequence = frames
    return [image]


def _header(stack: Stack, one: Slice) -> Dataset:
    uids = [instance_uid(other.header) for other in (stack.slices[0], one)]
    if not all(uids):
        raise FileFormatError(
            f"a DICOM-SEG refers to its source by UID, {one} has no SOPInstanceUID; "
            "write .nii.gz or .seg.nrrd"
        )
    header, image = one.header, Dataset()
    kept = header.file_meta.get("MediaStorageSOPClassUID")
    image.SOPClassUID = header.get("SOPClassUID") or kept or CTImageStorage
    image.SOPInstanceUID = uids[1]
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        uid = header.get(keyword) or generate_uid(entropy_srcs=[keyword, uids[0]])
        setattr(image, keyword, str(uid))
    image.Modality = header.get("Modality") or "OT"
    image.Rows, image.Columns = one.size[1], one.size[0]
    image.SpecificCharacterSet = UTF8
    for keyword in REQUIRED:
        setattr(image, keyword, "")
    return image


def _measures(stack: Stack) -> Dataset:
    first = stack.slices[0]
    depth = abs(stack.grid.voxel_volume_mm3 / (first.spacing_mm[0] * first.spacing_mm[1]))
    measures = Dataset()
    measures.PixelSpacing = _texts(np.array(first.spacing_mm[::-1]))
    measures.SpacingBetweenSlices = measures.SliceThickness = _text(depth)
    return measures


def _has_grid(series: Series, grid: Grid) -> bool:
    try:
        return series.stack().grid.matches(grid)
    except InputError:  # a series that makes no volume is not the one
        return False


def _describe(grid: Grid) -> str:
    spacing = " x ".join(f"{v:.4g}" for v in grid.spacing_mm)
    origin = ", ".join(f"{v:.2f}" for v in grid.affine[:3, 3])
    return f"{grid.shape} voxels of {spacing} mm from ({origin}), axes {grid.orientation}"


def _text(value: float) -> str:
    """A number in the 16 characters that a decimal string has, as exact as they allow."""
    for digits in range(17, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    raise AssertionError(value)


def _texts(values: Float[Array, " n"]) -> list[str]:
    return [_text(float(value)) for value in values]
