import pytest
import torch
from published_edgetam import ENCODER, TINY, narrow
from torch.nn import functional

from voxclick.errors import FileFormatError
from voxclick.models.sam2_slices.edgetam.repvit import (
    EPSILON,
    Gate,
    RepVit,
    RepVitConfig,
    folded,
)

MIXER = "stages_0.blocks.0.token_mixer"


def trained():
    """Entries of a small image encoder, by timm's names."""
    root = f"{ENCODER}."
    return {
        name.removeprefix(root): entry for name, entry in narrow().items() if name.startswith(root)
    }


def small():
    network = RepVit(RepVitConfig(channels=TINY["channels"], blocks=TINY["blocks"]))
    network.load_state_dict(folded(trained()))
    return network.eval()


def normed(features, entries, root, **options):
    """A convolution and batch normalisation behind it, one after the other."""
    seen = functional.conv2d(features, entries[f"{root}.c.weight"], **options)
    names = ("running_mean", "running_var", "weight", "bias")
    return functional.batch_norm(seen, *(entries[f"{root}.bn.{n}"] for n in names), eps=EPSILON)


def test_a_convolution_and_its_normalisation_become_one():
    entries = trained()
    one = folded(entries)
    frame = torch.randn(1, 3, 16, 16)
    apart = normed(frame, entries, "stem.conv1", stride=2, padding=1)
    weight, bias = one["stem.conv1.weight"], one["stem.conv1.bias"]
    together = functional.conv2d(frame, weight, bias, stride=2, padding=1)
    assert torch.allclose(apart, together, atol=1e-5)


def test_the_three_ways_of_a_token_mixer_become_one():
    entries = trained()
    features = torch.randn(1, 8, 9, 9)
    wide = normed(features, entries, f"{MIXER}.conv", padding=1, groups=8)
    small_way = normed(features, entries, f"{MIXER}.conv1", groups=8)
    one = folded(entries)
    root = "stages.0.blocks.0.token_mixer"
    together = functional.conv2d(
        features, one[f"{root}.weight"], one[f"{root}.bias"], padding=1, groups=8
    )
    assert torch.allclose(wide + small_way + features, together, atol=1e-5)


def test_folding_leaves_the_entries_as_they_are():
    entries = trained()
    kept = {name: entry.clone() for name, entry in entries.items()}
    folded(entries)
    assert all(torch.equal(entries[name], entry) for name, entry in kept.items())


def test_what_has_no_place_keeps_its_name():
    assert "head.weight" in folded({**trained(), "head.weight": torch.zeros(2)})


def test_a_missing_normalisation_is_named():
    entries = trained()
    del entries[f"{MIXER}.conv1.bn.running_var"]
    with pytest.raises(FileFormatError, match=r"token_mixer\.conv1\.bn\.running_var"):
        folded(entries)


def test_features_halve_from_a_quarter_of_the_frame():
    with torch.no_grad():
        stages = small()(torch.randn(1, 3, 64, 64)).last_hidden_state
    assert [tuple(one.shape[1:]) for one in stages] == [
        (8, 16, 16),
        (16, 8, 8),
        (24, 4, 4),
        (32, 2, 2),
    ]


@pytest.mark.parametrize(("channels", "inner"), [(8, 8), (48, 16), (96, 24), (192, 48), (384, 96)])
def test_a_gate_is_as_narrow_as_in_the_published_weights(channels, inner):
    assert Gate(channels).fc1.out_channels == inner


def test_every_other_block_is_gated():
    blocks = RepVit(RepVitConfig(channels=(8, 16), blocks=(3, 2))).stages[0].blocks
    assert [isinstance(block.se, Gate) for block in blocks] == [True, False, True]


def test_it_is_timms_repvit():
    timm = pytest.importorskip("timm", reason="timm, whose RepViT this is, is not installed")
    sizes = {"embed_dim": TINY["channels"], "depth": TINY["blocks"]}
    theirs = timm.create_model("repvit_m1", features_only=True, **sizes).eval()
    theirs.load_state_dict(trained())
    frame = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        pairs = zip(small()(frame).last_hidden_state, theirs(frame), strict=True)
    for ours, same in pairs:
        assert torch.allclose(ours, same, rtol=1e-4, atol=1e-4)
