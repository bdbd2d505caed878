import pytest

from voxclick.errors import OptionError
from voxclick.train.config import preset
from voxclick.train.supervised.settings import SupervisedSettings


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"network": "unet"}, "network must be one of"),
        ({"patch": (64, 64)}, "patch must be three"),
        ({"spacing_mm": (1.0, 1.0, 0.0)}, "spacing_mm must be three"),
        ({"intensity": (0.0, 1.0)}, "low, high, mean and std"),
        ({"data_set": "amos"}, "data_set must be one of kits21"),
        ({"fold": 5}, "fold must be -1"),
        ({"optimiser": "adam"}, "optimiser must be one of"),
        ({"fall": "linear"}, "fall must be one of"),
        ({"batch": 0}, "must be 1 or more"),
        ({"mirrored": 2.0}, "mirrored must be a share, 0 to 1, got 2.0"),
        ({"positive": float("nan")}, "positive must be a share"),
    ],
)
def test_what_cannot_be_is_told(wrong, told):
    with pytest.raises(OptionError, match=told):
        SupervisedSettings(**wrong)


@pytest.mark.parametrize("name", ["dynunet", "swin-unetr", "dynunet-small"])
def test_the_presets_are_of_networks_that_can_be_built(name):
    settings = preset(name).settings
    assert isinstance(settings, SupervisedSettings)
    assert settings.sizes(5).kind == name.removesuffix("-small")
