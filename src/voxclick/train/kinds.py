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
)
"""Every recipe; the first is that of a configuration that names none."""


def preset_names() -> tuple[str, ...]:
    """The configurations that come with voxclick."""
    folder = files("voxclick.train") / "presets"
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir()))
