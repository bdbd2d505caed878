"""Checkpoints of SAM 2, 2.1, MedSAM2 and EdgeTAM, from their authors or the hub, as networks."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers.initialization import no_init_weights

from voxclick.errors import FileFormatError
from voxclick.models.published import Imported, filled, read_published
from voxclick.models.sam2_slices import names
from voxclick.models.sam2_slices.architecture import trunk_of
from voxclick.models.sam2_slices.edgetam import names as edgetam_names
from voxclick.models.sam2_slices.network import SliceNetwork
from voxclick.models.sam2_slices.plan import EDGETAM, Plan, planned, sam2

FAMILY = "sam2_slices"
PUBLISHED_SIZE, MEDICAL_SIZE = 1024, 512
"""Pixels of the frames that SAM 2, EdgeTAM and MedSAM2 were trained on."""


def recognises(keys: Collection[str]) -> bool:
    """Whether entries of these names are those of a network of the family, in either form."""
    return names.recognises(keys) or edgetam_names.recognises(keys)


def from_published(
    state_dict: Mapping[str, Any], image_size: int, sizes: Mapping[str, Any] | None = None
) -> SliceNetwork:
    """The network of a published checkpoint.

    Args:
        state_dict: Its entries, in the authors' names or the hub's; or the whole file, which
            holds them under `model`.
        image_size: Pixels of the square frames to look at; the weights fit any.
        sizes: Of an image encoder of SAM 2 that was never released: `embed_dim`, `stages`,
            `global_att_blocks`; None to recognise it from the weights. EdgeTAM's is always.

    Raises:
        FileFormatError: If entries are missing, unknown, or of other shapes.
        OptionError: If the image size is no multiple of 32, or of 256 for EdgeTAM.
    """
    tensors, plan = _published(state_dict, sizes)
    return _network(tensors, plan, image_size)


def from_header(
    tensors: Mapping[str, Tensor], header: Mapping[str, str], image_size: int | None = None
) -> SliceNetwork:
    """The network of a file that `voxclick fetch` wrote.

    Args:
        tensors: Its entries.
        header: Its header.
        image_size: Other frames than those that the header names.

    Raises:
        FileFormatError: If the header or the entries are not such a file's.
    """
    try:
        plan, said = planned(header), int(header["image_size"])
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(
            f"weights of {FAMILY} need a header with image_size and trunk or network, got "
            f"{sorted(header)} ({error}); import the checkpoint again with voxclick fetch"
        ) from None
    return _network(tensors, plan, image_size or said)


def import_checkpoint(path: Path, image_size: int | None = None) -> Imported:
    """What `voxclick fetch` stores of a checkpoint.

    Args:
        path: A `.pt` of the authors, a `.safetensors` of the hub, or a folder with one.
        image_size: Pixels of the frames to look at; None for those it was trained on: said in
            `config.json` beside it, 512 for MedSAM2's files, else 1024.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no SAM 2 and no EdgeTAM.
    """
    file = path / "model.safetensors" if path.is_dir() else path
    tensors, plan = _published(read_published(file))
    size = image_size or _trained_size(file)
    _network(tensors, plan, size)
    return Imported(tensors, {"voxclick": FAMILY, **plan.told(tensors, size)})


def _published(
    checkpoint: Mapping[str, Any], sizes: Mapping[str, Any] | None = None
) -> tuple[dict[str, Tensor], Plan]:
    """A checkpoint's entries by the network's names, and its plan."""
    held = checkpoint.get("model", checkpoint)
    entries = {name: v for name, v in held.items() if isinstance(v, Tensor)}
    if edgetam_names.recognises(entries):
        return edgetam_names.in_network(entries), EDGETAM
    if names.recognises(entries):
        tensors = names.in_library(entries)
        return tensors, sam2(trunk_of(tensors, sizes))
    first = ", ".join(list(held)[:3])
    raise FileFormatError(
        f"a checkpoint of SAM 2 with its memory is needed, got {len(held)} entries such as "
        f"{first}; use a file of facebookresearch/sam2, facebook/sam2.1-*, MedSAM2 or EdgeTAM"
    )


def _network(tensors: Mapping[str, Tensor], plan: Plan, image_size: int) -> SliceNetwork:
    with no_init_weights():
        network = plan.build(tensors, image_size)
    return filled(network, tensors, "SAM 2 or EdgeTAM")


def _trained_size(file: Path) -> int:
    beside = file.parent / "config.json"
    if file.suffix == ".safetensors" and beside.is_file():
        said = json.loads(beside.read_text()).get("image_size", PUBLISHED_SIZE)
        return int(said)
    return MEDICAL_SIZE if "medsam2" in file.name.lower() else PUBLISHED_SIZE
