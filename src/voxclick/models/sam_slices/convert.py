"""Checkpoints of SAM and MedSAM, from their authors or from the hub, as networks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers.initialization import no_init_weights

from voxclick.errors import FileFormatError
from voxclick.models.published import Imported, filled, read_published
from voxclick.models.sam_slices.architecture import configuration
from voxclick.models.sam_slices.names import in_library, recognises
from voxclick.models.sam_slices.network import SamFrame

__all__ = ["from_published", "import_checkpoint", "network_of", "recognises"]

FAMILY = "sam_slices"


def from_published(state_dict: Mapping[str, Any]) -> SamFrame:
    """The network of a published checkpoint, in float32 and ready to infer.

    Args:
        state_dict: Its entries, in the authors' names or the library's; or the whole file, which
            holds them under `model`.

    Raises:
        FileFormatError: If entries are missing, unknown, or of other shapes.
    """
    return network_of(in_library(_tensors(state_dict)))


def import_checkpoint(path: Path) -> Imported:
    """What `voxclick fetch` stores of a checkpoint.

    Args:
        path: A `.pth` of the authors, or a `.safetensors` or `.bin` of the hub.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no SAM.
    """
    tensors = in_library(_tensors(read_published(path)))
    network_of(tensors)
    return Imported(tensors, {"voxclick": FAMILY})


def network_of(tensors: Mapping[str, Tensor]) -> SamFrame:
    """The network with these weights, in the library's names.

    Raises:
        FileFormatError: If entries are missing, unknown, or of other shapes.
    """
    config = configuration(tensors)
    with no_init_weights():
        network = SamFrame(config)
    return filled(network, tensors, "SAM")


def _tensors(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    held = checkpoint.get("model", checkpoint)
    entries = {name: value for name, value in held.items() if isinstance(value, Tensor)}
    if not recognises(entries):
        first = ", ".join(list(held)[:3])
        raise FileFormatError(
            f"a checkpoint of SAM is needed, got {len(held)} entries such as {first}; use "
            "sam_vit_b_01ec64.pth, medsam_vit_b.pth, or model.safetensors of facebook/sam-vit-base"
        )
    return entries
