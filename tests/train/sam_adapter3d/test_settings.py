"""What the published presets hold, and what is refused."""

import pytest

from voxclick.errors import OptionError
from voxclick.models.sam_adapter3d.sizes import Sizes
from voxclick.preprocess.statistics import Intensity
from voxclick.train.config import preset
from voxclick.train.sam_adapter3d.settings import TumourSettings

PUBLISHED = {
    "kits21": (Intensity(-54, 247, 59.53867, 55.457336), "tumour", False, "IPL"),
    "pancreas": (Intensity(-39, 204, 68.45214, 63.422806), "cancer", True, "SAR"),
    "lits17": (Intensity(-48, 163, 60.057533, 40.198017), "tumour", False, "SAR"),
    "colon": (Intensity(-57, 175, 65.175035, 32.651197), "colon cancer primaries", True, "SAR"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_data_set_has_its_statistics_axes_and_augmentation(name):
    settings = preset(f"sam-adapter3d-{name}").settings
    intensity, structure, flat, axes = PUBLISHED[name]
    assert settings.known_intensity == intensity
    assert settings.structures == (structure,)
    assert (settings.flat, settings.axes) == (flat, axes)
    assert (settings.split, settings.fold) == ("split.pkl", 0)
    scale = (0.3, (0.9, 1.1)) if flat else (0.8, (0.85, 1.25))
    assert (settings.scaled, settings.scale) == scale


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_presets_hold_the_published_schedule_and_clicks(name):
    told = preset(f"sam-adapter3d-{name}").settings.as_dict()
    published = {
        "crop": 128,
        "spacing_mm": 1.0,
        "rate": 4e-4,
        "last_rate": 0.01,
        "epochs": 500,
        "batch": 1,
        "clip": 1.0,
        "clicks": 10,
        "anywhere": 20,
        "positive": 2 / 3,
        "margin": 1.2,
        "shift": 20.0,
        "tuning": "adapter",
        "signed_points": False,
        "autocast": "no",
        "recompute": False,
    }
    assert {field: told[field] for field in published} == published
    assert preset(f"sam-adapter3d-{name}").settings.sizes == Sizes()


def test_the_variant_without_prompts_has_larger_crops_and_longer_gradients():
    settings = preset("sam-adapter3d-auto").settings
    assert (settings.crop, settings.clip, settings.prompted) == (256, 12.0, False)
    assert not settings.sizes.prompted


def test_one_s_own_data_has_statistics_of_its_own_and_signed_clicks():
    settings = preset("sam-adapter3d-own").settings
    assert settings.known_intensity is None
    assert settings.sizes.signed_points
    assert settings.axes == "SAR"
    given = TumourSettings(intensity=(-1.0, 2.0, 0.5, 0.25))
    assert given.known_intensity == Intensity(-1.0, 2.0, 0.5, 0.25)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"data_set": "kits19"}, "kits21, pancreas"),
        ({"tuning": "full"}, "adapter, plain-adapter, lora"),
        ({"crop": 100}, "multiple of 64"),
        ({"batch": 2}, "accumulate"),
        ({"intensity": (1.0,)}, "low, high, mean and std"),
        ({"fold": 5}, "0 to 4"),
        ({"clicks": 0}, "1 or more"),
    ],
)
def test_settings_that_cannot_be_are_refused(given, told):
    with pytest.raises(OptionError, match=told):
        TumourSettings(**given)
