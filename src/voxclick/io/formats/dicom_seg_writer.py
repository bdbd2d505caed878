"""Label maps as DICOM-SEG objects that refer to the series they were drawn on."""

import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentDescription
from jaxtyping import Integer
from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from voxclick.errors import FileFormatError
from voxclick.io.formats.dicom_files import foreign
from voxclick.io.formats.dicom_seg_source import source_images, source_stack
from voxclick.io.formats.dicom_slices import Stack
from voxclick.types import Array
from voxclick.volume import LabelMap

MAKER = "voxclick"
TISSUE = Code("85756007", "SCT", "Tissue")
"""Category and type of every segment: a name alone does not tell more."""

AI = Code("123110", "DCM", "Artificial Intelligence")
MOST_LABELS = 65535
LONG_STRING, LONG_TEXT = 64, 1000
"""Longest texts that DICOM's short and long fields take."""
FORBIDDEN = re.compile(r"[\\\x00-\x1f]")
"""What its short fields do not take: the backslash separates values."""


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write a label map as a binary DICOM-SEG, one segment a label.

    Segments count from 1 as DICOM demands; a label's own number and full name are kept in the
    segment's description. Empty frames are left out, but for the first and the last slice of the
    series, so that the whole grid can be read back from the file alone. A label map without any
    label gets one empty segment.

    Args:
        labels: What to write; on the grid of a DICOM series.
        path: Where to write it.
        source: Where the series lies, if not where `labels.source` says.

    Raises:
        OptionError: If no DICOM series is known, or more than one fits.
        MissingFileError: If the series is not there any more.
        GridMismatchError: If the labels lie on another grid than the series.
        FileFormatError: If the series cannot be referred to.
    """
    told = source or (labels.source.path if labels.source else path)
    with foreign(told):
        stack = source_stack(labels, source)
        images = source_images(stack)
        numbers = labels.labels or (1,)
        segments = _renumbered(labels.array, numbers)
        marks = _mark_ends(segments)
        if "NumberOfFrames" in images[0]:
            segments = segments[np.argsort([one.frame for one in stack.slices])]
        built = _build(images, segments, labels, numbers)
        _clear_marks(built, stack, marks)
    built.save_as(path)


def _build(
    images: list[Dataset],
    segments: Integer[Array, "k j i"],
    labels: LabelMap,
    numbers: tuple[int, ...],
) -> Segmentation:
    release = version(MAKER)
    return Segmentation(
        source_images=images,
        pixel_array=segments,
        segmentation_type="BINARY",
        segment_descriptions=[
            _describe(place, number, labels.name(number), release)
            for place, number in enumerate(numbers, start=1)
        ],
        series_instance_uid=generate_uid(),
        series_number=1000,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions=release,
        device_serial_number="0",
        content_label="SEGMENTATION",
        content_description="interactive segmentation",
        series_description="voxclick segmentation",
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )


def _describe(segment: int, number: int, name: str, release: str) -> SegmentDescription:
    short = FORBIDDEN.sub("/", name).strip()[:LONG_STRING] or f"label_{number}"
    described = SegmentDescription(
        segment_number=segment,
        segment_label=short,
        segmented_property_category=TISSUE,
        segmented_property_type=TISSUE,
        algorithm_type=SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=MAKER, family=AI, version=release
        ),
    )
    described.SegmentDescription = f"label {number}: {name[:LONG_TEXT]}"
    return described


def _renumbered(
    labels: Integer[Array, "i j k"], numbers: tuple[int, ...]
) -> Integer[Array, "k j i"]:
    """A copy that counts its labels from 1 without gaps, as segments must, slice by slice."""
    if len(numbers) > MOST_LABELS:
        raise FileFormatError(
            f"a DICOM-SEG holds at most {MOST_LABELS} segments, got {len(numbers)}; "
            "write .nii.gz or .seg.nrrd"
        )
    kind = np.uint8 if len(numbers) < 256 else np.uint16
    known = np.array((0, *numbers), dtype=np.int64)
    by_slice = np.ascontiguousarray(labels.transpose(2, 1, 0))  # slices strided cost 20 times more
    if int(known[-1]) < 2**20:  # a table is ten times as fast as a search
        table = np.zeros(int(known[-1]) + 1, dtype=kind)
        table[known] = np.arange(len(known))
        by_table: Array = table[by_slice]
        return by_table
    return np.searchsorted(known, by_slice).astype(kind)


def _mark_ends(segments: Integer[Array, "k j i"]) -> list[int]:
    """Sets the first voxel of the end slices where they are empty; gives those slices.

    highdicom leaves out either all empty frames or none. The marks make it keep these two.
    """
    ends = sorted({0, len(segments) - 1})
    marked = [k for k in ends if not segments[k].any()]
    segments[marked, 0, 0] = 1
    return marked


def _clear_marks(built: Segmentation, stack: Stack, marks: list[int]) -> None:
    """Takes the marks of `_mark_ends` out of the packed bits again."""
    bits = bytearray(built.PixelData)
    voxels = built.Rows * built.Columns
    positions = np.array([stack.slices[k].position for k in marks]).reshape(-1, 3)
    for frame, item in enumerate(built.PerFrameFunctionalGroupsSequence):
        here = np.array(item.PlanePositionSequence[0].ImagePositionPatient, dtype=np.float64)
        if (np.abs(positions - here).max(axis=1, initial=0) < 1e-3).any():
            byte, bit = divmod(frame * voxels, 8)
            bits[byte] &= ~(1 << bit) & 0xFF
    built.PixelData = bytes(bits)
