"""Files: volumes and masks in, masks and label maps out, each by its ending or its content.

Each format is a module behind a table (`kinds`), imported when a file of it comes along.
"""

import importlib
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from types import ModuleType
from typing import Literal, TypeAlias

import numpy as np

from voxclick.errors import InputError, MissingFileError, OptionError, UnknownNameError
from voxclick.io.atomic import check_writable, whole
from voxclick.io.kinds import FORMATS, Format
from voxclick.types import Array
from voxclick.volume import Blocks, LabelMap, Mask, Source, Volume

__all__ = [
    "check_output",
    "format_of",
    "read",
    "read_labelmap",
    "read_mask",
    "sample",
    "write",
]

SAMPLE = "sample"
"""The path that stands for the packaged volume."""

Verb: TypeAlias = Literal["read", "written"]


def read(path: str | Path, series: str | None = None) -> Volume:
    """The volume in a file or folder.

    Args:
        path: NIfTI, NRRD, MetaImage, a CVPR 2025 npz, an OME-Zarr folder, or a DICOM series as a
            folder, a zip or one of its files, whatever its name; the word `sample` is the packaged
            head MR.
        series: Which DICOM series, where there are several: its UID, or the end of it; of an
            OME-Zarr with several channels or times `c=1`, `t=0,c=1`, or a channel's name.

    Raises:
        MissingFileError: If there is nothing at that path.
        UnknownNameError: If no format has that ending or content, or there is no such series.
        OptionError: If a series is chosen of a format that has none, or must be and is not.
        FileFormatError: If it cannot be read as what it is named.
        GridError: If its header does not place its voxels in space.
    """
    if str(path) == SAMPLE and not Path(path).exists():
        return sample()
    source = _existing(path)
    kind = _format(source, "read", images=True)
    if series is not None and not kind.holds_series:
        raise OptionError(
            f"a series can be chosen of DICOM images and OME-Zarr, got series {series!r} for the "
            f"{kind.title} file {path}; leave it out"
        )
    volume: Volume = _module(kind).read_volume(source, series)
    origin = volume.source or Source(source.resolve(), kind.name)
    return replace(volume, source=origin)


def read_labelmap(path: str | Path) -> LabelMap:
    """The label map in a file, with the names that its format keeps.

    Args:
        path: Any label file, or a folder or zip archive that holds one DICOM-SEG.

    Raises:
        MissingFileError: If there is nothing at that path.
        UnknownNameError: If no format has that ending or content.
        FileFormatError: If it cannot be read, or holds anything but whole numbers from 0 up.
    """
    source = _existing(path)
    labels: LabelMap = _module(_format(source, "read", images=False)).read_labelmap(source)
    return labels


def read_mask(path: str | Path, label: int | str | None = None) -> Mask:
    """One object of a label file as a mask.

    Args:
        path: As in `read_labelmap`.
        label: Its number or name; may be left out where the file holds only one.

    Raises:
        InputError: If the file holds several labels and none is chosen.
        UnknownNameError: If it holds no such label.
    """
    source = _existing(path)
    module = _module(_format(source, "read", images=False))
    if label is not None and hasattr(module, "read_mask"):
        mask: Mask = module.read_mask(source, label)
        return mask
    labels: LabelMap = module.read_labelmap(source)
    if label is not None:
        return labels.mask(label)
    inside = _single(labels.kept)
    if inside is None:
        present = [value for value in labels.labels if labels.mask(value).voxels]
        told = ", ".join(f"{value} ({labels.name(value)})" for value in present)
        raise InputError(f"one label must be chosen from {path}, which holds {told}")
    return Mask(inside, labels.grid, labels.source)


def write(
    thing: Mask | LabelMap | Volume, path: str | Path, source: str | Path | None = None
) -> Path:
    """Write a mask, a label map or a volume; the ending of the path says as what.

    The file appears whole, by rename, or not at all.

    Args:
        thing: What to write.
        path: Where; its folder must exist.
        source: For DICOM-SEG, the DICOM series that it was drawn on, where `thing` does not
            know it.

    Returns:
        The path.

    Raises:
        UnknownNameError: If no format has that ending.
        OutputError: If it cannot be written there.
    """
    target = Path(path)
    kind = check_output(target, images=isinstance(thing, Volume))
    module = _module(kind)
    with whole(target, _suffix(target, kind, "written"), kind.is_folder) as part:
        if isinstance(thing, Volume):
            module.write_volume(thing, part)
        else:
            labels = thing if isinstance(thing, LabelMap) else LabelMap.of(thing, "object")
            module.write_labelmap(labels, part, None if source is None else Path(source))
    return target


