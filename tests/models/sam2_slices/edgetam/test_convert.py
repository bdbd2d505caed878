import json

import pytest
import torch
from published_edgetam import ENCODER, narrow
from safetensors.torch import save_file

from voxclick.errors import FileFormatError
from voxclick.models.sam2_slices.convert import (
    from_header,
    from_published,
    import_checkpoint,
    recognises,
)
from voxclick.models.sam2_slices.edgetam.names import ENCODER as OURS
from voxclick.models.sam2_slices.edgetam.names import HUB_ENCODER
from voxclick.models.sam2_slices.edgetam.network import EdgeTamVolume


def hub():
    """The same weights as the hub's copy has them: the library's names, timm's encoder."""
    tensors = narrow()
    own = from_published(tensors, 64).state_dict()
    found = {name: entry.clone() for name, entry in own.items() if not name.startswith(OURS)}
    for name, entry in tensors.items():
        if name.startswith(f"{ENCODER}."):
            found[HUB_ENCODER + name.removeprefix(f"{ENCODER}.")] = entry
    return found


def same(one, other):
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[n], theirs[n]) for n in mine)


def test_the_authors_file_and_the_hubs_give_one_network():
    authors = from_published({"model": narrow()}, 64)
    assert isinstance(authors, EdgeTamVolume)
    assert recognises(hub())
    assert same(authors, from_published(hub(), 64))


def test_the_authors_file_is_imported_for_the_size_it_was_trained_on(tmp_path):
    torch.save({"model": narrow()}, tmp_path / "edgetam.pt")
    imported = import_checkpoint(tmp_path / "edgetam.pt")
    assert imported.header == {
        "voxclick": "sam2_slices",
        "network": "edgetam",
        "image_size": "1024",
        "image_step": "32",
    }
    again = from_header(imported.tensors, imported.header, 64)
    assert same(again, from_published(narrow(), 64))


def test_a_folder_of_the_hub_is_imported(tmp_path):
    held = {name: entry.contiguous() for name, entry in hub().items()}
    save_file(held, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"image_size": 128}))
    imported = import_checkpoint(tmp_path)
    assert from_header(imported.tensors, imported.header).frame_size == 128


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda held: held.pop("spatial_perceiver.norm.bias"), "lacks 'spatial_perceiver"),
        (lambda held: held.update(extra=torch.zeros(2)), "unknown entry 'extra'"),
        (lambda held: held.pop("spatial_perceiver.latents"), "latents_1d"),
        (lambda held: held.pop(f"{ENCODER}.stages_1.downsample.ffn.conv1.c.weight"), "ffn"),
    ],
)
def test_an_odd_entry_is_named(change, message):
    held = narrow()
    change(held)
    with pytest.raises(FileFormatError, match=message):
        from_published(held, 64)
