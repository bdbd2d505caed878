import json

import pytest
import torch
from published_sam2 import RELEASED, TINY_SIZES, entries, narrow
from safetensors.torch import save_file

from voxclick.errors import FileFormatError
from voxclick.models.sam2_slices.convert import from_header, from_published, import_checkpoint
from voxclick.models.sam2_slices.names import PROMPT_POSITION, in_library


@pytest.fixture(scope="module")
def tiny():
    embed, stages, background, window = RELEASED["tiny"]
    return {
        name: torch.zeros(shape)
        for name, shape in entries(embed, stages, background, window).items()
    }


def test_entries_and_the_whole_file_give_the_same_network(network):
    whole = from_published({"model": narrow(), "epoch": 3}, 64, TINY_SIZES)
    for name, entry in network.state_dict().items():
        assert torch.equal(entry, whole.state_dict()[name])


def test_a_missing_entry_is_named():
    tensors = narrow()
    del tensors["no_obj_ptr"]
    with pytest.raises(FileFormatError, match="lacks 'no_object_pointer'"):
        from_published(tensors, 64, TINY_SIZES)


def test_an_unknown_entry_is_named():
    with pytest.raises(FileFormatError, match="unknown entry 'another'"):
        from_published({**narrow(), "another": torch.zeros(1)}, 64, TINY_SIZES)


def test_an_entry_of_another_shape_is_named():
    tensors = narrow()
    tensors["memory_encoder.out_proj.bias"] = torch.zeros(3)
    with pytest.raises(FileFormatError, match=r"another shape in 'memory_encoder\.projection"):
        from_published(tensors, 64, TINY_SIZES)


def test_another_checkpoint_is_refused_in_words():
    with pytest.raises(FileFormatError, match="SAM 2 with its memory"):
        from_published({"conv.weight": torch.zeros(3)}, 64)


@pytest.mark.slow
def test_a_published_file_is_imported_for_the_size_it_was_trained_on(tmp_path, tiny):
    torch.save({"model": tiny}, tmp_path / "sam2.1_hiera_tiny.pt")
    torch.save({"model": tiny}, tmp_path / "MedSAM2_latest.pt")
    plain = import_checkpoint(tmp_path / "sam2.1_hiera_tiny.pt")
    medical = import_checkpoint(tmp_path / "MedSAM2_latest.pt")
    assert plain.header["voxclick"] == "sam2_slices"
    assert (plain.header["image_size"], medical.header["image_size"]) == ("1024", "512")
    assert from_header(plain.tensors, plain.header, 256).frame_size == 256


@pytest.mark.slow
def test_a_folder_of_the_hub_is_imported(tmp_path, tiny):
    held = in_library(tiny)
    del held[PROMPT_POSITION]
    save_file({n: t.contiguous() for n, t in held.items()}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"image_size": 512}))
    imported = import_checkpoint(tmp_path)
    assert imported.header["image_size"] == "512"
    assert from_header(imported.tensors, imported.header).frame_size == 512


@pytest.mark.parametrize("header", [{}, {"trunk": "{}", "image_size": "64"}, {"trunk": "[]"}])
def test_a_broken_header_is_told(header):
    with pytest.raises(FileFormatError, match="import the checkpoint again"):
        from_header(in_library(narrow()), header)
