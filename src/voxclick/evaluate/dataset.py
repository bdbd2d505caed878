"""A labelled data set: the cases in a folder of any known layout."""

import importlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from voxclick.errors import MissingFileError, OptionError
from voxclick.evaluate.case import Case
from voxclick.evaluate.layouts.kinds import LAYOUTS

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dataset:
    """Labelled cases in a fixed order.

    Attributes:
        path: The folder they were found in.
        layout: Name of its row in `evaluate.layouts.kinds`.
        cases: Each with a name of its own.
        unlabelled: Cases whose label is missing; their `problem` says where it should be.
    """

    path: Path
    layout: str
    cases: tuple[Case, ...]
    unlabelled: tuple[Case, ...] = ()

    def chosen(self, patterns: Sequence[str]) -> "Dataset":
        """The cases whose names fit one of these shell patterns; all for none.

        A name may have the folder's own in front, as `voxclick train` tells them.

        Raises:
            OptionError: If a pattern fits no case.
        """
        if not patterns:
            return self
        folder = self.path.resolve().name
        fitting = {
            pattern: {
                case.name
                for case in (*self.cases, *self.unlabelled)
                if fnmatch(case.name, pattern) or fnmatch(f"{folder}/{case.name}", pattern)
            }
            for pattern in patterns
        }
        if unused := sorted(pattern for pattern, names in fitting.items() if not names):
            known = ", ".join(case.name for case in self.cases[:3])
            raise OptionError(
                f"cases must be names or patterns of cases in {self.path} such as {known}, got "
                f"{', '.join(unused)}"
            )
        wanted = set().union(*fitting.values())
        return replace(
            self,
            cases=tuple(case for case in self.cases if case.name in wanted),
            unlabelled=tuple(case for case in self.unlabelled if case.name in wanted),
        )

    def limited(self, limit: int | None, seed: int) -> "Dataset":
        """At most so many labelled cases, drawn by the seed, in their old order; all for None."""
        if limit is None or limit >= len(self.cases):
            return self
        drawn = np.random.default_rng(seed).permutation(len(self.cases))[:limit]
        cases = tuple(self.cases[place] for place in sorted(drawn))
        return replace(self, cases=cases, unlabelled=())


def find_dataset(path: str | Path) -> Dataset:
    """The labelled cases in a folder, whose layout is recognised.

    A folder that holds several data sets of published layouts gives the cases of all of them,
    each data set a group.

    Raises:
        MissingFileError: If there is nothing at that path.
        OptionError: If it is no folder, or holds labelled cases in no known layout.
        FileFormatError: If a file that describes the data set is broken.
    """
    folder = Path(path)
    if not folder.exists():
        raise MissingFileError(f"a folder of labelled cases is needed, got nothing at {folder}")
    if not folder.is_dir():
        raise OptionError(f"a folder of labelled cases is needed, got the file {folder}")
    layout, cases = _search(folder)
    if not cases:
        parts = [(part, *_search(part)) for part in sorted(folder.iterdir()) if part.is_dir()]
        layout = next((found for _, found, inside in parts if inside), "")
        cases = [
            replace(case, name=f"{part.name}/{case.name}", group=case.group or part.name)
            for part, _, inside in parts
            for case in inside
        ]
    if not cases:
        known = "; ".join(f"{row.title}: {row.example}" for row in LAYOUTS)
        raise OptionError(
            f"labelled cases in a known layout are needed, got {folder} without any"
            f"{_unlabelled(folder)}; the layouts are: {known}"
        )
    labelled = tuple(case for case in cases if not case.problem)
    unlabelled = tuple(case for case in cases if case.problem)
    return Dataset(folder, layout, labelled, unlabelled)


def _search(folder: Path) -> tuple[str, list[Case]]:
    for row in LAYOUTS:
        cases: list[Case] = importlib.import_module(row.module).find(folder)
        if any(not case.problem for case in cases):
            logger.debug("%s holds %d cases in the layout %s", folder, len(cases), row.name)
            return row.name, cases
    return "", []


def _unlabelled(folder: Path) -> str:
    """What is missing in a folder of images without labels; empty where there is no image."""
    for row in LAYOUTS:
        cases: list[Case] = importlib.import_module(row.module).find(folder)
        if cases:
            return f" ({len(cases)} as in {row.title}; {cases[0].problem})"
    return ""
