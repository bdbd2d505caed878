"""What every published protocol in the table promises."""

import importlib
from dataclasses import fields

import pytest

from voxclick.errors import OptionError, UnknownNameError
from voxclick.evaluate.preset import PRESETS, preset_row
from voxclick.evaluate.protocol import GIVEN, Protocol, make_protocol
from voxclick.simulate.kinds import make_user

ROWS = pytest.mark.parametrize("row", PRESETS, ids=[row.name for row in PRESETS])


@ROWS
def test_a_protocol_can_be_made_by_its_name_alone(row):
    protocol = make_protocol(row.name, {})
    assert protocol.name == row.name
    assert all(getattr(protocol, key) == value for key, value in row.settings.items())
    assert set(row.free) <= set(row.settings)
    assert set(row.settings) <= {field.name for field in fields(Protocol)}


@ROWS
def test_its_users_can_be_made(row):
    protocol = make_protocol(row.name, {})
    make_user(protocol.user)
    if protocol.first not in ("", GIVEN):
        make_user(protocol.first)


@ROWS
def test_its_table_can_be_made(row):
    if row.table:
        assert callable(importlib.import_module(row.table).make_tables)


@ROWS
def test_a_protocol_that_leaks_says_so_in_its_settings(row):
    told = make_protocol(row.name, {}).to_json()
    assert (told["protocol"], told["leak"]) == (row.name, row.leak)


@ROWS
def test_the_same_as_the_protocol_says_is_no_contradiction(row):
    asked = {key: value for key, value in row.settings.items() if key not in row.free}
    assert make_protocol(row.name, asked) == make_protocol(row.name, {})


def test_an_option_that_contradicts_the_protocol_is_an_error_that_names_both():
    with pytest.raises(OptionError, match=r"ct-sam3d fixes --clicks to 10, got 5"):
        make_protocol("ct-sam3d", {"clicks": 5})


def test_what_a_protocol_leaves_free_can_be_chosen():
    protocol = make_protocol("ct_sam3d", {"tolerance_mm": 1.0, "seed": 3, "labels": ("liver",)})
    assert (protocol.tolerance_mm, protocol.seed, protocol.labels) == (1.0, 3, ("liver",))


def test_an_unknown_protocol_is_an_error_that_names_those_there_are():
    with pytest.raises(UnknownNameError, match="ct-sam3d"):
        preset_row("nnunet")


def test_without_a_name_everything_is_free():
    protocol = make_protocol(None, {"clicks": 3})
    assert protocol == Protocol(clicks=3)
    assert protocol.to_json()["protocol"] == ""
