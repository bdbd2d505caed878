import pytest
import torch

from voxclick.errors import OptionError
from voxclick.models.device import resolve_device


def test_cpu_is_the_cpu() -> None:
    assert resolve_device("cpu") == torch.device("cpu")


def test_auto_is_the_first_gpu_or_the_cpu() -> None:
    if torch.cuda.is_available():
        assert resolve_device("auto").type == "cuda"
    elif torch.backends.mps.is_available():
        assert resolve_device("auto").type == "mps"
    else:
        assert resolve_device("auto").type == "cpu"


@pytest.mark.parametrize(
    "name",
    [
        *("", "gpu", "CPU", "tpu", "cpu:0", "cpu\n", " cpu", "mps:1"),
        *("cuda:", "cuda:-1", "cuda:x", "cuda:1.5", "cuda:01", "cuda:\u0661"),
        "cuda:99999999999999999999",
    ],
)
def test_an_unknown_name_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(OptionError, match="auto, cpu, cuda") as caught:
        resolve_device(name)
    assert "\n" not in str(caught.value)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("number", [torch.cuda.device_count(), 256, 300, 9999])
def test_a_gpu_that_is_not_there_is_refused(number: int) -> None:
    with pytest.raises(OptionError, match=f"'cuda:{number}' needs a CUDA GPU.*use --device cpu"):
        resolve_device(f"cuda:{number}")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_refused() -> None:
    with pytest.raises(OptionError, match="got a machine with 0"):
        resolve_device("cuda")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is an Apple GPU")
def test_mps_without_an_apple_gpu_is_refused() -> None:
    with pytest.raises(OptionError, match="mps"):
        resolve_device("mps")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_every_gpu_there_is_can_be_named() -> None:
    for number in range(torch.cuda.device_count()):
        assert resolve_device(f"cuda:{number}") == torch.device("cuda", number)
