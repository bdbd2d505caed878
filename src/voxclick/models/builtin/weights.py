"""The weights in the package, and others of the same form."""

import json
from importlib.resources import as_file, files
from pathlib import Path

from voxclick.errors import FileFormatError
from voxclick.models.builtin.network import Network, Widths
from voxclick.models.weights import read_weights as read_tensors

PACKAGED = "weights.safetensors"


def read_packaged() -> Network:
    """The network with the weights that come with voxclick."""
    with as_file(files("voxclick.models.builtin") / PACKAGED) as path:
        return read_weights(path)


def read_weights(path: Path) -> Network:
    """A network from a file that training wrote.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no such file.
    """
    weights, header = read_tensors(path)
    try:
        sizes = json.loads(header["widths"])
        network = Network(Widths(**{**sizes, "levels": tuple(sizes["levels"])}))
        network.load_state_dict({name: value.float() for name, value in weights.items()})
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise FileFormatError(
            f"weights of the built-in network are needed, got {path}: {reason}; "
            "train some with voxclick train"
        ) from None
    return network
