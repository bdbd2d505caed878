"""What `session.suggest()` is worth: `python -m benchmarks.suggestions DATA ...`.

Every object is first clicked in its middle, then corrected by three users until its Dice is 0.85:

* random: knows the truth and clicks any wrong voxel, all alike;
* looked: looks at what is suggested, passes over places where the mask is right, and clicks the
  first where it is wrong;
* clicked: clicks every suggestion, also to say that the mask is right there.

Told are the clicks that each needs; an object that never gets there counts with one more than all.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import voxclick as vc
from voxclick.engine.cache import EmbeddingCache
from voxclick.errors import PromptError
from voxclick.evaluate.dataset import find_dataset
from voxclick.evaluate.interval import interval_of
from voxclick.evaluate.prepare import prepare_case
from voxclick.evaluate.protocol import Protocol
from voxclick.metrics.overlap import dice
from voxclick.models.base import Segmenter
from voxclick.prompts import Prompt
from voxclick.simulate.kinds import make_user
from voxclick.types import Index3
from voxclick.volume import Mask, Volume

GOAL = 0.85
USERS = ("random", "looked", "clicked")
PATIENCE = 40
"""Places that are looked at before the best one is clicked all the same."""
TOLD = (1, 3, 5, 10)


@dataclass
class Tally:
    """What one user did.

    Attributes:
        clicks: Until the goal, of each object.
        curves: Dice after each click, of each object; the last one stands for those left out.
        looks: Places looked at, of each click.
        wrong: Whether the mask was wrong where it was clicked, of each click.
    """

    clicks: list[float] = field(default_factory=list)
    curves: list[list[float]] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)
    wrong: list[bool] = field(default_factory=list)


def suggested(session: vc.Session, truth: Mask, looks: bool) -> tuple[Prompt | None, int]:
    """The click that the suggestions lead to, and how many places were looked at."""
    seen: list[Index3] = []
    first = None
    mask = session.mask().array
    while len(seen) < PATIENCE and (found := session.suggest(seen=seen)) is not None:
        right = bool(mask[found.at]) == bool(truth.array[found.at])
        i, j, k = found.at
        click = vc.Point((float(i), float(j), float(k)), positive=bool(truth.array[found.at]))
        first = first or click
        if not (looks and right):
            return click, len(seen) + 1
        seen.append(found.at)
    return first, len(seen)


def correct(session: vc.Session, truth: Mask, user: str, most: int, tally: Tally) -> None:
    """Click an object until the goal is reached."""
    generator = np.random.default_rng(0)
    middle, anywhere = make_user("center"), make_user("uniform")
    curve: list[float] = []
    while len(curve) < most and (not curve or curve[-1] < GOAL):
        mask, looks = session.mask(), 1
        if not curve:
            click = middle.next_prompt(truth, mask, generator)
        elif user == "random":
            click = anywhere.next_prompt(truth, mask, generator)
        else:
            click, looks = suggested(session, truth, user == "looked")
        if click is None:
            break
        if curve:
            i, j, k = click.voxels()[0]
            tally.looks.append(looks)
            tally.wrong.append(bool(mask.array[i, j, k]) != click.positive)
        with suppress(PromptError):  # it was said before: a click all the same
            session.add(click)
        curve.append(dice(truth, session.mask()))
    tally.clicks.append(len(curve) if curve[-1] >= GOAL else most + 1)
    tally.curves.append(curve + [curve[-1]] * (most - len(curve)))


def objects(folders: Sequence[Path], most: int | None) -> Iterator[tuple[str, Volume, Mask]]:
    """The labelled objects of some folders, with the names of their cases."""
    protocol = Protocol(max_objects=most)
    for folder in folders:
        for case in find_dataset(folder).cases:
            prepared = prepare_case(case, protocol)
            for target in prepared.targets:
                yield f"{folder.name}/{case.name}", prepared.volume, target.mask


def compare(
    model: Segmenter, folders: Sequence[Path], most: int | None, clicks: int
) -> tuple[dict[str, Tally], list[str]]:
    """What each user did, and the case of each object."""
    tallies = {user: Tally() for user in USERS}
    cases = []
    for case, volume, truth in objects(folders, most):
        cache = EmbeddingCache()
        cases.append(case)
        for user, tally in tallies.items():
            session = vc.Session(volume, model, cache=cache)
            correct(session, truth, user, clicks, tally)
    return tallies, cases


def main() -> None:
    """Print a table, and the differences with their 95 % intervals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path, help="folders of labelled cases")
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--clicks", type=int, default=10)
    parser.add_argument("--max-objects", type=int, help="at most so many objects of a case")
    asked = parser.parse_args()
    model = vc.load(asked.model)
    tallies, cases = compare(model, asked.data, asked.max_objects, asked.clicks)
    steps = [n for n in TOLD if n <= asked.clicks]
    print(f"{len(cases)} objects in {len(set(cases))} cases, {asked.model}\n")
    columns = [f"clicks to {GOAL}", "reached", *(f"Dice @{n}" for n in steps), "looks", "wrong"]
    print(f"| user | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
    for user, tally in tallies.items():
        clicks, curves = np.array(tally.clicks), np.array(tally.curves)
        cells = [f"{clicks.mean():.2f}", f"{(clicks <= asked.clicks).sum()}"]
        cells += [f"{curves[:, n - 1].mean():.3f}" for n in steps]
        cells += [f"{np.mean(tally.looks):.1f}", f"{np.mean(tally.wrong):.2f}"]
        print(f"| {user} | {' | '.join(cells)} |")
    for user in USERS[1:]:
        fewer = np.array(tallies["random"].clicks) - np.array(tallies[user].clicks)
        (low,), (high,) = interval_of(fewer[:, None].astype(float), cases)
        told = "" if low is None or high is None else f" (95 % interval {low:.2f} to {high:.2f})"
        print(f"\n{user}: {fewer.mean():.2f} clicks fewer than random{told}")


if __name__ == "__main__":
    main()
