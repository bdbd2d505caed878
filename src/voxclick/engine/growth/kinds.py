"""The table of strategies for objects that outgrow a view."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GrowthRow:
    """One strategy.

    Attributes:
        name: Short name, as on the command line.
        title: What it does, in one line.
        module: Where its class lives.
        strategy: Name of the class; made without arguments.
    """

    name: str
    title: str
    module: str
    strategy: str


GROWTHS: tuple[GrowthRow, ...] = (
    GrowthRow(
        "wider",
        "looks coarser until the object fits, then refines along its boundary",
        "voxclick.engine.growth.wider",
        "Wider",
    ),
    GrowthRow(
        "cross-patch",
        "goes on from patch to patch where the object reaches the border, at full resolution",
        "voxclick.engine.growth.cross_patch",
        "CrossPatchGrowth",
    ),
)
"""Every strategy."""
