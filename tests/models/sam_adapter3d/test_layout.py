"""The published checkpoint, entry by entry."""

import pytest
import torch
from adapter_network import small_network

from voxclick.models.sam_adapter3d.convert import from_published
from voxclick.models.sam_adapter3d.layout import published_entries, to_published
from voxclick.models.sam_adapter3d.sizes import Sizes


@pytest.mark.data
def test_the_entries_are_those_of_the_published_checkpoint(entries):
    ours = published_entries(Sizes())
    assert {name: list(entry.shape) for name, entry in ours.items()} == {
        name: entry["shape"] for name, entry in entries.items()
    }
    assert {name for name, entry in ours.items() if entry.parameter} == {
        name for name, entry in entries.items() if entry["kind"] == "param"
    }


@pytest.mark.data
def test_what_we_leave_out_is_what_gets_no_gradient(entries):
    ours = published_entries(Sizes())
    for name, entry in entries.items():
        if entry["kind"] == "param" and entry["trainable"]:
            assert entry["receives_gradient"] == (ours[name].ours is not None), name


def test_an_exported_checkpoint_holds_all_that_the_authors_code_loads():
    network = small_network()
    checkpoint = to_published(network)
    entries = published_entries(network.sizes)
    for part, tensors in (
        ("encoder_dict", checkpoint["encoder_dict"]),
        ("decoder_dict", checkpoint["decoder_dict"]),
        *((f"feature_dict.{i}", one) for i, one in enumerate(checkpoint["feature_dict"])),
    ):
        wanted = {
            k.removeprefix(f"{part}."): e.shape
            for k, e in entries.items()
            if k.startswith(f"{part}.")
        }
        assert {key: tensor.shape for key, tensor in tensors.items()} == wanted
    back = from_published(checkpoint)
    for name, weight in network.state_dict().items():
        assert torch.equal(back.state_dict()[name], weight), name
