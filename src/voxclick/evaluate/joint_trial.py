"""One case with all its objects in one session, prompted in turn at each step."""

import time
from collections.abc import Sequence

from voxclick.engine import Session
from voxclick.evaluate.asking import Asking
from voxclick.evaluate.case import Target
from voxclick.evaluate.event import Outcome
from voxclick.evaluate.results import Row
from voxclick.prompts import PromptLog


def run_together(targets: Sequence[Target], asking: Asking, session: Session) -> list[Outcome]:
    """Prompt every object at each step, all by the masks of the step before (CVPR 2025).

    A step's masks are measured when all objects have been prompted, since no voxel can belong to
    two objects. The log kept of each object holds its own prompts.

    Args:
        targets: The objects.
        asking: Who prompts and what is measured.
        session: A new one.
    """
    names = {target.label: session.object(f"{target.label}", target.label) for target in targets}
    generators = {
        target.label: asking.protocol.generator(asking.case, target.label) for target in targets
    }
    rows: dict[int, list[Row]] = {target.label: [] for target in targets}
    given = dict.fromkeys(names, 0)
    for step in asking.protocol.steps:
        asked = {
            target.label: asking.prompts(
                step,
                target,
                target.mask,
                session.mask(names[target.label]),
                generators[target.label],
            )
            for target in targets
        }
        seconds = dict.fromkeys(names, 0.0)
        for label, prompts in asked.items():
            started = time.perf_counter()
            given[label] += sum(asking.give(session, one, names[label]) for one in prompts)
            seconds[label] = time.perf_counter() - started
        for target in targets:
            label = target.label
            measured = asking.measure(target.mask, session.mask(names[label]))
            row = asking.row(target, step, given[label], measured, seconds[label])
            rows[label].append(row)
    logs = {entry.label: entry for entry in session.log.objects}
    return [
        asking.outcome(
            target,
            rows[target.label],
            PromptLog((logs[target.label],), session.grid),
            session.mask(names[target.label]),
        )
        for target in targets
    ]
