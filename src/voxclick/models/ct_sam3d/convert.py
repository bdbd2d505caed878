"""From the authors' checkpoint to our network, key by key.

The published file is a dictionary whose `model_state_dict` holds the weights. Everything that the
authors' loader does silently is said: entries that we do not know are a warning, entries of the
encoder or the decoder that are not there are an error.
"""

import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from voxclick.errors import FileFormatError
from voxclick.models.ct_sam3d.network import Network
from voxclick.models.ct_sam3d.sizes import VARIANTS, Sizes
from voxclick.models.published import Imported, read_published

FAMILY = "ct_sam3d"
CROSS_PATCH = "cpp_predictor."
DISPENSABLE = "prompt_encoder."
MARKS = ("image_encoder.stem.pos.pa_conv.weight", "mask_decoder.spade1.norm_0.mlp_gamma.weight")
"""Entries that together only CT-SAM3D has."""

SHOWN = 6
"""Keys that a message names before it counts the rest."""


def from_published(
    checkpoint: Mapping[str, Any],
    sizes: Sizes | None = None,
) -> Network:
    """The network with the authors' weights, in float32, for inference; the weights are copied.

    Entries that are none of the network's are told in a `UserWarning`.

    Args:
        checkpoint: A state dict with the published key names, or the dictionary around it.
        sizes: Of the network; recognised from the weights when None.

    Raises:
        FileFormatError: If entries of the encoder or the decoder are missing, or have other shapes.
    """
    sorted_out = _sorted_out(checkpoint, sizes)
    for note in sorted_out.notes:
        warnings.warn(note, UserWarning, stacklevel=2)
    return sorted_out.network()


def import_checkpoint(path: Path) -> Imported:
    """The weights of a published file, for the store.

    Args:
        path: `params.pth` as its authors write it, with their configuration inside.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it holds no weights of CT-SAM3D, or could run code.
    """
    sorted_out = _sorted_out(read_published(path), None)
    header = {"voxclick": FAMILY, "sizes": sorted_out.sizes.to_json()}
    return Imported(sorted_out.entries, header, sorted_out.notes)


def recognises(keys: Collection[str]) -> bool:
    """Whether these are the key names of CT-SAM3D's weights."""
    return all(mark in keys for mark in MARKS)


@dataclass(frozen=True, eq=False)
class _SortedOut:
    """Weights that fit a network.

    Attributes:
        sizes: Of the network.
        entries: Its whole state dict.
        notes: What was left out or is missing.
    """

    sizes: Sizes
    entries: dict[str, Tensor]
    notes: tuple[str, ...]

    def network(self) -> Network:
        with torch.inference_mode(False):  # so that it can be used in any mode
            with torch.device("meta"):
                network = Network(self.sizes)
            network.load_state_dict(self.entries, assign=True)
            return network.eval().requires_grad_(False)


def _sorted_out(checkpoint: Mapping[str, Any], sizes: Sizes | None) -> _SortedOut:
    state: Mapping[str, Any] = checkpoint.get("model_state_dict", checkpoint)
    shapes = {key: tuple(value.shape) for key, value in state.items() if isinstance(value, Tensor)}
    sizes = sizes or _recognised(shapes)
    expected = _shapes(sizes)
    _check(shapes, expected)
    notes = []
    cross = [key for key in expected if key.startswith(CROSS_PATCH)]
    if any(key not in shapes for key in cross):
        if any(key in shapes for key in cross):
            notes.append(
                "the cross-patch network needs all its entries, "
                f"got none of {_named(key for key in cross if key not in shapes)}; it is off"
            )
        sizes = replace(sizes, cross_patch=None)
    unknown = [key for key in state if key not in expected]
    if unknown:
        notes.append(
            f"{len(unknown)} entries belong to no part of CT-SAM3D, and are left out: "
            f"{_named(unknown)}"
        )
    entries = {
        key: _entry(state[key]) if key in shapes else torch.zeros(shape)
        for key, shape in _shapes(sizes).items()
    }
    return _SortedOut(sizes, entries, tuple(notes))


def _recognised(shapes: Mapping[str, tuple[int, ...]]) -> Sizes:
    """The published variant that most of the entries fit."""

    def misfits(sizes: Sizes) -> int:
        expected = _shapes(sizes)
        return sum(shapes.get(key) != shape for key, shape in expected.items()) + sum(
            key not in expected for key in shapes
        )

    return min(VARIANTS.values(), key=misfits)


def _shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in Network(sizes).state_dict().items()}


def _check(shapes: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]]) -> None:
    missing = [
        key
        for key in expected
        if key not in shapes and not key.startswith((CROSS_PATCH, DISPENSABLE))
    ]
    if missing:
        raise FileFormatError(
            f"weights of CT-SAM3D need {len(expected)} entries, got none named {_named(missing)}; "
            "get the whole checkpoint"
        )
    for key, shape in expected.items():
        if shapes.get(key, shape) != shape:
            raise FileFormatError(
                f"the entry {key} of CT-SAM3D's weights must have the shape {shape}, got "
                f"{shapes[key]}; the variants are {', '.join(VARIANTS)}, and other sizes must "
                "be given"
            )


def _entry(value: Tensor) -> Tensor:
    with torch.inference_mode(False):
        value = value.detach()
        return (value.float() if value.is_floating_point() else value).clone()


def _named(keys: Collection[str] | Any) -> str:
    keys = list(keys)
    rest = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + rest
