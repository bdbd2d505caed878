"""From a published checkpoint to weights in the store, by the family that it belongs to."""

import importlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from voxclick.errors import FileFormatError, MissingFileError, OptionError, OutputError
from voxclick.models.kinds import MODELS, ModelRow
from voxclick.models.published import Imported, read_published
from voxclick.models.weights import SUFFIX, place, read_header, read_weights, save_weights

ENDINGS = (".pt", ".pth", ".pth.tar", ".bin", SUFFIX)
MEGABYTE = 1_000_000
SAME_SIZE = 0.1
"""Files of one model differ by a smaller share than this."""

SMALLEST_STEP = 32
"""Frames are a multiple of so many pixels, or of what the header of the weights tells."""

SHOWN = 4
"""Names that a message tells of many."""


@runtime_checkable
class Converter(Protocol):
    """The module `convert` of a family with published weights."""

    def recognises(self, keys: Collection[str]) -> bool:
        """Whether a checkpoint with these keys is one of the family."""

    def import_checkpoint(self, path: Path) -> Imported:
        """The weights of a published checkpoint, as the family keeps them."""


@dataclass(frozen=True)
class Brought:
    """Weights that are in the store now.

    Attributes:
        path: Where they lie.
        warnings: What was odd about the checkpoint, a sentence each.
    """

    path: Path
    warnings: tuple[str, ...]


def import_weights(row: ModelRow, source: Path, image_size: int | None = None) -> Brought:
    """Convert a checkpoint and put it in the store, whole or not at all.

    Args:
        row: The model whose weights they are.
        source: A published checkpoint, or a file that voxclick wrote for the family.
        image_size: Pixels of the frames to look at, for a family whose weights fit any; None for
            those that the weights were trained on.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no checkpoint of the family, or could run code.
        OptionError: If the family looks at no frames, or not at such.
        OutputError: If the store cannot be written.
    """
    own = _own(source)
    imported = own or _converter(row).import_checkpoint(source)
    family = imported.header.get("voxclick")
    if family != row.family:
        raise FileFormatError(
            f"weights of {row.name} must be of the family {row.family}, "
            f"{source} holds those of {family}; choose another name"
        )
    header = imported.header if image_size is None else _resized(row, imported.header, image_size)
    path = place(row)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {path.parent} is needed for weights, cannot make it: "
            f"{error.strerror or error}; set VOXCLICK_HOME to another folder"
        ) from None
    told = {"model": row.name, "licence": row.licence, "source": source.name}
    save_weights(path, imported.tensors, {**told, **header})
    return Brought(path, imported.warnings if own else (*imported.warnings, *_doubts(row, source)))


def _resized(row: ModelRow, header: dict[str, str], image_size: int) -> dict[str, str]:
    if "image_size" not in header:
        raise OptionError(
            f"an image size is for models that look at frames, got {image_size} for {row.name}; "
            "leave it out"
        )
    said = header.get("image_step", str(SMALLEST_STEP))
    if not said.isdecimal() or int(said) == 0:
        raise FileFormatError(
            f"the header of weights must tell image_step as a number from 1 up, got {said!r}; "
            "import the checkpoint again with voxclick fetch"
        )
    step = int(said)
    if image_size < 64 or image_size % step:
        raise OptionError(
            f"an image size must be a multiple of {step} from {max(64, step)} up, "
            f"got {image_size}; use 512 or 1024"
        )
    return {**header, "image_size": str(image_size)}


def row_for(source: Path) -> ModelRow:
    """The model whose weights a checkpoint holds, as far as its keys and its name tell.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is a checkpoint of no family.
        OptionError: If it may be of several models of a family.
    """
    own = _own(source)
    keys = _keys(source) if own is None else set()
    families = {row.family: row for row in MODELS if row.checkpoint is not None}
    for family, row in families.items():
        if own.header["voxclick"] == family if own else _converter(row).recognises(keys):
            return _one_of(family, source)
    shown = own.header["voxclick"] if own else ", ".join(sorted(keys)[:SHOWN])
    raise FileFormatError(
        f"a checkpoint of one of the families {', '.join(families) or '(none)'} is needed, "
        f"{source} holds {shown or 'nothing'}; see voxclick models"
    )


def file_in(folder: Path, row: ModelRow | None) -> Path:
    """The checkpoint in a folder: a clone of its repository, one in the hub's cache, or a single.

    Raises:
        MissingFileError: If there is none, or there are several.
    """
    if row is not None and row.checkpoint is not None:
        path = Path(row.checkpoint.file)
        # the hub's client keeps models--OWNER--NAME/snapshots/REVISION/FILE
        for pattern in (str(path), path.name, f"snapshots/*/{path}", f"**/snapshots/*/{path}"):
            if found := sorted(one for one in folder.glob(pattern) if one.is_file()):
                return found[-1]
    found = sorted(one for one in folder.iterdir() if one.name.endswith(ENDINGS))
    if len(found) == 1:
        return found[0]
    wanted = "one checkpoint" if row is None or row.checkpoint is None else row.checkpoint.file
    there = ", ".join(one.name for one in found[:SHOWN]) or "none"
    raise MissingFileError(
        f"a folder must hold {wanted}, {folder} holds {there}; name the file itself"
    )


def _own(source: Path) -> Imported | None:
    """Weights that voxclick wrote, as they are."""
    if source.suffix != SUFFIX or "voxclick" not in read_header(source):
        return None
    return Imported(*read_weights(source))


def _doubts(row: ModelRow, source: Path) -> list[str]:
    """That a file may be another model's of the family, as its size tells."""
    published = row.checkpoint.megabytes if row.checkpoint else 0
    megabytes = source.stat().st_size / MEGABYTE
    if not published or abs(megabytes / published - 1) < SAME_SIZE:
        return []
    return [
        f"{source.name} has {megabytes:.0f} MB, the published file of {row.name} about "
        f"{published}: is it that model's?"
    ]


def _keys(source: Path) -> set[str]:
    """Keys of a checkpoint and of the dictionaries in it."""
    held = read_published(source)
    inner = (one for one in held.values() if isinstance(one, dict))
    return {str(key) for one in (held, *inner) for key in one}


def _one_of(family: str, source: Path) -> ModelRow:
    rows = [row for row in MODELS if row.family == family]
    named = [
        row for row in rows if row.checkpoint and Path(row.checkpoint.file).name == source.name
    ]
    for certain in (rows, named):
        if len(certain) == 1:
            return certain[0]
    raise OptionError(
        f"{source} holds weights of the family {family}, of which there are "
        f"{', '.join(row.name for row in rows)}; say which: voxclick fetch NAME --from {source}"
    )


def _converter(row: ModelRow) -> Converter:
    package = row.module.rpartition(".")[0]
    return cast("Converter", importlib.import_module(f"{package}.convert"))
