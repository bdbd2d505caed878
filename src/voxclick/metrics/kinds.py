"""The table of metrics that compare two masks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric of two masks.

    Attributes:
        name: Short name, as in tables.
        title: What people call it.
        unit: Of its value; empty for a share.
        higher_is_better: Which way is up.
        module: Where its function lives.
        function: Called with the true and the predicted mask (and `tolerance_mm` if it takes one).
        takes_tolerance: Whether it takes a tolerance in mm.
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool
    module: str
    function: str
    takes_tolerance: bool = False


_OVERLAP = "voxclick.metrics.overlap"
_SURFACE = "voxclick.metrics.surface"

METRICS: tuple[Metric, ...] = (
    Metric("dice", "Dice", "", True, _OVERLAP, "dice"),
    Metric("iou", "Intersection over union", "", True, _OVERLAP, "iou"),
    Metric("nsd", "Normalised surface Dice", "", True, _SURFACE, "nsd", takes_tolerance=True),
    Metric("hd95", "95 % Hausdorff distance", "mm", False, _SURFACE, "hd95_mm"),
    Metric("assd", "Average symmetric surface distance", "mm", False, _SURFACE, "assd_mm"),
    Metric("volume_error", "Volume error", "ml", False, _OVERLAP, "volume_error_ml"),
)
"""Every metric; the nearer a volume error is to 0 the better."""
