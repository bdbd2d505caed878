from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_family import add_to_table, row
from tiny_family.convert import publish

from voxclick.errors import FileFormatError, MissingFileError, OptionError, OutputError
from voxclick.models.importing import file_in, import_weights, row_for
from voxclick.models.kinds import Checkpoint
from voxclick.models.weights import place, read_weights, save_weights

A, B = row("tiny-a"), row("tiny-b")


@pytest.fixture(autouse=True)
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path / "home"))
    add_to_table(monkeypatch, A, B)


def test_a_published_file_lies_converted_in_the_store(tmp_path: Path) -> None:
    brought = import_weights(A, publish(tmp_path / "a.pth", 7.0, extra=torch.zeros(1)))
    assert brought.path == place(A)
    assert brought.warnings == ("extra is left out",)
    tensors, header = read_weights(place(A))
    assert tensors["tolerance"].tolist() == [7.0]
    assert header == {
        "voxclick": "tiny_family",
        "size": "1",
        "model": "tiny-a",
        "licence": "CC0",
        "source": "a.pth",
    }


def test_a_file_of_another_size_than_the_published_one_is_told_of(tmp_path: Path) -> None:
    file = publish(tmp_path / "a.pth")
    known = replace(A, checkpoint=Checkpoint("a.pth", 156))
    assert import_weights(known, file).warnings == (
        "a.pth has 0 MB, the published file of tiny-a about 156: is it that model's?",
    )


def test_what_voxclick_wrote_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_weights(path, {"tolerance": torch.ones(1)}, {"voxclick": "tiny_family", "licence": "mine"})
    import_weights(B, path)
    assert read_weights(place(B))[1]["licence"] == "mine"


def test_weights_of_another_family_are_refused_and_the_store_stays_as_it_was(
    tmp_path: Path,
) -> None:
    import_weights(A, publish(tmp_path / "a.pth", 7.0))
    other = tmp_path / "other.safetensors"
    save_weights(other, {"x": torch.ones(1)}, {"voxclick": "builtin"})
    torch.save({"state": {"x": torch.ones(1)}}, tmp_path / "other.pth")
    for source in (other, tmp_path / "other.pth"):
        with pytest.raises(FileFormatError, match="family"):
            import_weights(A, source)
    assert read_weights(place(A))[0]["tolerance"].tolist() == [7.0]
    assert [path.name for path in place(A).parent.iterdir()] == ["tiny-a.safetensors"]


def test_a_store_that_cannot_be_made_is_an_error_of_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="set VOXCLICK_HOME"):
        import_weights(A, publish(tmp_path / "a.pth"))


def test_a_file_is_recognised_by_its_keys_and_its_name(tmp_path: Path) -> None:
    assert row_for(publish(tmp_path / "tiny-b.pth")) == B
    with pytest.raises(OptionError, match="tiny-a, tiny-b; say which: voxclick fetch NAME --from"):
        row_for(publish(tmp_path / "renamed.pth"))


def test_the_only_model_of_a_family_needs_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_to_table(monkeypatch, A)
    assert row_for(publish(tmp_path / "renamed.pth")) == A
    save_weights(tmp_path / "w.safetensors", {"x": torch.ones(1)}, {"voxclick": "tiny_family"})
    assert row_for(tmp_path / "w.safetensors") == A


def test_a_checkpoint_of_no_family_is_refused_with_its_keys(tmp_path: Path) -> None:
    torch.save({"net": {"conv.weight": torch.ones(1)}}, tmp_path / "x.pt")
    with pytest.raises(FileFormatError, match=r"tiny_family is needed, .* holds conv\.weight, net"):
        row_for(tmp_path / "x.pt")
    save_weights(tmp_path / "x.safetensors", {"x": torch.ones(1)}, {"voxclick": "unheard"})
    with pytest.raises(FileFormatError, match="holds unheard"):
        row_for(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    "inside",
    [
        "release/tiny-a.pth",
        "tiny-a.pth",
        "snapshots/0123/release/tiny-a.pth",
        "models--owner--name/snapshots/0123/release/tiny-a.pth",
        "renamed.pth",
    ],
)
def test_a_folder_of_the_repository_is_as_good_as_its_file(tmp_path: Path, inside: str) -> None:
    path = publish(tmp_path / "clone" / inside)
    (tmp_path / "clone" / "config.py").write_text("raise SystemExit")
    assert file_in(tmp_path / "clone", A) == path


def test_a_folder_without_the_file_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"release/tiny-a\.pth, .* holds none"):
        file_in(tmp_path, A)
    publish(tmp_path / "x.pth")
    assert file_in(tmp_path, None) == tmp_path / "x.pth"
    publish(tmp_path / "y.pth")
    with pytest.raises(MissingFileError, match=r"one checkpoint, .* holds x\.pth, y\.pth; name"):
        file_in(tmp_path, None)