def format_of(path: str | Path) -> Format:
    """The format that an image would be read in.

    Raises:
        MissingFileError: If there is nothing at that path.
        UnknownNameError: If no format has that ending or content.
    """
    return _format(_existing(path), "read", images=True)


def check_output(path: str | Path, images: bool = False) -> Format:
    """The format that a path will be written in; call it before the work.

    Args:
        path: Where the output should go.
        images: Whether it is to be an image, not a mask or a label map.

    Raises:
        UnknownNameError: If no format has that ending.
        OutputError: If its folder does not exist or cannot be written.
    """
    target = Path(path)
    kind = _format(target, "written", images)
    check_writable(target, kind.is_folder)
    return kind


def sample() -> Volume:
    """The packaged volume: the Colin 27 average head, MR T1 at 1 mm (181 x 217 x 181)."""
    packaged: AbstractContextManager[Path] = as_file(
        files("voxclick") / "samples" / "colin27_t1.nii.gz"
    )
    with packaged as path:
        return read(path)


def _existing(path: str | Path) -> Path:
    source = Path(path)
    if "://" in str(path):
        raise MissingFileError(
            f"a file or folder on this machine is needed, got the address {path}; download it first"
        )
    try:
        found = source.exists()
    except (OSError, ValueError):  # a name that no file can have
        found = False
    if not found:
        raise MissingFileError(
            f"a file or folder is needed at {path}, got nothing there; check the path"
        )
    return source


def _format(path: Path, verb: Verb, images: bool) -> Format:
    able = [kind for kind in FORMATS if _can(kind, verb, images)]
    if verb == "read" and path.is_dir():
        return _folder_format(path, able)
    named = [kind for kind in able if _suffix(path, kind, verb)]
    if not named and verb == "read" and path.is_file():
        named = [kind for kind in able if not kind.is_folder and _recognises(kind, path)]
    if not named:
        known = ", ".join(suffix for kind in able for suffix in _suffixes(kind, verb) if suffix)
        what = "an image" if images else "a mask"
        folder = " or a DICOM file or folder" if verb == "read" else ""
        raise UnknownNameError(
            f"{what} can be {verb} as one of {known}{folder}, got the name {path.name!r}; "
            "rename or convert the file"
        )
    return max(named, key=lambda kind: len(_suffix(path, kind, verb)))


def _folder_format(path: Path, able: list[Format]) -> Format:
    folders = [kind for kind in able if kind.is_folder]
    named = [kind for kind in folders if _suffix(path, kind, "read") or _recognises(kind, path)]
    return next(iter([*named, *(kind for kind in able if "" in kind.read_only_suffixes)]))


def _can(kind: Format, verb: Verb, images: bool) -> bool:
    if verb == "read":
        return kind.reads_images if images else kind.reads_labels
    return kind.writes_images if images else kind.writes_labels


def _suffixes(kind: Format, verb: Verb) -> tuple[str, ...]:
    return kind.suffixes + (kind.read_only_suffixes if verb == "read" else ())


def _suffix(path: Path, kind: Format, verb: Verb) -> str:
    """The longest ending of the format that the name has; empty for none."""
    name = path.name.lower()
    return max((s for s in _suffixes(kind, verb) if name.endswith(s)), key=len, default="")


def _recognises(kind: Format, path: Path) -> bool:
    module, _, function = kind.recogniser.partition(":")
    return bool(module) and bool(getattr(importlib.import_module(module), function)(path))


def _module(kind: Format) -> ModuleType:
    return importlib.import_module(kind.module)


def _single(labels: Array | Blocks) -> Array | Blocks | None:
    """The voxels of the only label, none where there is none; None for several labels."""
    if isinstance(labels, Blocks):
        return labels.nonzero() if len(labels.values()) < 2 else None
    inside: Array = labels > 0
    return inside if np.array_equal(inside, labels == labels.max()) or not inside.any() else None
