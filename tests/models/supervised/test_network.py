import builtins

import pytest
import torch
from supervised_network import SIZES, tiny

from voxclick.errors import FileFormatError, OptionError
from voxclick.models.supervised.network import build, network_of, stored
from voxclick.models.supervised.sizes import Sizes


def test_a_file_holds_each_weight_once_and_gives_the_same_network():
    network = tiny().eval()
    held = stored(network.state_dict())
    assert len(held) == len(dict(network.named_parameters()))
    again = network_of(held, SIZES).eval()
    image = torch.rand(1, 1, 16, 16, 16)
    assert torch.equal(network(image), again(image))


def test_a_weight_too_few_is_named():
    held = stored(tiny().state_dict())
    del held["output_block.conv.conv.bias"]
    with pytest.raises(FileFormatError, match=r"output_block\.conv\.conv\.bias"):
        network_of(held, SIZES)


def test_dynunet_answers_at_several_scales_while_it_learns():
    image = torch.zeros(1, 1, 16, 16, 16)
    assert tiny()(image).shape == (1, 2, 3, 16, 16, 16)
    assert tiny().eval()(image).shape == (1, 3, 16, 16, 16)


@pytest.mark.slow
def test_swin_unetr_answers_with_every_class():
    pytest.importorskip("einops")
    network = build(Sizes("swin-unetr", 2, (64, 32, 32), 12, (1.0, 1.0, 1.0))).eval()
    with torch.no_grad():
        assert network(torch.zeros(1, 1, 64, 32, 32)).shape == (1, 3, 64, 32, 32)


def test_without_monai_it_is_told_what_to_install(monkeypatch):
    true_import = builtins.__import__

    def missing(name, *rest):
        if name.startswith("monai"):
            raise ImportError("no", name="monai")
        return true_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(OptionError, match="pip install 'voxclick"):
        build(SIZES)
