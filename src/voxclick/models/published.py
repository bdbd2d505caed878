"""Checkpoints that others published, read without running anything that is in them."""

import pickletools
import re
import struct
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from threading import Lock
from typing import IO, Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from voxclick.errors import FileFormatError, MissingFileError

Network = TypeVar("Network", bound=nn.Module)

Allowed = tuple[Callable[..., Any], str]
"""What stands in for a global of a pickle, and the full name that the global has there."""

ONE_AT_A_TIME = Lock()
"""PyTorch's list of allowed globals belongs to the whole process."""

SCALARS = {"f2": "e", "f4": "f", "f8": "d", "i4": "i", "i8": "q", "u1": "B", "b1": "?"}
"""NumPy's codes of numbers and those of struct."""

HARMLESS = ("collections.", "torch.", "_codecs.")
"""Where globals of a checkpoint come from that need no naming."""

REFUSED = re.compile(r"GLOBAL (\S+) (?:was not an allowed|whose module)")

BROKEN = (
    UnpicklingError,
    SafetensorError,
    zipfile.BadZipFile,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What reading a broken or hostile file raises; the restricted unpickler checks no stack."""


@dataclass(frozen=True, eq=False)
class Imported:
    """A published checkpoint as a family keeps it.

    Attributes:
        tensors: By the names that the family's network gives them.
        header: `voxclick` (the family's package) and what is needed to build the network, as JSON.
        warnings: What was odd about the checkpoint, a sentence each.
    """

    tensors: dict[str, Tensor]
    header: dict[str, str]
    warnings: tuple[str, ...] = ()


class Number:
    """Stands in for `numpy.dtype` in a pickle.

    Args:
        code: As in `f4`.
        align: Ignored, as is `copy`: what NumPy writes there.
        copy: Ignored.
    """

    def __init__(self, code: str, align: bool = False, copy: bool = False) -> None:
        self.code = SCALARS[code]
        self.order = "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Take the byte order out of NumPy's version 3 of its state."""
        self.order = {"<": "<", ">": ">", "|": "<"}[state[1]]


def scalar(kind: Number, data: bytes) -> float:
    """Stands in for `numpy._core.multiarray.scalar` in a pickle: a number of plain Python."""
    number: float = struct.unpack(kind.order + kind.code, data)[0]
    return number


STAND_INS: tuple[Allowed, ...] = (
    # the unpickler puts items into the standard dictionaries alone, not into classes of ours
    (OrderedDict, "easydict.EasyDict"),
    (Number, "numpy.dtype"),
    (scalar, "numpy.core.multiarray.scalar"),
    (scalar, "numpy._core.multiarray.scalar"),
)


def read_published(path: Path, allowed: Collection[Allowed] = ()) -> dict[str, Any]:
    """What a published `.pt`, `.pth`, `.pth.tar`, `.bin` or `.safetensors` file holds, on the CPU.

    A pickle may name tensors, standard containers, `EasyDict` and NumPy's numbers, which become
    plain dictionaries and numbers. Anything else it names is refused, and nothing of it runs.

    Args:
        path: The file; how it is read goes by its name (`.safetensors`, else PyTorch's format).
        allowed: More that a pickle may name, as stand-in and full name: harmless classes alone.

    Raises:
        MissingFileError: If there is nothing at the path.
        FileFormatError: If it is no such file, is cut short, or names what is not allowed.
    """
    if not path.exists():
        raise MissingFileError(
            f"a checkpoint is needed at {path}, got nothing there; check the path"
        )
    if path.is_dir():
        raise FileFormatError(f"a checkpoint must be a file, got the folder {path}; name the file")
    if path.stat().st_size == 0:
        raise FileFormatError(f"a checkpoint is needed, {path} is empty; get it again")
    try:
        held = load_file(path) if path.suffix == ".safetensors" else _unpickled(path, allowed)
        plain = _plain(held)
    except RecursionError:
        raise FileFormatError(f"a checkpoint is needed, {path} holds itself; get another") from None
    except BROKEN as error:
        raise FileFormatError(_complaint(path, error)) from None
    if not isinstance(plain, dict):
        raise FileFormatError(
            f"a checkpoint must hold a dictionary, {path} holds {type(plain).__name__}; "
            "get the file that its authors published"
        )
    return plain


def _unpickled(path: Path, allowed: Collection[Allowed]) -> object:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            promised = sum(one.file_size for one in packed.infolist())
        # PyTorch never compresses; what is packed could fill any memory
        if promised > path.stat().st_size:
            raise ValueError(f"it promises {promised} bytes, more than it has")
    listed: list[Callable[..., Any] | Allowed] = [*STAND_INS, *allowed]
    with (
        ONE_AT_A_TIME,
        warnings.catch_warnings(),
        torch.serialization.safe_globals(listed),
    ):
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)


def _plain(value: object) -> Any:
    """The same with plain dictionaries: a pickle can give others attributes that hide methods."""
    if isinstance(value, OrderedDict):
        return {key: _plain(one) for key, one in OrderedDict.items(value)}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in dict.items(value)}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if type(value) is tuple:
        return tuple(_plain(one) for one in value)
    return value


