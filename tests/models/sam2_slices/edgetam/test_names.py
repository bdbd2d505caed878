import pytest
import torch
from published_edgetam import ENCODER, RELEASED, entries, narrow
from published_sam2 import narrow as narrow_sam2
from transformers.initialization import no_init_weights

from voxclick.errors import FileFormatError
from voxclick.models.sam2_slices import names as sam2_names
from voxclick.models.sam2_slices.edgetam.names import (
    HUB_ENCODER,
    hub_name,
    in_network,
    recognises,
)
from voxclick.models.sam2_slices.names import library_name
from voxclick.models.sam2_slices.plan import EDGETAM


def shapes(tensors):
    return {name: tuple(one.shape) for name, one in tensors.items()}


def test_every_entry_of_the_released_checkpoint_has_its_place():
    named = entries(**RELEASED)
    renamed = in_network({n: torch.empty(s, device="meta") for n, s in named.items()})
    with torch.device("meta"), no_init_weights():
        wanted = EDGETAM.build(renamed, 1024).state_dict()
    assert len(named) == 982
    assert shapes(renamed) == shapes(wanted)


def test_no_two_entries_get_one_name():
    named = entries(**RELEASED)
    assert len({hub_name(library_name(name)) for name in named}) == len(named)


def test_keys_and_values_are_parted():
    tensors = narrow()
    both = tensors["spatial_perceiver.layers.1.attn.to_kv.weight"]
    found = in_network(tensors)
    root = "spatial_perceiver.layers.1.cross_attention"
    assert torch.equal(found[f"{root}.k_proj.weight"], both[:64])
    assert torch.equal(found[f"{root}.v_proj.weight"], both[64:])


@pytest.mark.parametrize(
    ("authors", "hub"),
    [
        ("spatial_perceiver.latents", "spatial_perceiver.latents_1d"),
        ("spatial_perceiver.latents_2d", "spatial_perceiver.latents_2d"),
        ("spatial_perceiver.norm.bias", "spatial_perceiver.layer_norm.bias"),
        (
            "spatial_perceiver.layers.0.self_ff.3.weight",
            "spatial_perceiver.layers.0.self_mlp.down_proj.weight",
        ),
        (
            "spatial_perceiver.layers.1.self_attn.norm.weight",
            "spatial_perceiver.layers.1.layer_norm_self.weight",
        ),
        (
            "spatial_perceiver.layers.1.attn.to_out.weight",
            "spatial_perceiver.layers.1.cross_attention.o_proj.weight",
        ),
        (
            "memory_attention.layers.1.linear2.bias",
            "memory_attention.layers.1.mlp.down_proj.bias",
        ),
        (
            "image_encoder.trunk.body.stages_2.blocks.13.token_mixer.conv.bn.bias",
            "vision_encoder.backbone.timm_model.stages_2.blocks.13.token_mixer.conv.bn.bias",
        ),
    ],
)
def test_an_entry_has_the_hubs_name(authors, hub):
    assert hub_name(library_name(authors)) == hub


def test_it_is_told_from_sam2():
    tensors = narrow()
    assert recognises(tensors)
    assert recognises([f"{HUB_ENCODER}stem.conv1.c.weight"])
    assert not recognises(narrow_sam2())
    assert not sam2_names.recognises(tensors)


def test_a_missing_entry_of_the_encoder_is_named():
    tensors = narrow()
    del tensors[f"{ENCODER}.stem.conv2.bn.bias"]
    with pytest.raises(FileFormatError, match=r"stem\.conv2\.bn\.bias"):
        in_network(tensors)
