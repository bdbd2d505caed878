"""Lists, dictionaries, strings and numbers out of a pickled NumPy array, and nothing else.

The CVPR 2025 challenge keeps boxes and clicks in arrays of Python objects. Reading those as NumPy
does runs whatever the file asks for; here the few names that such an array needs stand for small
records of our own, every other name is refused, and nothing of the file is ever called.
"""

import pickle
import re
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from voxclick.errors import FileFormatError

LARGEST = 64 * 2**20
"""Bytes of one pickled array; the clicks of 255 objects take less than one of these."""
DEEPEST = 16
"""Lists within lists."""
NUMBER = re.compile(r"[biufU]\d+|\?")
"""Kinds of NumPy's numbers and strings, as their pickles spell them."""

BROKEN = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    EOFError,
    OSError,
    OverflowError,
    RecursionError,
    MemoryError,
    NotImplementedError,
)
"""Whatever a broken or made-up pickle ends in."""


def read_plain(path: Path, name: str) -> object:
    """An array of a `.npz` as nested lists; None where the file has none of that name.

    Args:
        path: The file.
        name: Of the array; pickled or not.

    Raises:
        FileFormatError: If it is broken, or holds anything but lists, dictionaries, strings and
            numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            member = f"{name}.npy"
            if member not in archive.namelist():
                return None
            if archive.getinfo(member).file_size > LARGEST:
                raise ValueError(f"it unpacks to more than {LARGEST} bytes")
            return _plain(_read(BytesIO(archive.read(member))))
    except BROKEN as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise FileFormatError(
            f"{name} must hold lists, dictionaries, strings and numbers alone, cannot read it from "
            f"{path}: {reason}; write the file anew with plain Python values"
        ) from None


@dataclass
class _Kind:
    """Stands for `numpy.dtype`."""

    code: str = ""
    order: str = "="

    def __init__(self, code: str, *_: object) -> None:
        self.code = code

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1] if state[1] in "<>=" else "="

    @property
    def dtype(self) -> np.dtype[Any]:
        if not NUMBER.fullmatch(self.code):
            raise ValueError(f"an array of {self.code[:40]!r} is no array of numbers or strings")
        return np.dtype(f"{self.order}{self.code}")


class _Array:
    """Stands for `numpy.ndarray`."""

    values: Any = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, data = state
        if isinstance(data, list):
            cells = np.empty(len(data), dtype=object)
            cells[:] = data
        else:
            cells = np.frombuffer(data, dtype=kind.dtype)
        self.values = cells.reshape(shape, order="F" if fortran else "C").tolist()


def _new_array(*_: object) -> _Array:
    return _Array()


def _number(kind: _Kind, data: bytes) -> Any:
    return np.frombuffer(data, dtype=kind.dtype)[0].item()


_ALLOWED = {
    **{
        (f"numpy.{core}.multiarray", name): stand_in
        for core in ("core", "_core")
        for name, stand_in in (("_reconstruct", _new_array), ("scalar", _number))
    },
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Kind,
}


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is refused")
        return _ALLOWED[module, name]


def _read(stream: BytesIO) -> object:
    version = npy.read_magic(stream)
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, kind = header(stream)
    if kind.hasobject:
        return _Restricted(stream).load()
    cells = np.frombuffer(stream.read(), dtype=kind)
    return cells.reshape(shape, order="F" if fortran else "C").tolist()


def _plain(value: object, depth: int = 0) -> object:
    if depth > DEEPEST:
        raise ValueError(f"its lists lie more than {DEEPEST} deep in each other")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, _Array):
        return _plain(value.values, depth)
    if isinstance(value, list | tuple):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, dict):
        wrong = [key for key in value if not isinstance(key, str | int)]
        if wrong:
            raise ValueError(f"a key is of the kind {type(wrong[0]).__name__}")
        return {key: _plain(one, depth + 1) for key, one in value.items()}
    raise ValueError(f"it holds a {type(value).__name__}")
