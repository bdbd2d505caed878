"""DICOM series made from arrays, right and wrong in every way that scanners and tools manage."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from voxclick.geometry import Grid
from voxclick.geometry.grid import RAS_TO_LPS
from voxclick.types import Array

Change = Callable[[Dataset, int], None]
"""What makes a slice odd: gets its header and its `k`."""


def texts(values: Array) -> list[str]:
    """Numbers as exact as a decimal string of 16 characters allows."""
    return [f"{value:.9g}" for value in values]


def header(uid: str, k: int) -> Dataset:
    """What every image of a series needs, without its place."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = CTImageStorage
    data.SOPInstanceUID = f"{uid}.{k + 1}"
    data.SeriesInstanceUID = uid
    data.StudyInstanceUID = "1.2.3"
    data.FrameOfReferenceUID = "1.2.3.4"
    data.PatientName, data.PatientID = "Müller^Zoë", "42"
    data.SpecificCharacterSet = "ISO_IR 100"
    data.PatientBirthDate, data.PatientSex = "", "F"
    data.StudyDate, data.StudyTime, data.StudyID, data.AccessionNumber = "20200102", "", "", ""
    data.Modality, data.SeriesDescription = "CT", "phantom"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, 1
    data.RescaleSlope, data.RescaleIntercept = "1", "0"
    return data


def fill(data: Dataset, pixels: Array) -> None:
    """Puts stored values into a header: `[j, i]`, or `[frame, j, i]`."""
    data.Rows, data.Columns = pixels.shape[-2:]
    data.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()


def write_series(
    folder: Path, array: Array, grid: Grid, uid: str = "1.2.826.1", change: Change | None = None
) -> Path:
    """Write one file a slice; names and instance numbers tell nothing about the order."""
    folder.mkdir(parents=True, exist_ok=True)
    affine = RAS_TO_LPS @ grid.affine
    order = np.random.default_rng(3).permutation(grid.shape[2])
    for k in range(grid.shape[2]):
        data = header(uid, k)
        data.InstanceNumber = int(order[k]) + 1
        data.ImagePositionPatient = texts(affine[:3, :3] @ (0, 0, k) + affine[:3, 3])
        directions = affine[:3, :2] / np.linalg.norm(affine[:3, :2], axis=0)
        data.ImageOrientationPatient = texts(directions.T.reshape(-1))
        data.PixelSpacing = texts(np.array(grid.spacing_mm[1::-1]))
        data.SliceThickness = "1"
        fill(data, array[:, :, k].T)
        if change:
            change(data, k)
        data.save_as(folder / f"IM{order[k]:04d}", enforce_file_format=True)
    return folder


def write_multiframe(path: Path, array: Array, grid: Grid, uid: str = "1.2.826.2") -> Path:
    """Write an enhanced multi-frame file, its frames in an order of their own."""
    affine = RAS_TO_LPS @ grid.affine
    data = header(uid, 0)
    data.SOPClassUID = EnhancedCTImageStorage
    del data.RescaleSlope, data.RescaleIntercept
    order = np.random.default_rng(4).permutation(grid.shape[2])
    fill(data, array.transpose(2, 1, 0)[order])
    data.NumberOfFrames = len(order)
    shared, lie, measures, values = Dataset(), Dataset(), Dataset(), Dataset()
    directions = affine[:3, :2] / np.linalg.norm(affine[:3, :2], axis=0)
    lie.ImageOrientationPatient = texts(directions.T.reshape(-1))
    measures.PixelSpacing = texts(np.array(grid.spacing_mm[1::-1]))
    measures.SliceThickness = "7"
    values.RescaleSlope, values.RescaleIntercept = "1", "-3"
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [lie], [measures]
    shared.PixelValueTransformationSequence = [values]
    data.SharedFunctionalGroupsSequence = [shared]
    data.PerFrameFunctionalGroupsSequence = []
    for k in order:
        frame, place = Dataset(), Dataset()
        place.ImagePositionPatient = texts(affine[:3, :3] @ (0, 0, k) + affine[:3, 3])
        frame.PlanePositionSequence = [place]
        data.PerFrameFunctionalGroupsSequence.append(frame)
    data.save_as(path, enforce_file_format=True)
    return path


def write_report(path: Path) -> None:
    """Write an object without pixels, such as lies beside many series."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    data.SOPInstanceUID = data.SeriesInstanceUID = generate_uid()
    data.Modality = "SR"
    data.save_as(path, enforce_file_format=True)


def shorten(grid: Grid, slices: int = 6) -> Grid:
    """A grid of fewer voxels at the same place, so that tests stay quick."""
    return Grid((14, 11, slices), grid.affine)


def ramp(grid: Grid) -> Array:
    """Values that tell every voxel from its neighbours, signed 16 bit."""
    count = np.arange(np.prod(grid.shape), dtype=np.int64).reshape(grid.shape)
    return (count % 3001 - 1000).astype(np.int16)
