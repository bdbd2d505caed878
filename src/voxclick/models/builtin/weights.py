"""The weights in the package, and others of the same form."""

import json
from importlib.resources import as_file, files
from pathlib import Path

from safetensors import SafetensorError, safe_open

from voxclick.errors import FileFormatError
from voxclick.models.builtin.network import Network, Widths

PACKAGED = "weights.safetensors"


def read_packaged() -> Network:
    """The network with the weights that come with voxclick."""
    with as_file(files("voxclick.models.builtin") / PACKAGED) as path:
        return read_weights(path)


def read_weights(path: Path) -> Network:
    """A network from a file that training wrote.

    Raises:
        FileFormatError: If it is no such file.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            header = stored.metadata() or {}
            weights = {name: stored.get_tensor(name).float() for name in stored.keys()}  # noqa: SIM118
        sizes = json.loads(header["widths"])
        network = Network(Widths(**{**sizes, "levels": tuple(sizes["levels"])}))
        network.load_state_dict(weights)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise FileFormatError(
            f"weights of the built-in network are needed, got {path}: {error}; "
            "train some with voxclick train"
        ) from None
    return network
