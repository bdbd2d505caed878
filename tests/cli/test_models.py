"""`voxclick models`."""

import json

from voxclick.cli import main
from voxclick.models.kinds import MODELS


def test_every_model_is_listed(capsys):
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    assert all(row.name in told for row in MODELS)


def test_json_lists_the_default_first(capsys):
    assert main(["models", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in told] == [row.name for row in MODELS]
    assert [entry["default"] for entry in told] == [True] + [False] * (len(MODELS) - 1)


def test_one_model_can_be_asked_for(capsys):
    assert main(["models", MODELS[-1].name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["prompts"] == list(MODELS[-1].prompts)