def _complaint(path: Path, error: BaseException) -> str:
    if not isinstance(error, UnpicklingError):
        reason = str(error).split("\n", 1)[0].split(". ", 1)[0] or type(error).__name__
    elif named := _refused(path, error):
        return (
            f"a checkpoint may hold tensors, numbers and text, {path} names {named}, which could "
            "run code; nothing was run: ask its authors for a safetensors file"
        )
    else:
        reason = "it is no pickle of tensors in PyTorch's own protocol"
    return (
        f"a checkpoint (.pt, .pth, .pth.tar, .bin or .safetensors) is needed, cannot read {path}: "
        f"{reason}; get it again"
    )


def _refused(path: Path, error: UnpicklingError) -> str:
    """The global that PyTorch would not take, or empty."""
    if told := REFUSED.search(str(error)):
        return told[1] if "." in told[1] else f"builtins.{told[1]}"
    # PyTorch stops before any name in pickles of newer protocols
    return next((one for one in _globals(path) if not one.startswith(HARMLESS)), "")


def _globals(path: Path) -> list[str]:
    """What a pickle names, bare or in PyTorch's zip file; as far as it can be read."""
    names: list[str] = []
    texts = [""]
    with suppress(*BROKEN), _pickle(path) as file:
        for code, value, _ in pickletools.genops(file):
            if code.name == "GLOBAL":
                names.append(str(value).replace(" ", "."))
            elif code.name == "STACK_GLOBAL":
                names.append(".".join(texts[-2:]))
            elif isinstance(value, str):
                texts.append(value)
    return names


@contextmanager
def _pickle(path: Path) -> Iterator[IO[bytes]]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as packed:
        inside = next(name for name in packed.namelist() if name.endswith("data.pkl"))
        with packed.open(inside) as file:
            yield file


def filled(network: Network, tensors: Mapping[str, Tensor], what: str) -> Network:
    """A network with these weights, whole and no others, in float32 and ready to infer.

    Args:
        network: Of the right sizes.
        tensors: Its weights, by its own names.
        what: What they are of, for messages.

    Raises:
        FileFormatError: If entries are missing, unknown, or of other shapes.
    """
    wanted = {name: tuple(entry.shape) for name, entry in network.state_dict().items()}
    given = {name: tuple(entry.shape) for name, entry in tensors.items()}
    for complaint, odd in (
        ("lacks", sorted(wanted.keys() - given.keys())),
        ("has the unknown entry", sorted(given.keys() - wanted.keys())),
        ("has another shape in", sorted(n for n in wanted if given.get(n) != wanted[n])),
    ):
        if odd:
            raise FileFormatError(
                f"a checkpoint of {what} of {len(wanted)} entries is needed, this one {complaint} "
                f"{odd[0]!r} and {len(odd) - 1} more; get the file that its authors published"
            )
    network.load_state_dict({name: entry.float() for name, entry in tensors.items()})
    network.eval()
    return network
