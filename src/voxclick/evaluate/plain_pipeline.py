"""A case as it is, judged in millimetres."""

from collections.abc import Sequence

from voxclick.evaluate.case import Target
from voxclick.evaluate.pipeline import Pipeline, Prepared
from voxclick.metrics.overlap import dice
from voxclick.metrics.surface import nsd
from voxclick.volume import Mask, Volume


class PlainPipeline(Pipeline):
    """Nothing is changed; the NSD is that of Nikolov et al. at the tolerance."""

    def prepare(self, volume: Volume, targets: Sequence[Target]) -> Prepared:  # noqa: D102
        return Prepared(volume, targets)

    def measure(self, truth: Mask, predicted: Mask, tolerance_mm: float) -> tuple[float, float]:  # noqa: D102
        return dice(truth, predicted), nsd(truth, predicted, tolerance_mm)
