"""Who is asked at which step of a protocol, and how answers become rows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from voxclick.engine import Session
from voxclick.errors import PromptError
from voxclick.evaluate.case import Target
from voxclick.evaluate.event import Outcome
from voxclick.evaluate.facts import Facts
from voxclick.evaluate.pipeline import Pipeline, make_pipeline
from voxclick.evaluate.protocol import GIVEN, Protocol
from voxclick.evaluate.results import Row
from voxclick.geometry import Box
from voxclick.prompts import Prompt, PromptLog
from voxclick.simulate.kinds import make_user
from voxclick.simulate.user import SimulatedUser
from voxclick.volume import Mask
from voxclick.volume.packing import pack_bits

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Asking:
    """The simulated users and the measures of a protocol, at one case.

    Attributes:
        case: Name of the case.
        protocol: What to do with each object.
    """

    case: str
    protocol: Protocol
    _user: SimulatedUser = field(init=False)
    _first: SimulatedUser | None = field(init=False)
    _pipeline: Pipeline = field(init=False)

    def __post_init__(self) -> None:
        first = self.protocol.first
        simulated = bool(first) and first != GIVEN
        object.__setattr__(self, "_user", make_user(self.protocol.user))
        object.__setattr__(self, "_first", make_user(first) if simulated else None)
        object.__setattr__(self, "_pipeline", make_pipeline(self.protocol.pipeline))

    def prompts(
        self,
        step: int,
        target: Target,
        truth: Mask,
        predicted: Mask,
        generator: np.random.Generator,
    ) -> Sequence[Prompt]:
        """What is said at a step; empty when there is nothing to say."""
        if step == 0 and self._first is None:
            return () if target.given is None else (target.given,)
        user = self._user if step or self._first is None else self._first
        return user.next_prompts(truth, predicted, generator)

    def give(self, session: Session, prompt: Prompt, to: str | None = None) -> bool:
        """Add a prompt to a session, unless it says the opposite of an earlier one in its voxel.

        A user who slips can contradict themselves; the session refuses that, and the mask stays.
        """
        try:
            session.add(prompt, to=to)
        except PromptError as error:
            logger.debug("%s: refused: %s", self.case, error)
            return False
        return True

    def measure(self, truth: Mask, predicted: Mask) -> tuple[float, float]:
        """Dice and NSD of a mask."""
        return self._pipeline.measure(truth, predicted, self.protocol.tolerance_mm)

    def row(
        self, target: Target, step: int, prompts: int, measured: tuple[float, float], seconds: float
    ) -> Row:
        """One line of the table of results."""
        return Row(self.case, target.label, target.name, step, prompts, *measured, seconds)

    def outcome(
        self, target: Target, rows: Sequence[Row], log: PromptLog, predicted: Mask
    ) -> Outcome:
        """An object that went through all steps, with its last mask."""
        box = Box.of_mask(predicted.array)
        bits = pack_bits(predicted.array[box.slices])
        return Outcome(tuple(rows), log, box, bits, Facts.of(target))
