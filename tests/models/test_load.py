import subprocess
import sys

import pytest
import torch

import voxclick as vc
from voxclick.errors import OptionError, UnknownNameError
from voxclick.models import MODELS, load, model_row
from voxclick.models.base import Segmenter

NAMES = [row.name for row in MODELS]


@pytest.mark.parametrize("name", NAMES)
def test_every_model_of_the_table_loads_by_its_name(name: str) -> None:
    segmenter = load(name, "cpu")
    assert isinstance(segmenter, Segmenter)
    assert segmenter.spec.name == name
    assert segmenter.device == torch.device("cpu")


def test_no_name_is_the_first_of_the_table() -> None:
    assert vc.load(device="cpu").spec.name == MODELS[0].name
    assert model_row() == MODELS[0]


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", ["", "Geodesic", "sam", "geodesic ", "../geodesic"])
def test_an_unknown_name_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(
        UnknownNameError, match=f"one of {', '.join(NAMES)}, got {name!r}"
    ) as caught:
        load(name)
    assert "\n" not in str(caught.value)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(OptionError, match="got 'gpu'"):
        load(device="gpu")


def test_the_table_of_models_is_read_without_torch() -> None:
    code = "import sys, voxclick.models; voxclick.models.model_row(); print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
