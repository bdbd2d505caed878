"""Published numbers through our importer; SAM's weights in either format; files that are not."""

import numpy as np
import pytest
import torch
from adapter_network import SMALL, published, small_network

import voxclick as vc
from voxclick.errors import FileFormatError
from voxclick.metrics.overlap import dice
from voxclick.metrics.surface import nsd
from voxclick.models.sam_adapter3d.convert import (
    from_published,
    from_sam,
    recognises,
    sam_encoder,
    sam_names,
)
from voxclick.models.sam_adapter3d.freeze import freeze
from voxclick.models.sam_adapter3d.layout import published_entries
from voxclick.models.sam_adapter3d.losses import dice_and_cross_entropy
from voxclick.models.sam_adapter3d.sizes import Sizes

TOLERANCE = 1e-4


def relative_error(found, expected):
    return ((found - expected).abs().max() / expected.abs().max()).item()


def ellipsoid(shape, center, radii):
    axes = np.meshgrid(*[np.arange(size) for size in shape], indexing="ij")
    parts = [((a - c) / r) ** 2 for a, c, r in zip(axes, center, radii, strict=True)]
    return torch.from_numpy(sum(parts) <= 1)


@pytest.mark.data
@pytest.mark.slow
def test_the_small_network_gives_the_published_numbers(parity):
    tiny = parity["tiny"]
    network = from_published(tiny)
    assert network.sizes.embed == 32
    with torch.no_grad():
        encoded = network.encode(tiny["crop_dhw"].float()[None, None])
        for name in ("one", "three"):
            case = tiny["cases"][name]
            logits = network.decode(encoded, case["points_dwh"])
            assert relative_error(logits, case["logits"]) < TOLERANCE
        probability = network.decode(encoded, None).softmax(dim=1)[:, 1:]
        assert (probability - tiny["cases"]["auto"]["prob"]).abs().max() < TOLERANCE


@pytest.mark.data
@pytest.mark.slow
def test_a_checkpoint_without_prompts_gives_the_published_numbers(parity):
    tiny = {k: v for k, v in parity["tiny"].items() if k != "feature_dict"}
    network = from_published(tiny)
    assert not network.sizes.prompted
    with torch.no_grad():
        logits = network.decode(network.encode(tiny["crop_dhw"].float()[None, None]), None)
    probability = logits.softmax(dim=1)[:, 1:]
    assert (probability - tiny["cases"]["auto"]["prob"]).abs().max() < TOLERANCE


@pytest.mark.data
@pytest.mark.slow
def test_training_gives_the_published_loss_and_gradients(parity):
    tiny, asked = parity["tiny"], parity["tiny"]["train"]
    network = from_published(tiny).train()
    freeze(network)
    network.encoder.checkpointing = True
    truth = ellipsoid((64, 64, 64), *asked["seg_center_radii_dhw"])
    logits = network(tiny["crop_dhw"].float()[None, None], asked["points_dwh"])
    loss = dice_and_cross_entropy(logits, truth[None])
    assert loss.item() == pytest.approx(asked["loss"], rel=TOLERANCE)
    loss.backward()
    for part, module in (
        ("encoder", network.encoder),
        ("prompt3", network.prompt_encoder),
        ("decoder", network.decoder),
    ):
        norm = torch.nn.utils.get_total_norm(
            [weight.grad for weight in module.parameters() if weight.requires_grad]
        )
        assert norm.item() == pytest.approx(asked["clip_total_norm"][part], rel=TOLERANCE), part


@pytest.mark.data
@pytest.mark.slow
def test_the_network_at_full_size_gives_the_published_numbers(parity, rule):
    full = parity["full"]
    checkpoint = {"encoder_dict": {}, "feature_dict": [{}, {}, {}, {}], "decoder_dict": {}}
    for name, entry in published_entries(Sizes()).items():
        if entry.ours is None:
            continue
        part, key = name.split(".", 1)
        held = checkpoint[part]
        if part == "feature_dict":
            index, key = key.split(".", 1)
            held = held[int(index)]
        held[key] = torch.from_numpy(rule.sam_adapter3d(name, tuple(entry.shape)))
    network = from_published(checkpoint)
    del checkpoint
    case = full["cases"]["one"]
    with torch.inference_mode():
        encoded = network.encode(full["crop_dhw"].float()[None, None])
        logits = network.decode(encoded, case["points_dwh"])
    assert relative_error(logits, case["logits"]) < TOLERANCE


def test_checkpoints_are_recognised_by_their_dictionaries():
    assert recognises({"epoch", "encoder_dict", "decoder_dict", "feature_dict"})
    assert recognises({"encoder_dict", "decoder_dict"})
    assert not recognises({"model", "encoder_dict"})


