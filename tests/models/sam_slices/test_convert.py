import pytest
import torch
from published_sam import narrow
from safetensors.torch import save_file

from voxclick.cli import main
from voxclick.errors import FileFormatError
from voxclick.models import load
from voxclick.models.importing import row_for
from voxclick.models.sam_slices.convert import from_published, import_checkpoint
from voxclick.models.sam_slices.names import in_library


def hub_entries():
    """As the hub's files hold them: the shared matrix once."""
    tensors = in_library(narrow())
    del tensors["prompt_encoder.shared_embedding.positional_embedding"]
    return {name: tensor.clone() for name, tensor in tensors.items()}


def test_both_formats_give_the_same_network(tmp_path):
    torch.save(narrow(), tmp_path / "sam_vit_b_01ec64.pth")
    torch.save(hub_entries(), tmp_path / "pytorch_model.bin")
    save_file(hub_entries(), tmp_path / "model.safetensors")
    first, *others = (import_checkpoint(path) for path in sorted(tmp_path.iterdir()))
    for other in others:
        assert first.header == other.header
        assert first.tensors.keys() == other.tensors.keys()
        assert all(torch.equal(first.tensors[name], other.tensors[name]) for name in first.tensors)


@pytest.mark.parametrize("change", ["lacks", "unknown", "shape"])
def test_a_checkpoint_that_is_not_whole_is_told(change):
    tensors = narrow()
    if change == "lacks":
        del tensors["mask_decoder.iou_token.weight"]
    elif change == "unknown":
        tensors["mask_decoder.more.weight"] = torch.zeros(1)
    else:
        tensors["mask_decoder.iou_token.weight"] = torch.zeros(1, 7)
    with pytest.raises(FileFormatError, match=change):
        from_published(tensors)


def test_something_else_is_no_sam():
    with pytest.raises(FileFormatError, match="checkpoint of SAM is needed"):
        from_published({"weights": torch.zeros(3)})


def test_a_file_is_fetched_under_its_name_and_used_as_that_model_is(tmp_path, monkeypatch):
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path / "home"))
    torch.save(narrow(), tmp_path / "medsam_vit_b.pth")
    assert main(["fetch", "medsam", "--from", str(tmp_path / "medsam_vit_b.pth")]) == 0
    assert main(["fetch", "sam-vit-b", "--from", str(tmp_path / "medsam_vit_b.pth")]) == 0
    assert load("medsam", "cpu").spec.prompts == {"box"}
    assert load(tmp_path / "home/models/medsam.safetensors", "cpu").spec.prompts == {"box"}
    assert "point" in load("sam-vit-b", "cpu").spec.prompts


def test_the_folder_of_a_repository_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path / "home"))
    (tmp_path / "sam-vit-base").mkdir()
    save_file(hub_entries(), tmp_path / "sam-vit-base/model.safetensors")
    assert main(["fetch", "sam-vit-b", "--from", str(tmp_path / "sam-vit-base")]) == 0
    assert load("sam_slices", "cpu").spec.name == "sam-vit-b"


def test_which_sam_it_is_has_to_be_said(tmp_path):
    save_file(hub_entries(), tmp_path / "mine.safetensors")
    with pytest.raises(Exception, match="say which"):
        row_for(tmp_path / "mine.safetensors")
