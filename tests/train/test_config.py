"""Configurations of training runs."""

import re

import pytest

from voxclick.errors import InputError, OptionError
from voxclick.train.builtin.settings import BuiltinSettings
from voxclick.train.config import preset
from voxclick.train.kinds import RECIPES, preset_names


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_configurations_of_a_recipe(name):
    assert preset(name).recipe in {row.name for row in RECIPES}


def test_a_file_gives_some_fields_and_the_rest_stays(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('steps = 7\nrate = 1\npatch = [32]\ninclude = ["acdc"]\n')
    config = preset(str(path))
    given = BuiltinSettings(steps=7, rate=1.0, patch=(32,), include=("acdc",))
    assert (config.recipe, config.settings) == ("builtin", given)


def test_an_unknown_recipe_names_those_there_are(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('recipe = "buildin"')
    with pytest.raises(OptionError, match=r"one of builtin.*got 'buildin'"):
        preset(str(path))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stepz = 7", "unknown field 'stepz'"),
        ('steps = "many"', "steps must be like 3000, got 'many'"),
        ("patch = 48", "patch must be like (48,), got 48"),
        ("steps = true", "steps must be like 3000, got True"),
        ('autocast = "fp16"', "autocast must be one of"),
    ],
)
def test_a_wrong_field_is_named(text, told, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(OptionError, match=re.escape(told)):
        preset(str(path))


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("steps: 7")
    with pytest.raises(InputError, match="no TOML"):
        preset(str(path))


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(InputError, match=r"builtin-cpu, builtin-gpu, .*got 'best'"):
        preset("best")
