"""How long the parts of a run took."""

import time
from dataclasses import dataclass, field


@dataclass
class Stopwatch:
    """Laps in seconds, by name in the order they came; runs from when it is made."""

    started: float = field(default_factory=time.perf_counter)
    laps: dict[str, float] = field(default_factory=dict)
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.started

    def lap(self, part: str) -> float:
        """End a part of the run; gives its seconds, which also add up under its name."""
        now = time.perf_counter()
        seconds, self._last = round(now - self._last, 4), now
        self.laps[part] = round(self.laps.get(part, 0.0) + seconds, 4)
        return seconds

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return round(time.perf_counter() - self.started, 4)
