"""What the published preset holds, and what is refused."""

import pytest

from voxclick.errors import OptionError
from voxclick.models.ct_sam3d.losses import DICE_SHARE, FOCAL_ALPHA, FOCAL_GAMMA, FOCAL_SHARE
from voxclick.models.ct_sam3d.sizes import VARIANTS
from voxclick.train.config import preset
from voxclick.train.ct_sam3d.settings import CrossPatchSettings, CtSettings


def test_the_preset_holds_the_numbers_of_the_published_configuration():
    config = preset("ct-sam3d")
    told = config.settings.as_dict()
    assert config.recipe == "ct-sam3d"
    published = {
        "patch": 64,
        "spacing_mm": 1.5,
        "window_hu": (-125.0, 225.0),
        "samples_per_volume": 8,
        "most_points": 24,
        "gamma": 0.7,
        "augmented": 0.6,
        "shift_mm": 20.0,
        "scale": (0.9, 1.1),
        "turn_degrees": 10.0,
        "batch": 6,
        "rounds": 5,
        "rate": 1e-4,
        "epochs": 1000,
        "warmup_epochs": 100,
        "milestones": (800,),
        "clip": 5.0,
        "autocast": "no",
        "seed": 42,
    }
    assert {name: told[name] for name in published} == published
    assert (FOCAL_SHARE, DICE_SHARE, FOCAL_ALPHA, FOCAL_GAMMA) == (0.2, 0.8, 0.8, 2.0)


def test_the_preset_s_network_is_the_published_one_with_the_better_rule():
    sizes, tiny = preset("ct-sam3d").settings.sizes, VARIANTS["tiny"]
    for name in ("embed", "depths", "heads", "reduction", "fine", "coarse", "shared", "last"):
        assert getattr(sizes, name) == getattr(tiny, name)
    assert sizes.prompt_rule == "maximum"
    assert preset("ct-sam3d-cross-patch").settings.cross_patch == tiny.cross_patch


@pytest.mark.parametrize(
    ("given", "told"),
    [({"patch": 32}, "multiple of 32 from 64"), ({"gamma": 0.0}, "gamma"), ({"rounds": 0}, "1 or")],
)
@pytest.mark.parametrize("kind", [CtSettings, CrossPatchSettings])
def test_settings_that_cannot_be_are_refused(kind, given, told):
    with pytest.raises(OptionError, match=told):
        kind(**given)
