"""Our files of weights: the whole network, or the adapter's share of it on top of SAM."""

import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from voxclick.errors import FileFormatError, MissingFileError
from voxclick.models.sam_adapter3d.convert import halved, network_of, sam_encoder, sam_names
from voxclick.models.sam_adapter3d.freeze import is_trained
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.settings import FAMILY, Settings, settings_of
from voxclick.models.sam_adapter3d.sizes import Sizes
from voxclick.models.weights import read_weights, save_weights

SAM = "sam-vit-b.safetensors"
"""SAM's own weights, in either format, beside a file that holds the adapter's share alone."""


def write_network(path: Path, network: Network, settings: Settings, share: bool = False) -> None:
    """Write a network in half precision; the published size takes 228 MB, its share 50 MB.

    Args:
        path: A `.safetensors` file.
        network: What to write.
        settings: How it wants its crops.
        share: Whether what SAM settles is left out.

    Raises:
        OutputError: If it cannot be written there.
    """
    tensors = halved(network)
    header = {"voxclick": FAMILY, "sizes": json.dumps(network.sizes.as_dict())}
    if share:
        settled = set(_sams(network.sizes))
        tensors = {name: tensor for name, tensor in tensors.items() if name not in settled}
        header["share"] = "adapter"
    save_weights(path, tensors, {**header, **settings.header()})


def read_network(path: Path) -> tuple[Network, Settings]:
    """A network from such a file, in float32 and ready to infer.

    Raises:
        MissingFileError: If there is no file, or no weights of SAM beside a share.
        FileFormatError: If it holds no such network.
    """
    tensors, header = read_weights(path)
    try:
        sizes = Sizes(**json.loads(header["sizes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(
            f"weights of 3DSAM-adapter must tell the network's sizes, {path} does not ({error!r}); "
            "import it with voxclick fetch NAME --from FILE"
        ) from None
    if header.get("share") == "adapter":
        tensors |= _from_sam(path.with_name(SAM), sizes)
    return network_of(tensors, sizes), settings_of(header)


def _from_sam(path: Path, sizes: Sizes) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise MissingFileError(
            f"the adapter's share needs SAM's weights beside it, got nothing at {path}; put those "
            "of facebook/sam-vit-base (model.safetensors) there"
        )
    encoder = sam_encoder(read_weights(path)[0])
    wanted = {name: name.removeprefix("encoder.") for name in _sams(sizes)}
    return {name: encoder[key] for name, key in wanted.items() if key in encoder}


def _sams(sizes: Sizes) -> list[str]:
    """Our names of the weights that SAM settles and that do not train."""
    names = [f"encoder.{name}" for name in sam_names(sizes)]
    return [name for name in names if not is_trained(name)]
