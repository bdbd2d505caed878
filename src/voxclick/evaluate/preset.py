"""The table of published protocols: what each fixes, and what may still be chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voxclick.errors import UnknownNameError


@dataclass(frozen=True)
class Preset:
    """One published protocol.

    Attributes:
        name: Short name, as on the command line.
        title: What is done, in one line.
        source: The publication.
        settings: The fields of `evaluate.protocol.Protocol` that it fixes.
        free: Those of them that an option may change, each with the values it may have (of a
            simulated user, its name without options); any value where none is named.
        leak: What the model is told of the truth beyond the prompts; empty for a clean protocol.
        remarks: Where ours differs from the published one, or what it leaves to the model.
        table: Module that makes the protocol's own table, `make_table` in it; empty for none.
    """

    name: str
    title: str
    source: str
    settings: Mapping[str, Any]
    free: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leak: str = ""
    remarks: str = ""
    table: str = ""


PRESETS: tuple[Preset, ...] = (
    Preset(
        name="ct-sam3d",
        title="Dice and NSD after 1, 2, 3, 5 and 10 clicks, per structure and in groups",
        source="CT-SAM3D, arXiv 2403.15063",
        settings={
            "user": "center",
            "first": "",
            "clicks": 10,
            "reported": (1, 2, 3, 5, 10),
            "tolerance_mm": 2.0,
            "min_voxels": 1,
        },
        free={"tolerance_mm": (), "min_voxels": ()},
        remarks="The released code measures patches alone: the click rule and the tolerance are "
        "those of CVPR 2025. Spacing (1.5 mm) and patches (64 voxels) are the model's own affair.",
        table="voxclick.evaluate.structure_table",
    ),
)
"""Every published protocol that can be run by name."""


def preset_row(name: str) -> Preset:
    """The protocol of that name; underscores stand for hyphens.

    Raises:
        UnknownNameError: If there is none.
    """
    for row in PRESETS:
        if row.name == name.replace("_", "-"):
            return row
    known = ", ".join(row.name for row in PRESETS)
    raise UnknownNameError(f"a protocol must be one of {known}, got {name!r}")
