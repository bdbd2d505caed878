"""One case with a simulated user: every object prompted anew, measured after each prompt."""

import logging
import time
from collections.abc import Iterator

from voxclick.engine import Session
from voxclick.engine.cache import EmbeddingCache
from voxclick.errors import VoxclickError
from voxclick.evaluate.case import Case, Target
from voxclick.evaluate.event import CaseEnd, Event, Failure, Outcome
from voxclick.evaluate.protocol import Protocol
from voxclick.evaluate.results import Row
from voxclick.geometry import Box
from voxclick.metrics.overlap import dice
from voxclick.metrics.surface import nsd
from voxclick.models.base import Segmenter
from voxclick.simulate.kinds import make_user
from voxclick.volume import Mask
from voxclick.volume.packing import pack_bits

logger = logging.getLogger(__name__)


def run_case(
    case: Case, protocol: Protocol, segmenter: Segmenter, done: frozenset[int]
) -> Iterator[Event]:
    """Evaluate each object of a case with a session of its own; the views are encoded once.

    Whatever fails becomes a `Failure` and the rest goes on; a `CaseEnd` comes last.

    Args:
        case: Which case.
        protocol: What to do.
        segmenter: The model.
        done: Labels that are finished already.
    """
    small: list[int] = []
    failed = 0
    try:
        volume = case.read()
        targets = []
        for target in case.targets(volume.grid):
            if not protocol.wants(target.label, target.name):
                continue
            if target.voxels < protocol.min_voxels:
                small.append(target.label)
            else:
                targets.append(target)
        cache = EmbeddingCache()
        for target in protocol.chosen(case.name, targets):
            if target.label in done:
                continue
            event = _attempt(case, target, protocol, Session(volume, segmenter, cache=cache))
            failed += isinstance(event, Failure)
            yield event
    except Exception as error:  # noqa: BLE001  a cohort goes on past one bad case
        failed += 1
        yield Failure(case.name, None, "", _reason(error))
    yield CaseEnd(case.name, tuple(small), failed)


def _attempt(case: Case, target: Target, protocol: Protocol, session: Session) -> Outcome | Failure:
    try:
        return _run_object(case, target, protocol, session)
    except Exception as error:  # a cohort goes on past one bad object
        logger.debug("%s, %s failed", case.name, target.name, exc_info=True)
        return Failure(case.name, target.label, target.name, _reason(error))


def _run_object(case: Case, target: Target, protocol: Protocol, session: Session) -> Outcome:
    truth, predicted = target.mask, session.mask()
    generator = protocol.generator(case.name, target.label)
    users = {0: make_user(protocol.first)} if protocol.first else {}
    clicking = make_user(protocol.user)
    rows: list[Row] = []
    prompts = 0
    measured = (0.0, 0.0)
    for step in protocol.steps:
        prompt = users.get(step, clicking).next_prompt(truth, predicted, generator)
        seconds = 0.0
        if prompt is not None:
            started = time.perf_counter()
            session.add(prompt)
            seconds = time.perf_counter() - started
            prompts += 1
            predicted = session.mask()
            measured = _measure(truth, predicted, protocol.tolerance_mm)
        rows.append(Row(case.name, target.label, target.name, step, prompts, *measured, seconds))
    box = Box.of_mask(predicted.array)
    bits = pack_bits(predicted.array[box.slices])
    return Outcome(tuple(rows), session.log, box, bits)


def _measure(truth: Mask, predicted: Mask, tolerance_mm: float) -> tuple[float, float]:
    """Dice and NSD."""
    return dice(truth, predicted), nsd(truth, predicted, tolerance_mm)


def _reason(error: Exception) -> str:
    """What went wrong, in one line."""
    told = " ".join(str(error).split())
    if isinstance(error, VoxclickError) and told:
        return told
    return f"{type(error).__name__}: {told}" if told else type(error).__name__
