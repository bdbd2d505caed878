"""The table of file formats."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """One file format; its module is imported only when a file of it is read or written.

    Attributes:
        name: Short name, as in `Source.format`.
        title: What people call it.
        suffixes: Endings of its files, the preferred one first; all are read, and written where
            the format is.
        module: Where its `read_volume`, `read_labelmap`, `write_labelmap`, `write_volume` live.
        reads_images: Whether it holds images that can be read.
        reads_labels: Whether it holds label maps that can be read.
        writes_labels: Whether label maps can be written.
        writes_images: Whether images can be written.
        needs_source: Whether writing needs the DICOM series that was segmented.
        keeps_names: Whether the names of labels are kept in its files.
        holds_series: Whether one path may hold several images, of which `series` chooses.
        read_only_suffixes: Endings that are read and never written; the empty one is a folder.
        is_folder: Whether it is a folder of files and not one file.
        recogniser: What tells by its content that a file of any name is in this format, as
            `module:function`; empty where the ending must tell.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    module: str
    reads_images: bool = True
    reads_labels: bool = True
    writes_labels: bool = True
    writes_images: bool = True
    needs_source: bool = False
    keeps_names: bool = False
    holds_series: bool = False
    read_only_suffixes: tuple[str, ...] = ()
    recogniser: str = ""
    is_folder: bool = False


IS_DICOM = "voxclick.io.formats.dicom_files:is_dicom"
"""Files on a CD are named like `IM0003`, and those of an archive by their UID."""

FORMATS: tuple[Format, ...] = (
    Format("nifti", "NIfTI", (".nii.gz", ".nii"), "voxclick.io.formats.nifti"),
    Format(
        "nrrd",
        "NRRD",
        (".seg.nrrd", ".nrrd"),
        "voxclick.io.formats.nrrd",
        keeps_names=True,
        read_only_suffixes=(".nhdr",),
    ),
    Format("metaimage", "MetaImage", (".mha", ".mhd"), "voxclick.io.formats.metaimage"),
    Format(
        "npz",
        "CVPR 2025 npz",
        (".npz",),
        "voxclick.io.formats.npz",
        writes_images=False,
    ),
    Format(
        "ome_zarr",
        "OME-Zarr",
        (".ome.zarr", ".zarr"),
        "voxclick.io.formats.ome_zarr",
        keeps_names=True,
        holds_series=True,
        recogniser="voxclick.io.formats.ome_zarr:is_zarr",
        is_folder=True,
    ),
    Format(
        "dicom_seg",
        "DICOM-SEG",
        (".seg.dcm", ".dcm"),
        "voxclick.io.formats.dicom_seg",
        reads_images=False,
        writes_images=False,
        needs_source=True,
        keeps_names=True,
        read_only_suffixes=("", ".zip"),
        recogniser=IS_DICOM,
    ),
    Format(
        "dicom_series",
        "DICOM series",
        (),
        "voxclick.io.formats.dicom_series",
        reads_labels=False,
        writes_labels=False,
        writes_images=False,
        holds_series=True,
        read_only_suffixes=("", ".zip", ".dcm"),
        recogniser=IS_DICOM,
    ),
)
"""Every format; where two fit a file, the one with the longer suffix is taken, or the first."""
