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
        table: Module that makes the protocol's own tables, `make_tables` in it; empty for none.
    """

    name: str
    title: str
    source: str
    settings: Mapping[str, Any]
    free: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leak: str = ""
    remarks: str = ""
    table: str = ""


_SLICE_USERS = ("slice_mask", "slice_box", "slice_center")

PRESETS: tuple[Preset, ...] = (
    Preset(
        name="cvpr2025",
        title="a box, then five rounds of a click an object; the organisers' scores and columns",
        source="CVPR 2025: Foundation Models for Interactive 3D Biomedical Image Segmentation",
        settings={
            "user": "center",
            "first": "given",
            "clicks": 5,
            "tolerance_mm": 2.0,
            "together": True,
            "targets": "each",
            "min_voxels": 1,
            "pipeline": "challenge",
        },
        free={"first": ("given", "slice_box", "")},
        remarks="Where a file holds no boxes, the first step is skipped and scored 0, as there; "
        "--first slice_box draws them by the rule of get_boxes.py from the seed.",
        table="voxclick.evaluate.challenge.score_table",
    ),
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
    Preset(
        name="radioactive",
        title="a first prompt and five refinements in RadioActive's 2D style (or 3D: uniform)",
        source="RadioActive, arXiv 2411.07885",
        settings={
            "user": "radioactive",
            "first": "foreground",
            "clicks": 5,
            "tolerance_mm": 2.0,
            "min_voxels": 1,
            "seed": 11121,
        },
        free={
            "user": ("radioactive", "uniform"),
            "first": (
                "foreground",
                "center",
                "box",
                "slice_box",
                "slice_points",
                "interpolated_box",
            ),
            "tolerance_mm": (),
            "min_voxels": (),
            "seed": (),
        },
        remarks="Step 0 is the first prompt. RadioActive reports Dice alone. An organ is the mean "
        "over its cases; for instances, label each of them.",
        table="voxclick.evaluate.structure_table",
    ),
    Preset(
        name="nninteractive",
        title="points alone, drawn near the centre of an error part drawn by size",
        source="nnInteractive, arXiv 2503.08373",
        settings={
            "user": "random:alpha=8",
            "first": "",
            "clicks": 10,
            "reported": (1, 3, 5, 10),
            "tolerance_mm": 2.0,
            "min_voxels": 1,
        },
        free={
            "user": ("random", "mixed", "scribble", "lasso"),
            "tolerance_mm": (),
            "min_voxels": (),
        },
        remarks="As described in its paper; its evaluation code is not published. --user mixed is "
        "its agent that draws the kind of prompt anew each time.",
        table="voxclick.evaluate.structure_table",
    ),
    Preset(
        name="sam2-3d",
        title="the true mask, a box or 5 clicks on one slice (or 3, or 5); the model does the rest",
        source="Interactive 3D segmentation with SAM 2, arXiv 2408.02635",
        settings={
            "user": "slice_mask",
            "first": "",
            "clicks": 5,
            "reported": (1, 5),
            "tolerance_mm": 2.0,
            "targets": "merged",
            "min_voxels": 1,
        },
        free={
            "user": _SLICE_USERS,
            "tolerance_mm": (),
            "targets": (),
            "min_voxels": (),
        },
        remarks="On the whole volume, at its own intensities, in millimetres. The slices are the "
        "user's options: --user slice_center:at=largest,slices=3. All labels are one object, as "
        "published, unless --targets each. With a model that goes slice by slice, --growth says "
        "which way: slices (both, independent of each other), slices-up, slices-down.",
        table="voxclick.evaluate.structure_table",
    ),
    Preset(
        name="sam2-3d-published",
        title="LEAKY: sam2-3d as its scripts do it, in a stack that the ground truth cuts out",
        source="Interactive 3D segmentation with SAM 2, arXiv 2408.02635, its released scripts",
        settings={
            "user": "slice_mask:at=stack",
            "first": "",
            "clicks": 5,
            "reported": (1, 5),
            "tolerance_mm": 1.0,
            "targets": "merged",
            "min_voxels": 1,
            "pipeline": "stack",
        },
        free={"user": _SLICE_USERS},
        leak="the slices before and after the object are cut off by the ground truth, so that "
        "running over is never scored, and cases with 100 pixels or fewer on the middle slice are "
        "dropped. The NSD is measured at 1 voxel, whatever the spacing, on slices out of order.",
        remarks="Each slice is scaled to 0 to 255 by itself. With clicks: --user "
        "slice_center:at=stack. With a model that goes slice by slice, --growth slices-published "
        "lets the way back see the way there, as the scripts do.",
        table="voxclick.evaluate.structure_table",
    ),
    Preset(
        name="sam-adapter3d",
        title="1, 3 and 10 points drawn from the object, all at once; NSD at 5 mm",
        source="3DSAM-adapter, arXiv 2306.13465",
        settings={
            "user": "foreground",
            "first": "",
            "clicks": 10,
            "reported": (1, 3, 10),
            "at_once": True,
            "tolerance_mm": 5.0,
            "min_voxels": 1,
        },
        free={"min_voxels": ()},
        remarks="Each number of points is a new start with points of its own, drawn by the seed "
        "(the published test has none). What is evaluated of an organ and its tumour: --labels.",
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