@pytest.mark.parametrize("unused", [False, True])
def test_a_checkpoint_comes_back_as_the_network_it_was_of(unused):
    network = small_network()
    back = from_published(published(network, unused))
    assert back.sizes == SMALL
    assert back.state_dict().keys() == network.state_dict().keys()
    assert all(torch.equal(back.state_dict()[k], v) for k, v in network.state_dict().items())


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lambda held: held.pop("decoder_dict"), "decoder_dict"),
        (lambda held: held["encoder_dict"].pop("blocks.7.norm1.bias"), "blocks.7.norm1.bias"),
        (lambda held: held["encoder_dict"].pop("patch_embed.proj.weight"), "patch_embed"),
        (lambda held: held["decoder_dict"].update({"cls.3.weight": torch.zeros(3)}), r"\(3,\)"),
    ],
)
def test_a_checkpoint_that_lacks_something_is_refused_in_one_line(broken, told):
    checkpoint = published(small_network())
    broken(checkpoint)
    with pytest.raises(FileFormatError, match=told) as caught:
        from_published(checkpoint)
    assert "\n" not in str(caught.value)


def sam_weights(hugging_face):
    """SAM's image encoder at a small size, in either format, and parts of SAM that are not it."""
    shapes = small_network(seed=5).encoder.state_dict()
    torch.manual_seed(9)
    weights = {name: torch.randn(shapes[name].shape) for name in sam_names(SMALL)}
    weights |= {f"neck.{place}.weight": torch.randn(3) for place in range(4)}
    if not hugging_face:
        return {f"image_encoder.{k}": v for k, v in weights.items()} | {
            "mask_decoder.x": torch.ones(1)
        }
    found = {}
    for name, tensor in weights.items():
        for ours, theirs in (
            ("proj.", "projection.") if "patch" in name else ("", ""),
            ("blocks.", "layers."),
            ("norm1.", "layer_norm1."),
            ("norm2.", "layer_norm2."),
        ):
            name = name.replace(ours, theirs) if ours else name
        found[f"vision_encoder.{name}"] = tensor
    return found | {"mask_decoder.x": torch.ones(1)}


@pytest.mark.parametrize("hugging_face", [False, True])
def test_sam_fills_the_trunk_from_either_format(hugging_face):
    weights = sam_weights(hugging_face)
    network = from_sam(weights, SMALL)
    plain = sam_weights(hugging_face=False)
    filled = network.encoder.state_dict()
    for name in sam_names(SMALL):
        assert torch.equal(filled[name], plain[f"image_encoder.{name}"]), name
    for block in network.encoder.blocks:
        attention = block.attn
        mean = 0.5 * (attention.rel_pos_h + attention.rel_pos_w)
        assert torch.equal(attention.rel_pos_d, mean)


@pytest.mark.data
def test_the_names_that_sam_settles_are_those_of_the_published_table(entries):
    ours = sam_names(Sizes())
    table = {
        e["key"]: e["sam_checkpoint_key"] for e in entries.values() if "sam_checkpoint_key" in e
    }
    assert len(ours) == 171
    assert {name: f"image_encoder.{name}" for name in ours} == table


@pytest.mark.data
def test_hugging_face_names_are_those_of_the_published_table(entries):
    table = {e["hf_sam_key"]: e["key"] for e in entries.values() if "hf_sam_key" in e}
    found = sam_encoder({name: torch.tensor([place]) for place, name in enumerate(table)})
    assert list(found) == list(table.values())


def test_hugging_faces_own_model_fills_the_trunk():
    transformers = pytest.importorskip("transformers")
    config = transformers.SamVisionConfig(
        hidden_size=8, num_attention_heads=1, mlp_dim=16, output_channels=16
    )
    with torch.device("meta"):
        names = transformers.SamVisionModel(config).state_dict()
    weights = {name: torch.zeros(tensor.shape) for name, tensor in names.items()}
    assert from_sam(weights, SMALL).sizes == SMALL


def test_weights_that_are_not_of_sam_are_refused():
    with pytest.raises(FileFormatError, match="sam_vit_b"):
        from_sam({"a": torch.zeros(1)})


@pytest.mark.data
def test_our_metrics_give_the_published_ones(parity):
    for case in parity["tiny"]["metrics"]:
        grid = vc.Grid(case["shape"], np.diag([*case["spacing_dhw"], 1.0]))
        truth, found = (
            vc.Mask(ellipsoid(case["shape"], *case[name]).numpy(), grid) for name in ("gt", "pred")
        )
        assert dice(truth, found) == pytest.approx(case["dice"], abs=1e-4)
        for tolerance in (1, 2, 5):
            close = nsd(truth, found, float(tolerance))
            assert close == pytest.approx(case[f"nsd@{tolerance}"], abs=1e-6)
