"""The table of recipes, and the names of the configurations that come with them."""

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class RecipeRow:
    """One recipe that `voxclick train` can follow.

    Attributes:
        name: What configurations call it.
        title: What it trains, in one line.
        module: Where it lives; imported only when a run begins.
        recipe: Name of its class there.
    """

    name: str
    title: str
    module: str
    recipe: str


RECIPES: tuple[RecipeRow, ...] = (
    RecipeRow(
        name="builtin",
        title="the small network in the package, on made-up scenes and real patches",
        module="voxclick.train.builtin.recipe",
        recipe="BuiltinRecipe",
    ),
    RecipeRow(
        name="ct-sam3d",
        title="CT-SAM3D, by patches of one object each and rounds of click feedback",
        module="voxclick.train.ct_sam3d.recipe",
        recipe="CtRecipe",
    ),
    RecipeRow(
        name="ct-sam3d-cross-patch",
        title="CT-SAM3D's cross-patch network, by pairs of patches, on weights of ct-sam3d",
        module="voxclick.train.ct_sam3d.cross_patch",
        recipe="CrossPatchRecipe",
    ),
    RecipeRow(
        name="sam2-clips",
        title="SAM 2's mask decoder and memory, by clips of slices with prompts and corrections",
        module="voxclick.train.sam2_slices.recipe",
        recipe="ClipRecipe",
    ),
    RecipeRow(
        name="sam-adapter3d",
        title="3DSAM-adapter, by crops around tumours with clicks; or LoRA, or no clicks at all",
        module="voxclick.train.sam_adapter3d.recipe",
        recipe="TumourRecipe",
    ),
    RecipeRow(
        name="supervised",
        title="MONAI's DynUNet or SwinUNETR without prompts: the supervised columns of a table",
        module="voxclick.train.supervised.recipe",
        recipe="SupervisedRecipe",
    ),
)
"""Every recipe; the first is that of a configuration that names none."""


def preset_names() -> tuple[str, ...]:
    """The configurations that come with voxclick."""
    folder = files("voxclick.train") / "presets"
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir()))
