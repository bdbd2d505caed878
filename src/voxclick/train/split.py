"""Which cases train, validate and test: the published folds, or folds drawn by a seed."""

import pickle
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from voxclick.errors import FileFormatError, MissingFileError
from voxclick.evaluate.case import Case

NAMES: dict[str, dict[int, str]] = {
    "kits21": {1: "kidney", 2: "tumour", 3: "cyst"},
    "pancreas": {1: "pancreas", 2: "cancer"},
    "lits17": {1: "liver", 2: "tumour"},
    "colon": {1: "colon cancer primaries"},
}
"""What the labels of the published data sets mean, where their layout does not say it."""

FOLDS = 5

PARTS = ("train", "val", "test")

TESTED, VALIDATED = 1 / FOLDS, 1 / 10
"""Shares of folds that are drawn here: about those of the published ones."""


@dataclass(frozen=True)
class Split:
    """Names of cases.

    Attributes:
        train: To train on.
        validation: To look at while training.
        test: Left alone.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def without(self, patterns: Sequence[str]) -> "Split":
        """The same without the cases whose names fit a shell pattern."""
        parts = [
            tuple(name for name in part if not any(fnmatch(name, each) for each in patterns))
            for part in (self.train, self.validation, self.test)
        ]
        return Split(*parts)


def drawn_split(names: tuple[str, ...], fold: int, seed: int) -> Split:
    """One of five folds: each case is tested in one of them.

    A tenth of the cases validates. Of few cases all may train, and none test or validate.

    Args:
        names: Of all cases.
        fold: From 0.
        seed: Of the order.
    """
    order = [names[place] for place in np.random.default_rng(seed).permutation(len(names))]
    first, last = (round(len(order) * TESTED * (fold + step)) for step in (0, 1))
    tested = order[first:last] if len(order) >= FOLDS else []
    rest = [name for name in order if name not in set(tested)]
    validated = rest[: round(len(order) * VALIDATED)]
    return Split(tuple(rest[len(validated) :]), tuple(validated), tuple(tested))


def published_split(path: Path, fold: int, data_set: str) -> tuple[Split, dict[str, Case]]:
    """A fold of a published `split.pkl`, and its cases.

    The file is a pickle: only its lists, dictionaries and texts are taken, nothing it names is
    looked up, and nothing runs.

    Args:
        path: The file; the paths in it begin where it lies.
        fold: From 0.
        data_set: Whose labels these are; may be empty.

    Raises:
        MissingFileError: If there is no such file.
        FileFormatError: If it is no such file, or names anything else.
    """
    folds = _folds(path)
    if not 0 <= fold < len(folds):
        raise FileFormatError(f"{path} must hold the fold {fold}, got {len(folds)} folds")
    cases: dict[str, Case] = {}
    parts: list[tuple[str, ...]] = []
    for part in PARTS:
        listed = folds[fold][part]
        parts.append(tuple(listed))
        for name, (image, labels) in listed.items():
            files = (path.parent / image, path.parent / labels)
            cases[name] = Case(name, "", *files, NAMES.get(data_set, {}))
    return Split(*parts), cases


class _Unpickler(pickle.Unpickler):
    """Takes plain values and ordered dictionaries, and refuses whatever else a pickle names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        return _refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        _refuse(f"an object outside of it ({pid!r})")


def _refuse(named: str) -> NoReturn:
    raise pickle.UnpicklingError(f"it names {named}, which is not needed")


def _folds(path: Path) -> list[Mapping[str, Mapping[str, tuple[str, str]]]]:
    """The folds, checked down to each file's name."""
    if not path.is_file():
        raise MissingFileError(
            f"the published folds are needed at {path}, got no file there; put split.pkl of the "
            "authors beside the data, or leave split empty to draw folds"
        )
    try:
        with path.open("rb") as file:
            held = _Unpickler(file).load()
        if type(held) is not list:
            raise TypeError(f"it holds {type(held).__name__}, not a list")
        return [{part: _files(fold[part]) for part in PARTS} for fold in held]
    except Exception as error:  # noqa: BLE001  (unpickling fails in many ways)
        reason = " ".join(str(error).split()) or type(error).__name__
        raise FileFormatError(
            f"folds must be a list of train, val and test with the files of each case, cannot read "
            f"{path}: {reason}; nothing in it was run"
        ) from None


def _files(listed: Any) -> dict[str, tuple[str, str]]:
    if not isinstance(listed, dict):
        raise TypeError(f"a part of a fold is {type(listed).__name__}, not a dictionary")
    found = {}
    for name, files in dict.items(listed):
        image, labels = files
        for each in (name, image, labels):
            if type(each) is not str:
                raise TypeError(f"a case has {type(each).__name__} for a name")
            if Path(each).is_absolute() or ".." in Path(each).parts:
                raise ValueError(f"{each!r} lies outside of the data")
        found[name] = (image, labels)
    return found
