"""Which device a name such as `auto` or `cuda:1` means on this machine."""

import re

import torch

from voxclick.errors import OptionError


def resolve_device(name: str) -> torch.device:
    """The device of that name; `auto` is the first GPU, else the CPU.

    Raises:
        OptionError: If the name is none of auto, cpu, cuda[:N], mps, or the machine lacks it.
    """
    if not re.fullmatch(r"auto|cpu|cuda(:(0|[1-9][0-9]{0,3}))?|mps", name):
        raise OptionError(f"a device must be one of auto, cpu, cuda[:N], mps, got {name!r}")
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    # compared as text first: torch reads cuda:300 as cuda:44
    if name.startswith("cuda") and int(name[5:] or 0) >= torch.cuda.device_count():
        raise OptionError(
            f"the device {name!r} needs a CUDA GPU of that number, got a machine with "
            f"{torch.cuda.device_count()}; use --device cpu"
        )
    if name == "mps" and not torch.backends.mps.is_available():
        raise OptionError("the device 'mps' needs an Apple GPU, got none; use --device cpu")
    return torch.device(name)


def best_dtype(device: torch.device) -> torch.dtype:
    """What the network computes in on this device: bfloat16 where that is about twice as fast.

    It goes by what the chip has and not by a stopwatch, so that one machine always gives the same
    masks for the same prompts.
    """
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    chip: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    if device.type == "cpu" and chip.get("avx512_bf16", False):
        return torch.bfloat16
    return torch.float32
