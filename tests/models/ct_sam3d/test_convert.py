from dataclasses import replace

import pytest
import torch
from published_ct_sam3d import SMALL, lively

from voxclick.errors import FileFormatError, OptionError
from voxclick.models.ct_sam3d.convert import from_published, recognises
from voxclick.models.ct_sam3d.network import Network
from voxclick.models.ct_sam3d.sizes import VARIANTS, Sizes


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return dict(lively().state_dict())


def test_weights_come_through_unchanged(state):
    ours = from_published({"model_state_dict": state, "epoch_index": 3}, SMALL).state_dict()
    assert ours.keys() == state.keys()
    assert all(torch.equal(ours[key], value) for key, value in state.items())


def test_a_network_for_inference_wants_no_gradients(state):
    network = from_published(state, SMALL)
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())


def test_unknown_entries_are_a_warning_that_names_them(state):
    state["reduce.weight"] = torch.zeros(1)
    with pytest.warns(UserWarning, match=r"1 entries .*reduce\.weight"):
        from_published(state, SMALL)


@pytest.mark.parametrize(
    "key",
    ["image_encoder.stage2.0.attn.q.weight", "mask_decoder.iou_prediction_head.layers.0.bias"],
)
def test_a_missing_entry_is_an_error_that_names_it(state, key):
    del state[key]
    with pytest.raises(FileFormatError, match=key.replace(".", r"\.")) as caught:
        from_published(state, SMALL)
    assert "\n" not in str(caught.value)


def test_without_its_entries_the_cross_patch_network_is_off(state):
    kept = {key: value for key, value in state.items() if not key.startswith("cpp_predictor")}
    network = from_published(kept, SMALL)
    assert not network.has_cross_patch
    with pytest.raises(OptionError, match="cpp_predictor"):
        network.cross_patch(*torch.zeros(3, 1, 1, 32, 32, 32))


def test_half_a_cross_patch_network_is_off_and_said(state):
    del state["cpp_predictor.model.2.1.conv.unit0.conv.bias"]
    with pytest.warns(UserWarning, match="unit0.conv.bias"):
        assert not from_published(state, SMALL).has_cross_patch


def test_the_unused_position_code_may_be_absent(state):
    del state["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"]
    assert from_published(state, SMALL).sizes == SMALL


def test_a_wrong_shape_is_an_error_that_names_both(state):
    state["mask_decoder.spade1.conv_0.weight"] = torch.zeros(32, 32, 3, 3, 1)
    with pytest.raises(FileFormatError, match=r"spade1.conv_0.weight .*3, 3, 3\), got .*3, 3, 1\)"):
        from_published(state, SMALL)


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_every_published_variant_is_recognised(name):
    with torch.device("meta"):
        table = Network(VARIANTS[name]).state_dict()
    zero = torch.zeros(())
    state = {key: zero.expand(value.shape) for key, value in table.items()}
    assert from_published(state).sizes == VARIANTS[name]
    without = {key: value for key, value in state.items() if not key.startswith("cpp")}
    assert from_published(without).sizes == replace(VARIANTS[name], cross_patch=None)


@pytest.mark.parametrize(
    ("name", "entries", "encoder", "whole"),
    [
        ("tiny", 428, 36_935_344, 74_022_482),
        ("small", 548, 47_655_856, 84_742_994),
        ("base", 664, 62_362_096, 99_449_234),
        ("large", 668, 98_206_528, 135_293_666),
    ],
)
def test_every_variant_has_the_published_count_of_parameters(name, entries, encoder, whole):
    with torch.device("meta"):
        network = Network(VARIANTS[name])
    carried = sum(b.numel() for b in network.mask_decoder.iou_prediction_head.buffers())
    assert len(network.state_dict()) == entries
    assert sum(p.numel() for p in network.image_encoder.parameters()) == encoder
    assert sum(p.numel() for p in network.parameters()) + carried == whole


def test_the_family_is_recognised_by_its_entries(state):
    assert recognises(state.keys())
    assert not recognises(["image_encoder.stem.norm.weight"])


def test_sizes_go_through_a_header():
    assert Sizes.from_json(SMALL.to_json()) == SMALL
    none = replace(SMALL, cross_patch=None, prompt_rule="maximum")
    assert Sizes.from_json(none.to_json()) == none


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"embed": [1, 2]}', '{"width": 3}', '{"prompt_rule": "most"}', '{"last": -1}'],
)
def test_a_header_without_sizes_is_refused_in_one_line(text):
    with pytest.raises(FileFormatError, match="sizes of a CT-SAM3D network") as caught:
        Sizes.from_json(text)
    assert "\n" not in str(caught.value)
