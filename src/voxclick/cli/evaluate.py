"""`voxclick evaluate`: a model against a labelled data set, with a simulated user."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from voxclick.cli.cohort import INTERRUPTED, RAY, Count, counted, tell_losses
from voxclick.cli.terminal import say, tell
from voxclick.engine.growth.kinds import GROWTHS
from voxclick.evaluate.layouts.kinds import LAYOUTS
from voxclick.evaluate.preset import PRESETS
from voxclick.simulate.kinds import USERS

if TYPE_CHECKING:
    from voxclick.evaluate.protocol import Protocol
    from voxclick.evaluate.runner import Progress
    from voxclick.evaluate.summary import Summary

_LAYOUTS = "\n".join(f"  {row.title}: {row.example}" for row in LAYOUTS)
_GROWTHS = "; ".join(f"{row.name}: {row.title}" for row in GROWTHS)
_USERS = "; ".join(f"{row.name}: {row.title}" for row in USERS)
_PRESETS = "\n".join(f"  {row.name}: {row.title} ({row.source})" for row in PRESETS)

EXAMPLES = f"""Layouts that are recognised:
{_LAYOUTS}

Published protocols:
{_PRESETS}

Examples:
  voxclick evaluate cases/ -o results
  voxclick evaluate Task09_Spleen -o spleen --clicks 5 --limit 10 --seed 1
  voxclick evaluate cases/ -o liver --labels liver --user random --first box
  voxclick evaluate Totalsegmentator_dataset -o table --protocol ct-sam3d --unseen ribs"""


def _left_out(metavar: str, told: str) -> object:
    """An option that is decided by the protocol, if there is one, when it is left out."""
    return tyro.conf.arg(metavar=metavar, help=told, help_behavior_hint="")


@dataclass(frozen=True)
class Evaluate:
    """Prompt every labelled object of a data set with a simulated user and measure the masks.

    Writes results.csv, summary.json and report.html. The same command again goes on where it
    stopped. The prompts and the last mask of each object lie below objects/.
    """

    data: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DATA")]
    """A folder of labelled cases, in one of the layouts above."""

    output: Annotated[Path, tyro.conf.arg(metavar="DIR", aliases=["-o"])]
    """The folder of results; made when it is not there."""

    model: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """As `voxclick models` lists them; the best there is if left out."""

    device: Annotated[str, tyro.conf.arg(metavar="auto|cpu|cuda[:N]|mps")] = "auto"
    """Where the model computes."""

    protocol: Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")] = None
    """A published protocol, from the list above; options that contradict it are errors."""

    user: Annotated[
        str | None,
        _left_out(
            "NAME",
            f"The simulated user, {USERS[0].name} if left out. {_USERS}. "
            "Options behind a colon, as in random:wrong_sign=0.1,offset_voxels=2.",
        ),
    ] = None

    first: Annotated[
        str | None,
        _left_out(
            "NAME",
            "Another simulated user for one prompt before the clicks, such as box; "
            "it is step 0. given: the box of a CVPR 2025 npz.",
        ),
    ] = None

    clicks: Annotated[
        int | None, _left_out("N", "How many times the user prompts each object; 10 if left out.")
    ] = None

    tolerance_mm: Annotated[
        float | None,
        _left_out(
            "MM", "Distance at which two surfaces still count as one, for the NSD; 2 if left out."
        ),
    ] = None

    seed: Annotated[
        int | None,
        _left_out(
            "N",
            "The same seed gives the same prompts, whatever the number of workers; 0 if left out.",
        ),
    ] = None

    budget_s: Annotated[
        float | None,
        _left_out("S", "Seconds of answering after which an object is prompted no more."),
    ] = None

    growth: Annotated[
        str | None,
        _left_out(
            "NAME", f"How an object is followed past the view. {_GROWTHS}. As suits the model."
        ),
    ] = None

    labels: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME|N ...")] = ()
    """Names or numbers of the labels to evaluate; all if left out."""

    targets: Annotated[
        str | None,
        _left_out("each|merged", "Each label is an object (if left out), or all are merged."),
    ] = None

    unseen: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME|FILE ...")] = ()
    """Structures or groups that the model was not trained on, or a file with one a line."""

    min_voxels: Annotated[
        int | None,
        _left_out("N", "Objects of fewer voxels are skipped and counted; 100 if left out."),
    ] = None

    cases: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME|FILE ...")] = ()
    """Names or patterns of the cases, or a file with one a line, as voxclick train leaves of its
    parts; all if left out."""

    limit: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """At most so many cases, drawn by the seed."""

    max_objects: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """At most so many objects of one case, drawn by the seed."""

    workers: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """How many processes; one a core on a CPU, one a GPU, if left out. 1: all in this process."""

    ray: Annotated[str | None, RAY] = None
    """Work on a Ray cluster: its address, auto for the one of this machine, local for one made for
    the run."""

    pictures: int = 8
    """How many of the worst objects the page shows."""

    restart: bool = False
    """Begin anew: delete the results that an earlier evaluation left in the folder."""

    def run(self) -> int:
        """Evaluate and say where the results lie."""
        from voxclick.evaluate.runner import Plan, evaluate

        plan = Plan(
            data=self.data,
            cases=tuple(_names(self.cases)),
            output=self.output,
            protocol=self._protocol(),
            model=self.model,
            device=self.device,
            workers=self.workers,
            limit=self.limit,
            pictures=self.pictures,
            ray=self.ray,
        )
        try:
            with counted("evaluating", "cases") as count:
                summary = evaluate(plan, restart=self.restart, watch=_watch(count))
        except KeyboardInterrupt:
            tell(
                "voxclick: interrupted; the finished objects are kept, the same command again "
                "goes on from there"
            )
            return INTERRUPTED
        _report(summary, self.output)
        tell_losses(count)
        return 0 if summary.total is not None and not summary.failures else 1

    def _protocol(self) -> "Protocol":
        from voxclick.evaluate.protocol import make_protocol

        asked = {
            "user": self.user,
            "first": self.first,
            "clicks": self.clicks,
            "tolerance_mm": self.tolerance_mm,
            "min_voxels": self.min_voxels,
            "targets": self.targets,
            "max_objects": self.max_objects,
            "labels": self.labels,
            "unseen": tuple(_names(self.unseen)),
            "seed": self.seed,
            "budget_s": self.budget_s,
            "growth": self.growth,
        }
        given = {key: value for key, value in asked.items() if value not in (None, ())}
        return make_protocol(self.protocol, given)


def _names(words: Sequence[str]) -> Iterator[str]:
    """Names, and those in files among them, one a line."""
    for word in words:
        path = Path(word)
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            yield from filter(None, map(str.strip, lines))
        else:
            yield word


def _watch(count: Count) -> "Callable[[Progress], None]":
    def watch(at: "Progress") -> None:
        failed = f", {at.failures} failed" if at.failures else ""
        count(at.cases, at.of, f"{at.objects} objects{failed}", at.lost)

    return watch


def _report(summary: "Summary", output: Path) -> None:
    """The result in a few lines on stdout, and what failed on stderr."""
    if (total := summary.total) is not None:
        say(
            f"{total.objects} objects in {summary.cases} cases: Dice {total.dice_first:.3f} after "
            f"the first prompt, {total.dice_last:.3f} after the last; NSD {total.nsd_last:.3f}"
        )
    if summary.small:
        say(f"{summary.small} objects were skipped for being small")
    for failure in summary.failures[:5]:
        what = f"{failure.case} {failure.name}".rstrip()
        tell(f"voxclick: failed: {what}: {failure.reason}")
    if (more := len(summary.failures) - 5) > 0:
        tell(f"voxclick: failed: {more} more, see the page")
    say(str(output / "report.html"))
