"""What the published preset holds, and what is refused."""

import pytest

from voxclick.errors import OptionError
from voxclick.models.sam2_slices.architecture import TRUNKS
from voxclick.train.config import preset
from voxclick.train.sam2_slices.losses import (
    DICE_SHARE,
    FOCAL_ALPHA,
    FOCAL_GAMMA,
    FOCAL_SHARE,
    PRESENCE_SHARE,
    QUALITY_SHARE,
)
from voxclick.train.sam2_slices.settings import ClipSettings


def test_the_preset_holds_the_numbers_of_medsam2_s_configuration():
    told = preset("sam2-clips").settings.as_dict()
    published = {
        "slices": 8,
        "objects": 5,
        "prompted": 2,
        "corrected": 2,
        "corrections": 7,
        "masked": 0.5,
        "boxed": 1.0,
        "from_truth": 0.1,
        "rate": 5e-5,
        "encoder_rate": 3e-5,
        "weight_decay": 0.1,
        "clip": 0.1,
        "epochs": 75,
        "batch": 4,
        "turn_degrees": 25.0,
        "shear_degrees": 20.0,
        "brightness": 0.1,
        "image_size": 512,
        "autocast": "bf16",
    }
    assert {name: told[name] for name in published} == published
    shares = (FOCAL_SHARE, DICE_SHARE, QUALITY_SHARE, PRESENCE_SHARE)
    assert shares == (20.0, 1.0, 1.0, 1.0)
    assert (FOCAL_ALPHA, FOCAL_GAMMA) == (0.25, 2.0)


def test_a_new_network_is_as_large_as_sam_2_tiny_unless_told():
    assert preset("sam2-clips").settings.trunk == TRUNKS["tiny"]
    assert preset("sam2-clips-small").settings.trunk.embed_dim == 16


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"parts": ("eyes",)}, "image_encoder, prompt_encoder"),
        ({"parts": ()}, "some of"),
        ({"prompted": 3}, "no more than corrected"),
        ({"slices": 0}, "slices"),
        ({"image_size": 100}, "multiple of 32"),
    ],
)
def test_settings_that_cannot_be_are_refused(given, told):
    with pytest.raises(OptionError, match=told):
        ClipSettings(**given)
