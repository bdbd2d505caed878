"""Checkpoints of SAM 2, 2.1 and MedSAM2, from their authors or from the hub, as networks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers.initialization import no_init_weights

from voxclick.errors import FileFormatError
from voxclick.models.published import Imported, read_published
from voxclick.models.sam2_slices.architecture import Trunk, configuration, trunk_of
from voxclick.models.sam2_slices.names import in_library, recognises
from voxclick.models.sam2_slices.network import Sam2Volume

__all__ = ["from_header", "from_published", "import_checkpoint", "recognises"]

FAMILY = "sam2_slices"
PUBLISHED_SIZE, MEDICAL_SIZE = 1024, 512
"""Pixels of the frames that SAM 2 and MedSAM2 were trained on."""


def from_published(
    state_dict: Mapping[str, Any], image_size: int, sizes: Mapping[str, Any] | None = None
) -> Sam2Volume:
    """The network of a published checkpoint.

    Args:
        state_dict: Its entries, in the authors' names or the library's; or the whole file, which
            holds them under `model`.
        image_size: Pixels of the square frames to look at; the weights fit any.
        sizes: Of an image encoder that was never released: `embed_dim`, `stages`,
            `global_att_blocks`; None to recognise it from the weights.

    Raises:
        FileFormatError: If entries are missing, unknown, or of other shapes.
        OptionError: If the image size is no multiple of 32.
    """
    tensors = in_library(_tensors(state_dict))
    return _network(tensors, trunk_of(tensors, sizes), image_size)


def from_header(
    tensors: Mapping[str, Tensor], header: Mapping[str, str], image_size: int | None = None
) -> Sam2Volume:
    """The network of a file that `voxclick fetch` wrote.

    Args:
        tensors: Its entries.
        header: Its header.
        image_size: Other frames than those that the header names.

    Raises:
        FileFormatError: If the header or the entries are not such a file's.
    """
    try:
        trunk, said = Trunk.from_json(header["trunk"]), int(header["image_size"])
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(
            f"weights of {FAMILY} need a header with trunk and image_size, got "
            f"{sorted(header)} ({error}); import the checkpoint again with voxclick fetch"
        ) from None
    return _network(tensors, trunk, image_size or said)


def import_checkpoint(path: Path, image_size: int | None = None) -> Imported:
    """What `voxclick fetch` stores of a checkpoint.

    Args:
        path: A `.pt` of the authors, a `.safetensors` of the hub, or a folder with one.
        image_size: Pixels of the frames to look at; None for those it was trained on: said in
            `config.json` beside it, 512 for MedSAM2's files, else 1024.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no SAM 2.
    """
    file = path / "model.safetensors" if path.is_dir() else path
    tensors = in_library(_tensors(read_published(file)))
    trunk = trunk_of(tensors)
    size = image_size or _trained_size(file)
    _network(tensors, trunk, size)
    header = {"voxclick": FAMILY, "image_size": str(size), "trunk": trunk.to_json()}
    return Imported(tensors, header)


def _network(tensors: Mapping[str, Tensor], trunk: Trunk, image_size: int) -> Sam2Volume:
    config = configuration(tensors, trunk, image_size)
    with no_init_weights():
        network = Sam2Volume(config)
    wanted = {name: tuple(entry.shape) for name, entry in network.state_dict().items()}
    given = {name: tuple(entry.shape) for name, entry in tensors.items()}
    for complaint, names in (
        ("lacks", sorted(wanted.keys() - given.keys())),
        ("has the unknown entry", sorted(given.keys() - wanted.keys())),
        ("has another shape in", sorted(n for n in wanted if given.get(n) != wanted[n])),
    ):
        if names:
            raise FileFormatError(
                f"a SAM 2 checkpoint of {len(wanted)} entries is needed, this one {complaint} "
                f"{names[0]!r} and {len(names) - 1} more; get the file that its authors published"
            )
    network.load_state_dict({name: entry.float() for name, entry in tensors.items()})
    network.eval()
    return network


def _tensors(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    held = checkpoint.get("model", checkpoint)
    entries = {name: v for name, v in held.items() if isinstance(v, Tensor)}
    if not recognises(entries):
        first = ", ".join(list(held)[:3])
        raise FileFormatError(
            f"a checkpoint of SAM 2 with its memory is needed, got {len(held)} entries such as "
            f"{first}; use a file of facebookresearch/sam2, facebook/sam2.1-* or MedSAM2"
        )
    return entries


def _trained_size(file: Path) -> int:
    beside = file.parent / "config.json"
    if file.suffix == ".safetensors" and beside.is_file():
        said = json.loads(beside.read_text()).get("image_size", PUBLISHED_SIZE)
        return int(said)
    return MEDICAL_SIZE if "medsam2" in file.name.lower() else PUBLISHED_SIZE
