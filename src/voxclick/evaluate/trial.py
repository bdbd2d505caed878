"""One case with a simulated user: every object prompted anew, measured after each prompt."""

import logging
import time
from collections.abc import Iterator, Sequence

import numpy as np

from voxclick.cohort.reason import reason_of
from voxclick.engine import Session
from voxclick.engine.cache import EmbeddingCache
from voxclick.evaluate.asking import Asking
from voxclick.evaluate.case import Case, Target
from voxclick.evaluate.event import CaseEnd, Event, Failure, Outcome
from voxclick.evaluate.joint_trial import run_together
from voxclick.evaluate.prepare import prepare_case
from voxclick.evaluate.protocol import Protocol
from voxclick.evaluate.results import Row
from voxclick.models.base import Segmenter
from voxclick.prompts import Prompt
from voxclick.volume import Volume

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
    small: tuple[int, ...] = ()
    failed = 0
    try:
        prepared = prepare_case(case, protocol)
        small = prepared.dropped
        asking = Asking(case.name, protocol)
        cache = EmbeddingCache()
        if protocol.together:
            session = _session(asking, prepared.volume, segmenter, cache)
            outcomes = run_together(prepared.targets, asking, session)
            yield from (one for one in outcomes if one.rows[0].label not in done)
        for target in prepared.targets if not protocol.together else ():
            if target.label in done:
                continue
            event = _attempt(target, asking, prepared.volume, segmenter, cache)
            failed += isinstance(event, Failure)
            yield event
    except Exception as error:
        logger.debug("%s failed", case.name, exc_info=True)
        failed += 1
        yield Failure(case.name, None, "", reason_of(error))
    yield CaseEnd(case.name, small, failed)


def _attempt(
    target: Target, asking: Asking, volume: Volume, segmenter: Segmenter, cache: EmbeddingCache
) -> Outcome | Failure:
    try:
        if asking.protocol.at_once:
            return _run_at_once(target, asking, volume, segmenter, cache)
        return _run_object(target, asking, _session(asking, volume, segmenter, cache))
    except Exception as error:  # a cohort goes on past one bad object
        logger.debug("%s, %s failed", asking.case, target.name, exc_info=True)
        return Failure(asking.case, target.label, target.name, reason_of(error))


def _session(
    asking: Asking, volume: Volume, segmenter: Segmenter, cache: EmbeddingCache
) -> Session:
    return Session(volume, segmenter, cache=cache, growth=asking.protocol.growth or None)


def _run_object(target: Target, asking: Asking, session: Session) -> Outcome:
    truth, predicted = target.mask, session.mask()
    generator = asking.protocol.generator(asking.case, target.label)
    rows: list[Row] = []
    prompts, spent = 0, 0.0
    measured = (0.0, 0.0)
    for step in asking.protocol.steps:
        over = asking.protocol.budget_s is not None and spent >= asking.protocol.budget_s
        asked = () if over else asking.prompts(step, target, truth, predicted, generator)
        seconds = 0.0
        if asked:
            started = time.perf_counter()
            prompts += sum(asking.give(session, prompt) for prompt in asked)
            seconds = time.perf_counter() - started
            spent += seconds
            predicted = session.mask()
            measured = asking.measure(truth, predicted)
        rows.append(asking.row(target, step, prompts, measured, seconds))
    return asking.outcome(target, rows, session.log, predicted)


def _run_at_once(
    target: Target, asking: Asking, volume: Volume, segmenter: Segmenter, cache: EmbeddingCache
) -> Outcome:
    """Each number of prompts from a new start; the mask is looked at after the last one alone."""
    truth = target.mask
    generator = asking.protocol.generator(asking.case, target.label)
    rows: list[Row] = []
    for step in asking.protocol.steps:
        session = _session(asking, volume, segmenter, cache)
        asked = _drawn(step, target, asking, session, generator)
        started = time.perf_counter()
        for prompt in asked[:-1]:
            session.add(prompt, refinements=0)
        session.add(asked[-1])
        seconds = time.perf_counter() - started
        predicted = session.mask()
        measured = asking.measure(truth, predicted)
        rows.append(asking.row(target, step, len(asked), measured, seconds))
    return asking.outcome(target, rows, session.log, predicted)


def _drawn(
    count: int, target: Target, asking: Asking, session: Session, generator: np.random.Generator
) -> Sequence[Prompt]:
    truth, nothing = target.mask, session.mask()
    return [
        prompt
        for click in range(1, count + 1)
        for prompt in asking.prompts(click, target, truth, nothing, generator)
    ]
