"""What every row of the table of training recipes promises."""

import inspect
from dataclasses import fields

import pytest

from voxclick.errors import OptionError
from voxclick.train.config import Config, preset, recipe_class
from voxclick.train.kinds import RECIPES, preset_names
from voxclick.train.recipe import Recipe
from voxclick.train.settings import Settings

EACH = pytest.mark.parametrize("name", [row.name for row in RECIPES])


@EACH
def test_a_recipe_fills_the_seam(name):
    kind = recipe_class(name)
    assert issubclass(kind, Recipe)
    assert not inspect.isabstract(kind)


@EACH
def test_every_field_of_the_settings_is_described(name):
    kind = recipe_class(name).settings_type
    lines = [kind.__doc__, *(base.__doc__ for base in kind.__mro__ if issubclass(base, Settings))]
    told = "\n".join(line or "" for line in lines)
    assert [each.name for each in fields(kind) if f"{each.name}:" not in told] == []


@EACH
def test_settings_survive_the_file_beside_the_weights(name):
    kind = recipe_class(name).settings_type
    told = Config(name, kind()).as_dict()
    assert told.pop("recipe") == name
    assert kind.of(told, "config.json") == kind()
    with pytest.raises(OptionError, match="unknown field"):
        kind.of({"no_such_field": 1}, "mine.toml")


@EACH
def test_a_recipe_has_a_preset(name):
    assert name in {preset(each).recipe for each in preset_names()}
