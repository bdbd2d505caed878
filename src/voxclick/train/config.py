"""What a training run is: a recipe and its settings, from a preset or a file."""

import importlib
import tomllib
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from voxclick.errors import InputError, OptionError
from voxclick.train.kinds import RECIPES, preset_names
from voxclick.train.recipe import Recipe
from voxclick.train.settings import Settings


@dataclass(frozen=True)
class Config:
    """One training run.

    Attributes:
        recipe: Name of its row in `train.kinds`.
        settings: Of that recipe's kind.
    """

    recipe: str
    settings: Settings

    def as_dict(self) -> dict[str, Any]:
        """For the file beside the weights."""
        return {"recipe": self.recipe, **self.settings.as_dict()}

    @classmethod
    def read(cls, path: Path) -> "Config":
        """From a TOML file with the name of a recipe and some of its fields.

        Raises:
            InputError: If there is no such file or it is no TOML.
            OptionError: If there is no such recipe, or a field is unknown or of the wrong kind.
        """
        try:
            with path.open("rb") as stream:
                given = tomllib.load(stream)
        except OSError as error:
            raise InputError(f"a configuration file is needed, got {path}: {error}") from None
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{path} is no TOML file: {error}") from None
        name = given.pop("recipe", RECIPES[0].name)
        return cls(name, recipe_class(name).settings_type.of(given, str(path)))


def recipe_class(name: str) -> type[Recipe[Any, Any]]:
    """The recipe of that name.

    Raises:
        OptionError: If there is none.
    """
    row = next((row for row in RECIPES if row.name == name), None)
    if row is None:
        known = ", ".join(row.name for row in RECIPES)
        raise OptionError(f"a recipe must be one of {known}, got {name!r}")
    found: type[Recipe[Any, Any]] = getattr(importlib.import_module(row.module), row.recipe)
    return found


def preset(name: str) -> Config:
    """The configuration of that name, or in the TOML file of that path.

    Raises:
        InputError: If there is neither.
        OptionError: If a field is unknown or of the wrong kind.
    """
    if name in preset_names():
        with as_file(files("voxclick.train") / "presets" / f"{name}.toml") as path:
            return Config.read(path)
    path = Path(name)
    if not path.exists():
        known = ", ".join(preset_names())
        raise InputError(f"a configuration must be a TOML file or one of {known}, got {name!r}")
    return Config.read(path)
