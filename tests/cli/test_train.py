"""`voxclick train`."""

from voxclick.cli import main
from voxclick.train.kinds import RECIPES, preset_names


def test_the_help_lists_recipes_and_presets(capsys):
    assert main(["train", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"{row.name}: " in told for row in RECIPES)
    assert all(name in told for name in preset_names())


def test_a_model_to_start_from_must_have_been_fetched(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path))
    run = ["train", "sam2-clips-small", "-o", str(tmp_path / "run"), "--start", "sam2.1-tiny"]
    assert main(run) != 0
    assert "voxclick fetch sam2.1-tiny" in capsys.readouterr().err


def test_a_model_to_start_from_must_be_known(capsys, tmp_path):
    assert main(["train", "sam2-clips-small", "-o", str(tmp_path), "--start", "sam9"]) != 0
    assert "a model must be one of" in capsys.readouterr().err
