"""The table of strategies for objects that outgrow a view."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GrowthRow:
    """One strategy.

    Attributes:
        name: Short name, as on the command line.
        title: What it does, in one line.
        module: Where its class lives.
        strategy: What makes it there, called without arguments.
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
    GrowthRow(
        "slices",
        "goes from slice to slice, up and down from the prompted one",
        "voxclick.engine.growth.slices",
        "Slices",
    ),
    GrowthRow(
        "slices-up",
        "goes from slice to slice, upwards only",
        "voxclick.engine.growth.slices",
        "UPWARDS",
    ),
    GrowthRow(
        "slices-down",
        "goes from slice to slice, downwards only",
        "voxclick.engine.growth.slices",
        "DOWNWARDS",
    ),
    GrowthRow(
        "slices-published",
        "up to the end, then down with what was found there, as in arXiv 2408.02635",
        "voxclick.engine.growth.slices",
        "PUBLISHED",
    ),
    GrowthRow(
        "prompted-slices",
        "answers the prompted slices, each by itself; a 3D box prompts all of its slices",
        "voxclick.engine.growth.prompted_slices",
        "PromptedSlices",
    ),
)
"""Every strategy."""
